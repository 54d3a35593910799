"""Takes personal numbers out of what citizens write, before anything is stored.

It finds NIK and KK, NPWP, BPJS and SIM, telephone numbers, e-mail addresses, number plates, payment cards, bank
accounts and house numbers, however they are written: `aduan.masks` has a module for each kind. It does not recognise
names and handles inside a text. A customer's number at PLN or PDAM stays, because the department needs it to help.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import unquote

from aduan.masks.form import GAP, Found, form_of, hide, replaced

_MASKS: Final = re.compile(
    r"\[(?:NIK|nomor(?: (?:bpjs|sim|rumah))?|telepon|surel|rekening|plat nomor|npwp)\]", re.IGNORECASE
)
_DIGITS: Final = re.compile(rf"\d+(?:{GAP}\d+){{0,100}}")
_PERHAPS: Final = re.compile(r"\d|@|[\[({<][ ]?[ae]| at ", re.IGNORECASE)
"""A text without any of these holds nothing that is looked for."""
_PASSES: Final = 4
_UNPRINTABLE: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_LONGEST: Final = 300
"""Characters of the longest thing that is looked for, a mail address."""


def storable(text: str, limit: int) -> tuple[str, bool]:
    """Return what is kept of a text, and whether the text was longer.

    The text is masked first and then cut between characters, because half a number would no longer be recognised.

    Args:
        text: The text as it came in, of any length.
        limit: Most bytes that are kept.
    """
    text = text.strip()
    head = text[: 2 * limit]  # an endless text must not be masked to its end
    data = _UNPRINTABLE.sub("", head).encode("utf-8", "replace")
    whole = masked(data.decode("utf-8")).strip()
    longer = len(text) > len(head)
    if longer:
        whole = whole[:-_LONGEST]
    kept = whole.encode()[:limit].decode("utf-8", "ignore").strip()
    return kept, longer or len(kept) < len(whole)


def with_storable(fields: Any, name: str, limit: int) -> Any:
    """Return the `fields` of a record with the text `name` made `storable`, and `clipped` set when it was longer.

    Fields that are no mapping, or have no such text, are returned unchanged.
    """
    if not isinstance(fields, Mapping) or not isinstance(fields.get(name), str):
        return fields
    text, clipped = storable(fields[name], limit)
    return {**fields, name: text, "clipped": clipped or fields.get("clipped", False)}


def leads_to_a_person(name: str) -> bool:
    """Tell whether an id or address holds a telephone number or a mail address.

    Other masks do not count: long ids of platforms look like a NIK.
    """
    return any(sign in masked(unquote(name)) for sign in ("[telepon]", "[surel]"))


def masked(text: str) -> str:
    """Return `text` with personal numbers replaced by what they were, such as ``[telepon]``.

    Masking a masked text changes nothing. A number of 16 digits becomes ``[NIK]`` when its middle is a date, as in a
    NIK or KK. Otherwise it becomes ``[nomor]``: it may be the number of a card, which is just as private.

    Numbers are looked for in the text's normal form (`aduan.masks.form`) and replaced in the text itself. So neither
    foreign digits nor invisible characters hide one, and taking such characters out later brings none to light.
    """
    for _ in range(_PASSES):  # a mask can bring another number within reach of the word before
        before, text = text, _masked_once(text)
        if before == text:
            return text
    # What still changes is a hostile chain of numbers, each leading to the next.
    form = form_of(text)
    return replaced(text, form, (Found(*match.span(), "[nomor]") for match in _DIGITS.finditer(form.text)))


def _masked_once(text: str) -> str:
    form = form_of(text)
    if not _PERHAPS.search(form.text):
        return text
    found: list[Found] = []
    rest = hide(form.text, (match.span() for match in _MASKS.finditer(form.text)))
    for find in _finders():
        new = list(find(rest))
        rest = hide(rest, ((start, end) for start, end, _ in new))
        found += (one for one in new if one.mask)
    return replaced(text, form, found) if found else text


@functools.cache
def _finders() -> tuple[Callable[[str], Iterable[Found]], ...]:
    """Return what looks for each kind, in order. No cold start pays for their many patterns: the first text does."""
    from aduan.masks.harmless import harmless  # noqa: PLC0415 # see above, and the others
    from aduan.masks.houses import house_numbers  # noqa: PLC0415
    from aduan.masks.mail_addresses import mail_addresses  # noqa: PLC0415
    from aduan.masks.numbers import long_numbers  # noqa: PLC0415
    from aduan.masks.plates import number_plates  # noqa: PLC0415

    def hidden(text: str) -> Iterator[Found]:
        return (Found(start, end, "") for start, end in harmless(text))

    return mail_addresses, number_plates, hidden, long_numbers, house_numbers


def masked_within(value: object) -> object:
    """Return a text, or the texts in a list, masked; any other value unchanged.

    It is for the values of a JSON object before the object is written, because escapes hide where words begin.
    """
    if isinstance(value, list):
        return [masked(part) if isinstance(part, str) else part for part in value]
    return masked(value) if isinstance(value, str) else value
