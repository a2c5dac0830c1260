ENVIRONMENT_LABELS = [
    ("production", "Production"),
    ("demo", "Demo (pre-production)"),
    ("test", "Test"),
]
