"""Finds the place a text speaks of: kalurahan, kapanewon, roads and landmarks in Sleman, and places outside it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from aduan.directory import Kalurahan, Kapanewon, Landmark, Outside, Places, Road
from aduan.triage import Place
from classify.elsewhere import FROM_OR_TO, Atlas, Elsewhere, is_about_home

_Named = Kalurahan | Kapanewon | Landmark | Road | Outside
_STREET: Final = {
    "jl": "jalan",
    "jln": "jalan",
    "jlan": "jalan",
    "jalanan": "jalan",
    "dalan": "jalan",
    "dalane": "jalan",
}
_KAPANEWON_CUES: Final = frozenset({"kapanewon", "kecamatan", "kec", "kemantren", "kapanewonan"})
_KALURAHAN_CUES: Final = frozenset({"kalurahan", "kelurahan", "kel", "desa", "ds"})
_AREA_CUES: Final = frozenset(
    {"daerah", "wilayah", "area", "sekitar", "pasar", "arah", "warga", "ndaerah", "polsek", "puskesmas"}
)
_IN: Final = frozenset({"di", "neng", "ning", "nang", "dari", "ke", "ten", "wonten"})
_STUCK: Final = frozenset({"tempel", "minggir"})
"""Names that are verbs after a word of `_IN`: ``di tempel``, ``ke minggir`` are verbs written apart, not places."""
_OTHER_CUES: Final = frozenset({"kota", "candi"})
"""Words that make a weak name mean something else: Kota Depok, Candi Prambanan."""
_LANES: Final = frozenset({"gang", "gg", "kampung", "perumahan", "perum", "padukuhan", "dusun", "komplek"})
"""Words for lanes and estates: a lane off a provincial road is not the provincial road."""
_COUNTY: Final = "sleman"
_OURS: Final = frozenset({_COUNTY, "merapi"})
"""Words beside which a name that is also borne by a district next door means ours."""
_CITY: Final = "Kota Yogyakarta"
_CITY_SHORT: Final = frozenset({"kota", "jogja", "yogya", "yogyakarta", "jogya", "kodya", "uh"})
"""What people put behind a kemantren of the city: ``Umbulharjo Jogja``."""
_LINKS: Final = _KAPANEWON_CUES | {"kabupaten", "kab", "kota", "di", "wilayah", "daerah"}
"""Words that may stand between a name and the larger place it lies in."""
LONGEST_NAME: Final = 5
"""Words in the longest name of a place."""


@dataclass(frozen=True)
class Found:
    """What the words of a text say about the place."""

    place: Place | None = None
    road: Road | None = None
    owner: str | None = None
    """Code of the neighbouring government, when the words place the matter there and nowhere in Sleman."""
    torn: bool = False
    """True when a person must decide: places inside and outside Sleman are named, a name that both have, a place
    elsewhere that the matter only may concern, or a lane is named with the road."""


@dataclass(frozen=True)
class _Hit:
    start: int
    length: int
    entry: _Named
    strong: bool
    """For an outside place: whether this name alone is enough."""


@dataclass
class _Seen:
    """The places that a text names, in order."""

    roads: list[Road] = field(default_factory=list)
    landmarks: list[Landmark] = field(default_factory=list)
    kalurahan: list[Kalurahan] = field(default_factory=list)
    kapanewon: list[Kapanewon] = field(default_factory=list)
    outside: list[Outside | Elsewhere] = field(default_factory=list)
    doubtful: bool = False
    """Whether a name may just as well mean a place outside."""


class Gazetteer:
    """An index of the directory's places that finds them in a text."""

    def __init__(self, places: Places) -> None:
        self._index: dict[tuple[str, ...], list[tuple[_Named, bool]]] = {}
        self._firsts: set[str] = set()
        self._kalurahan = {entry.name: entry for entry in places.kalurahan}
        for road in places.roads:
            self._add((road.name, *road.aliases), road)
        for landmark in places.landmarks:
            self._add((landmark.name, *landmark.aliases), landmark)
        for kalurahan in places.kalurahan:
            self._add((kalurahan.name, *kalurahan.aliases), kalurahan)
        for kapanewon in places.kapanewon:
            self._add((kapanewon.name, *kapanewon.aliases), kapanewon)
        for outside in places.outside:
            self._add((outside.name, *outside.aliases, *outside.strong), outside)
            self._add(outside.weak, outside, strong=False)
        own = {outside.name for outside in places.outside}
        own |= {f"Kabupaten {entry.name}" for entry in places.kapanewon if entry.strength == "county"}
        self._atlas = Atlas(places.regencies, own, self._index)

    def _add(self, names: Iterable[str], entry: _Named, *, strong: bool = True) -> None:
        for name in names:
            words = tuple(name.casefold().replace("-", " ").split())
            self._index.setdefault(words, []).append((entry, strong))
            self._firsts.add(words[0])

    def find(self, spellings: list[str]) -> Found:
        """Find the place a text speaks of; `spellings` are its words as they were typed."""
        words = [_STREET.get(word, word) for word in (spelling.casefold() for spelling in spellings)]
        hits = self._hits(words)
        taken = {place for hit in hits for place in range(hit.start, hit.start + hit.length)}
        mentions = self._atlas.find(words, spellings, taken)
        if not hits and not mentions:
            return Found()
        seen = _Seen()
        far = {mention.start: mention.entry for mention in mentions}
        covered = {place for mention in mentions for place in range(mention.start, mention.start + mention.length)}
        hits = [hit for hit in hits if hit.start not in covered]
        self._weigh(self._without_namesakes(hits, far, words, seen), words, spellings, seen)
        seen.outside += [mention.entry for mention in mentions if mention.standing == "place"]
        passing = any(mention.standing == "passing" for mention in mentions)
        return _conclude(seen, words, lanes=not _LANES.isdisjoint(words), passing=passing)

    def _hits(self, words: list[str]) -> list[_Hit]:
        hits: list[_Hit] = []
        place = 0
        while place < len(words):
            length = self._longest(words, place)
            if length:
                named = self._index[tuple(words[place : place + length])]
                hits.extend(_Hit(place, length, entry, strong) for entry, strong in named)
                place += length
                continue
            # People write "sindu adi" for Sinduadi: two words that together are one name.
            together = (words[place] + words[place + 1],) if place + 1 < len(words) else ()
            if together and together in self._index:
                hits.extend(_Hit(place, 2, entry, strong) for entry, strong in self._index[together])
                place += 1
            place += 1
        return hits

    def _longest(self, words: list[str], place: int) -> int:
        if words[place] not in self._firsts:
            return 0
        for length in range(min(LONGEST_NAME, len(words) - place), 0, -1):
            if tuple(words[place : place + length]) in self._index:
                return length
        return 0

    def _weigh(self, hits: list[_Hit], words: list[str], spellings: list[str], seen: _Seen) -> None:
        """Add the sure names to `seen` first, then the doubtful ones for which there is a second cue."""
        doubtful = [hit for hit in hits if not _take_sure(hit, words, seen)]
        for hit in doubtful:
            if isinstance(hit.entry, Kapanewon):
                if _is_kapanewon(hit, hit.entry, _Text(words, spellings, hits), seen):
                    seen.kapanewon.append(hit.entry)
            elif isinstance(hit.entry, Outside) and (
                hit.entry in seen.outside or (_is_district(hit, hit.entry, words) and not _claimed_by_sleman(hit, hits))
            ):
                seen.outside.append(hit.entry)
        kapanewon = {entry.name for entry in seen.kapanewon}
        for hit in doubtful:
            if isinstance(hit.entry, Kalurahan | Landmark) and _belongs(hit, hit.entry, words, kapanewon, seen):
                if isinstance(hit.entry, Landmark):
                    seen.landmarks.append(hit.entry)
                else:
                    seen.kalurahan.append(hit.entry)

    def _without_namesakes(
        self, hits: list[_Hit], far: dict[int, Elsewhere], words: list[str], seen: _Seen
    ) -> list[_Hit]:
        """Return the hits without names of ours that the words beside them place outside; those go to `seen`.

        `far` maps the place of a word to the regency elsewhere that is named there.
        """
        kapanewon = {
            hit.entry.name for hit in hits if isinstance(hit.entry, Kapanewon) and hit.entry.strength != "county"
        }
        kept: list[_Hit] = []
        for hit in hits:
            if isinstance(hit.entry, Road | Outside) or _home(hit.entry) in kapanewon:
                kept.append(hit)
                continue
            rivals = [other.entry for other in hits if other.start == hit.start and isinstance(other.entry, Outside)]
            namesake = _namesake(hit, rivals, hits, far, words)
            if namesake is not None:
                seen.outside.append(namesake)
                continue
            kept.append(hit)
            if isinstance(hit.entry, Kalurahan | Landmark) and not _has_cue(hit, words, _KALURAHAN_CUES):
                # Umbulharjo alone may be the city's, and Sukoharjo a whole regency; "kec Sidorejo" is none of ours.
                strange = _has_cue(hit, words, _KAPANEWON_CUES) and _is_common(hit.entry)
                borne = bool(rivals) or (isinstance(hit.entry, Kalurahan) and self._atlas.has(hit.entry.name))
                seen.doubtful |= strange or (borne and _OURS.isdisjoint(words))
        return kept


