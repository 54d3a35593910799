"""What a link said about a post teaches only when the desk stands for it."""

from __future__ import annotations

from datetime import timedelta

from admin_api.correction import correction
from admin_api.requests import CorrectionRequest
from aduan.change import Change
from aduan.directory_loading import load_directory
from aduan.example import Example, Label
from tests.builders import NOON, a_post, a_ticket, a_triage, an_example

POST = a_post().model_copy(update={"state": "triaged", "triage": a_triage()})
BY_LINK = an_example(label=Label(department="dlh"), link_of="dishub")


def correct(holder: str, known: Example | None = BY_LINK, **asked: str) -> Change | None:
    """Correct the ticket while it is with a department."""
    return correction(
        CorrectionRequest.model_validate({"version": 1, **asked}),
        a_ticket(department=holder),
        POST,
        known,
        by="admin-1",
        directory=load_directory(),
        now=NOON + timedelta(hours=1),
    )


def test_what_a_link_said_waits_for_the_desk() -> None:
    """It is kept with the department whose link it was, and is not confirmed."""
    assert not BY_LINK.is_confirmed
    assert an_example().is_confirmed


def test_the_desk_confirms_by_naming_the_same_department_once() -> None:
    """The ticket stays where it is, and a repetition changes nothing."""
    change = correct("dlh", department="dlh")
    assert change is not None
    assert change.example is not None
    assert change.example.is_confirmed
    assert change.example.label.department == "dlh"
    assert change.ticket.department == "dlh"
    assert correct("dlh", change.example, department="dlh") is None


def test_a_correction_of_something_else_adopts_the_link_only_where_it_left_the_ticket() -> None:
    """A department that only a link named does not become the desk's word while another one has the ticket."""
    for holder, learnt in (("dlh", "dlh"), ("dpupkp", None)):
        change = correct(holder, topic="jalan")
        assert change is not None
        assert change.example is not None
        assert change.example.is_confirmed
        assert change.example.label.department == learnt
