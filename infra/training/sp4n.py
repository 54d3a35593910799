"""Read the county's own export of SP4N-LAPOR! as labelled texts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from aduan.directory import Directory
from aduan.masking import masked
from aduan.triage import ReportKind
from infra.training.example import Example
from infra.training.near_duplicates import with_groups
from infra.training.sp4n_topics import CATEGORIES, category_named, department_named, load_categories, topic_of
from infra.training.tables import folded, read_table

COLUMNS: Final = {
    "klasifikasi": ("klasifikasi", "klasifikasi laporan"),
    "kategori": ("kategori",),
    "judul": ("judul", "judul laporan"),
    "isi_laporan_awal": ("isi laporan awal",),
    "dinas_tujuan": ("dinas tujuan", "instansi terdisposisi"),
    "status": ("status", "status laporan"),
}
"""The columns that are read, with the names the county gives them and those SP4N-LAPOR! itself does."""
KINDS: Final[dict[str, ReportKind]] = {
    "pengaduan": "complaint",
    "permintaan informasi": "question",
    "aspirasi": "suggestion",
}
REFUSED: Final = ("ditolak", "bukan kewenangan", "bukan wewenang", "spam", "arsip", "dihapus")
"""Words in the status of a report that nobody took on. It may be chatter, out of place or only too vague, so its label
would be a guess."""
_LONGEST_NAME: Final = 80
_MOST_NAMES: Final = 30


@dataclass
class Tally:
    """Counts of what became of the rows of an export. It names categories and departments, and quotes no report."""

    rows: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    """Rows that were skipped, by reason."""
    topics: Counter[str] = field(default_factory=Counter)
    """Rows that were read, by what decided the topic: ``category``, ``department``, ``contradiction``, ``nothing``."""
    unmapped_categories: Counter[str] = field(default_factory=Counter)
    unmapped_departments: Counter[str] = field(default_factory=Counter)
    unmapped_classes: Counter[str] = field(default_factory=Counter)

    def lines(self, name: str) -> Iterator[str]:
        """Yield the counts as lines for people; `name` is the file's."""
        read = self.rows - self.skipped.total()
        yield f"{name}: {self.rows} rows, {read} read, {self.skipped.total()} skipped"
        yield from _listed("skipped", self.skipped)
        yield (
            f"  topic: {self.topics['category']} by category, {self.topics['department']} by department alone, "
            f"{self.topics['contradiction']} without because the two contradict each other, "
            f"{self.topics['nothing']} without because neither decides"
        )
        yield from _listed(f"categories that {CATEGORIES.name} does not know", self.unmapped_categories)
        yield from _listed("departments that the directory does not know", self.unmapped_departments)
        yield from _listed("classifications without a kind", self.unmapped_classes)
        yield "  numbers, addresses and plates are masked; names of people (Nama: …, a.n. …) are not"


def _listed(title: str, counted: Counter[str]) -> Iterator[str]:
    if counted:
        named = [f"{name} ({times})" for name, times in counted.most_common(_MOST_NAMES)]
        more = len(counted) - len(named)
        yield f"  {title}: {'; '.join(named)}{f'; and {more} more' if more else ''}"


def read_export(path: Path, directory: Directory, say: Callable[[str], None] = print) -> list[Example]:
    """Read an export with the columns klasifikasi, kategori, judul, isi_laporan_awal, dinas_tujuan and status.

    Every row is a report. It has a kind if its classification is known, and a topic if its category or its department
    decides one. Even without them it teaches what a report looks like. Texts are masked as posts are; names of people
    are not recognised, and stay.

    Args:
        path: An .xlsx or .csv, as `read_table` takes it.
        directory: Has the topics and the names of departments.
        say: Is called with each line about what was read and skipped, and why. No line has a report's text.

    Raises:
        ExampleError: when the file cannot be read, lacks a column or has no row.
    """
    examples, tally = tallied(path, directory)
    for line in tally.lines(path.name):
        say(line)
    return with_groups(examples)


def tallied(path: Path, directory: Directory) -> tuple[list[Example], Tally]:
    """Read an export without grouping near-duplicates, and count what became of its rows: each is read or skipped."""
    categories = load_categories(directory)
    examples: list[Example] = []
    tally = Tally()
    for row in read_table(path, COLUMNS):
        tally.rows += 1
        text = _text(row.cells["judul"], row.cells["isi_laporan_awal"])
        reason = _reason(row.cells["status"], text) if row.fits else "another number of cells than the header"
        if reason is not None:
            tally.skipped[reason] += 1
            continue
        category = category_named(categories, row.cells["kategori"])
        department = department_named(directory, row.cells["dinas_tujuan"])
        kind = _kind(row.cells["klasifikasi"])
        label = topic_of(category, department, directory)
        tally.topics[label.by] += 1
        for known, column, unmapped in (
            (category, "kategori", tally.unmapped_categories),
            (department, "dinas_tujuan", tally.unmapped_departments),
            (kind, "klasifikasi", tally.unmapped_classes),
        ):
            if known is None and folded(row.cells[column]):
                unmapped[_shown(row.cells[column])] += 1
        source = f"sp4n:{path.stem}"
        examples.append(
            Example(
                id=f"{source}-{row.number}",
                text=text,
                is_report=True,
                kind=kind,
                topic=label.topic,
                topic_alt=label.topic_alt,
                source=source,
                group="",
            )
        )
    return examples, tally


def _text(title: str, body: str) -> str:
    """Join title and body and mask the text. A title that is only the body's first words is left out."""
    if folded(body).startswith(folded(title)):
        return masked(body)
    joined = f"{title.rstrip(' .…')}. {body}" if title[-1] not in "?!" else f"{title} {body}"
    return masked(joined if folded(body) else title)


def _reason(status: str, text: str) -> str | None:
    """Say why a row is skipped; None when it is not."""
    if not folded(text):
        return "no text"
    word = next((word for word in REFUSED if word in folded(status)), None)
    return None if word is None else f"status with “{word}”"


def _kind(classification: str) -> ReportKind | None:
    name = folded(classification)  # Pengaduan Berkadar Pengawasan is a complaint as well
    return next((kind for begins, kind in KINDS.items() if name == begins or name.startswith(f"{begins} ")), None)


def _shown(name: str) -> str:
    """Write a name for people. A long text is not shown: where columns are shifted, it may be a report."""
    return masked(" ".join(name.split())) if len(name) <= _LONGEST_NAME else "(longer than a name)"
