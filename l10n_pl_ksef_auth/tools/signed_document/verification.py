"""Has libxmlsec verify the signature, and names what was changed after signing.

libxmlsec does what a document tells it.  So only known algorithms, transforms and targets get to
it, and only as many nodes as it goes through quickly; everything else is left to KSeF.

xmlsec is imported where it is used: its package fits only some lxml packages, and Odoo must start
with the others too (docs/design.md 13).
"""

from __future__ import annotations

import base64
import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ..x509_support import Certificate
from ..xades import unusable
from . import const
from .document import decode, text_of
from .letters import letters_are_lost, repairs
from .model import Finding
from .parsing import parse
from .references import Located, Reference, is_canonicalisation
from .report import finding
from .signature import digest_method, key_kind, method_of, public_key, short, structure_finding

_HMAC = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"
_C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
_HARMLESS = tuple(f"{{{const.XML}}}{name}" for name in ("lang", "space", "id"))
#: What canonicalisation escapes besides ``&``, ``<`` and ``>``.
_ESCAPED = {'"': "&quot;", "\r": "&#xD;", "\n": "&#xA;", "\t": "&#x9;"}


@dataclass(frozen=True)
class Verdict:
    """Whose certificate made the signature, else the likeliest one, and what is wrong with it."""

    certificate: Certificate | None
    findings: tuple[Finding, ...]


def verify(located: Located) -> Verdict:
    """Verify a signature, as far as this machine can."""
    certificates = located.keys.readable
    first = next(iter(certificates), None)
    obstacles = _obstacles(located)
    if obstacles:
        return Verdict(first, obstacles)
    results = []
    for certificate in certificates[: const.MAX_KEYS]:
        results.append(_is_signed_by(certificate, located))
        if results[-1]:
            return Verdict(certificate, ())
    changes = _change_findings(located)
    if changes or first is None:
        return Verdict(first, changes)
    decided = None not in results and len(results) == len(certificates)
    return Verdict(first, (_value_finding(first, located, decided),))


def _obstacles(located: Located) -> tuple[Finding, ...]:
    """Return why libxmlsec must not see a signature, or cannot; nothing if it may."""
    incomplete = structure_finding(located.signature)
    if incomplete is not None:
        return (incomplete,)
    found = tuple(r.finding for r in located.references if r.finding is not None)
    if found:
        return found
    unknown = _unknown(located)
    if unknown:
        return (finding("unchecked", unknown, found=unknown),)
    error = unusable()
    return (finding("no_xmlsec", f"{type(error).__name__}: {error}"),) if error else ()


def _unknown(located: Located) -> str:
    """Return what must not get to libxmlsec, "" if all is known and bounded."""
    signature = located.signature
    tree = signature.getroottree()
    if not is_canonicalisation(_info_part(signature, "CanonicalizationMethod")):
        return "CanonicalizationMethod"
    for reference in located.references:
        name = digest_method(reference.element)
        if name not in const.DIGESTS:
            return short(name)
    if next(tree.iter(const.ds("Manifest")), None) is not None:
        return "Manifest"  # libxmlsec follows the references in it
    if any(_has_odd_attribute(element) for element in tree.iter("*")):
        return "xml:base"
    targets = [reference.target for reference in located.references]
    if len({id(target) for target in targets}) < len(targets):
        return "two references to one target"
    filters = len(signature.findall(f"{const.SIGNED_INFO}//{{*}}XPath"))
    if filters and filters * sum(map(_nodes, tree.iter())) > const.MAX_FILTERED_NODES:
        return "XPath in a large document"
    return "large document" if _writes_more(located, const.MAX_WRITTEN) else ""


def _writes_more(located: Located, bound: int) -> bool:
    """Return True if libxmlsec may write more bytes for the references, each node counting 100."""
    octets = 0
    for reference in located.references:
        for element in reference.target.iter():
            octets += _octets(element)
            if octets > bound:
                return True
    return False


