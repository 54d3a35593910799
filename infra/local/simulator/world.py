"""The county's accounts and everything written there, as plain data without HTTP or a clock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from infra.local.simulator import native_ids


class Kind(StrEnum):
    """The channel kinds that the simulator knows."""

    INSTAGRAM = "instagram"
    FACEBOOK_PAGE = "facebook_page"
    TELEGRAM_RELAY = "telegram_relay"
    X = "x"
    YOUTUBE = "youtube"
    RSS = "rss"


class Role(StrEnum):
    """Where a text stands: on an edge of its own, or beneath another text."""

    COUNTY_POST = "county_post"
    VISITOR_POST = "visitor_post"
    TAG = "tag"
    COMMENT = "comment"
    REPLY = "reply"
    FORWARD = "forward"
    MENTION = "mention"
    ITEM = "item"


_BENEATH: Final = frozenset({Role.COMMENT, Role.REPLY})
ROLES: Final[Mapping[Kind, frozenset[Role]]] = {
    Kind.INSTAGRAM: frozenset({Role.COUNTY_POST, Role.TAG, *_BENEATH}),
    Kind.FACEBOOK_PAGE: frozenset({Role.COUNTY_POST, Role.VISITOR_POST, *_BENEATH}),
    Kind.TELEGRAM_RELAY: frozenset({Role.FORWARD}),
    Kind.X: frozenset({Role.COUNTY_POST, Role.MENTION}),
    Kind.YOUTUBE: frozenset({Role.COUNTY_POST, *_BENEATH}),
    Kind.RSS: frozenset({Role.ITEM}),
}
"""The roles that texts can have on each channel kind."""


class WorldError(ValueError):
    """A post that could not exist on the real channel."""


@dataclass(frozen=True)
class Account:
    """One account of the county; `label` is its handle, or its name where the platform has no handles."""

    kind: Kind
    account: str
    label: str
    token: str = field(repr=False)
    moderators: tuple[str, ...] = ()
    """Ids of the moderators, where posts arrive only because moderators forward them."""
    feed: str = ""
    """The path of the feed, with its leading slash."""
    channel: str = ""
    """The county's name for the channel, where that is part of a post's id."""

    @property
    def names(self) -> frozenset[str]:
        """The names by which a post may refer to the account."""
        return frozenset({self.account, self.label})


@dataclass(frozen=True)
class Person:
    """The author of a text, as the channel shows them."""

    native_id: str
    name: str


@dataclass(frozen=True)
class Draft:
    """A text before the channel gives it an id; `parent` is a source id or a native id."""

    source_id: str
    kind: Kind
    role: Role
    parent: str | None
    author: str | None
    text: str
    has_photo: bool
    created_at: datetime
    by_county: bool = False
    origin: str = "this post"  # names the file and line in an error
    account: str | None = None  # an id or label; None means the first account of the kind
    photos: int = 1  # how many photos, if `has_photo`


@dataclass(eq=False)
class Entry:
    """A text as it stands on the channel."""

    native_id: str
    permalink: str
    number: int
    """How many messages the account had before this one."""
    account: Account
    draft: Draft
    author: Person | None
    parent: Entry | None
    text: str
    updated_at: datetime
    children: list[Entry] = field(default_factory=list)
    edits: list[datetime] = field(default_factory=list)

    @property
    def kind(self) -> Kind:
        """The channel kind that the text was written on."""
        return self.draft.kind

    @property
    def role(self) -> Role:
        """The text's role: where it stands."""
        return self.draft.role

    @property
    def created_at(self) -> datetime:
        """The time it was written."""
        return self.draft.created_at

    @property
    def root(self) -> Entry:
        """The post, media or tag at the top of the thread; the entry itself when it stands alone."""
        return self.parent.root if self.parent else self

    def descendants(self) -> Iterator[Entry]:
        """Yield every comment and reply beneath the entry."""
        for child in self.children:
            yield child
            yield from child.descendants()


@dataclass(frozen=True)
class Change:
    """A text that was written or edited, as it read at that moment."""

    entry: Entry
    text: str
    at: datetime
    is_edit: bool


