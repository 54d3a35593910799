"""Cursors, runs, sweeps and looks at tokens in memory."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from aduan.channel import Cursor, Run, Sweep, TokenCheck
from aduan.store.channels import LeaseError
from tests.in_memory.memory import Memory


@dataclass
class InMemoryChannelStore:
    """`ChannelStore` in memory."""

    memory: Memory

    def read(self, channel: str) -> Cursor:
        """Look up."""
        with self.memory.call():
            return self.memory.cursors.get(channel, Cursor(channel=channel))

    def lease(self, cursor: Cursor, owner: str, now: datetime, until: datetime) -> Cursor:
        """Take the lease if the cursor is as it was read, and free."""
        with self.memory.call(write=True):
            stored = self.memory.cursors.get(cursor.channel, Cursor(channel=cursor.channel))
            if stored.version != cursor.version or stored.leased_to_other(owner, now):
                raise LeaseError(cursor.channel)
            self.memory.cursors[cursor.channel] = stored.model_copy(update={"lease_owner": owner, "lease_until": until})
            return cursor.model_copy(update={"lease_owner": owner, "lease_until": until})

    def release(self, cursor: Cursor, owner: str) -> None:
        """Write the cursor if the lease still holds."""
        with self.memory.call(write=True):
            stored = self.memory.cursors.get(cursor.channel)
            if stored is None or stored.version != cursor.version or stored.lease_owner != owner:
                raise LeaseError(cursor.channel)
            self.memory.cursors[cursor.channel] = cursor.model_copy(
                update={"version": cursor.version + 1, "lease_owner": None, "lease_until": None}
            )

    def sweep(self, channel: str) -> Sweep:
        """Look up."""
        with self.memory.call():
            return self.memory.sweeps.get(channel, Sweep(channel=channel))

    def save_sweep(self, sweep: Sweep) -> None:
        """Replace."""
        with self.memory.call(write=True):
            self.memory.sweeps[sweep.channel] = sweep

    def save_token_check(self, check: TokenCheck) -> None:
        """Replace an older one."""
        with self.memory.call(write=True):
            stored = self.memory.tokens.get(check.channel)
            if stored is None or stored.looked_at <= check.looked_at:
                self.memory.tokens[check.channel] = check

    def token(self, channel: str) -> TokenCheck | None:
        """Look up."""
        with self.memory.call():
            return self.memory.tokens.get(channel)

    def record(self, run: Run) -> None:
        """Append."""
        with self.memory.call(write=True):
            self.memory.runs.append(run)

    def runs(self, channel: str, limit: int) -> list[Run]:
        """Youngest first."""
        with self.memory.call():
            runs = [run for run in self.memory.runs if run.channel == channel]
            return sorted(runs, key=lambda run: run.started_at, reverse=True)[:limit]
