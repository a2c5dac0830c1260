"""Signatures of code II made by another program, OpenSSL 3.0, with keys that are nowhere else.

``openssl dgst -sha256 -sign``; of the RSA key with ``-sigopt rsa_padding_mode:pss -sigopt
rsa_pss_saltlen:32 -sigopt rsa_mgf1_md:sha256``.
"""

import base64

SERIAL, NIP = "01F20A5D352AE590", "1111111111"
SIGNED = (
    f"qr-test.ksef.mf.gov.pl/certificate/Nip/{NIP}/{NIP}/{SERIAL}/"
    "UtQp9Gpc51y-u3xApZjIjgkpZ01js-J8KflSPW8WzIE"
)
#: Public keys (SubjectPublicKeyInfo), and what their owners have signed.
EC_KEY = base64.b64decode(
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEYuxE+Wy/fWXv1QGKY+wWPChBHlMcjA6pC8Vmi1EV81fwRvn9YKnl"
    "k7MCK6jpDyNcDi/yRq8AA1VX1tm5GEvSUg=="
)
#: As DER; its S begins with a zero byte, which DER leaves out.
EC_SIGNATURE = base64.b64decode(
    "MEMCIAeSZ5WQQRIf+TS7TDoOBSwbWb8rDxzOVoXRz1isosTyAh8dc1xtwYei01XbKWSe5TnPyiCyYKH6X80u24JA6WQm"
)
RSA_KEY = base64.b64decode(
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA+N/zjVjqja9rnx50m0ReDUwE4memQt/BPGfw1bDAr4+L"
    "UDbN/wwgpWIlSPfRSNnFoPY6oeeW+5REwVi3KV3VPQG18YsVS3O2OZ4fhgq1pJs/Y31pMKNQGi0Qb7jCYOGFyCm3"
    "NdakcFmlPEF/P2/tMqUtb2wg0/dmQaI729RbgAQv5bhEqftyS7sIUTNM4XDnCCGo/shUeQrE13MCiylthl2KAmXM"
    "xR+zPwNiXNMI8Av9DDRltuq4pfv4WKYmjL+gKPplurtl8K2ETXCapT8d1zmfhUyLwhvCfgwJI3RV0aWGaOLvxOn7"
    "PY8NTfl9StxtQvsUiDvIzkvR6ei2Se2dQwIDAQAB"
)
RSA_SIGNATURE = base64.b64decode(
    "4KHec1/VA7kc4RM6wbfyvkqzhA1FLBPuZDlIazwMhert3NK/AO3cxyArWaU01Py3yiltVvnQlmZcoxc4BYEPcNNe"
    "nv1NYL9ka+2ZjgPvYaAf+HPxi/hxSrXMpgi2ZkJ4i/W9BmiHpuT44jE/mZHNwH7pC8v4uHT4N3uHPYX/Pe+Zqk6B"
    "4aYc0itAV7DKCgO+HqPb5Gd3hgBF/enIUyFckgFcdzSYECGPdiJY8B7tVwvw4CeDJjYSKgbAD6Xj13bHtp54Lmp5"
    "afoAxuXMZx+u1WhAexQ0uxghju1p2ok6x4Q9tO9g5MwlpHyekuMMyEg9tGgyXYSOSQAk3xNuHxjE9g=="
)
