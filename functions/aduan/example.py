"""A person's correction of a post, kept as an example from which the classifier learns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pydantic import ConfigDict, Field

from aduan.context import Context
from aduan.record import Moment, Record
from aduan.triage import ReportKind, Triage, Urgency

if TYPE_CHECKING:
    from aduan.post import Post

UNDER_KEPT: Final = 200
"""Bytes kept of the text that a post stands under: the beginning tells most, and the next kilobyte costs a write."""


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
    context: Context | None = None
    """What the post answers, cut; None where that is not known."""
    thread: str | None = None
    """Names what the post stands under; None when it stands alone, or when it was not kept."""
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


def words_of(post: Post) -> dict[str, Any]:
    """Return the fields of an example that hold what was written, and under what."""
    alone = post.thread == post.native_id
    return {
        "text": post.text,
        "context": None if post.context is None else post.context.within(UNDER_KEPT),
        "thread": None if alone else post.thread,
    }
