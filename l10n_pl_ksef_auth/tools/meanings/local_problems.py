"""Problems that this Odoo finds by itself, without an answer of KSeF."""

from __future__ import annotations

from .meaning import (
    CONNECT_AGAIN,
    NOTHING_TO_DO,
    ODOO_GOES_ON,
    OPEN_ACCOUNT,
    OTHER_FILE,
    SIGN_AGAIN,
    SIGN_AS_ANOTHER,
    TELL_SUPPORT,
    UNKNOWN,
    Advice,
    Meaning,
    _lt,
)
from .offline_invoices import OFFLINE

_CORRECT_NIP = Advice(
    _lt("Correct the NIP (tax ID) in the company's data, or ask your administrator to."), "company"
)
_CORRECT_UNIT = Advice(_lt("Correct it in the menu KSeF → Account."), "account")
_INSTALL_XMLSEC = Advice(
    _lt(
        "Have the administrator install an xmlsec package that fits lxml. "
        "Until then connect with a signature, which works without it."
    ),
    "support",
)
_RENEWS_BY_ITSELF = Advice(
    _lt("There is nothing to do: Odoo renews it by itself two months before its end."),
    "wait",
    final=False,
)
_OTHER_FILES = Advice(_lt("Choose other files."), "account")
_CORRECT_OFFICE = Advice(_lt("Correct the office's data in the menu KSeF → Office."), "office")
_OTHER_CERTIFICATE = Advice(
    _lt("Choose another certificate of the office, or of the accountant."), "office"
)
_CORRECT_LINK = Advice(
    _lt("Write the address at which signers reach this Odoo, such as https://odoo.firma.pl."),
    "none",
)
_CHECK_LINK = Advice(_lt("Open the link once from outside, for instance on a phone."), "none")
_DECIDE = Advice(
    _lt(
        "If the original no longer runs, go on here with its connection. "
        "If it still runs somewhere, give the secrets up here: the original keeps them."
    ),
    "account",
)

