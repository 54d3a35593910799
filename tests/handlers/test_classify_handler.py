"""The stream of new posts leads to decisions. `tests/faults` has what goes wrong on the way."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from aduan.settings import SettingsError
from tests.builders import a_post
from tests.classifying import ALL, GREETING, LAMP, TOLD, Deployed, failures, metrics_of
from tests.codes import ticket_code
from tests.deployment import Deployment


def test_a_batch_of_new_posts_is_decided(classifier: Deployed, capsys: pytest.CaptureFixture[str]) -> None:
    """Reports have tickets and notices, chatter has an end date, and each decision is counted."""
    assert classifier.call(*ALL) == failures()
    routes = [triage.route for post in ALL if (triage := classifier.stored(post).triage)]
    assert routes == ["auto", "auto", "drop", "review"]
    assert classifier.kinds() == TOLD
    [chatter] = [item for item in classifier.items() if item["pk"] == f"POST#{GREETING.key}"]
    assert "expires_at" in chatter
    metrics = metrics_of(capsys.readouterr().out)
    assert {name: metrics[name] for name in ("TriageAuto", "TriageDrop", "TriageReview")} == {
        "TriageAuto": 2,
        "TriageDrop": 1,
        "TriageReview": 1,
    }


def test_a_record_without_its_post_is_done(classifier: Deployed) -> None:
    """A post that was deleted at its source before it was decided is not tried again."""
    assert classifier.call(a_post(native_id="404")) == failures()
    assert classifier.kinds() == {}


@pytest.mark.parametrize(
    ("code", "reasons"),
    [
        ("TransactionCanceledException", ["TransactionConflict", "None", "None", "None", "None", "None"]),
        ("TransactionCanceledException", ["None", "None", "None", "None", "None", "ThrottlingError"]),
        ("ProvisionedThroughputExceededException", []),
        ("InternalServerError", []),
    ],
)
def test_a_table_that_refuses_is_no_decision(
    classifier: Deployed, monkeypatch: pytest.MonkeyPatch, code: str, reasons: list[str]
) -> None:
    """A conflict, throttle or fault is not taken for "already decided": the record is retried and succeeds."""

    def refuse(**_: Any) -> None:
        answer: Any = {"Error": {"Code": code}, "CancellationReasons": [{"Code": reason} for reason in reasons]}
        raise ClientError(answer, "TransactWriteItems")

    with monkeypatch.context() as refused:
        refused.setattr(classifier.module.table.client, "transact_write_items", refuse)
        assert classifier.call(LAMP, GREETING) == failures(LAMP)
    assert classifier.stored(LAMP).state == "new"
    assert classifier.call(LAMP, GREETING) == failures()
    assert classifier.stored(LAMP).ticket == ticket_code(LAMP.key)


def test_the_log_names_posts_and_outcomes_only(classifier: Deployed, capfd: pytest.CaptureFixture[str]) -> None:
    """Keys and outcomes are logged; texts and links are not."""
    classifier.call(*ALL)
    written = capfd.readouterr()
    log = written.out + written.err + classifier.log.getvalue()
    assert '"post":"instagram#1"' in log
    assert '"outcome":"auto"' in log
    for secret in ("KENARI", "lampu", "instagram.com"):
        assert secret not in log


@pytest.mark.parametrize(("name", "value"), [("TABLE_NAME", ""), ("CHATTER_RETENTION_DAYS", "0")])
def test_a_wrong_setting_is_named(deployed: Deployment, name: str, value: str) -> None:
    """The function does not start with an impossible setting, and names it."""
    with pytest.raises(SettingsError, match=name):
        deployed("Classify", **{name: value})
