"""How a mail names its notices in SES's tags, which come back in every event about the mail.

A tag takes up to 256 characters: ASCII letters, digits, dashes and underscores. Every other character is written as
its bytes, each as an underscore and two hexadecimal digits: ``dishub#email`` becomes ``dishub_23email``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final, get_args

from aduan.notice import NoticeId, Partition

PARTITION: Final = "partition"
"""Tag for the partition of the table that holds the notices."""
SUBJECT: Final = "subject"
"""Tag for what the notice is about; for a digest, the codes of its tickets: ``SLM-4K7P2M--SLM-9Q2XWA``."""
NOTICE: Final = "notice"
"""Tag for the notice's own key, which all notices of a digest share."""
TOGETHER: Final = 20
"""Most tickets in one mail: one tag has room for the codes of this many, and nobody reads more in one mail."""

_BETWEEN: Final = "--"
"""Separates the codes of tickets: no code has two dashes in a row."""
_ESCAPED: Final = re.compile(rb"_([0-9A-F]{2})")
_PLAIN: Final = re.compile(r"[A-Za-z0-9-]")


def tags(notices: Sequence[NoticeId]) -> dict[str, str]:
    """Write the tags of a mail about one notice, or about several with the same key and different tickets."""
    first = notices[0]
    subject = _BETWEEN.join(notice.subject for notice in notices)
    return {PARTITION: first.partition, SUBJECT: _escaped(subject), NOTICE: _escaped(first.key)}


def tagged(tags: Mapping[str, Sequence[str]]) -> tuple[NoticeId, ...]:
    """Read from an event's tags which notices the mail was about; empty when it was about none."""
    if not tags.get(SUBJECT) or not tags.get(NOTICE):
        return ()
    subject, key = _unescaped(tags[SUBJECT][0]), _unescaped(tags[NOTICE][0])
    written = tags.get(PARTITION, [""])[0]
    partition = next((known for known in get_args(Partition) if known == written), _partition(subject))
    subjects = subject.split(_BETWEEN) if partition == "TICKET" else [subject]
    return tuple(NoticeId(partition, one, key) for one in subjects)


def _partition(subject: str) -> Partition:
    """Tell the partition from the form of the subject, for a mail sent before the partition was tagged."""
    return "CHANNEL" if ":" in subject else "TICKET" if subject.isupper() else "OUTBOX"


def _escaped(name: str) -> str:
    return "".join(
        letter if _PLAIN.fullmatch(letter) else "".join(f"_{byte:02X}" for byte in letter.encode()) for letter in name
    )


def _unescaped(value: str) -> str:
    return _ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), value.encode()).decode()
