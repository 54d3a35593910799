"""Ids and links that look like the platform's own, always the same for the same source id."""

import base64
import hashlib


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
    """17 digits, the same for a name wherever it writes on one channel kind."""
    return f"245{_digits(f'{kind}:person:{name}', 14)}"


def photo(native_id: str) -> str:
    """The photo's own object id."""
    return f"1221{_digits(f'photo:{native_id}', 11)}"


def page_post_permalink(page_id: str, post_id: str) -> str:
    """The link of a post on the Page."""
    return f"https://www.facebook.com/{page_id}/posts/{_last_part(post_id)}"


def page_comment_permalink(post_permalink: str, comment_id: str, above: str | None) -> str:
    """The link of a comment; a reply's names the comment above it as well."""
    if above is None:
        return f"{post_permalink}/?comment_id={_last_part(comment_id)}"
    return f"{post_permalink}/?comment_id={_last_part(above)}&reply_comment_id={_last_part(comment_id)}"


def instagram_permalink(media_id: str) -> str:
    """The link of a media, with a short code of 11 characters."""
    short_code = base64.urlsafe_b64encode(_digest(media_id)).decode()[:9]
    return f"https://www.instagram.com/p/DA{short_code}/"


def _last_part(native_id: str) -> str:
    return native_id.rpartition("_")[2]


def _digits(seed: str, count: int) -> str:
    return str(int.from_bytes(_digest(seed)) % 10**count).zfill(count)


def _digest(seed: str) -> bytes:
    return hashlib.sha256(seed.encode()).digest()
