"""The only client of KSeF: one method per call of docs/ksef.md A0-5 and A0-6."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from .answers import (
    AuthStatus,
    CertificateItem,
    CertificateLimits,
    Challenge,
    Enrollment,
    EnrollmentData,
    EnrollmentStatus,
    GivenRight,
    Operation,
    Order,
    OrderStatus,
    Permission,
    ReceivedRight,
    RetrievedCertificate,
    SessionItem,
    Token,
    Tokens,
    owner_permissions,
)
from .auth_token_request import Context
from .const import NO_RIGHTS
from .grantee import Grantee, Number
from .members import maybe, word
from .transport import WARNING, Answer, Transport

#: KSeF's own upper limits of a page (KSeF's contract).
_SESSIONS_PAGE, _CERTIFICATES_PAGE, _PERMISSIONS_PAGE = 100, 50, 100
#: A list that never ends is a fault of the server.
_MAX_PAGES = 200


class KsefClient(Transport):
    """Talks to one KSeF address. One client per thread; a bearer is given with each call.

    Every method raises :class:`~.errors.KsefError` when KSeF does not answer or refuses.
    """

    # Login

    def challenge(self) -> Challenge:
        """Ask for a new challenge; it lives ten minutes."""
        return self.request("POST", "/auth/challenge").read(Challenge.from_json)

    def submit_signed_request(self, document: bytes) -> Operation:
        """Post a signed AuthTokenRequest, to the byte (docs/ksef.md A2-8)."""
        answer = self.request(
            "POST",
            "/auth/xades-signature",
            data=bytes(document),
            headers={"Content-Type": "application/xml"},
            whole=True,
        )
        operation = answer.read(Operation.from_json)
        return replace(operation, warning=answer.header(WARNING))

    def auth_status(self, reference_number: str, authentication_token: str) -> AuthStatus:
        """Ask for the state of a login."""
        path = f"/auth/{_part(reference_number)}"
        return self.request("GET", path, bearer=authentication_token).read(AuthStatus.from_json)

    def redeem(self, authentication_token: str) -> Tokens:
        """Fetch the tokens of a finished login. KSeF answers this once (docs/ksef.md A2-14)."""
        answer = self.request("POST", "/auth/token/redeem", bearer=authentication_token, whole=True)
        return answer.read(Tokens.from_json)

    def refresh(self, refresh_token: str) -> Token:
        """Fetch a new access token; the refresh token and its end stay the same."""
        answer = self.request("POST", "/auth/token/refresh", bearer=refresh_token)
        return answer.read(lambda data: Token.from_json(data["accessToken"]))

    # Sessions and rights

    def sessions(self, bearer: str) -> Iterator[SessionItem]:
        """Yield the active logins of this identity in this context."""
        token: str | None = None
        for _page in range(_MAX_PAGES):
            answer = self.request(
                "GET",
                "/auth/sessions",
                bearer=bearer,
                headers={"x-continuation-token": token} if token else None,
                params={"pageSize": str(_SESSIONS_PAGE)},
            )
            yield from answer.read_list("items", SessionItem.from_json)
            token = answer.read(lambda data: maybe(word)(data.get("continuationToken")))
            if not token:
                return

    def revoke_session(self, bearer: str, reference_number: str) -> None:
        """End one login; its refresh token dies, its access token lives to its end."""
        self.request("DELETE", f"/auth/sessions/{_part(reference_number)}", bearer=bearer)

    def revoke_current_session(self, bearer: str) -> None:
        """End the login that this bearer belongs to."""
        self.request("DELETE", "/auth/sessions/current", bearer=bearer)

    def personal_permissions(self, bearer: str, context: Context | None = None) -> frozenset[str]:
        """Return the names of the rights that this login has, such as ``InvoiceWrite``.

        Older answers list nothing for an owner, who may do everything: then it is empty. It is
        NO_RIGHTS alone where KSeF says that the login is no owner's and has none (docs/ksef.md E1).

        :param context: the company or unit that the login is for; rights elsewhere do not count
        """
        path = "/permissions/query/personal/grants"
        active = {"permissionState": "Active"}
        names: set[str] = set()
        tells_of_owners = False
        for answer in self._pages(path, bearer, active, _PERMISSIONS_PAGE):
            rows = answer.read_list("permissions", Permission.from_json)
            names.update(row.scope for row in rows if row.is_right_in(context))
            owned = answer.read(owner_permissions)
            names.update(owned or ())
            tells_of_owners = tells_of_owners or owned is not None
        return frozenset(names or ({NO_RIGHTS} if tells_of_owners else ()))

    # Rights of others

    def give_rights(
        self, bearer: str, grantee: Grantee, rights: Sequence[str], description: str
    ) -> Order:
        """Order that somebody gets rights in the company of this login.

        **Not safe to repeat** (docs/ksef.md G2-7): when the answer is lost, :meth:`given_rights`
        tells by the description whether the order has arrived (docs/ksef.md G2-9). HTTP 403 says
        that this login may not give rights (docs/ksef.md G2-5).

        :param description: as :func:`.grants.description` makes it
        """
        body = {
            **grantee.subject,
            "permissions": grantee.permissions(rights),
            "description": description,
        }
        answer = self.request("POST", grantee.path, bearer=bearer, json=body, whole=True)
        return answer.read(Order.from_json)

    def order_status(self, bearer: str, reference_number: str) -> OrderStatus:
        """Ask for the state of an order, from any login to the same company. Safe to repeat.

        KSeF keeps it for thirty days, then it is HTTP 410 (docs/ksef.md G-1).
        """
        path = f"/permissions/operations/{_part(reference_number)}"
        return self.request("GET", path, bearer=bearer).read(OrderStatus.from_json)

    def given_rights(self, bearer: str, whose: Number) -> Iterator[GivenRight]:
        """Yield what a person or entity may do in the company of this login. Safe to repeat.

        A right to manage or to see rights is needed; lists lag behind (docs/ksef.md G2-6, G2-8).
        """
        asked = {
            "queryType": "PermissionsInCurrentContext",
            "authorizedIdentifier": whose.as_json,
        }
        path = "/permissions/query/persons/grants"
        for answer in self._pages(path, bearer, asked, _PERMISSIONS_PAGE):
            yield from answer.read_list("permissions", GivenRight.from_json)

    def received_rights(self, bearer: str) -> Iterator[ReceivedRight]:
        """Yield what clients let the company of this login do. Safe to repeat.

        Only what was given to its NIP: KSeF has no list of what people were given elsewhere.
        """
        path = "/permissions/query/entities/grants"
        for answer in self._pages(path, bearer, {}, _PERMISSIONS_PAGE):
            yield from answer.read_list("permissions", ReceivedRight.from_json)

    def rights_elsewhere(self, bearer: str, context: Context) -> Iterator[ReceivedRight]:
        """Yield what the person of this login may do for clients, as far as this company shows it.

        Safe to repeat. What a client gave to the person directly is in that client's own context
        alone (KSeF's contract, POST /permissions/query/personal/grants).

        :param context: the company of this login
        """
        active = {"permissionState": "Active"}
        path = "/permissions/query/personal/grants"
        for answer in self._pages(path, bearer, active, _PERMISSIONS_PAGE):
            for row in answer.read_list("permissions", Permission.from_json):
                right = row.received_in(context)
                if right and right.context_type == "Nip":
                    yield right

    def take_right_back(self, bearer: str, right_id: str) -> Order:
        """Order that one right ends. Safe to repeat: the list tells whether it is gone.

        A second order for it ends in another state than 200 (docs/ksef.md G2-13).

        :param right_id: of a :class:`~.answers.GivenRight`, in the company that gave it
        """
        path = f"/permissions/common/grants/{_part(right_id)}"
        return self.request("DELETE", path, bearer=bearer).read(Order.from_json)

    # Certificates

    def certificate_limits(self, bearer: str) -> CertificateLimits:
        """Ask how many certificates this identity may still apply for and hold."""
        answer = self.request("GET", "/certificates/limits", bearer=bearer)
        return answer.read(CertificateLimits.from_json)

    def enrollment_data(self, bearer: str) -> EnrollmentData:
        """Ask for the contents of this identity's certificate request."""
        answer = self.request("GET", "/certificates/enrollments/data", bearer=bearer)
        return answer.read(EnrollmentData.from_json)

    def enroll(
        self, bearer: str, *, name: str, csr_der: bytes, type: str = "Authentication"
    ) -> Enrollment:
        """Apply for a certificate. Each call costs one of a few applications.

        :param name: as :func:`~.enrollment.certificate_name` gives it
        :param csr_der: the PKCS#10 request in DER
        :param type: Authentication or Offline (docs/ksef.md A0-7)
        """
        body = {
            "certificateName": name,
            "certificateType": type,
            "csr": base64.b64encode(csr_der).decode("ascii"),
        }
        answer = self.request(
            "POST", "/certificates/enrollments", bearer=bearer, json=body, whole=True
        )
        return answer.read(Enrollment.from_json)

    def enrollment_status(self, bearer: str, reference_number: str) -> EnrollmentStatus:
        """Ask for the state of an application, at most every ten seconds (docs/ksef.md A2-30)."""
        path = f"/certificates/enrollments/{_part(reference_number)}"
        return self.request("GET", path, bearer=bearer).read(EnrollmentStatus.from_json)

    def retrieve_certificates(
        self, bearer: str, serial_numbers: Sequence[str]
    ) -> list[RetrievedCertificate]:
        """Fetch issued certificates by KSeF's serial numbers."""
        body = {"certificateSerialNumbers": list(serial_numbers)}
        answer = self.request("POST", "/certificates/retrieve", bearer=bearer, json=body)
        return answer.read_list("certificates", RetrievedCertificate.from_json)

    def certificates(
        self, bearer: str, *, status: str | None = None, type: str | None = None
    ) -> Iterator[CertificateItem]:
        """Yield this identity's certificates.

        :param status: Active, Blocked, Revoked or Expired
        :param type: Authentication or Offline
        """
        criteria = {"status": status, "type": type}
        asked = {key: value for key, value in criteria.items() if value}
        for answer in self._pages("/certificates/query", bearer, asked, _CERTIFICATES_PAGE):
            yield from answer.read_list("certificates", CertificateItem.from_json)

    def revoke_certificate(
        self, bearer: str, serial_number: str, reason: str = "Unspecified"
    ) -> None:
        """Revoke a certificate.

        :param reason: Unspecified, Superseded or KeyCompromise
        """
        path = f"/certificates/{_part(serial_number)}/revoke"
        self.request("POST", path, bearer=bearer, json={"revocationReason": reason})

    def _pages(
        self, path: str, bearer: str, body: Mapping[str, Any], size: int
    ) -> Iterator[Answer]:
        for page in range(_MAX_PAGES):
            params = {"pageOffset": str(page), "pageSize": str(size)}
            answer = self.request("POST", path, bearer=bearer, json=body, params=params)
            yield answer
            if answer.json().get("hasMore") is not True:
                return


def _part(value: str) -> str:
    """Return a value as one part of a path, with every special character escaped."""
    if not value.strip("."):
        raise ValueError("A reference number is missing.")
    return quote(value, safe="")
