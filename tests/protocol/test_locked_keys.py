"""Passwords: the spellings of several systems, the ciphers that open, the bounds of the work."""

import shutil
import subprocess
import unicodedata

import pytest
from asn1crypto import keys, pkcs12
from credential_builders import (
    ENDLESS,
    certificate_bag,
    key_bag,
    locked,
    locked_by_scrypt,
    package,
    pem,
    plain,
)
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import PrivateFormat
from cryptography.hazmat.primitives.serialization import pkcs12 as writer
from protocol_builders import certificate_for

from tools import credentials, key_files, locked_keys
from tools.credentials import CredentialError, load_credentials

KEY = ec.generate_private_key(ec.SECP256R1())
CERTIFICATE = certificate_for(KEY, digital_signature=True)
WORD, POLISH = "Ab3456789012345!", "Zażółć-gęślą-2026"
#: Spellings of POLISH: with its letters in one and in parts, of Windows and of its command line.
SPELLINGS = {
    "utf-8": POLISH.encode(),
    "macOS": unicodedata.normalize("NFD", POLISH).encode(),
    "Windows": POLISH.encode("cp1250"),
    "command line": POLISH.encode("cp852"),
}
#: PBES1 and PBES2 as PKCS#12 files have them.
OLD, NEW = writer.PBES.PBESv1SHA1And3KeyTripleDESCBC, writer.PBES.PBESv2SHA256AndAES256CBC


def _reason(*files, password=WORD):
    with pytest.raises(CredentialError) as caught:
        load_credentials(*files, CERTIFICATE.der, password=password)
    return caught.value.reason


def _loads(*files, password=WORD):
    return load_credentials(*files, CERTIFICATE.der, password=password)[1] == CERTIFICATE


def _keystore(password, algorithm=OLD, key=KEY, certificate=CERTIFICATE):
    encryption = PrivateFormat.PKCS12.encryption_builder().kdf_rounds(10)
    encryption = encryption.key_cert_algorithm(algorithm).build(password)
    known = x509.load_der_x509_certificate(certificate.der)
    return writer.serialize_key_and_certificates(b"ksef", key, known, None, encryption)


def _keystore_of_nobody():
    """Return a PKCS#12 of OpenSSL's with the older kind of lock, and nothing for a password."""
    if not shutil.which("openssl"):
        pytest.skip("the program openssl is not installed")
    old = ("-keypbe", "PBE-SHA1-3DES", "-certpbe", "PBE-SHA1-3DES")
    return subprocess.run(
        ["openssl", "pkcs12", "-export", "-passout", "pass:", *old],
        input=pem(plain(KEY), "PRIVATE KEY") + pem(CERTIFICATE.der),
        capture_output=True,
        check=True,
    ).stdout


# ----------------------------------------------------------------------
# Spellings
# ----------------------------------------------------------------------
@pytest.mark.parametrize("name", SPELLINGS)
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_key_opens_with_a_polish_word_as_any_system_spelled_it(name, form):
    typed = unicodedata.normalize(form, POLISH)
    assert _loads(locked(KEY, SPELLINGS[name]), password=typed)


@pytest.mark.parametrize("algorithm", [OLD, NEW])
@pytest.mark.parametrize("name", ["utf-8", "macOS"])
def test_a_keystore_opens_with_a_polish_word(name, algorithm):
    store = _keystore(SPELLINGS[name], algorithm)
    assert load_credentials(store, password=POLISH)[1] == CERTIFICATE


@pytest.mark.parametrize("name", SPELLINGS)
def test_a_keystore_opens_whose_program_took_each_byte_of_a_word_for_a_letter(name):
    as_letters = SPELLINGS[name].decode("latin-1").encode()
    assert load_credentials(_keystore(as_letters), password=POLISH)[1] == CERTIFICATE


@pytest.mark.parametrize("typed", [None, WORD])
def test_a_keystore_without_a_password_opens_whatever_was_typed(typed):
    new = package([key_bag(locked(KEY, b""))], [certificate_bag(CERTIFICATE.der)], b"")
    for store in (new, _keystore_of_nobody()):
        assert load_credentials(store, password=typed)[1] == CERTIFICATE


@pytest.mark.parametrize("password", ["x", "ż" * 8, WORD[:-1], None, "\ud800", "a\0b"])
def test_a_wrong_password_is_told_of_each_kind_of_lock(password):
    parts = package([key_bag(locked(KEY, b"word"))], [certificate_bag(CERTIFICATE.der)], b"word")
    for file in (locked(KEY, b"word"), locked_by_scrypt(KEY, b"word", 16, 8, 1), parts):
        assert _reason(file, password=password) == "password"


