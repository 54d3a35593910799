"""Reads what the desk decided, as `learn.fitting` wants it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final, cast

from aduan.record import month_of
from learn.fitting import Decision

if TYPE_CHECKING:
    from aduan.example import Example
    from aduan.post import ChannelKind
    from aduan.store.examples import ExampleStore
    from aduan.triage import ReportKind

MOST: Final = 5_000
"""Most decisions that are learnt from, the latest. Fitting more would take longer than a minute."""
MONTHS: Final = 24
"""What was decided about older posts is not learnt from: the county and its people have moved on."""
UNNAMED: Final = "?"
"""Stands for whoever made the decisions of which it was not kept who did: no more believed than one person."""
_PAGE: Final = 200


def confirmed_decisions(examples: ExampleStore, now: datetime) -> list[Decision]:
    """Read the decisions that the desk stands for, the latest months first, until there are `MOST`."""
    found: list[Decision] = []
    for month in months_before(now, MONTHS):
        cursor: str | None = None
        while len(found) < MOST:
            page, cursor = examples.page(month, _PAGE, cursor)
            found += [decision for example in page if (decision := decision_of(example)) is not None]
            if cursor is None:
                break
    return found[:MOST]


def decision_of(example: Example) -> Decision | None:
    """Return what a person decided; None where the desk does not stand for it, or there are no words to learn from."""
    if not example.is_confirmed or not example.text.strip():
        return None
    return Decision(
        text=example.text,
        kind=kind_of(example),
        group=f"under {example.thread}" if example.thread else "text " + " ".join(example.text.casefold().split()),
        context=example.context,
        channel_kind=cast("ChannelKind", example.post.partition("#")[0]),
        by=example.by or UNNAMED,
    )


def kind_of(example: Example) -> ReportKind:
    """Return which kind a person said a post is.

    Who names a department, or corrects a ticket, calls the post a report without saying which kind. Then the
    classifier's kind stands, unless it says that the post reports nothing.
    """
    label = example.label
    if not label.is_report:
        return "other"
    if label.kind is not None:
        return label.kind
    guessed = example.decision.kind if example.decision is not None else "complaint"
    is_sent = label.department is not None
    return "complaint" if guessed == "other" or (guessed == "question" and is_sent) else guessed


def months_before(now: datetime, number: int) -> list[str]:
    """List so many months, as ``2026-11`` in WIB, the present one first."""
    year, month = map(int, month_of(now).split("-"))
    last = year * 12 + month - 1
    return [f"{count // 12:04}-{count % 12 + 1:02}" for count in range(last, last - number, -1)]