class _Text(NamedTuple):
    """A text as the search for cues needs it."""

    words: list[str]
    spellings: list[str]
    hits: list[_Hit]


def _take_sure(hit: _Hit, words: list[str], seen: _Seen) -> bool:
    """Add a name that needs no second cue to `seen`; return whether it was one."""
    match hit.entry:
        case Road():
            seen.roads.append(hit.entry)
        case Landmark() if hit.entry.strength == "strong":
            seen.landmarks.append(hit.entry)
        case Kalurahan() if hit.entry.strength != "weak":
            seen.kalurahan.append(hit.entry)
        case Kapanewon() if hit.entry.strength == "strong" or _has_cue(hit, words, _KAPANEWON_CUES):
            seen.kapanewon.append(hit.entry)
        case Outside() if hit.strong:
            seen.outside.append(hit.entry)
        case _:
            return False
    return True


def _belongs(hit: _Hit, entry: Kalurahan | Landmark, words: list[str], kapanewon: set[str], seen: _Seen) -> bool:
    """Tell whether a name that also exists elsewhere means the place in Sleman."""
    if entry.kapanewon in kapanewon:
        return True
    if kapanewon or (seen.outside and isinstance(entry, Landmark)):
        return False
    if isinstance(entry, Landmark) or not entry.ambiguous_with or "sleman" in words:
        return True
    return _has_cue(hit, words, _KALURAHAN_CUES | _AREA_CUES | _IN)


