"""The decision about a post."""

from typing import Literal

from aduan.record import Record

ReportKind = Literal["complaint", "request", "aspiration", "other"]
Urgency = Literal["emergency", "urgent", "normal"]
Route = Literal["auto", "desk", "drop"]

DESK = "desk"
"""Code of the department that stands for the Diskominfo admins: where everything goes that nobody is sure of."""


class Place(Record):
    """Where it is, as far as the words say. Names are the directory's own spellings."""

    kapanewon: str | None = None
    kalurahan: str | None = None
    road: str | None = None
    landmark: str | None = None
    outside: str | None = None
    """Name of the neighbouring city or county, when the words place it there."""

    def label(self) -> str:
        """One line for people: ``Jalan Kaliurang, Sardonoharjo, Kapanewon Ngaglik``; empty when nothing is known."""
        kapanewon = f"Kapanewon {self.kapanewon}" if self.kapanewon else None
        parts = (self.landmark, self.road, self.kalurahan, kapanewon, self.outside)
        return ", ".join(part for part in parts if part)


class Triage(Record):
    """Is it a report, of which kind, about what, how urgent, where, whose job, how sure, and why."""

    is_report: bool
    kind: ReportKind
    topic: str | None = None
    urgency: Urgency = "normal"
    place: Place | None = None
    department: str | None = None
    """Code of the responsible department or outside owner; None when the post is no report."""
    ours: bool = True
    """False when an outside owner is responsible and the county only passes it on."""
    confidence: float
    """Between 0 and 1: how sure the decision as a whole is."""
    runner_up: str | None = None
    """Code of the second-best department, when there is one."""
    route: Route
    """``auto``: told without a person; ``desk``: a person decides; ``drop``: chatter, kept for a while."""
    reasons: tuple[str, ...] = ()
    """The words and rules that decided, most important first."""
    decided_by: str
    """Name and hash of the classifier and of the directory, so that a decision can be repeated."""
