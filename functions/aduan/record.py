"""The base of everything that is stored or passed between functions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Annotated, Final

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict

WIB: Final = timezone(timedelta(hours=7), "WIB")
"""Western Indonesian Time, which has no daylight saving. The county counts days and months in it."""
SCHEMA_VERSION: Final = 1
"""Written on every item. Readers ignore attributes they do not know, so that old and new code can read the same items
during a deployment."""


def _to_utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


Moment = Annotated[AwareDatetime, AfterValidator(_to_utc)]
"""A point in time. The input must have an offset; UTC is kept."""


class Record(BaseModel):
    """An immutable value. Unknown attributes are ignored; the error for a missing or wrong one names it."""

    # An error that quoted its input would carry a citizen's words into a log.
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


def stamp(moment: datetime) -> str:
    """Format a moment so that text order is time order, as sort keys need: ``2026-11-03T06:41:09.120000Z``."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def month_of(moment: datetime) -> str:
    """The month, in WIB, a moment is counted in: ``2026-11``."""
    return moment.astimezone(WIB).strftime("%Y-%m")
