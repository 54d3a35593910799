"""The form beside the button on a link's page: reading it and checking it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs

from aduan.masking import masked
from aduan.plain_text import one_line
from aduan.triage import DESK
from aduan.web_address import as_read, public_address

if TYPE_CHECKING:
    from aduan.action_token import ActionToken
    from aduan.directory import Directory

MOST_BYTES: Final = 8 * 1024
"""Longest form. A note of 500 characters takes up to 6,000 bytes: four bytes a character, each sent as three."""
NOTE_LENGTH: Final = 500
PHOTO_LENGTH: Final = 500
MOST_FIELDS: Final = 10


class FormError(Exception):
    """The form or a field of it is not acceptable. The message is shown to the person who filled it in."""


@dataclass(frozen=True)
class Form:
    """The fields as they were sent, each as one line."""

    note: str = ""
    photo: str = ""
    department: str = ""
    seen: str = ""
    """Number of events in the ticket's history when the page was made."""
    ending: str = ""
    """What was typed as the end of the ticket's code."""
    served: str = ""
    """When the page was served, as `actions.presence` signed it."""


@dataclass(frozen=True)
class Remarks:
    """The checked and masked remarks that are written down."""

    note: str = ""
    photo: str = ""
    department: str | None = None
    """Code of the department whose job it is, according to the department that refuses the ticket."""

    def as_text(self) -> str:
        """Return note and photo as the end of a line in the history; empty when there are none."""
        note = f". Catatan: {self.note}" if self.note else ""
        return note + (f". Foto: {self.photo}" if self.photo else "")


def form_of(body: bytes) -> Form:
    """Read the fields of a form as a browser sends it.

    Raises:
        FormError: when the body is not such a form.
    """
    try:
        fields: Mapping[str, list[str]] = parse_qs(
            body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict"
        )
    except ValueError:
        raise FormError("Isian tidak dapat dibaca. Muat ulang halaman ini, lalu coba lagi.") from None
    names = ("note", "photo", "department", "seen", "ending", "served")
    return Form(**{name: one_line(fields[name][0]) for name in names if name in fields})


def remarks_of(form: Form, token: ActionToken, directory: Directory) -> Remarks:
    """Check a form and return the remarks. Another department is taken only from a department that refuses the ticket.

    Raises:
        FormError: for the first field that is wrong.
    """
    if len(form.note) > NOTE_LENGTH:
        raise FormError(f"Catatan terlalu panjang; paling banyak {NOTE_LENGTH} huruf.")
    photo = _photo_link(form.photo)
    if form.photo and not photo:
        raise FormError(
            "Tautan foto harus berupa alamat lengkap di internet yang diawali https://, tanpa tanda kutip dan tanpa "
            "data pribadi."
        )
    department = form.department if token.action == "not_ours" and form.department else None
    if department is not None and (department not in directory.departments or department in {DESK, token.department}):
        raise FormError("Pilih perangkat daerah atau pihak lain dari daftar.")
    return Remarks(masked(form.note), photo, department)


def _photo_link(link: str) -> str:
    """Return the address of a photo as a browser opens it; empty when it may not be written down. It is never fetched.

    It may hold no number or address of a person, however it is encoded.
    """
    address = public_address(link)
    if not address.startswith("https://") or len(address) > PHOTO_LENGTH:
        return ""
    readable = masked(as_read(address))
    return "" if any(sign in readable for sign in ("[telepon]", "[surel]", "[NIK]")) else address
