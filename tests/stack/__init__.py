"""Everything `./run` does: set-up, demo, tests. Needs the Python standard library only."""
