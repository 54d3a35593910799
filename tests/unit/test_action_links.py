"""Which links a mail has, depending on its reader, and how they appear in it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any, get_args

import pytest

from aduan.action_token import LIFETIME, verified
from aduan.directory_loading import load_directory
from aduan.ticket import MOVES, Status
from aduan.triage import DESK
from notify.action_links import LABELS, ActionLinks
from notify.case import Case, DeskReason, Link
from notify.digest_wording import brief, digest_mail
from notify.step_wording import step_message
from notify.wording import Mail, mail
from tests.builders import NOON, a_notice, a_post, a_ticket, a_triage
from tests.links import KEYS

DIRECTORY = load_directory()
BASE = "https://aduan.example/v1"
POST = a_post(state="triaged", triage=a_triage())


class Keys:
    """Stands in for the keys in Secrets Manager and counts the requests."""

    def __init__(self) -> None:
        self.asked = 0

    def get(self) -> Any:
        """Return the tests' keys."""
        self.asked += 1
        return KEYS


def links(
    department: str = "dishub", reason: DeskReason | None = None, keys: Keys | None = None, **changes: Any
) -> tuple[Link, ...]:
    """Return the links about the builders' ticket in the mail to a department."""
    notice = {name: changes.pop(name) for name in ("role", "medium") if name in changes}
    maker = ActionLinks(BASE, keys or Keys())  # type: ignore[arg-type] # a stand-in
    ticket = a_ticket(**{"department": department, **changes})
    return maker.about(
        a_notice(department=department, **notice), ticket, DIRECTORY.departments[department], reason, NOON
    )


def test_a_link_says_who_may_do_what_with_which_ticket_for_sixty_days() -> None:
    """Each label leads to the token of its own action, signed for this department and ticket."""
    found = links()
    assert [link.label for link in found] == list(LABELS.values())
    for link, action in zip(found, LABELS, strict=True):
        assert link.url.startswith(f"{BASE}/t/")
        token = verified(link.url.rpartition("/")[2], KEYS, NOON + LIFETIME - timedelta(seconds=1))
        assert (token.ticket, token.department, token.action) == (a_ticket().code, "dishub", action)


@pytest.mark.parametrize("status", get_args(Status))
def test_only_what_can_be_done_is_offered(status: Status) -> None:
    """An accepted ticket cannot be accepted again, and a closed one offers no action."""
    offered = {link.label for link in links(status=status)}
    assert ("Terima" in offered) == ("accepted" in MOVES[status])
    assert ("Selesai" in offered) == ("resolved" in MOVES[status])
    assert ("Bukan wewenang kami" in offered) == ("not_ours" in MOVES[status])


@pytest.mark.parametrize(
    "given",
    [
        {"department": DESK},
        {"department": "pln"},
        {"reason": "no_contact"},
        {"reason": "dead_contact"},
        {"role": "head"},
        {"medium": "sms"},
        {"department": "dishub", "holder": "dlh"},
    ],
)
def test_whoever_is_not_to_act_gets_no_link_and_needs_no_key(given: dict[str, Any]) -> None:
    """The desk, outside owners, heads of department, SMS and departments that lost the ticket get no links."""
    keys = Keys()
    if "holder" in given:
        maker = ActionLinks(BASE, keys)  # type: ignore[arg-type] # a stand-in
        ticket = a_ticket(department=given["holder"])
        assert maker.about(a_notice(), ticket, DIRECTORY.departments["dishub"], None, NOON) == ()
    else:
        assert links(keys=keys, **given) == ()
    assert keys.asked == 0


def mails(actions: tuple[Link, ...]) -> list[Mail]:
    """Return the first mail, a reminder and a digest about the builders' ticket, with these links."""
    dishub = DIRECTORY.departments["dishub"]
    reminder = step_message(a_notice(step="remind.1"), Case(a_ticket(), POST, dishub, None, DIRECTORY, actions))
    assert isinstance(reminder, Mail)
    told = [brief(Case(a_ticket(), POST, dishub, None, DIRECTORY, actions))] * 2
    return [
        mail(Case(a_ticket(), POST, dishub, None, DIRECTORY, actions)),
        reminder,
        digest_mail(told, dishub, dishub, None, reminds=False, now=NOON),
    ]


def test_both_forms_of_each_mail_have_the_links() -> None:
    """The officer finds every action in either form: a button in HTML, a label with its address in plain text."""
    actions = links()
    for letter in mails(actions):
        for action in actions:
            assert re.search(rf'<a href="{re.escape(action.url)}"[^>]*>{action.label}</a>', letter.html)
            assert f"{action.label}: {action.url}\n" in letter.text


def test_a_mail_without_links_asks_for_a_reply() -> None:
    """Without links, neither a heading nor an extra empty line of the buttons is left."""
    for letter in mails(()):
        assert "/t/" not in letter.html + letter.text
        assert "Tanpa akun" not in letter.html
        assert "\n\n\n" not in letter.text
    for letter in mails(links()):
        assert "\n\n\n" not in letter.text
