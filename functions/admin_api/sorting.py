"""Works out what a person's decision about a candidate or a question changes. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from aduan.example import Example, Label, words_of
from aduan.opening import opening
from aduan.triage import DESK, TICKET_ROUTES, ReportKind, Triage

if TYPE_CHECKING:
    from admin_api.requests import Sorting
    from aduan.change import Change
    from aduan.directory import Directory
    from aduan.post import Post

BY_HAND: Final = "diputuskan petugas"
_REPORTS: Final[frozenset[ReportKind]] = frozenset({"complaint", "request", "suggestion"})

Outcome = Literal["done", "outdated", "refused"]


class Verdict(NamedTuple):
    """What became of a decision, and why, when it was refused."""

    outcome: Outcome
    reason: str | None = None


def decided(asked: Sorting, triage: Triage, directory: Directory) -> Triage:
    """Return the decision as the person made it; what they did not speak of stays as the classifier found it."""
    changes: dict[str, object] = {"reasons": (BY_HAND,), "gate": None}
    if asked.department is None:
        is_question = asked.decision == "question"
        changes |= {
            "is_report": is_question,
            "kind": "question" if is_question else "other",
            "route": "question" if is_question else "drop",
            "department": None,
            "urgency": "normal",
        }
    else:
        department = directory.departments[asked.department]
        changes |= {
            "is_report": True,
            "kind": triage.kind if triage.kind in _REPORTS else "complaint",
            "route": "desk" if department.code == DESK else "auto",
            "department": department.code,
            "ours": department.kind != "outside",
            "guess": triage.guess if department.code == DESK else department.code,
            "runner_up": triage.runner_up if triage.runner_up != department.code else triage.guess,
        }
    return triage.model_copy(update=changes)


def said(asked: Sorting, post: Post, *, by: str, now: datetime, ticket: str | None = None) -> Example:
    """Return what the person said about a post, as an example to learn from."""
    kind: ReportKind | None = "question" if asked.decision == "question" else None
    department = asked.department if asked.department != DESK else None
    label = Label(is_report=asked.decision != "none", department=department, kind=kind)
    return Example(post=post.key, ticket=ticket, **words_of(post), decision=post.triage, label=label, at=now, by=by)


def opened(  # noqa: PLR0913 # the post, what was said, and the circumstances
    asked: Sorting, post: Post, triage: Triage, directory: Directory, *, code: str, by: str, now: datetime
) -> Change:
    """Return the change that opens the ticket of a post that a person calls a report, with the time it was written."""
    return replace(
        opening(post, triage, directory, now, code, by=by), example=said(asked, post, by=by, now=now, ticket=code)
    )


def verdict(asked: Sorting, post: Post | None, directory: Directory) -> Verdict | None:
    """Return what becomes of a decision without anything being written; None when it is to be carried out."""
    if post is None:
        return Verdict("refused", "Kiriman ini tidak ada.")
    if asked.department is not None and asked.department not in directory.departments:
        return Verdict("refused", "Perangkat daerah tidak dikenal.")
    if _is_done(asked, post):
        return Verdict("done")
    if post.ticket is not None:
        return Verdict("refused", "Kiriman ini sudah menjadi tiket; koreksi tiketnya.")
    waits = post.lane is not None and post.lane not in TICKET_ROUTES
    return None if waits and post.version == asked.version else Verdict("outdated")


def _is_done(asked: Sorting, post: Post) -> bool:
    """Tell whether a post is where the person wants it already, so that a request can be repeated."""
    if asked.department is not None:
        return post.ticket is not None and post.triage is not None and post.triage.department == asked.department
    wanted = "question" if asked.decision == "question" else "drop"
    return post.sorted_at is not None and post.lane == wanted
