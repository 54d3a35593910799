"""Entry point of the function that learns from the desk: every week, and when an admin asks for it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from pydantic import Field

from aduan.directory_loading import load_directory
from aduan.notice import GateNotice
from aduan.settings import Settings, from_environment
from aduan.store.examples import DynamoExampleStore
from aduan.store.gates import DynamoGateStore
from aduan.store.notices import DynamoNoticeStore
from aduan.store.table import open_table
from classify.model import load_model
from learn.decisions import confirmed_decisions
from learn.learning import learn

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


class LearnSettings(Settings):
    """The settings of this function, from its environment."""

    table_name: str = Field(min_length=3)


settings = from_environment(LearnSettings)
directory = load_directory()
logger = Logger()
metrics = Metrics()
table = open_table(boto3.Session(), settings.table_name)
examples, gates, notices = DynamoExampleStore(table), DynamoGateStore(table), DynamoNoticeStore(table)


@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """Learn from everything that the desk decided, and tell the desk in a sentence.

    ``by`` in the event names the person who asked for the run, if any did.

    Raises:
        OutdatedError: when another run, or a person, chose a version meanwhile.
    """
    del context
    now = datetime.now(UTC)
    by = event.get("by")
    run = learn(confirmed_decisions(examples, now), gates, directory, load_model(), now=now, by=by)
    if run.outcome != "too_few":
        notices.add(GateNotice(learnt_at=run.at, outcome=run.outcome, sentence=run.sentence, created_at=now))
    metrics.add_metric("GateDecisions", MetricUnit.Count, run.decisions)
    logger.info("learnt", outcome=run.outcome, decisions=run.decisions, version=run.version)
