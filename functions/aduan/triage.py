"""The decision about a post."""

from __future__ import annotations

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
    report_probability: float = 0.0
    """Like every probability here between 0 and 1, and calibrated: of decisions at 0.8, eight in ten are right."""
    kind: ReportKind
    kind_probability: float = 0.0
    topic: str | None = None
    topic_probability: float = 0.0
    urgency: Urgency = "normal"
    urgency_probability: float = 0.0
    place: Place | None = None
    department: str | None = None
    """Code of the department that gets it, which is the desk when a person must look first; None when the post is no
    report."""
    ours: bool = True
    """False when an outside owner is responsible and the county only passes it on."""
    guess: str | None = None
    """Code of the department that is most likely responsible, whether or not it was sent there."""
    confidence: float
    """How probable it is that `guess` is the right department; of chatter, that it is chatter."""
    runner_up: str | None = None
    """Code of the department that is next likely, when there is one."""
    runner_up_probability: float = 0.0
    route: Route
    """``auto``: told without a person; ``desk``: a person decides; ``drop``: chatter, kept for a while."""
    reasons: tuple[str, ...] = ()
    """The words and rules that decided, most important first."""
    decided_by: str
    """Hashes of the model, of the rules and their code, and of the directory: the same text and hashes always give the
    same decision. Not where ``+ bedrock:{model id}`` follows: a language model was asked too, which may answer
    otherwise next time even at temperature 0, and is asked only while the month's budget lasts."""

    @property
    def next_in_line(self) -> str | None:
        """Code of the department to which it goes when the present one says that it is not its job."""
        return self.runner_up if self.route == "auto" else self.guess
