"""One right that somebody has in a context, and the words that KSeF has for rights."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from .state import LoginContext, Who
from .versions import COLLECTIVE

ALL_RIGHTS = (
    "InvoiceWrite",
    "InvoiceRead",
    "CredentialsManage",
    "CredentialsRead",
    "Introspection",
    "SubunitManage",
)
SCOPES = frozenset({*ALL_RIGHTS, "EnforcementOperations", "VatUeManage", COLLECTIVE})
#: What one entity may give to another (docs/ksef.md G).
OF_ENTITIES = frozenset({"InvoiceWrite", "InvoiceRead", COLLECTIVE})
ACTIVE, INACTIVE = "Active", "Inactive"

PERSON, ENTITY, INDIRECT, SUBUNIT, EU_ENTITY = "person", "entity", "indirect", "subunit", "eu"


@dataclass(frozen=True)
class Target:
    """Which client of an intermediary an indirect right is for: type is also "AllPartners"."""

    type: str
    value: str | None = None

    def names(self, where: LoginContext) -> bool:
        """Return True if it is this client and no other."""
        return (self.type, self.value) == (where.type, where.value)

    def as_json(self) -> dict[str, str]:
        """KSeF's identifier; AllPartners has no value."""
        return {"type": self.type, **({"value": self.value} if self.value else {})}


@dataclass
class Grant:
    """One right of one identity in one context.

    :param context: where it is valid; of an indirect one, the intermediary's own context
    :param kind: PERSON, ENTITY, INDIRECT, SUBUNIT or EU_ENTITY: which call gives such a right
    :param author: who gave it; None is KSeF itself, from a form on paper or test data
    :param given_in: the context from which it was given, where that is another
    :param target: of an indirect one, the client
    :param details: the members of KSeF's lists that describe the person or company
    :param was_active: of an indirect one, whether it ever reached a client
    """

    who: Who
    context: LoginContext
    scope: str
    description: str
    since: datetime
    can_delegate: bool = False
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    kind: str = PERSON
    author: Who | None = None
    given_in: LoginContext | None = None
    target: Target | None = None
    details: dict[str, Any] = field(default_factory=dict, repr=False)
    was_active: bool = False

    @property
    def home(self) -> LoginContext:
        """The context in whose lists of given rights it stands, and from which it is revoked."""
        return self.given_in or self.context

    @property
    def what(self) -> tuple[Any, ...]:
        """What it allows: a second one would change nothing, but for what may be passed on."""
        return self.who, self.context, self.scope, self.kind, self.target


@dataclass
class Authorization:
    """What one entity lets another do in its own name, as self-invoicing: nobody logs in by it."""

    authorizing: str
    authorized: LoginContext
    scope: str
    description: str
    since: datetime
    author: Who
    full_name: str
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
