"""In SQL: whose connection a company uses, and which logins are that company's."""

from odoo.tools import SQL

from ..tools.nip import NOT_APPLICABLE

# Fields of companies to be flushed before a query with OWNER; and res.partner's vat.
OWNER_FIELDS = (
    "parent_path",
    "l10n_pl_ksef_environment",
    "l10n_pl_ksef_context_type",
    "l10n_pl_ksef_internal_id",
)
# For whom a company's logins are, in digits: what _l10n_pl_ksef_digits says, in SQL.
DIGITS = SQL(
    """
    regexp_replace(CASE WHEN ancestor.l10n_pl_ksef_context_type = 'internal_id'
                        THEN ancestor.l10n_pl_ksef_internal_id
                        ELSE partner.vat END, '[^0-9]', '', 'g')
    """
)
# A login of another NIP or unit than the owner's of now is nobody's.
SAME_CONTEXT = SQL("regexp_replace(session.context_value, '[^0-9]', '', 'g') = owner.digits")
# The company whose connection "company" uses: what _l10n_pl_ksef_owner says, in SQL.
OWNER = SQL(
    """
    SELECT ancestor.id, ancestor.l10n_pl_ksef_environment AS environment, %s AS digits
      FROM res_company AS ancestor
      JOIN res_partner AS partner ON partner.id = ancestor.partner_id
     WHERE ancestor.id = ANY(string_to_array(trim('/' FROM company.parent_path), '/')::int[])
       AND (partner.vat NOT IN ('', %s) OR ancestor.parent_id IS NULL)
     ORDER BY length(ancestor.parent_path) DESC
     LIMIT 1
    """,
    DIGITS,
    NOT_APPLICABLE,
)
