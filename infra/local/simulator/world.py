"""The county's accounts and everything written there: plain data, no HTTP and no clock."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from infra.local.simulator import native_ids


class Kind(StrEnum):
    """The channel kinds that the simulator knows."""

    INSTAGRAM = "instagram"
    FACEBOOK_PAGE = "facebook_page"


class Role(StrEnum):
    """Where a text stands: on an edge of its own, or beneath another one."""

    COUNTY_POST = "county_post"
    VISITOR_POST = "visitor_post"
    TAG = "tag"
    COMMENT = "comment"
    REPLY = "reply"


class WorldError(ValueError):
    """A post that could not exist on the real channel."""


@dataclass(frozen=True)
class Account:
    """One account of the county; `label` is its handle on Instagram, its name on Facebook."""

    kind: Kind
    account: str
    label: str
    token: str = field(repr=False)


@dataclass(frozen=True)
class Person:
    """Whoever wrote a text, as the channel shows them."""

    native_id: str
    name: str


@dataclass(frozen=True)
class Draft:
    """A text before the channel gave it an id; `parent` is a source id or a native id."""

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


@dataclass(eq=False)
class Entry:
    """A text as it stands on the channel."""

    native_id: str
    permalink: str
    draft: Draft
    author: Person | None
    parent: "Entry | None"
    text: str
    updated_at: datetime
    children: list["Entry"] = field(default_factory=list)

    @property
    def kind(self) -> Kind:
        """The channel kind it was written on."""
        return self.draft.kind

    @property
    def role(self) -> Role:
        """Where it stands."""
        return self.draft.role

    @property
    def created_at(self) -> datetime:
        """When it was written."""
        return self.draft.created_at

    @property
    def root(self) -> "Entry":
        """The post, media or tag that it hangs under; itself when it hangs under none."""
        return self.parent.root if self.parent else self

    def descendants(self) -> Iterator["Entry"]:
        """Every comment and reply beneath it."""
        for child in self.children:
            yield child
            yield from child.descendants()


class World:
    """All entries of one account per kind.

    Args:
        accounts: The county's accounts, at most one of each kind.

    Raises:
        WorldError: Two accounts share a kind, so a post could not be placed.
    """

    def __init__(self, accounts: Sequence[Account]) -> None:
        self.accounts = tuple(accounts)
        self._account_of = {account.kind: account for account in accounts}
        if len(self._account_of) < len(self.accounts):
            raise WorldError("there may be one account of each kind only")
        self._entries: dict[str, Entry] = {}
        self._by_source: dict[str, Entry] = {}
        self._roots: dict[Kind, list[Entry]] = {kind: [] for kind in Kind}

    def account_of(self, kind: Kind) -> Account:
        """The county's account of this kind.

        Raises:
            WorldError: The county has none.
        """
        if kind not in self._account_of:
            raise WorldError(f"the county has no {kind} account")
        return self._account_of[kind]

    def find(self, any_id: str) -> Entry | None:
        """The entry with this native id or source id, unless it was deleted or never was."""
        return self._entries.get(any_id) or self._by_source.get(any_id)

    def find_native(self, native_id: str) -> Entry | None:
        """The entry with this native id: the only ids that the Graph API itself understands."""
        return self._entries.get(native_id)

    def roots(self, kind: Kind, *roles: Role) -> list[Entry]:
        """Posts, media or tags of these roles, in no promised order."""
        return [entry for entry in self._roots[kind] if entry.role in roles]

    def citizen_posts(self) -> list[Entry]:
        """Every text by somebody other than the county, in the order of arrival."""
        return [entry for entry in self._entries.values() if not entry.draft.by_county]

    def add(self, draft: Draft) -> Entry:
        """Put a text on the channel; its post's `updated_at` moves on as the real one does.

        Raises:
            WorldError: The text could not stand there (its parent is missing or of the wrong sort, …).
        """
        account = self.account_of(draft.kind)
        parent = self._parent_for(draft)
        if draft.by_county and parent and parent.role is Role.COMMENT:
            draft = replace(draft, role=Role.REPLY)  # whoever writes for the county need not know the difference
        self._refuse_impossible(draft, parent)
        native_id = self._free_native_id(draft, account, parent)
        entry = Entry(
            native_id=native_id,
            permalink=_permalink(native_id, draft, account, parent),
            draft=draft,
            author=_author(draft, account),
            parent=parent,
            text=draft.text,
            updated_at=draft.created_at,
        )
        self._entries[native_id] = entry
        self._by_source[draft.source_id] = entry
        if parent is None:
            self._roots[draft.kind].append(entry)
        else:
            parent.children.append(entry)
            entry.root.updated_at = max(entry.root.updated_at, draft.created_at)
        return entry

    def edit(self, native_id: str, text: str, now: datetime) -> None:
        """Change a text as its author would; only a Page's post shows that it was edited.

        Raises:
            WorldError: There is no such entry.
        """
        entry = self._existing(native_id)
        entry.text = text
        entry.updated_at = max(entry.updated_at, now)

    def delete(self, native_id: str) -> None:
        """Take a text and everything beneath it off the channel.

        Raises:
            WorldError: There is no such entry.
        """
        entry = self._existing(native_id)
        siblings = entry.parent.children if entry.parent else self._roots[entry.kind]
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
        if draft.role not in (Role.COMMENT, Role.REPLY):
            if draft.parent is not None:
                raise WorldError(f"a {draft.role} stands alone, but a parent {draft.parent!r} is given")
            return None
        parent = self.find(draft.parent) if draft.parent is not None else None
        if parent is None:
            known = ", ".join(post.draft.source_id for post in self.roots(draft.kind, Role.COUNTY_POST))
            raise WorldError(
                f"a {draft.role} needs an existing parent, not {draft.parent!r}; the county's own posts are: {known}"
            )
        # Both platforms keep one level of replies: an answer to a reply is filed under the comment above it.
        if parent.role is Role.REPLY and (draft.role is Role.REPLY or draft.by_county):
            return parent.parent
        return parent

    def _refuse_impossible(self, draft: Draft, parent: Entry | None) -> None:
        if draft.source_id in self._by_source:
            raise WorldError(f"the id {draft.source_id!r} is taken")
        home = {Role.TAG: Kind.INSTAGRAM, Role.VISITOR_POST: Kind.FACEBOOK_PAGE}.get(draft.role, draft.kind)
        if home is not draft.kind:
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
        seed = f"{draft.kind}:{draft.source_id}"
        while (native_id := _native_id(seed, draft, account, parent)) in self._entries:
            seed += "+"
        return native_id


def populate(accounts: Sequence[Account], drafts: Iterable[Draft]) -> World:
    """Build a world from drafts in any order, parents before those who answer them.

    Raises:
        WorldError: A draft could not exist; the message starts with its origin.
    """
    world = World(accounts)
    waiting = list(drafts)
    while waiting:
        ready = [d for d in waiting if d.parent is None or world.find(d.parent)]
        # Nobody's parent is there: add them all the same, for the error that names the first of them.
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


def _native_id(seed: str, draft: Draft, account: Account, parent: Entry | None) -> str:
    if draft.kind is Kind.INSTAGRAM:
        return native_ids.instagram_comment(seed) if parent else native_ids.instagram_media(seed)
    if parent:
        return native_ids.page_comment(parent.root.native_id, seed)
    return native_ids.page_post(account.account, seed)


def _permalink(native_id: str, draft: Draft, account: Account, parent: Entry | None) -> str:
    if draft.kind is Kind.INSTAGRAM:
        # Instagram gives comments no link of their own: one has to use the media's.
        return parent.root.permalink if parent else native_ids.instagram_permalink(native_id)
    if parent is None:
        return native_ids.page_post_permalink(account.account, native_id)
    above = parent.native_id if parent.role is Role.COMMENT else None
    return native_ids.page_comment_permalink(parent.root.permalink, native_id, above)
