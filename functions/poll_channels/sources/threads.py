"""What a text in a thread stands under, whom it addresses, and which texts an answer of the account's own answers.

Only the account's own words are copied into the context of what others write, and a visitor's post into that of the
comments beneath it, which go when it goes. Other citizens' words are not: their deletion would not reach the copies.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final, Literal

from aduan.context import Context

if TYPE_CHECKING:
    from aduan.directory import Channel

Party = Literal["account", "citizen"]
"""Who wrote a text, or whom it addresses."""
_ADDRESSED: Final = re.compile(r"\s*@([\w.-]*\w)")


@dataclass(frozen=True)
class Above:
    """What a comment or a reply stands under."""

    head: str
    """The text at the head of the thread, such as a caption."""
    by: Party
    """Who wrote the head."""
    directly: Party
    """Who wrote what the text directly answers: the head itself, or a comment beneath it."""
    author: str | None = None
    """Who that is, if the platform says so: whoever goes on after a text of their own addresses the account."""

    def context(self, text: str, author: str | None, channel: Channel) -> Context:
        """Return the context of a text by `author`."""
        goes_on = author is not None and author == self.author
        to: Party = "account" if goes_on or names(text, channel) else self.directly
        return Context(under=self.head, by=self.by, to=to)


@dataclass(frozen=True)
class Said:
    """A text in a thread, as far as it tells what an answer answers."""

    native_id: str
    name: str | None
    """The author's name on the platform, by which an answer may address them. It is never stored."""
    at: datetime


def names(text: str, channel: Channel) -> bool:
    """Tell whether a text addresses a channel's account: with its handle anywhere, or with its name at the beginning.

    A Page that is tagged stands in the text with its name and without any sign.
    """
    folded = text.casefold()
    if folded.lstrip("@ \n").startswith(channel.name.casefold()):
        return True
    if channel.handle is None:
        return False
    return re.search(rf"@{re.escape(channel.handle.casefold())}(?![\w.]*\w)", folded) is not None


def answered(text: str, at: datetime, above: str | None, said: Iterable[Said]) -> tuple[str, ...]:
    """Return the native ids of what an answer of the account's own answers.

    On some platforms an answer to a reply stands beside it, under the comment above both; then its first word is the
    name of whom it answers.

    Args:
        text: The answer's text.
        at: When it was written.
        above: The native id of what it stands under; None for a text of its own.
        said: The comment above and the replies beside the answer, as far as they are known.
    """
    if above is None:
        return ()
    addressed = _ADDRESSED.match(text)
    known = [each for each in said if each.name is not None]
    if addressed is None or not known:
        return (above,)
    name = addressed.group(1).casefold()
    return tuple(each.native_id for each in known if each.name and each.name.casefold() == name and each.at <= at)
