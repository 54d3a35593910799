"""Finds mail addresses, also those that are written so that no program shall find them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from aduan.masks.form import Found

_AT: Final = re.compile(r"[ ]?(?:@|[\[({<][ ]?(?:at?|et|@)[ ]?[\])}>])[ ]?|[ ]at[ ]", re.IGNORECASE)
_DOT: Final = r"(?:\.|[ ]?[\[({<][ ]?(?:dot|titik|\.)[ ]?[\])}>][ ]?|[ ](?:dot|titik)[ ])"
_HOST: Final = re.compile(rf"[\w\-]{{1,63}}(?:{_DOT}[\w\-]{{1,63}}){{1,8}}", re.IGNORECASE)
_KNOWN: Final = re.compile(
    rf"(?:g[ ]?mail|googlemail|yahoo|ymail|rocketmail|hotmail|outlook|live|icloud|proton(?:mail)?)\b"
    rf"(?:(?:{_DOT}|[ ])(?:com|co|net|org|id|me)\b){{0,2}}",
    re.IGNORECASE,
)
_ENDS: Final = re.compile(r"\W(?:com|net|org|edu|gov|id|info|biz|me|io|my|sg|de|uk|us|xyz|example)$", re.IGNORECASE)
_LONGEST: Final = 64
"""Characters of the part before the @ (RFC 5321). What is longer is no address, and its end is masked."""


def mail_addresses(text: str) -> Iterator[Found]:
    """Yield the mail addresses in a normal form, in order.

    Where the @ is written plainly, any host with a dot is taken. Where it stands between blanks or in words, the host
    must end as hosts do, or be a known provider: ``laporan @dishub.sleman`` names an account and ``parkir at the
    mall`` nothing.
    """
    done = 0
    for at in _AT.finditer(text):
        if at.start() < done:
            continue
        begin = max(done, at.start() - _LONGEST)
        start = at.start()
        while start > begin and (text[start - 1].isalnum() or text[start - 1] in "_.+-"):
            start -= 1
        if start == at.start():
            continue
        end = _end_of_host(text, at)
        if end:
            done = end
            yield Found(start, end, "[surel]")


def _end_of_host(text: str, at: re.Match[str]) -> int:
    known = _KNOWN.match(text, at.end())
    host = _HOST.match(text, at.end())
    sign = at[0].strip().lower()
    if known and (sign != "at" or len(known[0].split()) > 1 or re.search(r"\W", known[0])):
        return max(known.end(), host.end() if host else 0)
    if not host:
        return 0
    if at[0] == "@":
        return host.end()
    looks_like_a_host = _ENDS.search(host[0]) is not None
    only_before = at[0].startswith(" ") and not at[0].endswith(" ")
    return host.end() if looks_like_a_host and not only_before else 0
