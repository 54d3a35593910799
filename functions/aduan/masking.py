"""Take personal numbers out of what citizens write, before anything is stored.

What is looked for: the 16 digits of a NIK or KK, telephone numbers in Indonesian forms, e-mail addresses, number
plates, bank accounts and house numbers. Names and handles inside a text are not recognised.
"""

import re
from typing import Final

_GAP: Final = r"[ .\-\u00a0\u2010-\u2015]{0,3}"
"""People group long numbers with blanks, dots, hyphens or dashes."""

_NARROW_GAP: Final = r"[ .\-\u00a0]?"
"""Between the digits of a long number: a wider gap would make one number of a date and the times behind it."""

_EMAIL: Final = re.compile(r"(?<![\w.+\-])[\w.+\-]{1,64}@[\w\-]{1,63}(?:\.[\w\-]{1,63}){1,8}")
"""Bounded as mail itself is (RFC 5321): without a bound, a long word would take quadratic time."""
_SIXTEEN: Final = re.compile(rf"(?<!\d)\d(?:{_NARROW_GAP}\d){{15}}(?!{_NARROW_GAP}\d)")
_PHONE: Final = re.compile(
    rf"""(?<![\d.,])(?:
        (?:\+|00)?62{_GAP}\(?0?\)?{_GAP}8\d(?:{_GAP}\d){{6,11}}   # +62 812-3456-7890, 62812…
      | 0{_GAP}8\d(?:{_GAP}\d){{6,11}}                            # 0812 3456 7890
      | (?:\(0\d{{2,3}}\)|0[2-79]\d{{1,2}}){_GAP}\d(?:{_GAP}\d){{4,7}} # (0274) 868405, 0274-868405
      | (?:\+|00)62{_GAP}[2-79]\d{{1,2}}{_GAP}\d(?:{_GAP}\d){{4,7}}   # +62 274 868405
    )(?!{_GAP}\d)""",
    re.VERBOSE,
)
_ACCOUNT: Final = re.compile(
    rf"(?i)\b((?:no\.?\s*)?(?:rek|rekening|norek|bca|bri|bni|bsi|btn|mandiri|bpd|va)\b[^\d\n]{{0,20}})"
    rf"\d(?:{_GAP}\d){{6,17}}"
)
_AREAS: Final = "A[ABDEG]|B[ABDEGHKLMNP]|D[ABCDEGHKLMNRST]|E[ABD]|K[BHTU]|P[ABG]|[ABDEFGHKLMNPRSTWZ]"
"""Areas that issue number plates; AB is Yogyakarta."""
_PLATE: Final = re.compile(
    rf"\b(?:(?:{_AREAS})[ .\-]?\d{{1,4}}[ .\-]?[A-Z]{{1,3}}|(?i:AB|AA|AD)[ .\-]?\d{{2,4}}[ .\-]?(?i:[A-Z]{{2,3}}))\b"
)
_HOUSE: Final = re.compile(
    r"(?i)(\b(?:jl|jln|jalan|gg|gang|perum|perumahan|blok|rumah)\b[^\n,;]{0,40}?\b(?:no|nomor|nmr)\b\.?\s*)"
    r"\d{1,4}(?:[a-z]\b|/\d+)?(?![\d.,]*\d)"
)
_DATE_DAYS: Final = range(1, 32)
_WOMEN: Final = 40
"""The NIK of a woman has 40 added to the day of her birth."""
_MONTHS: Final = range(1, 13)


def masked(text: str) -> str:
    """Return `text` with personal numbers replaced by what they were, such as ``[telepon]``.

    Masking a masked text changes nothing. A number of 16 digits is called ``[NIK]`` when its middle is a date, as in
    a NIK and a KK, and ``[nomor]`` otherwise: it may be a card, and is nobody's business either.
    """
    before = ""
    while before != text:  # a mask can bring the next number into reach of what names it: "rumah no. 4 dan no. 6"
        before, text = text, _masked_once(text)
    return text


def _masked_once(text: str) -> str:
    text = _EMAIL.sub("[surel]", text)
    text = _SIXTEEN.sub(_name_of_sixteen, text)
    text = _PHONE.sub("[telepon]", text)
    text = _ACCOUNT.sub(r"\1[rekening]", text)
    text = _PLATE.sub("[plat nomor]", text)
    return _HOUSE.sub(r"\1[nomor rumah]", text)


def masked_within(value: object) -> object:
    """Return a text, or a list of texts, masked; anything else as it is.

    For the values of a JSON object before it is written: in the written form, escapes hide where words begin.
    """
    if isinstance(value, list):
        return [masked(part) if isinstance(part, str) else part for part in value]
    return masked(value) if isinstance(value, str) else value


def _name_of_sixteen(match: re.Match[str]) -> str:
    digits = re.sub(r"\D", "", match[0])
    day, month = int(digits[6:8]), int(digits[8:10])
    is_date = month in _MONTHS and (day in _DATE_DAYS or day - _WOMEN in _DATE_DAYS)
    return "[NIK]" if is_date else "[nomor]"
