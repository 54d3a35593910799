"""Fault 32: whatever comes from outside stays text, wherever it is shown or sent."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from aduan.notice import AnyNotice
from aduan.record import WIB
from aduan.triage import Place
from notify.gsm_alphabet import septets
from notify.senders import NotAcceptedError
from notify.wording import Mail
from tests import mailbox
from tests.builders import NOON, a_channel_notice, a_contact_notice, a_notice, a_post, a_ticket, a_triage
from tests.codes import ticket_code
from tests.county import County
from tests.letters import CLICKABLE, HIDDEN, links_of
from tests.provider import a_provider, an_envelope, mail_sender
from tests.unit.fakes_notify import a_contact

PLAIN = "lampu jalan mati"
HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(1)><a href=https://jahat.example>klik</a>",
    "{{ 7 * 7 }}{% for x in ''.__class__.__mro__ %}{{ x }}{% endfor %}${7*7}",
    "'; DROP TABLE tiket; -- attribute_not_exists(pk) OR :new = #state",
    '=HYPERLINK("https://jahat.example";"klik")\n+1\n-1\n@SUM(A1)',
    "tolong\r\nBcc: semua@sleman.example\r\nContent-Type: text/html\r\n\r\n<b>palsu</b>",
    "https://jahat.example/x www.jahat.com mailto:a@b.co javascript:alert(1) bit.ly/x",
    "\u202egnp.exe\u202c \u2066tersembunyi\u2069 \u200bdi dalam",
    "</td></tr></table><!-- ",
    "\x00\x1b[2J%00%0d%0aBcc: x@y.example",
)
outside = st.sampled_from(HOSTILE) | st.text(
    st.one_of(st.characters(codec="utf-8"), st.sampled_from("\u202e\u200b\u2028\r\n\t<>&'\"{}%$:/@.=")), max_size=60
)
NOTICES: tuple[AnyNotice, ...] = (
    a_notice(),
    a_notice(department="desk"),
    a_notice(step="remind"),
    a_notice(step="head", role="head"),
    a_notice(step="forum", department="desk"),
    a_notice(step="contradicted"),
    a_contact_notice(),
    a_channel_notice(),
)


def sent(text: str, notice: AnyNotice, **ticket: Any) -> Mail:
    """Return the mail of a notice in which everything from outside is this text."""
    county = County(now=NOON)
    county.memory.contacts |= {code: a_contact(code) for code in ("dishub", "dishub.head", "diskominfo")}
    decision = a_triage(reasons=(f"kata: {text}", text), runner_up=None)
    post = a_post(text=text, state="triaged", triage=decision, ticket=a_ticket().code)
    county.memory.posts[post.key] = post
    county.memory.tickets[a_ticket().code] = a_ticket(**ticket)
    if hasattr(notice, "reason"):
        notice = notice.model_copy(update={"reason": text})
    county.memory.notices[notice.id] = notice
    assert county.delivery.deliver(notice) == "sent"
    [(_, mail, _)] = county.mail.outbox
    return mail


def of_outside(mail: Mail) -> tuple[list[str], Counter[str], str]:
    """Return a mail's links, what mail programs would turn into links in its text, and its subject."""
    html = links_of(mail.html)
    return html.links, Counter(CLICKABLE.findall(html.text) + CLICKABLE.findall(mail.text)), mail.subject


@pytest.mark.parametrize("notice", NOTICES, ids=lambda notice: f"{type(notice).__name__} {notice.key}")
@settings(max_examples=40)
@given(text=outside)
@example(text=HOSTILE[0])
@example(text=HOSTILE[4])
@example(text=HOSTILE[5])
@example(text="1http://jahat.example")
@example(text="0.\x1fAA")  # a link once the control character is gone
def test_fault_32_no_mail_takes_more_from_outside_than_text(notice: AnyNotice, text: str) -> None:
    """Text from outside adds no element, link, header or hidden character to any kind of mail, nor to its subject."""
    hostile = sent(text, notice)
    assert of_outside(hostile) == of_outside(sent(PLAIN, notice))
    assert not HIDDEN.search(hostile.html + hostile.text + hostile.subject)
    assert hostile.subject.isprintable()