PROBLEMS: dict[str, Meaning] = {
    "copy_duplicated": Meaning(
        _lt("This database is a duplicate: the connection to KSeF belongs to the original."),
        _DECIDE,
    ),
    "copy_restored": Meaning(
        _lt(
            "This database was restored from a backup or copied on this server. "
            "The connection to KSeF may still be in use by the original."
        ),
        _DECIDE,
    ),
    "copy_moved": Meaning(
        _lt(
            "This database was moved or copied to another server. "
            "The connection to KSeF may still be in use by the original."
        ),
        _DECIDE,
    ),
    "home_exchanged": Meaning(
        _lt(
            "This database is no copy of the one that it takes itself for, or some of its secrets "
            "were changed: they do not open under that one's name."
        ),
        Advice(_lt("Give the secrets up here, then connect again."), "account"),
    ),
    "neutralized": Meaning(
        _lt(
            "This is a neutralized copy for trials: it holds nothing of the original's connection. "
            "It keeps away from KSeF's production."
        ),
        Advice(_lt("For trials choose a test environment in the menu KSeF → Account."), "account"),
    ),
    "answer_lost": Meaning(
        _lt("KSeF's answer was lost on the way, and KSeF gives it only once."), SIGN_AGAIN
    ),
    "not_taken": Meaning(
        _lt("KSeF took no signed documents in the ten minutes for which this one was valid."),
        SIGN_AGAIN,
    ),
    "refused_for_now": Meaning(
        _lt("KSeF, or a firewall before it, does not accept this login at the moment."),
        ODOO_GOES_ON,
    ),
    "busy": Meaning(_lt("Odoo is talking to KSeF for this company right now."), ODOO_GOES_ON),
    "not_connected": Meaning(_lt("The company is not connected with KSeF."), CONNECT_AGAIN),
    "ended": Meaning(
        _lt("The connection to KSeF has ended, and nothing can restore it without a signature."),
        CONNECT_AGAIN,
    ),
    "key_missing": Meaning(
        _lt(
            "Odoo lacks the key that the connection's secrets are encrypted with. "
            "The database may have been moved or restored."
        ),
        Advice(
            _lt("Have the key file brought here from the old server, or connect again."), "sign"
        ),
    ),
    "secret_corrupt": Meaning(
        _lt("The connection's secrets in the database were changed and cannot be read."),
        CONNECT_AGAIN,
    ),
    "answer_missing": Meaning(
        _lt("Nothing was sent yet: one answer is missing."),
        Advice(_lt("Choose above the green button: sign only once, or every 7 days."), "none"),
    ),
    "upload_unreadable": Meaning(_lt("The file did not arrive in Odoo."), OTHER_FILE),
    "environment_mismatch": Meaning(
        _lt("This certificate is of another KSeF environment than the company's."), OPEN_ACCOUNT
    ),
    "certificate_expired": Meaning(_lt("The KSeF certificate has expired."), CONNECT_AGAIN),
    "certificate_gone": Meaning(
        _lt("The KSeF certificate that kept this connection alive can no longer be used."),
        CONNECT_AGAIN,
    ),
    "certificate_limit": Meaning(
        _lt("KSeF issues no more certificates to %(signer)s: the limit is reached."),
        Advice(
            _lt(
                "Revoke a certificate that nobody uses in the menu KSeF → Account. You may also "
                "load another valid certificate of the same person there."
            ),
            "account",
        ),
    ),
    **OFFLINE,
    "renewal_late": Meaning(
        _lt("The connection should have renewed itself by now, and has not."),
        Advice(
            _lt(
                "Have the administrator see whether Odoo's scheduled actions run. "
                "Refresh the connection with a signature before it ends."
            ),
            "sign",
        ),
    ),
    "renewal_not_valid": Meaning(
        _lt("This certificate is not valid in this Odoo, so it cannot be renewed."), OPEN_ACCOUNT
    ),
    "renewal_under_way": Meaning(
        _lt("This certificate is being renewed already."),
        Advice(
            _lt("There is nothing to do: the new certificate comes by itself."), "wait", final=False
        ),
    ),
    "renewal_too_young": Meaning(
        _lt("This certificate is younger than %(days)s days, so it is not renewed by hand."),
        _RENEWS_BY_ITSELF,
    ),
    "renewal_uses_up": Meaning(
        _lt("KSeF takes only this many more applications from the certificate's owner: %(left)s."),
        _RENEWS_BY_ITSELF,
    ),
    "renewal_needs_owner": Meaning(
        _lt("A certificate is renewed through a login of its owner, and there is none now."),
        Advice(_lt("Refresh the connection with a signature of the certificate's owner."), "sign"),
    ),
    "revocation_needs_owner": Meaning(
        _lt("KSeF lets only its owner revoke this certificate, who is not logged in here now."),
        Advice(
            _lt("Ask its owner to revoke it in the Ministry's own application for KSeF."), "account"
        ),
    ),
    "certificate_mismatch": Meaning(
        _lt("KSeF sent a certificate that does not belong to this Odoo's key."), TELL_SUPPORT
    ),
    "certificate_number_taken": Meaning(
        _lt("Odoo already keeps another certificate with this serial number."), _OTHER_FILES
    ),
    "certificate_unreadable": Meaning(
        _lt("KSeF issued a certificate that this Odoo cannot read."), TELL_SUPPORT
    ),
    "enrollment_lost": Meaning(
        _lt("It cannot be told whether KSeF received the certificate application."), OPEN_ACCOUNT
    ),
    "xmlsec_missing": Meaning(
        _lt("Odoo cannot log in with the certificate: the Python package xmlsec is missing."),
        _INSTALL_XMLSEC,
    ),
    "xmlsec_broken": Meaning(
        _lt("Odoo cannot log in with the certificate: the package xmlsec lacks its own library."),
        _INSTALL_XMLSEC,
    ),
    "xmlsec_mismatch": Meaning(
        _lt(
            "Odoo cannot log in with the certificate: the Python packages xmlsec and lxml "
            "do not fit each other."
        ),
        _INSTALL_XMLSEC,
    ),
    "internal": Meaning(
        _lt("Odoo could not go on because of an error of its own."),
        Advice(
            _lt(
                "Odoo tries again every hour. Tell whoever looks after your Odoo. "
                "Until it is mended, refresh the connection with a signature."
            ),
            "support",
            final=False,
        ),
    ),
    "clock_wrong": Meaning(
        _lt("By this server's clock, the login that KSeF has just given is already over."),
        Advice(
            _lt("Have the administrator set the server's clock: Odoo then logs in by itself."),
            "support",
            final=False,
        ),
    ),
    "nip_changed": Meaning(
        _lt("The connection was made for another NIP or unit than the company's of today."),
        SIGN_AGAIN,
    ),
    "not_agreed": Meaning(
        _lt("The KSeF certificate may not log in for this NIP: nobody has agreed to it."),
        Advice(
            _lt(
                "Have its owner sign a new file, or agree with your password in the menu "
                "KSeF → Account."
            ),
            "account",
        ),
    ),
    "abroad": Meaning(
        _lt("This company pays its taxes abroad and has nothing to do with KSeF."),
        Advice(
            _lt(
                "Otherwise correct country and NIP in the company's data, "
                "or ask your administrator."
            ),
            "company",
        ),
    ),
    # By the reasons of InvalidNip.
    "nip_missing": Meaning(
        _lt("The company has no NIP (tax ID)."),
        Advice(
            _lt("Enter the NIP (tax ID) in the company's data, or ask your administrator to."),
            "company",
        ),
    ),
    "nip_length": Meaning(_lt("The company's NIP does not have ten digits."), _CORRECT_NIP),
    "nip_characters": Meaning(
        _lt("The company's NIP holds something else than digits."), _CORRECT_NIP
    ),
    "nip_checksum": Meaning(
        _lt("The company's NIP has a typing error: its last digit is wrong."), _CORRECT_NIP
    ),
    "nip_pattern": Meaning(
        _lt("The company's NIP cannot exist: no tax office has such a number."), _CORRECT_NIP
    ),
    "nip_unit_missing": Meaning(
        _lt("The company connects as a unit, and its KSeF internal identifier is missing."),
        Advice(_lt("Enter it in the menu KSeF → Account."), "account"),
    ),
    "nip_unit_of_another": Meaning(
        _lt("The KSeF internal identifier does not begin with the company's own NIP."),
        _CORRECT_UNIT,
    ),
    "nip_internal_id": Meaning(
        _lt("The KSeF internal identifier has a typing error: it is a NIP, a dash, five digits."),
        _CORRECT_UNIT,
    ),
    "office_missing": Meaning(
        _lt("The office is not set, or its certificate does not log in at KSeF now."),
        Advice(_lt("Set the office in the menu KSeF → Office."), "none"),
    ),
    "office_changed": Meaning(
        _lt("The office has changed since the file was made, so no rights were given."),
        SIGN_AGAIN,
    ),
    "client_changed": Meaning(
        _lt(
            "The company's NIP or its KSeF environment has changed since the signature was asked"
            " for, so nothing was given or taken back."
        ),
        Advice(_lt("Ask for the signature anew."), "none"),
    ),
    "connected_as_before": Meaning(
        _lt(
            "The company's NIP or its KSeF environment has changed since the file was sent, so the"
            " company is not connected."
        ),
        Advice(_lt("Download a new file, and sign that."), "sign"),
    ),
    "service_ended": Meaning(_lt("The service has ended, so no rights were given."), NOTHING_TO_DO),
    "office_held_up": Meaning(
        _lt("The office cannot log in to KSeF at the moment, so no rights were given."),
        Advice(_lt("Try again later: download a new file, and sign that."), "sign"),
    ),
    "revoked_after_order": Meaning(
        _lt("KSeF had the order already when the link was revoked: it carries the order out."),
        Advice(_lt("If that is not wanted, have the client take the rights back."), "none"),
    ),
    "revoked_after_login": Meaning(
        _lt("KSeF had accepted the signature already when the link was revoked."),
        Advice(_lt("If that is not wanted, disconnect the company."), "none"),
    ),
    "signer_lacks_rights": Meaning(
        _lt(
            "KSeF accepted the signature, but %(signer)s has no right to issue or to view this"
            " company's invoices."
        ),
        SIGN_AS_ANOTHER,
    ),
    "office_unit": Meaning(
        _lt("Rights are given for a whole NIP, and this company is connected as a unit."),
        Advice(_lt("Connect it with a signature or a certificate."), "none"),
    ),
    "office_itself": Meaning(
        _lt("This company is the office itself: it needs no rights from itself."),
        Advice(_lt("Connect it with a signature or a certificate."), "none"),
    ),
    "nothing_to_take_back": Meaning(
        _lt("This company has given the office no rights that Odoo knows of."), NOTHING_TO_DO
    ),
    "rights_there": Meaning(
        _lt("The client gave the office rights already; nobody has to sign."),
        Advice(_lt("Accept them in the menu KSeF → Rights from clients."), "none"),
    ),
    "errand_too_late": Meaning(
        _lt("KSeF did not carry the change of rights out within a day."), SIGN_AGAIN
    ),
    "order_unknown": Meaning(
        _lt("It is not known yet whether KSeF gave the office the rights: its answer was lost."),
        Advice(
            _lt("The office's own login tells; whoever asked is told if they are not there."),
            "wait",
            final=False,
        ),
    ),
    "order_lost": Meaning(
        _lt("The client's rights for the office did not arrive at KSeF."), SIGN_AGAIN
    ),
    # By the reasons of InvalidGrantee.
    "grantee_nip": Meaning(
        _lt("The office's NIP is no valid number, so nobody can give it rights."), _CORRECT_OFFICE
    ),
    "grantee_company_name": Meaning(
        _lt("KSeF takes the office's full name only, of at least five letters."), _CORRECT_OFFICE
    ),
    "grantee_pesel": Meaning(
        _lt("The PESEL in the office's certificate is no valid number."), _OTHER_CERTIFICATE
    ),
    "grantee_fingerprint": Meaning(
        _lt("The fingerprint of the office's certificate has a typing error."), _CORRECT_OFFICE
    ),
    "grantee_person_name": Meaning(
        _lt("The office's certificate lacks its owner's first name or surname."),
        _OTHER_CERTIFICATE,
    ),
    "grantee_document": Meaning(
        _lt("KSeF needs kind, number and country of the identity document, in at most 20 letters."),
        _CORRECT_OFFICE,
    ),
    "grantee_unknown_person": Meaning(
        _lt("The office's certificate does not say by PESEL or NIP whose it is."),
        _OTHER_CERTIFICATE,
    ),
    # By the reasons of InvalidAddress, and by the warnings of an address (tools/signing_link.py).
    "link_host": Meaning(
        _lt("This is no address: it begins with https:// and names a host."), _CORRECT_LINK
    ),
    "link_https": Meaning(
        _lt("Links to signers need https://, or somebody on the way could read them."),
        _CORRECT_LINK,
    ),
    "link_extra": Meaning(_lt("The address names more than a host and a port."), _CORRECT_LINK),
    "link_loopback": Meaning(
        _lt("This address leads to the reader's own computer: a signer elsewhere finds nothing."),
        _CHECK_LINK,
    ),
    "link_private": Meaning(
        _lt("This address leads into your own network: a signer elsewhere may not reach it."),
        _CHECK_LINK,
    ),
    "link_differs": Meaning(
        _lt("This address is another one than Odoo's own (web.base.url)."), _CHECK_LINK
    ),
    "link_databases": Meaning(
        _lt("This server has several databases: the link may lead to another one."), _CHECK_LINK
    ),
    # By the reasons of CredentialError.
    "credential_password": Meaning(
        _lt("The password of the certificate's key is wrong or missing."),
        Advice(_lt("Enter the password and load the files again."), "account"),
    ),
    "credential_format": Meaning(_lt("A file is no certificate and no key."), _OTHER_FILES),
    "credential_damaged": Meaning(
        _lt("A file is damaged or incomplete."),
        Advice(_lt("Fetch the file anew from where it was made, and load it again."), "account"),
    ),
    "credential_encryption": Meaning(
        _lt("The key is locked in a way that this Odoo cannot open."),
        Advice(
            _lt("Export it again as a PKCS#12 file (.pfx, .p12), encrypted with AES-256."),
            "account",
        ),
    ),
    "credential_strong": Meaning(
        _lt("The key is locked unusually strongly: opening it would hold Odoo up."),
        Advice(_lt("Export it again with the program's usual settings."), "account"),
    ),
    "credential_two_files": Meaning(
        _lt("This Odoo cannot read a certificate in the PKCS#12 file (.pfx, .p12)."),
        Advice(_lt("Export it as two files, certificate and key, and load both."), "account"),
    ),
    "credential_too_large": Meaning(
        _lt("These files are too many or too large."),
        Advice(
            _lt("Choose the certificate and its key alone: at most 8 files, 256 kB together."),
            "account",
        ),
    ),
    "credential_certificate": Meaning(
        _lt("This Odoo cannot read the certificate."),
        Advice(
            _lt("Fetch the certificate anew from the Ministry's application for KSeF."), "account"
        ),
    ),
    "credential_no_key": Meaning(
        _lt("The private key is missing: choose its file together with the certificate's."),
        _OTHER_FILES,
    ),
    "credential_no_login_key": Meaning(
        _lt("The login certificate's key is missing; the one here is for offline invoices."),
        _OTHER_FILES,
    ),
    "credential_no_certificate": Meaning(
        _lt("The certificate is missing: choose its file together with the key's."), _OTHER_FILES
    ),
    "credential_mismatch": Meaning(
        _lt("The certificate and the private key do not belong together."), _OTHER_FILES
    ),
    "credential_key_type": Meaning(
        _lt("KSeF does not accept keys of this kind or length."), _OTHER_FILES
    ),
    "credential_not_authentication": Meaning(
        _lt("This certificate is for offline invoices only; logging in needs the other kind."),
        _OTHER_FILES,
    ),
}


def local(code: str) -> Meaning:
    """Return the meaning of a problem that this Odoo finds by itself."""
    return PROBLEMS.get(code, UNKNOWN)
