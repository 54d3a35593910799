"""Finds the regencies and cities of Indonesia that a text names, other than the county and its neighbours."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

if TYPE_CHECKING:
    from aduan.directory import Regencies

AT: Final = frozenset({"di", "neng", "ning", "nang", "ten", "wonten", "teng", "ndek"})
"""Words for being at a place, in Indonesian and Javanese."""
_AROUND: Final = AT | {"warga", "daerah", "wilayah", "area", "sekitar"}
FROM_OR_TO: Final = frozenset({"dari", "saking", "seko", "saka", "soko", "ke", "menuju", "sampai", "tekan", "arah"})
_OFFICES: Final = frozenset(
    {
        *(
            "kota",
            "kotamadya",
            "kabupaten",
            "kab",
            "kec",
            "kecamatan",
            "provinsi",
            "prov",
            "pemkot",
            "pemkab",
            "pemprov",
        ),
        *("pemprov", "bupati", "walikota", "gubernur", "dprd", "bpbd", "damkar", "rsud", "polres", "polresta"),
        *("polrestabes", "polda", "kapolres", "kapolresta", "kejari"),
    }
)
"""Words after which an everyday word is the name of a place."""
_FULL: Final = {"kabupaten": ("kabupaten", "kab", "pemkab", "bupati"), "kota": ("kota", "pemkot", "walikota")}
_COMPARING: Final = frozenset(
    {
        *("kayak", "kaya", "kyk", "ky", "seperti", "sprti", "koyo", "koyok", "kalah", "niru", "tiru", "meniru"),
        *("contoh", "contohnya", "nyontoh", "mencontoh", "beda", "bedane", "dibanding", "dibandingkan", "mending"),
    }
)
"""Words that make another place a comparison: ``macet kayak Jakarta``."""
_HOME: Final = frozenset({"jogja", "jogjakarta", "yogya", "yogyakarta", "jogya", "jogjane", "diy"})
"""Names of the county's own province and capital."""
_HERE: Final = frozenset({"sini", "disini", "kene", "ngene", "mriki"})
_LONGEST: Final = 6
"""Words in the longest name, ``kabupaten`` among them."""

_Need = Literal["nothing", "at", "office"]


class Elsewhere(NamedTuple):
    """A regency, city or province that is no neighbour."""

    name: str
    """With ``Kabupaten`` or ``Kota``, unless both bear the name and the text does not say which."""
    owner: str
    """Code of the outside owner."""


class Mention(NamedTuple):
    """A name of a regency, city or province in a text."""

    start: int
    length: int
    """Both in words."""
    entry: Elsewhere
    standing: Literal["place", "passing", "faint"]
    """``place``: the matter is there; ``passing``: named as an origin, a goal or a comparison; ``faint``: perhaps no
    name at all, as ``batu`` is."""


class _Name(NamedTuple):
    entry: Elsewhere
    need: _Need
    province: bool


