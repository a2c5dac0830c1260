"""UPO, the official confirmation that invoices were received, and its links without a bearer."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from lxml import etree
from werkzeug.wrappers import Request, Response

from .answers import stamp
from .invoice_file import Invoice, digest

if TYPE_CHECKING:
    from .online import Online
    from .simulator import Simulator

NAMESPACE = "http://upo.schematy.mf.gov.pl/KSeF/v4-3"


def document(session: Online, invoices: Iterable[Invoice]) -> bytes:
    """A confirmation for invoices of one session; unsigned, and it names the simulator."""
    root = etree.Element(f"{{{NAMESPACE}}}Potwierdzenie", nsmap={None: NAMESPACE})
    _add(root, "NazwaPodmiotuPrzyjmujacego", "Symulator KSeF (nie Ministerstwo Finansów)")
    _add(root, "NumerReferencyjnySesji", session.reference)
    proof = _add(root, "Uwierzytelnienie")
    _add(_add(proof, "IdKontekstu"), session.context.type, session.context.value)
    _add(root, "NazwaStrukturyLogicznej", session.form["systemCode"])
    _add(root, "KodFormularza", session.form["value"])
    for item in invoices:
        _add_invoice(root, item)
    return etree.tostring(root, xml_declaration=True, encoding="utf-8")


def _add(parent: etree._Element, name: str, text: str | None = None) -> etree._Element:
    element = etree.SubElement(parent, f"{{{NAMESPACE}}}{name}")
    element.text = text
    return element


def _add_invoice(root: etree._Element, item: Invoice) -> None:
    element = _add(root, "Dokument")
    _add(element, "NipSprzedawcy", item.seller)
    _add(element, "NumerKSeFDokumentu", item.ksef_number)
    _add(element, "NumerFaktury", item.number)
    _add(element, "DataWystawieniaFaktury", item.issued)
    _add(element, "DataPrzeslaniaDokumentu", stamp(item.received))
    _add(element, "DataNadaniaNumeruKSeF", stamp(item.acquired or item.received))
    _add(element, "SkrotDokumentu", item.digest)
    _add(element, "TrybWysylki", "Offline" if item.offline else "Online")


class Storage:
    """GET /storage/upo/{ref}.xml, as the links in the statuses say."""

    def __init__(self, sim: Simulator) -> None:
        self.sim = sim

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        """Answer one request."""
        ref = Request(environ).path.rpartition("/")[2].removesuffix(".xml")
        content = self._find(ref)
        if content is None:
            return Response(status=404)(environ, start_response)
        response = Response(content, content_type="application/xml")
        response.headers["x-ms-meta-hash"] = digest(content)
        return response(environ, start_response)

    def _find(self, ref: str) -> bytes | None:
        with self.sim.state.lock:
            for session in self.sim.state.online.values():
                good = [item for item in session.invoices.values() if item.code == 200]
                if ref and ref == session.upo_reference:
                    return document(session, good)
                for item in good:
                    if item.reference == ref:
                        return document(session, [item])
        return None
