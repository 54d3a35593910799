"""Finishing what `sam build` leaves behind, on small folders of the same shape."""

from __future__ import annotations

import compileall
import gzip
import json
import marshal
import shutil
import sys
from collections import defaultdict
from pathlib import Path
from types import CodeType
from typing import Any

import jinja2
import pytest

from infra.artefacts import (
    ENDPOINTS,
    OPERATIONS,
    TASK_ROOT,
    ArtefactError,
    compile_templates,
    finish,
    trimmed_model,
)
from notify.wording import ENVIRONMENT
from tests.template.sources import CODE

UNCHECKED_HASH = 0b01
MODEL: dict[str, Any] = {
    "metadata": {"serviceId": "SNS", "protocol": "query"},
    "documentation": "<p>long</p>",
    "operations": {
        "Publish": {
            "name": "Publish",
            "documentation": "<p>long</p>",
            "input": {"shape": "PublishInput"},
            "errors": [{"shape": "NotFound"}],
        },
        "CreateTopic": {"name": "CreateTopic", "input": {"shape": "CreateTopicInput"}},
    },
    "shapes": {
        "PublishInput": {"type": "structure", "members": {"Attributes": {"shape": "Attributes"}}},
        "Attributes": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Attribute"}},
        # The shape contains itself, as DynamoDB's AttributeValue does, and one member is named `documentation`.
        "Attribute": {
            "type": "structure",
            "members": {"nested": {"shape": "Attributes"}, "documentation": {"shape": "Text", "documentation": "long"}},
        },
        "Text": {"type": "string", "documentation": "<p>long</p>"},
        "NotFound": {"type": "structure", "members": {}, "exception": True},
        "CreateTopicInput": {"type": "structure", "members": {"Name": {"shape": "TopicName"}}},
        "TopicName": {"type": "string"},
    },
}
"""A service's description, in botocore's format."""


def an_artefact(build: Path, function: str, source: str = "GREETING = 'sugeng'\n") -> Path:
    """Make what SAM leaves for one function: our package, a template, botocore's data."""
    artefact = build / function
    (artefact / "aduan").mkdir(parents=True)
    (artefact / "aduan" / "__init__.py").write_text("")
    (artefact / "aduan" / "post.py").write_text(source)
    (artefact / "notify" / "templates").mkdir(parents=True)
    (artefact / "notify" / "templates" / "mail.txt.j2").write_text("Kepada {{ name }}")
    data = artefact / "botocore" / "data"
    for service in ("ec2", "s3", *OPERATIONS):
        version = data / service / "2026-01-01"
        version.mkdir(parents=True)
        (version / "service-2.json.gz").write_bytes(gzip.compress(json.dumps(MODEL).encode()))
    services: dict[str, Any] = {name: {"endpoints": {}} for name in ("ec2", "s3", *ENDPOINTS)}
    (data / "endpoints.json").write_text(json.dumps({"partitions": [{"partition": "aws", "services": services}]}))
    return artefact


def byte_code(artefact: Path) -> Path:
    """Return the path of the byte-code of `an_artefact`'s module."""
    return artefact / "aduan" / "__pycache__" / f"post.{sys.implementation.cache_tag}.pyc"


def test_a_folder_without_an_artefact_is_refused(tmp_path: Path) -> None:
    """The message says where nothing was found and what to do."""
    with pytest.raises(ArtefactError, match=r"holds no artefact; run `sam build` first"):
        finish(tmp_path)


def test_a_folder_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    """A mistyped path is an error, not a success with nothing to do."""
    with pytest.raises(ArtefactError, match="holds no artefact"):
        finish(tmp_path / "nowhere")


def test_a_file_that_does_not_compile_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The message names the artefact, and the output names the file."""
    an_artefact(tmp_path, "Classify", "def broken(:\n")
    with pytest.raises(ArtefactError, match="a file of Classify does not compile"):
        finish(tmp_path)
    assert "post.py" in capsys.readouterr().out


def test_every_artefact_is_finished_and_counted(tmp_path: Path) -> None:
    """Each function's folder gets byte-code; a folder that is no artefact, such as a nested template, is left alone."""
    artefacts = [an_artefact(tmp_path, name) for name in ("Classify", "Notify", "PollChannels")]
    (tmp_path / "Storage").mkdir()
    (tmp_path / "template.yaml").write_text("")
    assert finish(tmp_path) == 3
    assert all(byte_code(artefact).exists() for artefact in artefacts)
    assert list((tmp_path / "Storage").iterdir()) == []


