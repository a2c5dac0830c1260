import zlib
from datetime import timedelta

from odoo import fields, models
from odoo.tools import SQL

# Rows at most, however many addresses there are: neighbours share one.
BUCKETS = 512
# Wrong tokens from one address; a person who mistypes a link does so a few times.
GUESSES, WITHIN = 30, timedelta(minutes=10)


class L10n_Pl_KsefRequestGuesses(models.Model):
    """How many unknown tokens came from where lately; counted, never kept."""

    _name = "l10n_pl_ksef.request.guesses"
    _description = "KSeF unknown links, counted"

    bucket = fields.Integer(required=True, readonly=True)
    count = fields.Integer(required=True, readonly=True)
    since = fields.Datetime(required=True, readonly=True)

    _one_row_each = models.UniqueIndex("(bucket)")

    def _count(self, address, now):
        """Count an unknown token, and return True if too many came from there.

        :param str address: of the browser, as far as this server can tell it from others
        :param datetime now: naive UTC
        """
        bucket = zlib.crc32((address or "").encode()) % BUCKETS
        with self.env.registry.cursor() as cr:
            cr.execute(
                SQL(
                    """
                    INSERT INTO l10n_pl_ksef_request_guesses AS known (bucket, count, since)
                         VALUES (%(bucket)s, 1, %(now)s)
                    ON CONFLICT (bucket) DO UPDATE
                            SET count = CASE WHEN known.since > %(begin)s
                                             THEN known.count + 1 ELSE 1 END,
                                since = CASE WHEN known.since > %(begin)s
                                             THEN known.since ELSE %(now)s END
                      RETURNING count
                    """,
                    bucket=bucket,
                    begin=now - WITHIN,
                    now=now,
                )
            )
            return cr.fetchone()[0] > GUESSES