@pytest.mark.parametrize("text", HOSTILE)
def test_fault_32_a_digest_takes_no_more_than_a_mail_alone(text: str) -> None:
    """Neither the words nor the place of any ticket in a digest have an effect."""

    def digest(said: str) -> Mail:
        morning = datetime(2026, 11, 4, 7, 30, tzinfo=WIB)
        county = mailbox.County(NOON, mailbox.a_directory(dishub={"ordinary": "digest"}))
        for number in range(2):
            [notice] = county.open(number, place=Place(landmark=said))
            post = county.memory.posts[county.memory.tickets[notice.ticket].post]
            county.memory.posts[post.key] = a_post(**post.model_dump() | {"text": said, "digest": ""})
        county.now = morning
        county.follow_up()
        [message] = county.mail.accepted
        assert message.mail is not None
        return message.mail

    hostile, plain = digest(text), digest(PLAIN)
    assert links_of(hostile.html).links == links_of(plain.html).links
    assert hostile.subject == plain.subject
    assert not HIDDEN.search(hostile.html + hostile.text)
    assert "<b>palsu" not in hostile.html
    assert "49" not in hostile.text


@pytest.mark.parametrize("notice", NOTICES[:6], ids=lambda notice: notice.key)
@pytest.mark.parametrize(
    "permalink",
    [
        "javascript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "https://www.instagram.com@jahat.example/",
        'https://a.example/"onclick="x',
        "ftp://a.example/",
        "https://a b/",
        "https://a.example/\r\nBcc: x@y.example",
        "",
    ],
)
def test_fault_32_only_a_web_address_becomes_a_link(notice: AnyNotice, permalink: str) -> None:
    """A post's address that is no web address is left out of both forms."""
    mail = sent(PLAIN, notice, permalink=permalink)
    assert not [link for link in links_of(mail.html).links if not link.startswith("https://")]
    assert "jahat.example" not in mail.html + mail.text
    assert "onclick" not in mail.html
    assert "Bcc" not in mail.text + mail.html


@given(outside)
def test_fault_32_no_sms_has_a_word_or_a_line_from_outside(text: str) -> None:
    """A first SMS and a step's SMS are one line of the GSM alphabet, the same whatever was written."""
    for step in (None, "head"):
        notice = a_notice(medium="sms", urgency="emergency", step=step)
        said = []
        for words in (text, PLAIN):
            county = County(now=NOON)
            county.memory.contacts["dishub"] = a_contact("dishub")
            post = a_post(text=words, state="triaged", triage=a_triage(reasons=(words,)), ticket=a_ticket().code)
            county.memory.posts[post.key] = post
            county.memory.tickets[a_ticket().code] = a_ticket(urgency="emergency")
            county.memory.notices[notice.id] = notice
            assert county.delivery.deliver(notice) == "sent"
            said += [sms for _, sms in county.sms.outbox]
        assert said[0] == said[1]
        assert "\n" not in said[0]
        assert septets(said[0]) is not None


@pytest.mark.parametrize("break_", ["\r\n", "\n", "\r", "\x00", "\x0b", "\u2028"])
def test_fault_32_a_subject_with_a_line_break_is_refused_before_it_is_sent(break_: str) -> None:
    """No header can be added through the subject, not even by a fault in the wording."""
    broken = Mail(subject=f"[SLM-4K7P2M]{break_}Bcc: semua@sleman.example", text="", html="")
    with a_provider() as provider:
        with pytest.raises(NotAcceptedError) as refusal:
            mail_sender(provider.url).send(broken, an_envelope(a_notice()))
        assert provider.requests == []
    assert not refusal.value.retry


@pytest.mark.parametrize("native_id", ["1 OR 1=1", "a#b", "../x", "{{7}}", "a\nb", "#pk", "", "\u202e1"])
def test_fault_32_no_id_can_leave_its_place_in_a_key(native_id: str) -> None:
    """A malformed id makes no post, so no key of the table is made of it."""
    with pytest.raises(ValueError, match="native_id"):
        a_post(native_id=native_id)
    assert ticket_code(f"instagram#{native_id}").isascii()
