"""The HTTP server around the simulator."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from urllib.parse import urlsplit

from infra.local.simulator import control, page
from infra.local.simulator.exchange import Answer, Request, parameters
from infra.local.simulator.simulator import Simulator

_ADDRESS = "127.0.0.1"  # never reachable from another machine


class Server(ThreadingHTTPServer):
    """An HTTP server for one simulator; port 0 takes any free port."""

    daemon_threads = True  # a connection that is kept open must not delay the shutdown
    request_queue_size = 128  # a poller opens many connections at once

    def __init__(self, simulator: Simulator, port: int) -> None:
        super().__init__((_ADDRESS, port), _Handler)
        self.simulator = simulator
        self.stopping = Event()

    @property
    def url(self) -> str:
        """The server's address, without the API version."""
        return f"http://{_ADDRESS}:{self.server_port}"

    @property
    def graph_url(self) -> str:
        """The address of the Graph API with its version, as the poller is configured with it."""
        return f"{self.url}/{self.simulator.config.version}"


@contextmanager
def running(simulator: Simulator, port: int = 0) -> Iterator[Server]:
    """Serve in the background until the block ends."""
    server = Server(simulator, port)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.stopping.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # headers and body are sent together
    server: Server

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_PATCH(self) -> None:
        self._answer()

    def do_DELETE(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the name is the base class's
        """Log nothing, because the request line holds tokens."""

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        address = urlsplit(self.path)
        shown = page.answer(self.server.simulator, self.command, address.path, address.query, body)
        if shown is not None:
            answer = shown
        elif address.path.startswith(control.PREFIX):
            answer = control.answer(self.server.simulator, self.command, address.path, body)
        else:
            request = Request(
                method=self.command,
                path=address.path,
                params=parameters(address.query, body, self.headers.get("Content-Type", "")),
                base_url=self.server.url,
                authorization=self.headers.get("Authorization", ""),
                headers={name.lower(): value for name, value in self.headers.items()},
            )
            answer = self.server.simulator.answer(request)
        self._send(answer)

    def _send(self, answer: Answer) -> None:
        self.server.stopping.wait(answer.delay_seconds)
        body = answer.encoded()
        try:
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            self.wfile.flush()
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # the client gave up waiting, which a slow answer can cause
