"""What can go wrong with a valid document after it was signed, systematically.

A mutation takes the bytes of a valid document and returns the changed ones, or None where it
does not apply.  Each says which code has to be found; None means that nothing may stop.
"""

from . import bytes_of_the_file, contents, signatures  # noqa: F401 - they register their mutations
from .base import MUTATIONS, Mutation

__all__ = ["MUTATIONS", "Mutation"]
