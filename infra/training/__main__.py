"""Train and score the classifier: ``python -m infra.training train|evaluate|predict|adapt|learning-curve|check``."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "functions"))  # the functions' import root, as in Lambda

from aduan.directory_loading import load_directory
from infra.training.json_lines import ExampleError
from infra.training.predict import predict, read_adapter


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code; 2 when a file cannot be read."""
    parser = argparse.ArgumentParser(prog="python -m infra.training", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    predicting = commands.add_parser("predict", help="decide about JSON lines with id and text")
    predicting.add_argument("file", type=Path)
    predicting.add_argument("--adapter", type=Path, help="what a deployment learnt, as `adapt` writes it")
    training = commands.add_parser("train", help="learn from the corpus and from more files, and write the model")
    training.add_argument("files", type=Path, nargs="*", help="JSON lines, or an SP4N-LAPOR! export (.xlsx, .csv)")
    evaluating = commands.add_parser("evaluate", help="score the model on labelled texts")
    evaluating.add_argument("file", type=Path)
    adapting = commands.add_parser("adapt", help="learn the gate of one deployment from what its desk decided")
    adapting.add_argument("file", type=Path, help="JSON lines with text and label")
    adapting.add_argument("--out", type=Path, required=True, help="where the adapter is written")
    curve = commands.add_parser("learning-curve", help="measure what ever more decisions of one account are worth")
    curve.add_argument("files", type=Path, nargs="+", help="labelled texts: of the account, and others")
    curve.add_argument("--source", help="the account; without it, the source with most real comments")
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
            adapter = read_adapter(chosen.adapter) if chosen.adapter else None
            for line in predict(chosen.file, directory, adapter):
                print(json.dumps(line, ensure_ascii=False))
            return 0
        case "adapt":
            from infra.training.adapting import adapt  # noqa: PLC0415 # predicting needs no scikit-learn

            print(adapt(chosen.file, chosen.out, directory))
            return 0
        case "learning-curve":
            from infra.training.adapting import learning_curve  # noqa: PLC0415 # the same

            print(learning_curve(chosen.files, chosen.source, directory, say=_say))
            return 0
        case "evaluate":
            from infra.training.report import evaluation  # noqa: PLC0415 # the same

            print(evaluation(chosen.file, directory))
            return 0
        case "check":
            from infra.training.floors import check  # noqa: PLC0415 # the same

            return check(directory)
        case _:
            from infra.training.train import train  # noqa: PLC0415 # the same

            train(chosen.files, directory)
            return 0


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
