"""One account floods a channel with false emergencies, then somebody else writes of a real one: is that one heard?

The stack's limits must be on, as in production. Nothing is made faster, so the digest of the flood is waited for.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import urllib3

from aduan.store.table import Table
from infra.local.drive import Schedules, poll_until_stored, simulated_posts, waiting_on
from infra.local.machine import COUNTY, STATE, Addresses, MachineError
from infra.local.outcome import account_for
from infra.local.pages import sent_messages

FLOOD: Final = 100
FALSE: Final = "kebakaran rumah tolong api besar"
REAL: Final = "Kebakaran rumah di Condongcatur Depok, api sudah besar, mohon segera dikirim pemadam"
MOST_TEXTS: Final = 5
"""Most SMS that the flood may cost."""
CALM_SECONDS: Final = 15
DIGEST_SECONDS: Final = 20 * 60
"""How long the digest is waited for: it is sent at the next quarter of an hour, by a schedule of every minute."""
_COMMENT: Final = {"kind": "facebook_page", "edge": "comment", "parent": "f1", "has_photo": False}


@dataclass(frozen=True)
class Outcome:
    """What the attack cost, and whether the real emergency was told."""

    flood_posts: int
    flood_tickets: int
    flood_texts: int
    """SMS sent before the real emergency came in."""
    flood_mails: int
    """Mails sent before the real emergency came in."""
    real_texts: int
    real_mails: int
    mails_in_all: int
    """All mails, when the flood's digests were sent, too."""
    untold: int
    """Tickets of which no mail was sent in the end."""

    @property
    def withstood(self) -> bool:
        """Whether the flood stayed within its limits, the real emergency was told both ways, and no ticket was lost."""
        within = self.flood_texts <= MOST_TEXTS and self.mails_in_all < self.flood_posts
        return within and self.real_texts >= 1 and self.real_mails >= 1 and not self.untold

    def as_json(self) -> str:
        """Return one line of JSON."""
        return json.dumps(asdict(self) | {"withstood": self.withstood})


def write_county() -> Path:
    """Write the county's own posts as the simulator needs them, without its answers to citizens; return the file."""
    STATE.mkdir(exist_ok=True)
    file = STATE / "attack_county.json"
    file.write_text(json.dumps(json.loads(COUNTY.read_text(encoding="utf-8")) | {"own_comments": []}))
    return file


def write_flood(most: int) -> Path:
    """Write the flood as a file of posts for the simulator, all of one account within half an hour; return the file."""
    STATE.mkdir(exist_ok=True)
    file = STATE / "attack.jsonl"
    posts = [
        _COMMENT | {"id": f"a{number:03d}", "author": "Akun Pembanjir", "text": FALSE, "minutes_ago": 30 - number % 30}
        for number in range(most)
    ]
    file.write_text("".join(f"{json.dumps(post)}\n" for post in posts))
    return file


def play(addresses: Addresses, table: Table, schedules: Schedules) -> Outcome:
    """Take the flood in, then the real emergency, wait until everything is told, and count.

    Raises:
        MachineError: when the simulator does not take the real emergency, or it becomes no ticket.
    """

    def poll() -> None:
        schedules.run("PollChannels")

    def texts_and_mails() -> tuple[int, int]:
        messages = sent_messages(addresses)
        return len(messages.texts), len(messages.mails)

    flood = simulated_posts(addresses)
    poll_until_stored(flood, table, poll, lambda _: None)
    _until_calm(table, texts_and_mails)
    texts, mails = texts_and_mails()
    body = json.dumps(_COMMENT | {"author": "Warga Condongcatur", "text": REAL})
    answer = urllib3.request("POST", f"{addresses.simulator}/_simulator/posts", body=body, timeout=10)
    if answer.status >= 300:  # noqa: PLR2004 # HTTP's own
        raise MachineError(f"the simulator does not take the real emergency: {answer.data.decode()}")
    known = {post.key for post in flood}
    real = [post for post in simulated_posts(addresses) if post.key not in known]
    poll_until_stored(real, table, poll, lambda _: None)
    _until_calm(table, texts_and_mails)
    [line] = account_for(real, table)
    if line.ticket is None:
        raise MachineError("the real emergency became no ticket")
    sent = {notice.medium for notice in line.notices if notice.state == "sent"}
    _until(lambda: waiting_on(table, "NOTICE") == 0, DIGEST_SECONDS)
    _until_calm(table, texts_and_mails)
    tickets = {each.ticket.code: each for each in account_for(flood, table) if each.ticket}
    told = [
        any(notice.medium == "email" and notice.state == "sent" for notice in each.notices) for each in tickets.values()
    ]
    return Outcome(
        flood_posts=len(flood),
        flood_tickets=len(tickets),
        flood_texts=texts,
        flood_mails=mails,
        real_texts=int("sms" in sent),
        real_mails=int("email" in sent),
        mails_in_all=texts_and_mails()[1],
        untold=told.count(False),
    )


def _until_calm(table: Table, count: Callable[[], tuple[int, int]]) -> None:
    """Wait until every post is decided and nothing was sent for a while."""
    _until(lambda: waiting_on(table, "POST") == 0, DIGEST_SECONDS)
    before, since = count(), time.monotonic()
    while time.monotonic() - since < CALM_SECONDS:
        time.sleep(1)
        if count() != before:
            before, since = count(), time.monotonic()


def _until(condition: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(1)
