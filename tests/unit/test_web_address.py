"""Links as platforms and partners write them become addresses that a mail or a browser opens."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aduan.web_address import LONGEST, web_address

SITE = "https://www.facebook.com"


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("/kabupaten/videos/9/", f"{SITE}/kabupaten/videos/9/"),
        ("permalink.php?story_fbid=1&id=2", f"{SITE}/permalink.php?story_fbid=1&id=2"),
        ("https://koran.example/jalan-é-rusak", "https://koran.example/jalan-%C3%A9-rusak"),
        (
            "https://koran.example/a?cari=kerusakan+é#bagian",
            "https://koran.example/a?cari=kerusakan+%C3%A9#bagian",
        ),
        ("https://koran.example/%C3%A9?x=50%25", "https://koran.example/%C3%A9?x=50%25"),
        ("https://bücher.example/1", "https://xn--bcher-kva.example/1"),
        (" https://koran.example:8443?x=1\n", "https://koran.example:8443/?x=1"),
    ],
)
def test_a_link_is_completed_and_encoded(link: str, expected: str) -> None:
    """Relative links get their host, raw letters are encoded once, and what is encoded already stays."""
    assert web_address(link, SITE) == expected
    assert web_address(expected) == expected


@pytest.mark.parametrize(
    "link",
    [
        None,
        7,
        "",
        " ",
        "javascript:alert(1)",
        "https://nama@koran.example/",
        "https://[x",
        "https://koran.example/a b",
        'https://koran.example/"x',
        "https://koran.example/\u202ex",
        "https://koran.example/\ud800",
        "https://" + "ü" * 80 + ".example/",
        "https://koran.example/" + "a" * LONGEST,
        "https://koran.example/" + "é" * LONGEST,
    ],
)
def test_what_cannot_be_opened_is_no_link(link: object) -> None:
    """No other scheme, user name, blank, quote, invisible sign or broken letter becomes an address."""
    assert web_address(link, SITE) == ""


@given(st.text() | st.text(alphabet="htps:/.@[]?#%aé\ud800 \\"))
def test_whatever_is_written_the_result_is_plain(link: str) -> None:
    """An address is ASCII, has no blank, and does not change when it is made again."""
    made = web_address(link, SITE)
    assert made.isascii()
    assert " " not in made
    assert web_address(made, SITE) == made
