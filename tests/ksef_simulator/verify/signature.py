"""The one signature of a document: where it is, and that it follows the schemas."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lxml import etree

from .algorithms import DS
from .document import children, elements, local, text
from .outcome import Refusal, malformed
from .schema import ROOT

XADES = "http://uri.etsi.org/01903/v1.3.2#"
_NCNAME = re.compile(r"[^\W\d][\w.\-·]*")
_DATE_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:Z|[+-][0-9]{2}:[0-9]{2})?"
)
_ID_ATTRIBUTES = ("Id", "ID", "id", "{http://www.w3.org/XML/1998/namespace}id")

# Each element's children in order; "?" may be missing, "*" may repeat or be missing, "+" repeats.
_ORDER = {
    "Signature": ("SignedInfo", "SignatureValue", "KeyInfo?", "Object*"),
    "SignedInfo": ("CanonicalizationMethod", "SignatureMethod", "Reference+"),
    "Reference": ("Transforms?", "DigestMethod", "DigestValue"),
    "Transforms": ("Transform+",),
}
_XADES_ORDER = {
    "QualifyingProperties": ("SignedProperties?", "UnsignedProperties?"),
    "SignedProperties": ("SignedSignatureProperties?", "SignedDataObjectProperties?"),
    "SignedSignatureProperties": (
        "SigningTime?",
        "SigningCertificate?",
        "SigningCertificateV2?",
        "SignaturePolicyIdentifier?",
        "SignatureProductionPlace?",
        "SignatureProductionPlaceV2?",
        "SignerRole?",
        "SignerRoleV2?",
    ),
    "SigningCertificate": ("Cert+",),
    "SigningCertificateV2": ("Cert+",),
}


@dataclass(frozen=True)
class Located:
    """A signature and the packaging that its place means."""

    element: etree._Element
    enveloped: bool


def locate(root: etree._Element) -> Located:
    """Find the one signature.

    :raises Refusal: 9102 none, 9103 several, 9101 for a document of another kind
    """
    found = elements(root, f"{{{DS}}}Signature")
    if len(found) > 1:
        raise Refusal(9103)
    if not found:
        raise Refusal(9102 if local(root) == ROOT else 9101)
    if found[0] is root:
        return Located(root, enveloped=False)
    if local(root) != ROOT or found[0].getparent() is not root:
        raise Refusal(9101)
    return Located(found[0], enveloped=True)


def check_structure(root: etree._Element, signature: etree._Element) -> None:
    """Check names, order and identifiers inside the signature.

    :raises Refusal: 9105 with the text of a schema validation
    """
    for element in elements(signature):
        namespace, name = etree.QName(element).namespace, local(element)
        table = {DS: _ORDER, XADES: _XADES_ORDER}.get(namespace or "", {})
        if name in table:
            _check_order(element, table[name])
    for element in elements(signature, f"{{{XADES}}}SigningTime"):
        if not _DATE_TIME.fullmatch(text(element).strip()):
            raise malformed("cvc-datatype-valid.1.2.1: not a valid value for 'dateTime'.")
    _check_identifiers(root, signature)


def _check_order(element: etree._Element, rules: tuple[str, ...]) -> None:
    own = etree.QName(element).namespace
    names = [
        local(item) if etree.QName(item).namespace == own else str(item.tag)
        for item in children(element)
    ]
    pattern = "".join(f"(?:{rule.rstrip('?*+')},){_repeat(rule)}" for rule in rules)
    if not re.fullmatch(pattern, "".join(f"{name}," for name in names)):
        raise malformed(
            f"cvc-complex-type.2.4.a: Invalid content was found in element '{local(element)}'."
        )


def _repeat(rule: str) -> str:
    return rule[-1] if rule[-1] in "?*+" else ""


def _check_identifiers(root: etree._Element, signature: etree._Element) -> None:
    for value in signature.xpath(".//@Id | @Id"):
        if not _NCNAME.fullmatch(value):
            raise malformed(
                f"cvc-datatype-valid.1.2.1: '{value}' is not a valid value for 'NCName'."
            )
    seen: set[str] = set()
    for element in elements(root):
        for value in {element.get(name) for name in _ID_ATTRIBUTES} - {None}:
            if value in seen:
                raise malformed(f"cvc-id.2: There are multiple occurrences of ID value '{value}'.")
            seen.add(value)