def test_byte_code_holds_whatever_the_files_dates_say(tmp_path: Path) -> None:
    """Byte-code is bound to an unchecked hash, and tracebacks name the file by its path in Lambda."""
    artefact = an_artefact(tmp_path, "Classify")
    finish(tmp_path)
    data = byte_code(artefact).read_bytes()
    assert int.from_bytes(data[4:8], "little") == UNCHECKED_HASH
    code = marshal.loads(data[16:])  # noqa: S302 # compiled by this test
    assert isinstance(code, CodeType)
    assert code.co_filename == f"{TASK_ROOT}/aduan/post.py"


def test_byte_code_of_tests_is_replaced(tmp_path: Path) -> None:
    """Byte-code that another run or another Python left in the sources does not reach the artefact."""
    artefact = an_artefact(tmp_path, "Classify")
    assert compileall.compile_dir(artefact, quiet=1)
    foreign = artefact / "aduan" / "__pycache__" / "gone.cpython-36.pyc"
    foreign.write_bytes(b"old")
    finish(tmp_path)
    assert not foreign.exists()
    assert int.from_bytes(byte_code(artefact).read_bytes()[4:8], "little") == UNCHECKED_HASH


def test_only_the_services_in_use_stay(tmp_path: Path) -> None:
    """Descriptions and endpoints of other services are removed; files that botocore shares between services stay."""
    artefact = an_artefact(tmp_path, "Classify")
    finish(tmp_path)
    data = artefact / "botocore" / "data"
    assert {entry.name for entry in data.iterdir()} == {*OPERATIONS, "endpoints.json"}
    [partition] = json.loads((data / "endpoints.json").read_text())["partitions"]
    assert partition["partition"] == "aws"
    assert set(partition["services"]) == ENDPOINTS


def test_of_a_service_the_calls_in_use_stay_whole() -> None:
    """An operation keeps every shape it reaches, even in circles or by its errors; other operations are removed."""
    trimmed = trimmed_model(MODEL, frozenset({"Publish"}))
    assert set(trimmed["operations"]) == {"Publish"}
    assert set(trimmed["shapes"]) == {"PublishInput", "Attributes", "Attribute", "Text", "NotFound"}
    assert trimmed["metadata"] == MODEL["metadata"]


def test_documentation_goes_and_a_member_of_that_name_stays() -> None:
    """Only texts of documentation are removed, not a shape's member of that name."""
    trimmed = trimmed_model(MODEL, frozenset({"Publish"}))
    assert "documentation" not in trimmed
    assert "documentation" not in trimmed["operations"]["Publish"]
    assert trimmed["shapes"]["Text"] == {"type": "string"}
    assert trimmed["shapes"]["Attribute"]["members"]["documentation"] == {"shape": "Text"}


def test_mail_templates_are_compiled(tmp_path: Path) -> None:
    """Each template lies beside its source as a Python module, which is compiled like the others."""
    artefact = an_artefact(tmp_path, "Notify")
    finish(tmp_path)
    [module] = (artefact / "notify" / "templates").glob("*.py")
    assert "Kepada" in module.read_text()
    assert list((artefact / "notify" / "templates" / "__pycache__").glob("*.pyc"))


def test_compiled_mails_are_laid_out_without_their_sources(tmp_path: Path) -> None:
    """Both HTML mails find their shared layout among the compiled templates, and read as they do from the sources."""
    folder = an_artefact(tmp_path, "Notify") / "notify" / "templates"
    shutil.copytree(CODE / "notify" / "templates", folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.py*"))
    compile_templates(tmp_path / "Notify")
    compiled = ENVIRONMENT.overlay(loader=jinja2.ModuleLoader(folder))
    letter = defaultdict(str, title="Judul & isi")
    about = {"letter": letter, "what": "Kanal", "label": "", "greeting": "", "forward": ""}
    for name in ("mail.html.j2", "operations_mail.html.j2"):
        rendered = compiled.get_template(name).render(about)
        assert "Judul &amp; isi" in rendered
        assert rendered == ENVIRONMENT.get_template(name).render(about)


def test_finishing_twice_changes_nothing(tmp_path: Path) -> None:
    """A repeated build of unchanged code uploads nothing new."""
    for name in ("Classify", "Notify"):
        an_artefact(tmp_path, name)
    finish(tmp_path)
    before = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    assert finish(tmp_path) == 2
    assert {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()} == before
