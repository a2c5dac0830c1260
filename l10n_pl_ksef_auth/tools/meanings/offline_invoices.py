"""Why an invoice gets no second code, and why the certificate that would sign it has to wait."""

from __future__ import annotations

from .meaning import Advice, Meaning, _lt

_GET_ONE = Advice(_lt("Have one issued, or load it, in the menu KSeF → Account."), "account")

#: By the codes of problems of this Odoo's own.
OFFLINE = {
    "offline_none": Meaning(
        _lt("No valid certificate for offline invoices may sign for this NIP."), _GET_ONE
    ),
    "offline_ended": Meaning(
        _lt("The certificate for offline invoices has ended: it signs no second code any more."),
        _GET_ONE,
    ),
    "offline_seller": Meaning(
        _lt("The certificate for offline invoices may not sign for this seller's NIP."),
        Advice(_lt("Issue the invoice in the company whose NIP it names."), "account"),
    ),
    "offline_rights": Meaning(
        _lt("The certificate's owner may not issue invoices here: KSeF would refuse the code."),
        Advice(_lt("Have the right granted in KSeF, or let somebody sign who has it."), "support"),
    ),
    "offline_foreign": Meaning(
        _lt("KSeF has not issued this certificate: it signs no offline invoices."),
        Advice(_lt("Choose other files."), "account"),
    ),
    "offline_waits": Meaning(
        _lt("KSeF issues one more certificate to %(signer)s: it is kept for logging in."),
        Advice(
            _lt(
                "The certificate for offline invoices waits. Revoke one that nobody uses in the "
                "menu KSeF → Account."
            ),
            "account",
            final=False,
        ),
    ),
    "offline_no_place": Meaning(
        _lt("KSeF issues no more certificate to %(signer)s."),
        Advice(
            _lt(
                "The certificate for offline invoices waits. Revoke two that nobody uses in the "
                "menu KSeF → Account: one place is kept for logging in."
            ),
            "account",
            final=False,
        ),
    ),
    "offline_no_application": Meaning(
        _lt("KSeF takes no more applications of %(signer)s than logging in needs."),
        Advice(
            _lt("Let another person sign who may issue invoices: that one's certificate follows."),
            "sign",
            final=False,
        ),
    ),
}