def _has_odd_attribute(element: Any) -> bool:
    """Return True for an attribute of xml: that canonicalisation slowly joins to its ancestors'."""
    prefix = f"{{{const.XML}}}"
    return any(n.startswith(prefix) and n not in _HARMLESS for n in element.attrib)


def _nodes(element: Any) -> int:
    """Return how many nodes XPath sees in an element, each namespace in scope being one."""
    own = len(element.attrib) + len(element.nsmap) if isinstance(element.tag, str) else 0
    return 1 + bool(element.text) + bool(element.tail) + own


def _octets(element: Any) -> int:
    """Return the most that an element adds to canonical bytes, and 100 for each node's time."""
    texts = [element.text or "", element.tail or ""]
    if isinstance(element.tag, str):
        texts += [*element.attrib.values(), *element.nsmap.values()]
    return 100 * _nodes(element) + sum(len(escape(t, _ESCAPED).encode()) for t in texts)


def _is_signed_by(certificate: Certificate, located: Located) -> bool | None:
    """Return True if the key of a certificate made the signature, None where nobody here can tell.

    False also for a document that was changed.
    """
    import xmlsec

    signature = located.signature
    key, (_name, method) = public_key(certificate), method_of(signature)
    if method is None or key_kind(key) is None:
        return None
    if key_kind(key) != method.key or not _has_right_length(key, signature):
        return False
    context = xmlsec.SignatureContext()
    try:
        pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        context.key = xmlsec.Key.from_memory(pem, xmlsec.constants.KeyDataFormatPem, None)
        _register(context, [reference.target for reference in located.references])
        context.verify(signature)
    except xmlsec.VerificationError:
        return False
    except (xmlsec.Error, UnsupportedAlgorithm):
        return None
    return True


