"""Shapes of digits that name nobody: dates, hours, amounts, measures, places on the map, laws and ids of machines.

They are hidden before numbers are looked for, so that no finder takes one for a part of a number. None begins or ends
in the middle of a longer chain of digits, because it might then be a piece of a telephone number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

_CHAIN: Final = r"[ \n.,()\[\]\-/_~*|:]"
_BEGIN: Final = r"(?<!\d)(?<![+])" + "".join(rf"(?<!\d{_CHAIN}{{{wide}}})" for wide in range(1, 6))
_END: Final = rf"(?!{_CHAIN}{{0,5}}\d)"
_END_BEFORE_HOUR: Final = rf"(?!(?![ ,]{{1,2}}(?:[0-2]?\d[.:]|\d{{9}})){_CHAIN}{{0,5}}\d)"
_END_OF_WORD: Final = r"(?![ ]?[.\-/_]{0,2}[ ]?\d)(?![^\W_])"
_MONTH: Final = r"(?:jan|feb|mar|apr|mei|may|jun|jul|ags?|agu|aug|sep|sept|okt|oct|nov|des|dec)(?:[a-z]{0,6})"
_DATE: Final = (
    r"(?:(?:0?[1-9]|[12]\d|3[01])[-/.](?:0?[1-9]|1[0-2])[-/.](?:(?:19|20)\d\d|\d\d)"
    r"|(?:19|20)\d\d[-/.](?:0[1-9]|1[0-2])[-/.](?:0[1-9]|[12]\d|3[01]))"
)
_HOUR: Final = r"(?:[01]?\d|2[0-4])[.:][0-5]\d(?:[.:][0-5]\d)?"
_AMOUNT: Final = r"[1-9]\d{0,2}(?:\.\d{3}){1,4}(?:,(?:\d\d|-))?"
_TO: Final = r"[ ]?(?:-|s/?d|sampai|hingga)[ ]?"
_UNITS: Final = (
    "mm|cm|dm|m|km|m2|m3|ha|inch?|mtr|meter|centi|kg|gr|gram|ton|kw|kuintal|lt|ltr|liter|cc|kva|va|kwh|watt|volt|"
    "detik|menit|jam|hari|hr|minggu|mgg|bulan|bln|tahun|thn|th|orang|org|jiwa|warga|kk|titik|unit|buah|kali|"
    "persen|rb|ribu|jt|juta|m?iliar|milyar|triliun"
)
_SHAPES: Final = re.compile(
    rf"""(?:(?=[\d\-\#])|\b(?=[a-fklnprsu]))(?:
      (?<![^\W_])(?:[0-9a-f]{{8}}-(?:[0-9a-f]{{4}}-){{3}}[0-9a-f]{{12}}             # a UUID
        |(?=[0-9]{{0,40}}[a-f])(?=[a-f]{{0,40}}[0-9])[0-9a-f]{{24,64}})(?![^\W_])  # a hash
    | (?=\d){_BEGIN}(?:
        {_DATE}(?:{_TO}{_DATE})?(?:t(?={_HOUR})|{_END_BEFORE_HOUR})
      | (?:19|20)\d\d[ ]?[-/][ ]?(?:(?:19|20)\d\d|\d\d){_END}                    # 2019-2025
      | \d{{1,2}}[ ]{_MONTH}[ ](?:19|20)\d\d(?!\d)
      | (?:0[1-9]|1\d|2[0-4])[.:][0-5]\d(?:[ ](?:0[1-9]|1\d|2[0-4])[.:][0-5]\d)+{_END}
      | (?!62\.8){_AMOUNT}(?:(?:{_TO}|[ ,+&/]{{1,3}}){_AMOUNT})*{_END}
      | (?<![^\W_])\d{{1,5}}(?:[.,]\d{{1,3}})?(?:[ ]?x[ ]?\d{{1,5}}(?:[.,]\d{{1,3}})?){{0,3}}
        [ ]?(?:{_UNITS}){_END_OF_WORD}
      | \d{{1,3}}(?:[.,]\d{{1,2}})?[ ]?%
      )
    | (?:(?<=t)|{_BEGIN}|(?<=(?:19|20)\d\d[ ])){_HOUR}(?:{_TO}{_HOUR})?{_END}
    | \brp[ ]?\.?[ ]?(?:{_AMOUNT}|[1-9]\d{{0,11}})(?:,\d\d|,-)?(?![.\-]?\d)
    | (?<![\w.])-?\d{{1,3}}\.\d{{3,15}}[ ]?[, ;/][ ]?-?\d{{1,3}}\.\d{{3,15}}(?![.\-]?\d)   # latitude and longitude
    | (?<![\w.])-\d{{1,2}}\.\d{{4,15}}(?![.\-]?\d) | {_BEGIN}1[0-4]\d\.\d{{4,15}}(?![ .\-]?\d)
    | \b(?:rt|rw|km|sta|lantai|kelas|kls)\b[ .:/]{{0,3}}\d{{1,3}}
        (?:[,.+]\d{{1,3}}|[ ]?[,&/\-][ ]?\d{{1,3}}(?!\d)){{0,8}}(?![ ]?[.\-/]?\d{{3}})(?!\d)
    | \b(?:uu|pp|perda|pergub|perbup|perpres|permen[a-z]{{0,12}}|kepmen[a-z]{{0,12}}|pasal|ayat|keputusan|surat|sk)\b
        [a-z ]{{0,30}}?\b(?:no|nomor|nomer)?\b[ .:]{{0,3}}\d{{1,4}}
        (?:/[\w.\-/]{{1,30}})?(?![\d])(?:[ ](?:tahun|th|thn)[ .]{{1,2}}\d{{4}})?
    | \b(?:no|nomor|nomer)[ .:]{{0,3}}\d{{1,4}}[ ](?:tahun|th|thn)[ .]{{1,2}}\d{{4}}(?!\d)
    | \#\d{{3,9}}(?!\d)                                                                # a ticket elsewhere
    )""",
    re.VERBOSE | re.IGNORECASE,
)
_ROUGH: Final = re.compile(r"\d")


def harmless(text: str) -> Iterator[tuple[int, int]]:
    """Yield the ranges of a normal form that hold digits and nothing personal, in order."""
    if _ROUGH.search(text):
        yield from (match.span() for match in _SHAPES.finditer(text))
