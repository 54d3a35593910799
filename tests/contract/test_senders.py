from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from notify.senders import NotAcceptedError, OutcomeUnknownError, sending_config
from tests.builders import a_channel_notice, a_ticket
from tests.provider import FAULT, MAIL, SENT, Provider, a_provider, send


@pytest.fixture
def provider() -> Iterator[Provider]:
    with a_provider() as server:
        yield server


both = pytest.mark.parametrize("medium", ["email", "sms"])


@both
def test_an_accepted_message_gives_its_id(provider: Provider, medium: str) -> None:
    """One request is sent, and the provider's message id is returned."""
    provider.body = SENT[medium]
    assert send(provider.url, medium) == "m-1"
    assert len(provider.requests) == 1


@both
@pytest.mark.parametrize("status", [500, 502, 503])
@pytest.mark.parametrize("form", ["fault", "page", "empty"])
def test_a_server_fault_is_unknown_after_one_request(provider: Provider, medium: str, status: int, form: str) -> None:
    """After a 5xx with any body, one request was made and its outcome is unknown."""
    provider.status = status
    provider.body = {"fault": FAULT[medium], "page": b"<html>Service unavailable", "empty": b""}[form]
    with pytest.raises(OutcomeUnknownError):
        send(provider.url, medium)
    assert len(provider.requests) == 1


@both
@pytest.mark.parametrize("body", [b"", b"<html>Masuk", b"{}"])
def test_an_answer_that_is_none_is_unknown(provider: Provider, medium: str, body: bytes) -> None:
    """A 200 without a message id does not prove that the message was accepted."""
    provider.body = body
    with pytest.raises(OutcomeUnknownError):
        send(provider.url, medium)
    assert len(provider.requests) == 1


@both
@pytest.mark.parametrize(
    ("status", "code", "said", "retry", "blocked"),
    [
        (429, "TooManyRequestsException", "is not allowed", True, False),
        (429, "TooManyRequestsException", "exceeded the daily message quota", True, True),
        (429, "Surprise", "is not allowed", True, False),
        (400, "Throttling", "Maximum sending rate exceeded.", True, False),
        (400, "Throttling", "Daily message quota exceeded.", True, True),
        (400, "LimitExceededException", "is not allowed", True, True),
        (400, "AccountSuspendedException", "is not allowed", True, True),
        (400, "SendingPausedException", "is not allowed", True, True),
        (403, "AccessDeniedException", "is not allowed", True, True),
        (400, "MessageRejected", "Email address is not verified.", True, False),
        (400, "MessageRejected", "is not allowed", False, False),
        (400, "InvalidParameter", "is not allowed", False, False),
        (404, "NotFoundException", "is not allowed", False, False),
    ],
)
def test_a_refusal_says_whether_to_try_again(  # noqa: PLR0913 # a line of the table
    provider: Provider, medium: str, status: int, code: str, said: str, *, retry: bool, blocked: bool
) -> None:
    """A 4xx was certainly not accepted; it says whether to retry and whether other messages are blocked too."""
    provider.status, provider.code = status, code
    provider.body = FAULT[medium].replace(b"CODE", code.encode()).replace(b"is not allowed", said.encode())
    with pytest.raises(NotAcceptedError) as refusal:
        send(provider.url, medium)
    assert (refusal.value.retry, refusal.value.blocked) == (retry, blocked)
    assert refusal.value.why == f"{status} {code}"
    assert len(provider.requests) == 1


@both
def test_a_provider_that_cannot_be_reached_has_accepted_nothing(medium: str) -> None:
    """A refused connection or an unknown host is worth another attempt."""
    for url in ("http://127.0.0.1:9", "http://tidak-ada.invalid"):
        with pytest.raises(NotAcceptedError) as refusal:
            send(url, medium)
        assert refusal.value.retry


@both
def test_missing_credentials_have_sent_nothing(
    provider: Provider, medium: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without credentials no request is made, and a later attempt may have them."""
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    with pytest.raises(NotAcceptedError) as refusal:
        send(provider.url, medium)
    assert refusal.value.retry
    assert provider.requests == []


def test_a_mail_carries_tags_thread_and_reply_address(provider: Provider) -> None:
    """Tags join events to the notice, copies form one thread, and answers go to the desk."""
    provider.body = SENT["email"]
    send(provider.url, "email", reply_to="desk@sleman.example", configuration_set="aduan")
    request = json.loads(provider.requests[0][1])
    assert request["FromEmailAddress"] == "Aduan Sleman <aduan@sleman.example>"
    assert request["Destination"] == {"ToAddresses": ["dishub@sleman.example"]}
    assert request["ReplyToAddresses"] == ["desk@sleman.example"]
    assert request["ConfigurationSetName"] == "aduan"
    assert {tag["Name"]: tag["Value"] for tag in request["EmailTags"]} == {
        "partition": "TICKET",
        "subject": a_ticket().code,
        "notice": "dishub_23email",
    }
    headers = {header["Name"]: header["Value"] for header in request["Content"]["Simple"]["Headers"]}
    thread = f"<{a_ticket().code.lower()}.dishub@sleman.example>"
    assert headers == {
        "References": thread,
        "In-Reply-To": thread,
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
    }
    assert request["Content"]["Simple"]["Subject"] == {"Data": MAIL.subject, "Charset": "UTF-8"}


def test_a_mail_about_a_channel_has_tags_and_a_thread_that_are_allowed(provider: Provider) -> None:
    """Tags and thread avoid the colons and dots of a channel's id and times, which would be refused."""
    provider.body = SENT["email"]
    send(provider.url, "email", notice=a_channel_notice())
    request = json.loads(provider.requests[0][1])
    assert {tag["Name"]: tag["Value"] for tag in request["EmailTags"]} == {
        "partition": "CHANNEL",
        "subject": "instagram_3Akabarsleman",
        "notice": "permission_232026-11-03T05_3A00_3A00_2E000000Z",
    }
    references = request["Content"]["Simple"]["Headers"][0]
    assert references == {"Name": "References", "Value": "<instagram-kabarsleman.diskominfo@sleman.example>"}


def test_a_mail_without_configuration_set_names_none(provider: Provider) -> None:
    """An empty configuration set or reply address is not sent as an empty name."""
    provider.body = SENT["email"]
    send(provider.url, "email")
    assert not {"ConfigurationSetName", "ReplyToAddresses"} & set(json.loads(provider.requests[0][1]))


@pytest.mark.parametrize("sender_id", ["SLEMAN", ""])
def test_an_sms_is_transactional_and_names_its_sender(provider: Provider, sender_id: str) -> None:
    """An SMS is sent in the class delivered first, under the registered name if there is one."""
    provider.body = SENT["sms"]
    send(provider.url, "sms", sender_id=sender_id)
    body = provider.requests[0][1].decode()
    assert "AWS.SNS.SMS.SMSType" in body
    assert "Transactional" in body
    assert ("AWS.SNS.SMS.SenderID" in body) == bool(sender_id)


def test_sending_clients_try_once_and_give_up_in_time() -> None:
    """A client makes one attempt, with three seconds to connect and ten to answer."""
    config: Any = sending_config()
    assert config.retries["total_max_attempts"] == 1
    assert (config.connect_timeout, config.read_timeout) == (3, 10)
