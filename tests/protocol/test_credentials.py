"""Certificate files brought by hand."""

import base64

import pytest
from credential_builders import certificate_bag, key_bag, locked, package, pem, plain
from credential_builders import with_null_parameters as odd_for_new_releases
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PrivateFormat, pkcs7, pkcs12
from cryptography.x509.oid import NameOID
from protocol_builders import NOON, certificate_for

from tools.credentials import CredentialError, load_credentials, may_sign_invoices

KEY = ec.generate_private_key(ec.SECP256R1())
CERTIFICATE = certificate_for(KEY, digital_signature=True)
WORD = "hasło"
OFFLINE_KEY = ec.generate_private_key(ec.SECP256R1())
OFFLINE = certificate_for(OFFLINE_KEY, digital_signature=False)
LOCKED = serialization.BestAvailableEncryption(WORD.encode())
OPEN = serialization.NoEncryption()


def _key_file(encoding=Encoding.PEM, encryption=OPEN, key=KEY, form=PrivateFormat.PKCS8):
    return key.private_bytes(encoding, form, encryption)


def _certificate_file(encoding=Encoding.PEM, certificate=CERTIFICATE):
    return x509.load_der_x509_certificate(certificate.der).public_bytes(encoding)


def _pkcs12(encryption=LOCKED, key=KEY, certificate=CERTIFICATE):
    known = x509.load_der_x509_certificate(certificate.der)
    return pkcs12.serialize_key_and_certificates(b"ksef", key, known, None, encryption)


def _reason(*files, password=None):
    with pytest.raises(CredentialError) as caught:
        load_credentials(*files, password=password)
    return caught.value.reason


@pytest.mark.parametrize(
    "files",
    [
        [_pkcs12()],
        [_key_file(encryption=LOCKED), _certificate_file()],
        [_certificate_file(Encoding.DER), _key_file(Encoding.DER, LOCKED)],
        [_key_file(), _certificate_file()],
        [_key_file(Encoding.DER), _certificate_file(Encoding.DER)],
        [_key_file(form=PrivateFormat.TraditionalOpenSSL), _certificate_file()],
        [_key_file(form=PrivateFormat.TraditionalOpenSSL, encryption=LOCKED), _certificate_file()],
        [b"Bag Attributes\n" + _certificate_file() + _key_file()],
        [_pkcs12(OPEN)],
    ],
)
def test_key_and_certificate_are_found_in_every_usual_form(files):
    key, certificate = load_credentials(*files, password=WORD)
    assert key.private_numbers() == KEY.private_numbers()
    assert certificate == CERTIFICATE


def test_an_export_without_a_password_needs_none():
    assert load_credentials(_pkcs12(OPEN))[1] == CERTIFICATE


def test_the_certificate_of_the_key_is_taken_from_among_others():
    other = certificate_for(ec.generate_private_key(ec.SECP256R1()))
    files = [_key_file(), _certificate_file(certificate=other) + _certificate_file()]
    assert load_credentials(*files)[1] == CERTIFICATE


@pytest.mark.parametrize("password", [None, "wrong"])
@pytest.mark.parametrize(
    "locked", [_pkcs12(), _key_file(encryption=LOCKED), _key_file(Encoding.DER, LOCKED)]
)
def test_a_wrong_password_is_told_from_other_faults(locked, password):
    assert _reason(locked, _certificate_file(), password=password) == "password"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "format"),
        (b"hello", "format"),
        (b"\x30\x03\x02\x01\x03", "format"),
        (pem(CERTIFICATE.der, "CERTIFICATE")[:-200], "damaged"),
        (CERTIFICATE.der[:-1], "damaged"),
        (b"\x30", "damaged"),
        (pem(b"\x30\x82"), "damaged"),
        (pem(b""), "format"),
        (bytes(256 * 1024 + 1), "too_large"),
    ],
)
def test_what_is_no_certificate_file_is_told(data, reason):
    assert _reason(data) == reason


