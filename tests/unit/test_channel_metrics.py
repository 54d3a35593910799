"""Each channel has metrics in CloudWatch's embedded format, but only where there is something to report."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from aws_lambda_powertools import Metrics

from aduan.channel import Run
from poll_channels.channel_metrics import report_channel
from tests.builders import NOON, a_channel

MINUTE = timedelta(minutes=1)


def a_run(**changes: Any) -> Run:
    """Return a run that found nothing."""
    fields: dict[str, Any] = {
        "channel": "instagram:kabarsleman",
        "run_id": "run",
        "started_at": NOON,
        "finished_at": NOON,
        "read_from": NOON,
        "complete": True,
    }
    return Run.model_validate(fields | changes)


def sent(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """Return the records that were printed."""
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_quiet_run_costs_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """A channel that was read and had nothing new is not measured, because every value would be zero."""
    report_channel(a_channel(), a_run(), NOON - MINUTE, NOON)
    assert sent(capsys) == []


def test_new_posts_are_counted_by_channel(capsys: pytest.CaptureFixture[str]) -> None:
    """New posts are counted under the channel and summed under the service."""
    report_channel(a_channel(), a_run(new=3), None, NOON)
    [record] = sent(capsys)
    assert record["ChannelNewPosts"] == [3.0]
    assert record["channel"] == "instagram:kabarsleman"
    [metrics] = record["_aws"]["CloudWatchMetrics"]
    assert metrics["Dimensions"] == [["service"], ["channel"]]
    assert metrics["Namespace"] == "Aduan"


@pytest.mark.parametrize(("known", "counted"), [(None, 1.0), (4, 4.0)])
def test_a_failure_says_how_many_and_how_long(
    capsys: pytest.CaptureFixture[str], known: int | None, counted: float
) -> None:
    """The metrics give the failures in a row, or one when unknown, and the time since the last complete run."""
    run = a_run(complete=False, error="OutageError: code 2")
    report_channel(a_channel(), run, NOON - 20 * MINUTE, NOON, consecutive_failures=known)
    [record] = sent(capsys)
    assert (record["ChannelFailures"], record["ChannelLagSeconds"]) == ([counted], [1200.0])


@pytest.mark.parametrize("run", [None, a_run(complete=False, stopped="page cap")])
def test_what_was_skipped_or_stopped_lags_without_failing(capsys: pytest.CaptureFixture[str], run: Run | None) -> None:
    """Such a run is no failure, but the channel was not read to its end."""
    report_channel(a_channel(), run, NOON - MINUTE, NOON)
    [record] = sent(capsys)
    assert record["ChannelLagSeconds"] == [60.0]
    assert "ChannelFailures" not in record


def test_fifty_channels_are_told_apart_in_one_invocation(capsys: pytest.CaptureFixture[str]) -> None:
    """Each channel has a record of its own, far below the format's limit of 100; the handler's metrics stay apart."""
    handlers = Metrics()
    handlers.add_metric("ChannelsRead", "Count", 50)
    run = a_run(complete=False, error="OutageError: code 2", new=2)
    for number in range(50):
        report_channel(a_channel(id=f"instagram:akun{number}"), run, NOON - MINUTE, NOON)
    records = sent(capsys)
    assert [record["channel"] for record in records] == [f"instagram:akun{number}" for number in range(50)]
    assert all(len(record["_aws"]["CloudWatchMetrics"][0]["Metrics"]) == 3 for record in records)
    handlers.flush_metrics()
    [own] = sent(capsys)
    assert own["ChannelsRead"] == [50.0]
    assert "channel" not in own
