"""Tells a signature that is not written as its own schemas require.

KSeF validates these, too: "9105 Błąd walidacji XSD: cvc-…" was seen in practice, for example for
identifiers that begin with a digit (docs/ksef.md A1-9105).  How strictly it does so is not known: a
warning.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from . import names
from .document import elements_of, local_name, namespace, text_of
from .limits import MAX_VALUE
from .model import Finding
from .properties import TIME
from .report import finding

_NCNAME = re.compile(r"[^\W0-9][\w.\-·]*")
_ID_NAMES = ("Id", "ID", "id", f"{{{names.XML}}}id")
#: The children of an element in their order, each followed by a comma.
_ORDER = {
    "Signature": re.compile("SignedInfo,SignatureValue,(?:KeyInfo,)?(?:Object,)*"),
    "SignedInfo": re.compile("CanonicalizationMethod,SignatureMethod,(?:Reference,)+"),
    "Reference": re.compile("(?:Transforms,)?DigestMethod,DigestValue,"),
    "Transforms": re.compile("(?:Transform,)+"),
    "QualifyingProperties": re.compile("(?:SignedProperties,)?(?:UnsignedProperties,)?"),
    "SignedProperties": re.compile(
        "(?:SignedSignatureProperties,)?(?:SignedDataObjectProperties,)?"
    ),
    "SigningCertificate": re.compile("(?:Cert,)+"),
    "SigningCertificateV2": re.compile("(?:Cert,)+"),
}


def form_findings(signature: Any) -> list[Finding]:
    """Warn of parts in a wrong order, of wrong identifiers and of a time that is none."""
    own = [e for e in signature.iter("*") if namespace(e) in (names.DSIG, *names.XADES)]
    faults = [
        *(f"the parts of {local_name(e)}" for e in own if not _is_in_order(e)),
        *(f"Id '{e.get('Id')}'" for e in own if not _NCNAME.fullmatch(e.get("Id", "id"))),
        *(f"Id '{name}' twice" for name in _repeated(signature.getroottree())),
        *("SigningTime" for e in own if not _is_time(e)),
    ]
    return [finding("malformed_signature", "; ".join(faults[:3]))] if faults else []


def _is_in_order(element: Any) -> bool:
    rule = _ORDER.get(local_name(element))
    if rule is None:
        return True
    own = namespace(element)
    inner = [local_name(e) if namespace(e) == own else "another" for e in elements_of(element)]
    return rule.fullmatch("".join(f"{name}," for name in inner)) is not None


def _repeated(tree: Any) -> list[str]:
    """Return the identifiers that several elements of the document have."""
    values: Counter[str] = Counter()
    for element in tree.iter("*"):
        if element.attrib:
            values.update({element.get(name) for name in _ID_NAMES} - {None})
    return [name for name, count in values.items() if count > 1]


def _is_time(element: Any) -> bool:
    if local_name(element) != "SigningTime":
        return True
    return TIME.fullmatch(text_of(element)[:MAX_VALUE]) is not None
