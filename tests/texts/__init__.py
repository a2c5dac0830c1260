"""`./run i18n`: exports the addons' texts and brings the Polish files up to date."""
