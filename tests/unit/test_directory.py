from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aduan.directory_checks import DirectoryError
from aduan.directory_loading import DEFAULT_FOLDER, load_directory
from aduan.triage import DESK


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    copy = tmp_path / "directory_data"
    shutil.copytree(DEFAULT_FOLDER, copy)
    return copy


def change(folder: Path, file: str, how: Callable[[dict[str, Any]], object]) -> None:
    path = folder / file
    content = json.loads(path.read_text(encoding="utf-8"))
    how(content)
    path.write_text(json.dumps(content), encoding="utf-8")


def refusal(folder: Path) -> str:
    with pytest.raises(DirectoryError) as caught:
        load_directory(folder)
    return str(caught.value)


def test_the_shipped_directory_is_whole() -> None:
    """The deployed files load, with all departments, topics, places, channels and deadlines."""
    directory = load_directory()
    kinds = [department.kind for department in directory.departments.values()]
    assert len(kinds) == 35 + 1 + 22
    assert kinds.count("desk") == 1
    assert kinds.count("outside") == 22
    assert len(directory.topics) == 20
    assert len(directory.places.kapanewon) == 17
    assert len(directory.places.kalurahan) == 86
    ids = [channel.id for channel in directory.channels]
    assert ids == [
        "instagram:kabarsleman",
        "facebook_page:pemkabsleman",
        "telegram_relay:infocegatan",
        "youtube:kabarsleman",
        "rss:suratpembaca",
        "webhook:icj",
        "x:kabarsleman",
    ]
    lengths = {code: limit.working_days for code, limit in directory.limits.items() if limit.working_days}
    assert lengths == {
        "verify": 3,
        "respond": 5,
        "information": 5,
        "complaint": 14,
        "abuse": 60,
        "county": 13,
        "urgent_respond": 2,
        "urgent_finish": 5,
        "silence": 10,
    }
    assert directory.limits["emergency_respond"].minutes == 30
    assert directory.limits["contradiction"].days == 14
    assert directory.departments[DESK].name == "Meja Aduan Diskominfo"


def test_what_is_unverified_stays_marked() -> None:
    """An entry that nobody has checked against a source is marked as such."""
    directory = load_directory()
    assert directory.departments["rsud_prambanan"].status == "unverified"
    assert directory.departments["dpmptsp"].status == "name_partial"
    assert directory.departments["dpupkp"].status == "verified"


def test_the_departments_of_abuse_and_corruption_are_confidential() -> None:
    """Cases of violence and of corruption go to departments marked confidential."""
    departments = load_directory().departments
    assert {code for code, department in departments.items() if department.confidential} == {"dp3ap2kb", "inspektorat"}


def test_the_directory_is_read_once() -> None:
    """A second call returns the same object."""
    assert load_directory() is load_directory()


def test_the_hash_is_of_the_content(folder: Path, tmp_path: Path) -> None:
    """The same files in any folder give the same hash, and one changed letter gives another."""
    assert load_directory(folder).hash == load_directory().hash
    assert len(load_directory().hash) == 12
    other = tmp_path / "other"
    shutil.copytree(folder, other)
    change(other, "topics.json", lambda content: content["topics"][0].update(label="Jalan"))
    assert load_directory(other).hash != load_directory().hash


@pytest.mark.parametrize(
    ("file", "how", "sentence"),
    [
        (
            "topics.json",
            lambda content: content["topics"][0].update(department="dpu"),
            "topics.json: topic jalan names the department 'dpu', which does not exist.",
        ),
        (
            "topics.json",
            lambda content: content["topics"][0].update(others=["desa"]),
            "topics.json: topic jalan names the department 'desa', which does not exist.",
        ),
        (
            "channels.json",
            lambda content: content["channels"][0].update(department="kominfo"),
            "channels.json: channel instagram:kabarsleman names the department 'kominfo', which does not exist.",
        ),
        (
            "departments.json",
            lambda content: content["departments"][1].update(parent="pemkab"),
            "departments.json: department dishub names the department 'pemkab', which does not exist.",
        ),
        (
            "places.json",
            lambda content: content["roads"][0].update(owner="pu_pusat"),
            "places.json: road Ring Road names the department 'pu_pusat', which does not exist.",
        ),
        (
            "places.json",
            lambda content: content["outside"][0].update(owner="kulonprogo"),
            "places.json: outside place Kabupaten Kulon Progo names the department 'kulonprogo', which does not exist.",
        ),
    ],
)
def test_a_dangling_code_is_refused(
    folder: Path, file: str, how: Callable[[dict[str, Any]], object], sentence: str
) -> None:
    """The error for a code that leads nowhere names file, entry and code."""
    change(folder, file, how)
    assert refusal(folder) == sentence


