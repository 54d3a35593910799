"""Corrections and their examples, in memory and on DynamoDB, keep the same promises."""

from __future__ import annotations

from datetime import timedelta

import pytest

from aduan.store.pages import CursorError
from aduan.store.table import OutdatedError
from tests import moves
from tests.builders import NOON, a_notice, a_post, a_ticket, a_triage, an_event, an_example
from tests.codes import ticket_code
from tests.stores import (
    MINUTE,
    Stores,
    correct_ticket,
    mail_states,
    open_ticket,
    stored_notice,
    stored_post,
    stored_ticket,
)


def test_a_correction_is_written_with_everything_that_follows(stores: Stores) -> None:
    """Ticket, notices and example are written together; pending notices to the old department are withdrawn."""
    after = correct_ticket(stores)
    stored = stored_ticket(stores, after.code)
    assert stored.model_copy(update={"act_at": None}) == after
    assert mail_states(stores, "dishub", "dlh") == ["withdrawn", "pending"]
    assert stores.examples.get(after) == an_example()


@pytest.mark.parametrize("meanwhile", ["the ticket moved", "the post was edited", "the post was deleted"])
def test_a_correction_of_what_changed_meanwhile_is_refused_whole(stores: Stores, meanwhile: str) -> None:
    """When ticket or post is not as the person saw it, neither notice nor example is written."""
    open_ticket(stores)
    read, before = stored_post(stores), a_ticket()
    match meanwhile:
        case "the ticket moved":
            before = a_ticket(version=7)
        case "the post was edited":
            stores.posts.revise(a_post(text="Lampunya sekarang dua yang mati"))
        case _:
            stores.tickets.write(moves.erased(read, before, an_event(move="source_gone"), "gone", NOON))
    with pytest.raises(OutdatedError):
        stores.tickets.write(
            moves.corrected(
                read,
                before,
                a_ticket(department="dlh", version=before.version + 1),
                notices=[a_notice(department="dlh")],
                events=[an_event(move="routed")],
                example=an_example(),
            )
        )
    assert mail_states(stores, "dlh") == [None]
    assert stores.examples.get(a_ticket()) is None


def test_who_was_told_is_not_told_again_and_who_was_not_is(stores: Stores) -> None:
    """When a ticket goes back, a sent notice stays sent, and a withdrawn one is pending again."""
    first = correct_ticket(stores)
    claimed = stores.notices.claim(a_notice(department="dlh"), "one", NOON, "dlh@example.go.id", "dlh")
    stores.notices.sent(claimed, "message-1", NOON)
    later = NOON + MINUTE
    back = first.model_copy(update={"department": "dishub", "version": 3})
    for before, after in ((first, back), (back, first.model_copy(update={"version": 4}))):
        stores.tickets.write(
            moves.corrected(
                stored_post(stores),
                before,
                after,
                notices=[a_notice(department=after.department, created_at=later)],
                events=[an_event(move="routed", at=NOON + after.version * MINUTE)],
                example=an_example(),
            )
        )
        expected = {"dishub": ["pending", "sent"], "dlh": ["withdrawn", "sent"]}[after.department]
        assert mail_states(stores, "dishub", "dlh") == expected
        waiting = [a_notice().id] if after is back else []
        assert list(stores.notices.left_behind(later)) == waiting


def test_a_correction_leaves_a_step_whose_clock_runs_on(stores: Stores) -> None:
    """A pending reminder is withdrawn when the department changes, but not when only the topic does."""
    open_ticket(stores)
    step = a_notice(step="remind.1")
    before = a_ticket()
    stores.tickets.write(
        moves.moved(before, before.model_copy(update={"version": 2}), at=NOON, notices=[step], event=None)
    )
    for version, changes, state in ((2, {"topic": "jalan"}, "pending"), (3, {"department": "dlh"}, "withdrawn")):
        ticket = stored_ticket(stores, before.code)
        after = ticket.model_copy(update={"version": version + 1, **changes})
        stores.tickets.write(
            moves.corrected(
                stored_post(stores),
                ticket,
                after,
                notices=[a_notice(department=after.department)],
                events=[an_event(move="corrected", at=NOON + version * MINUTE)],
                example=an_example(),
            )
        )
        stored = stored_notice(stores, step.id)
        assert stored.state == state


def test_an_example_goes_with_the_words_it_is_about(stores: Stores) -> None:
    """When the post is deleted at its source, nothing of its example can be read any more."""
    after = correct_ticket(stores)
    stores.tickets.write(moves.erased(stored_post(stores), after, an_event(move="source_gone"), "gone", NOON))
    assert stores.examples.get(after) is None
    assert stores.examples.page("2026-11", 10) == ((), None)


def test_an_example_does_not_outlive_an_edit(stores: Stores) -> None:
    """A correction of the old text is no example for the new one, until a person repeats it."""
    after = correct_ticket(stores)
    stores.posts.revise(a_post(text="Lampunya sekarang dua yang mati", fetched_at=NOON + MINUTE))
    stores.tickets.write(moves.revised(stored_post(stores), a_triage(), after, after, notices=[], events=[]))
    assert stores.examples.get(after) is None
    again = after.model_copy(update={"topic": "jalan", "version": 3})
    example = an_example(text="Lampunya sekarang dua yang mati")
    event = an_event(move="corrected", at=NOON + MINUTE)
    stores.tickets.write(
        moves.corrected(stored_post(stores), after, again, notices=[], events=[event], example=example)
    )
    assert stores.examples.get(again) == example


def test_examples_come_in_pages_month_by_month(stores: Stores) -> None:
    """Each example of the month is on one page, and none of another month; a wrong cursor is refused."""
    for number in range(23):
        post = a_post(native_id=str(number))
        opened = NOON if number < 20 else NOON + timedelta(days=40)
        before = a_ticket(code=ticket_code(post.key), post=post.key, opened_at=opened)
        stores.posts.add(post)
        stores.tickets.write(moves.opened(post, a_triage(), before, [], []))
        stored = stored_post(stores, post.key)
        stores.tickets.write(
            moves.corrected(
                stored,
                before,
                before.model_copy(update={"version": 2, "corrected_at": NOON}),
                notices=[],
                events=[an_event(ticket=before.code, move="corrected")],
                example=an_example(post=post.key, ticket=before.code),
            )
        )
    found: list[str] = []
    after = None
    while True:
        page, after = stores.examples.page("2026-11", 6, after)
        assert len(page) <= 6
        found += [example.post for example in page]
        if after is None:
            break
    assert sorted(found) == sorted(f"instagram#{number}" for number in range(20))
    assert len(stores.examples.page("2026-12", 10)[0]) == 3
    with pytest.raises(CursorError):
        stores.examples.page("2026-11", 6, "bukan")
