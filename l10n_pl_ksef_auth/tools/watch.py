"""A limit on the whole of an HTTP exchange.

A time-out of requests is about one silent wait; a server that sends a byte now and then would hold
a worker for ever. The watch closes the socket when the exchange has lasted too long. It also knows
whether any byte of the request went out, which the exceptions of requests do not tell.
"""

from __future__ import annotations

import os
import socket
import threading
from types import TracebackType
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

_current = threading.local()


class Watch:
    """Context manager around one exchange in this thread, of at most ``seconds``."""

    def __init__(self, seconds: float) -> None:
        self.sent = False
        self.fired = False
        self._socket: Any = None
        self._new: socket.socket | None = None
        self._timer = threading.Timer(seconds, self._fire)
        self._timer.daemon = True

    def __enter__(self) -> Watch:
        _current.watch = self
        self._timer.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._timer.cancel()
        self._forget_new()
        self._socket = None
        _current.watch = None

    def connected(self, connection_socket: Any) -> None:
        """Note a connection on which TLS is about to be agreed; that may drip, too.

        :raises TimeoutError: when the exchange has lasted too long already
        """
        self._refuse_late()
        self._forget_new()
        # TLS takes the socket away from its object, so that a copy of the descriptor is kept.
        self._socket = self._new = socket.socket(fileno=os.dup(connection_socket.fileno()))

    def _forget_new(self) -> None:
        if self._new is not None:
            self._new.close()
            self._new = None

    def sending(self, connection_socket: Any) -> None:
        """Note that the request goes out on this socket.

        :raises TimeoutError: when the exchange has lasted too long already
        """
        self._refuse_late()
        self.sent = True
        # What asks a proxy for a tunnel goes out before TLS takes the socket away.
        self._socket = self._new or connection_socket

    def _refuse_late(self) -> None:
        # Name look-up and several addresses to try take their time, and cannot be cut short.
        if self.fired:
            raise TimeoutError("the exchange has lasted too long")

    def _fire(self) -> None:
        self.fired = True
        try:
            # By a copy of the descriptor: closing the TLS object would race with its reader.
            with socket.socket(fileno=os.dup(self._socket.fileno())) as copy:
                copy.shutdown(socket.SHUT_RDWR)
        except (AttributeError, OSError):
            pass  # nothing is connected yet, or nothing is any more


class _Watched:
    """Mixin for urllib3's connections: reports the socket before the request leaves on it."""

    sock: Any

    def _new_conn(self) -> Any:
        connection_socket = super()._new_conn()  # type: ignore[misc]  # of urllib3's connection
        watch = getattr(_current, "watch", None)
        try:
            if watch:
                watch.connected(connection_socket)
        except OSError:
            connection_socket.close()
            raise
        return connection_socket

    def connect(self) -> None:
        try:
            super().connect()  # type: ignore[misc]  # of urllib3's connection
        finally:
            watch = getattr(_current, "watch", None)
            if watch:
                watch.sent = False  # what a proxy was asked for the tunnel does not count

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        watch = getattr(_current, "watch", None)
        if watch:
            watch.sending(self.sock)
        super().send(data)  # type: ignore[misc]  # of urllib3's connection


class _WatchedHttp(_Watched, HTTPConnection):
    pass


class _WatchedHttps(_Watched, HTTPSConnection):
    pass


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = _WatchedHttp


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = _WatchedHttps


class WatchedAdapter(HTTPAdapter):
    """Transport of requests whose connections report to the :class:`Watch` of their thread."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pools of direct connections."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        """Make the pools of connections through a proxy."""
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}
        return manager
