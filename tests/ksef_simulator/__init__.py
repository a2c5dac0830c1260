"""A product of its own: a stateful KSeF 2.0 for tests and demonstrations, as strict as KSeF is.

It shares no code with the addon: each judges the other. In a test:

    with Simulator() as sim:
        client = KsefClient(sim.base_url)
        sim.settings.auth_delay = 1800          # all switches: settings.py
        sim.settings.version = "2.6"            # an older KSeF: versions.py
        sim.faults.add("redeem", "lost")        # all faults: faults.py
        sim.clock.advance(timedelta(days=7))
        sim.world.grant(pesel, nip, ["InvoiceRead"])
        assert sim.requests.count("refresh") == 1

``session.mount(sim.url, sim.adapter())`` calls it without a socket, ``sim.start_proxy()`` serves
HTTPS under KSeF's host names. ``Control(base_url)`` does the same to one in another process, which
``python -m ksef_simulator --port N`` starts.
"""

from __future__ import annotations

from .control import Control
from .demo import DEMO_INTERNAL_ID, DEMO_NIP
from .simulator import Simulator

__all__ = ["DEMO_INTERNAL_ID", "DEMO_NIP", "Control", "Simulator"]
