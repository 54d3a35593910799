"""Finishing what `sam build` leaves behind, on small folders of the same shape."""

import compileall
import marshal
import sys
from pathlib import Path
from types import CodeType

import pytest

from infra.artefacts import SERVICES, TASK_ROOT, ArtefactError, finish

UNCHECKED_HASH = 0b01


def an_artefact(build: Path, function: str, source: str = "GREETING = 'sugeng'\n") -> Path:
    """Make what SAM leaves for one function: our package, botocore's data."""
    artefact = build / function
    (artefact / "aduan").mkdir(parents=True)
    (artefact / "aduan" / "__init__.py").write_text("")
    (artefact / "aduan" / "post.py").write_text(source)
    data = artefact / "botocore" / "data"
    for service in ("ec2", "s3", *SERVICES):
        (data / service).mkdir(parents=True)
        (data / service / "service-2.json").write_text("{}")
    (data / "endpoints.json").write_text("{}")
    return artefact


def byte_code(artefact: Path) -> Path:
    """Where the byte-code of `an_artefact`'s module lies."""
    return artefact / "aduan" / "__pycache__" / f"post.{sys.implementation.cache_tag}.pyc"


def test_a_folder_without_an_artefact_is_refused(tmp_path: Path) -> None:
    """The sentence says where nothing was found and what to do."""
    with pytest.raises(ArtefactError, match=r"holds no artefact; run `sam build` first"):
        finish(tmp_path)


def test_a_folder_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    """A mistyped path is no success with nothing to do."""
    with pytest.raises(ArtefactError, match="holds no artefact"):
        finish(tmp_path / "nowhere")


def test_a_file_that_does_not_compile_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The sentence names the artefact, and what is printed names the file."""
    an_artefact(tmp_path, "Classify", "def broken(:\n")
    with pytest.raises(ArtefactError, match="a file of Classify does not compile"):
        finish(tmp_path)
    assert "post.py" in capsys.readouterr().out


def test_every_artefact_is_finished_and_counted(tmp_path: Path) -> None:
    """Each function's folder gets byte-code; what is no artefact, like a nested template, is left alone."""
    artefacts = [an_artefact(tmp_path, name) for name in ("Classify", "Notify", "PollChannels")]
    (tmp_path / "Storage").mkdir()
    (tmp_path / "template.yaml").write_text("")
    assert finish(tmp_path) == 3
    assert all(byte_code(artefact).exists() for artefact in artefacts)
    assert list((tmp_path / "Storage").iterdir()) == []


def test_byte_code_holds_whatever_the_files_dates_say(tmp_path: Path) -> None:
    """It is bound to a hash that is not checked, and tracebacks name the file where Lambda has it."""
    artefact = an_artefact(tmp_path, "Classify")
    finish(tmp_path)
    data = byte_code(artefact).read_bytes()
    assert int.from_bytes(data[4:8], "little") == UNCHECKED_HASH
    code = marshal.loads(data[16:])  # noqa: S302 # compiled by this test
    assert isinstance(code, CodeType)
    assert code.co_filename == f"{TASK_ROOT}/aduan/post.py"


def test_byte_code_of_tests_is_replaced(tmp_path: Path) -> None:
    """What another run or another Python left in the sources does not reach the artefact."""
    artefact = an_artefact(tmp_path, "Classify")
    assert compileall.compile_dir(artefact, quiet=1)
    foreign = artefact / "aduan" / "__pycache__" / "gone.cpython-36.pyc"
    foreign.write_bytes(b"old")
    finish(tmp_path)
    assert not foreign.exists()
    assert int.from_bytes(byte_code(artefact).read_bytes()[4:8], "little") == UNCHECKED_HASH


def test_only_the_services_in_use_stay(tmp_path: Path) -> None:
    """Descriptions of other services go; what botocore shares between all stays."""
    artefact = an_artefact(tmp_path, "Classify")
    finish(tmp_path)
    data = artefact / "botocore" / "data"
    assert {entry.name for entry in data.iterdir()} == {*SERVICES, "endpoints.json"}


def test_finishing_twice_changes_nothing(tmp_path: Path) -> None:
    """A repeated build of unchanged code uploads nothing new."""
    for name in ("Classify", "Notify"):
        an_artefact(tmp_path, name)
    finish(tmp_path)
    before = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    assert finish(tmp_path) == 2
    assert {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()} == before


def test_an_artefact_without_botocore_is_finished(tmp_path: Path) -> None:
    """boto3 may one day come from the runtime again."""
    (tmp_path / "Classify" / "aduan").mkdir(parents=True)
    (tmp_path / "Classify" / "aduan" / "__init__.py").write_text("")
    assert finish(tmp_path) == 1
