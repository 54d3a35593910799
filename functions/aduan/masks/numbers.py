"""Finds long personal numbers: NIK and KK, telephones, NPWP, BPJS, SIM, payment cards and bank accounts."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from aduan.masks.form import GAP, Found

_START: Final = re.compile(rf"(?<!\d)(?:\d{{7}}|\d(?:{GAP}\d){{6}})")
"""Seven digits in a row, whatever is between them: nothing shorter is a long personal number."""
_RUN: Final = re.compile(rf"\d+(?:{GAP}\d+){{0,16}}")
_GROUP: Final = re.compile(r"\d+")
_MOBILE: Final = re.compile(r"(?:(?:00)?620?|0)8\d\d{7,10}")
"""With the country's code or 0; 8 and the network follow, 10 to 13 digits in all when written with 0."""
_SHORT_MOBILE: Final = re.compile(r"08\d\d{6}|(?:00)?628\d\d{6}")
_BARE_MOBILE: Final = re.compile(r"8\d\d{7,10}")
_GLUED_MOBILE: Final = re.compile(r"\d{1,3}(?:08|628)\d\d{8,9}|(?:08|628)\d\d{11,13}")
_MIDDLE_MOBILE: Final = re.compile(r"\d{1,2}08\d\d{9,11}")
_LANDLINE: Final = re.compile(r"0(?:21|22|24|31|61)\d{6,8}|0[2-79]\d\d\d{5,8}")
_LANDLINE_ABROAD: Final = re.compile(r"(?:00)?620?(?:21|22|24|31|61|[2-79]\d\d)\d{5,8}")
_ABROAD: Final = re.compile(r"[1-9]\d{8,14}")
_NIK: Final = re.compile(
    r"(?:1[1-9]|21|3[1-6]|5[1-3]|6[1-5]|7[1-6]|8[1-2]|9[1-7])\d{4}(?:[04][1-9]|[1256]\d|[37][01])(?:0[1-9]|1[0-2])\d{6}"
)
"""Province, district and subdistrict, the date of birth (a woman's day plus 40) and a serial number."""
_DATE_OF_BIRTH: Final = re.compile(r"\d{6}(?:[04][1-9]|[1256]\d|[37][01])(?:0[1-9]|1[0-2])\d{6}")
_NPWP_GROUPS: Final = (2, 3, 3, 1, 3, 3)
_CARD: Final = re.compile(r"3[47]\d{13}|[3-6]\d{17,18}")
_BANKS: Final = (
    "bca|bri|bni|bsi|btn|bpd|bpr|mandiri|cimb|niaga|danamon|permata|muamalat|bukopin|mega|panin|maybank|ocbc|btpn|jenius|"
    "jago|seabank|neobank|blu|bank"
)
_WORD_BEFORE: Final = re.compile(
    rf"\b(?:(?P<npwp>npwp)|(?P<bpjs>bpjs|jkn|kis|kpj)|(?P<sim>sim)|(?P<nik>nik|ktp|kk|nokk|e-ktp)|"
    rf"(?P<account>rek|rekening|norek|rekg|{_BANKS}|(?<!\d )(?<!\d)va)|"
    rf"(?P<phone>wa|whats?app|w\.?a|hp|no\.?hp|tel|telp|tlp|tlpn|telpon|telepon|hub|hubungi|call|sms|cp|kontak|contact|me))\b"
    r"[^\d\n\ue000]{0,24}\n?[^\d\n\ue000]{0,6}$",
    re.IGNORECASE,
)
_BANK_AFTER: Final = re.compile(rf"[^\d\n\ue000]{{0,30}}?\b(?:{_BANKS})\b", re.IGNORECASE)
_REACH: Final = 36
_LONGEST: Final = 21
"""Digits of the longest number with the country's code, and some more."""
_COMPLETE: Final = 10
"""Digits of the shortest mobile number as it is written today."""
_SHORTEST_WORD: Final = 2
_NIK_DIGITS: Final = 16
_MOST_GAPS: Final = 8
_COMMA_GROUP: Final = 3
"""Digits between commas that may be a part of a number; fewer are a list, as in ``RT 08, 12``."""


class _Number(NamedTuple):
    """The groups of digits from one place on, each with the gap before it."""

    text: str
    start: int
    ends: list[int]
    """Where each group ends, in the text."""
    groups: list[str]
    gaps: list[str]


def long_numbers(text: str) -> Iterator[Found]:
    """Yield the long personal numbers in a normal form, in order."""
    place = 0
    while match := _START.search(text, place):
        number = _number(text, match.start())
        found = _found(number)
        if found is None:
            place = number.ends[0]
            continue
        end, mask = found
        start = _with_signs(text, match.start(), end, place)
        place = end
        yield Found(start, end, mask)


def _number(text: str, start: int) -> _Number:
    match = _RUN.match(text, start)
    run = match[0] if match else ""
    groups, gaps = _GROUP.findall(run), _GROUP.split(run)[:-1]
    ends = itertools.accumulate((len(gap) + len(group) for gap, group in zip(gaps, groups, strict=True)), initial=start)
    return _Number(text, start, list(ends)[1:], groups, gaps)


