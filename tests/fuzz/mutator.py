"""Changes signed documents so that they stay XML: random bytes alone never get past a parser."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable

from corpus.mutations import MUTATIONS
from corpus.mutations.base import other_request
from lxml import etree

_DS = "http://www.w3.org/2000/09/xmldsig#"
_VALUES = (
    "",
    "#",
    "#data",
    "#SignedProperties",
    "#xpointer(/)",
    "#xpointer(id('data'))",
    "#xpointer(id('SignedProperties'))",
    "http://127.0.0.1:9/",
    "file:///etc/hostname",
    _DS + "enveloped-signature",
    _DS + "base64",
    "http://www.w3.org/TR/1999/REC-xpath-19991116",
    "http://www.w3.org/2002/06/xmldsig-filter2",
    "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments",
    "http://www.w3.org/2006/12/xml-c14n11",
    "http://www.w3.org/2001/10/xml-exc-c14n#",
    "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
    "not(ancestor-or-self::ds:Signature)",
    "\u202e\ufffd\U0001f600",
    "0" * 300,
)
Operation = Callable[[random.Random, list], None]


def mutate(data: bytes, seed: int) -> bytes:
    """Return a changed document; the same for the same seed."""
    dice = random.Random(seed)
    if dice.random() < 0.15:
        return _by_name(data, dice)
    try:
        root = etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True))
    except (etree.XMLSyntaxError, ValueError):
        return _bytes(data, dice)
    for _step in range(dice.randint(1, 3)):
        elements = list(root.iter(etree.Element))
        dice.choice(_OPERATIONS)(dice, elements)
    return etree.tostring(root, xml_declaration=dice.random() < 0.8, encoding="UTF-8")


def _by_name(data: bytes, dice: random.Random) -> bytes:
    """Apply one of the corpus's mutations; they expect whole documents."""
    mutation = dice.choice(MUTATIONS)
    try:
        return mutation.change(data) or data
    except (ValueError, TypeError, LookupError, AttributeError, StopIteration, etree.LxmlError):
        return _bytes(data, dice)


def _bytes(data: bytes, dice: random.Random) -> bytes:
    changed = bytearray(data[:50_000] or b"<")
    for _step in range(dice.randint(1, 8)):
        changed[dice.randrange(len(changed))] = dice.randrange(256)
    return bytes(changed)


def _remove(dice: random.Random, elements: list) -> None:
    element = dice.choice(elements)
    if element.getparent() is not None:
        element.getparent().remove(element)


def _duplicate(dice: random.Random, elements: list) -> None:
    element = dice.choice(elements)
    if element.getparent() is not None:
        element.addnext(copy.deepcopy(element))


def _move(dice: random.Random, elements: list) -> None:
    element, place = dice.choice(elements), dice.choice(elements)
    if element.getparent() is not None and element not in place.iterancestors():
        if element is not place:
            place.insert(0, element)


def _wrap(dice: random.Random, elements: list) -> None:
    element = dice.choice(elements)
    if element.getparent() is not None:
        wrapper = etree.Element(dice.choice([f"{{{_DS}}}Object", f"{{{_DS}}}Signature", "x"]))
        element.getparent().replace(element, wrapper)
        wrapper.append(element)


def _change_attribute(dice: random.Random, elements: list) -> None:
    element = dice.choice(elements)
    names = [*element.attrib, "Id", "URI", "Algorithm", "Encoding", "Filter"]
    others = [value for e in dice.sample(elements, min(5, len(elements))) for value in e.values()]
    element.set(dice.choice(names), dice.choice([*_VALUES, *others]))


def _change_text(dice: random.Random, elements: list) -> None:
    element = dice.choice(elements)
    text = dice.choice([*_VALUES, dice.choice(elements).text or "", "\r\n \t"])
    if dice.random() < 0.5:
        element.text = text
    else:
        element.tail = text


def _change_namespace(dice: random.Random, elements: list) -> None:
    element = dice.choice(elements)
    own = etree.QName(element).localname
    namespace = etree.QName(dice.choice(elements)).namespace
    element.tag = f"{{{namespace}}}{own}" if namespace else own


def _add(dice: random.Random, elements: list) -> None:
    place = dice.choice(elements)
    added = dice.choice(
        [etree.fromstring(other_request()), etree.Comment("x"), etree.ProcessingInstruction("x")]
    )
    place.insert(dice.randrange(len(place) + 1), added)


_OPERATIONS: tuple[Operation, ...] = (
    _remove,
    _duplicate,
    _move,
    _wrap,
    _change_attribute,
    _change_attribute,
    _change_text,
    _change_namespace,
    _add,
)
