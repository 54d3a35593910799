"""Checks of requests: query strings and bodies become values, or an error that names the field."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Self, TypeVar, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from admin_api.fields import SAID, email_address, in_wib, opened, phone_number
from aduan.masking import storable
from aduan.notice import ContactId
from aduan.record import month_of
from aduan.refusal import invalid, not_found
from aduan.request_body import json_object, raw_body
from aduan.store.statistics import Grouping
from aduan.store.ticket_reading import TicketQuery
from aduan.ticket import Status
from aduan.triage import KINDS, ReportKind, Urgency

if TYPE_CHECKING:
    from aduan.directory import Directory

MAX_BODY_BYTES: Final = 4096
MAX_NOTE: Final = 500
MAX_CORRECTION_BYTES: Final = 8192
"""Longest body of a correction. A note may be written in JSON escapes, of up to twelve bytes a character."""
MAX_SORTINGS_BYTES: Final = 65_536
MAX_LIMIT: Final = 100
MAX_MONTHS: Final = 36
MAX_COVERAGE: Final = timedelta(days=31)
_SHOWN_FIELD: Final = 64

_CODE: Final = re.compile(r"SLM-[0-9A-HJKMNP-TV-Z]{6}")
_MONTH: Final = r"^20[0-9]{2}-(0[1-9]|1[0-2])$"
_CHANNEL: Final = r"^[a-z_]{1,40}:[A-Za-z0-9_.-]{1,100}$"

_STATUSES: Final = ", ".join(get_args(Status))
_GROUPINGS: Final = ", ".join(get_args(Grouping))
_MESSAGES: Final = {
    "status": f"Status tidak dikenal. Pilihan: {_STATUSES}.",
    "by": f"Pengelompokan tidak dikenal. Pilihan: {_GROUPINGS}.",
    "limit": f"Isi dengan bilangan bulat 1 sampai {MAX_LIMIT}.",
    "kind": f"Jenis tidak dikenal. Pilihan: {', '.join(KINDS)}.",
    "urgency": f"Urgensi tidak dikenal. Pilihan: {', '.join(get_args(Urgency))}.",
    "version": "Isi dengan nomor versi tiket (version) yang sedang Anda lihat.",
    "decisions": f"Isi dengan 1 sampai {MAX_LIMIT} keputusan: post, version, dan decision ticket (dengan department), "
    "question atau none.",
    "note": f"Catatan berupa teks, paling panjang {MAX_NOTE} karakter.",
    "is_report": "Isi dengan false bila kiriman ini bukan aduan, atau tidak usah diisi.",
    "channel": "Tulis kanal sebagai jenis:akun, misalnya instagram:kabarsleman.",
    "string_pattern_mismatch": "Tulis bulan sebagai TTTT-BB, misalnya 2026-11.",
    "string_type": "Isi dengan teks.",
    "missing": "Parameter ini wajib diisi.",
}
"""Messages by field; for other fields, by pydantic's name of the error."""
_GATE_MESSAGES: Final = {
    "version": "Isi dengan nomor versi, atau 0 untuk model dasar.",
    "learn": "Isi dengan true untuk mulai belajar, atau tidak usah diisi.",
}


class _Request(BaseModel):
    """A request. It refuses unknown fields, because a misspelt filter would show too much."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class TicketsRequest(_Request):
    """The query string of ``GET /tickets``."""

    status: Status | None = None
    department: str | None = None
    topic: str | None = None
    channel: Annotated[str | None, Field(pattern=_CHANNEL)] = None
    place: str | None = None
    since: Annotated[datetime | None, BeforeValidator(lambda text: opened(text, whole_day=False))] = Field(
        default=None, alias="from"
    )
    before: Annotated[datetime | None, BeforeValidator(lambda text: opened(text, whole_day=True))] = Field(
        default=None, alias="to"
    )
    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT)] = 20
    cursor: str | None = None

    def query(self, department: str | None) -> TicketQuery:
        """Return the query to the table, restricted to `department` unless it is None."""
        return TicketQuery(
            status=self.status,
            department=department,
            topic=self.topic,
            channel=self.channel,
            place=self.place,
            since=self.since,
            before=self.before,
        )


class StatsRequest(_Request):
    """The query string of ``GET /stats``. Months are the county's, in WIB."""

    first: Annotated[str | None, Field(pattern=_MONTH)] = Field(default=None, alias="from")
    last: Annotated[str | None, Field(pattern=_MONTH)] = Field(default=None, alias="to")
    by: Grouping = "topic"
    department: str | None = None


