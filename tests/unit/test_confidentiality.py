from __future__ import annotations

from typing import Any

import pytest

from aduan.confidentiality import any_confidential, is_confidential, may_be_named
from aduan.directory_loading import load_directory
from tests.builders import a_post, a_ticket, a_triage

DIRECTORY = load_directory()
KEEPS_SECRETS = "inspektorat"


@pytest.mark.parametrize("ticket", [{"department": KEEPS_SECRETS}, {"refused_by": (KEEPS_SECRETS,)}])
def test_whose_it_is_or_was_makes_a_ticket_confidential(ticket: dict[str, Any]) -> None:
    """What a department that keeps secrets has or had stays confidential, whoever reads of it."""
    post = a_post(triage=a_triage())
    assert is_confidential(a_ticket(**ticket), post, DIRECTORY)
    assert not is_confidential(a_ticket(), post, DIRECTORY)


def test_what_was_taken_for_such_a_matter_stays_one() -> None:
    """Also when a person moved it to another department before anybody read it."""
    assert is_confidential(a_ticket(), a_post(triage=a_triage(department=KEEPS_SECRETS)), DIRECTORY)


@pytest.mark.parametrize("triage", [{"guess": KEEPS_SECRETS}, {"runner_up": KEEPS_SECRETS}])
def test_while_nobody_has_decided_the_possibility_is_enough(triage: dict[str, Any]) -> None:
    """The desk's mail says nothing of what may be such a matter; once it is decided, the guess is only a guess."""
    post = a_post(triage=a_triage(**triage))
    assert is_confidential(a_ticket(), post, DIRECTORY, undecided=True)
    assert not is_confidential(a_ticket(), post, DIRECTORY)
    assert is_confidential(a_ticket(runner_up=KEEPS_SECRETS), a_post(), DIRECTORY, undecided=True)


def test_who_keeps_secrets_or_is_not_known_is_not_named() -> None:
    """Neither stands on a page or under a citizen's post."""
    assert may_be_named("dishub", DIRECTORY)
    assert not may_be_named(KEEPS_SECRETS, DIRECTORY)
    assert not may_be_named("sudah_dihapus", DIRECTORY)
    assert not any_confidential([None, "sudah_dihapus", "dishub"], DIRECTORY)