def test_a_missing_half_is_told():
    assert _reason(_certificate_file()) == "no_key"
    assert _reason(_key_file()) == "no_certificate"


def test_a_pair_that_does_not_belong_together_is_told():
    other = certificate_for(ec.generate_private_key(ec.SECP256R1()))
    assert _reason(_key_file(), _certificate_file(certificate=other)) == "mismatch"


@pytest.mark.parametrize(
    "key",
    [
        ec.generate_private_key(ec.SECP521R1()),
        ed25519.Ed25519PrivateKey.generate(),
        rsa.generate_private_key(65537, 1024),
    ],
)
def test_a_key_that_ksef_would_refuse_is_told(key):
    assert _reason(_key_file(key=key), _certificate_file()) == "key_type"


def test_a_certificate_for_offline_invoices_is_told():
    offline = certificate_for(KEY, digital_signature=False)
    assert _reason(_key_file(), _certificate_file(certificate=offline)) == "not_authentication"
    assert _reason(_certificate_file(certificate=offline)) == "not_authentication"


def test_the_exception_shows_neither_password_nor_files():
    with pytest.raises(CredentialError) as caught:
        load_credentials(_pkcs12(), password="wrong-word")
    shown = f"{caught.value} {caught.value!r} {caught.value.__cause__}"
    assert "wrong-word" not in shown


@pytest.mark.parametrize("password", ["ha\x00sło", "\ud800"])
@pytest.mark.parametrize("file", [_pkcs12(), _key_file(encryption=LOCKED)])
def test_a_password_that_no_key_can_have_is_a_wrong_one(file, password):
    assert _reason(file, _certificate_file(), password=password) == "password"


