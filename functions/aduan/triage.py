"""The decision about a post."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, get_args

from pydantic import BeforeValidator

from aduan.record import Record

_Kind = Literal["complaint", "request", "question", "suggestion", "other"]
KINDS: Final[tuple[_Kind, ...]] = get_args(_Kind)


def _kind_of_today(kind: Any) -> Any:
    """Return the code of a kind as it is called today: earlier versions stored a suggestion as ``aspiration``."""
    return "suggestion" if kind == "aspiration" else kind


ReportKind = Annotated[_Kind, BeforeValidator(_kind_of_today)]
"""``complaint``: something is wrong. ``request``: the government shall do something. ``question``: asks for information
only. ``suggestion``: proposes something. ``other``: all else."""
Urgency = Literal["emergency", "suspected", "urgent", "normal"]
"""``emergency`` wakes the department. ``suspected`` may be one: the desk is told at once, and nobody else is woken."""
Route = Literal["auto", "desk", "question", "review", "drop"]
"""The lane of a post; every decided post is in exactly one, or belongs to a ticket."""
GateMark = Literal["dropped", "sampled"]
TICKET_ROUTES: Final[frozenset[Route]] = frozenset({"auto", "desk"})
"""The routes that open a ticket."""

DESK = "desk"
"""Code of the department that stands for the Diskominfo admins. Everything nobody is sure of goes there."""


class Place(Record):
    """The place of a complaint, as far as the text names it. Names have the directory's spelling."""

    kapanewon: str | None = None
    kalurahan: str | None = None
    road: str | None = None
    landmark: str | None = None
    outside: str | None = None
    """Name of the neighbouring city or county, when the text places the matter there."""

    def label(self) -> str:
        """Return one line for people: ``Jalan Kaliurang, Sardonoharjo, Kapanewon Ngaglik``; empty without any name."""
        kapanewon = f"Kapanewon {self.kapanewon}" if self.kapanewon else None
        parts = (self.landmark, self.road, self.kalurahan, kapanewon, self.outside)
        return ", ".join(part for part in parts if part)


class Triage(Record):
    """The decision: is it a report, of which kind and topic, how urgent, where, whose job, how sure, and why."""

    is_report: bool
    """False only for chatter: somebody has to look at everything else, or to answer it."""
    report_probability: float = 0.0
    """How probable it is that the post complains, or asks the government to do something.

    Every probability here is between 0 and 1 and calibrated: of decisions at 0.8, eight in ten are right.
    """
    shown_probability: float = 0.0
    """How probable it is that the post is more than chatter: a report, a question or a suggestion."""
    kind: ReportKind
    kind_probability: float = 0.0
    topic: str | None = None
    topic_probability: float = 0.0
    urgency: Urgency = "normal"
    urgency_probability: float = 0.0
    place: Place | None = None
    department: str | None = None
    """Code of the department that gets the post: the desk when a person must look first, None when it is no report."""
    ours: bool = True
    """False when an outside owner is responsible and the county only passes the complaint on."""
    guess: str | None = None
    """Code of the department that is most likely responsible, whether or not the complaint was sent there."""
    confidence: float
    """Probability that `guess` is the right department; for chatter, that the post is chatter."""
    runner_up: str | None = None
    """Code of the department that is next most likely responsible, if there is one."""
    runner_up_probability: float = 0.0
    route: Route
    """``auto``: a ticket, and no person looks first. ``desk``: a ticket whose department a person decides.
    ``question``: the account is asked for information; no ticket. ``review``: may be a report; a person decides whether
    it becomes a ticket. ``drop``: chatter, which is kept for a while."""
    gate: GateMark | None = None
    """What the gate that learnt from the desk changed: ``dropped`` and ``sampled`` are posts that it takes for chatter
    and the base model would show. A sampled one is shown all the same, to find out how often the gate is wrong."""
    reasons: tuple[str, ...] = ()
    """The words and rules that decided, in Indonesian, the most important first."""
    decided_by: str
    """Hashes of the model, of the rules and their code, and of the directory. The same text and hashes give the same
    decision. ``+ gate {version}`` follows, and belongs to them, when the deployment has learnt from its desk.
    ``+ bedrock:{model id}`` follows when a language model was asked too: it may answer differently next time, even at
    temperature 0, and it is asked only while the month's budget lasts."""

    def without_words(self) -> Triage:
        """Return the decision without its reasons, which repeat words of the post's text."""
        return self.model_copy(update={"reasons": ()})

    @property
    def next_in_line(self) -> str | None:
        """Code of the department that gets the ticket next if the present one says that it is not its job."""
        return self.runner_up if self.route == "auto" else self.guess
