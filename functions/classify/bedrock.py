"""Asks a model on Amazon Bedrock for a second opinion while there is time and money for it."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Self
from uuid import uuid4

from aws_lambda_powertools import Logger
from botocore.config import Config
from botocore.exceptions import ClientError
from pydantic import Field, model_validator

from aduan.settings import Settings
from aduan.store.spending import DynamoSpendingStore, SpendingStore
from classify.second_opinion import (
    Prices,
    answer_of,
    combine,
    cost,
    dearest,
    is_secret,
    is_unsure,
    request_about,
    unanswered,
)

if TYPE_CHECKING:
    import boto3

    from aduan.directory import Directory
    from aduan.post import Post
    from aduan.store.table import Table
    from aduan.triage import Triage

MICRO: Final = 1_000_000
WINDOW_SECONDS: Final = 60
PATIENCE_SECONDS: Final = 10
"""Once this much of a minute was spent waiting for answers, nothing more is asked in that minute. So a slow model does
not hold up a batch of posts, and a dead one is tried only a few times a minute."""
_NOT_BILLED: Final = frozenset({400, 403, 404, 429})
"""HTTP statuses that mean no model has run: bad request, no permission, no such model, too many requests."""

logger = Logger(child=True)


class SecondOpinionSettings(Settings):
    """Settings: which model is asked, how long it may take, and what it may cost."""

    second_opinion_model: str
    """Id of the model or of its inference profile. Empty when no model is asked."""
    second_opinion_seconds: float = Field(gt=0, le=15)
    second_opinion_monthly_usd: float = Field(ge=0)
    second_opinion_input_usd: float = Field(ge=0)
    """Price of a million tokens that the model reads; `second_opinion_output_usd` is the price of those it writes."""
    second_opinion_output_usd: float = Field(ge=0)

    @model_validator(mode="after")
    def _has_a_price(self) -> Self:
        for name in ("second_opinion_input_usd", "second_opinion_output_usd"):
            if self.second_opinion_model and not getattr(self, name):
                raise ValueError(f"{name.upper()} is missing: without a price the budget would never be used up")
        return self


@dataclass
class SecondOpinion:
    """Asks the model about posts that the classifier is unsure of. A process has one."""

    connect: Callable[[], Any]
    """Makes the client when it is first needed, so that a cold start does not wait for it."""
    spending: SpendingStore
    directory: Directory
    settings: SecondOpinionSettings
    count: Callable[[str], None]
    """Adds one to the metric with the given name."""
    clock: Callable[[], float] = time.monotonic
    _client: Any = field(default=None, init=False)
    _window: float = field(default=float("-inf"), init=False)
    _waited: float = field(default=0.0, init=False)

    def __call__(self, post: Post, triage: Triage, now: datetime) -> Triage:
        """Return the decision after a second opinion, or the same decision. Never raises.

        The call takes at most `second_opinion_seconds` and the time of two writes to the table.
        """
        began = self.clock()
        if not is_unsure(triage) or is_secret(triage, self.directory) or not self._is_patient(began):
            return triage
        try:
            return self._asked(post, triage, now)
        except Exception as error:  # noqa: BLE001 # whatever failed, there is a decision already
            # Only the type is logged: the message of an error may quote what a citizen wrote.
            logger.warning("no second opinion", post=post.key, error=type(error).__name__)
            self.count("SecondOpinionFailed")
            return unanswered(triage, self.settings.second_opinion_model)
        finally:
            self._waited += self.clock() - began

    def _is_patient(self, now: float) -> bool:
        if now - self._window >= WINDOW_SECONDS:
            self._window, self._waited = now, 0.0
        return self._waited < PATIENCE_SECONDS

    def _asked(self, post: Post, triage: Triage, now: datetime) -> Triage:
        model_id = self.settings.second_opinion_model
        prices = Prices(self.settings.second_opinion_input_usd, self.settings.second_opinion_output_usd)
        request = request_about(post.text, self.directory, model_id)
        ask, booked = uuid4().hex[:12], dearest(request, prices)
        if not self.spending.book(ask, now, booked, int(MICRO * self.settings.second_opinion_monthly_usd)):
            self.count("SecondOpinionBudgetExhausted")
            return triage
        self.count("SecondOpinionAsked")
        difference = 0
        try:
            response = self._converse(request)
            spent = cost(response, prices)
            difference = 0 if spent is None else spent - booked
        except ClientError as error:
            # Nobody knows what any other failure cost, so the booked amount stays.
            if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") in _NOT_BILLED:
                difference = -booked
            raise
        finally:
            self.spending.settle(ask, now, difference)
        answer = answer_of(response, self.directory)
        if answer is None:
            self.count("SecondOpinionUnreadable")
            return unanswered(triage, model_id)
        decided = combine(
            post.text,
            triage,
            answer,
            directory=self.directory,
            model_id=model_id,
            context=post.context,
            channel_kind=post.kind,
        )
        if decided.route == "auto":
            self.count("SecondOpinionFollowed")
        return decided

    def _converse(self, request: dict[str, Any]) -> dict[str, Any]:
        """Ask the model in a separate thread, because a socket's timeout starts again with every byte received.

        Raises:
            TimeoutError: when the time is over. The thread ends by itself and its answer is ignored.
        """
        if self._client is None:
            self._client = self.connect()
        client, answers = self._client, queue.SimpleQueue[dict[str, Any] | Exception]()

        def ask() -> None:
            try:
                answers.put(client.converse(**request))
            except Exception as error:  # noqa: BLE001 # raised again by the waiting thread
                answers.put(error)

        threading.Thread(target=ask, daemon=True).start()
        try:
            answer = answers.get(timeout=self.settings.second_opinion_seconds)
        except queue.Empty:
            raise TimeoutError from None
        if isinstance(answer, Exception):
            raise answer
        return answer


def open_second_opinion(
    session: boto3.Session,
    table: Table,
    directory: Directory,
    settings: SecondOpinionSettings,
    count: Callable[[str], None],
) -> SecondOpinion | None:
    """Return what asks the model, not yet connected; None when this deployment has no model to ask."""
    if not settings.second_opinion_model:
        return None
    seconds = settings.second_opinion_seconds
    config = Config(connect_timeout=seconds, read_timeout=seconds, retries={"total_max_attempts": 1})
    return SecondOpinion(
        connect=lambda: session.client("bedrock-runtime", config=config),
        spending=DynamoSpendingStore(table),
        directory=directory,
        settings=settings,
        count=count,
    )
