"""The deployed `admin_api` with its table and its log, for requests as API Gateway sends them."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import ModuleType
from typing import Any

from aduan.store.notices import DynamoNoticeStore
from aduan.store.posts import DynamoPostStore
from aduan.store.table import Table
from aduan.store.tickets import DynamoTicketStore
from aduan.ticket import Ticket
from tests import moves
from tests.admin_requests import ADMIN, an_admin_request
from tests.builders import NOON, a_notice, a_post, a_ticket, a_triage, an_event
from tests.codes import ticket_code

MAILBOX = "lampu@dishub.slemankab.go.id"
CONTACTS = "/departments/dlh/contacts"


@dataclass(frozen=True)
class Answer:
    """An answer of the API."""

    status: int
    body: dict[str, Any]
    headers: dict[str, str]

    @property
    def error(self) -> dict[str, Any]:
        """The error the body holds."""
        error: dict[str, Any] = self.body["error"]
        return error


@dataclass(frozen=True)
class Api:
    """The deployed handler, its table and what it logged."""

    module: ModuleType
    table: Table
    log: io.StringIO

    def __call__(
        self,
        method: str,
        path: str,
        claims: Mapping[str, Any] | None = ADMIN,
        query: Mapping[str, str] | None = None,
        body: object = None,
    ) -> Answer:
        """Send one request as API Gateway would: REST proxy, behind a Cognito authorizer."""
        answer = self.module.handler(an_admin_request(method, path, claims, query, body), None)
        assert answer["isBase64Encoded"] is False
        headers = {name: values[0] for name, values in answer["multiValueHeaders"].items()}
        assert headers["Content-Type"] == "application/json"
        assert headers["Cache-Control"] == "no-store"
        assert "Access-Control-Allow-Origin" not in headers
        return Answer(answer["statusCode"], json.loads(answer["body"]), headers)

    def get(self, path: str, claims: Mapping[str, Any] | None = ADMIN, **query: str) -> Answer:
        """Read; ``from_`` stands for ``from``."""
        return self("GET", path, claims, {name.rstrip("_"): value for name, value in query.items()})

    def open_ticket(self, number: int, **changes: Any) -> Ticket:
        """A ticket with everything that belongs to it, written by the stores that write it in production."""
        post = a_post(native_id=str(number))
        ticket = a_ticket(
            code=ticket_code(post.key), post=post.key, opened_at=NOON + timedelta(minutes=number), **changes
        )
        DynamoPostStore(self.table).add(post)
        notice = a_notice(ticket=ticket.code, department=ticket.department)
        events = [an_event(ticket=ticket.code), an_event(ticket=ticket.code, move="routed", by="admin@slemankab.go.id")]
        DynamoTicketStore(self.table).write(moves.opened(post, a_triage(), ticket, [notice], events))
        return ticket

    def send_notice(self, ticket: Ticket) -> None:
        """Send the ticket's notice, as `notify` does."""
        store = DynamoNoticeStore(self.table)
        notice = store.get(a_notice(ticket=ticket.code, department=ticket.department).id)
        assert notice is not None
        claimed = store.claim(notice, "run-1", NOON, MAILBOX, ticket.department)
        store.sent(claimed, "message-1", NOON + timedelta(seconds=2))
