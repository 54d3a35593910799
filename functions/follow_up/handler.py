"""Entry point for the schedule that looks for what the stream left behind."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import boto3
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from pydantic import Field

from aduan.directory_loading import load_directory
from aduan.settings import from_environment
from aduan.store.gates import DynamoGateStore
from aduan.store.table import open_table
from aduan.ticket_codes import open_ticket_codes
from classify.bedrock import SecondOpinionSettings, open_second_opinion
from classify.decide import decide
from classify.learnt_gate import LearntGate
from follow_up.following import follow
from follow_up.redrive import Redrive
from notify.outbox import METRICS, open_delivery
from notify.settings import SendingSettings
from notify.waiting_posts import announce

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


class FollowUpSettings(SendingSettings, SecondOpinionSettings):
    """The settings of this function, which does what classify and notify do."""

    chatter_retention_days: int = Field(ge=1)
    credentials_path: str = Field(pattern=r"^/")
    """Below which the Parameter Store has the key of the tickets' codes."""


SPARE_MILLISECONDS: Final = 30_000
"""Nothing new is begun when less time than this is left. The longest step, a send, takes half of it."""

settings = from_environment(FollowUpSettings)
directory = load_directory()
logger = Logger()
metrics = Metrics()
session = boto3.Session()
table = open_table(session, settings.table_name)
ticket_codes = open_ticket_codes(session, settings.credentials_path)
delivery = open_delivery(session, table, directory, settings)


def count(name: str) -> None:
    """Add one to a metric."""
    metrics.add_metric(name, MetricUnit.Count, 1)


second_opinion = open_second_opinion(session, table, directory, settings, count)
learnt_gate = LearntGate(DynamoGateStore(table), count)


@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """Handle posts, tickets and notices whose time has come.

    Raises:
        RuntimeError: when any of them failed, once the others are done; names the classes of the errors.
    """
    del event
    now = datetime.now(UTC)
    stores = delivery.stores
    redrive = Redrive(decide=decide_again, follow=follow_now, delivery=delivery)

    def has_time() -> bool:
        return context.get_remaining_time_in_millis() > SPARE_MILLISECONDS

    announced = announce_lists(now)
    done = redrive.run(
        stores.posts.left_behind(now), stores.tickets.due(now), stores.notices.left_behind(now), has_time
    )
    metrics.add_metric("Redriven", MetricUnit.Count, done.outcomes.total())
    metrics.add_metric("LeftBehind", MetricUnit.Count, done.late)
    for outcome, name in METRICS.items():
        if done.outcomes[f"notice_{outcome}"]:
            metrics.add_metric(name, MetricUnit.Count, done.outcomes[f"notice_{outcome}"])
    logger.info("driven again", outcomes=dict(done.outcomes), failed=len(done.faults))
    faults = done.faults + announced
    if faults:
        names = sorted({type(fault).__name__ for fault in faults})
        raise RuntimeError(f"{len(faults)} could not be driven again: {', '.join(names)}")


def announce_lists(now: datetime) -> list[Exception]:
    """Put the lists of what waits for a person into the outbox; return what went wrong, which holds up nothing else."""
    try:
        announce(delivery.stores.lanes, delivery.stores.notices, directory, now)
    except Exception as error:  # noqa: BLE001 # the handler raises it when all is done
        return [error]
    return []


def follow_now(code: str) -> str:
    """Take what step is due for a ticket, and return the outcome."""
    return follow(code, tickets=delivery.stores.tickets, directory=directory, now=datetime.now(UTC))


def decide_again(key: str) -> str:
    """Decide about a post that the stream did not finish, and return the outcome."""
    return decide(
        key,
        posts=delivery.stores.posts,
        tickets=delivery.stores.tickets,
        directory=directory,
        now=datetime.now(UTC),
        chatter_for=timedelta(days=settings.chatter_retention_days),
        code_of=ticket_codes.of,
        advise=second_opinion,
        learnt=learnt_gate,
    )