class CoverageRequest(_Request):
    """The query string of ``GET /coverage``."""

    channel: Annotated[str, Field(pattern=_CHANNEL)]
    since: Annotated[datetime, BeforeValidator(lambda text: in_wib(text, whole_day=False))] = Field(alias="from")
    until: Annotated[datetime, BeforeValidator(lambda text: in_wib(text, whole_day=True))] = Field(alias="to")


class ContactRequest(_Request):
    """The body of ``PUT /departments/{code}/contacts``, which replaces the whole contact."""

    email: Annotated[str | None, Field(strict=True), AfterValidator(email_address)] = None
    fallback_email: Annotated[str | None, Field(strict=True), AfterValidator(email_address)] = None
    phone: Annotated[str | None, Field(strict=True), AfterValidator(phone_number)] = None


def _only_false(value: bool | None) -> bool | None:  # noqa: FBT001 # a validator takes its value so
    if value:
        raise ValueError
    return value


def _kept(note: str) -> str:
    return storable(note, MAX_CORRECTION_BYTES)[0]


class CorrectionRequest(_Request):
    """The body of ``POST /tickets/{code}/correction``. Fields that are not named stay as they are."""

    is_report: Annotated[bool | None, Field(strict=True), AfterValidator(_only_false)] = None
    """False says that the post is no report; no other field may be corrected then."""
    topic: Annotated[str | None, Field(strict=True)] = None
    department: Annotated[str | None, Field(strict=True)] = None
    kind: ReportKind | None = None
    urgency: Urgency | None = None
    note: Annotated[str, Field(strict=True, max_length=MAX_NOTE), AfterValidator(_kept)] = ""
    """Why the correction is made, with personal numbers masked."""
    version: Annotated[int, Field(strict=True, ge=1)]
    """Version of the ticket that the person saw."""


class Sorting(_Request):
    """One decision of ``POST /review``: the department that gets the ticket, or that there is none."""

    post: Annotated[str, Field(strict=True, min_length=3, max_length=300)]
    """Key of the post."""
    version: Annotated[str, Field(strict=True, max_length=40)]
    """Version of the post that the person saw."""
    department: Annotated[str | None, Field(strict=True)] = None
    """Code of the department that gets it as a complaint or request; the desk's when the person does not know which."""
    decision: Literal["ticket", "question", "none"]

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.decision == "ticket") != (self.department is not None):
            raise ValueError("department")
        return self


class SortingsRequest(_Request):
    """The body of ``POST /review``."""

    decisions: Annotated[tuple[Sorting, ...], Field(min_length=1, max_length=MAX_LIMIT)]


class GateRequest(_Request):
    """The body of ``POST /gate``: either a version that is to be in force, or a run that learns."""

    version: Annotated[int | None, Field(strict=True, ge=0)] = None
    """0 for the base model."""
    learn: Literal[True] | None = None


class ReviewRequest(_Request):
    """The query string of ``GET /review`` and ``GET /questions``."""

    channel: Annotated[str | None, Field(pattern=_CHANNEL)] = None
    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT)] = 50


class ExamplesRequest(_Request):
    """The query string of ``GET /examples``. The month is that of the tickets' opening, in WIB."""

    month: Annotated[str | None, Field(pattern=_MONTH)] = None
    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT)] = 20
    cursor: str | None = None


M = TypeVar("M", bound=_Request)


