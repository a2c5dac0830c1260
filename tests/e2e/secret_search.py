"""Searches files and text for secrets, in every form in which one could leak."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

#: Shorter pieces would be found by chance: 64 ** 8 is far more than there are bytes to search.
SHORTEST = 8


@dataclass(frozen=True)
class Secret:
    """One value that must not be found anywhere."""

    name: str
    value: bytes = field(repr=False)

    def forms(self) -> Iterator[tuple[str, bytes]]:
        """Yield the forms in which it could be written: raw, base64 at every alignment, hex."""
        yield "raw", self.value
        yield "hex", self.value.hex().encode()
        yield "hex", self.value.hex().upper().encode()
        for shift in range(3):
            text = base64.b64encode(b"\0" * shift + self.value)
            # The first and last characters depend on what stands beside the secret.
            inner = text[4 if shift else 0 : -4]
            yield "base64", inner
            yield "base64", inner.replace(b"+", b"-").replace(b"/", b"_")


def hits(secrets: list[Secret], places: Mapping[str, bytes]) -> list[str]:
    """Say where any form of any secret stands, without telling the secret."""
    found = []
    for secret in secrets:
        for form, text in set(secret.forms()):
            assert len(text) >= SHORTEST, f"{secret.name} is too short to be searched as {form}"
            found += [
                f"{secret.name} as {form} in {place}"
                for place, content in places.items()
                if text in content
            ]
    return found
