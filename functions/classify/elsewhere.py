"""Finds the regencies and cities of Indonesia that a text names, other than the county and its neighbours."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

if TYPE_CHECKING:
    from aduan.directory import Province, Regencies

AT: Final = frozenset({"di", "neng", "ning", "nang", "ten", "wonten", "teng", "ndek"})
"""Words for being at a place, in Indonesian and Javanese."""
_AROUND: Final = AT | {"warga", "daerah", "wilayah", "area", "sekitar"}
_QUAKES: Final = frozenset({"gempa", "tsunami", "likuefaksi"})
_EVENTS: Final = _QUAKES | {"banjir", "kebakaran", "kobongan", "longsor", "kecelakaan", "rusuh", "kerusuhan", "macet"}
"""What befalls a place: ``gempa Palu``, ``banjir Kudus``."""
FROM_OR_TO: Final = frozenset({"dari", "saking", "seko", "saka", "soko", "ke", "menuju", "sampai", "tekan", "arah"})
_EVEN: Final = frozenset({"saja", "aja", "wae", "ae", "sj"})
"""Words after a name that make it a comparison: ``di Solo saja gratis``."""
_OFFICES: Final = frozenset(
    {
        *("kota", "kotamadya", "kabupaten", "kab", "kec", "kecamatan", "pemkot", "pemkab", "bupati", "walikota"),
        *("dprd", "bpbd", "damkar", "rsud", "polres", "polresta", "polrestabes", "kapolres", "kapolresta", "kejari"),
    }
)
"""Words after which a doubtful name is the name of a place."""
_FULL: Final[Mapping[Literal["kabupaten", "kota"], tuple[str, ...]]] = {
    "kabupaten": ("kabupaten", "kab"),
    "kota": ("kota",),
}
_PROVINCE: Final = ("provinsi", "prov", "pemprov", "polda", "gubernur")
"""Words that with a name make a full name, which is sure."""
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
        self._lives = frozenset(regencies.lives)
        self._comparing = frozenset(regencies.comparing)
        self._doubtful = frozenset(name.casefold() for name in regencies.doubtful)
        self._everyday = frozenset(name.casefold() for name in regencies.everyday)
        for province in regencies.provinces:
            for full, kind, name in _governments(province):
                if full in own:
                    continue
                shared = name in province.kabupaten and name in province.kota
                self._add_full(_FULL[kind], name, Elsewhere(full, regencies.owner))
                for bare in (name, *regencies.aliases.get(name, ())):
                    self._add(bare, Elsewhere(name if shared else full, regencies.owner), known)
            if _HOME.isdisjoint(_words(province.name)):
                for name in (province.name, *province.aliases):
                    entry = Elsewhere(province.name, regencies.owner)
                    self._add(name, entry, known, province=True)
                    self._add_full(_PROVINCE, name, entry, province=True)
        self._firsts = {name[0] for name in self._names}
        self._bare = frozenset(name for province in regencies.provinces for _, _, name in _governments(province))

    def has(self, name: str) -> bool:
        """Tell whether a regency or city bears this name."""
        return name in self._bare

    def _add_full(self, prefixes: Iterable[str], name: str, entry: Elsewhere, *, province: bool = False) -> None:
        for prefix in prefixes:
            self._names.setdefault((prefix, *_words(name)), _Name(entry, "nothing", province))

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
        passing = not self._comparing.isdisjoint(words)
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
            elif passing or before in FROM_OR_TO or after in _EVEN or (before in AT and self._is_life(words, start)):
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

    def _is_life(self, words: list[str], start: int) -> bool:
        """Tell whether the words before ``di`` speak of somebody's life: ``saya lagi di Jakarta``."""
        return start > 1 and words[start - 2] in self._lives

    def _goes_on(self, typed: list[str], place: int) -> bool:
        """Tell whether a word with a capital follows that begins no name here: ``Puncak Merapi`` is another name."""
        return place < len(typed) and typed[place][:1].isupper() and typed[place].casefold() not in self._firsts

    def _in_province(self, words: list[str], place: int) -> bool:
        """Tell whether the name of a province stands at this place."""
        return any(
            (name := self._names.get(tuple(words[place : place + size]))) is not None
            and name.province
            and name.need == "nothing"
            for size in (1, 2, 3)
        )

    @staticmethod
    def _is_name(need: _Need, before: str, *, capital: bool) -> bool:
        if need == "nothing" or before in _QUAKES:
            return True
        if need == "at" and (before in _EVENTS or before in _OFFICES):
            return True
        return before in _AROUND and (need == "at" or capital)


def is_about_home(words: Collection[str]) -> bool:
    """Tell whether a text speaks of the county's own surroundings without naming a place there."""
    return not _HOME.isdisjoint(words) or not _HERE.isdisjoint(words)


def _governments(province: Province) -> Iterator[tuple[str, Literal["kabupaten", "kota"], str]]:
    """Yield the full name, the kind and the bare name of each regency and city of a province."""
    yield from ((f"Kabupaten {name}", "kabupaten", name) for name in province.kabupaten)
    yield from ((f"Kota {name}", "kota", name) for name in province.kota)


def _words(name: str) -> tuple[str, ...]:
    return tuple(name.casefold().replace("-", " ").split())