def test_a_kalurahan_without_its_kapanewon_is_refused(folder: Path) -> None:
    """A kalurahan must lie in a kapanewon that exists."""
    change(folder, "places.json", lambda content: content["kalurahan"][0].update(kapanewon="Gampink"))
    assert refusal(folder) == ("places.json: kalurahan Balecatur names the kapanewon 'Gampink', which does not exist.")


def test_a_kalurahan_in_the_wrong_kapanewon_is_refused(folder: Path) -> None:
    """Kemendagri's code of a kalurahan begins with the code of its kapanewon."""
    change(folder, "places.json", lambda content: content["kalurahan"][0].update(kapanewon="Depok"))
    assert refusal(folder) == (
        "places.json: kalurahan Balecatur has the code '34.04.01.2001', which is not one of Depok."
    )


def test_a_landmark_in_no_kalurahan_is_refused(folder: Path) -> None:
    """A landmark must lie in a kalurahan of the kapanewon it names."""
    change(folder, "places.json", lambda content: content["landmarks"][0].update(kalurahan="Sinduaji"))
    assert "landmark Kutu Patran lies in 'Sinduaji', 'Mlati'" in refusal(folder)


@pytest.mark.parametrize(
    ("what", "expected"),
    [("kapanewon", "there are 16 kapanewon, not 17"), ("kalurahan", "there are 85 kalurahan, not 86")],
)
def test_a_lost_place_is_refused(folder: Path, what: str, expected: str) -> None:
    """The directory must have all seventeen kapanewon and eighty-six kalurahan."""
    change(folder, "places.json", lambda content: content[what].pop())
    assert expected in refusal(folder)


def test_a_code_used_twice_is_refused(folder: Path) -> None:
    """No two departments share a code, not even across the two files."""
    change(folder, "outside_owners.json", lambda content: content["outside_owners"][0].update(code="dishub"))
    assert refusal(folder) == ("departments.json and outside_owners.json: the department 'dishub' is there 2 times.")


def test_an_alias_used_twice_is_refused(folder: Path) -> None:
    """No two departments share a name, however it is capitalised."""
    change(folder, "departments.json", lambda content: content["departments"][2]["aliases"].append("DISHUB"))
    assert refusal(folder) == "departments.json: department dlh has the alias 'DISHUB', and so has 'dishub'."


def test_an_unknown_field_is_refused(folder: Path) -> None:
    """A misspelt field is refused by name."""
    change(folder, "topics.json", lambda content: content["topics"][3].update(deparment="dlh"))
    assert refusal(folder) == "topics.json: sampah_lingkungan: deparment: Extra inputs are not permitted."


def test_a_missing_field_is_refused(folder: Path) -> None:
    """A field that is not there is refused by name."""
    change(folder, "outside_owners.json", lambda content: content["outside_owners"][5].pop("status"))
    assert refusal(folder) == "outside_owners.json: pln: status: Field required."


def test_an_entry_without_a_code_is_refused(folder: Path) -> None:
    """An entry without a code is identified by its number."""
    change(folder, "topics.json", lambda content: content["topics"][1].pop("code"))
    assert refusal(folder) == "topics.json: topic number 2 has no code."


def test_an_empty_word_is_refused(folder: Path) -> None:
    """An empty word would match everything."""
    change(folder, "topics.json", lambda content: content["topics"][0]["strong"].append(" "))
    assert refusal(folder).startswith("topics.json: jalan: strong.")


