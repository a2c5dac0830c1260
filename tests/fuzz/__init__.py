"""Fuzzing of the reader: `python -m fuzz --seconds 600`, guided by coverage (atheris)."""