def tickets_request(event: Mapping[str, Any], directory: Directory) -> TicketsRequest:
    """Check the query string of ``GET /tickets``. The place is returned as the directory spells it.

    Raises:
        RefusedError: 400, naming the parameter.
    """
    request = _parse(TicketsRequest, _query_string(event))
    _known("department", request.department, directory.departments, "Perangkat daerah tidak dikenal.")
    _known("topic", request.topic, directory.topics, "Topik tidak dikenal.")
    if request.since and request.before and request.since >= request.before:
        raise invalid("to", "Akhir waktu harus sesudah awalnya.")
    if request.place is None:
        return request
    kapanewon = [place.name for place in directory.places.kapanewon]
    kalurahan = [place.name for place in directory.places.kalurahan]
    names = {name.casefold(): name for name in kapanewon + kalurahan}
    place = "".join(request.place.split()).casefold()  # people also write "Condong Catur"
    _known("place", place, names, "Tempat tidak dikenal; isi nama kapanewon atau kalurahan, misalnya Depok.")
    return request.model_copy(update={"place": names[place]})


def stats_request(
    event: Mapping[str, Any], directory: Directory, now: datetime
) -> tuple[StatsRequest, tuple[str, ...]]:
    """Check the query string of ``GET /stats``; return it with its months, which are the present one by default.

    Raises:
        RefusedError: 400, naming the parameter.
    """
    request = _parse(StatsRequest, _query_string(event))
    _known("department", request.department, directory.departments, "Perangkat daerah tidak dikenal.")
    last = request.last or month_of(now)
    first = request.first or last
    start, end = _month_number(first), _month_number(last)
    if start > end:
        raise invalid(
            "from" if request.last is None else "to", "Bulan akhir harus sama dengan atau sesudah bulan awal."
        )
    if end - start >= MAX_MONTHS:
        raise invalid("from", f"Rentang paling panjang {MAX_MONTHS} bulan.")
    return request, tuple(f"{number // 12:04}-{number % 12 + 1:02}" for number in range(start, end + 1))


def coverage_request(event: Mapping[str, Any]) -> CoverageRequest:
    """Check the query string of ``GET /coverage``. Whether the channel exists is not checked here.

    Raises:
        RefusedError: 400, naming the parameter.
    """
    request = _parse(CoverageRequest, _query_string(event))
    if request.since >= request.until:
        raise invalid("to", "Akhir waktu harus sesudah awalnya.")
    if request.until - request.since > MAX_COVERAGE:
        raise invalid("to", f"Rentang paling panjang {MAX_COVERAGE.days} hari.")
    return request


def contact_request(event: Mapping[str, Any]) -> ContactRequest:
    """Check the body of ``PUT /departments/{code}/contacts``.

    Raises:
        RefusedError: 413 when it is too long, 400 naming what is wrong with it.
    """
    contact = _parse(ContactRequest, json_object(raw_body(event, MAX_BODY_BYTES)))
    if contact.email is None and contact.phone is None:
        raise invalid("email", "Isi paling sedikit satu: email atau phone.")
    if contact.fallback_email is not None and contact.fallback_email == contact.email:
        raise invalid("fallback_email", "Alamat cadangan harus berbeda dari alamat utama (email).")
    if contact.fallback_email is not None and contact.email is None:
        raise invalid("fallback_email", "Alamat cadangan hanya dapat diisi bersama alamat utama (email).")
    return contact


def correction_request(event: Mapping[str, Any], directory: Directory) -> CorrectionRequest:
    """Check the body of ``POST /tickets/{code}/correction``. Whether it changes anything is not checked here.

    Raises:
        RefusedError: 413 when it is too long, 400 naming what is wrong with it.
    """
    request = _parse(CorrectionRequest, json_object(raw_body(event, MAX_CORRECTION_BYTES)))
    _known("topic", request.topic, directory.topics, "Topik tidak dikenal.")
    _known("department", request.department, directory.departments, "Perangkat daerah tidak dikenal.")
    said = request.model_dump(include={"topic", "department", "kind", "urgency"}, exclude_none=True)
    if request.is_report is False and said:
        raise invalid("is_report", f"Yang bukan aduan tidak dapat sekaligus diberi: {', '.join(said)}.")
    if request.is_report is None and not said:
        raise invalid("topic", "Isi paling sedikit satu: topic, department, kind, urgency, atau is_report.")
    return request


