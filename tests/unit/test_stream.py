"""The stream of the demo is what it is said to be, and what the simulator understands."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from infra.local import stream
from infra.local.simulator.input_files import read_county, read_posts
from infra.local.simulator.world import Kind

NOW = datetime(2026, 12, 1, tzinfo=UTC)


def test_the_stream_has_800_posts_of_which_one_in_eight_reports_something() -> None:
    """No text is there twice, so that the desk of the demo can tell them apart."""
    threads = [json.loads(line) for line in stream.STREAM.read_text(encoding="utf-8").splitlines()]
    comments = [comment for thread in threads for comment in thread["comments"]]
    assert len({comment["text"] for comment in comments}) == len(comments) == 800
    assert sum(comment["is"] == "report" for comment in comments) == 100


def test_the_simulator_reads_the_stream(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every comment stands under a post of the account, or under an earlier comment."""
    monkeypatch.setattr(stream, "STATE", tmp_path)
    posts, county = stream.write_stream()
    known = {draft.source_id: draft.created_at for draft in read_county(county, NOW)}
    for draft in read_posts(posts, NOW, list(Kind)):
        assert draft.parent is not None
        assert known[draft.parent] < draft.created_at < NOW
        known[draft.source_id] = draft.created_at