class World:
    """All entries of all accounts.

    Args:
        accounts: The county's accounts. A post that names none belongs to the first of its kind.

    Raises:
        WorldError: Two accounts of a kind are the same.
    """

    def __init__(self, accounts: Sequence[Account]) -> None:
        self.accounts = tuple(accounts)
        self.left_out: Counter[Kind] = Counter()
        """How many posts of a file were left out because the county has no account of their kind."""
        self.changes: list[Change] = []
        """Every text as it was written or edited, in that order; deletions remove nothing from it."""
        self._accounts_of: dict[Kind, list[Account]] = {}
        for account in accounts:
            of_kind = self._accounts_of.setdefault(account.kind, [])
            if any(account.account == other.account for other in of_kind):
                raise WorldError(f"the {account.kind} account {account.account!r} is there twice")
            of_kind.append(account)
        self._entries: dict[str, Entry] = {}
        self._by_source: dict[str, Entry] = {}
        self._roots: dict[Account, list[Entry]] = {account: [] for account in accounts}
        self._messages: Counter[Account] = Counter()

    def account_of(self, kind: Kind, named: str | None = None) -> Account:
        """Return the county's account of this kind with this id or label; the first one if none is named.

        Raises:
            WorldError: The county has no such account.
        """
        of_kind = self._accounts_of.get(kind, [])
        for account in of_kind:
            if named is None or named in account.names:
                return account
        raise WorldError(f"the county has no {kind} account" + (f" {named!r}" if named and of_kind else ""))

    def find(self, any_id: str) -> Entry | None:
        """Return the entry with this native id or source id; None if there is none or it was deleted."""
        return self._entries.get(any_id) or self._by_source.get(any_id)

    def find_native(self, native_id: str) -> Entry | None:
        """Return the entry with this native id; the Graph API itself understands no other ids."""
        return self._entries.get(native_id)

    def roots(self, account: Account, *roles: Role) -> list[Entry]:
        """Return the entries of an account that have these roles and stand beneath no other, in no promised order."""
        return [entry for entry in self._roots.get(account, ()) if entry.role in roles]

    def citizen_posts(self) -> list[Entry]:
        """Return every text by somebody other than the county, in the order of arrival."""
        return [entry for entry in self._entries.values() if not entry.draft.by_county]

    def add(self, draft: Draft) -> Entry:
        """Add a text to the channel; the `updated_at` of its post moves on as the real one does.

        Raises:
            WorldError: The text could not stand there (its parent is missing or of the wrong sort, …).
        """
        parent = self._parent_for(draft)
        account = parent.account if parent else self.account_of(draft.kind, draft.account)
        if draft.by_county and parent and parent.role is Role.COMMENT:
            draft = replace(draft, role=Role.REPLY)  # the input need not know the difference
        self._refuse_impossible(draft, parent)
        native_id = self._free_native_id(draft, account, parent)
        entry = Entry(
            native_id=native_id,
            permalink=_permalink(native_id, draft, account, parent),
            number=self._messages[account],
            account=account,
            draft=draft,
            author=_author(draft, account),
            parent=parent,
            text=draft.text,
            updated_at=draft.created_at,
        )
        self._entries[native_id] = entry
        self._by_source[draft.source_id] = entry
        if parent is None:
            self._roots[account].append(entry)
        else:
            parent.children.append(entry)
            entry.root.updated_at = max(entry.root.updated_at, draft.created_at)
        self._messages[account] += draft.photos if draft.has_photo else 1
        self.changes.append(Change(entry, entry.text, entry.created_at, is_edit=False))
        return entry

    def edit(self, native_id: str, text: str, now: datetime) -> None:
        """Change a text as its author would; not every channel shows that it was edited.

        Raises:
            WorldError: There is no such entry.
        """
        entry = self._existing(native_id)
        entry.text = text
        entry.updated_at = max(entry.updated_at, now)
        entry.edits.append(now)
        self.changes.append(Change(entry, text, now, is_edit=True))

    def delete(self, native_id: str) -> None:
        """Remove a text and everything beneath it from the channel.

        Raises:
            WorldError: There is no such entry.
        """
        entry = self._existing(native_id)
        siblings = entry.parent.children if entry.parent else self._roots[entry.account]
        siblings.remove(entry)
        for gone in (entry, *entry.descendants()):
            del self._entries[gone.native_id]
            del self._by_source[gone.draft.source_id]

    def _existing(self, native_id: str) -> Entry:
        entry = self._entries.get(native_id)
        if entry is None:
            raise WorldError(f"there is no post {native_id!r}")
        return entry

    def _parent_for(self, draft: Draft) -> Entry | None:
        if draft.role not in _BENEATH:
            if draft.parent is not None:
                raise WorldError(f"a {draft.role} stands alone, but a parent {draft.parent!r} is given")
            return None
        parent = self.find(draft.parent) if draft.parent is not None else None
        if parent is None:
            account = self.account_of(draft.kind, draft.account)
            known = ", ".join(post.draft.source_id for post in self.roots(account, Role.COUNTY_POST))
            raise WorldError(
                f"a {draft.role} needs an existing parent, not {draft.parent!r}; the county's own posts are: {known}"
            )
        # All platforms keep one level of replies: an answer to a reply is filed under the comment above it.
        if parent.role is Role.REPLY and (draft.role is Role.REPLY or draft.by_county):
            return parent.parent
        return parent

    def _refuse_impossible(self, draft: Draft, parent: Entry | None) -> None:
        if draft.source_id in self._by_source:
            raise WorldError(f"the id {draft.source_id!r} is taken")
        if draft.role not in ROLES[draft.kind]:
            raise WorldError(f"there is no {draft.role} on {draft.kind}")
        if not draft.text and not draft.has_photo:
            raise WorldError("it has neither text nor photo")
        if parent is None:
            return
        above = (Role.COUNTY_POST, Role.VISITOR_POST) if draft.role is Role.COMMENT else (Role.COMMENT,)
        if parent.role not in above or parent.kind is not draft.kind:
            raise WorldError(
                f"a {draft.role} on {draft.kind} cannot hang under {draft.parent!r}, a {parent.role} on {parent.kind}"
            )
        if draft.created_at < parent.created_at:
            raise WorldError(f"it is older than {draft.parent!r}, which it answers")

    def _free_native_id(self, draft: Draft, account: Account, parent: Entry | None) -> str:
        if draft.kind is Kind.TELEGRAM_RELAY:
            chat, number = _moderator(draft, account), self._messages[account]
            album = draft.has_photo and draft.photos > 1
            return native_ids.telegram_album(chat, number) if album else native_ids.telegram_message(chat, number)
        seed = f"{draft.kind}:{draft.source_id}"
        while (native_id := _native_id(seed, draft, account, parent)) in self._entries:
            seed += "+"
        return native_id


