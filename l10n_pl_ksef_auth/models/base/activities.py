"""Activities of no record: what a person is to know or to do, beside the clock."""

TYPE = "l10n_pl_ksef_auth.mail_activity_ksef"


def leave_activity(env, user, summary, note):
    """Leave an activity of ours for a user; without its type where an administrator deleted that.

    :param env: a superuser's environment
    :return: the activity
    """
    kind = env["ir.model.data"]._xmlid_to_res_id(TYPE)
    values = {"activity_type_id": kind, "user_id": user.id, "summary": summary, "note": note}
    # The default that a user may keep for it would write files as superuser.
    return env["mail.activity"].create({**values, "attachment_ids": False})
