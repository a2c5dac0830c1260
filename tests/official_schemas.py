"""The Ministry's two schemas of AuthTokenRequest.xml, where they are beside the project."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

FOLDER = Path(os.environ.get("KSEF_SCHEMAS", Path(__file__).parents[2] / "shared" / "ksef"))
FILES = {"2.0": "schemat_auth_v2-0.xsd", "2.1": "schemat_auth_v2-1.xsd"}
_PATTERN = re.compile(r'(?<=<xsd:pattern value=")\^(.*)\$(?="/>)')


def official_schema(version: str) -> Any:
    """Return a schema as a validator; skip the test where the Ministry's file is not at hand.

    :param version: 2.0 or 2.1
    """
    path = FOLDER / FILES[version]
    if not path.exists():
        pytest.skip(f"the Ministry's schema {path.name} is not beside the project (../shared/ksef)")
    return etree.XMLSchema(etree.fromstring(_relaxed(path.read_text("utf-8")).encode()))


def in_version(document: bytes, version: str) -> Any:
    """Return a document of schema 2.1 as one of another version, which its namespace says."""
    return etree.fromstring(document.replace(b"/auth/token/2.1", f"/auth/token/{version}".encode()))


def _relaxed(schema: str) -> str:
    r"""Take ``^``, ``$`` and ``\b`` out of the IP patterns of 2.0.

    They are no part of XML Schema's regular expressions: libxml2 refuses the whole file for ``\b``
    (docs/ksef.md D-2) and would take the two others for characters. What is left is as strict for
    each octet, and lets a dot be left out.
    """
    return _PATTERN.sub(lambda found: found[1].replace(r"\b", ""), schema)
