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
        "--environment",
        choices=("test", "demo", "production"),
        default="test",
        help="only test accepts self-signed certificates",
    )
    parser.add_argument(
        "--proxy-port", type=int, help="HTTPS under KSeF's own host names, through this proxy"
    )
    parser.add_argument("--proxy-ca", help="file to write the proxy's authority to (PEM)")
    options = parser.parse_args()
    done = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_arguments: done.set())
    with Simulator(options.port, options.environment) as sim:
        print(sim.base_url, flush=True)
        print(f"signing site: {sim.signing_url}", flush=True)
        if options.proxy_port is not None:
            proxy = sim.start_proxy(options.proxy_port)
            print(f"proxy: {proxy.url}", flush=True)
            if options.proxy_ca:
                print(f"proxy authority: {proxy.write_authority(options.proxy_ca)}", flush=True)
        done.wait()


if __name__ == "__main__":
    main()
