"""Labels claim no more than is known."""

from __future__ import annotations

from typing import get_args

import pytest

from aduan.labels import NOTICE_STATE_LABELS, notice_state_label
from aduan.notice import Medium, NoticeState


@pytest.mark.parametrize("medium", get_args(Medium))
def test_a_sent_notice_was_handed_over_and_nothing_says_that_it_arrived(medium: Medium) -> None:
    """SES and SNS answer that they took a message; an SMS may still never arrive."""
    label = notice_state_label("sent", medium).lower()
    assert label.startswith("diserahkan ke penyedia")
    assert not {"terkirim", "sampai", "diterima"} & set(label.split())


def test_every_state_of_a_notice_has_a_label() -> None:
    """No answer shows a code where it should show a label."""
    assert set(NOTICE_STATE_LABELS) == set(get_args(NoticeState))
