"""Ubuntu 24.04 and Debian 12 bring older releases of cryptography than the lock file has."""

import re
from datetime import datetime, timezone
from pathlib import Path

from cryptography.x509.oid import NameOID

import tools
from tools.x509_support import ORGANIZATION_IDENTIFIER, validity

FIRST, LAST = datetime(2026, 1, 1), datetime(2028, 1, 1)


class OldCertificate:
    """What a release before 42 tells: times without a zone."""

    not_valid_before, not_valid_after = FIRST, LAST


def test_an_older_release_tells_the_same_moments():
    expected = tuple(moment.replace(tzinfo=timezone.utc) for moment in (FIRST, LAST))
    assert validity(OldCertificate()) == expected


def test_the_number_of_an_organization_is_the_librarys():
    assert ORGANIZATION_IDENTIFIER == NameOID.ORGANIZATION_IDENTIFIER


def test_what_older_releases_lack_is_used_in_one_place():
    addon = Path(tools.__file__).parents[1]
    lacking = re.compile(r"NameOID\.ORGANIZATION_IDENTIFIER|\.not_valid_\w+_utc|unsafe_skip_rsa")
    found = [
        file.name
        for folder in ("tools", "models", "wizard")
        for file in (addon / folder).rglob("*.py")
        if lacking.search(file.read_text())
    ]
    assert found == ["x509_support.py"]