def _is_kapanewon(hit: _Hit, entry: Kapanewon, text: _Text, seen: _Seen) -> bool:
    if entry.strength == "county":
        return False
    own = any(
        isinstance(other.entry, Kalurahan | Landmark) and other.entry.kapanewon == entry.name for other in text.hits
    )
    if own or _has_cue(hit, text.words, _AREA_CUES):
        return True
    if entry.strength == "weak":
        return not seen.outside and not _has_cue(hit, text.words, _OTHER_CUES)
    if text.words[hit.start] not in _STUCK and _has_cue(hit, text.words, _IN):
        return True
    shouting = sum(spelling.isupper() for spelling in text.spellings) > len(text.spellings) / 2
    return hit.start > 0 and text.spellings[hit.start][:1].isupper() and not shouting


def _has_cue(hit: _Hit, words: list[str], cues: frozenset[str]) -> bool:
    return hit.start > 0 and words[hit.start - 1] in cues


def _is_district(hit: _Hit, entry: Outside, words: list[str]) -> bool:
    """Tell whether the words beside a name say that it is a district of this neighbour."""
    after = hit.start + hit.length
    if entry.name == _CITY:
        return _has_cue(hit, words, _KAPANEWON_CUES) or (after < len(words) and words[after] in _CITY_SHORT)
    # Only the city's districts are called kemantren.
    return _has_cue(hit, words, _KAPANEWON_CUES - {"kemantren"})


