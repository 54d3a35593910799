"""What follows when a person overrules the classifier, decided without reading anything else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from admin_api.correction import correction
from admin_api.requests import CorrectionRequest
from aduan.change import Change
from aduan.deadlines import finish_by
from aduan.directory_loading import load_directory
from aduan.example import Example, Label
from aduan.refusal import RefusedError
from aduan.ticket import MOVES, Ticket
from aduan.triage import DESK
from tests.builders import NOON, a_post, a_ticket, a_triage, an_example

DIRECTORY = load_directory()
LATER = NOON + timedelta(hours=2)
POST = a_post(state="triaged", triage=a_triage(), ticket=a_ticket().code)


def correct(ticket: Ticket, known: Example | None = None, post: Any = POST, **asked: Any) -> Change | None:
    """Return the change of a correction, asked for on the ticket's own version unless another is given."""
    request = CorrectionRequest.model_validate({"version": ticket.version} | asked)
    return correction(request, ticket, post, known, by="admin-1", directory=DIRECTORY, now=LATER)


def corrected(ticket: Ticket, known: Example | None = None, **asked: Any) -> Change:
    """Return the change of a correction that must change something."""
    change = correct(ticket, known, **asked)
    assert change is not None
    return change


def refusal(ticket: Ticket, post: Any = POST, **asked: Any) -> RefusedError:
    """Return the error with which a correction is refused."""
    with pytest.raises(RefusedError) as refused:
        correct(ticket, post=post, **asked)
    return refused.value


def test_a_ticket_goes_to_whom_a_person_names() -> None:
    """Department, topic and version change, the department is told, and the history says who did it and why."""
    change = corrected(a_ticket(), department="dlh", topic="sampah_lingkungan", note="bukan lampu")
    assert (change.ticket.department, change.ticket.topic) == ("dlh", "sampah_lingkungan")
    assert (change.ticket.status, change.ticket.version, change.ticket.corrected_at) == ("routed", 2, LATER)
    assert [notice.key for notice in change.notices] == ["dlh#email"]
    assert (change.events[0].by, change.events[0].move, change.events[0].at) == ("admin-1", "routed", LATER)
    assert change.events[0].why == (
        "koreksi: topik Penerangan jalan umum \u2192 "
        f"{DIRECTORY.topics['sampah_lingkungan'].label}; perangkat daerah Dinas Perhubungan \u2192 "
        "Dinas Lingkungan Hidup. Catatan: bukan lampu"
    )


@pytest.mark.parametrize(
    ("department", "status"), [("dlh", "routed"), ("pln", "not_ours"), (DESK, "needs_review"), ("dishub", "routed")]
)
def test_the_department_says_where_a_ticket_stands(department: str, status: str) -> None:
    """The ticket is with a department of the county, with an owner outside it, or with the desk."""
    waiting = a_ticket(department=DESK, status="needs_review", topic="jalan")
    change = corrected(waiting, department=department, topic="penerangan_jalan")
    assert change.ticket.status == status
    assert change.events[0].move == (status if department != DESK else "corrected")


def test_naming_the_department_that_stands_on_an_undecided_ticket_decides_it() -> None:
    """A ticket that waits for a person moves on even if its department is already the right one."""
    assert corrected(a_ticket(status="needs_review"), department="dishub").ticket.status == "routed"


def test_what_is_no_report_is_rejected_and_nobody_is_told() -> None:
    """The ticket keeps its department and topic for the figures, and nobody is told."""
    change = corrected(a_ticket(), is_report=False)
    assert (change.ticket.status, change.ticket.department, change.notices) == ("rejected", "dishub", ())
    assert change.example is not None
    assert change.example.label == Label(is_report=False)


def test_a_rejection_can_be_taken_back_through_the_desk() -> None:
    """A slip can be undone: the desk gets the ticket again, and the example says that it is a report."""
    rejected = a_ticket(status="rejected", department=DESK)
    change = corrected(rejected, an_example(label=Label(is_report=False)), department=DESK)
    assert change.ticket.status == "needs_review"
    assert [notice.department for notice in change.notices] == [DESK]
    assert change.example is not None
    assert change.example.label == Label()


@pytest.mark.parametrize(
    "asked",
    [
        {"topic": "penerangan_jalan"},
        {"department": "dishub"},
        {"department": "dishub", "topic": "penerangan_jalan", "kind": "complaint", "urgency": "normal", "note": "x"},
    ],
)
@pytest.mark.parametrize("status", ["routed", "accepted", "closed"])
def test_what_is_already_so_changes_nothing(status: Any, asked: dict[str, Any]) -> None:
    """A correction repeated after a lost reply is answered as done, whatever its version and the ticket's status."""
    assert correct(a_ticket(status=status, version=5), version=4, **asked) is None


def test_a_repeated_rejection_changes_nothing() -> None:
    """A repeated rejection is answered as done as well."""
    assert correct(a_ticket(status="rejected", version=5), version=4, is_report=False) is None


