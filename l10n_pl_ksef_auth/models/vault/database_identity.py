"""Which database this is, so that a copy of it knows that it is one.

A copy holds the secrets of the original: it could end the original's login, use up or revoke its
certificate. The database therefore remembers where its secrets were first encrypted: Odoo's
identifier of the database, PostgreSQL's of the server, and of the database on that server. They
survive restarts, renaming and a standby server that takes over; a duplicate, a restored dump and
a move to another server change one of them. A clone of the whole machine keeps all three and cannot
be told from its original: see readme/CONFIGURE.md.
"""

import weakref

from psycopg2.errors import InsufficientPrivilege

from ...tools.vault import VaultError

HOME_PARAMETER = "l10n_pl_ksef_auth.home"
UUID_PARAMETER = "database.uuid"
NEUTRALIZED_PARAMETER = "database.is_neutralized"
# PostgreSQL's identifiers by connection, which always leads to the same database. Connections are
# few, and forgotten when they close.
_known = weakref.WeakKeyDictionary()


class VaultLocked(VaultError):
    """The secrets belong to the database that this one is a copy of.

    :param str code: copy_duplicated, copy_restored or copy_moved
    """

    def __init__(self, code):
        super().__init__(f"the database is not where its secrets were made: {code}")
        self.code = code


def here(env):
    """Return the identity of the database as it is now.

    :param env: of the database
    :return str: Odoo's identifier, the server's, the database's
    """
    uuid = env["ir.config_parameter"].sudo().get_param(UUID_PARAMETER)
    return "/".join((uuid or "", *_by_postgresql(env.cr)))


def claim(env):
    """Declare that the secrets belong to the database as it is now, under its present name.

    :param env: of the database
    """
    env["ir.config_parameter"].sudo().set_param(HOME_PARAMETER, f"{here(env)}/{env.cr.dbname}")


def claimed_name(env):
    """Return the name that the database had when its secrets were claimed, or None.

    :param env: of the database
    """
    home = env["ir.config_parameter"].sudo().get_param(HOME_PARAMETER) or ""
    return next(iter(home.split("/")[3:]), None)


def copy_code(env):
    """Return what kind of copy this database is.

    :param env: of the database
    :return str: copy_duplicated, copy_restored, copy_moved; None at home, or without secrets
    """
    home = env["ir.config_parameter"].sudo().get_param(HOME_PARAMETER)
    if not home:
        return None
    (uuid, server, database), (uuid_now, server_now, database_now) = map(_parts, (home, here(env)))
    if uuid != uuid_now:
        return "copy_duplicated"
    # An administrator who closed or opened the server's function has moved nothing.
    if server and server_now and server != server_now:
        return "copy_moved"
    return "copy_restored" if database != database_now else None


def is_neutralized(env):
    """Return True if Odoo made this database harmless, for trials.

    :param env: of the database
    """
    return bool(env["ir.config_parameter"].sudo().get_param(NEUTRALIZED_PARAMETER))


def refuse_copy(env):
    """Refuse to open the secrets in a copy.

    :param env: of the database
    :raises VaultLocked: this is not the database that they were made in
    """
    code = copy_code(env)
    if code:
        raise VaultLocked(code)


def _parts(home):
    return (home.split("/") + ["", "", ""])[:3]


def _by_postgresql(cr):
    """Return PostgreSQL's identifiers of the server and of the database on it."""
    connection = cr._cnx
    if connection not in _known:
        server = _server(cr)
        cr.execute("SELECT oid::text FROM pg_database WHERE datname = current_database()")
        _known[connection] = (server, cr.fetchone()[0])
    return _known[connection]


def _server(cr):
    """Return the server's identifier; "" where an administrator has closed the function."""
    try:
        with cr.savepoint(flush=False):
            query = "SELECT system_identifier::text FROM pg_control_system()"
            cr.execute(query, log_exceptions=False)
            return cr.fetchone()[0]
    except InsufficientPrivilege:
        return ""
