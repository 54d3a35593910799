"""A clock's start is kept on the ticket: one rule says when it starts anew and when it ends, whoever makes a change."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.case import Case
from actions.form import Remarks
from actions.moves import refused, taken_up
from admin_api.correction import correction
from admin_api.requests import CorrectionRequest
from aduan.action_token import Action, ActionToken
from aduan.deadlines import changed, started
from aduan.directory_loading import load_directory
from aduan.post import Post
from aduan.record import WIB
from aduan.ticket import Ticket
from aduan.triage import DESK
from classify.reopening import reopening
from classify.revision import revision
from tests.builders import a_post, a_triage
from tests.codes import opening

DIRECTORY = load_directory()
SEPTEMBER = datetime(2026, 9, 7, 3, 0, tzinfo=UTC)
NOVEMBER = datetime(2026, 11, 3, 3, 0, tzinfo=UTC)
DAY = timedelta(days=1)
NORMAL, URGENT, EMERGENCY = a_triage(), a_triage(urgency="urgent"), a_triage(urgency="emergency")


def a_case(ticket: Ticket, post: Post, action: Action = "accept") -> Case:
    """What a link's page knows of a ticket."""
    token = ActionToken(action=action, ticket=ticket.code, department=ticket.department, expires_at=NOVEMBER + 90 * DAY)
    return Case(token=token, ticket=ticket, post=post, directory=DIRECTORY)


class Course:
    """A ticket that is changed by the product's own makers of changes."""

    def __init__(self, at: datetime, **triage: Any) -> None:
        self.triage = a_triage(**triage)
        self.post = a_post(created_at=at, fetched_at=at, author="penulis-1", triage=self.triage, state="triaged")
        self.ticket = opening(self.post, self.triage, DIRECTORY, at).ticket

    def correct(self, at: datetime, **asked: Any) -> None:
        """Correct the ticket as the desk does."""
        request = CorrectionRequest.model_validate({"version": self.ticket.version} | asked)
        change = correction(request, self.ticket, self.post, None, by="admin", directory=DIRECTORY, now=at)
        assert change is not None
        self.ticket = change.ticket

    def edit(self, at: datetime, **triage: Any) -> None:
        """Let the citizen edit the post, and the classifier decide otherwise."""
        after = self.triage.model_copy(update=triage)
        post = self.post.model_copy(update={"state": "new", "revised_at": at})
        self.ticket = revision(post, self.triage, after, self.ticket, directory=DIRECTORY, now=at).ticket
        self.triage = after

    def press(self, action: Action, at: datetime) -> None:
        """Use a department's link."""
        case = a_case(self.ticket, self.post, action)
        if action == "not_ours":
            self.ticket = refused(case, None, Remarks(), at).ticket
        else:
            self.ticket = taken_up(case, Remarks(), at).ticket

    def contradict(self, at: datetime) -> None:
        """Let the citizen say that it is not done."""
        answer = a_post(native_id="1", text="belum min", parent_id=self.post.native_id, created_at=at, fetched_at=at)
        change = reopening(answer, a_triage(route="desk"), self.ticket, DIRECTORY, at)
        assert change is not None
        self.ticket = change.ticket

    @property
    def due(self) -> date:
        """The day in Sleman on which the ticket must be resolved."""
        return self.ticket.due_at.astimezone(WIB).date()

    @property
    def take_up(self) -> date | None:
        """The day in Sleman until which the ticket must be taken up."""
        return self.ticket.take_up_by and self.ticket.take_up_by.astimezone(WIB).date()


def a_reopened(**triage: Any) -> Course:
    """Return a ticket opened on 7 September, resolved and closed, and reopened on 3 November."""
    course = Course(SEPTEMBER, **triage)
    course.press("done", SEPTEMBER + 50 * DAY)
    course.contradict(NOVEMBER)
    return course


@pytest.mark.parametrize("first", ["urgent", "emergency"])
def test_a_reopened_ticket_is_due_from_its_reopening(first: str) -> None:
    """Opened on 7 September, reopened on 3 November, accepted and then corrected: it is due on 20 November."""
    course = a_reopened(urgency=first)
    course.press("accept", NOVEMBER + DAY)
    course.correct(NOVEMBER + 2 * DAY, urgency="normal")
    assert course.due == date(2026, 11, 20)


