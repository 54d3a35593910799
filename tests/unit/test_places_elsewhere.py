"""Places outside the county: what is not ours, what only looks like it, and what a person must decide."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from aduan.directory_checks import CITY_COUNT, REGENCY_COUNT, DirectoryError
from aduan.directory_loading import DEFAULT_FOLDER, load_directory
from aduan.triage import DESK
from classify.classifier import classify
from classify.places import Found, Gazetteer
from classify.words import spellings

DIRECTORY = load_directory()
GAZETTEER = Gazetteer(DIRECTORY.places)
GOVERNMENTS = [
    f"{kind} {name}"
    for province in DIRECTORY.places.regencies.provinces
    for kind, names in (("Kabupaten", province.kabupaten), ("Kota", province.kota))
    for name in names
]


def found(text: str) -> Found:
    return GAZETTEER.find(spellings(text))


def outside_of(text: str) -> str | None:
    place = found(text).place
    return place.outside if place else None


def inside_of(text: str) -> tuple[str | None, str | None] | None:
    """Return kalurahan and kapanewon, when the text is about a place of ours and no person must decide."""
    where = found(text)
    return (where.place.kalurahan, where.place.kapanewon) if where.place and not (where.owner or where.torn) else None


def test_all_governments_of_the_country_are_there() -> None:
    """All 416 regencies and 98 cities are known."""
    assert len(GOVERNMENTS) == REGENCY_COUNT + CITY_COUNT == 514
    assert len(set(GOVERNMENTS)) == 514


@pytest.mark.parametrize("name", GOVERNMENTS)
def test_every_other_government_is_outside_by_its_full_name(name: str) -> None:
    """With ``Kota`` or ``Kabupaten``, in any letters, each is outside, except our own county."""
    for text in (f"jalan rusak di {name}", f"JALAN RUSAK DI {name.upper()}", f"banjir di {name.casefold()} parah"):
        assert outside_of(text) == (None if name == "Kabupaten Sleman" else name)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("kebakaran di Bekasi tadi malam", "Bekasi"),
        ("BEKASI - kebakaran melanda pabrik", "Bekasi"),
        ("pohon tumbang di jakarta selatan", "Kota Jakarta Selatan"),
        ("aku karo koncoku neng Pekalongan, ana kobongan", "Pekalongan"),
        ("banjir neng Solo", "Kota Surakarta"),
        ("gempa Palu", "Kota Palu"),
        ("banjir Kudus", "Kabupaten Kudus"),
        ("Kartasura Sukoharjo banjir", "Kabupaten Sukoharjo"),
        ("kemantren Jetis", "Kota Yogyakarta"),
        ("Kraton jogja banjir", "Kota Yogyakarta"),
        ("di Tebet mati lampu", "Kota Jakarta Selatan"),
        ("banjir Jabar makin parah", "Jawa Barat"),
        ("kulonprogo banjir", "Kabupaten Kulon Progo"),
        ("Tanjungpinang mati lampu", "Kota Tanjung Pinang"),
    ],
)
def test_a_name_alone_is_outside(text: str, name: str) -> None:
    """A name that means nothing else needs no word before it; one that is both city and regency is told as it is."""
    assert outside_of(text) == name


@pytest.mark.parametrize(
    ("place", "other"),
    [
        ("banjir di Kota Batu", "batu besar jatuh di jalan"),
        ("longsor di Batu Malang", "di batu nisan itu ada coretan"),
        ("di Bima banjir", "Pak Bima tetangga saya marah"),
        ("banjir di Medan", "medan jalannya berat"),
        ("di Sungai Penuh sampah menumpuk", "sungai penuh sampah"),
        ("kabupaten Karo longsor", "aku karo kancaku kecelakaan"),
        ("kabupaten Karo longsor", "damkar karo polisi tulung mrene"),
        ("banjir di Poso Sulawesi Tengah", "lampune mati ket poso"),
        ("kabupaten Balangan banjir", "jalan ruas Ngino-Balangan lubang"),
        ("pantai di Bali kotor", "demo bali-bali dikeloni ibu"),
        ("kota Baubau gelap", "bau bau busuk dari kandang"),
        ("kab Buru banjir", "buru buru pulang kehujanan"),
        ("bupati Pati didemo", "tabrakane pati tenan"),
        ("kota Serang banjir", "warga di serang tawon"),
        ("kabupaten Jember banjir", "kaline jember banget"),
        ("kabupaten Bangli longsor", "bangli di pinggir kali"),
        ("Padang Sumatera Barat banjir", "lampune padang banget"),
        ("kabupaten Puncak rusuh", "angin kencang di Puncak Merapi"),
        ("kabupaten Tanah Datar longsor", "tanah datar di belakang rumah amblas"),
        ("macet di Lamongan", "warung soto Lamongan buang limbah"),
        ("macet di Surabaya", "truk plat Surabaya parkir di jalan"),
        ("banjir di Mataram", "Selokan Mataram bau"),
        ("kantor di Papua terbakar", "asrama Papua ribut"),
        ("kebakaran di Solo", "tol Solo Jogja berdebu"),
        ("banjir di Bandung", "Jalan Bandung berlubang"),
        ("macet di kediri", "ke diri sendiri saja"),
        ("di Provinsi Bali ada pungli", "pulang bali ke rumah"),
    ],
)
def test_a_name_that_is_also_a_word_needs_a_mark(place: str, other: str) -> None:
    """``Kota Batu`` is a city and a ``batu`` a stone; dishes, streets, people and buses are no places."""
    assert outside_of(place) is not None
    assert outside_of(other) is None
    assert not found(other).torn


@pytest.mark.parametrize(
    ("theirs", "outside", "ours", "kalurahan"),
    [
        ("Triharjo Wates", "Kabupaten Kulon Progo", "Triharjo Sleman", "Triharjo"),
        ("Triharjo, Kapanewon Wates", "Kabupaten Kulon Progo", "di Triharjo", "Triharjo"),
        ("kemantren Umbulharjo", "Kota Yogyakarta", "Umbulharjo Cangkringan", "Umbulharjo"),
        ("Umbulharjo Jogja", "Kota Yogyakarta", "kalurahan Umbulharjo", "Umbulharjo"),
        ("Argomulyo Sedayu", "Kabupaten Bantul", "Argomulyo Cangkringan", "Argomulyo"),
        ("Argomulyo Salatiga", "Kota Salatiga", "di Argomulyo", "Argomulyo"),
        ("Wukirsari Imogiri", "Kabupaten Bantul", "Wukirsari Cangkringan", "Wukirsari"),
        ("Caturharjo Pandak", "Kabupaten Bantul", "Caturharjo Sleman", "Caturharjo"),
        ("Sendangsari Pengasih", "Kabupaten Kulon Progo", "Sendangsari Minggir", "Sendangsari"),
        ("Sambirejo Ngawen", "Kabupaten Gunungkidul", "Sambirejo Prambanan", "Sambirejo"),
        ("Trimulyo Jetis", "Kabupaten Bantul", "Trimulyo Sleman", "Trimulyo"),
        ("Sumberarum Tempuran", "Kabupaten Magelang", "Sumberarum Moyudan", "Sumberarum"),
        ("Sidomulyo Batu", "Kota Batu", "Sidomulyo Godean", "Sidomulyo"),
        ("Margorejo Pati", "Kabupaten Pati", "Margorejo Tempel", "Margorejo"),
        ("Sukoharjo Wonosobo", "Kabupaten Wonosobo", "Sukoharjo Ngaglik", "Sukoharjo"),
        ("Kabupaten Sukoharjo", "Kabupaten Sukoharjo", "kalurahan Sukoharjo", "Sukoharjo"),
        ("Sendangmulyo Semarang", "Semarang", "di Sendangmulyo", "Sendangmulyo"),
    ],
)
def test_a_namesake_is_where_the_word_beside_it_is(theirs: str, outside: str, ours: str, kalurahan: str) -> None:
    """A kalurahan whose name others bear is ours or theirs by the word beside it."""
    where = found(f"jalan rusak {theirs} mohon diperbaiki")
    assert (where.place and where.place.outside, where.torn) == (outside, False)
    where = found(f"jalan rusak {ours} mohon diperbaiki")
    assert (where.place and where.place.kalurahan, where.owner, where.torn) == (kalurahan, None, False)


@pytest.mark.parametrize(
    ("theirs", "outside", "ours", "kapanewon"),
    [
        ("pasar Prambanan Klaten", "Kabupaten Klaten", "pasar Prambanan", "Prambanan"),
        ("Kota Depok", "Kota Depok", "kapanewon Depok", "Depok"),
        ("Depok Jawa Barat", "Jawa Barat", "Depok Sleman", "Depok"),
        ("Depok Panjatan", "Kabupaten Kulon Progo", "di Depok", "Depok"),
        ("Ngemplak Boyolali", "Kabupaten Boyolali", "Ngemplak Sleman", "Ngemplak"),
        ("Turi Lamongan", "Kabupaten Lamongan", "kapanewon Turi", "Turi"),
    ],
)
def test_a_kapanewon_with_a_namesake_too(theirs: str, outside: str, ours: str, kapanewon: str) -> None:
    """The same holds for kapanewon."""
    assert outside_of(f"banjir {theirs} parah") == outside
    assert inside_of(f"banjir {ours} parah") == (None, kapanewon)


@pytest.mark.parametrize(
    "text",
    [
        "jalan rusak di Umbulharjo",
        "banjir di Sukoharjo",
        "rumah kosong nyaris ambruk, pemiliknya di Jakarta",
        "tembok ambruk, sing nduwe neng Bandung",
        "rumah saya kebakaran, saya lagi di Jakarta",
        "parkir mahal, di Surabaya saja gratis",
        "banjir di Pleret",
        "sampah di kecamatan Sidorejo",
        "warga Sleman kecelakaan di Semarang",
        "wisatawan Jakarta di Kaliurang kena pungli",
        "dari Bantul mau ke Sidorejo jalannya rusak",
        "wisatawan dari Jakarta kena pungli",
        "macet kayak Jakarta",
        "RSUD Sleman antre, kami harus ke Klaten",
    ],
)
def test_what_may_be_either_is_for_a_person(text: str) -> None:
    """A bare namesake, ours and theirs together, or a place that was only an origin or a comparison: nobody is told."""
    where = found(text)
    assert (where.torn, where.owner) == (True, None)


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        ("jalan di Sinduadi rusak kayak di Jakarta", ("Sinduadi", "Mlati")),
        ("saya dari Bekasi, jalan di Sinduadi rusak", ("Sinduadi", "Mlati")),
        ("mudik seko Bekasi, dalan neng Sinduadi rusak", ("Sinduadi", "Mlati")),
        ("Jalan Magelang di Tlogoadi berlubang", ("Tlogoadi", "Mlati")),
        ("jeep Merapi ngebut di kampung Umbulharjo", ("Umbulharjo", "Cangkringan")),
        ("Demak Ijo macet", ("Banyuraden", "Gamping")),
    ],
)
def test_a_place_of_ours_outweighs_one_in_passing(text: str, inside: tuple[str, str]) -> None:
    """Where somebody is from, or what it is like, makes no place of ours doubtful."""
    assert inside_of(text) == inside


def test_a_comparison_from_here_is_no_doubt() -> None:
    """``Here`` and the name of the province say that the matter is no other city's."""
    for text in ("drainase di sini mampet, jangan sampai kayak Jakarta", "Jogja macet koyo Jakarta"):
        assert found(text) == Found()


