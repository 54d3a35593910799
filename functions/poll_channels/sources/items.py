"""What all sources share: models of ids, items and channel parameters, and the quarantine of malformed items."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    StringConstraints,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

from aduan.channel import Rejected
from aduan.masking import masked_within
from aduan.platform_errors import MisconfiguredError

if TYPE_CHECKING:
    from aduan.directory import Channel

MALFORMED: Final = (ValidationError, OverflowError)
"""Raised by an item that is not of the documented shape. `OverflowError` comes from times at the calendar's end."""


def _no_fraction(value: object) -> object:
    """Refuse a float as an id: it may have been rounded to another object's id, and NaN would be the id of many."""
    if isinstance(value, float):
        raise ValueError("a fraction is no id")  # noqa: TRY004 # what pydantic turns into a ValidationError
    return value


NativeId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:-]{1,200}$"), BeforeValidator(_no_fraction)]
"""A platform's id; its characters are checked, because it becomes part of an address."""


def _or_none(value: object, check: ValidatorFunctionWrapHandler) -> Any:
    try:
        return check(value)
    except ValidationError:
        return None


OrNone: Final = WrapValidator(_or_none)
"""Makes None of a field that is not of its documented shape, where an item is worth reading without the field."""
Link = Annotated[str, BeforeValidator(lambda value: value if isinstance(value, str) else "")]
"""A platform's link as it came; empty when there is none."""

Words = Annotated[str, BeforeValidator(lambda value: "" if value is None else value)]
"""A text that a platform leaves out, or gives as null, when there is none."""


class Item(BaseModel):
    """Base of the models of a platform's response: unknown fields are ignored, and ids may come as numbers."""

    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True)


class Named(Item):
    """An item with an id."""

    id: NativeId


class Parameters(BaseModel):
    """Base of a channel's parameters in the directory. Unknown ones are refused, because they are misspellings."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    account: str
    """The platform's own id of the account. Each kind declares its format."""


P = TypeVar("P", bound=Parameters)


def parameters_of(channel: Channel, model: type[P]) -> P:
    """Check a channel's account and parameters, and return them as `model`.

    Raises:
        MisconfiguredError: when a field is wrong; the error names the channel and the field without quoting the value.
    """
    try:
        return model.model_validate({**channel.parameters, "account": channel.account})
    except ValidationError as error:
        place, message = _first_fault(error)
        place = place if place == "account" else f"parameters.{place}"
        raise MisconfiguredError(f"channel {channel.id}: {place}: {message}") from None


def reason_of(error: Exception) -> str:
    """Return what is wrong with an item: the field and the fault, without quoting the value."""
    return ": ".join(_first_fault(error)) if isinstance(error, ValidationError) else type(error).__name__


def put_aside(channel: str, item: object, error: Exception, personal: frozenset[str]) -> Rejected:
    """Return the quarantine entry of an unreadable item, without the fields `personal`, which name people."""

    def without_people(fields: dict[str, Any]) -> dict[str, Any]:
        """Mask one object. JSON calls this from the inside out, so nested objects are masked already."""
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
