"""The KSeF protocol in plain Python: nothing here imports Odoo."""
