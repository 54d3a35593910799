from __future__ import annotations

import pytest

from aduan.quotation import quotation
from tests.builders import a_post


def test_words_are_quoted_line_by_line_without_a_link_to_click() -> None:
    """What cannot be seen is left out, and an address is only text."""
    lines, instead = quotation(a_post(text="lampu\u202e mati\nlihat https://bit.ly/x"), 100, confidential=False)
    assert lines == ("lampu mati", "lihat hxxps[:]//bit[.]ly/x")
    assert instead == ""


@pytest.mark.parametrize(("clipped", "limit"), [(False, 5), (True, 100)])
def test_what_is_cut_says_so(clipped: bool, limit: int) -> None:  # noqa: FBT001 # a case
    """Whether it is cut here or was cut when it was stored."""
    lines, _ = quotation(a_post(text="lampu mati", clipped=clipped), limit, confidential=False)
    assert lines[-1].endswith(" \u2026 (dipotong)")


def test_where_there_is_nothing_to_quote_a_sentence_says_why() -> None:
    """A secret, a deleted post, a photo and an empty post each have their own sentence, and no line."""
    told = [
        quotation(a_post(text="uang"), 100, confidential=True),
        quotation(a_post(text="", state="gone"), 100, confidential=False),
        quotation(a_post(text="", has_photo=True), 100, confidential=False),
        quotation(a_post(text=""), 100, confidential=False),
    ]
    assert all(lines == () for lines, _ in told)
    assert len({instead for _, instead in told}) == 4
    assert "rahasia" in told[0][1]