def test_a_reopened_question_that_is_a_complaint_is_due_from_its_reopening() -> None:
    """The same holds when its kind is corrected."""
    course = a_reopened(kind="question")
    course.press("accept", NOVEMBER + DAY)
    course.correct(NOVEMBER + 2 * DAY, kind="complaint")
    assert course.due == date(2026, 11, 20)


@pytest.mark.parametrize(
    "asked",
    [
        {"kind": "suggestion"},
        {"topic": "jalan"},
        {"kind": "other", "topic": "jalan"},
        {"department": DESK},
        {"department": "pln"},
    ],
)
def test_a_correction_of_a_reopened_ticket_is_no_other_reopening(asked: dict[str, Any]) -> None:
    """Corrected on 19 November, it is still due on 20 November, and the steps that were taken stay taken."""
    course = a_reopened()
    course.ticket = course.ticket.model_copy(update={"steps": ("sekda",)})
    course.correct(NOVEMBER + 16 * DAY, **asked)
    assert (course.due, course.ticket.steps) == (date(2026, 11, 20), ("sekda",))


def test_a_corrected_kind_does_not_restart_the_take_up_clock() -> None:
    """Corrected to and fro, the ticket of 3 November must still be taken up by 10 November."""
    course = Course(NOVEMBER)
    for days, kind in ((7, "suggestion"), (9, "question"), (14, "complaint"), (21, "other")):
        course.correct(NOVEMBER + days * DAY, kind=kind)
        assert course.take_up == (None if kind == "question" else date(2026, 11, 10))


def test_an_edit_does_not_restart_the_take_up_clock() -> None:
    """The citizen's new words change the kind, and not since when the department has had the ticket."""
    course = Course(NOVEMBER)
    for days, kind in ((7, "suggestion"), (9, "question"), (14, "complaint")):
        course.edit(NOVEMBER + days * DAY, kind=kind)
    assert (course.take_up, course.due) == (date(2026, 11, 10), date(2026, 11, 20))


def test_it_restarts_when_the_ticket_comes_to_somebody_else() -> None:
    """By correction, refusal or edit, another department has its full time; the due date stays."""
    at = NOVEMBER + 7 * DAY
    courses = [Course(NOVEMBER) for _ in range(4)]
    courses[0].correct(at, department="dlh")
    courses[1].press("not_ours", at)
    courses[2].edit(at, department="dlh")
    courses[3].correct(NOVEMBER + DAY, department=DESK)
    courses[3].correct(at, department="dishub")
    for course in courses:
        assert (course.take_up, course.due) == (date(2026, 11, 17), date(2026, 11, 20))


def test_a_named_department_has_its_full_time_after_the_desk() -> None:
    """A ticket that waits at the desk with its department already entered comes to that department when it is named."""
    course = Course(NOVEMBER, route="desk")
    assert (course.ticket.department, course.take_up) == ("dishub", date(2026, 11, 6))
    course.correct(NOVEMBER + 2 * DAY, department="dishub")
    assert course.take_up == date(2026, 11, 12)


@pytest.mark.parametrize("way", ["correct", "edit"])
def test_an_emergency_taken_back_gets_the_ordinary_dates(way: str) -> None:
    """By correction or by the citizen's edit, the ticket is due as if it had never been one."""
    course = Course(NOVEMBER, urgency="emergency")
    assert course.ticket.due_at == NOVEMBER + timedelta(hours=2)
    getattr(course, way)(NOVEMBER + timedelta(minutes=10), urgency="normal")
    assert (course.due, course.take_up) == (date(2026, 11, 20), date(2026, 11, 10))


@pytest.mark.parametrize("way", ["correct", "edit"])
def test_what_becomes_an_emergency_is_due_from_then(way: str) -> None:
    """Its holder hears of it now, so both clocks leave the full time of an emergency, once."""
    course = Course(NOVEMBER)
    at = NOVEMBER + timedelta(hours=3)
    getattr(course, way)(at, urgency="emergency")
    assert course.ticket.due_at == at + timedelta(hours=2)
    assert course.ticket.take_up_by == at + timedelta(minutes=30)
    getattr(course, way)(at + timedelta(minutes=5), kind="suggestion")
    assert course.ticket.due_at == at + timedelta(hours=2)


