"""A person's correction of a post, kept as an example from which the classifier learns."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from aduan.record import Moment, Record
from aduan.triage import ReportKind, Triage, Urgency


class Label(Record):
    """What a person said about a post. A field is None when nothing was said about it."""

    is_report: bool = True
    topic: str | None = None
    department: str | None = None
    """Never the desk: sending a ticket there means that the department is not known yet."""
    kind: ReportKind | None = None
    urgency: Urgency | None = None


class Example(Record):
    """A post, and what a person last said about each field of it. The author is not kept."""

    # The label is stored as ``said``, as the first deployments did: old and new code read each other's items.
    model_config = ConfigDict(serialize_by_alias=True, validate_by_name=True)

    post: str
    """Key of the post, ``kind#native id``: one example per post."""
    ticket: str | None = None
    """Code of its ticket; None when a person decided that it gets none."""
    text: str
    """The text as it is stored on the post, which is masked. Empty for a post that is only a photo."""
    decision: Triage | None
    """What the classifier had decided."""
    label: Label = Field(alias="said")
    at: Moment
    """When the last correction was made."""
    by: str | None = None
    """Who made it: a user name; None when it was not kept, or a link did."""
    link_of: str | None = None
    """Code of the department that named the label's department by a link; None when the desk stands for the label."""

    @property
    def is_confirmed(self) -> bool:
        """Whether the desk stands for the label. Only then may it teach: a link is held by whoever has the mail."""
        return self.link_of is None
