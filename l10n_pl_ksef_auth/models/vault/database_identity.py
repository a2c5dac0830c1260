"""Which database this is, so that a copy of it knows that it is one.

A copy holds the secrets of the original: it could end the original's login, use up or revoke its
certificate. The database therefore remembers where its secrets were first encrypted: Odoo's
identifier of the database, PostgreSQL's of the server, and of the database on that server. They
survive restarts, renaming and a standby server that takes over; a duplicate, a restored dump and
a move to another server change one of them. A clone of the whole machine keeps all three and cannot
be told from its original: see readme/CONFIGURE.md.

One key may serve many databases. So the secrets are bound to a name that the database gets with its
first key and that a copy keeps, as it has the same secrets. It stands beside the identity, under a
mark that nobody writes without the key: another database cannot give itself this one's name.
"""

import hmac
import secrets
import weakref

import psycopg2

from ...tools.vault import VaultCorrupt, VaultError, mark

HOME_PARAMETER = "l10n_pl_ksef_auth.home"
UUID_PARAMETER = "database.uuid"
NEUTRALIZED_PARAMETER = "database.is_neutralized"
# Identifier, server, database, its name, the name that secrets are bound to, and the mark.
MARKED_PARTS = 5
# PostgreSQL's identifiers by connection, which always leads to the same database. Connections are
# few, and forgotten when they close.
_known = weakref.WeakKeyDictionary()


class VaultLocked(VaultError):
    """The secrets belong to the database that this one is a copy of.

    :param str code: copy_duplicated, copy_restored or copy_moved; home_exchanged, where not even
        that is true
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


def claim(env, home):
    """Declare that the secrets belong to the database as it is now, under its present name.

    :param env: of the database
    :param str home: from marked_home: whoever writes a parameter must not hold a key
    """
    env["ir.config_parameter"].sudo().set_param(HOME_PARAMETER, home)


def marked_home(env, keys):
    """Return what declares that the secrets belong to the database as it is now.

    :param env: of the database
    :param list keys: the database's, in bytes; a home that was claimed before is marked with one
    :raises VaultCorrupt: somebody without the key changed that home
    """
    bound = bound_to(env, keys) or secrets.token_hex(8)
    home = f"{here(env)}/{env.cr.dbname}/{bound}"
    return f"{home}/{mark(keys[0], home)}"


def bound_to(env, keys):
    """Return the name that the database's secrets are bound to.

    :param env: of the database
    :param list keys: the database's, in bytes
    :return str: empty where the home was claimed before secrets were bound to anything
    :raises VaultCorrupt: somebody without the key changed it
    """
    parameters = env["ir.config_parameter"].sudo()
    bound = _marked_name(parameters.get_param(HOME_PARAMETER) or "", keys)
    if not bound:
        # This worker's cache may be old.
        stored = parameters.search([("key", "=", HOME_PARAMETER)]).value or ""
        bound = _marked_name(stored, keys)
    if bound is None:
        raise VaultCorrupt("the database's home was changed")
    return bound


def _marked_name(home, keys):
    """Return the name in a home; None if its mark is wrong, "" in a home without one."""
    if home.count("/") < MARKED_PARTS:
        return ""
    text, _slash, found = home.rpartition("/")
    if any(hmac.compare_digest(mark(key, text), found) for key in keys):
        return text.rpartition("/")[2]
    return None


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
    """Return the server's identifier; "" where the function is closed, or is not there at all."""
    try:
        with cr.savepoint(flush=False):
            query = "SELECT system_identifier::text FROM pg_control_system()"
            cr.execute(query, log_exceptions=False)
            return cr.fetchone()[0]
    except psycopg2.Error:
        return ""
