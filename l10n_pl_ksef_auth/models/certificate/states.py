"""The states of a KSeF certificate, and all ways between them."""

from ..base.table import ANY, Event, Look, Refusal, State, Step, Table

# A table is read by its columns.
# fmt: off
CERTIFICATE = Table(
    states=(
        #     name          what people read                    groups
        State("checking",   "Being prepared",                   "issuing standing"),
        State("exists",     "One exists already",               "question standing told over"),
        State("keyed",      "Key made",                         "issuing standing held"),
        State("requested",  "Being issued",                     "issuing standing held"),
        State("issued",     "Being fetched",                    "issuing standing held"),
        State("trying",     "Being tried out",                  "trying working old standing held"),
        State("active",     "Valid",                            "valid working standing held left"),
        State("superseded", "Replaced",                         "over"),
        State("expired",    "Expired",                          "ended told over left"),
        State("revoked",    "Revoked",                          "ended out told over left"),
        State("blocked",    "Blocked",                          "valid out old standing told left"),
        State("failed",     "Failed",                           "question told refused over"),
        State("forgotten",  "Key forgotten",                    "over"),
        State("foreign",    "Belongs to the original database", "over"),
    ),
    rows=(
        #    state                     step                  leads to         when
        Step("checking keyed",         "_step_give_up",      "failed",        "_is_left_unsent"),
        Step("keyed requested issued", "_step_give_up",      "failed",        "_is_left_ownerless"),
        Step("trying",                 "_step_revoke_left",  "revoked",       "_is_left_to_revoke"),
        Step("trying",                 "_step_keep_untried", "active",        "_is_left"),
        Step("checking",               "_step_wait_on",      "",              "_waits_in_vain"),
        Step("checking",               "_step_check",        "keyed issued exists failed"),
        Step("keyed",                  "_step_find_lost",    "issued failed", "send_started_at"),
        Step("keyed",                  "_step_enroll",       "requested"),
        Step("requested",              "_step_poll",         "issued keyed failed"),
        Step("issued",                 "_step_retrieve",     "trying active failed"),
        Step("trying",                 "_step_try",          "active failed"),
        Step("active blocked",         "_step_expire",       "expired",       "_has_ended"),
        Step("active blocked",         "_step_revoke_left",  "revoked",       "revoke_requested"),
        Step("active blocked",         "_step_plan",         "",              "_has_no_plan"),
        Step("active",                 "_step_renew",        "",              "_renewal_is_due"),
        Step("active",                 "_step_apply_offline", "",             "_wants_offline"),
        Step("active",                 "_step_sign_for_clients", "",          "_unsigned_clients"),
        Look("active blocked",         "_step_sync",         "active blocked revoked expired"),
        Step("superseded",             "_step_retire",       "",              "revoke_requested"),

        #       state                   KSeF's final no          leads to
        Refusal("requested",            "_on_enrollment_refused", "keyed failed"),
        Refusal("checking keyed issued", "_on_enrollment_refused", "failed"),

        #     state     event               leads to
        Event("active", "_give_way",        "superseded"),
        Event(ANY,      "_revoke_by_hand",  "revoked"),
        Event(ANY,      "_forget_key",      "forgotten"),
        Event(ANY,      "_store_loaded",    "active trying"),
        Event(ANY,      "_give_up_secrets", "foreign"),
    ),
)
# fmt: on

# Applied for, and not yet here.
ISSUING = CERTIFICATE.group("issuing")
ON_THE_WAY = CERTIFICATE.group("issuing trying")
AT_WORK = CERTIFICATE.group("issuing trying valid")
# Of use, unless KSeF has blocked it.
VALID = CERTIFICATE.group("valid")
# KSeF lets it log in.
WORKING = CERTIFICATE.group("working")
# The same, or KSeF might once it is not blocked any more.
IN_USE = CERTIFICATE.group("trying valid")
# The same, or it is still being applied for.
WORKING_SOON = CERTIFICATE.group("issuing working")
# Issued before: one of these that works is no news.
OLD = CERTIFICATE.group("old")
# Somebody has shut it out, for now or for good.
SHUT_OUT = CERTIFICATE.group("out")
# Its key is of no use any more.
ENDED = CERTIFICATE.group("ended")
# Of use to the company, now or later.
STANDING = CERTIFICATE.group("standing")
# One that another application of the same identity joins.
HELD = CERTIFICATE.group("held")
# A human has to decide, or to read why there is none.
QUESTION = CERTIFICATE.group("question")
# Beside one of these none is applied for.
SPOKEN_FOR = CERTIFICATE.group("standing question")
# The panel sends people to the screen "Account" for these.
ATTENTION = CERTIFICATE.group("ended out refused")
# States of which a human is told.
TOLD = CERTIFICATE.group("told")
# Housekeeping removes them after some years.
OVER = CERTIFICATE.group("over")
# The screen shows these to a company that another identity took over.
SHOWN_WHEN_LEFT = CERTIFICATE.group("left")
