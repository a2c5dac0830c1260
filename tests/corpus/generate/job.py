"""One document to be signed by one tool."""

from __future__ import annotations

from dataclasses import dataclass

from .people import Identity


@dataclass(frozen=True)
class Job:
    """What is signed by whom, how, and where it goes."""

    tool: str
    layout: str
    identity: Identity
    algorithm: str

    @property
    def file(self) -> str:
        """The file's name in the corpus."""
        return f"{self.tool}.{self.layout}.{self.identity.slug}.{self.algorithm}.xml"
