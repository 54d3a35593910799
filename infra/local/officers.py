"""Two liaison officers act by the links in their mails: one accepts a ticket, the other says it is not theirs."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

import urllib3

from aduan.store.table import Table
from aduan.store.tickets import DynamoTicketStore
from aduan.ticket import Ticket
from infra.local.machine import MachineError

ACCEPT: Final = "Terima"
REFUSE: Final = "Bukan wewenang kami"
_LINK: Final = re.compile(r"^- (.+): (https?://\S+/t/\S+)$", re.MULTILINE)
_CODE: Final = re.compile(r"SLM-[0-9A-Z]{6}")
_SEEN: Final = re.compile(r'name="seen" value="(\d+)"')
_SERVED: Final = re.compile(r'name="served" value="([^"]+)"')
_PHONE: Final = {"User-Agent": "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/131.0 Mobile Safari/537.36"}
READING_SECONDS: Final = 2.5
"""How long an officer looks at a page before pressing its button."""
_TITLE: Final = re.compile(r"<h1>(.*?)</h1>")


@dataclass(frozen=True)
class Act:
    """What an officer did, and what came of it."""

    label: str
    """The label of the link that was followed."""
    title: str
    """The title of the page that answered."""
    before: Ticket
    after: Ticket


def act_by_link(mails: Sequence[Mapping[str, Any]], table: Table) -> list[Act]:
    """Accept the ticket of one mail and refuse that of another, if there are such mails.

    A ticket with a runner-up department is preferred for the refusal.
    """
    found = list(_with_links(mails, table))
    refused = next((one for one in found if one[0].runner_up), found[-1] if found else None)
    acts = []
    if refused is not None:
        acts.append(_follow(REFUSE, *refused, table))
    accepted = next((one for one in found if refused is None or one[0].code != refused[0].code), None)
    if accepted is not None:
        acts.insert(0, _follow(ACCEPT, *accepted, table))
    return acts


def _with_links(mails: Sequence[Mapping[str, Any]], table: Table) -> Iterator[tuple[Ticket, dict[str, str]]]:
    """Yield the ticket of each mail that has both links, with its links by their labels."""
    for mail in mails:
        links = dict(_LINK.findall((mail["BodyText"] or "").replace("\r\n", "\n")))
        code = _CODE.search(mail["Subject"])
        ticket = DynamoTicketStore(table).get(code[0]) if code and {ACCEPT, REFUSE} <= set(links) else None
        if ticket is not None and ticket.status == "routed":
            yield ticket, links


def _follow(label: str, before: Ticket, links: Mapping[str, str], table: Table) -> Act:
    """Open a link, read its page, type the end of the code and press the button, as a person does.

    Raises:
        MachineError: when there is no such page, or the press is refused.
    """
    shown = urllib3.request("GET", links[label], headers=_PHONE, timeout=60)
    page = shown.data.decode()
    seen, served = _SEEN.search(page), _SERVED.search(page)
    if shown.status != 200 or seen is None or served is None:  # noqa: PLR2004 # OK
        raise MachineError(f"the link of {before.code} answers {shown.status}")
    time.sleep(READING_SECONDS)
    filled = {"seen": seen[1], "served": served[1], "ending": before.code[-2:], "note": "", "photo": ""}
    answered = urllib3.request(
        "POST",
        links[label],
        headers=_PHONE | {"Content-Type": "application/x-www-form-urlencoded"},
        body=urlencode(filled),
        timeout=60,
    )
    title = _TITLE.search(answered.data.decode())
    after = DynamoTicketStore(table).get(before.code)
    if answered.status != 200 or title is None or after is None:  # noqa: PLR2004 # OK
        raise MachineError(f"the button of {before.code} is answered by {answered.status}")
    return Act(label, title[1], before, after)
