"""Decides whether a post's link may be a button in an official mail: only if it leads to the post's own channel."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from aduan.web_address import as_read, public_address

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from aduan.directory import Channel, Directory

_HOSTS: Final[Mapping[str, tuple[str, ...]]] = {
    "facebook_page": ("facebook.com",),
    "instagram": ("instagram.com",),
    "telegram_relay": ("t.me",),
    "x": ("x.com", "twitter.com"),
    "youtube": ("youtube.com", "youtu.be"),
}
"""The hosts of each kind's own posts. Feeds and partners name theirs in the channel's parameters."""
_SUBDOMAINS: Final = frozenset({"", "www.", "m.", "web.", "mobile."})
"""What may stand before such a host. ``l.`` and ``lm.`` redirect to wherever a link says."""
_ELSEWHERE: Final = re.compile(
    r"https?:|//|/(?:l|lm)\.php|/(?:redirect|attribution_link|flx|share|sharer|dialog|intent|login|plugins|oauth)\b"
    r"|/accounts/|/joinchat|/\+|/add(?:list|stickers|emoji|theme)|/(?:proxy|socks|confirmphone|setlanguage|invoice|iv)\b",
    re.IGNORECASE,
)
"""Parts of an address that redirect, invite or ask to sign in, instead of showing a post."""


def source_link(permalink: str, channel: str, directory: Directory) -> str:
    """Return a post's link if it leads to its own channel and shows something there; empty otherwise.

    Args:
        permalink: The link as it was stored.
        channel: Id of the post's channel.
        directory: Knows the channel and its addresses.
    """
    address = urlsplit(public_address(permalink))
    known = next((each for each in directory.channels if each.id == channel), None)
    if known is None:
        return ""
    behind = as_read(f"{address.path}?{address.query}#{address.fragment}")
    if _ELSEWHERE.search(behind) or not any(_is_on(address.hostname or "", host) for host in _hosts_of(known)):
        return ""
    return address.geturl()


def _hosts_of(channel: Channel) -> Iterator[str]:
    yield from _HOSTS.get(channel.kind, ())
    for name in ("url", "address", "group_url"):
        host = urlsplit(str(channel.parameters.get(name) or "")).hostname
        if host:
            yield host.removeprefix("www.")


def _is_on(host: str, own: str) -> bool:
    return host.endswith(own) and host.removesuffix(own) in _SUBDOMAINS