@pytest.mark.parametrize(
    ("part", "odd"),
    [
        (b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x08"),  # the version
        (b"\x55\x04\x03\x0c", b"\x55\x04\x03\x38"),  # the kind of text of a name
    ],
)
@pytest.mark.parametrize("encoding", [Encoding.DER, Encoding.PEM])
def test_a_certificate_too_odd_for_the_library_is_no_certificate(part, odd, encoding):
    der = _certificate_file(Encoding.DER)
    assert part in der
    broken = der.replace(part, odd)
    text = pem(broken)
    told = _reason(broken if encoding == Encoding.DER else text, _key_file())
    assert told in ("certificate", "damaged")


# ----------------------------------------------------------------------
# The bytes decide
# ----------------------------------------------------------------------
CERTIFICATE_DER, LOCKED_DER = CERTIFICATE.der, locked(KEY, WORD.encode())
#: What OpenSSL appends in BEGIN TRUSTED CERTIFICATE: an alias.
TRUST = b"\x30\x06\x0c\x04ksef"
SHORT_DER = _key_file(Encoding.DER, form=PrivateFormat.TraditionalOpenSSL)
TRADITIONAL = _key_file(form=PrivateFormat.TraditionalOpenSSL, encryption=LOCKED)


def _in_marks(der):
    """Return an element in BER whose end is marked instead of counted."""
    header = 2 + (der[1] & 0x7F if der[1] & 0x80 else 0)
    return der[:1] + b"\x80" + der[header:] + b"\0\0"


LIBRARYS = x509.load_der_x509_certificate(CERTIFICATE_DER)
KEY_FORMS = {
    "locked, labelled as open": pem(LOCKED_DER, "PRIVATE KEY"),
    "open, labelled as locked": pem(plain(KEY), "ENCRYPTED PRIVATE KEY"),
    "labelled as of another kind": pem(plain(KEY), "RSA PRIVATE KEY"),
    "locked by PEM under another label": TRADITIONAL.replace(b" EC PRIVATE", b" PRIVATE"),
    "UTF-16 with a mark": pem(LOCKED_DER).decode().encode("utf-16"),
    "UTF-16 of the other order": pem(LOCKED_DER).decode().encode("utf-16-be"),
    "UTF-8 with a mark": b"\xef\xbb\xbf" + pem(LOCKED_DER),
    "lines of an old Macintosh": pem(LOCKED_DER).replace(b"\n", b"\r"),
    "indented lines": pem(LOCKED_DER).replace(b"\n", b"\r\n  "),
    "headers in PEM": pem(LOCKED_DER).replace(b"-\n", b"-\nComment: ksef\n\n", 1),
    "words around": b"Klucz: tajne\n" + pem(LOCKED_DER) + b"Koniec\n",
    "DER with a line end": LOCKED_DER + b"\r\n",
    "marks instead of lengths": _in_marks(LOCKED_DER),
    "base64 alone": base64.b64encode(LOCKED_DER),
    "base64 alone, of another beginning": base64.b64encode(SHORT_DER),
    "base64 of PEM": base64.encodebytes(pem(LOCKED_DER)),
    "line ends spelled out": pem(LOCKED_DER).replace(b"\n", b"\\n"),
    "base64 alone in UTF-16": base64.encodebytes(LOCKED_DER).decode().encode("utf-16"),
}
CERTIFICATE_FORMS = {
    "trusted": pem(CERTIFICATE_DER + TRUST, "TRUSTED CERTIFICATE"),
    "labelled as a key": pem(CERTIFICATE_DER, "PRIVATE KEY"),
    "UTF-16": pem(CERTIFICATE_DER).decode().encode("utf-16"),
    "DER with a line end": CERTIFICATE_DER + b"\n",
    "base64 alone": base64.b64encode(CERTIFICATE_DER),
    "PKCS#7": pkcs7.serialize_certificates([LIBRARYS], Encoding.DER),
    "PKCS#7 in PEM": pkcs7.serialize_certificates([LIBRARYS], Encoding.PEM),
}


@pytest.mark.parametrize("name", KEY_FORMS)
def test_a_key_is_known_by_its_bytes(name):
    key, certificate = load_credentials(pem(CERTIFICATE_DER), KEY_FORMS[name], password=WORD)
    assert (key.private_numbers(), certificate) == (KEY.private_numbers(), CERTIFICATE)


@pytest.mark.parametrize("name", CERTIFICATE_FORMS)
def test_a_certificate_is_known_by_its_bytes(name):
    assert load_credentials(CERTIFICATE_FORMS[name], plain(KEY))[1] == CERTIFICATE


def _portal(offline_word=WORD):
    """Return the four files of somebody who made both certificates at the Ministry's portal."""
    return {
        "login.crt": pem(CERTIFICATE_DER),
        "login.key": pem(LOCKED_DER, "ENCRYPTED PRIVATE KEY"),
        "offline.crt": pem(OFFLINE.der),
        "offline.key": pem(locked(OFFLINE_KEY, offline_word.encode())),
    }


def test_a_certificate_for_offline_invoices_counts_where_none_logs_in():
    how = {"password": WORD, "otherwise": may_sign_invoices}
    offline = [data for name, data in _portal().items() if name.startswith("offline")]
    key, certificate = load_credentials(*offline, **how)
    assert (key.private_numbers(), certificate) == (OFFLINE_KEY.private_numbers(), OFFLINE)
    assert load_credentials(*_portal().values(), **how)[1] == CERTIFICATE


@pytest.mark.parametrize("names", [sorted(_portal()), sorted(_portal(), reverse=True)])
@pytest.mark.parametrize("offline_word", [WORD, "another"])
def test_of_all_four_files_of_the_portal_the_pair_that_logs_in_is_taken(names, offline_word):
    files = _portal(offline_word)
    assert load_credentials(*(files[name] for name in names), password=WORD)[1] == CERTIFICATE


@pytest.mark.parametrize(
    ("missing", "reason"),
    [
        ({"login.key"}, "no_login_key"),
        ({"login.crt"}, "not_authentication"),
        ({"login.key", "offline.crt"}, "mismatch"),
        ({"login.crt", "offline.key"}, "not_authentication"),
        ({"login.key", "login.crt"}, "not_authentication"),
        ({"login.key", "offline.key"}, "no_key"),
        ({"login.crt", "offline.crt"}, "no_certificate"),
    ],
)
def test_the_missing_part_is_named(missing, reason):
    files = [data for name, data in _portal().items() if name not in missing]
    assert _reason(*files, password=WORD) == reason


def test_a_wrong_password_of_the_login_key_is_told_though_the_other_one_opens():
    assert _reason(*_portal("another").values(), password="another") == "password"


def test_a_keystore_with_both_keys_gives_the_one_that_logs_in():
    keys = [key_bag(locked(key, b"word")) for key in (OFFLINE_KEY, KEY)]
    both = package(keys, [certificate_bag(item.der) for item in (OFFLINE, CERTIFICATE)], b"word")
    assert load_credentials(both, password="word")[1] == CERTIFICATE


def test_a_keystore_in_marks_instead_of_lengths_is_read():
    store = package([key_bag(LOCKED_DER)], [certificate_bag(CERTIFICATE_DER)], WORD.encode())
    assert load_credentials(_in_marks(store), password=WORD)[1] == CERTIFICATE


def test_an_odd_member_of_a_bundle_is_passed_over():
    odd = CERTIFICATE_DER.replace(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x08")
    bundle = pem(odd) + _key_file() + pem(b"\x30\x01") + pem(CERTIFICATE_DER)
    assert load_credentials(b"read me", bundle)[1] == CERTIFICATE


def test_a_request_for_a_certificate_is_none():
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Jan")])
    made = x509.CertificateSigningRequestBuilder(name).sign(KEY, hashes.SHA256())
    assert _reason(made.public_bytes(Encoding.PEM), _key_file()) == "format"


def test_a_weak_key_beside_the_fitting_one_does_not_matter():
    weak = rsa.generate_private_key(65537, 1024)
    assert load_credentials(_key_file(key=weak), *_portal().values(), password=WORD)


def test_of_two_fitting_certificates_the_wanted_one_is_taken_else_the_longest():
    shorter = certificate_for(KEY, digital_signature=True, days=10)
    files = [_key_file(), pem(shorter.der), pem(CERTIFICATE_DER)]
    assert load_credentials(*files)[1] == CERTIFICATE
    chosen = load_credentials(*files, wanted=lambda item: item == shorter)[1]
    assert chosen == shorter


def test_a_pair_that_is_not_wanted_is_left_for_a_locked_one_that_is():
    other = ec.generate_private_key(ec.SECP256R1())
    outdated = certificate_for(other, digital_signature=True, days=0)
    files = [_key_file(key=other), pem(outdated.der), pem(CERTIFICATE_DER), LOCKED_DER]
    pair = load_credentials(*files, password=WORD, wanted=lambda item: item.valid_to > NOON)
    assert pair[1] == CERTIFICATE


def test_a_keystore_with_a_certificate_that_the_library_refuses_asks_for_two_files():
    odd = odd_for_new_releases(CERTIFICATE_DER)
    store = package([key_bag(LOCKED_DER)], [certificate_bag(odd)], WORD.encode())
    try:
        x509.load_der_x509_certificate(odd)
    except ValueError:
        assert _reason(store, password=WORD) == "two_files"
    else:
        assert load_credentials(store, password=WORD)[1].der == odd
    assert load_credentials(LOCKED_DER, odd, password=WORD)[1].der == odd


def test_an_rsa_key_whose_numbers_do_not_fit_is_damaged():
    key = rsa.generate_private_key(65537, 2048)
    numbers = key.private_numbers()
    length = (numbers.d.bit_length() + 7) // 8
    told, other = (number.to_bytes(length, "big") for number in (numbers.d, numbers.d ^ 2))
    broken = plain(key).replace(told, other)
    assert broken != plain(key)
    certificate = certificate_for(key, digital_signature=True)
    assert _reason(broken, certificate.der) in ("damaged", "format")
