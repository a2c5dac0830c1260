"""A stateful KSeF 2.0 for tests and demonstrations, strict where KSeF is strict.

It shares no code with the addon: each judges the other.
"""

from __future__ import annotations

from .control import Control
from .demo import DEMO_INTERNAL_ID, DEMO_NIP
from .simulator import Simulator

__all__ = ["DEMO_INTERNAL_ID", "DEMO_NIP", "Control", "Simulator"]