def test_who_hears_late_of_a_shorter_limit_is_not_late_at_once() -> None:
    """Made urgent on its last days, a ticket keeps its due date instead of getting one that has passed."""
    course = Course(NOVEMBER)
    course.correct(NOVEMBER + 14 * DAY, urgency="urgent")
    assert course.due == date(2026, 11, 20)
    course.correct(NOVEMBER + 15 * DAY, urgency="normal")
    assert course.due == date(2026, 11, 20)


def test_a_ticket_restored_after_a_wrong_rejection_starts_anew() -> None:
    """Rejected in September and restored in November, it has all its time again, and no step counts as taken."""
    course = Course(SEPTEMBER)
    course.ticket = course.ticket.model_copy(update={"steps": ("remind", "sekda")})
    course.correct(SEPTEMBER + 2 * DAY, is_report=False)
    assert (course.ticket.take_up_by, course.ticket.act_at) == (None, None)
    course.correct(NOVEMBER, department=DESK)
    assert (course.due, course.take_up, course.ticket.steps) == (date(2026, 11, 20), date(2026, 11, 6), ())
    course.correct(NOVEMBER + DAY, department="dishub")
    assert (course.due, course.take_up) == (date(2026, 11, 20), date(2026, 11, 11))
    course.correct(NOVEMBER + 2 * DAY, urgency="urgent")
    course.correct(NOVEMBER + 3 * DAY, urgency="normal")
    assert (course.due, course.take_up) == (date(2026, 11, 20), date(2026, 11, 11))


def test_clocks_left_alone_by_older_code_start_when_it_changed_the_ticket() -> None:
    """A change of the last release waits for `follow_up`; one of this release that comes first makes up for it."""
    course = Course(NOVEMBER)
    moved_at = NOVEMBER + 7 * DAY
    left = {"department": "dlh", "version": 2, "act_at": moved_at}
    course.ticket = course.ticket.model_copy(update=left)
    course.correct(moved_at + 6 * DAY, kind="suggestion")
    assert (course.take_up, course.ticket.round) == (date(2026, 11, 17), 2)


def test_a_ticket_of_older_code_keeps_its_dates() -> None:
    """Without the new fields, the clocks count from the opening, as they did."""
    course = Course(NOVEMBER)
    stored = course.ticket.model_dump(mode="json", exclude={"running_since", "waiting_since"})
    course.ticket = Ticket.model_validate(stored)
    course.correct(NOVEMBER + 7 * DAY, kind="suggestion")
    assert (course.due, course.take_up) == (date(2026, 11, 20), date(2026, 11, 10))


@given(days=st.integers(0, 30), first=st.sampled_from([NORMAL, URGENT, EMERGENCY]), kind=st.sampled_from(["question"]))
def test_the_rule_applied_twice_is_the_rule_applied_once(days: int, first: Any, kind: str) -> None:
    """A change whose clocks are set again, as after a crash between two writes, has the same dates."""
    ticket = opening(a_post(created_at=NOVEMBER), first, DIRECTORY, NOVEMBER).ticket
    at = NOVEMBER + days * DAY
    for changes in ({"urgency": "urgent"}, {"urgency": "emergency"}, {"urgency": "normal"}, {"kind": kind}):
        once = changed(ticket, changes, DIRECTORY, at)
        again = started(once.model_copy(update={"clock": ticket.clock}), DIRECTORY, at)
        assert (again.due_at, again.take_up_by) == (once.due_at, once.take_up_by)


def test_a_change_needs_no_second_write_to_start_its_clocks() -> None:
    """The ticket is written with its clocks, and `follow_up` has nothing to do at once."""
    course = Course(NOVEMBER)
    course.correct(NOVEMBER + DAY, department="dlh")
    assert course.ticket.act_at is not None
    assert course.ticket.act_at > NOVEMBER + DAY
