from __future__ import annotations

import pytest

from aduan.directory_loading import load_directory
from classify.places import Found, Gazetteer
from classify.words import spellings

GAZETTEER = Gazetteer(load_directory().places)


def found(text: str) -> Found:
    return GAZETTEER.find(spellings(text))


def kalurahan_of(text: str) -> str | None:
    place = found(text).place
    return place.kalurahan if place else None


def kapanewon_of(text: str) -> str | None:
    place = found(text).place
    return place.kapanewon if place else None


@pytest.mark.parametrize("kalurahan", load_directory().places.kalurahan, ids=lambda entry: str(entry.name))
def test_every_kalurahan_is_found_with_its_kapanewon(kalurahan: object) -> None:
    """Each of the 86 is found when its kapanewon is named, with and without capitals."""
    name, kapanewon = kalurahan.name, kalurahan.kapanewon  # type: ignore[attr-defined]  # a parameter of pytest
    for text in (f"jalan di {name} {kapanewon} rusak", f"JALAN DI {name} {kapanewon} RUSAK".upper()):
        place = found(text).place
        assert place is not None
        assert (place.kalurahan, place.kapanewon) == (name, kapanewon)


@pytest.mark.parametrize(
    ("text", "kalurahan"),
    [
        ("lampu mati di concat", "Condongcatur"),
        ("Condong Catur banjir", "Condongcatur"),
        ("sindu adi sampah menumpuk", "Sinduadi"),
        ("daerah maguwo macet", "Maguwoharjo"),
        ("sekitar Pogung", "Sinduadi"),
        ("kapan Denggung dibenahi", "Tridadi"),
    ],
)
def test_spellings_of_the_chat_are_found(text: str, kalurahan: str) -> None:
    """Short forms, names written as two words and landmarks lead to the kalurahan."""
    assert kalurahan_of(text) == kalurahan


def test_a_name_that_exists_elsewhere_needs_a_second_cue() -> None:
    """Umbulharjo alone means Cangkringan's, unless something places it in the city."""
    assert kalurahan_of("jalan rusak di Umbulharjo Cangkringan") == "Umbulharjo"
    city = found("jalan rusak di kemantren Umbulharjo kota jogja")
    assert city.place is not None
    assert (city.place.kalurahan, city.place.outside, city.owner) == (None, "Kota Yogyakarta", "kota_yogya")


def test_a_kalurahan_of_the_same_name_next_door_is_next_door() -> None:
    """Trimulyo in Jetis, Bantul, is not the Trimulyo in Kapanewon Sleman."""
    place = found("jalan Trimulyo Jetis Bantul rusak").place
    assert place is not None
    assert (place.kalurahan, place.outside) == (None, "Kabupaten Bantul")


@pytest.mark.parametrize(
    "text",
    [
        "tolong motornya minggir",
        "stiker di tempel di tiang",
        "remnya kurang pakem",
        "bunga mlati",
        "semua warga sleman",
    ],
)
def test_ordinary_words_are_no_places(text: str) -> None:
    """Place names that are also ordinary words count only with a cue."""
    assert found(text).place is None


@pytest.mark.parametrize(
    ("text", "kapanewon"),
    [
        ("lampu mati di kapanewon minggir", "Minggir"),
        ("kec tempel banjir", "Tempel"),
        ("jalan di pakem rusak", "Pakem"),
        ("sampah daerah gamping", "Gamping"),
        ("pasar Sleman di kapanewon sleman", "Sleman"),
        ("warga Godean", "Godean"),
    ],
)
def test_with_a_cue_they_are(text: str, kapanewon: str) -> None:
    """After kapanewon, kecamatan, daerah and the like, an ordinary word is a place."""
    assert kapanewon_of(text) == kapanewon


@pytest.mark.parametrize(
    ("text", "road", "road_class"),
    [
        ("Jl. Kaliurang km 10 berlubang", "Jalan Kaliurang", "provinsi"),
        ("jakal km 7 lampu mati", "Jalan Kaliurang", "provinsi"),
        ("dalan magelang bolong", "Jalan Magelang", "nasional"),
        ("ringroad utara gelap", "Ring Road", "nasional"),
        ("selokan mataram bau", "Selokan Mataram", "bbwsso"),
    ],
)
def test_roads_are_found_with_their_class(text: str, road: str, road_class: str) -> None:
    """A road is found by its names; Jalan Magelang is a road and not Kabupaten Magelang."""
    where = found(text)
    assert where.road is not None
    assert (where.road.name, where.road.road_class, where.owner) == (road, road_class, None)


def test_inside_and_outside_together_are_for_a_person() -> None:
    """A text that names both Sleman and a neighbour is ambiguous."""
    where = found("dari Bantul ke Sinduadi jalannya rusak")
    assert where.torn
    assert where.place is not None
    assert where.place.kalurahan == "Sinduadi"


def test_a_lane_off_a_big_road_is_for_a_person() -> None:
    """A lane beside a provincial road need not belong to the province."""
    assert found("gang masuk jalan kaliurang rusak").torn
    assert not found("jalan kaliurang rusak").torn


def test_no_place_is_no_place() -> None:
    """A text without places has none."""
    assert found("lampunya mati semua") == Found()
    assert found("") == Found()
