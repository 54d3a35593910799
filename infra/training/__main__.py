"""Train and score the classifier: ``python -m infra.training train|evaluate|predict|check``."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "functions"))  # the functions' import root, as in Lambda

from aduan.directory_loading import load_directory
from infra.training.json_lines import ExampleError
from infra.training.predict import predict


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code; 2 when a file cannot be read."""
    parser = argparse.ArgumentParser(prog="python -m infra.training", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    predicting = commands.add_parser("predict", help="decide about JSON lines with id and text")
    predicting.add_argument("file", type=Path)
    training = commands.add_parser("train", help="learn from the corpus and from more files, and write the model")
    training.add_argument("files", type=Path, nargs="*", help="JSON lines, or an SP4N-LAPOR! export (.xlsx, .csv)")
    evaluating = commands.add_parser("evaluate", help="score the model on labelled texts")
    evaluating.add_argument("file", type=Path)
    commands.add_parser("check", help="score the model on what was held out, and compare with the floors")
    chosen = parser.parse_args(arguments)
    try:
        return _run(chosen)
    except (ExampleError, OSError) as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 2


def _run(chosen: argparse.Namespace) -> int:
    directory = load_directory()
    match chosen.command:
        case "predict":
            for line in predict(chosen.file, directory):
                print(json.dumps(line, ensure_ascii=False))
            return 0
        case "evaluate":
            from infra.training.report import evaluation  # noqa: PLC0415 # predicting needs no scikit-learn

            print(evaluation(chosen.file, directory))
            return 0
        case "check":
            from infra.training.floors import check  # noqa: PLC0415 # the same

            return check(directory)
        case _:
            from infra.training.train import train  # noqa: PLC0415 # the same

            train(chosen.files, directory)
            return 0


if __name__ == "__main__":
    sys.exit(main())
