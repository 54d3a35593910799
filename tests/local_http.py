"""A platform on this machine that sends a test's answers over real HTTP."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Asked:
    """A request as it arrived."""

    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """By name in lower case."""
    target: str
    """Path and query as they were sent."""
    body: bytes = b""


@dataclass(frozen=True)
class Answer:
    """A response to send."""

    status: int
    data: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    drip: float = 0
    """Seconds between two bytes."""


def as_json(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """A response of compressed JSON, as the platforms send it."""
    named = headers or {}
    kind = "application/json; charset=utf-8"
    return Answer(
        status, gzip.compress(json.dumps(body).encode()), {"Content-Type": kind, "Content-Encoding": "gzip", **named}
    )


@contextmanager
def serving(answer: Callable[[Asked], Answer]) -> Iterator[str]:
    """Answer requests while the block runs, and yield the base address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(int(headers.get("content-length", "0")))
            given = answer(Asked(parts.path, dict(parse_qsl(parts.query)), headers, self.path, body))
            self.send_response(given.status)
            for name, value in ({"Content-Length": str(len(given.data))} | dict(given.headers)).items():
                self.send_header(name, value)
            self.end_headers()
            with suppress(OSError):
                if not given.drip:
                    self.wfile.write(given.data)
                for byte in given.data if given.drip else b"":
                    self.wfile.write(bytes([byte]))
                    time.sleep(given.drip)

        do_POST = do_GET  # noqa: N815 # http.server's name

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
