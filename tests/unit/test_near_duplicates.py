"""Texts that say nearly the same are grouped together."""

from __future__ import annotations

import json
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from aduan.directory_loading import load_directory
from infra.training.examples import read_examples
from infra.training.near_duplicates import near_duplicates, with_groups
from tests.invented import an_example

DIRECTORY = load_directory()
NEAR = (
    "lampu jalan depan pasar mati sudah tiga hari tolong diperbaiki",
    "lampu jalan depan pasar mati sudah tiga hari mohon diperbaiki ya",
    "lampu jalan depan pasar mati sudah empat minggu mohon diperbaiki ya",
)
"""Each text is near the next, but the first is not near the last."""
OTHERS = (
    "sampah menumpuk di belakang rumah",
    "kapan bansos cair untuk lansia",
    "air pdam keruh berbau sejak kemarin",
    "antri poli rumah sakit lama sekali",
)


def test_near_duplicates_are_found() -> None:
    """A text with a word changed is a near-duplicate of the first one; what only shares a word is none."""
    assert near_duplicates([OTHERS[0], NEAR[0], OTHERS[1], NEAR[1], *OTHERS[2:]]) == [0, 1, 2, 1, 4, 5]


def test_capitals_and_marks_make_no_difference() -> None:
    """Shouting the same is saying the same."""
    assert near_duplicates(["Lampu mati, tolong!", "LAMPU MATI TOLONG", "lampu (mati) tolong ..."]) == [0, 0, 0]


def test_near_duplicates_of_near_duplicates_are_in_one_group() -> None:
    """A chain of near-duplicates is one group, wherever it begins; else one end would be learnt, the other scored."""
    assert near_duplicates([NEAR[0], NEAR[2], *OTHERS]) == [0, 1, 2, 3, 4, 5]
    assert near_duplicates([*NEAR, *OTHERS])[:3] == [0, 0, 0]
    assert near_duplicates([NEAR[0], NEAR[2], NEAR[1], *OTHERS])[:3] == [0, 0, 0]


def test_there_may_be_nothing_to_compare() -> None:
    """No texts have no near-duplicates; texts without words are the same."""
    assert near_duplicates([]) == []
    assert near_duplicates(["🔥", "sampah menumpuk", "", "..."]) == [0, 1, 0, 0]


@settings(max_examples=30)
@given(st.lists(st.text(alphabet="ab ", max_size=8), max_size=8))
def test_the_first_of_near_duplicates_names_them(texts: list[str]) -> None:
    """Each text is given the first of its group, and the same text twice is always a near-duplicate."""
    groups = near_duplicates(texts)
    assert [groups[first] for first in groups] == groups
    assert all(first <= place for place, first in enumerate(groups))
    assert all(groups[texts.index(text)] == groups[place] for place, text in enumerate(texts))


def test_near_duplicates_are_found_at_the_end_of_a_long_file() -> None:
    """However long a file is, its last texts are compared as its first are."""
    texts = [f"kata{number} lagi{number}" for number in range(1100)]
    assert near_duplicates([*texts, texts[0], "sampah menumpuk", "sampah menumpuk!"]) == [*range(1100), 0, 1101, 1101]


@settings(max_examples=30)
@given(st.permutations(range(12)))
def test_a_chain_is_one_group_in_any_order(order: list[int]) -> None:
    """A story that is passed on with small changes is one group, in whatever order it is read."""
    words = [f"kata{number}" for number in range(18)]
    told = [" ".join(words[first : first + 7]) for first in order]
    assert near_duplicates([*told, *OTHERS]) == [0] * 12 + [12, 13, 14, 15]


def test_groups_are_named_after_the_first() -> None:
    """A group is named after its first text, so that it can be looked up."""
    examples = [an_example(id=f"berkas-{number}", text=text, group="") for number, text in enumerate([*NEAR, *OTHERS])]
    assert [example.group for example in with_groups(examples)] == [
        *["berkas-0"] * 3,
        *[f"berkas-{number}" for number in range(3, 7)],
    ]


def test_groups_and_sides_stay_when_other_files_are_read(tmp_path: Path) -> None:
    """A file's groups and their sides of a split do not depend on what else is read."""
    first, second = tmp_path / "kota.jsonl", tmp_path / "desa.jsonl"
    for path, texts in ((first, [*NEAR, *OTHERS]), (second, [*OTHERS, *NEAR] * 2)):
        lines = [json.dumps({"text": text, "is_report": True}) for text in texts]
        path.write_text("\n".join(lines), encoding="utf-8")
    alone = read_examples(first, DIRECTORY)
    read_examples(second, DIRECTORY)
    again = read_examples(first, DIRECTORY)
    assert alone == again
    assert [example.part(3) for example in alone] == [example.part(3) for example in again]
    assert len({example.part(3) for example in alone[:3]}) == 1
