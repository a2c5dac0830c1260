"""What a mail about several alerts says: once what holds for all, else beside the company."""

from datetime import datetime

from . import alert_texts
from .alert_texts import FROM_CLIENTS, ON_CERTIFICATE, ON_GRANT, PANEL

# Where the mail leads: to all companies, or to those that need attention.
COMPANIES, NEEDING_ATTENTION = "/odoo/ksef-companies", "/odoo/ksef-companies-attention"
# What an alert says below its headline.
PARAGRAPHS = ("explanation", "invoices", "advice")


def of_alerts(alerts):
    """Return the values of the alerts' fields that hold texts; empty where they differ."""
    urgent = min(alerts, key=lambda alert: alert_texts.ends_at(alert) or datetime.max)
    texts = alert_texts.of_alert(urgent, alerts.env._("Companies (%s)", len(alerts)))
    each = _each(alerts)
    return {**texts, **{name: _shared(one[name] for one in each) for name in PARAGRAPHS}}


def companies(alerts):
    """Return a line for each of several alerts: name, number, end, and what holds for it alone.

    :return list: dicts of name, number, until, texts and not_reached
    """
    each, names = _each(alerts), not_reached(alerts) if alerts else ""
    own = [name for name in PARAGRAPHS if each and not _shared(one[name] for one in each)]
    return [
        {
            "name": alert.company_id.name,
            "number": alert.company_id._l10n_pl_ksef_number(),
            "until": _until(alert, texts),
            "texts": [texts[name] for name in own if texts[name]],
            "not_reached": "" if names else not_reached(alert),
        }
        for alert, texts in zip(alerts, each, strict=True)
    ]


def _each(alerts):
    return [alert_texts.of_alert(alert) for alert in alerts]


def _shared(texts):
    first, *others = set(texts)
    return "" if others else first


def _until(alert, texts):
    """Return when a connection or certificate will end; empty where the texts say it."""
    will_end = alert.level and not alert.closed_at
    moment = will_end and alert_texts.when(alert, alert_texts.ends_at(alert))["moment"]
    return moment if moment and moment not in texts["explanation"] else ""


def not_reached(alerts):
    """Return whom no mail reaches, and why; empty if it is not so for all alerts."""
    return _shared(alert_texts.passed_over(alert.env, alert._passed_over()) for alert in alerts)


def page(alerts):
    """Return where the way on begins: a list, or the panel for who may use no company."""
    first = alerts[0]
    if not all(alert._may_act(alert.user_id) for alert in alerts):
        return PANEL
    if first.reason == ON_GRANT and not first.closed_at:
        return FROM_CLIENTS
    # A connection whose certificate has ended may still live.
    lives = first.closed_at or first.reason == ON_CERTIFICATE
    return COMPANIES if lives else NEEDING_ATTENTION


def button(alerts):
    """Return the label of the button that leads there."""
    return {
        COMPANIES: alerts.env._("Open the list of companies"),
        NEEDING_ATTENTION: alerts.env._("Open the list of companies"),
        PANEL: alerts.env._("Open the connection to KSeF"),
        FROM_CLIENTS: alerts.env._("Open the rights from clients"),
    }[page(alerts)]
