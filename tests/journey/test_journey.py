"""From a citizen's post to a department's mail, through everything that is deployed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest
import urllib3

from aduan.store.table import post_key
from infra.local.__main__ import Stack, act
from infra.local.drive import simulated_posts, wait_until_settled
from infra.local.outcome import Line, account_for, unfinished
from infra.local.pages import sent_messages


@dataclass(frozen=True)
class Api:
    """The deployed API, asked with a token or without."""

    stack: Stack
    token: str | None

    def ask(self, path: str, method: str = "GET", body: Any = None) -> tuple[int, Any]:
        """Status and body of an answer."""
        url = f"{self.stack.addresses.emulator}/_aws/execute-api/{self.stack.deployment.api_id}/v1{path}"
        headers = {"Authorization": self.token} if self.token else {}
        data = None if body is None else json.dumps(body)
        answer = urllib3.request(method, url, headers=headers, body=data, timeout=60)
        return answer.status, json.loads(answer.data or b"null")


@pytest.fixture(name="api")
def _api(stack: Stack, lines: list[Line]) -> Api:
    return Api(stack, stack.token)


def test_every_post_is_accounted_for(lines: list[Line]) -> None:
    """Each post the platforms show was decided, and each notice was sent."""
    assert len(lines) == 200
    assert [line.simulated.key for line in lines if not line.accounted] == []
    assert unfinished(lines) == {}


def test_every_complaint_told_somebody_once(stack: Stack, lines: list[Line]) -> None:
    """SES and SNS accepted one message per notice, and no more. The list for the desk is about no one ticket."""
    notices = [notice for line in lines for notice in line.notices]
    messages = sent_messages(stack.addresses)
    assert len([mail for mail in messages.mails if "SLM-" in mail["Subject"]]) == sum(
        notice.medium == "email" for notice in notices
    )
    assert len(messages.texts) == sum(notice.medium == "sms" for notice in notices)
    assert all(line.notices for line in lines if line.ticket)


def test_nothing_leaves_for_a_department_outside_prod(stack: Stack, lines: list[Line]) -> None:
    """Every mail went to the override address."""
    recipients = {address for mail in sent_messages(stack.addresses).mails for address in mail["To"]}
    assert recipients == {"semua-surel@slemankab.example"}


def test_a_second_poll_writes_no_post_and_sends_nothing(stack: Stack, lines: list[Line]) -> None:
    """The schedules run again and find nothing to do."""
    before = (_items(stack), len(sent_messages(stack.addresses).mails))
    stack.schedules.run("PollChannels")
    wait_until_settled(stack.table, lambda *_: None)
    assert (_items(stack), len(sent_messages(stack.addresses).mails)) == before


def test_a_new_post_goes_the_whole_way(stack: Stack, lines: list[Line]) -> None:
    """A comment written now is a ticket and a mail after the next poll."""
    known = {post.key for post in simulated_posts(stack.addresses)}
    [some] = [line for line in lines if line.simulated.edge == "visitor_post"][:1]
    body = {
        "kind": "facebook_page",
        "edge": "comment",
        "parent": some.simulated.key.partition("#")[2],
        "author": "Warga Contoh",
        "text": "Lampu jalan di dekat balai desa Wedomartani Ngemplak mati sudah seminggu, mohon diperbaiki",
        "has_photo": False,
    }
    answer = urllib3.request("POST", f"{stack.addresses.simulator}/_simulator/posts", body=json.dumps(body), timeout=10)
    assert answer.status < 300, answer.data
    new = [post for post in simulated_posts(stack.addresses) if post.key not in known]
    assert len(new) == 1
    stack.schedules.run("PollChannels")
    wait_until_settled(stack.table, lambda *_: None)
    [line] = account_for(new, stack.table)
    assert line.ticket is not None
    assert (line.ticket.department, line.ticket.status) == ("dishub", "routed")
    assert [notice.state for notice in line.notices] == ["sent"]
    [mail] = [mail for mail in sent_messages(stack.addresses).mails if line.ticket.code in mail["Subject"]]
    assert "Wedomartani" in mail["BodyText"]


def test_an_outage_is_told_by_the_channel_and_loses_nothing(stack: Stack, api: Api) -> None:
    """A login page instead of an answer is an error in the ledger, and the cursor stays."""
    _, before = api.ask("/channels")
    fault = {"fault": "html"}
    urllib3.request("POST", f"{stack.addresses.simulator}/_simulator/faults", body=json.dumps(fault), timeout=10)
    try:
        stack.schedules.run("PollChannels")
    finally:
        urllib3.request("DELETE", f"{stack.addresses.simulator}/_simulator/faults", timeout=10)
    _, after = api.ask("/channels")
    for old, new in zip(before["channels"], after["channels"], strict=True):
        assert new["cursor"] == old["cursor"]
        # What is off, or pushed by partners, has no runs.
        polled = new["enabled"] and new["kind"] != "webhook"
        assert [run["error"].partition(":")[0] for run in new["runs"][:1]] == ["OutageError"] * polled


def test_nobody_reads_without_a_token(stack: Stack, lines: list[Line]) -> None:
    """No token and a forged one are both refused."""
    for token in (None, "forged"):
        status, _ = Api(stack, token).ask("/tickets")
        assert status == 401


def test_the_admins_can_ask(api: Api, lines: list[Line]) -> None:
    """Tickets, one ticket with history and notices, statistics and channels are answered."""
    status, listed = api.ask("/tickets?status=needs_review&limit=5")
    assert status == 200
    assert len(listed["tickets"]) == 5
    status, detail = api.ask(f"/tickets/{listed['tickets'][0]['code']}")
    assert status == 200
    assert detail["history"]
    assert detail["notices"]
    status, stats = api.ask("/stats?by=department")
    assert status == 200
    assert sum(row["tickets"] for row in stats["rows"]) >= sum(line.ticket is not None for line in lines)
    assert api.ask("/channels")[0] == 200


def test_paging_visits_every_ticket_once(api: Api, lines: list[Line]) -> None:
    """Following the cursor shows each ticket exactly once."""
    codes: list[str] = []
    path = "/tickets?limit=25"
    while path:
        status, page = api.ask(path)
        assert status == 200
        codes += [ticket["code"] for ticket in page["tickets"]]
        path = f"/tickets?limit=25&cursor={page['next_cursor']}" if page["next_cursor"] else ""
    assert len(codes) == len(set(codes))
    assert {line.ticket.code for line in lines if line.ticket} <= set(codes)


def test_wrong_questions_are_answered_by_name(api: Api) -> None:
    """A wrong field, an unknown ticket and too large a body each get their own status."""
    status, answer = api.ask("/tickets?status=lost")
    assert (status, answer["error"]["field"]) == (400, "status")
    assert api.ask("/tickets/SLM-000000")[0] == 404
    assert api.ask("/departments/dishub/contacts", "PUT", {"email": "a@b.example", "note": "x" * 9000})[0] == 413


def test_a_contact_can_be_replaced(api: Api) -> None:
    """What was put is what is read."""
    wanted = {"email": "baru@slemankab.example", "phone": "0811 000 9999"}
    assert api.ask("/departments/dishub/contacts", "PUT", wanted)[0] == 200
    status, answer = api.ask("/departments/dishub/contacts")
    assert status == 200
    assert "baru@slemankab.example" in json.dumps(answer)


def test_departments_act_by_the_links_in_their_mails(stack: Stack, api: Api, lines: list[Line]) -> None:
    """One ticket is accepted and one refused by following links; the other department, or the desk, is told."""
    _, [accepted, refused] = act(stack, lines)
    assert (accepted.before.status, accepted.after.status) == ("routed", "accepted")
    assert refused.after.department != refused.before.department
    assert refused.after.refused_by == (refused.before.department,)
    _, detail = api.ask(f"/tickets/{refused.after.code}")
    assert refused.after.department in json.dumps(detail["notices"])
    assert f"tautan:{refused.before.department}" in json.dumps(detail["history"])


def _items(stack: Stack) -> int:
    """How many of the simulated posts are stored."""
    return len(stack.table.digests([post_key(post.key) for post in simulated_posts(stack.addresses)]))
