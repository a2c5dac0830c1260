"""Measures what things cost; `./run bench`."""
