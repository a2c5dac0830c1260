"""The texts of the page for a signer without an account, which has both languages in it."""

from odoo.tools.translate import get_translation

from ..tools.meanings.meaning import _lt

MODULE = "l10n_pl_ksef_auth"
TEXTS = {
    "title": _lt("Signature for KSeF"),
    "begin_text": _lt("Somebody asks you for a signature. You need no account for it."),
    "begin": _lt("Show what it is about"),
    "loading": _lt("One moment, please"),
    "gone": _lt("This link is not valid, or its time is over."),
    "gone_action": _lt("Ask whoever sent it to you for a new one."),
    "too_many": _lt("There were too many tries."),
    "too_many_action": _lt("Try again in ten minutes."),
    "too_often": _lt("This link was used very often just now."),
    "too_often_action": _lt("Try again in a minute."),
    "offline": _lt("The server did not answer."),
    "offline_action": _lt("Check your connection to the internet, and try again."),
    "list": _lt("You are asked to sign for %(count)s companies. Each has its own file."),
    "drop": _lt(
        "You can choose all signed files at once, or drop them here: each finds its company."
    ),
    "stray": _lt("%(name)s is of none of these companies, or not signed."),
    "kept": _lt("%(name)s cannot be sent. The file that was chosen before stays."),
    "choose_all": _lt("Choose signed files"),
    "asked_by": _lt("%(asked_by)s (%(office)s) asks you, %(signer)s, to sign for:"),
    "until": _lt("You have time until %(until)s. You can close this page and come back."),
    "environment": _lt("For trials only: %(environment)s"),
    "step_1": _lt("Download the file"),
    "download": _lt("Download AuthTokenRequest.xml"),
    "again": _lt("Download a new file"),
    "do_not_open": _lt("Do not open this file"),
    "do_not_open_text": _lt(
        "Opening and saving changes AuthTokenRequest.xml, and the Ministry rejects it then."
    ),
    "left": _lt("file valid for another %(time)s"),
    "expired": _lt("The 10 minutes of this file are over. Download a new one."),
    "step_2": _lt("Sign it"),
    "site": _lt("On moj.gov.pl: Profil Zaufany or e-ID card"),
    "open_site": _lt("Open moj.gov.pl"),
    "site_1": _lt("Choose the document from the disk (the downloaded file)"),
    "site_2": _lt("Click Sign"),
    "site_3": _lt("Choose Trusted Profile or e-ID"),
    "site_4": _lt("Click Download and remember where the file is"),
    "program": _lt("In your own program: qualified signature or company seal"),
    "program_text": _lt(
        "Choose XAdES, with the signature inside the document. mObywatel signs PDF only."
    ),
    "step_3": _lt("Choose the signed file"),
    "choose": _lt("Choose the file"),
    "signed_by": _lt("Signed by %(signer)s, %(moment)s"),
    "by_another": _lt("The file was signed by %(signer)s, but %(asked)s was asked to sign."),
    "by_another_agreed": _lt("That is right: send it all the same"),
    "question": _lt("Sign every 7 days, or only once?"),
    "weekly": _lt("Every 7 days"),
    "weekly_text": _lt("Without a certificate. In 7 days somebody signs again."),
    "once": _lt("Only once"),
    "once_own": _lt("I agree: KSeF may issue a certificate in my name (%(signer)s)."),
    "both_own": _lt(
        "I agree: KSeF may issue two certificates in my name (%(signer)s), for logging in and for"
        " offline invoices."
    ),
    "terms_own": _lt("Each certificate works by itself, in all companies that I have rights to."),
    "once_other": _lt("I confirm for the signer (%(signer)s): KSeF may issue a certificate."),
    "both_other": _lt(
        "I confirm for the signer (%(signer)s): KSeF may issue two certificates, for logging in"
        " and for offline invoices."
    ),
    "terms_other": _lt(
        "Each certificate works by itself, in all companies that this person has rights to."
    ),
    "unnamed": _lt("not named in the file"),
    "send": _lt("Send to KSeF"),
    "verifying": _lt("KSeF is checking the signature"),
    "verifying_long": _lt("This can take half an hour. You may close this page."),
    "done": _lt("Done. The signature was accepted."),
    "done_text": _lt("You can close this page. There is nothing more to do."),
    "open_one": _lt("Sign"),
    "back": _lt("Back to the list"),
    "state_open": _lt("waits for your signature"),
    "state_verifying": _lt("being checked"),
    "state_done": _lt("done"),
    "state_void": _lt("needs no signature any more"),
    "responsible": _lt("Responsible for your data:"),
    "privacy": _lt("How your data are handled"),
    "help": _lt("Do you wonder whether this is genuine? Call the person who asks you."),
}


def in_both_languages():
    """Return the page's texts in Polish and English, whatever languages Odoo has.

    :return dict: by language, texts by name
    """
    return {
        short: {name: get_translation(MODULE, lang, text, ()) for name, text in TEXTS.items()}
        for short, lang in (("pl", "pl_PL"), ("en", "en_US"))
    }