class Atlas:
    """An index of the regencies, cities and provinces that finds them in a text."""

    def __init__(self, regencies: Regencies, own: Collection[str], known: Collection[tuple[str, ...]]) -> None:
        """Index the names.

        Args:
            regencies: The data.
            own: Full names of the county and of the neighbours, which others recognise: ``Kabupaten Bantul``.
            known: Names that already mean something else, split into words: ``depok`` alone is a kapanewon.
        """
        self._names: dict[tuple[str, ...], _Name] = {}
        self._not_there = frozenset(regencies.not_there)
        self._doubtful = frozenset(name.casefold() for name in regencies.doubtful)
        self._everyday = frozenset(name.casefold() for name in regencies.everyday)
        for province in regencies.provinces:
            for kind, names in (("kabupaten", province.kabupaten), ("kota", province.kota)):
                for name in names:
                    if f"{kind.capitalize()} {name}" in own:
                        continue
                    entry = Elsewhere(f"{kind.capitalize()} {name}", regencies.owner)
                    for prefix in _FULL[kind]:
                        self._names[prefix, *_words(name)] = _Name(entry, "nothing", province=False)
                    if name in province.kabupaten and name in province.kota:
                        entry = Elsewhere(name, regencies.owner)
                    for bare in (name, *regencies.aliases.get(name, ())):
                        self._add(bare, entry, known)
            if _HOME.isdisjoint(_words(province.name)):
                for name in (province.name, *province.aliases):
                    self._add(name, Elsewhere(province.name, regencies.owner), known, province=True)
        self._firsts = {name[0] for name in self._names}

    def _add(self, name: str, entry: Elsewhere, known: Collection[tuple[str, ...]], *, province: bool = False) -> None:
        folded = name.casefold()
        need: _Need = "office" if folded in self._everyday else "at" if folded in self._doubtful else "nothing"
        words = _words(name)
        for spelling in (words, ("".join(words),)):
            if spelling not in known:
                self._names.setdefault(spelling, _Name(entry, need, province))

    def find(self, words: list[str], typed: list[str], taken: AbstractSet[int]) -> list[Mention]:
        """List the mentions in a text, in order.

        Args:
            words: The words of the text, folded to small letters.
            typed: The same words as they were typed.
            taken: Places of words that are part of another name. None that begins there is looked for, but ``kota
                Depok`` is found where ``Depok`` is one.
        """
        named = list(self._names_in(words, taken))
        if not named:
            return []
        shouting = sum(word.isupper() for word in typed) > len(typed) / 2
        passing = not _COMPARING.isdisjoint(words)
        mentions = []
        for start, length, name in named:
            before = words[start - 1] if start else ""
            after = words[start + length] if start + length < len(words) else ""
            if before in self._not_there or before in _HOME or (after in _HOME and before not in AT):
                continue  # "tol Solo Jogja" is a road and "soto Lamongan" a dish
            capital = typed[start][:1].isupper() and not shouting and not self._goes_on(typed, start + length)
            standing: Literal["place", "passing", "faint"] = "place"
            if not self._is_name(name.need, before, capital=capital) and not self._in_province(words, start + length):
                if name.need == "office" and not capital:
                    continue
                standing = "faint"
            elif before in FROM_OR_TO or passing:
                standing = "passing"
            mentions.append(Mention(start, length, name.entry, standing))
        return mentions

    def _names_in(self, words: list[str], taken: AbstractSet[int]) -> Iterator[tuple[int, int, _Name]]:
        end = 0
        for place, word in enumerate(words):
            if word not in self._firsts or place < end or place in taken:
                continue
            for size in range(min(_LONGEST, len(words) - place), 0, -1):
                name = self._names.get(tuple(words[place : place + size]))
                if name is not None:
                    end = place + size
                    yield place, size, name
                    break

    def _goes_on(self, typed: list[str], place: int) -> bool:
        """Tell whether a word with a capital follows that begins no name here: ``Puncak Merapi`` is another name."""
        return place < len(typed) and typed[place][:1].isupper() and typed[place].casefold() not in self._firsts

    def _in_province(self, words: list[str], place: int) -> bool:
        """Tell whether the name of a province stands at this place."""
        return any(
            (name := self._names.get(tuple(words[place : place + size]))) is not None and name.province
            for size in (1, 2, 3)
        )

    @staticmethod
    def _is_name(need: _Need, before: str, *, capital: bool) -> bool:
        if need == "nothing" or before in _OFFICES:
            return True
        return before in _AROUND and (need == "at" or capital)


def is_about_home(words: Collection[str]) -> bool:
    """Tell whether a text speaks of the county's own surroundings without naming a place there."""
    return not _HOME.isdisjoint(words) or not _HERE.isdisjoint(words)


def _words(name: str) -> tuple[str, ...]:
    return tuple(name.casefold().replace("-", " ").split())
