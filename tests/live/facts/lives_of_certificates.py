"""What becomes of KSeF's certificates: used, shortened, renewed, expired, revoked."""

from __future__ import annotations

from datetime import datetime, timedelta

from tools import clock
from tools.members import moment

from ..fact import fact
from ..life import Life
from ..login import Login
from ..people import Signer
from .certificates import UNKNOWN_SERIAL

#: Seconds until the end of the certificate whose validity is shortened, and how far KSeF's clock
#: may be from ours.
_SHORT, _SKEW = 90, 30


@fact("A2-17", "200")
def login_with_a_certificate(life: Life) -> str:
    """A KSeF certificate logs in without anybody's signature."""
    login = life.attempt(life["certificate"], life["company"])
    if login.code == 200:
        life["login with the certificate"] = life.redeemed(login)
    return login.said


@fact("F", "460 Niepoprawny certyfikat")
def offline_certificate_does_not_log_in(life: Life) -> str:
    """A certificate of the type Offline is no way to log in."""
    return life.attempt(life["offline certificate"], life["company"]).said


@fact("A1-list", "Authentication Active, Authentication Active, Offline Active")
def both_types_are_listed(life: Life) -> str:
    """Certificates of both types stand in the list."""
    rows = _rows(life, life["login"])
    return ", ".join(sorted(f"{row['type']} {row['status']}" for row in rows))


def _rows(life: Life, login: Login) -> list[dict[str, str]]:
    answer = life.door.call(
        "POST", "/certificates/query", login.access, json={}, params={"pageSize": "50"}
    )
    rows: list[dict[str, str]] = life.accepted(answer).body["certificates"]
    return rows


def _row(life: Life, signer: Signer) -> dict[str, str]:
    rows = _rows(life, life["login"])
    return next(row for row in rows if row["certificateSerialNumber"] == signer.serial)


def _shorten(life: Life, serial: str, end: datetime) -> str:
    body = {"validTo": end.strftime("%Y-%m-%dT%H:%M:%S+00:00")}
    login: Login = life["login"]
    return life.door.call("PUT", f"/testdata/certificates/{serial}", login.access, json=body).said


@fact("E8", "400 21405")
def validity_is_not_extended(life: Life) -> str:
    """PUT /testdata/certificates makes no certificate valid for longer."""
    signer: Signer = life["certificate"]
    return _shorten(life, signer.serial, signer.certificate.valid_to + timedelta(days=9))


@fact("E8", "400 25008")
def unknown_certificate_is_not_shortened(life: Life) -> str:
    """PUT /testdata/certificates knows the caller's own certificates only."""
    return _shorten(life, UNKNOWN_SERIAL, clock.now() + timedelta(days=9))


@fact("E8", "200")
def validity_is_shortened(life: Life) -> str:
    """PUT /testdata/certificates ends a certificate earlier, and the list says so."""
    end = (clock.now() + timedelta(seconds=_SHORT)).replace(microsecond=0)
    said = _shorten(life, life["certificate"].serial, end)
    listed = moment(_row(life, life["certificate"])["validTo"])
    if said == "200":
        life["the certificate's end"] = end
    return said if listed == end else f"{said}, but the list has another end"


@fact("A2-26", "200")
def renewal(life: Life) -> str:
    """A login with a certificate that will end gets the next one."""
    life["renewed certificate"] = life.enroll(life["login with the certificate"])
    login = life.attempt(life["renewed certificate"], life["company"])
    if login.code == 200:
        life["login with the renewed certificate"] = life.redeemed(login)
    return login.said


@fact("A1-460", "460 Nieważny certyfikat")
def shortened_certificate_has_expired(life: Life) -> str:
    """After its shortened end a certificate no longer logs in."""
    left = (life["the certificate's end"] - clock.now()).total_seconds()
    life.clock.sleep(max(left, 0) + _SKEW)
    return life.attempt(life["certificate"], life["company"]).said


@fact("A1-list", "Expired")
def shortened_certificate_is_expired_in_the_list(life: Life) -> str:
    """After its shortened end the list calls a certificate Expired."""
    return _row(life, life["certificate"])["status"]


def _revoke(life: Life, signer: Signer) -> str:
    path = f"/certificates/{signer.serial}/revoke"
    body = {"revocationReason": "Superseded"}
    return life.door.call("POST", path, life["login"].access, json=body).said


@fact("A1-25009", "400 25009")
def expired_certificate_is_not_revoked(life: Life) -> str:
    """A certificate that has expired cannot be revoked."""
    return _revoke(life, life["certificate"])


@fact("A1-list", "204, Revoked")
def certificate_is_revoked(life: Life) -> str:
    """A revoked certificate stands in the list as Revoked."""
    said = _revoke(life, life["renewed certificate"])
    row = life.until(
        lambda: _row(life, life["renewed certificate"]), lambda found: found["status"] != "Blocked"
    )
    return f"{said}, {row['status']}"


@fact("A1-460", "460 Certyfikat odwołany")
def revoked_certificate_does_not_log_in(life: Life) -> str:
    """A revoked certificate no longer logs in."""
    return life.attempt(life["renewed certificate"], life["company"]).said


@fact("A2-18", "200")
def session_outlives_its_certificate(life: Life) -> str:
    """Revoking a certificate ends no session that was opened with it."""
    refresh = life["login with the renewed certificate"].refresh
    return life.door.call("POST", "/auth/token/refresh", refresh).said