@pytest.mark.parametrize("name", ["Triharjo Wates", "Bekasi", "Jakarta Selatan", "kemantren Umbulharjo", "Kota Depok"])
def test_a_danger_outside_wakes_nobody(name: str) -> None:
    """A fire elsewhere is no emergency of ours and goes to no department of ours; the same fire here is and does."""
    text = "kebakaran di {}, rumah warga terbakar, tolong"
    there, here = (classify(text.format(place), DIRECTORY) for place in (name, "Sinduadi"))
    assert there.urgency != "emergency"
    assert there.department in {None, DESK, "kab_lain", "kota_yogya", "pemda_lain"}
    assert (here.urgency, here.department) == ("emergency", "damkar")


def test_a_cry_from_afar_is_still_heard() -> None:
    """Somebody who is elsewhere while the house burns is not sent to the city where they are."""
    cry = classify("tolong rumah saya kebakaran, saya lagi di Jakarta, anak saya di dalam", DIRECTORY)
    assert (cry.urgency, cry.ours) == ("emergency", True)


def _refusal(tmp_path: Path, **changes: Any) -> str:
    folder = tmp_path / "directory_data"
    shutil.copytree(DEFAULT_FOLDER, folder)
    path = folder / "regencies.json"
    path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), **changes}), encoding="utf-8")
    with pytest.raises(DirectoryError) as caught:
        load_directory(folder)
    return str(caught.value)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"provinces": []}, "regencies.json: there are 0 kabupaten, not 416."),
        ({"owner": "bekasi"}, "regencies.json: the file names the department 'bekasi', which does not exist."),
        ({"doubtful": ["Bumi"]}, "regencies.json: doubtful has 'Bumi', which is no regency or city."),
        ({"everyday": ["Bumi"]}, "regencies.json: everyday has 'Bumi', which is no regency or city."),
        ({"aliases": {"Bumi": ["dunia"]}}, "regencies.json: aliases has 'Bumi', which is no regency or city."),
        ({"not_there": [1]}, "regencies.json: the file: places.regencies.not_there.0: Input should be a valid string."),
    ],
)
def test_contradictions_in_the_list_are_refused(tmp_path: Path, changes: dict[str, Any], sentence: str) -> None:
    """A lost line, an owner that does not exist or a word that is no name stops the deployment, in one sentence."""
    assert _refusal(tmp_path, **changes) == sentence
