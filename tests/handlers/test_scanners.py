"""A program that examines mails and presses what it finds moves no ticket; a person is not kept from it."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import urlencode

import pytest

from actions.presence import SOONEST, known_scanners, served
from aduan.action_token import Action, verified
from tests.deployment import Deployment
from tests.handlers.test_actions import Browser, a_browser, link_of, now, words
from tests.links import KEYS

CHROME = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0 Mobile Safari/537.36"
PEOPLE = [
    CHROME,
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Version/18.1 Mobile/15E148 Safari/604",
    "Mozilla/5.0 (Linux; Android 14; wv) AppleWebKit/537.36 Chrome/131.0 Mobile Safari/537.36 [FB_IAB/FB4A;FBAV/492.0]",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:132.0) Gecko/20100101 Firefox/132.0",
    "Mozilla/5.0 (Linux; U; Android 13; CUBOT X70) AppleWebKit/537.36 Chrome/119.0 Mobile Safari/537.36 OPR/80.0",
    "",
]
PROGRAMS = [
    CHROME.replace("Chrome/", "HeadlessChrome/"),
    "Mozilla/5.0 (compatible; Microsoft SafeLinks)",
    "Proofpoint URL Defense",
    "Mimecast-URL-Scanner/1.0",
    "BarracudaCentral/1.0",
    "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "TelegramBot (like TwitterBot)",
    "curl/8.5.0",
    "python-requests/2.32.3",
    "Go-http-client/2.0",
]


@pytest.fixture(name="browser")
def _browser(deployed: Deployment) -> Browser:
    return a_browser(deployed)


@pytest.mark.parametrize("action", ["accept", "done", "not_ours"])
def test_a_scanner_that_sends_the_form_as_it_is_moves_nothing(browser: Browser, action: Action) -> None:
    """However long it waits and however often it sends the form, no preset field is the answer."""
    ticket = browser.open_ticket()
    link = link_of(ticket, action)
    page, before = browser.get(link)[1], browser.items()
    for _ in range(3):
        fields = dict(re.findall(r'<input[^>]* name="(\w+)"[^>]* value="([^"]*)"', page))
        old = served(verified(link, KEYS, now()), KEYS, now() - timedelta(minutes=5))
        status, page = browser.get(link, "POST", urlencode(fields | {"served": old}))
        assert status == 200
        assert "Belum ada yang dicatat" in words(page)
        assert page.count("<button") == 1
    assert browser.items() == before


@pytest.mark.parametrize("ending", ["", "aa", "  ", "test@example.com", "SLM-", "8", "É"])
def test_a_missing_or_wrong_answer_is_asked_again_with_what_was_filled_in(browser: Browser, ending: str) -> None:
    """Note, photo and department stay; nothing is written, and the answer itself must be given anew."""
    ticket = browser.open_ticket()
    before = browser.items()
    kept = {"note": "lampu taman", "photo": "https://foto.example/1.jpg", "department": "dlh"}
    status, page = browser.post(link_of(ticket, "not_ours"), ending=ending, **kept)
    assert status == 200
    assert "2 karakter terakhir" in words(page)
    assert "lampu taman</textarea>" in page
    assert 'value="https://foto.example/1.jpg"' in page
    assert '<option value="dlh" selected>' in page
    assert browser.items() == before
    assert browser.ticket(ticket.code).status == "routed"


@pytest.mark.parametrize("how", ["upper", "lower", "spaced", "whole"])
def test_a_person_may_type_the_end_in_any_way(browser: Browser, how: str) -> None:
    """Small letters, blanks and the whole code count, too."""
    ticket = browser.open_ticket()
    end = ticket.code[-2:]
    typed = {"upper": end, "lower": end.lower(), "spaced": f" {end[0]} {end[1]} ", "whole": ticket.code.lower()}[how]
    assert browser.post(link_of(ticket, "accept"), ending=typed)[0] == 200
    assert browser.ticket(ticket.code).status == "accepted"


@pytest.mark.parametrize("action", ["accept", "done", "not_ours"])
def test_a_press_within_two_seconds_of_the_page_does_nothing(
    browser: Browser, action: Action, capsys: pytest.CaptureFixture[str]
) -> None:
    """The page asks again, also when another machine's clock is ahead; it is counted; two seconds later it counts."""
    ticket = browser.open_ticket()
    link = link_of(ticket, action)
    before, token = browser.items(), verified(link, KEYS, now())
    for early in (SOONEST - timedelta(milliseconds=700), timedelta(0), -timedelta(seconds=1)):
        status, page = browser.post(link, served=served(token, KEYS, now() - early))
        assert (status, "terlalu cepat" in words(page)) == (200, True)
    assert browser.items() == before
    assert '"PressDoubted":[1.0]' in capsys.readouterr().out.replace(" ", "")
    assert '"too_quick"' in browser.log.getvalue()
    assert "sudah dicatat" in words(browser.post(link)[1])


