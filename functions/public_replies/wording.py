"""What a public reply says: the code, whose it is, and fixed words."""

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
"""By which a reply is known again, whatever follows: never to be changed while one may be on its way."""
_REST: Final[Mapping[Stage, str]] = {
    "routed": " ke {owner}. Terima kasih atas laporannya. Perkembangannya akan kami sampaikan di sini.",
    "not_ours": ", melainkan {owner}. Laporannya sudah kami teruskan ke sana. Terima kasih.",
    "resolved": " oleh {owner}. Bila ternyata belum, silakan balas di sini. Terima kasih.",
}
_REPLY: Final = re.compile("|".join(words.format(code="SLM-[0-9A-Z]{6}") for words in _BEGINNINGS.values()))


def beginning(ticket: str, stage: Stage) -> str:
    """Return the words by which the reply about a ticket is known."""
    return _BEGINNINGS[stage].format(code=ticket)


def reply_text(ticket: Ticket, stage: Stage, owner: Department) -> str:
    """Write a reply. It holds nothing a citizen wrote, and nobody's name."""
    return beginning(ticket.code, stage) + _REST[stage].format(owner=owner.name)


def is_reply(text: str) -> bool:
    """Tell whether a text begins as our replies do: by that our own are known where a platform hides who wrote them."""
    return _REPLY.match(text) is not None
