"""Checks what a partner pushes, field by field, and makes a post of it. The post holds nobody's name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

from aduan.context import Context
from aduan.masking import leads_to_a_person
from aduan.post import Post
from aduan.refusal import invalid
from aduan.web_address import web_address
from intake.signature import TOLERANCE

if TYPE_CHECKING:
    from aduan.directory import Channel, Directory

KIND: Final = "webhook"
_SHOWN_FIELD: Final = 64
_MOMENT: Final = re.compile(
    r"20[0-9]{2}-[01][0-9]-[0-3][0-9][T ][0-9:]{5,8}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}(?::?[0-9]{2})?)", re.IGNORECASE
)

_MESSAGES: Final = {
    "missing": "Wajib diisi.",
    "string_type": "Isi dengan teks.",
    "string_pattern_mismatch": "Isi dengan huruf, angka, titik, garis bawah, atau tanda hubung.",
    "bool_type": "Isi dengan true atau false.",
    "literal_error": "Isi dengan account atau citizen.",
    "list_type": "Isi dengan daftar.",
    "too_long": "Daftarnya terlalu panjang.",
}
"""Sentences by pydantic's type of error."""


def _wrong(message: str) -> PydanticCustomError:
    return PydanticCustomError("said", "{sentence}", {"sentence": message})


def _moment(text: object) -> datetime:
    if isinstance(text, str) and _MOMENT.fullmatch(text):
        try:
            return datetime.fromisoformat(text.upper()).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    raise _wrong("Tulis waktu ISO 8601 dengan zona, misalnya 2026-11-03T06:30:00+07:00.")


def _impersonal(text: str) -> str:
    if leads_to_a_person(text):
        raise _wrong("Jangan memakai nomor telepon sebagai penanda.")
    return text


Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,119}$")]


class Delivery(BaseModel):
    """The body of ``POST /intake/{source}``. Unknown fields are refused, because one might hold a name."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)

    id: Annotated[Name, AfterValidator(_impersonal)]
    """The partner's own id of the post, the same whenever the post is sent again."""
    source: Name
    """The form or automation with which the partner collected the post; not kept."""
    group: Name
    text: str
    link: str | None = None
    posted_at: Annotated[datetime, BeforeValidator(_moment)]
    reporter_consent: bool = False
    """Whether the author may be named to the partner's moderators. Nothing personal is kept here either way."""
    under: str | None = None
    """The text that the post stands under in the group, such as the post it comments on."""
    to: Literal["account", "citizen"] | None = None
    """Whom the post addresses: the county, or another member of the group."""
    photos: Annotated[list[str], Field(max_length=20)] = []
    """Addresses of photos. Only whether there are any is kept."""


class Partner(BaseModel):
    """The parameters of a partner's channel in the directory."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    group: Name
    address: Annotated[str, Field(pattern=r"^https://")]
    """Where the group is; used as the link of a post that came without one."""


def partner_channels(directory: Directory) -> dict[str, tuple[Channel, Partner]]:
    """Return every channel that partners may push to, by the last part of its address.

    Raises:
        ValidationError: when a channel lacks a parameter.
    """
    return {
        channel.account: (channel, Partner.model_validate(dict(channel.parameters)))
        for channel in directory.channels
        if channel.kind == KIND and channel.enabled
    }


def delivered(given: Mapping[str, Any], channel: Channel, partner: Partner, now: datetime) -> Post:
    """Make a post of what a partner sent.

    Raises:
        RefusedError: 400, naming the field.
    """
    delivery = _parse(given)
    if delivery.group != partner.group:
        raise invalid("group", "Grup ini tidak terdaftar pada sumber tersebut.")
    if delivery.posted_at > now + TOLERANCE:
        raise invalid("posted_at", "Waktunya belum tiba.")
    if not delivery.text.strip() and not delivery.photos:
        raise invalid("text", "Isi teks, atau sertakan foto.")
    return Post(
        kind=KIND,
        native_id=f"{channel.account}:{delivery.id}",
        channel=channel.id,
        text=delivery.text,
        has_photo=bool(delivery.photos),
        permalink=safe_link(delivery.link) or partner.address,
        created_at=delivery.posted_at,
        fetched_at=now,
        context=_context(delivery),
    )


def _context(delivery: Delivery) -> Context | None:
    """Return what a post answers, as far as the partner says so. In a community's group that is a citizen's text."""
    under = (delivery.under or "").strip()
    if not under and delivery.to is None:
        return None
    return Context(under=under, by="citizen" if under else None, to=delivery.to)


def safe_link(link: str | None, base: str = "") -> str | None:
    """Return a post's HTTPS address, completed with `base`; None when there is none or it leads to a telephone."""
    address = web_address(link, base)
    return address if address.startswith("https://") and not leads_to_a_person(address) else None


def _parse(given: Mapping[str, Any]) -> Delivery:
    try:
        return Delivery.model_validate(given)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        field, kind = str(fault["loc"][0]), fault["type"]
        if kind == "extra_forbidden":
            allowed = ", ".join(Delivery.model_fields)
            raise invalid(
                field[:_SHOWN_FIELD], f"Tidak dikenal. Yang boleh diisi: {allowed}.", "unknown_field"
            ) from None
        raise invalid(field, fault["msg"] if kind == "said" else _MESSAGES.get(kind, "Isinya tidak sah.")) from None