def populate(accounts: Sequence[Account], drafts: Iterable[Draft]) -> World:
    """Build a world from drafts in any order, adding parents before their answers.

    Raises:
        WorldError: A draft could not exist; the message starts with its origin.
    """
    world = World(accounts)
    waiting = list(drafts)
    while waiting:
        ready = [d for d in waiting if d.parent is None or world.find(d.parent)]
        # If no draft's parent is there, add them anyway: the first one raises the error that names it.
        for draft in ready or waiting:
            try:
                world.add(draft)
            except WorldError as error:
                raise WorldError(f"{draft.origin}: {error}") from error
        added = {id(draft) for draft in ready}
        waiting = [d for d in waiting if id(d) not in added]
    return world


def _author(draft: Draft, account: Account) -> Person | None:
    if draft.by_county:
        return Person(account.account, account.label)
    if draft.author is None:
        return None
    return Person(native_ids.person(draft.kind, draft.author), draft.author)


def _moderator(draft: Draft, account: Account) -> str:
    return native_ids.one_of(account.moderators or (native_ids.MODERATOR,), draft.source_id)


def _native_id(seed: str, draft: Draft, account: Account, parent: Entry | None) -> str:
    if draft.kind is Kind.INSTAGRAM:
        return native_ids.instagram_comment(seed) if parent else native_ids.instagram_media(seed)
    if draft.kind is Kind.X:
        return native_ids.x_post(draft.created_at, seed)
    if draft.kind is Kind.RSS:
        return native_ids.feed_item(account.channel, seed)
    if draft.kind is Kind.FACEBOOK_PAGE:
        above = parent.root.native_id if parent else None
        return native_ids.page_comment(above, seed) if above else native_ids.page_post(account.account, seed)
    above = parent.native_id if parent and parent.role is Role.COMMENT else None
    return native_ids.youtube_comment(above, seed) if parent else native_ids.youtube_video(seed)


def _permalink(native_id: str, draft: Draft, account: Account, parent: Entry | None) -> str:
    if draft.kind is Kind.INSTAGRAM:
        # Instagram gives comments no link of their own, so the media's link is used.
        return parent.root.permalink if parent else native_ids.instagram_permalink(native_id)
    if draft.kind is Kind.FACEBOOK_PAGE and parent:
        above = parent.native_id if parent.role is Role.COMMENT else None
        return native_ids.page_comment_permalink(parent.root.permalink, native_id, above)
    links = {
        Kind.FACEBOOK_PAGE: native_ids.page_post_permalink(account.account, native_id),
        Kind.TELEGRAM_RELAY: "",  # a private chat has no links
        Kind.X: f"https://x.com/i/status/{native_id}",
        Kind.YOUTUBE: f"{parent.root.permalink}&lc={native_id}"
        if parent
        else f"https://www.youtube.com/watch?v={native_id}",
        Kind.RSS: f"https://{account.channel}.example/{native_id.rpartition(':')[2]}",
    }
    return links[draft.kind]
