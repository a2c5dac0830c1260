"""Reads an uploaded document and says what it is, who signed it and what is wrong with it."""

from .const import MAX_SIZE
from .model import Expected, Finding, KnownChallenge, Reading, Signer
from .reader import read

__all__ = ["MAX_SIZE", "Expected", "Finding", "KnownChallenge", "Reading", "Signer", "read"]