def _has_right_length(key: Any, signature: Any) -> bool:
    """Return True for any RSA value, and for R and S side by side (docs/ksef.md A2-5)."""
    value = decode(text_of(signature.find(const.ds("SignatureValue")))) or b""
    return key_kind(key) == "rsa" or len(value) == 2 * ((key.key_size + 7) // 8)


def _register(context: Any, targets: list[Any]) -> None:
    """Tell libxmlsec which elements the references mean; it must not search for them itself."""
    for target in targets:
        known: set[str] = set()
        for name in const.ID_NAMES if hasattr(target, "get") else ():
            value = target.get(name)
            if value and value not in known:
                known.add(value)
                namespace, _brace, local = name.rpartition("}")
                context.register_id(target, local, namespace.lstrip("{") or None)


def _value_finding(first: Certificate, located: Located, decided: bool) -> Finding:
    """Return what is wrong with a signature whose references all fit."""
    name, method = method_of(located.signature)
    value = decode(text_of(located.signature.find(const.ds("SignatureValue")))) or b""
    if not decided:
        return finding("unchecked", f"signature method {name}", found=short(name))
    if method is not None and method.key == "ec" and _is_der(value):
        return finding("signature_der", f"{len(value)} bytes of DER")
    key = public_key(first)
    return finding("bad_signature", f"{key_kind(key)} {key.key_size}, {len(value)} bytes")


def _is_der(value: bytes) -> bool:
    try:
        decode_dss_signature(value)
    except ValueError:
        return False
    return True


def _change_findings(located: Located) -> tuple[Finding, ...]:
    """Return what was changed after signing, going by the references' digests.

    An editor that indents the request indents the signature, too, and damaged letters are damaged
    everywhere: then one sentence is enough.
    """
    stated = [_digest(reference.element) for reference in located.references]
    actual = _digests(located, _copied(located))
    if actual is None:
        return (finding("unchecked", "libxmlsec", found="libxmlsec"),)
    differing = [number for number, digest in enumerate(actual) if digest != stated[number]]
    if differing and not _writes_more(located, const.MAX_EXPLAINED):
        for code, evidence, copied in _as_it_was(located):
            before = _digests(located, copied) or actual
            for number in differing:
                if before[number] == stated[number]:
                    uri = located.references[number].uri
                    return (finding(code, f"reference '{uri}' fits {evidence}"),)
    found = [_changed(located, located.references[n], stated[n], actual[n]) for n in differing]
    if found and letters_are_lost(located.properties):
        return (finding("wrong_encoding", "; ".join(f.evidence for f in found)),)
    return tuple(found)


def _as_it_was(located: Located) -> Iterator[tuple[str, str, dict[Any, Any]]]:
    """Yield how a document may have been before a program spoilt it: code, evidence and a copy."""
    yield "edited", "without white space", _before_editing(located)
    for name, repaired in repairs(located.signature.getroottree()):
        copied = _copied(located)
        for element, (text, tail, attributes) in repaired.items():
            copied[element].text, copied[element].tail = text, tail
            copied[element].attrib.update(attributes)
        yield "wrong_encoding", f"with its letters read as {name}", copied


def _changed(located: Located, reference: Reference, stated: bytes, actual: bytes) -> Finding:
    name = const.DIGESTS[digest_method(reference.element)]
    before, after = (base64.b64encode(value[:64]).decode() for value in (stated, actual))
    evidence = f"reference '{reference.uri}' {name} signed {before} found {after}"
    covers = reference.covers(located.candidate.place, located.signature)
    return finding("changed" if covers else "changed_properties", evidence)


def _copied(located: Located) -> dict[Any, Any]:
    """Return a copy of the whole document, as a map from each of its nodes to the copy's."""
    tree = located.signature.getroottree()
    # Not by writing it out and parsing it again: libxml2 reads names that it then cannot write.
    return dict(zip(tree.getroot().iter(), copy.deepcopy(tree).getroot().iter(), strict=True))


def _digests(located: Located, copied: dict[Any, Any]) -> list[bytes] | None:
    """Return the digests of a copy's references, None where libxmlsec cannot compute them.

    It computes them when it signs: here with a key that is thrown away.

    :param copied: as :func:`_copied` gives it; the copy's SignedInfo is overwritten
    """
    import xmlsec

    signature = copied[located.signature]
    elements = [copied[reference.element] for reference in located.references]
    values = [element.find(const.ds("DigestValue")) for element in elements]
    # lxml has to empty what libxmlsec fills, lest it frees nodes that Python objects stand for.
    for part in (*values, signature.find(const.ds("SignatureValue"))):
        part.clear()
    for name, algorithm in (("CanonicalizationMethod", _C14N), ("SignatureMethod", _HMAC)):
        part = _info_part(signature, name)
        part.clear()
        part.set("Algorithm", algorithm)
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_binary_data(xmlsec.constants.KeyDataHmac, b"throw-away" * 4)
    _register(context, [copied.get(reference.target) for reference in located.references])
    try:
        context.sign(signature)
    except xmlsec.Error:
        return None
    return [decode(text_of(value)) or b"" for value in values]


def _digest(reference: Any) -> bytes:
    return decode(text_of(reference.find(const.ds("DigestValue")))) or b""


def _info_part(signature: Any, name: str) -> Any:
    return signature.find(f"{const.SIGNED_INFO}/{const.ds(name)}")


def _before_editing(located: Located) -> dict[Any, Any]:
    """Return a copy of the document as it may have been before an editor indented it.

    Editors and browsers indent XML.  Canonical bytes keep white space, so this breaks the digest;
    but without it, and with that of the download in the request, the digest fits again.
    """
    copied = _copied(located)
    for element in copied.values():
        if len(element) and not (element.text or "").strip():
            element.text = None
        if not (element.tail or "").strip():
            element.tail = None
    download, request = located.request.as_downloaded(), located.candidate.request
    if download is not None and not located.candidate.encoded:
        pairs = zip(copied[request].iter("*"), parse(download).iter("*"), strict=False)
        for element, original in pairs:
            element.text, element.tail = original.text, original.tail
    return copied
