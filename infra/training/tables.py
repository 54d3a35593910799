"""Read exported tables: Excel workbooks, and CSV in the dialects that spreadsheets write."""

from __future__ import annotations

import csv
import io
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from zipfile import BadZipFile

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from infra.training.json_lines import ExampleError

_HEADER_WITHIN: Final = 30
"""The header must be among this many lines: exports may begin with the office's name and the date."""
_SEPARATORS: Final = ",;"
_RETURN: Final = re.compile("_x000D_", re.IGNORECASE)
"""How a workbook writes a carriage return in a text that was typed on Windows."""

Grid = Sequence[Sequence[str]]


@dataclass(frozen=True)
class Row:
    """One line below the header that is not blank."""

    number: int
    """Number of the line as a spreadsheet counts, from 1."""
    cells: Mapping[str, str]
    """The texts of the wanted columns, stripped; empty where there is none. They mean nothing when `fits` is False."""
    fits: bool
    """False when the line has another number of cells than the header: a separator or line break was not quoted."""


def folded(name: str) -> str:
    """Fold a name for comparison: small letters and digits, with one blank between words."""
    return " ".join(re.findall(r"[^\W_]+", name.casefold()))


def read_table(path: Path, columns: Mapping[str, Sequence[str]]) -> list[Row]:
    """Read some columns of a table; further columns are ignored.

    Args:
        path: An .xlsx, of which the sheet with the header is read, or a .csv with commas or semicolons, in UTF-8 or
            else Windows-1252.
        columns: The possible names of each wanted column, folded, best first.

    Raises:
        ExampleError: when the file cannot be read, a column is missing or there is no row. It quotes no cell.
    """
    grids = _grids(path)
    found: dict[str, int] = {}
    table: Grid = ()
    first, fault = 0, None
    for grid, broken in grids:
        for number, line in enumerate(grid[:_HEADER_WITHIN]):
            places = _places(line, columns)
            if len(places) > len(found):
                found, table, first, fault = places, grid[number:], number + 1, broken
    if not any(folded(cell) for grid, _ in grids for line in grid for cell in line):
        raise ExampleError(f"{path.name}: it is empty")
    missing = [name for name in columns if name not in found]
    if missing:
        raise ExampleError(f"{path.name}: these columns are missing: {', '.join(missing)}")
    if fault:
        raise ExampleError(f"{path.name}: {fault}")
    width = max(place for place, name in enumerate(table[0]) if name) + 1
    needed = max(found.values()) + 1
    rows = [
        Row(
            number=first + number,
            cells={name: line[place] if place < len(line) else "" for name, place in found.items()},
            fits=len(line) >= needed and not any(line[width:]),
        )
        for number, line in enumerate(table)
        if number and any(line)
    ]
    if not rows:
        raise ExampleError(f"{path.name}: there is no row below the header")
    return rows


def _places(line: Sequence[str], columns: Mapping[str, Sequence[str]]) -> dict[str, int]:
    names = [folded(cell) for cell in line]
    found = {name: next((one for one in called if one in names), None) for name, called in columns.items()}
    return {name: names.index(called) for name, called in found.items() if called is not None}


def _grids(path: Path) -> list[tuple[Grid, str | None]]:
    """Read every grid that may be the table. With each comes what is wrong when it could not be read to its end."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ExampleError(f"{path.name}: it cannot be read: {error.strerror}") from None
    match path.suffix.lower():
        case ".csv":
            text = _decoded(path.name, content)
            return [_of_csv(text, separator) for separator in _SEPARATORS]
        case ".xlsx":
            return [(grid, None) for grid in _of_workbook(path.name, content)]
        case _:
            raise ExampleError(f"{path.name}: save it as .xlsx or .csv; other formats are not read")


def _of_csv(text: str, separator: str) -> tuple[Grid, str | None]:
    lines: list[list[str]] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        lines.extend([cell.strip() for cell in line] for line in reader)
    except csv.Error:
        # If it were tolerated, an open quotation mark would swallow the rows up to the next one.
        return lines, f"near line {reader.line_num} a quotation mark is not closed or not doubled"
    return lines, None


def _decoded(name: str, content: bytes) -> str:
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ExampleError(f"{name}: it is neither UTF-8 nor Windows-1252")


def _of_workbook(name: str, content: bytes) -> list[Grid]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # they are about styles and validation, which are not read
            book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
            return [_of_sheet(sheet) for sheet in book.worksheets]
    except (BadZipFile, InvalidFileException, KeyError, ValueError, TypeError, AttributeError, SyntaxError, EOFError):
        # What openpyxl raises depends on where the file is broken; a broken XML is a SyntaxError.
        raise ExampleError(f"{name}: it is not an Excel workbook, or it is damaged") from None


def _of_sheet(sheet: Any) -> Grid:
    sheet.reset_dimensions()  # many exporters write wrong dimensions
    lines = [[_text(value) for value in line] for line in sheet.iter_rows(values_only=True)]
    width = max(map(len, lines), default=0)
    return [[*line, *[""] * (width - len(line))] for line in lines]


def _text(value: object) -> str:
    return "" if value is None else _RETURN.sub("", str(value)).strip()
