"""The interface of sources on whose platform citizens can be replied to. A source declares it by its base class."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aduan.post import Post


class TakesReplies(ABC):
    """One account on a platform that takes replies."""

    @abstractmethod
    def check(self) -> None:
        """Check that another request may be sent.

        Raises:
            StoppedError: when none may.
        """

    @abstractmethod
    def post_reply(self, post: Post, text: str) -> str:
        """Reply to a post, in one request, and return the platform's id of the reply.

        Raises:
            ChannelError: one of its kinds; after an `OutageError` it is unknown whether the reply was written.
        """


class ShowsReplies(TakesReplies):
    """One account on a platform where our own replies can be found again."""

    @abstractmethod
    def find_reply(self, post: Post, words: str) -> str | None:
        """Return the id of our own reply to a post that holds these words, or None when there is none.

        Raises:
            GoneError: when the post was deleted.
            ChannelError: one of its kinds; then nothing is known.
        """