# ----------------------------------------------------------------------
# Ciphers
# ----------------------------------------------------------------------
@pytest.mark.parametrize("prf", ["sha1", "sha224", "sha256", "sha384", "sha512"])
def test_a_key_opens_with_each_digest_that_is_named(prf):
    assert _loads(locked(KEY, WORD.encode(), prf=prf))


def test_a_key_that_scrypt_locks_opens():
    assert _loads(locked_by_scrypt(KEY, WORD.encode(), 1024, 8, 1))


@pytest.mark.parametrize("cipher", ["2.16.840.1.101.3.4.1.46", "1.2.392.200011.61.1.1.1.4", "des"])
def test_a_cipher_that_is_not_known_does_not_blame_the_password(cipher):
    assert _reason(locked(KEY, WORD.encode(), cipher=cipher)) == "encryption"


def test_a_derivation_that_is_not_known_does_not_blame_the_password():
    info = keys.EncryptedPrivateKeyInfo.load(locked(KEY, WORD.encode()))
    info["encryption_algorithm"]["parameters"]["key_derivation_func"]["algorithm"] = "1.2.3.4"
    assert _reason(info.dump(force=True)) == "encryption"


def test_a_locked_key_that_lost_bytes_is_damaged_not_locked():
    info = keys.EncryptedPrivateKeyInfo.load(locked(KEY, WORD.encode()))
    info["encrypted_data"] = info["encrypted_data"].native[:-3]
    assert _reason(info.dump()) == "damaged"


# ----------------------------------------------------------------------
# Bounds
# ----------------------------------------------------------------------
@pytest.fixture
def work(monkeypatch):
    """Count the rounds that OpenSSL is asked for, and let it do them."""
    asked = []

    def counted(data, password):
        asked.append(sum(_rounds_in(data)))
        return open_for_real(data, password)

    open_for_real = locked_keys.load_key_and_certificates
    monkeypatch.setattr(locked_keys, "load_key_and_certificates", counted)
    return asked


def _rounds_in(data):
    package = pkcs12.Pfx.load(data)
    yield package["mac_data"]["iterations"].native - 1
    for safe in package.authenticated_safe:
        if safe["content_type"].native == "encrypted_data":
            content = safe["content"]["encrypted_content_info"]
            yield content["content_encryption_algorithm"].kdf_iterations
        else:
            for bag in pkcs12.SafeContents.load(safe["content"].native):
                if bag["bag_id"].native == "pkcs8_shrouded_key_bag":
                    yield bag["bag_value"]["encryption_algorithm"].kdf_iterations


def _asking(rounds, password=b"another"):
    """Return a key that tells of so many rounds; no password opens it."""
    return locked(KEY, password, said=rounds)


def test_a_million_rounds_are_tried_and_one_more_is_not(work):
    assert _reason(_asking(1_000_000)) == "password"
    assert work == [1_000_000]
    for rounds in (1_000_001, 8_000_000, 2**31 - 1, 2**100):
        assert _reason(_asking(rounds)) == "strong"
    assert work == [1_000_000]


@pytest.mark.parametrize(
    ("rounds", "spellings"), [(250_000, 4), (250_001, 0)], ids=["within", "beyond"]
)
def test_each_spelling_of_the_password_counts(work, rounds, spellings):
    # Two of the four are no UTF-8 and take another way than the one that is counted here.
    assert _reason(_asking(rounds), password=POLISH) == ("password" if spellings else "strong")
    assert len(work) == spellings // 2


def test_each_key_counts(work):
    assert _reason(*(pem(_asking(150_000)) for _number in range(7))) == "strong"
    assert work == [150_000] * 6


def test_keys_are_tried_the_cheapest_first_until_a_pair_is_found(work):
    assert _loads(_asking(500_000), locked(KEY, WORD.encode(), rounds=7))
    assert work == [7]


def test_one_sum_holds_whatever_a_key_turns_out_to_be_for(work):
    offline = certificate_for(KEY, digital_signature=False)
    opening = _asking(400_000), locked(KEY, WORD.encode(), rounds=600_000)
    found = load_credentials(*opening, offline.der, password=WORD, otherwise=lambda item: True)
    assert (found[1], work) == (offline, [400_000, 600_000])


