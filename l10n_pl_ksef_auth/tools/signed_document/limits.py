"""The bounds within which an uploaded document is read.

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
#: Levels of nesting, and attributes of one element.
MAX_DEPTH = 60
MAX_ATTRIBUTES = 200
#: References of one signature, transforms of one reference, certificates in KeyInfo.
MAX_REFERENCES = 6
MAX_TRANSFORMS = 8
MAX_CERTIFICATES = 20
#: Extra prefixes of an exclusive canonicalisation, and elements that may be the request.
MAX_PREFIXES = 20
MAX_CANDIDATES = 10
#: Base64 characters of one certificate.
MAX_CERTIFICATE = 64 * 1024
#: Characters of one name in a certificate; patterns take time with the square of it.
MAX_NAME = 1000
#: Characters of one value that is shown, compared or kept as evidence.
MAX_VALUE = 200
