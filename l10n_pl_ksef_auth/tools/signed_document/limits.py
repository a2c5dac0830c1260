"""The bounds within which an uploaded document is read.

A signed AuthTokenRequest has 5 to 30 kB; one with a whole certificate chain, time stamps and a
revocation list (the LT and LTA levels that KSeF accepts) some hundreds.  Two mebibytes leave room
for all of them.  The bounds on markup keep the time and the memory of the worst accepted document
within a second and about 100 MB: real documents have some hundreds of tags.
"""

#: Bytes; a larger file is refused before anything looks into it.
MAX_SIZE = 2 * 1024 * 1024
#: Occurrences of ``<`` and of ``=`` in the bytes, counted before parsing: both bound the tree.
MAX_TAGS = 20_000
MAX_EQUALS = 40_000
#: Occurrences of ``xmlns``: looking up prefixes costs tags times declarations.
MAX_NAMESPACES = 1_000
#: Levels of nesting, and attributes of one element.
MAX_DEPTH = 100
MAX_ATTRIBUTES = 200
#: References of one signature, transforms of one reference, certificates in KeyInfo.
MAX_REFERENCES = 20
MAX_TRANSFORMS = 8
MAX_CERTIFICATES = 20
#: Base64 characters of one certificate.
MAX_CERTIFICATE = 64 * 1024
#: Characters of one value that is shown, compared or kept as evidence.
MAX_VALUE = 200
