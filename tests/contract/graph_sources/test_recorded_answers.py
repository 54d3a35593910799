"""A source of the Graph API reads recorded answers to their end."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from poll_channels.source import Window
from tests.graph_platform import CHANNELS, KINDS, streamed
from tests.reading import FIRST, LATER, NOW, RECORDINGS, Reading, connection_to, read


class Recorded:
    """Answers from files. Each names the path and cursor that it answers, and can be used repeatedly."""

    def __init__(self, kind: str) -> None:
        self.asked: list[str] = []
        self._answers: dict[tuple[str, str | None], Any] = {}
        for file in sorted((RECORDINGS / kind).glob("*.json")):
            recording = json.loads(file.read_text())
            self._answers[recording["path"], recording.get("after")] = recording

    def request(self, method: str, url: str, **options: Any) -> Any:
        """Answer, as urllib3 does."""
        address = urlsplit(url)
        self.asked.append(address.path)
        after = parse_qs(address.query).get("after", [None])[0]
        recording = self._answers[address.path, after]
        data = json.dumps(recording["body"]).replace("/", "\\/").encode()
        return streamed(recording["status"], data, recording["headers"])


def read_recorded(kind: str, window: Window = FIRST, marks: Mapping[str, str] | None = None) -> tuple[Reading, Any]:
    """Run a source over recorded answers."""
    wire = Recorded(kind)
    connection = connection_to("https://graph.facebook.com", NOW, "t", http=wire)
    return read(KINDS[kind](CHANNELS[kind], connection), window, marks), wire


EXPECTED: dict[str, dict[str, tuple[str, bool, str | None]]] = {
    "instagram": {
        "18000000000000021": ("selokan depan Pasar Condongcatur mampet", False, "17900000000000010"),
        "18000000000000022": ("Betul, kemarin sore", False, "18000000000000021"),
        "18000000000000023": ("Kampung kami juga", False, "18000000000000021"),
        "18000000000000031": ("", True, "17900000000000010"),
        "18000000000000041": ("matur nuwun", False, "17900000000000012"),
        "17910000000000031": ("Pohon tumbang", True, None),
        "17910000000000032": ("", True, None),
    },
    "facebook_page": {
        "100000000000001_122100000000457": ("lampu penerangan jalan", True, None),
        "100000000000001_122100000000458": ("Jembatan bambu", False, None),
        "122100000000321_1380000000000002": ("KTP hilang", False, "122100000000321_1380000000000001"),
        "122100000000321_1380000000000001": ("", True, "100000000000001_122100000000321"),
        "122100000000457_1380000000000011": ("Podo, ngarep omahku", False, "100000000000001_122100000000457"),
    },
}


OWN_RECORDED = {"instagram": 1, "facebook_page": 3}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_recorded_answers_are_read_to_their_end(kind: str) -> None:
    """From the documented shapes every citizen's text is read once, with its photo and its parent."""
    found, _ = read_recorded(kind)
    assert set(found.ids) == set(EXPECTED[kind])
    for post in found.posts:
        text, has_photo, parent_id = EXPECTED[kind][post.native_id]
        assert text in post.text
        assert bool(text) == bool(post.text)
        assert (post.has_photo, post.parent_id) == (has_photo, parent_id)
        assert post.permalink.startswith(("https://www.instagram.com/p/", "https://www.facebook.com/"))
    assert (found.own, found.rejected) == (OWN_RECORDED[kind], [])


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_recorded_threads_that_say_the_same_are_not_read_again(kind: str) -> None:
    """With the marks of the first run, the second requests no comments."""
    first, _ = read_recorded(kind)
    _, wire = read_recorded(kind, LATER, first.marks)
    assert [path for path in wire.asked if path.endswith(("/comments", "/replies"))] == []