def examples_request(event: Mapping[str, Any], now: datetime) -> tuple[ExamplesRequest, str]:
    """Check the query string of ``GET /examples``; return it with its month, which is the present one by default.

    Raises:
        RefusedError: 400, naming the parameter.
    """
    request = _parse(ExamplesRequest, _query_string(event))
    return request, request.month or month_of(now)


def review_request(event: Mapping[str, Any]) -> ReviewRequest:
    """Check the query string of ``GET /review`` or ``GET /questions``.

    Raises:
        RefusedError: 400, naming the parameter.
    """
    return _parse(ReviewRequest, _query_string(event))


def sortings_request(event: Mapping[str, Any]) -> tuple[Sorting, ...]:
    """Check the body of ``POST /review``. Whether each decision can be carried out is not checked here.

    Raises:
        RefusedError: 413 when it is too long, 400 naming what is wrong with it.
    """
    return _parse(SortingsRequest, json_object(raw_body(event, MAX_SORTINGS_BYTES))).decisions


def gate_request(event: Mapping[str, Any]) -> GateRequest:
    """Check the body of ``POST /gate``, as above. Whether the version exists is not checked here."""
    request = _parse(GateRequest, json_object(raw_body(event, MAX_BODY_BYTES)), _GATE_MESSAGES)
    if (request.version is None) == (request.learn is None):
        raise invalid("version", "Isi salah satu: version (nomor versi, 0 untuk model dasar) atau learn (true).")
    return request


def no_parameters(event: Mapping[str, Any]) -> None:
    """Check the query string of a route that takes none.

    Raises:
        RefusedError: 400, naming the parameter.
    """
    for name in _query_string(event):
        raise invalid(name[:_SHOWN_FIELD], "Alamat ini tidak mengenal parameter.", "unknown_field")


def ticket_code(text: str) -> str:
    """Return a ticket's code as it is stored; small letters are accepted.

    Raises:
        RefusedError: 400 when it is not the code of a ticket.
    """
    code = text.upper()
    if not _CODE.fullmatch(code):
        raise invalid("code", "Kode tiket tidak sah; contoh yang benar: SLM-4K7P2M.")
    return code


def contact_of(text: str, directory: Directory) -> ContactId:
    """Read the code of a contact.

    Raises:
        RefusedError: 404 when there is no such department or role.
    """
    with suppress(ValueError):
        contact = ContactId.parse(text)
        if contact.department in directory.departments:
            return contact
    raise not_found("Perangkat daerah dengan kode itu tidak ditemukan.")


def _parse(model: type[M], given: Mapping[str, Any], messages: Mapping[str, str] = _MESSAGES) -> M:
    """Validate what was given as `model`; refuse it with a sentence about the first field that is wrong."""
    try:
        return model.model_validate(given)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        field, kind = str(fault["loc"][0]), fault["type"]
        if kind == "extra_forbidden":
            allowed = ", ".join(info.alias or name for name, info in model.model_fields.items())
            message = f"Tidak dikenal. Yang boleh diisi: {allowed}."
            raise invalid(field[:_SHOWN_FIELD], message, "unknown_field") from None
        message = fault["msg"] if kind == SAID else messages.get(field) or messages.get(kind, "Isinya tidak sah.")
        raise invalid(field, message) from None


def _query_string(event: Mapping[str, Any]) -> dict[str, str]:
    """Return the parameters by name. One that is given twice is refused, because taking either would be a guess."""
    several: Mapping[str, list[str]] = event.get("multiValueQueryStringParameters") or {}
    for name, given in several.items():
        if len(given) > 1:
            raise invalid(name[:_SHOWN_FIELD], "Parameter ini diberikan lebih dari satu kali.")
    return {
        **(event.get("queryStringParameters") or {}),
        **{name: given[0] for name, given in several.items() if given},
    }


def _known(field: str, value: str | None, known: Container[str], message: str) -> None:
    if value is not None and value not in known:
        raise invalid(field, message)


def _month_number(month: str) -> int:
    year, _, number = month.partition("-")
    return int(year) * 12 + int(number) - 1
