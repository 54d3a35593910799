"""Errors in `sending.json` are found before anything is sent by it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import time
from pathlib import Path
from typing import Any

import pytest

from aduan.directory_checks import DirectoryError
from aduan.directory_loading import DEFAULT_FOLDER, load_directory

FILE = "sending.json"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a copy of the directory's files."""
    copy = tmp_path / "directory_data"
    shutil.copytree(DEFAULT_FOLDER, copy)
    return copy


def change(folder: Path, how: Callable[[dict[str, Any]], object]) -> None:
    """Change the file in the copy."""
    content = json.loads((folder / FILE).read_text(encoding="utf-8"))
    how(content)
    (folder / FILE).write_text(json.dumps(content), encoding="utf-8")


def test_the_shipped_rules_are_those_the_county_was_told() -> None:
    """Nights and days off are quiet, ten mails an hour are the limit, and a digest comes when the offices open."""
    sending = load_directory().sending
    default = sending.default
    assert (default.ordinary, default.mails_an_hour, default.digest_at) == ("immediate", 10, time(7, 30))
    assert (default.quiet_from, default.quiet_until, default.quiet_on_days_off) == (time(20, 0), time(6, 30), True)
    assert sending.rule("dishub") is default
    assert sending.rule("no_such_code") is default
    assert (sending.sms.price_usd, sending.sms.repeat_minutes) == (0.35, 30)
    assert sending.sms.status == "unverified"


def test_a_department_has_what_it_does_not_say_from_the_default() -> None:
    """A department on call has no quiet hours, but the default limit."""
    rule = load_directory().sending.rule("damkar")
    assert (rule.quiet_from, rule.quiet_until, rule.quiet_on_days_off) == (None, None, False)
    assert rule.mails_an_hour == load_directory().sending.default.mails_an_hour


def test_a_department_may_ask_for_a_digest(folder: Path) -> None:
    """One line in the file gives a department a digest."""
    line = {"code": "setwan", "ordinary": "digest", "source": "its own wish", "status": "verified"}
    change(folder, lambda content: content["departments"].append(line))
    rule = load_directory(folder).sending.rule("setwan")
    assert (rule.ordinary, rule.quiet_from) == ("digest", time(20, 0))


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        (
            lambda content: content["departments"][0].update(code="dpu"),
            "sending.json: a rule names the department 'dpu', which does not exist.",
        ),
        (
            lambda content: content["departments"].append({"code": "bpbd"}),
            "sending.json: the department 'bpbd' is there 2 times.",
        ),
        (
            lambda content: content["departments"][0].update(quiet_from="21:00"),
            "sending.json: damkar needs both quiet_from and quiet_until, or neither.",
        ),
        (
            lambda content: content["default"].update(quiet_from="05:00"),
            "sending.json: default: the quiet hours must go over midnight.",
        ),
        (
            lambda content: content["default"].update(digest_at="06:00"),
            "sending.json: default: digest_at 06:00 lies in the quiet hours.",
        ),
        (
            lambda content: content["default"].update(digest_at="20:00"),
            "sending.json: default: digest_at 20:00 lies in the quiet hours.",
        ),
        (
            lambda content: content.pop("sms"),
            "sending.json: it must hold default, the list departments and sms, and nothing else.",
        ),
        (lambda content: content.update(default=[]), "sending.json: default is not a JSON object."),
        (
            lambda content: content["default"].update(mails_an_hour=0),
            "sending.json: the file: sending.default.mails_an_hour: Input should be greater than or equal to 1.",
        ),
        (
            lambda content: content["departments"][1].update(ordinary="weekly"),
            "sending.json: the file: sending.departments.bpbd.ordinary: Input should be 'immediate' or 'digest'.",
        ),
        (
            lambda content: content["sms"].update(price_usd=0),
            "sending.json: the file: sending.sms.price_usd: Input should be greater than 0.",
        ),
        (
            lambda content: content["sms"].update(repeat_minute=5),
            "sending.json: the file: sending.sms.repeat_minute: Extra inputs are not permitted.",
        ),
    ],
)
def test_a_fault_is_one_sentence(folder: Path, how: Callable[[dict[str, Any]], object], sentence: str) -> None:
    """The cold start stops with a sentence that names the file, the entry and the field."""
    change(folder, how)
    with pytest.raises(DirectoryError) as caught:
        load_directory(folder)
    assert str(caught.value) == sentence
