"""Find the topic of a report of SP4N-LAPOR! by its category there and the department it was passed on to."""

from __future__ import annotations

import functools
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from aduan.directory import Directory
from infra.training.json_lines import ExampleError
from infra.training.tables import folded

CATEGORIES: Final = Path(__file__).parent / "sp4n_categories.json"
_OTHER: Final = "lainnya terkait "
"""How the name of a leaf for the rest of a branch begins in SP4N-LAPOR!'s tree. Such a leaf has the branch's topic."""
_COUNTY: Final = re.compile(r" (?:pemerintah )?(?:kabupaten |kab )?sleman$")
_BRACKET: Final = re.compile(r"\(([^()]+)\)")


class Category(BaseModel):
    """A category of SP4N-LAPOR! and what it says about the topic."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    topic: str | None
    """None when the category alone does not decide."""
    topic_alt: tuple[str, ...] = ()
    """Other topics that are right as well."""
    among: tuple[str, ...] = ()
    """The topics among which the department decides when the category has none; empty for all topics."""
    source: str
    """Where the name was read: a key of the file's sources. The topics are this project's interpretation of it."""

    @property
    def topics(self) -> tuple[str, ...]:
        """All topics that are right, the likeliest first."""
        return () if self.topic is None else (self.topic, *self.topic_alt)


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    sources: Mapping[str, str]
    categories: tuple[Category, ...]


@dataclass(frozen=True)
class Label:
    """The topic of a row, and what decided it."""

    by: Literal["category", "department", "contradiction", "nothing"]
    topic: str | None = None
    topic_alt: tuple[str, ...] = ()


def load_categories(directory: Directory, path: Path = CATEGORIES) -> dict[str, Category]:
    """Read the categories, and return them by their folded names.

    Raises:
        ExampleError: when an entry is wrong, doubled, or names a topic or source that does not exist.
    """
    try:
        file = _File.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ExampleError(f"{path.name}: {where}: {first['msg']}") from None
    found: dict[str, Category] = {}
    for category in file.categories:
        where = f"{path.name}: category {category.name!r}"
        if folded(category.name) in found:
            raise ExampleError(f"{where} is there twice")
        if category.source not in file.sources:
            raise ExampleError(f"{where}: there is no source {category.source!r}")
        if (category.topic_alt and category.topic is None) or (category.among and category.topic is not None):
            raise ExampleError(f"{where}: topic_alt needs a topic, and among needs none")
        for topic in (*category.topics, *category.among):
            if topic not in directory.topics:
                raise ExampleError(f"{where}: there is no topic {topic!r}")
        found[folded(category.name)] = category
    return found


def category_named(categories: Mapping[str, Category], written: str) -> Category | None:
    """Find a category, however it is typed. ``Lainnya terkait X`` is X unless it has an entry of its own."""
    name = folded(written)
    return categories.get(name) or categories.get(name.removeprefix(_OTHER))


def department_named(directory: Directory, written: str) -> str | None:
    """Find the code of a department by its name, short name or alias, with or without the county's name."""
    names = _departments(directory)
    name = folded(written)
    return names.get(name) or names.get(_COUNTY.sub("", name))


@functools.cache
def _departments(directory: Directory) -> dict[str, str]:
    codes: defaultdict[str, set[str]] = defaultdict(set)
    for department in directory.departments.values():
        full = department.name
        written = (full, _BRACKET.sub("", full), *_BRACKET.findall(full), department.short_name, *department.aliases)
        for name in written:
            codes[folded(name)].add(department.code)
    for kapanewon in directory.places.kapanewon:
        for title in ("kapanewon", "kecamatan"):
            codes[folded(f"{title} {kapanewon.name}")].add("kapanewon")
    for kalurahan in directory.places.kalurahan:
        for title in ("kalurahan", "kelurahan", "desa", "pemerintah kalurahan", "pemerintah desa"):
            codes[folded(f"{title} {kalurahan.name}")].add("kalurahan")
    return {name: min(owners) for name, owners in codes.items() if len(owners) == 1}


def topic_of(category: Category | None, department: str | None, directory: Directory) -> Label:
    """Decide the topic by the category, or else by the department among the topics that the category leaves open.

    A department that has nothing to do with any of the category's topics contradicts the category. Then there is no
    topic: one of the two is wrong, and nobody knows which.
    """
    if category is not None and category.topics:
        fitting = [one for one in category.topics if department is None or department in _responsible(one, directory)]
        if not fitting:
            return Label("contradiction")
        return Label("category", fitting[0], tuple(one for one in category.topics if one != fitting[0]))
    if department is None:
        return Label("nothing")
    among = category.among if category is not None else ()
    own = [one for one in among or directory.topics if directory.topics[one].department == department]
    if not own:
        own = [one for one in among if department in _responsible(one, directory)]
    if among and not own:
        return Label("contradiction")
    return Label("department", own[0]) if len(own) == 1 else Label("nothing")


def _responsible(topic: str, directory: Directory) -> set[str | None]:
    """Return the departments of a topic and their parents, because Damkar's reports go to Satpol PP."""
    codes = (directory.topics[topic].department, *directory.topics[topic].others)
    return {*codes, *(directory.departments[code].parent for code in codes)}