def test_nothing_is_opened_where_an_open_pair_fits(work):
    assert _loads(_asking(1000), plain(KEY))
    assert work == []


def test_the_seal_of_a_keystore_costs_nothing(work):
    store = pkcs12.Pfx.load(_keystore(WORD.encode()))
    store["mac_data"]["iterations"] = 2**31 - 1
    assert load_credentials(store.dump(force=True), password=WORD)[1] == CERTIFICATE
    assert sum(work) < 100


def test_a_key_hidden_among_encrypted_certificates_is_not_opened(work):
    hidden = [key_bag(_asking(2**31 - 1)), certificate_bag(CERTIFICATE.der)]
    store = package([key_bag(locked(KEY, WORD.encode()))], hidden, WORD.encode())
    assert load_credentials(store, password=WORD)[1] == CERTIFICATE
    assert sum(work) < 100


@pytest.mark.parametrize(
    ("numbers", "reason"),
    [
        ((2**16, 8, 5), "strong"),
        ((2**17, 8, 1), "strong"),
        ((2, 2**18, 1), "strong"),
        ((2**15, 8, 1), "encryption"),
        ((2**16, 8, 4), "encryption"),
        ((2**60, 2**60, 2**60), "strong"),
        ((0, 8, 1), "damaged"),
        ((16, -8, 1), "damaged"),
    ],
)
def test_scrypt_has_bounds_of_memory_and_lanes(numbers, reason):
    key = locked_by_scrypt(KEY, WORD.encode(), 16, 8, 1, said=numbers)
    assert _reason(key) == reason


@pytest.mark.parametrize("rounds", [0, -1, -(10**9)])
def test_rounds_below_one_take_nothing_off_the_sum(rounds):
    assert _reason(locked(KEY, WORD.encode(), said=rounds or -1)) == "damaged"


def test_eight_files_are_taken_and_nine_are_not():
    other = pem(certificate_for(KEY, digital_signature=False).der)
    assert _loads(plain(KEY), *[other] * 6)
    assert _reason(plain(KEY), *[other] * 7) == "too_large"


def test_twenty_blocks_are_taken_and_one_more_is_not():
    other = certificate_for(KEY, digital_signature=False)
    assert _loads(plain(KEY), pem(other.der) * 18)
    assert _reason(plain(KEY), pem(other.der) * 19) == "too_large"
    bags = [certificate_bag(other.der)] * 19
    assert _reason(package([key_bag(locked(KEY, WORD.encode()))], bags, WORD.encode())) == (
        "too_large"
    )


def test_a_quarter_of_a_mebibyte_is_taken_and_one_byte_more_is_not():
    rest = 256 * 1024 - len(plain(KEY)) - len(CERTIFICATE.der)
    assert _loads(plain(KEY), b"x" * rest)
    assert _reason(plain(KEY), b"x" * (rest + 1)) == "too_large"


@pytest.mark.parametrize("name", ENDLESS)
def test_of_a_file_that_is_made_to_take_long_nothing_is_parsed(name, monkeypatch):
    parsed = []
    parse = key_files.parser.parse
    monkeypatch.setattr(key_files.parser, "parse", lambda der: parsed.append(der) or parse(der))
    assert _reason(ENDLESS[name]) in ("too_large", "format", "damaged")
    assert set(parsed) <= {CERTIFICATE.der}


def test_a_key_too_long_to_be_checked_is_not_opened(work):
    long = rsa.generate_private_key(65537, 2048)
    data = keys.EncryptedPrivateKeyInfo.load(locked(long, WORD.encode()))
    data["encrypted_data"] = bytes(2608)
    assert _reason(data.dump()) == "key_type"
    assert work == []


def test_an_rsa_key_is_checked_once_however_many_others_open(monkeypatch):
    checked = []
    check = credentials._fits_itself
    monkeypatch.setattr(credentials, "_fits_itself", lambda key: checked.append(1) or check(key))
    key = rsa.generate_private_key(65537, 2048)
    pair = plain(key), certificate_for(key, digital_signature=True).der
    others = pem(locked(KEY, WORD.encode())) * 10
    assert load_credentials(*pair, others, password=WORD, wanted=lambda certificate: False)
    assert checked == [1]


def test_the_check_of_a_long_rsa_key_counts(work):
    store = pem(locked(rsa.generate_private_key(65537, 3072), WORD.encode()))
    assert _reason(store * 8) == "strong"
    assert len(work) == 7
