"""Write `days_off.json`: national holidays and joint leave, from the library `holidays`.

The functions read the file, because the library would take 25 ms of every cold start and 13 MB of the artefact. Run
it when the three ministers' decree for a year is out and the library's pin in `requirements/dev.in` knows it.
"""

from __future__ import annotations

import json
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import holidays

from aduan.directory_loading import DEFAULT_FOLDER

FILE: Final = DEFAULT_FOLDER / "days_off.json"
YEARS: Final = range(2024, 2041)


def days_off() -> dict[str, Any]:
    """Return the file's content: each year's days off with their names."""
    return {
        "source": (
            f"the library holidays {version('holidays')}, which follows the yearly joint decree of three ministers;"
            " years without a decree have estimated feasts and no joint leave"
        ),
        "years": {
            str(year): {
                day.isoformat(): name
                for day, name in sorted(
                    holidays.country_holidays("ID", years=year, categories=("public", "government")).items()
                )
            }
            for year in YEARS
        },
    }


def main(file: Path = FILE) -> int:
    """Write the file."""
    file.write_text(json.dumps(days_off(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(f"{file.name}: {YEARS.start} to {YEARS.stop - 1}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
