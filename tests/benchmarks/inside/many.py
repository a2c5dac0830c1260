"""A thousand companies in seconds: copied inside the database, as Odoo's own way takes minutes."""

from __future__ import annotations

from typing import Any

from ksef_simulator.identities import invented_nips

# What each copy has for itself; Odoo's columns are whatever this build has.
OWN_OF_PARTNER = ("id", "name", "complete_name", "vat", "commercial_partner_id")
OWN_OF_COMPANY = ("id", "name", "partner_id", "parent_id", "parent_path", "l10n_pl_ksef_digits")


def invented(env: Any, count: int) -> Any:
    """Return so many Polish companies in KSeF's test environment; nothing is committed."""
    env.flush_all()
    source = env["res.company"].search([("partner_id.country_id.code", "=", "PL")], limit=1)
    env.cr.execute(
        f"""
        WITH partners AS (
            INSERT INTO res_partner (name, complete_name, vat, {_more(env, "res_partner")})
            SELECT 'Klient ' || nip, 'Klient ' || nip, 'PL' || nip, {_more(env, "res_partner")}
              FROM res_partner, unnest(%s) AS nip WHERE id = %s
         RETURNING id AS partner, vat AS number
        )
        INSERT INTO res_company (name, partner_id, l10n_pl_ksef_digits,
                                 {_more(env, "res_company")})
        SELECT 'Klient ' || substr(number, 3), partner, substr(number, 3),
               {_more(env, "res_company")}
          FROM res_company, partners WHERE id = %s
     RETURNING id
        """,
        (invented_nips(count), source.partner_id.id, source.id),
    )
    ids = [found for (found,) in env.cr.fetchall()]
    env.cr.execute(
        """
        UPDATE res_company SET parent_path = id || '/', l10n_pl_ksef_principal_id = id,
               l10n_pl_ksef_environment = 'test' WHERE id = ANY(%s);
        UPDATE res_partner SET commercial_partner_id = id
         WHERE id IN (SELECT partner_id FROM res_company WHERE id = ANY(%s));
        ANALYZE res_company, res_partner
        """,
        (ids, ids),
    )
    env.invalidate_all()
    env.registry.clear_cache()
    return env["res.company"].browse(ids)


def _more(env: Any, table: str) -> str:
    """Return the columns of a table that a copy takes over, for a query."""
    own = OWN_OF_PARTNER if table == "res_partner" else OWN_OF_COMPANY
    env.cr.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s", (table,)
    )
    return ", ".join(sorted(f'"{name}"' for (name,) in env.cr.fetchall() if name not in own))
