"""The bounds within which an uploaded document is read, and the names that are looked for in it.

A signed AuthTokenRequest has 5 to 30 kB; one with a whole certificate chain, time stamps and a
revocation list (the LT and LTA levels that KSeF accepts) some hundreds.  Two mebibytes leave room
for all of them.  The bounds on markup keep the worst document that is read within two seconds and
50 MB on one slow core; real documents have some hundreds of tags and three references.
"""

#: Bytes; a larger file is refused before anything looks into it.
MAX_SIZE = 2 * 1024 * 1024
#: Occurrences of ``<`` and of ``=`` in the bytes, counted before parsing: both bound the tree.
MAX_TAGS = 10_000
MAX_EQUALS = 20_000
#: Occurrences of ``xmlns`` in the bytes, and declarations that are in scope at once.
MAX_NAMESPACES = 1_000
MAX_IN_SCOPE = 30
#: Levels of nesting, and attributes of one element, which libxml2 sorts by comparing them all.
MAX_DEPTH = 60
MAX_ATTRIBUTES = 20
#: References of one signature, transforms of one reference, certificates in KeyInfo.
MAX_REFERENCES = 6
MAX_TRANSFORMS = 8
MAX_CERTIFICATES = 20
#: Extra prefixes of an exclusive canonicalisation, and elements that may be the request.
MAX_PREFIXES = 20
MAX_CANDIDATES = 10
#: Bytes that libxmlsec writes for the references of one signature; for its time, each node counts
#: as 100 more.  A document is gone through for each key and once more, and each may take 200 ms.
MAX_WRITTEN = 10_000_000
#: The same, of a document for which it is told how a program spoilt it.
MAX_EXPLAINED = 1_000_000
#: Nodes that its XPath filters go through, a node for each filter; the time grows with the square.
MAX_FILTERED_NODES = 3_000
#: People whom roles name.
MAX_ROLES = 5
#: Certificates whose keys are tried on one signature.
MAX_KEYS = 4
#: Base64 characters of one certificate, which asn1crypto reads in Python; real ones have 2,000 to
#: 4,000.
MAX_CERTIFICATE = 16 * 1024
#: Characters of a namespace, and of one value that is shown, compared or kept as evidence.
MAX_VALUE = 200

DSIG = "http://www.w3.org/2000/09/xmldsig#"
MORE = "http://www.w3.org/2001/04/xmldsig-more#"
MORE_2007 = "http://www.w3.org/2007/05/xmldsig-more#"
XMLENC = "http://www.w3.org/2001/04/xmlenc#"
XML = "http://www.w3.org/XML/1998/namespace"
XADES = (
    "http://uri.etsi.org/01903/v1.3.2#",
    "http://uri.etsi.org/01903/v1.2.2#",
    "http://uri.etsi.org/01903/v1.1.1#",
)
#: The Type of the reference to SignedProperties.
PROPERTIES_TYPE = "http://uri.etsi.org/01903#SignedProperties"
#: The schemas that KSeF accepts (docs/ksef.md A2-10).
REQUEST_NAMESPACES = (
    "http://ksef.mf.gov.pl/auth/token/2.0",
    "http://ksef.mf.gov.pl/auth/token/2.1",
)
REQUEST = "AuthTokenRequest"
#: Members of ContextIdentifier in the XSD.
CONTEXT_TYPES = ("Nip", "InternalId", "NipVatUe", "PeppolId")
#: Attributes that give an element an identifier.
ID_NAMES = ("Id", "ID", "id", f"{{{XML}}}id")


def ds(name: str) -> str:
    """Return ``name`` in the namespace of XML Signature, as lxml spells it."""
    return f"{{{DSIG}}}{name}"


SIGNATURE = ds("Signature")
SIGNED_INFO = ds("SignedInfo")
REFERENCE = ds("Reference")
OBJECT = ds("Object")
#: DigestMethod -> hashlib's name, as far as KSeF's documentation lists them (docs/ksef.md B-3).
DIGESTS = {
    DSIG + "sha1": "sha1",
    MORE + "sha224": "sha224",
    XMLENC + "sha256": "sha256",
    MORE + "sha384": "sha384",
    XMLENC + "sha512": "sha512",
    MORE_2007 + "sha3-224": "sha3_224",
    MORE_2007 + "sha3-256": "sha3_256",
    MORE_2007 + "sha3-384": "sha3_384",
    MORE_2007 + "sha3-512": "sha3_512",
}
