"""Who exists outside the computers: people, companies, and who may act for whom."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from .state import LoginContext, Who

ALL_RIGHTS = (
    "InvoiceWrite",
    "InvoiceRead",
    "CredentialsManage",
    "CredentialsRead",
    "Introspection",
    "SubunitManage",
)
BEGINNING = datetime(2026, 2, 1, tzinfo=timezone.utc)
SCOPES = frozenset({*ALL_RIGHTS, "EnforcementOperations", "VatUeManage"})


@dataclass
class Person:
    """A person by PESEL, with the VAT numbers that are his or her own (sole trader)."""

    pesel: str = field(repr=False)
    name: str = ""
    nips: set[str] = field(default_factory=set)
    deceased: bool = False


@dataclass
class Company:
    """A company by VAT number; ``parent`` is that of the VAT group or commune above it."""

    nip: str
    name: str = ""
    parent: str | None = None


@dataclass
class Grant:
    """One permission of one identity in one context."""

    who: Who
    context: LoginContext
    scope: str
    description: str
    since: datetime
    can_delegate: bool = False
    id: str = field(default_factory=lambda: str(uuid.uuid4()))


def identity(text: Any) -> Who:
    """An identity from a PESEL (11 digits), a NIP (10 digits) or a fingerprint (64 hex).

    :raises ValueError: for anything else
    """
    if isinstance(text, Who):
        return text
    if hasattr(text, "kind") and hasattr(text, "value"):
        return Who(text.kind, text.value)
    value = str(text)
    kinds = {11: "pesel", 10: "nip", 64: "fingerprint"}
    if len(value) not in kinds:
        raise ValueError("an identity is a PESEL, a NIP or a SHA-256 fingerprint")
    return Who(kinds[len(value)], value.upper())


def context(value: Any) -> LoginContext:
    """A login context from a NIP, an internal identifier (NIP-00001) or a LoginContext."""
    if isinstance(value, LoginContext):
        return value
    return LoginContext("InternalId" if "-" in value else "Nip", value)


class World:
    """People, companies and rights. Empty until ``demo.populate`` or a test fills it."""

    def __init__(self, clock: Any) -> None:
        self._clock = clock
        self.people: dict[str, Person] = {}
        self.companies: dict[str, Company] = {}
        self.grants: list[Grant] = []
        self.blocked: set[LoginContext] = set()

    def add_person(
        self, pesel: str, name: str = "", nips: Iterable[str] = (), deceased: bool = False
    ) -> Person:
        """A person; ``nips`` are his or her own VAT numbers (owner of a sole tradership)."""
        self.people[pesel] = Person(pesel, name, set(nips), deceased)
        return self.people[pesel]

    def add_company(self, nip: str, name: str = "", parent: str | None = None) -> Company:
        """A company, perhaps below another one."""
        self.companies[nip] = Company(nip, name, parent)
        return self.companies[nip]

    def remove_company(self, nip: str) -> None:
        """Remove a company and those below it."""
        below = [item.nip for item in self.companies.values() if item.parent == nip]
        for gone in (nip, *below):
            self.companies.pop(gone, None)

    def grant(
        self,
        who: Any,
        nip: Any,
        rights: Iterable[str] = ALL_RIGHTS,
        description: str = "Nadane w symulatorze",
    ) -> list[str]:
        """Give an identity rights in a context; returns the ids of the new permissions."""
        new = []
        for scope in [rights] if isinstance(rights, str) else rights:
            if scope not in SCOPES:
                raise ValueError(f"KSeF has no permission {scope!r}")
            if scope not in {item.scope for item in self._direct(identity(who), context(nip))}:
                new.append(
                    Grant(identity(who), context(nip), scope, description, self._clock.now())
                )
        self.grants.extend(new)
        return [item.id for item in new]

    def revoke(self, who: Any, nip: Any, rights: Iterable[str] | None = None) -> int:
        """Take rights away (all of them unless named); returns how many were taken."""
        who, where = identity(who), context(nip)
        scopes = SCOPES if rights is None else {rights} if isinstance(rights, str) else set(rights)
        kept = [
            item
            for item in self.grants
            if not (item.who == who and item.context == where and item.scope in scopes)
        ]
        taken = len(self.grants) - len(kept)
        self.grants = kept
        return taken

    def block(self, nip: Any) -> None:
        """Suspected incident: logins to this context end with 480."""
        self.blocked.add(context(nip))

    def unblock(self, nip: Any) -> None:
        """The incident is over."""
        self.blocked.discard(context(nip))

    def same_subject(self, who: Who) -> set[Who]:
        """The identities that KSeF takes for one: a PESEL and the NIPs linked to it."""
        for person in self.people.values():
            linked = {Who("pesel", person.pesel), *(Who("nip", nip) for nip in person.nips)}
            if who in linked:
                return linked
        return {who}

    def is_owner(self, who: Who, where: LoginContext) -> bool:
        """Whether the context is the identity's own: its seal, or its sole tradership."""
        own = Who("nip", where.value)
        return where.type == "Nip" and own in self.same_subject(who)

    def is_deceased(self, who: Who) -> bool:
        """Whether the person has died."""
        person = self.people.get(who.value)
        return who.kind == "pesel" and person is not None and person.deceased

    def rights(self, who: Who, where: LoginContext) -> frozenset[str]:
        """All permissions of an identity in a context; an owner has them all."""
        if self.is_owner(who, where):
            return frozenset(ALL_RIGHTS)
        return frozenset(item.scope for item in self._direct(who, where))

    def listed(self, who: Who, where: LoginContext, owner_listed: bool) -> list[Grant]:
        """The permissions that KSeF's own list shows, newest first, then by id."""
        found = self._direct(who, where)
        if self.is_owner(who, where) and owner_listed:
            known = {item.scope for item in found}
            found += [
                self._of_owner(who, where, scope) for scope in ALL_RIGHTS if scope not in known
            ]
        found.sort(key=lambda item: item.id)
        return sorted(found, key=lambda item: item.since, reverse=True)

    def _direct(self, who: Who, where: LoginContext) -> list[Grant]:
        subject = self.same_subject(who)
        return [item for item in self.grants if item.who in subject and item.context == where]

    def _of_owner(self, who: Who, where: LoginContext, scope: str) -> Grant:
        stable = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{where.value} {scope}"))
        return Grant(who, where, scope, "Uprawnienie właścicielskie", BEGINNING, True, stable)
