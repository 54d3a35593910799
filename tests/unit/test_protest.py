"""Protest and satire that mention the same things as complaints."""

from __future__ import annotations

from aduan.directory_loading import load_directory
from classify.classifier import classify
from infra.training.examples import PROTEST, read_examples

DIRECTORY = load_directory()


def test_protest_alerts_no_department() -> None:
    """No post of the protest set goes to a department unless a person has seen it."""
    posts = read_examples(PROTEST, DIRECTORY)
    decided = {post.text: classify(post.text, DIRECTORY) for post in posts}
    assert decided
    told = {text: (triage.department, triage.reasons) for text, triage in decided.items() if triage.route == "auto"}
    assert told == {}
