"""The base of everything that is stored or passed between functions."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict

SCHEMA_VERSION = 1
"""Written on every item. Readers ignore attributes they do not know, so that old and new code can meet the
same items while a deployment runs."""


def _to_utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


Moment = Annotated[AwareDatetime, AfterValidator(_to_utc)]
"""A point in time; an offset is required on the way in, UTC is what is kept."""


class Record(BaseModel):
    """An immutable value. Unknown attributes are ignored, missing or wrong ones are refused by name."""

    model_config = ConfigDict(frozen=True, extra="ignore")


def stamp(moment: datetime) -> str:
    """Format a moment so that text order is time order, as sort keys need: ``2026-11-03T06:41:09.120000Z``."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
