"""What a person corrected, kept as an example from which the classifier learns."""

from __future__ import annotations

from typing import Any

from pydantic import model_validator

from aduan.record import Moment, Record
from aduan.triage import ReportKind, Triage, Urgency


class Label(Record):
    """What a person said about a post. None where nothing was said."""

    is_report: bool = True
    topic: str | None = None
    department: str | None = None
    """Never the desk: who sends something there says that it is not known yet."""
    kind: ReportKind | None = None
    urgency: Urgency | None = None


class Example(Record):
    """A post with what a person said about it: of each thing the last word. Its author is not part of it."""

    post: str
    """Key of the post, ``kind#native id``: one example per post."""
    ticket: str
    text: str
    """As it is stored on the post, which is masked. Empty for a post that is only a photo."""
    decision: Triage | None
    """What the classifier had said."""
    label: Label
    at: Moment
    """When the last correction was made."""

    @model_validator(mode="before")
    @classmethod
    def _first_name(cls, given: Any) -> Any:
        """The first examples that were stored have their label under another name."""
        return {"label": given["said"], **given} if isinstance(given, dict) and "said" in given else given
