"""What the signature covers. Only this is ever read as signed (docs/ksef.md D-4)."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

from lxml import etree

from . import algorithms
from .algorithms import CANONICALISATIONS, DS
from .document import children, elements, local, parse, text
from .outcome import PROFILE, Refusal, Settings
from .signature import XADES, Located

_SIGNED_PROPERTIES = f"{{{XADES}}}SignedProperties"
_PROPERTIES_TYPE = "http://uri.etsi.org/01903#SignedProperties"
_FOLLOWED = ("Manifest", "RetrievalMethod", "KeyInfoReference")
_MOST_REFERENCES = 3
_POINTER = re.compile(r"""#(?:xpointer\(id\((['"])(?P<quoted>[^'"]+)\1\)\)|(?P<plain>[^()\s]+))""")
# Expressions that leave out exactly the signature, white space removed, "ds:" being its prefix.
_WITHOUT_SIGNATURE = {
    "not(ancestor-or-self::ds:Signature)",
    "count(ancestor-or-self::ds:Signature|here()/ancestor::ds:Signature[1])"
    ">count(ancestor-or-self::ds:Signature)",
}
_SUBTRACTED = {
    "/descendant::ds:Signature",
    "//ds:Signature",
    "here()/ancestor::ds:Signature[1]",
}


@dataclass(frozen=True)
class Covered:
    """The nodes of a document that its signature vouches for.

    :param request: the AuthTokenRequest, free of the signature
    :param properties: SignedProperties, None when the signature covers none
    :param key_info: whether KeyInfo is covered
    """

    request: etree._Element
    properties: etree._Element | None
    key_info: bool


def covered(root: etree._Element, located: Located, settings: Settings) -> Covered:
    """Find out what the references cover, before libxmlsec follows any of them.

    :raises Refusal: 9105 for references elsewhere than into the document, unknown transforms or
        algorithms, and for a request that is not covered
    """
    signature = located.element
    _check_followed_by_none(signature)
    references = elements(signature.find(f"{{{DS}}}SignedInfo"), f"{{{DS}}}Reference")
    if len(references) > _MOST_REFERENCES:
        raise Refusal(9105, PROFILE)
    targets = [_target(reference, root, located) for reference in references]
    if len({id(target) for target in targets}) != len(targets):
        raise Refusal(9105, PROFILE)
    contents = []
    for reference, target in zip(references, targets, strict=True):
        algorithms.hasher(reference.find(f"{{{DS}}}DigestMethod").get("Algorithm"), settings)
        transforms = _transforms(reference)
        if target is root:
            _check_enveloped(transforms)
            contents.append(_without_signature(root))
        elif local(target) == "Object" and not elements(target, _SIGNED_PROPERTIES):
            contents.append(_object_content(target, _check_object(transforms), settings))
        else:
            _check_canonical(transforms)
    # The request that is read must be the one that is signed, not one wrapped around it.
    if len(contents) != 1 or located.enveloped != any(target is root for target in targets):
        raise Refusal(9105, PROFILE)
    properties = _properties(references, targets)
    key_info = any(item.tag == f"{{{DS}}}KeyInfo" for item in targets)
    return Covered(contents[0], properties, key_info)


def _check_followed_by_none(signature: etree._Element) -> None:
    """Refuse what libxmlsec would follow besides SignedInfo's own references."""
    if elements(signature, *(f"{{{DS}}}{name}" for name in _FOLLOWED)):
        raise Refusal(9105, PROFILE)


def _properties(
    references: list[etree._Element], targets: list[etree._Element]
) -> etree._Element | None:
    for reference, target in zip(references, targets, strict=True):
        if target.tag == _SIGNED_PROPERTIES and reference.get("Type") == _PROPERTIES_TYPE:
            return target
    return None


def _target(reference: etree._Element, root: etree._Element, located: Located) -> etree._Element:
    uri = reference.get("URI")
    if uri in ("", "#xpointer(/)"):
        if not located.enveloped:
            raise Refusal(9105, PROFILE)
        return root
    pointer = _POINTER.fullmatch(uri or "")
    name = pointer and (pointer["quoted"] or pointer["plain"])
    for element in elements(located.element):
        if name and element.get("Id") == name and element is not located.element:
            return element
    raise Refusal(9105, PROFILE)


def _transforms(reference: etree._Element) -> list[etree._Element]:
    holder = reference.find(f"{{{DS}}}Transforms")
    return [] if holder is None else children(holder)


def _unsupported() -> Refusal:
    return Refusal(9105, PROFILE)


def _check_enveloped(transforms: list[etree._Element]) -> None:
    """Selections first, at least one of them, then at most one canonicalisation."""
    chosen = list(transforms)
    if chosen and chosen[-1].get("Algorithm") in CANONICALISATIONS:
        chosen.pop()
    if not chosen or not all(_leaves_out_signature(item) for item in chosen):
        raise _unsupported()


def _leaves_out_signature(transform: etree._Element) -> bool:
    algorithm = transform.get("Algorithm")
    if algorithm == algorithms.ENVELOPED:
        return not children(transform)
    inner = children(transform)
    if len(inner) != 1 or local(inner[0]) != "XPath":
        return False
    if algorithm == algorithms.XPATH:
        return _expression(inner[0]) in _WITHOUT_SIGNATURE
    subtracts = inner[0].get("Filter") == "subtract"
    return algorithm == algorithms.FILTER2 and subtracts and _expression(inner[0]) in _SUBTRACTED


def _expression(xpath: etree._Element) -> str:
    expression = re.sub(r"\s", "", text(xpath))
    for prefix, namespace in xpath.nsmap.items():
        if prefix and namespace == DS:
            expression = re.sub(rf"(?<![\w.\-]){re.escape(prefix)}:(?!:)", "\0", expression)
    return expression.replace("\0", "ds:")


def _check_canonical(transforms: list[etree._Element]) -> None:
    names = [item.get("Algorithm") for item in transforms]
    if len(names) > 1 or not set(names) <= CANONICALISATIONS:
        raise _unsupported()


def _check_object(transforms: list[etree._Element]) -> bool:
    """Check the transforms of an Object; tell whether they decode base64."""
    names = [item.get("Algorithm") for item in transforms]
    if algorithms.BASE64 in names:
        if names.count(algorithms.BASE64) > 1 or names[-1] != algorithms.BASE64:
            raise _unsupported()
        _check_canonical(transforms[:-1])
        return True
    _check_canonical(transforms)
    return False


def _without_signature(root: etree._Element) -> etree._Element:
    """Copy the document without its signature; the original stays as it was signed."""
    copy = etree.fromstring(etree.tostring(root))
    signature = copy.find(f"{{{DS}}}Signature")
    tail, before = signature.tail or "", signature.getprevious()
    if before is not None:
        before.tail = (before.tail or "") + tail
    else:
        copy.text = (copy.text or "") + tail
    copy.remove(signature)
    return copy


def _object_content(holder: etree._Element, decodes: bool, settings: Settings) -> etree._Element:
    inner = children(holder)
    if decodes or not inner:
        try:
            decoded = base64.b64decode("".join(text(holder).split()), validate=True)
        except (binascii.Error, ValueError):
            raise Refusal(21001) from None
        content = parse(decoded, settings)
        if elements(content, f"{{{DS}}}Signature"):
            raise Refusal(9103)
        return content
    if len(inner) != 1:
        raise Refusal(9105, PROFILE)
    return etree.fromstring(etree.tostring(inner[0], with_tail=False))
