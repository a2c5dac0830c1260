"""An accounting office, its twelve clients, and who signs for each; all invented."""

from __future__ import annotations

from dataclasses import dataclass

from .identities import OWNER, QUALIFIED, Person

OFFICE_NIP, OFFICE_NAME = "7010002139", "Biuro Rachunkowe Sp. z o.o."


@dataclass(frozen=True)
class Client:
    """A client of the office."""

    nip: str
    name: str
    signer: Person
    email: str


CLIENTS = (
    Client("7780040377", "Piekarnia Kłos Sp. z o.o.", OWNER, "roza@example.com"),
    Client("7780041112", "Warsztat Młot", OWNER, "roza@example.com"),
    Client("7780041483", "Gabinet Stomatologiczny Ząbek", OWNER, "roza@example.com"),
    Client("7780041856", "Księgarnia Pod Wierzbą", OWNER, "roza@example.com"),
    Client("7780042229", "Studio Tańca Krok", OWNER, "roza@example.com"),
    Client("7780042962", "Hurtownia Śrubka S.A.", OWNER, "roza@example.com"),
    Client("7780043335", "Przedszkole Biedronka", OWNER, "roza@example.com"),
    Client("7780043708", "Kwiaciarnia Róża", OWNER, "roza@example.com"),
    Client("7780044079", "Transport Wiśniewski", QUALIFIED, "jan@example.com"),
    Client("7780044441", "Żwirownia Kamyk Sp. z o.o.", QUALIFIED, "jan@example.com"),
    Client("7780044814", "Drukarnia Litera", QUALIFIED, "jan@example.com"),
    Client("7780045185", "Pracownia Architektoniczna Rzut", QUALIFIED, "jan@example.com"),
)
