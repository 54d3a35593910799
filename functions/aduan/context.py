"""What a post answers: the text it stands under, whose that is, and whom the post addresses."""

from __future__ import annotations

import hashlib
from typing import Any, Final, Literal, Self

from pydantic import model_validator

from aduan.masking import with_storable
from aduan.record import Record

UNDER_BYTES: Final = 600
"""Most bytes kept of the text a post stands under. It is repeated on every comment, and each kilobyte costs a write."""


def cut(text: str, limit: int) -> str:
    """Return at most `limit` bytes of a text that is masked already: of one that is not, half a number might remain."""
    return text.encode()[:limit].decode("utf-8", "ignore").strip()


class Context(Record):
    """What a post stands under. It helps to read the post, and decides nothing alone."""

    under: str = ""
    """The text it stands under, such as a caption, masked; empty when there is none or it is not known."""
    clipped: bool = False
    """True when that text was longer."""
    thread: str = ""
    """A short hash of that text as it was first kept: equal in a thread, however little of the text is left later."""
    by: Literal["account", "citizen"] | None = None
    """Who wrote that text: the account, or a citizen; None when there is none or it is not known."""
    to: Literal["account", "citizen"] | None = None
    """Whom the post addresses: the account (also by standing right under its post), or another citizen."""

    @model_validator(mode="after")
    def _of_its_thread(self) -> Self:
        if self.under and not self.thread:
            named = hashlib.sha256(self.under.encode()).hexdigest()[:8]
            object.__setattr__(self, "thread", named)  # the record is frozen
        return self

    def within(self, limit: int) -> Self:
        """Return the context with at most `limit` bytes of the text that the post stands under."""
        under = cut(self.under, limit)
        return self.model_copy(update={"under": under, "clipped": self.clipped or len(under) < len(self.under)})

    @model_validator(mode="before")
    @classmethod
    def _storable(cls, fields: Any) -> Any:
        return with_storable(fields, "under", UNDER_BYTES)
