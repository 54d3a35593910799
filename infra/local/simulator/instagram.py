"""The objects of an Instagram professional account: the user, media, and their comments."""

from __future__ import annotations

from collections.abc import Sequence

from infra.local.simulator import errors, paging
from infra.local.simulator.nodes import Edge, NodeType, Options, Plain, Reference, Shape, Subject, timestamp
from infra.local.simulator.world import Account, Entry, Role, World


def _author(entry: Entry) -> dict[str, str] | None:
    return {"id": entry.author.native_id, "username": entry.author.name} if entry.author else None


def _own_author(entry: Entry) -> dict[str, str] | None:
    return _author(entry) if entry.draft.by_county else None


def _username(entry: Entry) -> str | None:
    return entry.author.name if entry.author else None


def _parent_id(entry: Entry) -> str | None:
    return entry.parent.native_id if entry.parent and entry.role is Role.REPLY else None


def _nothing(_entry: Entry) -> None:
    """Return None for a documented field that nothing in this world fills."""


def _media(world: World, account: Subject, options: Options) -> Sequence[Entry]:
    media = world.roots(account, Role.COUNTY_POST) if isinstance(account, Account) else []
    since, until = _unix_time(options, "since"), _unix_time(options, "until")
    if since is not None:
        media = [each for each in media if each.created_at.timestamp() >= since]
    if until is not None:
        media = [each for each in media if each.created_at.timestamp() <= until]
    return media


def _unix_time(options: Options, name: str) -> int | None:
    text = options.get(name)
    if text is None:
        return None
    if not text.isdecimal():
        raise errors.bad_parameter(f"Param {name} must be a unix timestamp")
    return int(text)


def _tags(world: World, account: Subject, _options: Options) -> Sequence[Entry]:
    return world.roots(account, Role.TAG) if isinstance(account, Account) else []


def _children(_world: World, above: Subject, _options: Options) -> Sequence[Entry]:
    return () if isinstance(above, Account) else above.children


_PERSON: Shape = {"id": None, "username": None}

USER = NodeType(
    name="IGUser",
    placeholder="ig-user-id",
    usual=("id",),
    fields={
        "id": Plain(lambda user: user.account),
        "username": Plain(lambda user: user.label),
        "media": Edge("IGMedia", _media, paging.media_paging, largest_page=100),
        "tags": Edge("IGMedia", _tags, paging.tags_paging, largest_page=100),
    },
)

MEDIA = NodeType(
    name="IGMedia",
    placeholder="media-id",
    usual=("id",),
    fields={
        "id": Plain(lambda media: media.native_id),
        "caption": Plain(lambda media: media.text or None),
        "media_type": Plain(lambda _: "IMAGE"),
        "media_product_type": Plain(lambda _: "FEED"),
        "media_url": Plain(lambda media: f"https://scontent.cdninstagram.com/v/{media.native_id}.jpg"),
        "thumbnail_url": Plain(_nothing),  # only videos have one
        "permalink": Plain(lambda media: media.permalink),
        "timestamp": Plain(lambda media: timestamp(media.created_at)),
        "username": Plain(_username),
        "like_count": Plain(lambda _: 0),
        "comments_count": Plain(lambda media: sum(1 for _ in media.descendants())),
        "comments": Edge("IGComment", _children, paging.instagram_comments_paging, largest_page=50),
    },
)

COMMENT = NodeType(
    name="IGComment",
    placeholder="comment-id",
    usual=("timestamp", "text", "id"),
    fields={
        "id": Plain(lambda comment: comment.native_id),
        "text": Plain(lambda comment: comment.text),
        "timestamp": Plain(lambda comment: timestamp(comment.created_at)),
        "username": Plain(_username),
        "from": Plain(_author, _PERSON),
        "user": Plain(_own_author, _PERSON),
        "parent_id": Plain(_parent_id),
        "hidden": Plain(lambda _: False),
        "like_count": Plain(lambda _: 0),
        "media": Reference("IGMedia", lambda comment: comment.root),
        "replies": Edge("IGComment", _children, paging.instagram_comments_paging, largest_page=50, newest_first=False),
    },
)
