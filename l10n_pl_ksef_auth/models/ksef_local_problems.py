"""What this Odoo sees by itself, without KSeF: the meaning of each code, as in tools.codes."""

from ..tools.codes import Meaning


def _lt(text):
    """Mark a sentence for Odoo's extraction of translatable terms."""
    return text


LOCAL = {
    "answer_lost": Meaning(
        _lt("KSeF took the signed file, but its answer was lost on the way; it cannot be asked for again."),
        _lt("Download a new file and sign it once more."),
        True,
        "sign",
    ),
    "not_connected": Meaning(
        _lt("The company is not connected to KSeF."),
        _lt("Sign the request once more."),
        True,
        "sign",
    ),
    "busy": Meaning(
        _lt("Odoo is just logging in to KSeF."),
        _lt("Try again in a minute."),
        False,
        "wait",
    ),
    "upload_unreadable": Meaning(
        _lt("The file did not arrive whole."),
        _lt("Choose it once more."),
        False,
        "other_file",
    ),
    "key_missing": Meaning(
        _lt("The key that protects the connection to KSeF is not on this machine."),
        _lt("Ask the administrator to restore the key, or connect again by signing once more."),
        True,
        "settings",
    ),
    "xmlsec_mismatch": Meaning(
        _lt("Odoo cannot sign: the Python packages xmlsec and lxml on this machine do not fit each other."),
        _lt("Ask the administrator to install versions built on the same libxml2. Profil Zaufany works meanwhile."),
        True,
        "settings",
    ),
    "xmlsec_missing": Meaning(
        _lt("Odoo cannot sign: the Python package xmlsec is not installed."),
        _lt("Ask the administrator to install it. Profil Zaufany works meanwhile."),
        True,
        "settings",
    ),
    "certificate_limit": Meaning(
        _lt("KSeF issues no more certificates to this signer: the limit is reached."),
        _lt("Revoke a certificate that is no longer needed, or load an existing one in the Account tab."),
        True,
        "account",
    ),
    "enrollment_lost": Meaning(
        _lt("KSeF's answer to the certificate application was lost, and no certificate has appeared."),
        _lt("Have the certificate issued once more in the Account tab."),
        True,
        "account",
    ),
    "certificate_mismatch": Meaning(
        _lt("The certificate that KSeF gave does not fit the key that Odoo made."),
        _lt("Have the certificate issued once more in the Account tab."),
        True,
        "account",
    ),
    "nip_missing": Meaning(
        _lt("The company has no NIP."),
        _lt("Enter it as the Tax ID of the company."),
        True,
        "settings",
    ),
    "nip_length": Meaning(
        _lt("The company's NIP does not have ten digits."),
        _lt("Correct the Tax ID of the company."),
        True,
        "settings",
    ),
    "nip_characters": Meaning(
        _lt("The company's NIP contains something other than digits."),
        _lt("Correct the Tax ID of the company."),
        True,
        "settings",
    ),
    "nip_checksum": Meaning(
        _lt("The company's NIP contains a typing error: its check digit is wrong."),
        _lt("Correct the Tax ID of the company."),
        True,
        "settings",
    ),
    "nip_pattern": Meaning(
        _lt("The company's NIP is not one that a tax office gives."),
        _lt("Correct the Tax ID of the company."),
        True,
        "settings",
    ),
}
