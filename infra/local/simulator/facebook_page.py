"""The objects of a Facebook Page: the Page, its posts, and their comments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from infra.local.simulator import native_ids, paging
from infra.local.simulator.nodes import Edge, NodeType, Options, Plain, Reference, Shape, Subject, timestamp
from infra.local.simulator.world import Account, Entry, Role, World


def _author(entry: Entry) -> dict[str, str] | None:
    return {"id": entry.author.native_id, "name": entry.author.name} if entry.author else None


def _photo(entry: Entry) -> dict[str, Any] | None:
    if not entry.draft.has_photo:
        return None
    photo_id = native_ids.photo(entry.native_id)
    link = f"https://www.facebook.com/photo.php?fbid={photo_id}"
    image = {"height": 720, "src": _picture(entry), "width": 540}
    return {"media": {"image": image}, "target": {"id": photo_id, "url": link}, "type": "photo", "url": link}


def _picture(entry: Entry) -> str | None:
    if not entry.draft.has_photo:
        return None
    return f"https://scontent.example.fbcdn.net/v/t39/{native_ids.photo(entry.native_id)}.jpg?oe=6A1B2C3D"


def _attachments(entry: Entry) -> dict[str, Any] | None:
    photo = _photo(entry)
    return {"data": [{"media_type": "photo", **photo}]} if photo else None


def _status_type(entry: Entry) -> str:
    if not entry.draft.by_county:
        return "wall_post"
    return "added_photos" if entry.draft.has_photo else "mobile_status_update"


def _nothing(_entry: Entry) -> None:
    """Return None for a documented field that nothing in this world fills."""


def _feed(world: World, page: Subject, _options: Options) -> Sequence[Entry]:
    return world.roots(page, Role.COUNTY_POST, Role.VISITOR_POST) if isinstance(page, Account) else []


def _comments(_world: World, above: Subject, options: Options) -> Sequence[Entry]:
    if isinstance(above, Account):
        return ()
    return list(above.descendants()) if options.get("filter") == "stream" else above.children


_PERSON: Shape = {"id": None, "name": None}
_PHOTO: Shape = {
    "media": {"image": {"src": None, "height": None, "width": None}, "source": None},
    "target": {"id": None, "url": None},
    "type": None,
    "url": None,
    "title": None,
    "description": None,
}
_ATTACHMENT: Shape = {**_PHOTO, "media_type": None, "unshimmed_url": None, "subattachments": _PHOTO}
_MESSAGE_TAG: Shape = {"id": None, "name": None, "type": None, "offset": None, "length": None}

_COMMENTS = Edge(
    node="Comment",
    items=_comments,
    paging=paging.page_comments_paging,
    largest_page=100,
    newest_first=False,
    has_summary=True,
    allowed={"filter": ("toplevel", "stream"), "order": ("chronological", "reverse_chronological")},
)

PAGE = NodeType(
    name="Page",
    placeholder="page-id",
    usual=("name", "id"),
    fields={
        "id": Plain(lambda page: page.account),
        "name": Plain(lambda page: page.label),
        "feed": Edge("Post", _feed, paging.feed_paging, largest_page=100),
    },
)

POST = NodeType(
    name="Post",
    placeholder="post-id",
    usual=("created_time", "message", "story", "id"),
    fields={
        "id": Plain(lambda post: post.native_id),
        "message": Plain(lambda post: post.text or None),
        "story": Plain(_nothing),
        "created_time": Plain(lambda post: timestamp(post.created_at)),
        "updated_time": Plain(lambda post: timestamp(post.updated_at)),
        "from": Plain(_author, _PERSON),
        "permalink_url": Plain(lambda post: post.permalink),
        "status_type": Plain(_status_type),
        "parent_id": Plain(_nothing),
        "is_published": Plain(lambda _: True),
        "is_hidden": Plain(lambda _: False),
        "message_tags": Plain(_nothing, _MESSAGE_TAG),
        "attachments": Plain(_attachments, _ATTACHMENT),
        "full_picture": Plain(_picture),
        "comments": _COMMENTS,
    },
)

COMMENT = NodeType(
    name="Comment",
    placeholder="comment-id",
    usual=("created_time", "from", "message", "id"),
    fields={
        "id": Plain(lambda comment: comment.native_id),
        "message": Plain(lambda comment: comment.text),  # empty, not absent, when the comment is only a photo
        "created_time": Plain(lambda comment: timestamp(comment.created_at)),
        "from": Plain(_author, _PERSON),
        "parent": Reference("Comment", lambda comment: comment.parent if comment.role is Role.REPLY else None),
        "permalink_url": Plain(lambda comment: comment.permalink),
        "comment_count": Plain(lambda comment: len(comment.children)),
        "like_count": Plain(lambda _: 0),
        "is_hidden": Plain(lambda _: False),
        "attachment": Plain(_photo, _PHOTO),
        "message_tags": Plain(_nothing, _MESSAGE_TAG),
        "comments": _COMMENTS,
    },
)
