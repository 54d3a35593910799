"""What SES answers about its suppression list becomes one of three outcomes, and never an error."""

from __future__ import annotations

from collections.abc import Iterator

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError
from botocore.stub import Stubber

from admin_api.suppression import NOT_LISTED, TAKEN_OFF, SesSuppressionList

ADDRESS = "dlh@slemankab.example"


@pytest.fixture(name="stub")
def _stub() -> Iterator[tuple[SesSuppressionList, Stubber]]:
    client = boto3.client("sesv2", region_name="ap-southeast-3", aws_access_key_id="test", aws_secret_access_key="test")
    with Stubber(client) as stubber:
        yield SesSuppressionList(lambda: client), stubber
        stubber.assert_no_pending_responses()


def test_an_address_is_taken_off_the_list(stub: tuple[SesSuppressionList, Stubber]) -> None:
    """The request names the address as it was entered."""
    suppressed, ses = stub
    ses.add_response("delete_suppressed_destination", {}, {"EmailAddress": ADDRESS})
    assert suppressed.take_off(ADDRESS) == TAKEN_OFF


def test_an_address_that_is_not_on_the_list_is_no_fault(stub: tuple[SesSuppressionList, Stubber]) -> None:
    """SES answers NotFoundException, so a repeated request gets that too."""
    suppressed, ses = stub
    ses.add_client_error("delete_suppressed_destination", "NotFoundException", http_status_code=404)
    assert suppressed.take_off(ADDRESS) == NOT_LISTED


@pytest.mark.parametrize("code", ["AccessDeniedException", "TooManyRequestsException", "BadRequestException"])
def test_any_other_answer_says_that_nobody_knows(stub: tuple[SesSuppressionList, Stubber], code: str) -> None:
    """The code is kept for the answer; the sentence, which may repeat the address, is not."""
    suppressed, ses = stub
    ses.add_client_error("delete_suppressed_destination", code, f"no {ADDRESS}", http_status_code=400)
    assert suppressed.take_off(ADDRESS) == code


def test_no_answer_says_that_nobody_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    """A contact can be entered while SES is out of reach."""

    class Unreachable:
        def delete_suppressed_destination(self, **_: str) -> None:
            raise EndpointConnectionError(endpoint_url="https://email.example")

    suppressed = SesSuppressionList(Unreachable)  # type: ignore[arg-type] # all that is called
    assert suppressed.take_off(ADDRESS) == "EndpointConnectionError"