def _claimed_by_sleman(hit: _Hit, hits: list[_Hit]) -> bool:
    return any(other.start == hit.start and not isinstance(other.entry, Outside) for other in hits)


def _home(entry: _Named) -> str | None:
    return entry.kapanewon if isinstance(entry, Kalurahan | Landmark) else None


def _is_common(entry: _Named) -> bool:
    """Tell whether a name of ours is also borne by places elsewhere."""
    return isinstance(entry, Kalurahan | Landmark | Kapanewon) and entry.strength in {"weak", "medium", "word"}


def _namesake(
    hit: _Hit, rivals: list[Outside], hits: list[_Hit], far: dict[int, Elsewhere], words: list[str]
) -> Outside | Elsewhere | None:
    """Return the place outside that a name of ours means here; None when it is ours."""
    after = hit.start + hit.length
    if isinstance(hit.entry, Kalurahan | Landmark):
        district = next((rival for rival in rivals if _is_district(hit, rival, words)), None)
        if district is not None:
            return district
    bearers = {f"Kabupaten {hit.entry.name}", f"Kota {hit.entry.name}"}
    bearer = next((entry for entry in far.values() if entry.name in bearers), None)
    if bearer is not None and not (isinstance(hit.entry, Kapanewon) and _has_cue(hit, words, _KAPANEWON_CUES)):
        return bearer
    while after not in far and after < len(words) - 1 and words[after] in _LINKS:
        after += 1
    if after in far and _is_common(hit.entry):
        return far[after]
    for other in hits:
        if not isinstance(other.entry, Outside) or other.start == hit.start:
            continue
        beside = other.start == after or other.start + other.length == hit.start
        if _lies_in(hit.entry, other, words, beside=beside):
            return other.entry
    return None


def _lies_in(entry: _Named, other: _Hit, words: list[str], *, beside: bool) -> bool:
    """Tell whether the outside place `other` in a text says that a name of ours means a place of that name there."""
    if isinstance(entry, Kapanewon):
        return beside and entry.strength == "weak"
    if not isinstance(entry, Kalurahan):
        return False
    listed = [district for district in entry.ambiguous_with if district.endswith(other.entry.name)]
    if not listed or (not beside and _has_cue(other, words, FROM_OR_TO)):
        return False
    named = " ".join(words[other.start : other.start + other.length])
    return other.strong or (beside and any(district.casefold().startswith(f"{named},") for district in listed))


def _conclude(seen: _Seen, words: list[str], *, lanes: bool, passing: bool) -> Found:
    road = seen.roads[0] if seen.roads else None
    landmark = seen.landmarks[0] if seen.landmarks else None
    kalurahan = seen.kalurahan[0].name if seen.kalurahan else landmark.kalurahan if landmark else None
    kapanewon: str | None = None
    if seen.kalurahan:
        kapanewon = seen.kalurahan[0].kapanewon
    elif landmark:
        kapanewon = landmark.kapanewon
    elif seen.kapanewon:
        kapanewon = seen.kapanewon[0].name
    inside = bool(kapanewon or road)
    outside = seen.outside[0] if seen.outside else None
    far = isinstance(outside, Elsewhere)
    home = _COUNTY in words or ((far or not outside) and is_about_home(words))
    if not inside and (not outside or home):
        # Another place, and the county or "here" without a place: what was named may only be where somebody is from.
        return Found(torn=bool(outside) or seen.doubtful or (passing and not home))
    return Found(
        place=Place(
            kapanewon=kapanewon,
            kalurahan=kalurahan,
            road=road.name if road else None,
            landmark=landmark.name if landmark else None,
            outside=outside.name if outside and not inside else None,
        ),
        road=road,
        owner=outside.owner if outside and not inside else None,
        torn=bool((outside and inside) or (road and lanes) or (inside and seen.doubtful)),
    )
