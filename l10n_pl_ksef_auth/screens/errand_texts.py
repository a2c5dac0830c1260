"""What a signature for rights means, in sentences: for the window and for the signer's page."""


def errand_texts(env, purpose, grant):
    """Return what a signature is for, where it is not for the connection.

    :param env: the reader's environment
    :param str purpose: grant or take_back
    :param grant: what is given or taken back
    :return dict: title, text, taken_back, done
    """
    taken_back = where_taken_back(env)
    values = {"whom": grant.to_whom, "company": grant.company_id.name}
    if purpose == "grant":
        return {
            "title": env._("%(company)s gives rights to: %(whom)s.", **values),
            "text": env._(
                "Rights: issuing invoices, viewing invoices. They last until they are taken back."
                " No certificate of the signer's stays in Odoo."
            ),
            "taken_back": taken_back,
            "done": env._(
                "KSeF has given the rights to: %(whom)s. Odoo logs in with the office's"
                " certificate.",
                **values,
            ),
        }
    return {
        "title": env._("%(company)s takes the rights back from: %(whom)s.", **values),
        "text": env._(
            "The office can then neither issue nor view this company's invoices in KSeF."
        ),
        "taken_back": taken_back,
        "done": env._("The rights are taken back from: %(whom)s.", **values),
    }


def where_taken_back(env):
    """Return where a client takes rights back without anybody's help (docs/ksef.md G2-19).

    :param env: the reader's environment
    """
    return env._(
        "The company can take these rights back by itself at any time: in the Ministry's"
        " application (Aplikacja Podatnika KSeF), under permissions."
    )
