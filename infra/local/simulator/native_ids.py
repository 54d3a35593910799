"""Ids and links that look like the platforms' own, always the same for the same source id."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Final

MODERATOR: Final = "710000001"
"""The moderator who passes posts on to a bot that has none configured."""

_FIRST_MESSAGE: Final = 412
_X_EPOCH_MS: Final = 1288834974657
_X_SEQUENCE_BITS: Final = 22


def page_post(page_id: str, seed: str) -> str:
    """`{page-id}_{post part of 15 digits}`."""
    return f"{page_id}_1221{_digits(seed, 11)}"


def page_comment(post_id: str, seed: str) -> str:
    """`{post part}_{comment part}`: the prefix is the post's part, not the Page's."""
    return f"{_last_part(post_id)}_13{_digits(seed, 14)}"


def instagram_media(seed: str) -> str:
    """17 digits."""
    return f"179{_digits(seed, 14)}"


def instagram_comment(seed: str) -> str:
    """17 digits."""
    return f"180{_digits(seed, 14)}"


def person(kind: str, name: str) -> str:
    """Return a person's id, the same wherever they write on one channel kind: 17 digits, or a channel id on YouTube."""
    if kind == "youtube":
        return youtube_channel(name)
    return f"245{_digits(f'{kind}:person:{name}', 14)}"


def photo(native_id: str) -> str:
    """The object id of a post's photo."""
    return f"1221{_digits(f'photo:{native_id}', 11)}"


def page_post_permalink(page_id: str, post_id: str) -> str:
    """The link of a post on the Page."""
    return f"https://www.facebook.com/{page_id}/posts/{_last_part(post_id)}"


def page_comment_permalink(post_permalink: str, comment_id: str, above: str | None) -> str:
    """The link of a comment; a reply's link also names the comment above it."""
    if above is None:
        return f"{post_permalink}/?comment_id={_last_part(comment_id)}"
    return f"{post_permalink}/?comment_id={_last_part(above)}&reply_comment_id={_last_part(comment_id)}"


def instagram_permalink(media_id: str) -> str:
    """The link of a media, with a short code of 11 characters."""
    short_code = base64.urlsafe_b64encode(_digest(media_id)).decode()[:9]
    return f"https://www.instagram.com/p/DA{short_code}/"


def telegram_message(chat_id: str, number: int) -> str:
    """`{chat}:{message}`, for the `number`-th message of the chat."""
    return f"{chat_id}:{telegram_number(number)}"


def telegram_album(chat_id: str, number: int) -> str:
    """`{chat}:album.{group}`, for several messages that are one post."""
    return f"{chat_id}:album.{telegram_group(number)}"


def telegram_number(number: int) -> int:
    """The number of a chat's `number`-th message."""
    return _FIRST_MESSAGE + number


def telegram_group(number: int) -> str:
    """The `media_group_id` of an album whose first message has this number."""
    return f"139{_digits(f'album:{number}', 14)}"


def x_post(created_at: datetime, seed: str) -> str:
    """19 digits that start with the time, so that younger posts have greater ids."""
    return str(x_first_id(created_at) + int(_digits(seed, 18)) % (1 << _X_SEQUENCE_BITS))


def x_first_id(moment: datetime) -> int:
    """The smallest id that a post of this moment can have."""
    milliseconds = int(moment.timestamp()) * 1000
    return (milliseconds - _X_EPOCH_MS) << _X_SEQUENCE_BITS


def youtube_video(seed: str) -> str:
    """11 characters."""
    return _letters(seed, 11)


def youtube_comment(above: str | None, seed: str) -> str:
    """26 characters; a reply's id starts with the id of the comment above it."""
    if above is None:
        return f"Ugz{_letters(seed, 16)}4AaABAg"
    return f"{above}.A{_letters(seed, 21)}"


def youtube_channel(name: str) -> str:
    """The `UC…` channel id of the person who comments under this name."""
    return f"UC{_letters(f'youtube:person:{name}', 22)}"


def feed_item(channel: str, seed: str) -> str:
    """`{channel}:{guid}`: the guid is no address, and the channel's name is needed as each feed numbers its own items.

    The guid does not begin like a telephone number, because such a name would be stored as its digest.
    """
    return f"{channel}:4{_digits(seed, 7)}"


def one_of(choices: Sequence[str], seed: str) -> str:
    """Return one of the choices, always the same for the same seed."""
    return choices[int(_digits(seed, 6)) % len(choices)]


def _letters(seed: str, count: int) -> str:
    return base64.urlsafe_b64encode(_digest(seed)).decode()[:count]


def _last_part(native_id: str) -> str:
    return native_id.rpartition("_")[2]


def _digits(seed: str, count: int) -> str:
    return str(int.from_bytes(_digest(seed)) % 10**count).zfill(count)


def _digest(seed: str) -> bytes:
    return hashlib.sha256(seed.encode()).digest()
