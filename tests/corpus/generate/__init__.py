"""Makes the corpus: `PYTHONPATH=tests:l10n_pl_ksef_auth python -m corpus.generate`.

Needs Java 17, Node 20 with npm, and the command xmlsec1; the tests that read the corpus need none.
"""
