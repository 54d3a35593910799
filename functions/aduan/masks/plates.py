"""Finds number plates, and tells them from the letters and digits of schools, blocks, measures and companies."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from aduan.masks.form import Found

_AREAS: Final = "A[ABDEG]|B[ABDEGHKLMNP]|D[ABCDEGHKLMNRST]|E[ABD]|K[BHTU]|P[ABG]|[ABDEFGHKLMNPRSTWZ]"
"""Letters of the areas that issue number plates (Perpol 7/2021); AB is Yogyakarta."""
_GAP: Final = r"[ .\-_/\n]{0,3}"
_PLATE: Final = re.compile(
    rf"(?<![^\W_])(?<![^\W_]-)({_AREAS}){_GAP}([1-9]\d{{0,3}})(?:{_GAP}([A-Z]{{1,3}})(?![^\W_]|-[^\W_])|(?![^\W_]|[.,/]\d))",
    re.IGNORECASE,
)
_VEHICLE: Final = re.compile(
    r"\b(?:plat|plate|nopol|no\.?[ ]?pol|polisi|ber?plat|motor|mobil|truk|truck|bus|bis|angkot|kendaraan|pick[ ]?up|"
    r"avanza|xenia|innova|beat|vario|nmax|scoopy|taksi|ojol|pelaku|sopir|stnk|bpkb)\b(?:[ ]?nomor)?"
    r"[^\w\n]{0,4}(?:[^\W\d]{1,12}[^\w\n]{1,3})?$",
    re.IGNORECASE,
)
_BEFORE: Final = re.compile(
    r"\b(?:sd|smp|sma|smk|mts|mtsn|man|min|tk|sdn|smpn|blok|blk|block|kelas|kls|kavling|kav|type|tipe|gedung|gd|lantai|"
    r"lt|gang|gg|ruang|zona|seksi|ukuran|uk|diameter|limbah|vitamin|golongan|gol|jalur|peron|pintu|rt|rw|no|nomor|poin|"
    r"pasal|ruas|posko|tps|kloter|grup|tol)\b[ .:]{0,3}$",
    re.IGNORECASE,
)
_WORDS: Final = frozenset(
    re.findall(
        r"\w+",
        """
    ab ac ad ada adl ai air aja aku an apa api apk as asn atm ayo ba bab bak ban bap bb bbm bbn bca bh bi
    biji bin bis blm bln bni bor bos box bpd bpk bri bsi btl btn bu buk bus cc cm cs cuy cv da dan dg dgn di
    dkk dll dlm dm dng dpr dr drh dsb dst dtk dua duh dus ecer eh em es esp ex f2 gak gan gas gg go got gr
    gt ha hal hlm hp hr hri ibu id ii iii ini isu itu iv ix iya jak jam jan jd jg jgn jl jln jt jtn k ka kab
    kah kan ke kec kel kg kk kl kls km kok kos kpk krg krn krna ktp kua kv kva kw kwh la lah lak lap lbh lbr
    lcd led lg lgi lh lho lik lo los lot lpg lpj lt ltr lur m mas mbk mbr mck mdl mei mg mgg mi min ml mm
    mnt msh mtr mts n na nah naik nan nek ng ngo ni nih no nya nyg oh ok om opd ora org os oto pa pad pak
    pas pcs pd pdh per pin pjl pju pk pkl pln pns pos pp ppn ps psn pt pun ra rb rdk rm rmh rp rpm rs rsu rt
    rth rw saf saja sak sbb sd sdg sdh sdn sdr se sek set sg sih sim sk sm sma smk smp so sp spt sr st sto
    sub sud sy tak tau tbk td tdk tdn tgk tgl th the thn ti tim tk tni to ton tp tpa tpi tps tpt tpu trs
    trus tsb tsk tst ttd ttg tu tv ud uk um umk un ups usd utk uu va vii vs vt w wa wah waw wc wi wib wis
    wit wo x xl ya yah yai yak yen yg yo yok yth yuk zat pvc pjg pr pjr dp
""",
    )
)
"""Short words, abbreviations and units that follow a number. None is believed to be the letters of a plate unless the
word before speaks of a vehicle."""
_UNIT_LETTERS: Final = frozenset("MLXKWVGACT")
_SURE: Final = frozenset({"AB", "AA", "AD"})
"""Yogyakarta and its neighbours: taken also when they are written in small letters."""
_ABBREVIATIONS: Final = re.compile(
    r"(?:P3K|P2TL|BP2MI|B2SA|P2KP|P4GN|A2B|K3S|P5K|BA2R|LP2B|SP2HP|SP4N|P3A|P2A|P2M|K3L)\b", re.IGNORECASE
)
_FEW: Final = 100
_REACH: Final = 24


def number_plates(text: str) -> Iterator[Found]:
    """Yield the number plates in a normal form, in order."""
    place = 0
    while match := _PLATE.search(text, place):
        if _is_plate(text, match):
            yield Found(*match.span(), "[plat nomor]")
            place = match.end()
        else:
            place = match.end(1)  # what follows the letters of the area may begin a plate: "N 4 AB 1234 XY"


def _is_plate(text: str, match: re.Match[str]) -> bool:  # noqa: PLR0911 # one rule a line
    area, number, series = match[1], int(match[2]), match[3]
    if not series and number < _FEW:
        return False
    before = text[max(0, match.start() - _REACH) : match.start()]
    if _ABBREVIATIONS.match(match[0]):
        return False
    if _VEHICLE.search(before):
        return number >= _FEW or series.casefold() not in _WORDS
    if not series or series.casefold() in _WORDS or _BEFORE.search(before):
        return False
    if not (match[0].isupper() or (area.upper() in _SURE and len(series) > 1 and len(match[2]) > 1)):
        return False
    if area.upper() in _SURE:
        return len(match[2]) > 1 or not any(letter in "AIUEO" for letter in series.upper())
    if len(series) == 1:
        return number >= 10 * _FEW and series not in _UNIT_LETTERS
    return number >= _FEW or (len(match[2]) > 1 and not any(letter in "AIUEO" for letter in series))