def _found(number: _Number) -> tuple[int, str] | None:  # noqa: PLR0911 # one kind a line
    """Return where the number ends and its mask, or None when nothing personal begins here."""
    sizes = tuple(map(len, number.groups))
    if sizes[:6] == _NPWP_GROUPS:
        return number.ends[5], "[npwp]"
    word = _word_before(number)
    sixteen = _sixteen(number)
    if sixteen:
        return sixteen[0], "[npwp]" if word == "npwp" else sixteen[1]
    phone = _phone(number, word)
    if phone:
        return phone, "[telepon]"
    named = _named(number, word)
    if named:
        return named
    first = number.groups[0]
    if first.startswith("000") and (end := _total(number, range(13, 14))):
        return end, "[nomor bpjs]"
    if _CARD.fullmatch(first) and _luhn(first):
        return number.ends[0], "[nomor]"
    glued = _GLUED_MOBILE.fullmatch(first) or (word == "phone" and _MIDDLE_MOBILE.fullmatch(first))
    return (number.ends[0], "[telepon]") if glued else _account_before_bank(number)


def _word_before(number: _Number) -> str | None:
    text, begin = number.text, number.start
    least = max(0, begin - _REACH)
    while begin > least and not text[begin - 1].isdigit():
        begin -= 1
    if number.start - begin < _SHORTEST_WORD:  # nearly always so in a long chain of numbers
        return None
    before = _WORD_BEFORE.search(text, begin, number.start)
    return before.lastgroup if before else None


def _total(number: _Number, lengths: range) -> int:
    """Return the end of the longest row of groups with so many digits, 0 when there is none. No gap is wide."""
    count, best = 0, 0
    for end, group, gap in zip(number.ends, number.groups, number.gaps, strict=True):
        count += len(group)
        if "\n" in gap or ", " in gap or ": " in gap or count >= lengths.stop:
            break
        if count in lengths:
            best = end
    return best


def _sixteen(number: _Number) -> tuple[int, str] | None:
    lengths = list(itertools.accumulate(map(len, number.groups)))
    if _NIK_DIGITS not in lengths:
        return None
    place = lengths.index(_NIK_DIGITS)
    digits = "".join(number.groups[: place + 1])
    gaps = number.gaps[1 : place + 1]
    narrow = all(len(gap) <= 1 for gap in gaps)
    if _NIK.fullmatch(digits) and (narrow or len(gaps) <= _MOST_GAPS):
        return number.ends[place], "[NIK]"
    if narrow and not (place and _MOBILE.fullmatch(number.groups[0])):
        return number.ends[place], "[NIK]" if _DATE_OF_BIRTH.fullmatch(digits) else "[nomor]"
    return None


def _phone(number: _Number, word: str | None) -> int:  # noqa: PLR0911 # one way of writing a line
    first = number.groups[0]
    if first[0] not in "0689123457":
        return 0
    if first[0] in "06" and (end := _grown(number, _MOBILE)):
        return end
    if _SHORT_MOBILE.fullmatch(first):
        return number.ends[0]
    if word == "phone" and first[0] == "8" and (end := _grown(number, _BARE_MOBILE)):
        return end
    plus = number.text[max(0, number.start - 2) : number.start].replace("(", "").endswith("+")
    if first[0] == "0" and (len(first) in range(3, 14) or "".join(number.groups[:2]) == "0274"):
        return _grown(number, _LANDLINE) or (_grown(number, _LANDLINE_ABROAD) if first.startswith("00") else 0)
    if first[:2] == "62" and (plus or word == "phone") and (end := _grown(number, _LANDLINE_ABROAD)):
        return end
    return _grown(number, _ABROAD) if plus else 0


def _grown(number: _Number, shape: re.Pattern[str]) -> int:
    """Return where the number of a shape ends, 0 when there is none.

    A number that is complete grows over a blank only when it was written in small groups, and never over a line.
    """
    digits, best = "", 0
    for place, (end, group, gap) in enumerate(zip(number.ends, number.groups, number.gaps, strict=True)):
        if "," in gap and (gap.strip() != "," or " " in gap or len(group) < _COMMA_GROUP):
            break
        if best and place:
            small = len(number.groups[0]) < _COMPLETE and (len(group) > 1 or len(number.groups[place - 1]) == 1)
            wide = "\n" in gap or not small
            if wide and not (len(gap) == 1 and gap in "-./_" and len(number.groups[0]) <= _COMPLETE):
                break
        digits += group
        if shape.fullmatch(digits):
            best = end
        if len(digits) > _LONGEST:
            break
    return best


_NAMED: Final = {
    "npwp": (range(15, 17), "[npwp]"),
    "bpjs": (range(11, 14), "[nomor bpjs]"),
    "sim": (range(12, 15), "[nomor sim]"),
    "nik": (range(14, 19), "[NIK]"),
    "account": (range(7, 19), "[rekening]"),
}
"""By the word before: how many digits the number has, and its mask. A NIK that was mistyped is private, too."""


def _named(number: _Number, word: str | None) -> tuple[int, str] | None:
    if word not in _NAMED:
        return None
    lengths, mask = _NAMED[word]
    end = _total(number, lengths)
    return (end, mask) if end else None


def _account_before_bank(number: _Number) -> tuple[int, str] | None:
    end = _total(number, range(10, 17))
    if not end or 1 in map(len, number.groups):
        return None
    return (end, "[rekening]") if _BANK_AFTER.match(number.text, end, end + _REACH) else None


def _luhn(digits: str) -> bool:
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (sum(map(int, digits[-1::-2])) + sum(doubled)) % 10 == 0


def _with_signs(text: str, start: int, end: int, least: int) -> int:
    """Return the start of a number with its plus sign, and with a bracket that is closed inside the number."""
    for sign in "(+(":
        if start > least and text[start - 1] == sign and (sign == "+" or ")" in text[start:end]):
            start -= 1
    return start