def test_an_outside_owner_among_the_departments_is_refused(folder: Path) -> None:
    """An outside owner belongs in its own file."""
    change(folder, "departments.json", lambda content: content["departments"][0].update(kind="outside"))
    assert "department 'dpupkp' of kind 'outside' belongs in the other file" in refusal(folder)


def test_a_missing_desk_is_refused(folder: Path) -> None:
    """Without the desk, undecided posts would have nowhere to go."""
    change(folder, "departments.json", lambda content: content["departments"].pop())
    assert "the department 'desk' is missing" in refusal(folder)


def test_a_limit_has_one_length(folder: Path) -> None:
    """A limit is given in working days, minutes or days; a limit without a length would be over at once."""
    change(folder, "deadlines.json", lambda content: content["limits"][0].update(minutes=5))
    assert refusal(folder) == "deadlines.json: limit verify needs exactly one length."
    change(folder, "deadlines.json", lambda content: content["limits"][0].update(minutes=None, working_days=0))
    assert refusal(folder) == "deadlines.json: limit verify must be at least 1."


def test_a_step_of_a_ladder_has_one_time(folder: Path) -> None:
    """A step is due either in office hours or a number of minutes from the limit, not both."""
    change(folder, "deadlines.json", lambda content: content["ladders"][0]["steps"][0].update(minutes=5))
    assert refusal(folder) == "deadlines.json: step remind of ladder office needs exactly one length."


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"respond": "later"}, "deadline normal names the limit 'later', which does not exist."),
        ({"ladder": "snakes"}, "deadline normal names the ladder 'snakes', which does not exist."),
        ({"department": "bpk"}, "deadline normal names the department 'bpk', which does not exist."),
    ],
)
def test_a_deadline_that_names_nothing_is_refused(folder: Path, wrong: dict[str, str], sentence: str) -> None:
    """A class must refer to limits, a ladder and a department that exist."""
    change(folder, "deadlines.json", lambda content: content["deadlines"][0].update(wrong))
    assert refusal(folder) == f"deadlines.json: {sentence}"


def test_tickets_of_outside_owners_have_a_ladder(folder: Path) -> None:
    """An outside owner is asked once about what was passed on."""
    change(folder, "deadlines.json", lambda content: content["ladders"].pop())
    assert "names the ladder 'outside', which does not exist" in refusal(folder)


def test_a_missing_deadline_is_refused(folder: Path) -> None:
    """Each class of tickets has a deadline."""
    change(folder, "deadlines.json", lambda content: content["deadlines"].pop())
    assert refusal(folder) == "deadlines.json: the deadline 'abuse' is missing."


def test_a_vocabulary_token_given_twice_is_refused(folder: Path) -> None:
    """Each spelling has one normal form."""
    with (folder / "vocabulary.csv").open("a", encoding="utf-8") as file:
        file.write("tdk,tiada,chat,verified\n")
    assert refusal(folder) == "vocabulary.csv: the token 'tdk' is there 2 times."


def test_a_vocabulary_line_of_the_wrong_length_is_refused(folder: Path) -> None:
    """A line with a column too many is refused by its token."""
    with (folder / "vocabulary.csv").open("a", encoding="utf-8") as file:
        file.write("sblmnya,sebelumnya,chat,verified,extra\n")
    assert refusal(folder).startswith("vocabulary.csv: sblmnya:")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b'{"topics": [', "topics.json: line 1 is not JSON"),
        (b"\xff\xfe", "topics.json: byte 0 is not UTF-8."),
        (b"[]", "topics.json: it must hold one JSON object."),
        (b"{}", "topics.json: it must hold one list, 'topics', and nothing else."),
        (b'{"topics": [1]}', "topics.json: entry 1 is not a JSON object."),
    ],
)
def test_a_broken_file_is_refused(folder: Path, content: bytes, expected: str) -> None:
    """The error for an unreadable file names the file and the place of the fault."""
    (folder / "topics.json").write_bytes(content)
    assert refusal(folder).startswith(expected)


def test_a_missing_file_is_refused(folder: Path) -> None:
    """The error names the missing file."""
    (folder / "channels.json").unlink()
    assert refusal(folder) == "channels.json: the file is missing."
