"""Let the simulator's page look into the running stack: the table and the polling schedules."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import boto3
import botocore.exceptions

from aduan.labels import MEDIUM_LABELS, NOTICE_STATE_LABELS, STATUS_LABELS
from aduan.store.table import Table
from infra.local.drive import Schedules, SimulatedPost
from infra.local.machine import REGION, MachineError
from infra.local.outcome import Line, account_for, department_name
from infra.local.simulator.desk import Outcome
from infra.local.simulator.world import Entry


class StackDesk:
    """The stack whose address and table are written in a file; there is no stack until the file exists."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION)  # noqa: S106

    def outcomes(self, entries: Sequence[Entry]) -> Mapping[str, Outcome] | None:
        """Return what became of these posts, by native id, or None while there is no stack."""
        stack = self._stack()
        if stack is None:
            return None
        posts = [SimulatedPost(f"{entry.kind}#{entry.native_id}", entry.kind, entry.role) for entry in entries]
        try:
            lines = account_for(posts, Table(self._client("dynamodb", stack), stack["table"]))
        except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError):
            return None  # the stack was stopped or is being started
        return {entry.native_id: outcome_of(line) for entry, line in zip(entries, lines, strict=True)}

    def read_now(self) -> str | None:
        """Run the polling schedules; return what went wrong, or None."""
        stack = self._stack()
        if stack is None:
            return "Tumpukan belum siap; coba sebentar lagi."
        try:
            Schedules(self._client("scheduler", stack), self._client("lambda", stack)).run("PollChannels")
        except MachineError as error:
            return f"Pembacaan gagal: {error}"
        except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as error:
            return f"Emulator tidak menjawab: {type(error).__name__}"
        return None

    def _stack(self) -> dict[str, str] | None:
        try:
            found: dict[str, str] = json.loads(self._file.read_text())
        except (OSError, ValueError):
            return None
        return found

    def _client(self, service: str, stack: Mapping[str, str]) -> Any:
        return self._session.client(service, endpoint_url=stack["emulator"])  # type: ignore[call-overload] # by name


def write_stack(file: Path, emulator: str, table: str) -> None:
    """Write down where the stack is, for the page."""
    file.write_text(json.dumps({"emulator": emulator, "table": table}))


def outcome_of(line: Line) -> Outcome:
    """Translate an outcome line into the terms of the page."""
    if line.post is None:
        return Outcome("quarantine" if line.quarantined else "waiting")
    triage = line.post.triage
    reasons = f"{triage.topic or 'tanpa topik'}: {'; '.join(triage.reasons)}" if triage else ""
    state = "gone" if line.post.state == "gone" else "ticket" if line.ticket else "chatter" if triage else "waiting"
    ticket = line.ticket
    return Outcome(
        state=state,
        ticket=ticket.code if ticket else "",
        status=STATUS_LABELS[ticket.status].lower() if ticket else "",
        department=department_name(ticket.department) if ticket else "",
        notices=tuple(
            f"{MEDIUM_LABELS[notice.medium]} {NOTICE_STATE_LABELS[notice.state].lower()}"
            f" → {department_name(notice.department)}"
            for notice in line.notices
        ),
        reasons=reasons,
        stored=line.post.text,
    )