@pytest.mark.parametrize("forged", ["", "1796000000000.", "1796000000000." + "0" * 32, "x" * 500, "other"])
def test_the_moment_of_the_page_cannot_be_made_up_or_taken_from_another_link(browser: Browser, forged: str) -> None:
    """It is signed for one link."""
    ticket = browser.open_ticket()
    other = verified(link_of(ticket, "done"), KEYS, now())
    forged = served(other, KEYS, now() - SOONEST) if forged == "other" else forged
    before = browser.items()
    assert browser.post(link_of(ticket, "accept"), served=forged)[0] == 200
    assert browser.items() == before


def test_a_page_that_lay_open_for_weeks_still_works(browser: Browser) -> None:
    """A page in a phone's background has no other limit than its link."""
    ticket = browser.open_ticket()
    link = link_of(ticket, "accept")
    long_ago = served(verified(link, KEYS, now()), KEYS, now() - timedelta(days=40))
    assert "sudah dicatat" in words(browser.post(link, served=long_ago)[1])


@pytest.mark.parametrize("agent", PROGRAMS)
def test_a_known_scanner_moves_nothing_even_with_the_right_answer(browser: Browser, agent: str) -> None:
    """The page says how a person gets on."""
    ticket = browser.open_ticket()
    link = link_of(ticket, "accept")
    before = browser.items()
    status, page = _press_as(browser, link, ticket.code, agent)
    assert (status, "pemindai" in words(page)) == (200, True)
    assert browser.items() == before
    assert '"scanner"' in browser.log.getvalue()


@pytest.mark.parametrize("agent", PEOPLE)
def test_the_browsers_of_people_are_no_scanners(browser: Browser, agent: str) -> None:
    """Also those inside other apps, and one that hides its name."""
    ticket = browser.open_ticket()
    assert "sudah dicatat" in words(_press_as(browser, link_of(ticket, "accept"), ticket.code, agent)[1])


def test_a_browser_that_loads_ahead_is_no_press(browser: Browser) -> None:
    """Its header says that nobody looks at the page."""
    ticket = browser.open_ticket()
    link = link_of(ticket, "accept")
    body = urlencode({"seen": "1", "ending": ticket.code[-2:], "served": _old(link)})
    browser.get(link, "POST", body, User_Agent=CHROME, sec_purpose="prefetch;prerender")
    assert browser.ticket(ticket.code).status == "routed"


def test_the_list_of_scanners_is_checked_when_it_is_read() -> None:
    """Each entry is written in small letters and once."""
    signs = [(each.header, each.sign) for each in known_scanners().signs]
    assert len(signs) == len(set(signs))


def _old(link: str) -> str:
    return served(verified(link, KEYS, now()), KEYS, now() - SOONEST)


def _press_as(browser: Browser, link: str, code: str, agent: str) -> tuple[int, str]:
    page = browser.get(link)[1]
    seen = re.search(r'name="seen" value="(\d+)"', page)
    assert seen is not None
    body = urlencode({"seen": seen[1], "ending": code[-2:], "served": _old(link)})
    return browser.get(link, "POST", body, User_Agent=agent)
