"""How a mail names its notice in SES's tags, which come back in every event about the mail.

A tag takes ASCII letters, digits, dash and underscore, and 256 of them. Every other character is written as its bytes,
an underscore and two hexadecimal digits each: ``dishub#email`` becomes ``dishub_23email``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

SUBJECT: Final = "subject"
"""Tag of what the notice is about."""
NOTICE: Final = "notice"
"""Tag of the notice's own key."""
TOGETHER: Final = 20
"""As many tickets as their codes have room for in one tag; also as many as somebody reads in one mail."""

_ESCAPED: Final = re.compile(rb"_([0-9A-F]{2})")
_PLAIN: Final = re.compile(r"[A-Za-z0-9-]")


def together(codes: Sequence[str]) -> str:
    """Write the codes of several tickets as one subject: ``SLM-4K7P2M--SLM-9Q2XWA``. No code has two dashes."""
    return _BETWEEN.join(codes)


def apart(subject: str) -> list[str]:
    """Return the subjects that one stands for: the tickets of a digest; itself when it is another's."""
    return subject.split(_BETWEEN) if subject.startswith(_TICKET) else [subject]


_BETWEEN: Final = "--"
_TICKET: Final = "SLM-"


def tags(subject: str, key: str) -> dict[str, str]:
    """Write the tags of a notice's mail."""
    return {SUBJECT: _escaped(subject), NOTICE: _escaped(key)}


def tagged(tags: Mapping[str, Sequence[str]]) -> tuple[str, str] | None:
    """Read the subject and the key of a notice from an event's tags; None when the mail was not about a notice."""
    if not tags.get(SUBJECT) or not tags.get(NOTICE):
        return None
    return _unescaped(tags[SUBJECT][0]), _unescaped(tags[NOTICE][0])


def _escaped(name: str) -> str:
    return "".join(
        letter if _PLAIN.fullmatch(letter) else "".join(f"_{byte:02X}" for byte in letter.encode()) for letter in name
    )


def _unescaped(value: str) -> str:
    return _ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), value.encode()).decode()
