"""The states of a request for a signature, and all ways between them."""

from ..base.table import Event, State, Table

# A table is read by its columns.
# fmt: off
REQUEST = Table(
    states=(
        #     name         what people read             groups
        State("open",      "Waiting for the signature", "shown"),
        State("succeeded", "Done",                      "ended shown"),
        State("over",      "Time is over",              "ended"),
        State("revoked",   "Revoked",                   "ended called_off"),
        State("void",      "Void",                      "ended called_off shown"),
    ),
    rows=(
        #     state   event               leads to
        Event("open", "_conclude",        "succeeded"),
        Event("open", "_run_out",         "over"),
        Event("open", "_revoke_by_hand",  "revoked"),
        Event("open", "_make_void",       "void"),
    ),
)
# fmt: on

ENDED = REQUEST.group("ended")
# The page tells its signer of these, as long as the link would have lived.
SHOWN = REQUEST.group("shown")
# Ended from our side, before anybody signed.
CALLED_OFF = REQUEST.group("called_off")
