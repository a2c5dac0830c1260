"""Rights are given and taken back in the background: operations, verdicts, status."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from . import texts
from .answers import Answer, Gone, Refused, status
from .call import Call, Endpoint
from .limits import OTHER
from .state import ACCESS, LoginContext, Who, reference

if TYPE_CHECKING:
    from .simulator import Simulator

READABLE = timedelta(days=30)
DONE, FAILED, IDENTIFIERS, NOT_ENTITLED, ROLE, RELATION = 200, 400, 410, 420, 430, 440


@dataclass
class PermissionOperation:
    """One order to give or to revoke rights.

    :param needed: rights of which who gave the order still needs any one when it is decided
    :param work: does it, and returns the status
    """

    reference: str
    context: LoginContext
    who: Who
    needed: tuple[str, ...]
    work: Callable[[Simulator], int]
    requested: datetime
    due: datetime
    outcome: tuple[int, tuple[str, ...] | None] | None = None

    def __deepcopy__(self, memo: object) -> PermissionOperation:
        """Copy for another state of memory; what it has to do is the same."""
        return PermissionOperation(**vars(self))


def order(call: Call, needed: tuple[str, ...], work: Callable[[Simulator], int]) -> Answer:
    """Take an order; HTTP 202 with its reference number."""
    login, now = call.session, call.now
    due = now + timedelta(seconds=call.sim.settings.permission_delay)
    made = PermissionOperation(
        reference("EG", now), login.context, login.who, needed, work, now, due
    )
    call.state.permission_operations[made.reference] = made
    settle(call.sim)
    return Answer(202, {"referenceNumber": made.reference})


def settle(sim: Simulator) -> None:
    """Decide the operations that are due."""
    now = sim.clock.now()
    for item in list(sim.state.permission_operations.values()):
        if item.outcome is None and now >= item.due:
            item.outcome = _decided(sim, item)


def _decided(
    sim: Simulator, item: PermissionOperation
) -> tuple[int, tuple[str, ...] | None] | None:
    forced = sim.take_forced("force_permission_status")
    if forced:
        return None if forced[0] == 100 else forced
    if not sim.world.rights(item.who, item.context).intersection(item.needed):
        return NOT_ENTITLED, None
    return item.work(sim), None


def operation_status(call: Call) -> Answer:
    """GET /permissions/operations/{ref}: of the context in which the order was given."""
    settle(call.sim)
    ref = call.params["ref"]
    found = call.state.permission_operations.get(ref)
    if found is None or found.context != call.session.context:
        raise Refused(21405, f"Operacja o numerze referencyjnym {ref} nie została znaleziona.")
    if call.now >= found.requested + READABLE:
        raise Gone
    code, details = found.outcome or (100, None)
    text, usual = texts.PERMISSION_STATUS.get(code, ("Status nieopisany w dokumentacji", ()))
    return Answer(body={"status": status(code, text, usual if details is None else details)})


ENDPOINTS = (
    Endpoint(
        "permission-operation",
        "GET",
        "/permissions/operations/<ref>",
        operation_status,
        (ACCESS,),
        OTHER,
    ),
)
