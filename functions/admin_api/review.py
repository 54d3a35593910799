"""People's decisions about candidates and questions: each becomes a ticket, a question, or nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Literal

from aduan.example import Example, Label
from aduan.labels import department_name
from aduan.lanes import Sorting
from aduan.post import LANES
from aduan.store.table import OutdatedError
from aduan.ticket import Event
from aduan.triage import DESK, Triage
from classify.opening import opening
from classify.ticket_codes import write_under_free_code

if TYPE_CHECKING:
    from admin_api.requests import Verdict
    from aduan.change import Change
    from aduan.directory import Directory
    from aduan.post import Post
    from aduan.store.lanes import LaneStore
    from aduan.store.posts import PostStore
    from aduan.store.tickets import TicketStore

Outcome = Literal["done", "outdated", "refused"]
"""``done``: it is as asked, now or already. ``outdated``: the post is another than the person saw. ``refused``: this
can be done to no version of the post."""
UNKNOWN: Final = "Kiriman ini tidak ditemukan."
GONE: Final = "Kiriman ini sudah dihapus di sumbernya."
NOT_LISTED: Final = "Kiriman ini tidak ada di daftar tinjauan maupun daftar pertanyaan."
CHANGED: Final = "Kiriman ini sudah berubah sejak Anda melihatnya. Baca teksnya sekarang, lalu putuskan lagi."
UNDECIDED: Final = "Kiriman ini baru saja disunting dan sedang dinilai ulang. Coba lagi sebentar lagi."


@dataclass(frozen=True)
class Answer:
    """What became of one decision."""

    outcome: Outcome
    post: Post | None
    """The post as it is now; None when there is none."""
    message: str | None = None
    """Why nothing was done, in Indonesian."""


@dataclass(frozen=True)
class ReviewDesk:
    """Carries out decisions, each by itself: one that is refused keeps no other from being done."""

    posts: PostStore
    tickets: TicketStore
    lanes: LaneStore
    directory: Directory
    code_of: Callable[[str, int], str]
    """Returns the code of the ticket that a post opens, given the post's key and how many codes were taken before."""
    chatter_for: timedelta
    """How long a post that gets nothing is kept."""

    def decide(self, asked: Verdict, by: str, now: datetime) -> Answer:
        """Carry out one decision of the person `by`. A repeated one is done already, and nothing is written.

        Raises:
            CodeTakenError: when five codes in a row belong to other tickets.
            CodeKeyError: when the key of the codes is missing.
            ClientError: when AWS refuses.
        """
        post = self.posts.get(asked.post)
        if post is None:
            return Answer("refused", None, UNKNOWN)
        if self._is_done(asked, post):
            return Answer("done", post)
        if (answer := impossible(asked, post)) is not None:
            return answer
        try:
            if asked.department is None:
                self.lanes.sort(post, self._sorting(asked, post, by, now))
            else:
                self._open(asked, post, by, now)
        except OutdatedError:
            return Answer("outdated", self.posts.get(asked.post), CHANGED)
        return Answer("done", self.posts.get(asked.post))

    def _is_done(self, asked: Verdict, post: Post) -> bool:
        """Tell whether a person put the post where it is asked for already."""
        if post.state != "triaged" or post.digest != asked.digest:
            return False
        if asked.department is None:
            return post.sorted_to == asked.lane and post.ticket is None
        if post.sorted_to != "ticket" or post.ticket is None:
            return False
        ticket = self.tickets.get(post.ticket)
        return ticket is not None and ticket.department == asked.department

    def _sorting(self, asked: Verdict, post: Post, by: str, now: datetime, ticket: str | None = None) -> Sorting:
        to = "ticket" if ticket is not None else asked.lane
        return Sorting(
            to=to,
            by=by,
            at=now,
            expires_at=now + self.chatter_for if to == "drop" else None,
            example=Example(
                post=post.key,
                ticket=ticket,
                channel=post.channel,
                context=post.context,
                text=post.text,
                decision=post.triage,
                label=label_of(asked),
                by=by,
                at=now,
            ),
        )

    def _open(self, asked: Verdict, post: Post, by: str, now: datetime) -> None:
        triage = decided(asked, post, self.directory)

        def change(code: str) -> Change:
            sorting = self._sorting(asked, post, by, now, code)
            return opened(post, triage, sorting, code, directory=self.directory)

        write_under_free_code(change, post.key, self.tickets, self.code_of)


def impossible(asked: Verdict, post: Post) -> Answer | None:
    """Return why a decision cannot be carried out on a post as it is; None when it can."""
    if post.state == "gone":
        return Answer("refused", post, GONE)
    if post.state == "new":
        return Answer("outdated", post, UNDECIDED)
    if post.version != asked.version:
        return Answer("outdated", post, CHANGED)
    if post.lane not in {"review", "question"}:
        return Answer("refused", post, NOT_LISTED)
    return None


def label_of(asked: Verdict) -> Label:
    """Return what the person said about the post, from which the classifier learns."""
    if asked.department is None:
        return Label(is_report=False) if asked.lane == LANES[-1] else Label(kind="question")
    return Label(topic=asked.topic, department=None if asked.department == DESK else asked.department)


def decided(asked: Verdict, post: Post, directory: Directory) -> Triage:
    """Return the decision from which the ticket is opened: the classifier's, with what the person said.

    Raises:
        LookupError: when the post was never decided about, although only decided ones are in a lane.
    """
    triage, code = post.triage, asked.department
    if triage is None or code is None:
        raise LookupError(f"{post.key} is in no lane")
    return triage.model_copy(
        update={
            "is_report": True,
            "kind": "complaint" if triage.kind == "other" else triage.kind,
            "topic": asked.topic or triage.topic,
            "department": code,
            "ours": directory.departments[code].kind != "outside",
            "runner_up": triage.runner_up if triage.guess in {None, code} else triage.guess,
            "route": "desk" if code == DESK else "auto",
        }
    )


def opened(post: Post, triage: Triage, sorting: Sorting, code: str, *, directory: Directory) -> Change:
    """Return the change that opens a ticket for a post that a person found to be a report.

    It was opened when it was written, as far as lists and statistics are concerned. Its deadlines run from now on:
    nobody could keep them before. A person chose its department, and no later decision of the classifier takes it away.
    """
    now = sorting.at
    change = opening(post, triage, directory, now, code)
    since = {"opened_at": min(post.created_at, now), "running_since": now, "corrected_at": now}
    ticket = change.after.model_copy(update=since)
    why = f"ditinjau petugas: {department_name(ticket.department, directory)}"
    return replace(
        change,
        after=ticket,
        events=(Event(ticket=code, at=now, move=ticket.status, by=sorting.by, why=why),),
        decision=None,
        sorting=sorting,
        example=sorting.example,
    )
