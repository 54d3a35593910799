"""People's corrections become a file that the training reads as it is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import boto3
import pytest
from moto import mock_aws

from aduan.directory_loading import load_directory
from aduan.example import Label
from aduan.store.posts import DynamoPostStore
from aduan.store.table import Table
from aduan.store.tickets import DynamoTicketStore
from infra import corrections
from infra.corrections import main, months_between, topic
from infra.training.examples import read_examples
from tests import moves
from tests.builders import NOON, a_post, a_ticket, a_triage, an_event, an_example
from tests.codes import ticket_code
from tests.table import TABLE_NAME, create_table

DIRECTORY = load_directory()


@pytest.fixture(name="table")
def _table() -> Iterator[Table]:
    with mock_aws():
        yield create_table()


def keep(table: Table, number: int, text: str, said: Label) -> str:
    """Lay an example into the table as a correction does; return the ticket's code."""
    post = a_post(native_id=str(number), text=text, author="pseudonim-penulis")
    before = a_ticket(code=ticket_code(post.key), post=post.key)
    tickets = DynamoTicketStore(table)
    DynamoPostStore(table).add(post)
    tickets.write(moves.opened(post, a_triage(), before, [], []))
    stored = DynamoPostStore(table).get(post.key)
    assert stored is not None
    tickets.write(
        moves.corrected(
            stored,
            before,
            before.model_copy(update={"version": 2, "corrected_at": NOON}),
            notices=[],
            events=[an_event(ticket=before.code, move="corrected")],
            example=an_example(post=post.key, ticket=before.code, text=post.text, label=said),
        )
    )
    return before.code


def lines_of(file: Path) -> list[dict[str, Any]]:
    """Every line of the file."""
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def test_corrections_are_read_by_the_training_as_they_are(
    table: Table, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every example with text becomes a line with its labels, and the number of lines is printed."""
    road = keep(table, 1, "Jalan depan pasar berlubang", Label(topic="jalan", department="dpupkp", urgency="urgent"))
    joke = keep(table, 2, "Lampu hatiku padam, hubungi 081234567890", Label(is_report=False))
    keep(table, 3, "", Label(topic="jalan"))
    file = tmp_path / "corrections.jsonl"
    assert main(["--table", TABLE_NAME, "--since", "2026-10", "--out", str(file)]) == 0
    assert capsys.readouterr().out == f"2 corrections in {file}; 1 of posts without words left out\n"
    lines = {line["id"]: line for line in lines_of(file)}
    assert lines[road] == {
        "id": road,
        "text": "Jalan depan pasar berlubang",
        "is_report": True,
        "kind": None,
        "topic": "jalan",
        "topic_alt": [],
        "department": "dpupkp",
        "urgency": "urgent",
        "source": "corrections",
        "group": "",
    }
    assert lines[joke]["text"] == "Lampu hatiku padam, hubungi [telepon]"
    assert "penulis" not in file.read_text(encoding="utf-8")
    examples = {example.id: example for example in read_examples(file, DIRECTORY)}
    assert {code: (example.is_report, example.topic) for code, example in examples.items()} == {
        road: (True, "jalan"),
        joke: (False, None),
    }
    assert {example.source for example in examples.values()} == {"corrections"}


def test_months_without_corrections_give_an_empty_file(table: Table, tmp_path: Path) -> None:
    """Only the requested months are read."""
    keep(table, 1, "Jalan berlubang", Label(topic="jalan"))
    file = tmp_path / "none.jsonl"
    assert main(["--table", TABLE_NAME, "--months", "2026-10", "2026-12", "--out", str(file)]) == 0
    assert lines_of(file) == []


@contextmanager
def stacks(*known: str) -> Iterator[None]:
    """CloudFormation with these stacks, each with the test's table."""
    make = boto3.client
    client = make("cloudformation")

    def describe(StackName: str) -> dict[str, Any]:  # noqa: N803 # the service's name
        if StackName not in known:
            error = {"Code": "ValidationError", "Message": "it does not exist"}
            raise client.exceptions.ClientError({"Error": error}, "DescribeStacks")  # type: ignore[typeddict-item]
        outputs = [{"OutputKey": "ApiId", "OutputValue": "x"}, {"OutputKey": "TableName", "OutputValue": TABLE_NAME}]
        return {"Stacks": [{"Outputs": outputs}]}

    fake = SimpleNamespace(describe_stacks=describe)
    with mock.patch.object(boto3, "client", lambda name: fake if name == "cloudformation" else make(name)):
        yield


def test_a_stack_names_its_table(table: Table, tmp_path: Path) -> None:
    """The table is found by the stack's name, from the stack's outputs."""
    keep(table, 1, "Jalan berlubang", Label(topic="jalan"))
    file = tmp_path / "stack.jsonl"
    with stacks("aduan-prod"):
        assert main(["--stack", "aduan-prod", "--months", "2026-11", "--out", str(file)]) == 0
    assert len(lines_of(file)) == 1


@pytest.mark.usefixtures("table")
def test_a_deployment_that_is_not_there_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A missing table, stack or local stack gives one sentence, exit status 1, and no file."""
    file = tmp_path / "none.jsonl"
    with mock.patch.object(corrections, "WATCHED", tmp_path / "nothing.json"), stacks():
        for where in (["--table", "aduan-nowhere"], ["--stack", "aduan-nowhere"], []):
            assert main([*where, "--months", "2026-11", "--out", str(file)]) == 1
            assert capsys.readouterr().err.startswith("corrections: ")
    assert not file.exists()


@pytest.mark.parametrize(
    ("said", "believed", "learnt"),
    [
        (Label(topic="jalan"), "penerangan_jalan", "jalan"),
        (Label(department="dishub"), "penerangan_jalan", "penerangan_jalan"),
        (Label(department="dlh"), "penerangan_jalan", None),
        (Label(kind="request"), "penerangan_jalan", None),
        (Label(is_report=False), "penerangan_jalan", None),
        (Label(department="dishub"), None, None),
        (Label(department="dishub"), "topik_lama", None),
    ],
)
def test_a_topic_is_learnt_only_where_a_person_stands_for_it(
    said: Label, believed: str | None, learnt: str | None
) -> None:
    """A topic counts when a person named it, or kept it with a department that it leads to; never as a guess."""
    assert topic(an_example(label=said, decision=a_triage(topic=believed)), DIRECTORY) == learnt


def test_months_run_from_the_first_to_the_last() -> None:
    """Both ends are included, across a new year; without a first month there are two years of them."""
    assert months_between("2026-11", "2027-02") == ["2026-11", "2026-12", "2027-01", "2027-02"]
    assert months_between(None, "2026-11")[0] == "2024-12"
    assert len(months_between(None, "2026-11")) == 24
