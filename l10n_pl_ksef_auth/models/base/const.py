ENVIRONMENT_LABELS = [
    ("production", "Production"),
    ("demo", "Demo (pre-production)"),
    ("test", "Test"),
]
# The company's settings for KSeF: the account screen changes them, each change leaves a line.
OPTIONS = (
    "l10n_pl_ksef_environment",
    "l10n_pl_ksef_context_type",
    "l10n_pl_ksef_internal_id",
    "l10n_pl_ksef_subject_type",
    "l10n_pl_ksef_responsible_ids",
    "l10n_pl_ksef_offline",
)
