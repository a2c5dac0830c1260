"""Judges signed login requests as KSeF does: really, with libxmlsec, and strictly.

Knows nothing of the addon. The server decides about the challenge (21111); everything else about a
document is decided here.
"""

from .judge import verify
from .outcome import ChainProblem, Refusal, Settings, Verified

__all__ = ["ChainProblem", "Refusal", "Settings", "Verified", "verify"]
