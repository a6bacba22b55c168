"""A proxy that fails like a real network, at a moment that the test chooses."""

from contextlib import suppress
from enum import StrEnum
import random
import socket
import ssl
import struct
from threading import Thread
from typing import Self

CHUNK = 4096
CUT_AFTER = 2000  # bytes of a bulk request: its headers and something of its body


class Mode(StrEnum):
    """How a connection is treated."""

    PASS = "pass"
    REFUSE = "refuse"
    """Closed as soon as it is opened."""
    CUT_REQUEST = "cut_request"
    """Reset after a part of a bulk request."""
    CUT_ANSWER = "cut_answer"
    """The server receives the whole request, and its answer is lost."""
    CUT_SECOND_ANSWER = "cut_second_answer"
    """Every second answer is lost, whatever the request."""
    RESET_HALF = "reset_half"
    """Half of all requests are reset, at random."""
    HANG = "hang"
    """No answer arrives."""


class Proxy:
    """Forwards TCP connections; with a context, it ends TLS as a reverse proxy does."""

    def __init__(self, host: str, port: int, context: ssl.SSLContext | None = None) -> None:
        """Listen on a port that is free."""
        self.mode = Mode.PASS
        self.cuts = 0
        self.answers = 0
        self._target = (host, port)
        self.context = context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        """Accept connections."""
        Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop accepting connections."""
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with suppress(OSError), client:
            if self.mode is Mode.REFUSE:
                _reset(client)
                return
            if self.context:
                client = self.context.wrap_socket(client, server_side=True)
            with client, socket.create_connection(self._target) as server:
                Connection(self, client, server).run()


class Connection:
    """One connection through the proxy."""

    def __init__(self, proxy: Proxy, client: socket.socket, server: socket.socket) -> None:
        """Initialize the connection."""
        self._proxy = proxy
        self._client = client
        self._server = server
        self._bulk = 0  # bytes of a bulk request forwarded so far

    def run(self) -> None:
        """Forward both ways until one end is closed."""
        Thread(target=self._answer, daemon=True).start()
        while data := self._client.recv(CHUNK):
            if b"/_bulk" in data or self._bulk:
                self._bulk += len(data)
            mode = self._proxy.mode
            if mode is Mode.CUT_REQUEST and self._bulk > CUT_AFTER:
                self._server.sendall(data[: len(data) // 2])
                self._proxy.cuts += 1
                _reset(self._server)
            if mode is Mode.RESET_HALF and data.startswith((b"GET ", b"POST ")) and random.random() < 0.5:
                self._proxy.cuts += 1
                _reset(self._server)
            if mode is Mode.REFUSE or self._server.fileno() < 0:
                _reset(self._client)
                return
            self._server.sendall(data)
        self._server.shutdown(socket.SHUT_WR)

    def _answer(self) -> None:
        with suppress(OSError):
            while data := self._server.recv(CHUNK):
                if self._proxy.mode is Mode.HANG:
                    continue
                self._proxy.answers += data.startswith(b"HTTP/")
                if (self._proxy.mode is Mode.CUT_ANSWER and self._bulk) or (
                    self._proxy.mode is Mode.CUT_SECOND_ANSWER and self._proxy.answers % 2
                ):
                    self._proxy.cuts += 1
                    _reset(self._client)
                    return
                self._bulk = 0
                self._client.sendall(data)
        with suppress(OSError):
            self._client.shutdown(socket.SHUT_RDWR)


def _reset(connection: socket.socket) -> None:
    """Reset a connection, even if another thread waits for something to come."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RD)
    connection.close()
