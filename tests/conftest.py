"""Puts the addon's plain Python on the path: plain tests say `from tools.client import …`."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
for folder in (ROOT / "tests", ROOT / "l10n_pl_ksef_auth"):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
