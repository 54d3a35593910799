"""What the kinds read alike: ids, items and the parameters of a channel, and how a malformed item is put aside."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints, ValidationError

from aduan.channel import Rejected
from aduan.masking import masked_within
from aduan.platform_errors import MisconfiguredError

if TYPE_CHECKING:
    from aduan.directory import Channel

MALFORMED: Final = (ValidationError, OverflowError)
"""What an item that is not of the documented shape raises; the latter for a time at the end of the calendar."""


def _no_fraction(value: object) -> object:
    """A fraction was rounded, so it names another object; NaN would be the id of many."""
    if isinstance(value, float):
        raise ValueError("a fraction is no id")  # noqa: TRY004 # what pydantic turns into a ValidationError
    return value


NativeId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:-]{1,200}$"), BeforeValidator(_no_fraction)]
"""An id; checked, because it becomes part of an address."""


class Item(BaseModel):
    """Base of what is read from an answer: unknown fields are ignored, ids may come as numbers."""

    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True)


class Named(Item):
    """An item with an id."""

    id: NativeId


class Parameters(BaseModel):
    """Base of what a kind takes from a channel's line in the directory; unknown parameters are misspellings."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    account: str
    """The platform's own id of the account, of the shape the kind declares."""


P = TypeVar("P", bound=Parameters)


def parameters_of(channel: Channel, model: type[P]) -> P:
    """Check a channel's account and parameters.

    Raises:
        MisconfiguredError: naming the channel and the field, and quoting neither.
    """
    try:
        return model.model_validate({**channel.parameters, "account": channel.account})
    except ValidationError as error:
        place, message = _first_fault(error)
        place = place if place == "account" else f"parameters.{place}"
        raise MisconfiguredError(f"channel {channel.id}: {place}: {message}") from None


def reason_of(error: Exception) -> str:
    """Say what is wrong with an item by its field, without quoting it."""
    return ": ".join(_first_fault(error)) if isinstance(error, ValidationError) else type(error).__name__


def put_aside(channel: str, item: object, error: Exception, personal: frozenset[str]) -> Rejected:
    """Put aside an item that could not be read, without the fields in which its platform names people."""

    def without_people(fields: dict[str, Any]) -> dict[str, Any]:
        """Called for each object from within, so what lies deeper is masked already."""
        return {name: masked_within(value) for name, value in fields.items() if name not in personal}

    raw = json.dumps(json.loads(json.dumps(item), object_hook=without_people))
    try:
        native_id = Named.model_validate(item).id
    except ValidationError:
        native_id = hashlib.sha256(raw.encode()).hexdigest()[:32]
    return Rejected(channel=channel, native_id=native_id, reason=reason_of(error), raw=raw)


def _first_fault(error: ValidationError) -> tuple[str, str]:
    fault = error.errors(include_input=False, include_url=False)[0]
    return ".".join(str(part) for part in fault["loc"]), fault["msg"]
