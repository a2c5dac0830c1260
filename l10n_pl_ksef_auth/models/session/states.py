"""The states of a login to KSeF, and all ways between them."""

from datetime import timedelta

from ..base.table import Event, Look, Refusal, State, Step, Table

# A table is read by its columns.
# fmt: off
SESSION = Table(
    states=(
        #     name          what people read             groups
        State("waiting",    "Waiting for the signature", "live logging_in unjudged"),
        State("submitted",  "Being verified",            "live logging_in unjudged in_flight"),
        State("authorized", "Verified",                  "live logging_in in_flight"),
        State("active",     "Connected",                 "live holding connected"),
        State("opened",     "Open for one task",         "live holding errand undecided"),
        State("ordered",    "KSeF changes the rights",   "live holding errand undecided"),
        State("closing",    "Being closed",              "live holding errand"),
        State("expired",    "Expired",                   "ended"),
        State("revoked",    "Ended",                     "ended closed"),
        State("failed",     "Failed",                    "ended refused"),
    ),
    rows=(
        #    state         step                  leads to            when
        Step("waiting submitted authorized opened ordered closing",
                           "_step_forget",       "revoked",          "_has_outlived"),
        Step("waiting",    "_step_sign",         "failed",           "_lacks_signature"),
        Step("waiting",    "_step_submit",       "submitted failed", "document_secret"),
        Step("submitted",  "_step_poll",         "authorized waiting failed"),
        Step("authorized", "_step_redeem",       "active opened waiting failed"),
        Step("opened ordered closing",
                           "_step_close",        "revoked",          "_is_done"),
        Step("opened",     "_step_find_order",   "closing",          "_awaits_lost_order"),
        Step("opened",     "_step_give",         "ordered closing",  "_is_to_give"),
        Step("opened",     "_step_take_back",    "closing",          "_is_to_take_back"),
        Step("opened",     "_step_prove",        "closing",          "_is_to_prove"),
        Step("opened",     "_step_look_round",   "closing"),
        Step("ordered",    "_step_follow_order", "opened closing"),
        Step("active",     "_step_expire",       "expired",          "_has_ended"),
        Step("active",     "_step_stay_open",    "",                 "_is_kept_open"),
        Step("active",     "_step_revoke",       "revoked",          "revoke_requested"),
        Look("active",     "_step_check_rights", "",                 "_rights_are_outdated"),
        Step("active",     "_step_take_over",    "",                 "_may_take_over"),

        #       state                            KSeF's final no             leads to
        Refusal("waiting",                       "_on_submit_refused",       "failed"),
        Refusal("submitted authorized",          "_on_operation_lost",       "waiting failed"),
        Refusal("active",                        "_on_active_refused",       "revoked"),
        Refusal("opened ordered",                "_on_errand_refused",       "closing"),
        Refusal("closing",                       "_on_close_refused",        "revoked"),

        #     state                              event                       leads to
        Event("waiting submitted authorized",    "_close_by_hand",           "revoked"),
        Event("waiting submitted authorized",    "_give_way",                "revoked"),
        Event("waiting submitted authorized active opened ordered closing",
                                                 "_give_up_secrets",         "revoked"),
    ),
)
# fmt: on

LIVE = SESSION.group("live")
LOGGING_IN = SESSION.group("logging_in")
IN_FLIGHT = SESSION.group("in_flight")
# Logins for one task, while they hold tokens.
ERRAND = SESSION.group("errand")
# A login for one task, from its first tokens to the end that was meant.
ERRAND_OR_CLOSED = SESSION.group("errand closed")
# What becomes of its one task is decided once it closes.
UNDECIDED = SESSION.group("undecided")
# Neither connected nor at an end: what it was begun for is still to come.
UNFINISHED = SESSION.group("logging_in errand")
# KSeF works on what a signed file began.
WORKED_ON = SESSION.group("in_flight errand")
# The signed file is not known to have been good or bad.
UNJUDGED = SESSION.group("unjudged")
# Logins that have tokens.
HOLDING = SESSION.group("holding")
# KSeF has the signed file, and the login goes on.
SENT_AND_LIVE = SESSION.group("in_flight holding")
# The same, or KSeF has said no.
SENT_OR_REFUSED = SESSION.group("in_flight holding refused")
# A connection stands, or is about to.
CONNECTING = SESSION.group("in_flight connected")
ENDED = SESSION.group("ended")
# KSeF's lists lag behind a grant: what they lack so soon after one is not gone (docs/ksef.md G2-6).
LAG = timedelta(minutes=10)
