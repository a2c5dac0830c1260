"""Who exists outside the computers: people, companies, and who may act for whom."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from .rights import (
    ACTIVE,
    ALL_RIGHTS,
    ENTITY,
    INACTIVE,
    INDIRECT,
    OF_ENTITIES,
    SCOPES,
    Grant,
)
from .settings import Settings
from .state import LoginContext, State, Who
from .versions import COLLECTIVE, NEW

BEGINNING = datetime(2026, 2, 1, tzinfo=timezone.utc)


@dataclass
class Person:
    """A person by PESEL, with the VAT numbers that are his or her own (sole trader)."""

    pesel: str = field(repr=False)
    name: str = ""
    nips: set[str] = field(default_factory=set)
    deceased: bool = False


@dataclass
class Company:
    """A company by VAT number.

    :param parent: the number of the VAT group or commune above it
    :param kind: "EnforcementAuthority", "VatGroup", "JST" or "" for a usual one
    """

    nip: str
    name: str = ""
    parent: str | None = None
    kind: str = ""
    since: datetime = BEGINNING


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

    def __init__(self, clock: Any, settings: Settings, memory: Callable[[], State]) -> None:
        """Prepare an empty world.

        :param memory: what KSeF remembers, with the rights that were given through its API
        """
        self._clock = clock
        self._settings = settings
        self._memory = memory
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

    def add_company(
        self, nip: str, name: str = "", parent: str | None = None, kind: str = ""
    ) -> Company:
        """A company, perhaps below another one; see `Company`."""
        self.companies[nip] = Company(nip, name, parent, kind, self._clock.now())
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
        **more: Any,
    ) -> list[str]:
        """Give an identity rights in a context; returns the ids of the new permissions.

        :param more: further members of `Grant`; a company's rights to invoices are those of an
            entity unless told
        """
        new, known = [], {item.what for item in self.all_grants()}
        for scope in [rights] if isinstance(rights, str) else rights:
            if scope not in SCOPES and scope != self._settings.unknown_right:
                raise ValueError(f"KSeF has no permission {scope!r}")
            made = Grant(identity(who), context(nip), scope, description, self._clock.now(), **more)
            if "kind" not in more and made.who.kind == "nip" and scope in OF_ENTITIES:
                made.kind = ENTITY
            if made.what not in known:
                new.append(made)
        self.grants.extend(new)
        return [item.id for item in new]

    def revoke(self, who: Any, nip: Any, rights: Iterable[str] | None = None) -> int:
        """Take rights away (all of them unless named); returns how many were taken."""
        who, where = identity(who), context(nip)
        scopes = [rights] if isinstance(rights, str) else rights
        return self.remove(
            lambda item: (
                (item.who, item.context) == (who, where)
                and (scopes is None or item.scope in scopes)
            )
        )

    def all_grants(self) -> list[Grant]:
        """The rights that a test put here, and those that were given through the API."""
        return [*self.grants, *self._memory().grants]

    def remove(self, gone: Callable[[Grant], bool]) -> int:
        """Take those rights away for which ``gone`` is true; returns how many."""
        before = len(self.all_grants())
        self.grants = [item for item in self.grants if not gone(item)]
        memory = self._memory()
        memory.grants = [item for item in memory.grants if not gone(item)]
        return before - len(self.all_grants())

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
        """Return True if the context is the identity's own: its seal, or its sole tradership."""
        own = Who("nip", where.value)
        return where.type == "Nip" and own in self.same_subject(who)

    def is_deceased(self, who: Who) -> bool:
        """Return True if the person has died."""
        person = self.people.get(who.value)
        return who.kind == "pesel" and person is not None and person.deceased

    def owner_rights(self) -> tuple[str, ...]:
        """What an owner may do, in the version of KSeF that is played."""
        return (*ALL_RIGHTS, COLLECTIVE) if self._settings.version == NEW else ALL_RIGHTS

    def rights(
        self, who: Who, where: LoginContext, until: datetime | None = None
    ) -> frozenset[str]:
        """What an identity may do in a context: as owner, by its own rights, by indirect ones.

        :param until: what was given later does not count
        """
        given = [*self.direct(who, where), *self.indirect(who, where)]
        found = {item.scope for item in given if until is None or item.since <= until}
        if self.is_owner(who, where):
            found.update(self.owner_rights())
        return frozenset(found)

    def direct(self, who: Who, where: LoginContext) -> list[Grant]:
        """The rights that an identity has in a context without an intermediary."""
        subject = self._holders(who)
        return [
            item
            for item in self.all_grants()
            if item.kind != INDIRECT and item.context == where and item.who in subject
        ]

    def _holders(self, who: Who) -> set[Who]:
        """Whose rights an identity has: a sole trader's company's too, unless a test says no."""
        return self.same_subject(who) if self._settings.sole_trader_has_company_rights else {who}

    def indirect(self, who: Who, where: LoginContext) -> list[Grant]:
        """The rights in a client's context that its intermediary passed on, and that are in force.

        Only what the client gave with the right to pass it on, and only to the client that the
        right names, or to all of them (docs/ksef.md G2).
        """
        return [
            item
            for item in self.all_grants()
            if item.kind == INDIRECT
            and item.who in self._holders(who)
            and self.reaches(item, where)
            and self.delegable(item.scope, where, item.context)
        ]

    def reaches(self, item: Grant, where: LoginContext) -> bool:
        """Return True if an indirect right is meant for this client."""
        if item.target is None:
            return False
        if item.target.type == "AllPartners":
            return bool(self._partner_grants(where, item.context))
        return item.target.names(where)

    def delegable(self, scope: str | None, client: LoginContext, partner: LoginContext) -> bool:
        """Return True if the client gave its partner this right, or any, to pass on."""
        return any(
            item.can_delegate and scope in (None, item.scope)
            for item in self._partner_grants(client, partner)
        )

    def _partner_grants(self, client: LoginContext, partner: LoginContext) -> list[Grant]:
        whom = Who("nip", partner.nip)
        return [
            item
            for item in self.all_grants()
            if item.kind == ENTITY and item.who == whom and item.context == client
        ]

    def state_of(self, item: Grant) -> str:
        """Active or Inactive, as KSeF's lists say.

        An indirect right is inactive while no client gave what it passes on.  Lists were seen to
        say Active after that was revoked (docs/ksef.md G2): a switch.
        """
        if item.kind != INDIRECT or item.target is None:
            return ACTIVE
        if item.target.type == "AllPartners":
            clients = {other.context for other in self.all_grants() if other.kind == ENTITY}
        else:
            clients = {LoginContext(item.target.type, str(item.target.value))}
        if any(self.delegable(item.scope, client, item.context) for client in clients):
            item.was_active = True
            return ACTIVE
        return ACTIVE if item.was_active and self._settings.indirect_rows_stay else INACTIVE

    def own_rows(self, who: Who, where: LoginContext) -> list[Grant]:
        """The rows of an identity's own rights, as its list in this context shows them.

        Its own ones here; indirect ones if this is the intermediary or the client; and an owner is
        shown what other entities gave to the company (docs/ksef.md E1).
        """
        subject, owner = self._holders(who), self.is_owner(who, where)
        company = Who("nip", where.value)
        return [
            item
            for item in self.all_grants()
            if (item.who in subject and (item.context == where or self.reaches(item, where)))
            or (owner and item.kind == ENTITY and item.who == company)
        ]

    def owner_rows(self, who: Who, where: LoginContext) -> list[Grant]:
        """An owner's rights as if somebody had given them, as older reports show them."""
        known = {item.scope for item in self.direct(who, where)}
        return [
            self._of_owner(who, where, scope)
            for scope in self.owner_rights()
            if self.is_owner(who, where) and scope not in known
        ]

    def _of_owner(self, who: Who, where: LoginContext, scope: str) -> Grant:
        stable = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{where.value} {scope}"))
        return Grant(who, where, scope, "Uprawnienie właścicielskie", BEGINNING, True, stable)
