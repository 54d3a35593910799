"""Protest and satire that speak of what complaints speak of."""

from __future__ import annotations

from aduan.directory_loading import load_directory
from classify.classifier import classify
from infra.training.examples import PROTEST, read_examples

DIRECTORY = load_directory()


def test_protest_alerts_no_department() -> None:
    """No post of the protest set goes to a department without a person having looked at it."""
    posts = read_examples(PROTEST, DIRECTORY)
    decided = {post.text: classify(post.text, DIRECTORY) for post in posts}
    assert decided
    told = {text: (triage.department, triage.reasons) for text, triage in decided.items() if triage.route == "auto"}
    assert told == {}
