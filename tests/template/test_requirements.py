"""What is installed, here and in Lambda, is pinned with its hashes, and in one version."""

from __future__ import annotations

import re
from typing import Final

import pytest

from infra.templates import ROOT

DEPLOYED: Final = "functions/requirements.txt"
PINNED: Final = {
    "requirements/functions.in": DEPLOYED,
    "requirements/dev.in": "requirements/dev.txt",
    "requirements/sam.in": "requirements/sam.txt",
    "requirements/ministack.in": "requirements/ministack.txt",
}
"""The file that people write, and the one that `make requirements` makes of it."""
_PIN: Final = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^\s;]+)(?: ; ([^\\]*[^\\\s]))?", re.MULTILINE)

each_pair = pytest.mark.parametrize(("written", "pinned"), PINNED.items())


def pins(name: str) -> set[tuple[str, str, str]]:
    """Name, version and marker of each requirement of a file."""
    found = _PIN.findall((ROOT / name).read_text())
    return {(package.lower().replace("_", "-"), version, marker) for package, version, marker in found}


@each_pair
def test_what_is_written_is_pinned(written: str, pinned: str) -> None:
    """A changed requirement is pinned by `make requirements`; otherwise nobody would install the change."""
    assert pins(written)
    assert pins(written) <= pins(pinned)


@each_pair
def test_everything_has_a_hash(written: str, pinned: str) -> None:
    """Every direct or indirect requirement is installed by its hash."""
    entries = re.split(r"^(?=\S)", (ROOT / pinned).read_text(), flags=re.MULTILINE)
    requirements = [entry for entry in entries if entry and not entry.startswith("#")]
    assert len(requirements) == len(pins(pinned))
    assert not [entry for entry in requirements if "--hash=sha256:" not in entry]


@each_pair
def test_no_address_is_recorded(written: str, pinned: str) -> None:
    """No pinned file says where packages come from; the person who installs them chooses."""
    text = (ROOT / written).read_text() + (ROOT / pinned).read_text()
    assert not re.search(r"://|--(?:extra-)?index-url|--find-links", text)


def test_tests_run_on_what_is_deployed() -> None:
    """The functions are tested with the deployed versions, including those of indirect requirements."""
    assert pins(DEPLOYED) <= pins("requirements/dev.txt")
