"""Personal numbers and addresses as people in Sleman write them, each with a pattern that finds it in any text."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Final

_GAP: Final = re.compile(r"[ .()\-\u00a0\u2010-\u2015]")
_GAPS: Final = ("", " ", "-", ".", " - ", "\u2011", "\u2013")
_NARROW: Final = ("", " ", "-", ".", "\u2013")


@dataclass(frozen=True)
class Canary:
    """A piece of personal data as a person writes it, and a pattern that finds it in whatever form."""

    written: str
    trace: str
    squeezed: bool = False
    """Whether the pattern is for a text from which the gaps between groups of digits were removed."""

    def found_in(self, text: str) -> bool:
        """Tell whether `text` holds the personal data."""
        return re.search(self.trace, _GAP.sub("", text) if self.squeezed else text, re.IGNORECASE) is not None


def id_of_a_person(random: Random) -> Canary:
    """A NIK or the number of a family card, of a man or a woman, in one piece or in groups."""
    day, month = random.randint(1, 31) + random.choice((0, 40)), random.randint(1, 12)
    number = f"3404{_digits(random, 2)}{day:02}{month:02}{_digits(random, 6)}"
    groups = random.choice(((4, 4, 4, 4), (6, 6, 4), (16,), (2, 2, 2, 6, 4)))
    word = random.choice(("NIK", "no KK", "KTP saya", "nik:"))
    return Canary(f"{word} {_grouped(number, groups, random.choice(_NARROW))}", number, squeezed=True)


def mobile_number(random: Random) -> Canary:
    """A mobile telephone number, with or without the country's code."""
    rest = f"8{random.choice('12357')}{_digits(random, random.randint(8, 10))}"
    prefix = random.choice(("0", "+62", "62", "+62 ", "0062", "+62 (0)"))
    word = random.choice(("hubungi ", "WA ", "telp.", "https://wa.me/", "nomer saya,", "call:", "\U0001f602", "("))
    return Canary(f"{word}{prefix}{_grouped(rest, (3, 4, 20), random.choice(_GAPS))}", rest, squeezed=True)


def landline_number(random: Random) -> Canary:
    """A landline telephone number of Yogyakarta."""
    number = f"{random.choice('4578')}{_digits(random, random.randint(5, 6))}"
    area = random.choice(("0274-", "(0274) ", "0274 ", "0274", "+62 274 ", "(0274)"))
    return Canary(f"telp {area}{number}", f"274{number}", squeezed=True)


def mailbox(random: Random) -> Canary:
    """A mail address."""
    name = f"surat{_letters(random, 6)}{random.choice('._+-')}{_digits(random, 3)}"
    host = random.choice(("gmail.com", "students.ugm.ac.id", "contoh-warga.example"))
    word = random.choice(("kirim ke ", "email:", "<", "mailto:"))
    return Canary(f"{word}{name}@{host}", re.escape(name))


def number_plate(random: Random) -> Canary:
    """A number plate of Yogyakarta or elsewhere, in lower case only where no word looks like it."""
    area = random.choice(("AB", "B", "AD", "ab", "H"))
    number, series = random.randint(1000, 9999), _letters(random, random.randint(2, 3))
    series = series if area.islower() else series.upper()
    gap = random.choice((" ", "-", ".", ""))
    return Canary(f"plat {area}{gap}{number}{gap}{series}", rf"\b{area}[ .-]?{number}[ .-]?{series}\b")


def bank_account(random: Random) -> Canary:
    """A bank's name and an account number."""
    number = f"{random.randint(1, 9)}{_digits(random, random.randint(9, 14))}"
    bank = random.choice(("BCA", "rek BRI", "no rekening:", "Mandiri a.n. Budi", "bsi"))
    return Canary(f"transfer {bank} {_grouped(number, (4, 4, 20), random.choice(_NARROW))}", number, squeezed=True)


def house_number(random: Random) -> Canary:
    """A street and the number of a house in it."""
    number = f"{random.randint(111, 999)}{random.choice(('', 'a', '/12'))}"
    street = random.choice(("Jl. Melati", "jalan Kaliurang", "perum Griya blok C", "gang Kenanga"))
    word = random.choice(("No. ", "no ", "nomor ", "No."))
    return Canary(f"rumah di {street} {word}{number}", rf"\bno(?:mor)?\.? ?{number}\b")


KINDS: Final[tuple[Callable[[Random], Canary], ...]] = (
    id_of_a_person,
    mobile_number,
    landline_number,
    mailbox,
    number_plate,
    bank_account,
    house_number,
)


def some_canaries(random: Random) -> list[Canary]:
    """One canary of each kind, in random order."""
    found = [kind(random) for kind in KINDS]
    random.shuffle(found)
    return found


def _digits(random: Random, count: int) -> str:
    return "".join(random.choices("0123456789", k=count))


def _letters(random: Random, count: int) -> str:
    return "".join(random.choices("abcdefghijklmnopqrstuvwxyz", k=count))


def _grouped(number: str, sizes: tuple[int, ...], gap: str) -> str:
    groups, rest = [], number
    for size in sizes:
        groups.append(rest[:size])
        rest = rest[size:]
    return gap.join(filter(None, groups))
