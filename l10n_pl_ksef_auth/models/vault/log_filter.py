"""Keeps uploads out of the log: at debug level Odoo writes down what methods are called with."""

import logging

MODEL_LOGGER = "odoo.service.model"
# Methods of ours that a browser hands a document, a key or a password.
HIDDEN = frozenset({"attach", "l10n_pl_ksef_load_certificate"})


def _hide_uploads(record):
    """Shorten "call MODEL.METHOD(PARAMETERS)" for our methods; keep every record."""
    if isinstance(record.args, tuple) and len(record.args) == 3 and record.args[1] in HIDDEN:
        record.args = (*record.args[:2], "…")
    return True


def install_log_filter():
    """Shorten the records of Odoo's logger of calls; may be repeated."""
    logging.getLogger(MODEL_LOGGER).addFilter(_hide_uploads)
