"""``python -m ksef_simulator --port N``: a simulator alone; prints its base URL."""

from __future__ import annotations

import argparse
import signal
import threading

from .simulator import Simulator


def main() -> None:
    """Serve until Ctrl-C or SIGTERM."""
    parser = argparse.ArgumentParser(prog="ksef_simulator", description=main.__doc__)
    parser.add_argument("--port", type=int, default=0, help="TCP port; any free one unless told")
    parser.add_argument(
        "--environment", choices=("test", "demo", "production"), default="test",
        help="only test accepts self-signed certificates",
    )  # fmt: skip
    options = parser.parse_args()
    done = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_arguments: done.set())
    with Simulator(options.port, options.environment) as sim:
        print(sim.base_url, flush=True)
        print(f"signing site: {sim.signing_url}", flush=True)
        done.wait()


if __name__ == "__main__":
    main()
