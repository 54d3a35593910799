"""Takes one push from Meta: finds the new mentions, fetches them, and decides whether Meta must push again.

A push holds up to 1,000 changes. Meta repeats a push that is not answered with 200: at once, and then a few times
within 36 hours (developers.facebook.com/docs/graph-api/webhooks/getting-started). So every repetition must get further
than the one before: settled mentions are not fetched again, the rest are fetched in another order each time, and
mentions that can never be read are put aside.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from aduan.platform_errors import ChannelError, CredentialError, NotPermittedError, StoppedError, ThrottledError
from aduan.time_budget import TimeBudget
from intake.mentions import Mention, UnreadableError, mention_of, mention_post, mentions_in, put_aside

if TYPE_CHECKING:
    from aduan.directory import Channel
    from aduan.store.posts import PostStore
    from intake.graph import Graph

AT_ONCE: Final = 10
"""How many mentions are fetched at the same time: they wait for the platform, not for the processor."""
PUSH_TIME: Final = timedelta(seconds=8)
"""How long a push may wait for the platform: our own answer must be out before the function times out."""


@dataclass
class Account:
    """One of our accounts during a push."""

    channel: Channel
    token: str | None = field(repr=False)
    new: dict[str, Mention] = field(default_factory=dict)
    """Its mentions in this push, by the platform's id, so that one listed twice counts once."""
    halted: bool = False
    """The platform refuses further requests about the account for now."""
    read: bool = False
    """One of its mentions was read in this push, so the permission to read mentions is there."""


@dataclass
class Taken:
    """The outcome of a push."""

    outcomes: Counter[str] = field(default_factory=Counter)
    """How many mentions had each outcome."""
    faults: Counter[str] = field(default_factory=Counter)
    """Why mentions must be sent again, and how many."""
    unreadable: Counter[str] = field(default_factory=Counter)
    """Why mentions were put aside, and how many."""
    quarantined: int = 0
    """How many of them this push put into the quarantine; the others were there already."""


@dataclass(frozen=True)
class Push:
    """Takes the mentions of one push."""

    posts: PostStore
    graph: Graph
    app_secret: str = field(repr=False)
    now: Callable[[], datetime]
    until: datetime
    taken: Taken = field(default_factory=Taken)

    def take(self, push: Mapping[str, Any], accounts: Mapping[str, Account]) -> Taken:
        """Store the mentions that can be read, and put aside those that never can be.

        `accounts` are ours, by the platform's id; mentions of other accounts are only counted.

        Raises:
            ClientError: when the table refuses.
        """
        for number, value in mentions_in(push):
            account = accounts.get(number)
            if account is None:
                self.taken.outcomes["foreign"] += 1
                continue
            try:
                mention = mention_of(number, value)
                account.new[mention.native_id] = mention
            except UnreadableError as error:
                self._put_aside(error, None, account)
        self._fetch([(account, mention) for account in accounts.values() for mention in self._unknown(account)])
        return self.taken

    def _unknown(self, account: Account) -> list[Mention]:
        """Return the account's mentions that are neither stored nor put aside."""
        mentions = list(account.new.values())
        known = self.posts.known(account.channel.id, [each.key for each in mentions]) if mentions else set()
        self.taken.outcomes["known"] += len(known)
        return [each for each in mentions if each.key not in known]

    def _fetch(self, wanted: list[tuple[Account, Mention]]) -> None:
        if not wanted:
            return
        # Another order each time: slow mentions at the front would block the others in every repetition.
        random.shuffle(wanted)
        refused = []
        with ThreadPoolExecutor(min(AT_ONCE, len(wanted))) as pool:
            fetching = [(pool.submit(self._take, *each), *each) for each in wanted]
            for future, account, mention in fetching:
                try:
                    self.taken.outcomes[future.result()] += 1
                except UnreadableError as error:
                    self._put_aside(error, mention, account)
                except NotPermittedError as error:
                    refused.append((str(error), account, mention))
                except ChannelError as error:
                    self.taken.faults[str(error)] += 1
        for fault, account, mention in refused:
            if account.read:
                self._put_aside(UnreadableError(f"refused with {fault}"), mention, account)
            else:
                self.taken.faults[fault] += 1

    def _take(self, account: Account, mention: Mention) -> str:
        """Fetch and store one mention, and return its outcome."""
        if account.token is None:
            raise CredentialError("the token is missing")
        if account.halted:
            raise StoppedError("halted")
        try:
            answer = self.graph.mention(
                mention, account.token, app_secret=self.app_secret, budget=self._budget(), now=self.now()
            )
        except (CredentialError, ThrottledError):
            # Further requests for this account would fail too, and asking may make a block longer.
            account.halted = True
            raise
        account.read = True
        post = mention_post(answer, mention, account.channel, self.now())
        if post is None:
            return "own"
        return "accepted" if self.posts.add(post) else "duplicate"

    def _budget(self) -> TimeBudget:
        """Return the time until the push must be answered."""
        return TimeBudget(lambda: self.now().timestamp(), self.until.timestamp())

    def _put_aside(self, error: UnreadableError, mention: Mention | None, account: Account) -> None:
        self.taken.unreadable[str(error)] += 1
        rejected = put_aside(error, mention, account.channel)
        self.taken.quarantined += self.posts.quarantine(rejected, self.now())
