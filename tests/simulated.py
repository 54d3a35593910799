"""A simulator as a test asks it, and what it is given to hold."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from infra.local.simulator.server import Server
from infra.local.simulator.world import Draft, Kind, Role, World

NOW = datetime(2026, 11, 3, 7, 0, tzinfo=UTC)


class SimulatorClient:
    """Asks a simulator over HTTP."""

    def __init__(self, server: Server) -> None:
        self.server = server

    @property
    def world(self) -> World:
        """The content of the channels."""
        return self.server.simulator.world

    def raw(
        self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of any request."""
        connection = http.client.HTTPConnection("127.0.0.1", self.server.server_port, timeout=5)
        given = {"Content-Type": "application/json"} if body is not None else {}
        try:
            connection.request(
                method, path, json.dumps(body) if body is not None else None, {**given, **(headers or {})}
            )
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    def native(self, source_id: str) -> str:
        """The native id of a source id."""
        entry = self.world.find(source_id)
        assert entry is not None
        return entry.native_id


def by_the_county(source_id: str, kind: Kind, role: Role, **changed: Any) -> Draft:
    """A text of the county's own; `minutes_ago` says how old it is."""
    created_at = NOW - timedelta(minutes=changed.pop("minutes_ago", 600))
    draft = Draft(
        source_id=source_id,
        kind=kind,
        role=role,
        parent=None,
        author=None,
        text="Info",
        has_photo=False,
        created_at=created_at,
        by_county=True,
    )
    return replace(draft, **changed)


def written(folder: Path, name: str, *documents: object) -> Path:
    """A file with one document a line."""
    path = folder / name
    path.write_text("".join(json.dumps(document) + "\n" for document in documents), encoding="utf-8")
    return path
