"""What a person fills in beside the button. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, urlsplit

from aduan.masking import leads_to_a_person, masked
from aduan.plain_text import one_line
from aduan.triage import DESK

if TYPE_CHECKING:
    from aduan.action_token import ActionToken
    from aduan.directory import Directory

MOST_BYTES: Final = 8 * 1024
"""Of a form: a note of 500 characters takes 6,000 when each is written as four bytes of three letters."""
NOTE_LENGTH: Final = 500
PHOTO_LENGTH: Final = 500
MOST_FIELDS: Final = 10


class FormError(Exception):
    """A field cannot be taken; the sentence is for the person who filled it in."""


@dataclass(frozen=True)
class Form:
    """The fields as they were sent, in one line each."""

    note: str = ""
    photo: str = ""
    department: str = ""
    seen: str = ""
    """How long the history was when the page was made."""


@dataclass(frozen=True)
class Remarks:
    """What is written down, masked."""

    note: str = ""
    photo: str = ""
    department: str | None = None
    """Code of the department whose job it is, in the opinion of the one that refuses."""

    def as_text(self) -> str:
        """Both as the end of a line in the history; empty without any."""
        note = f". Catatan: {self.note}" if self.note else ""
        return note + (f". Foto: {self.photo}" if self.photo else "")


def form_of(body: bytes) -> Form:
    """Read the fields of a form as a browser sends it.

    Raises:
        FormError: when it is none.
    """
    try:
        fields: Mapping[str, list[str]] = parse_qs(
            body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict"
        )
    except ValueError:
        raise FormError("Isian tidak dapat dibaca. Muat ulang halaman ini, lalu coba lagi.") from None
    names = ("note", "photo", "department", "seen")
    return Form(**{name: one_line(fields[name][0]) for name in names if name in fields})


def remarks_of(form: Form, token: ActionToken, directory: Directory) -> Remarks:
    """Check what was filled in. Only who refuses a ticket names another department.

    Raises:
        FormError: with the first thing that is wrong.
    """
    if len(form.note) > NOTE_LENGTH:
        raise FormError(f"Catatan terlalu panjang; paling banyak {NOTE_LENGTH} huruf.")
    if form.photo and not _is_photo(form.photo):
        raise FormError("Tautan foto harus berupa alamat lengkap yang diawali https:// dan tanpa data pribadi.")
    department = form.department if token.action == "not_ours" and form.department else None
    if department is not None and (department not in directory.departments or department in {DESK, token.department}):
        raise FormError("Pilih perangkat daerah atau pihak lain dari daftar.")
    return Remarks(masked(form.note), form.photo, department)


def _is_photo(link: str) -> bool:
    """An address of the web that can be shown as text; it is never fetched."""
    if len(link) > PHOTO_LENGTH or not link.isascii() or " " in link or leads_to_a_person(link):
        return False
    try:
        parts = urlsplit(link)
        return (
            parts.scheme == "https" and bool(parts.hostname) and "." in str(parts.hostname) and "@" not in parts.netloc
        )
    except ValueError:
        return False
