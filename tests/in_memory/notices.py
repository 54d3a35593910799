"""Notices in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from aduan.notice import AnyNotice, NoticeId
from aduan.quiet_hours import Hold
from aduan.store.notices import LEFT_BEHIND as NOTICE_LEFT_BEHIND
from aduan.store.notices import NoticeChangedError, NotPendingError
from aduan.store.table import NOTICE_QUEUES
from tests.in_memory.memory import Memory


@dataclass
class InMemoryNoticeStore:
    """`NoticeStore` in memory."""

    memory: Memory

    def add(self, notice: AnyNotice) -> bool:
        """Put unless there."""
        with self.memory.call(write=True):
            return self.memory.notices.setdefault(notice.id, notice) is notice

    def get(self, notice: NoticeId) -> AnyNotice | None:
        """Look up."""
        with self.memory.call():
            return self.memory.notices.get(notice)

    def claim(self, notice: AnyNotice, owner: str, now: datetime, recipient: str, told: str) -> AnyNotice:
        """Take it once; a repetition by the same owner succeeds too."""
        with self.memory.call(write=True):
            stored = self._stored(notice)
            if (stored.claimed_by, stored.attempt) == (owner, notice.attempt + 1):
                return stored
            read = (notice.state, notice.attempt)
            if notice.state not in {"pending", "claimed"} or (stored.state, stored.attempt) != read:
                raise NotPendingError(notice.key)
            return self._write(
                stored,
                state="claimed",
                attempt=stored.attempt + 1,
                repeated_at=now if stored.state == "claimed" else stored.repeated_at,
                claimed_by=owner,
                claimed_at=now,
                recipient=recipient,
                told=told,
                failure=None,
            )

    def sent(self, notice: AnyNotice, message_id: str, now: datetime) -> None:
        """Finish."""
        self._finish(notice, state="sent", message_id=message_id, sent_at=now, act_at=None)

    def refused(self, notice: AnyNotice, why: str) -> None:
        """Finish."""
        self._finish(notice, state="failed", failure=why, act_at=None)

    def postponed(self, notice: AnyNotice, why: str, until: datetime) -> None:
        """Give back."""
        self._finish(notice, state="pending", failure=why, act_at=until)

    def unknown(self, notice: AnyNotice, why: str) -> None:
        """Keep claimed."""
        self._finish(notice, failure=why)

    def park(self, notice: AnyNotice, why: str) -> None:
        """Put aside what is as it was read."""
        self._put_aside(notice, "parked", why)

    def skip(self, notice: AnyNotice, why: str) -> None:
        """Put aside what is as it was read."""
        self._put_aside(notice, "skipped", why)

    def hold(self, notice: AnyNotice, hold: Hold) -> None:
        """Let a notice wait, if it is as it was read."""
        with self.memory.call(write=True):
            stored = self._stored(notice)
            if (stored.state, stored.attempt) != ("pending", notice.attempt):
                raise NotPendingError(notice.key)
            digest = {"digest_at": hold.until} if hold.in_digest else {}
            self._write(stored, act_at=hold.until, **digest)

    def _put_aside(self, notice: AnyNotice, state: str, why: str) -> None:
        with self.memory.call(write=True):
            stored = self._stored(notice)
            if (stored.state, stored.attempt) == (notice.state, notice.attempt):
                self._write(stored, state=state, failure=why, act_at=None)
            elif stored.state != state:
                raise NotPendingError(notice.key)

    def record(self, before: AnyNotice, after: AnyNotice) -> None:
        """Replace what is as it was read."""
        with self.memory.call(write=True):
            stored = self._stored(before)
            if (stored.state, stored.attempt) != (before.state, before.attempt):
                raise NoticeChangedError(before.key)
            changed = {name: value for name, value in after if value != getattr(before, name)}
            self._write(stored, **changed)

    def left_behind(self, now: datetime) -> Iterator[NoticeId]:
        """Unfinished ones whose time has passed."""
        with self.memory.call():
            due = [notice for notice in self.memory.notices.values() if _act_at(notice) <= now]
        unfinished = [notice for notice in sorted(due, key=_turn) if notice.state in {"pending", "claimed"}]
        yield from [notice.id for notice in unfinished]

    def _stored(self, notice: AnyNotice) -> AnyNotice:
        return self.memory.notices[notice.id]

    def _finish(self, notice: AnyNotice, **changes: object) -> None:
        """Write an outcome where none is recorded, if the notice still belongs to this attempt."""
        with self.memory.call(write=True):
            stored = self._stored(notice)
            owner = (stored.claimed_by, stored.attempt)
            if stored.state == "claimed" and owner == (notice.claimed_by, notice.attempt):
                self._write(stored, **changes)

    def _write(self, notice: AnyNotice, **changes: object) -> AnyNotice:
        written = notice.model_copy(update=changes)
        self.memory.notices[notice.id] = written
        return written


def _act_at(notice: AnyNotice) -> datetime:
    return notice.act_at or notice.created_at + NOTICE_LEFT_BEHIND


def _turn(notice: AnyNotice) -> tuple[int, datetime]:
    return list(NOTICE_QUEUES).index(notice.urgency), _act_at(notice)
