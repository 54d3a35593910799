"""Finish what `sam build` leaves behind: compile byte-code into the artefacts, and drop what no function loads.

`sam build` ships no byte-code, its archives date every file 1980, and a function's folder cannot be written to: each
cold start would compile everything again, which takes two to four times as long as the import itself. Unchecked
hashes make the byte-code valid whatever the files' dates say. botocore brings the descriptions of some 440 services,
28 MB of them; the functions speak to four.
"""

import compileall
import shutil
import sys
from pathlib import Path
from py_compile import PycInvalidationMode
from typing import Final

SERVICES: Final = frozenset({"dynamodb", "ssm", "sesv2", "sns"})
"""What the functions make clients of. A test compares it with the code."""
TASK_ROOT: Final = "/var/task"
"""Where Lambda puts an artefact; tracebacks name files there."""


class ArtefactError(Exception):
    """An artefact cannot be finished; the sentence says which and why."""


def finish(build: Path) -> int:
    """Finish the artefacts below a build folder, and return how many there were.

    Raises:
        ArtefactError: when there is none, or a file does not compile.
    """
    artefacts = sorted(folder.parent for folder in build.glob("*/aduan"))
    if not artefacts:
        raise ArtefactError(f"{build} holds no artefact; run `sam build` first")
    first, *others = artefacts
    drop_services(first)
    drop_foreign_byte_code(first)
    if not compileall.compile_dir(
        first,
        quiet=1,
        stripdir=str(first),
        prependdir=TASK_ROOT,
        invalidation_mode=PycInvalidationMode.UNCHECKED_HASH,
        force=True,
    ):
        raise ArtefactError(f"a file of {first.name} does not compile")
    for other in others:
        # All functions have one CodeUri, so their artefacts are the same: compiled once, copied, uploaded once.
        shutil.rmtree(other)
        shutil.copytree(first, other)
    return len(artefacts)


def drop_services(artefact: Path) -> None:
    """Keep botocore's descriptions of the services in use, and what it shares between them."""
    data = artefact / "botocore" / "data"
    for service in data.iterdir() if data.is_dir() else ():
        if service.is_dir() and service.name not in SERVICES:
            shutil.rmtree(service)


def drop_foreign_byte_code(artefact: Path) -> None:
    """Tests leave byte-code with dates behind, which would be stale in the artefact."""
    for folder in artefact.rglob("__pycache__"):
        shutil.rmtree(folder)


if __name__ == "__main__":
    try:
        print(f"{finish(Path(sys.argv[1]))} artefacts compiled with Python {sys.version.split()[0]}")
    except ArtefactError as error:
        sys.exit(str(error))
