"""The wording of public replies: the ticket's code, the department that has it, and fixed words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from aduan.directory import Department
    from aduan.ticket import Stage, Ticket

_BEGINNINGS: Final[Mapping[Stage, str]] = {
    "routed": "Aduan {code} sudah diteruskan",
    "not_ours": "Aduan {code} bukan wewenang Pemkab Sleman",
    "resolved": "Aduan {code} sudah dinyatakan selesai",
}
"""A reply is recognised by its beginning, whatever follows. Do not change these while a reply may be on its way."""
_REST: Final[Mapping[Stage, str]] = {
    "routed": " ke {owner}. Terima kasih atas laporannya. Perkembangannya akan kami sampaikan di sini.",
    "not_ours": ", melainkan {owner}. Laporannya sudah kami teruskan ke sana. Terima kasih.",
    "resolved": " oleh {owner}. Bila ternyata belum, silakan balas di sini. Terima kasih.",
}
_REPLY: Final = re.compile("|".join(words.format(code="SLM-[0-9A-Z]{6}") for words in _BEGINNINGS.values()))


def beginning(ticket: str, stage: Stage) -> str:
    """Return the words by which the reply about a ticket is recognised."""
    return _BEGINNINGS[stage].format(code=ticket)


def reply_text(ticket: Ticket, stage: Stage, owner: Department) -> str:
    """Return a reply's text. It holds nothing that a citizen wrote, and no person's name."""
    return beginning(ticket.code, stage) + _REST[stage].format(owner=owner.name)


def is_reply(text: str) -> bool:
    """Tell whether a text begins like our replies. This identifies them where a platform hides the author."""
    return _REPLY.match(text) is not None