def test_a_stale_correction_is_refused() -> None:
    """Somebody who saw another version must look again before changing anything."""
    refused = refusal(a_ticket(version=2), version=1, department="dlh")
    assert (refused.status, refused.code, refused.field) == (409, "outdated", "version")


@pytest.mark.parametrize("status", sorted(MOVES))
@pytest.mark.parametrize(
    "asked",
    [{"department": "dlh"}, {"department": "pln"}, {"department": DESK}, {"is_report": False}, {"topic": "jalan"}],
)
def test_only_whitelisted_moves_are_made(status: Any, asked: dict[str, Any]) -> None:
    """A ticket moves as its status allows, or stays while it is followed up; other moves get 409 and a sentence."""
    ticket = a_ticket(status=status)
    followed = status not in {"closed", "resolved", "duplicate", "rejected"}
    wanted = {"dlh": "routed", "pln": "not_ours", DESK: "needs_review"}.get(asked.get("department", ""), status)
    wanted = "rejected" if asked.get("is_report") is False else wanted
    if wanted in MOVES[status] or (wanted == status and followed):
        assert corrected(ticket, **asked).ticket.status == wanted
    elif asked == {"is_report": False} and status == "rejected":
        assert correct(ticket, **asked) is None
    else:
        refused = refusal(ticket, **asked)
        assert (refused.status, refused.code) == (409, "not_allowed")
        assert refused.message.endswith(".")
        assert (DESK in refused.message) == ("needs_review" in MOVES[status])


def test_a_closed_ticket_is_not_corrected() -> None:
    """A closed ticket stays as it was answered."""
    for asked in ({"topic": "jalan"}, {"department": "dlh"}, {"department": DESK}, {"is_report": False}):
        assert refusal(a_ticket(status="closed"), **asked).code == "not_allowed"


def test_a_post_that_is_being_decided_anew_waits() -> None:
    """Between an edit and its decision, it is unknown which words the person saw."""
    refused = refusal(a_ticket(), post=POST.model_copy(update={"state": "new"}), department="dlh")
    assert (refused.status, refused.code) == (409, "undecided")


def test_a_deleted_post_is_no_example_and_tells_nobody() -> None:
    """The post's words are gone, but the ticket can still be corrected for the figures."""
    change = correct(a_ticket(), post=POST.model_copy(update={"state": "gone", "text": ""}), department="dlh")
    assert change is not None
    assert (change.ticket.department, change.notices, change.example) == ("dlh", (), None)


def test_an_emergency_is_told_by_sms_and_due_from_now() -> None:
    """When a ticket becomes an emergency, its time runs from when the department is told."""
    change = corrected(a_ticket(), urgency="emergency")
    assert [(notice.medium, notice.urgency) for notice in change.notices] == [
        ("sms", "emergency"),
        ("email", "emergency"),
    ]
    assert change.ticket.due_at == finish_by(LATER, DIRECTORY.deadlines["emergency"], DIRECTORY)
    assert change.events[0].move == "corrected"


def test_a_false_alarm_is_due_from_the_beginning() -> None:
    """A ticket made less urgent gets the deadline it would have had, and no SMS is sent any more."""
    alarm = a_ticket(urgency="emergency", due_at=finish_by(NOON, DIRECTORY.deadlines["emergency"], DIRECTORY))
    change = corrected(alarm, urgency="normal")
    assert change.ticket.due_at == finish_by(NOON, DIRECTORY.deadlines["normal"], DIRECTORY)
    assert [notice.medium for notice in change.notices] == ["email"]


def test_other_corrections_leave_the_due_date() -> None:
    """A ticket that reaches its department late keeps its due date, because the citizen has been waiting."""
    assert corrected(a_ticket(), department="dlh", topic="jalan").ticket.due_at == a_ticket().due_at


def test_an_example_holds_the_last_word_about_each_thing() -> None:
    """Earlier answers stay unless they are given anew; the desk is not learnt as a department."""
    known = an_example(label=Label(topic="jalan", department="dpupkp", kind="request"))
    ticket = a_ticket(department="dpupkp", topic="jalan")
    change = corrected(ticket, known, topic="sampah_lingkungan", department=DESK)
    assert change.example is not None
    said = change.example.label
    assert (said.department, said.kind, said.topic) == (None, "request", "sampah_lingkungan")


def test_an_example_says_what_the_classifier_had_said() -> None:
    """An example holds the masked words, the decision, the ticket, the time and who corrected: no citizen."""
    change = corrected(a_ticket(), topic="jalan")
    assert change.example == Example(
        post=POST.key,
        ticket=a_ticket().code,
        text=POST.text,
        decision=a_triage(),
        label=Label(topic="jalan"),
        at=LATER,
        by=change.events[0].by,
    )
    assert "author" not in Example.model_fields
