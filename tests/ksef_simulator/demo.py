"""The invented world that the simulator starts with."""

from __future__ import annotations

from datetime import datetime

from . import identities
from .office import CLIENTS, OFFICE_NAME, OFFICE_NIP
from .state import LoginContext, Who
from .world import World

DEMO_NIP = identities.DEMO_NIP
DEMO_INTERNAL_ID = f"{DEMO_NIP}-00001"


def populate(world: World, now: datetime) -> None:
    """The demo company, its people and their rights, as the signers' names say.

    The owner and the qualified signer have all rights, the reader may only read, the person with
    the e-dowód may send and read, the stranger has none; each seal is its company's own.
    """
    world.add_company(DEMO_NIP, identities.DEMO_COMPANY.name)
    for person in identities.PEOPLE.values():
        world.add_person(person.pesel, person.name)
    for who in (identities.OWNER, identities.QUALIFIED):
        world.grant(who.identity, DEMO_NIP)
        world.grant(who.identity, LoginContext("InternalId", DEMO_INTERNAL_ID))
    world.grant(identities.READER.identity, DEMO_NIP, ("InvoiceRead",))
    world.grant(identities.EDOWOD.identity, DEMO_NIP, ("InvoiceRead", "InvoiceWrite"))
    world.add_company(OFFICE_NIP, OFFICE_NAME)
    for client in CLIENTS:
        world.add_company(client.nip, client.name)
        world.grant(client.signer.identity, client.nip)
    for fingerprint in foreign_fingerprints(now):
        world.grant(fingerprint, DEMO_NIP, ("InvoiceRead", "InvoiceWrite"))


def foreign_fingerprints(now: datetime) -> list[Who]:
    """Fingerprints of the signer without PESEL and NIP, whose certificate changes every year."""
    from . import signers

    certificates = [
        signers.certificate_of("foreign", now.replace(year=year, day=1), algorithm)
        for year in (now.year, now.year + 1)
        for algorithm in ("rsa", "ec")
    ]
    return [Who("fingerprint", identities.fingerprint(item)) for item in certificates]
