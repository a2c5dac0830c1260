ENVIRONMENT_LABELS = [
    ("production", "Production"),
    ("demo", "Demo (pre-production)"),
    ("test", "Test"),
]
# What a login was signed with, as the reader of signed files tells it.
SIGNATURES = [
    ("trusted_profile", "Profil Zaufany (trusted profile)"),
    ("qualified", "qualified signature"),
    ("seal", "company seal"),
    ("ksef_certificate", "KSeF certificate"),
    ("personal_id", "e-ID card (personal signature)"),
    ("other", "another signature"),
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
