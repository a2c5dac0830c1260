"""Namespaces and names of XML Signature, XAdES and the AuthTokenRequest."""

DSIG = "http://www.w3.org/2000/09/xmldsig#"
DSIG11 = "http://www.w3.org/2009/xmldsig11#"
MORE = "http://www.w3.org/2001/04/xmldsig-more#"
MORE_2007 = "http://www.w3.org/2007/05/xmldsig-more#"
XMLENC = "http://www.w3.org/2001/04/xmlenc#"
FILTER2 = "http://www.w3.org/2002/06/xmldsig-filter2"
XPATH = "http://www.w3.org/TR/1999/REC-xpath-19991116"
XML = "http://www.w3.org/XML/1998/namespace"
XADES = (
    "http://uri.etsi.org/01903/v1.3.2#",
    "http://uri.etsi.org/01903/v1.2.2#",
    "http://uri.etsi.org/01903/v1.1.1#",
)
#: The Type of the reference to SignedProperties.
PROPERTIES_TYPE = "http://uri.etsi.org/01903#SignedProperties"
REQUEST_PREFIX = "http://ksef.mf.gov.pl/auth/token/"
#: The schemas that KSeF accepts (docs/ksef.md A2-10).
REQUEST_NAMESPACES = (REQUEST_PREFIX + "2.0", REQUEST_PREFIX + "2.1")

SIGNATURE = f"{{{DSIG}}}Signature"
SIGNED_INFO = f"{{{DSIG}}}SignedInfo"
REFERENCE = f"{{{DSIG}}}Reference"
OBJECT = f"{{{DSIG}}}Object"
REQUEST = "AuthTokenRequest"
#: Members of ContextIdentifier in the XSD.
CONTEXT_TYPES = ("Nip", "InternalId", "NipVatUe", "PeppolId")


def ds(name: str) -> str:
    """Return ``name`` in the namespace of XML Signature, as lxml spells it."""
    return f"{{{DSIG}}}{name}"
