"""Builds AuthTokenRequest.xml, the document that a login signs (schema 2.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from xml.sax.saxutils import escape

FILE_NAME = "AuthTokenRequest.xml"
NAMESPACE = "http://ksef.mf.gov.pl/auth/token/2.1"

ContextType = Literal["Nip", "InternalId", "NipVatUe", "PeppolId"]
SubjectType = Literal["certificateSubject", "certificateFingerprint"]
_CONTEXT_TYPES = ("Nip", "InternalId", "NipVatUe", "PeppolId")
SUBJECT_TYPES = ("certificateSubject", "certificateFingerprint")


@dataclass(frozen=True)
class Context:
    """The company or unit that a login is for: kind of identifier (schema's name) and value."""

    type: ContextType
    value: str


def build(
    challenge: str, context: Context, subject_type: SubjectType = "certificateSubject"
) -> bytes:
    """Return the document to be signed, in UTF-8 with an XML declaration.

    :param challenge: KSeF's challenge
    :param context: with a normalised value (:mod:`.nip`)
    :param subject_type: certificateFingerprint for a certificate without PESEL and NIP
    :raises ValueError: for a kind of context or subject that the schema does not know
    """
    if context.type not in _CONTEXT_TYPES or subject_type not in SUBJECT_TYPES:
        raise ValueError("Unknown kind of context or subject.")
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<AuthTokenRequest xmlns="{NAMESPACE}">\n'
        f"  <Challenge>{escape(challenge)}</Challenge>\n"
        "  <ContextIdentifier>\n"
        f"    <{context.type}>{escape(context.value)}</{context.type}>\n"
        "  </ContextIdentifier>\n"
        f"  <SubjectIdentifierType>{subject_type}</SubjectIdentifierType>\n"
        "</AuthTokenRequest>\n"
    ).encode()
