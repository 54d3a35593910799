from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from aduan.directory import Directory
from aduan.directory_loading import load_directory
from infra.training.examples import read_examples
from infra.training.json_lines import ExampleError
from infra.training.sp4n import read_export, tallied
from infra.training.sp4n_topics import category_named, department_named, load_categories, topic_of

HEADER = ("klasifikasi", "kategori", "judul", "isi_laporan_awal", "sumber_laporan", "dinas_tujuan", "status")
POTHOLE = (
    "Pengaduan",
    "Jalan Berlubang",
    "Jalan rusak di Seyegan",
    "Sudah tiga bulan berlubang; mohon diperbaiki, terima kasih.",
    "Website",
    "Dinas Pekerjaan Umum, Perumahan dan Kawasan Permukiman Kabupaten Sleman",
    "Selesai",
)


@pytest.fixture(scope="module")
def directory() -> Directory:
    return load_directory()


def as_csv(path: Path, rows: Sequence[Sequence[str]], separator: str = ",", encoding: str = "utf-8") -> Path:
    text = io.StringIO()
    csv.writer(text, delimiter=separator).writerows(rows)
    path.write_bytes(text.getvalue().encode(encoding))
    return path


def as_workbook(path: Path, rows: Sequence[Sequence[object]]) -> Path:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(list(row))
    book.save(path)
    return path


def row(**cells: str) -> tuple[str, ...]:
    return tuple(cells.get(name, written) for name, written in zip(HEADER, POTHOLE, strict=True))


def only(path: Path, directory: Directory, **cells: str) -> tuple[str | None, tuple[str, ...], str]:
    """Return topic, further topics and the deciding cell of an export with one row."""
    examples, tally = tallied(as_csv(path / "satu.csv", [HEADER, row(**cells)]), directory)
    (example,) = examples
    return example.topic, example.topic_alt, next(iter(tally.topics))


@pytest.mark.parametrize("separator", [",", ";"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_csv_dialects(tmp_path: Path, directory: Directory, separator: str, encoding: str) -> None:
    """Commas or semicolons, in UTF-8 with or without BOM or in Windows-1252, give the same report."""
    rows = [HEADER, row(judul="Lampu “mati” di Jalan Café")]
    (example,) = read_examples(as_csv(tmp_path / "lapor.csv", rows, separator, encoding), directory)

    assert example.text == f"Lampu “mati” di Jalan Café. {POTHOLE[3]}"
    assert example.is_report
    assert (example.kind, example.topic, example.source) == ("complaint", "jalan", "sp4n:lapor")


def test_workbook_as_it_is_exported(tmp_path: Path, directory: Directory) -> None:
    """SP4N-LAPOR!'s own workbook is read: with lines above the header, its own column names, and more columns."""
    rows = [
        ("Laporan Ringkas",),
        (),
        ("Tracking ID", *(name.replace("_", " ").title() for name in HEADER[:2]), "Judul Laporan", "Isi Laporan Awal",
         "Sumber Laporan", "Instansi Terdisposisi", "Status Laporan", "Rating"),
        (5049672, *POTHOLE, None),
        (),
        (5049673, *row(klasifikasi="Permintaan Informasi", status="Ditutup oleh Admin"), 4.5),
    ]  # fmt: skip
    path = as_workbook(tmp_path / "Lapor 2025.XLSX", rows)
    first, second = read_examples(path, directory)

    assert (first.id, second.id) == ("sp4n:Lapor 2025-4", "sp4n:Lapor 2025-6")
    assert (first.kind, second.kind) == ("complaint", "question")
    assert first.group == second.group


@pytest.mark.parametrize(
    ("title", "body", "text"),
    [
        ("Jalan rusak", "Parah sekali", "Jalan rusak. Parah sekali"),
        ("Kapan diperbaiki?", "Sudah lama", "Kapan diperbaiki? Sudah lama"),
        ("Jalan rusak di de...", "jalan rusak di depan SD", "jalan rusak di depan SD"),
        ("Jalan rusak", "", "Jalan rusak"),
        ("-", "Jalan rusak", "Jalan rusak"),
        ("Tagihan", "Telepon 081234567890", "Tagihan. Telepon [telepon]"),
    ],
)
def test_text(tmp_path: Path, directory: Directory, title: str, body: str, text: str) -> None:
    """Title and body become one masked text without repetition."""
    path = as_csv(tmp_path / "a.csv", [HEADER, row(judul=title, isi_laporan_awal=body)])
    assert [example.text for example in tallied(path, directory)[0]] == [text]


@pytest.mark.parametrize(
    ("classification", "kind"),
    [
        ("PENGADUAN", "complaint"),
        ("Pengaduan Berkadar Pengawasan", "complaint"),
        ("Permintaan  Informasi", "question"),
        ("aspirasi", "suggestion"),
        ("Pengadaan", None),
        ("", None),
    ],
)
def test_kind(tmp_path: Path, directory: Directory, classification: str, kind: str | None) -> None:
    """A known classification gives the kind, an unknown one does not."""
    path = as_csv(tmp_path / "a.csv", [HEADER, row(klasifikasi=classification)])
    assert [example.kind for example in tallied(path, directory)[0]] == [kind]


@pytest.mark.parametrize(
    "status", ["Ditolak", "Bukan kewenangan", "SPAM", "Diarsipkan oleh Admin", "Arsip", "Bukan Wewenang Instansi"]
)
def test_what_nobody_took_on_is_skipped(tmp_path: Path, directory: Directory, status: str) -> None:
    """A refused report is used neither as a report nor as chatter, and its status is counted."""
    examples, tally = tallied(as_csv(tmp_path / "a.csv", [HEADER, row(status=status), POTHOLE]), directory)

    assert len(examples) == 1
    assert tally.rows == 2
    assert tally.skipped.total() == 1


@pytest.mark.parametrize(
    ("category", "department", "expected"),
    [
        ("JALAN BERLUBANG", "", ("jalan", (), "category")),
        ("Lainnya terkait Kesehatan", "-", ("kesehatan", (), "category")),
        ("Banjir", "BPBD", ("bencana", ("jalan",), "category")),
        ("Sanitasi", "DPUPKP", ("jalan", ("sampah_lingkungan",), "category")),
        ("Pemadaman Kebakaran", "Satpol PP", ("bencana", (), "category")),
        ("Jalan Berlubang", "Dinas Kesehatan", (None, (), "contradiction")),
        ("Infrastruktur Transportasi", "Dinas Kesehatan", (None, (), "contradiction")),
        ("Infrastruktur Transportasi", "Dinas Perhubungan Kab. Sleman", ("lalu_lintas_parkir", (), "department")),
        ("Topik Lainnya", "Dinas Sosial Kabupaten Sleman", ("sosial", (), "department")),
        ("Topik yang tidak dikenal", "dinsos", ("sosial", (), "department")),
        ("Pemberdayaan Masyarakat", "DPMK", ("lainnya", (), "department")),
        ("Topik Lainnya", "Dinas Perhubungan", (None, (), "nothing")),
        ("Topik Lainnya", "Kecamatan Depok", (None, (), "nothing")),
        ("", "Kementerian Perhubungan", (None, (), "nothing")),
    ],
)
def test_topic(
    tmp_path: Path, directory: Directory, category: str, department: str, expected: tuple[str | None, tuple[str], str]
) -> None:
    """The category decides, or else the department among its topics; a contradiction gives no topic."""
    assert only(tmp_path, directory, kategori=category, dinas_tujuan=department) == expected


def test_every_category_can_be_reached_by_its_name(directory: Directory) -> None:
    """No entry hides another, and each entry's own topic is confirmed by its first department."""
    categories = load_categories(directory)
    for category in categories.values():
        assert category_named(categories, category.name.upper()) is category
        if category.topic is not None:
            confirmed = topic_of(category, directory.topics[category.topic].department, directory)
            assert (confirmed.topic, confirmed.by) == (category.topic, "category"), category.name


def test_every_department_is_found_by_its_name(directory: Directory) -> None:
    """A department is found by its full and short names, also followed by the county's name, and no other is."""
    for code, department in directory.departments.items():
        for name in (department.name, department.short_name):
            assert department_named(directory, name) == code
            assert department_named(directory, f"{name} KABUPATEN SLEMAN") == code


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        ({"name": "Jalan", "topic": "jalanan", "source": "tree"}, "there is no topic 'jalanan'"),
        ({"name": "Jalan", "topic": None, "topic_alt": ["jalan"], "source": "tree"}, "topic_alt needs a topic"),
        ({"name": "Jalan", "topic": "jalan", "source": "hearsay"}, "there is no source 'hearsay'"),
        ({"name": "ADA", "topic": None, "source": "tree"}, "is there twice"),
        ({"name": "Jalan", "source": "tree"}, "categories.1.topic"),
    ],
)
def test_categories_are_checked(tmp_path: Path, directory: Directory, entry: dict[str, object], fault: str) -> None:
    """A wrong entry in the list of categories is reported by name."""
    path = tmp_path / "categories.json"
    first = {"name": "Ada", "topic": None, "source": "tree"}
    path.write_text(json.dumps({"sources": {"tree": "x"}, "categories": [first, entry]}), encoding="utf-8")
    with pytest.raises(ExampleError, match=fault):
        load_categories(directory, path)


def test_the_report_names_what_is_unknown_and_quotes_nothing(tmp_path: Path, directory: Directory) -> None:
    """Skipped or unknown values are counted in the report; no word of a text appears, even from a wrong column."""
    secret = "Saya Ponirah dari Dusun Rahasia sudah lapor berkali-kali tetapi tidak pernah ada yang datang memeriksa"
    rows = [
        HEADER,
        row(isi_laporan_awal=secret, kategori="Angin Ribut", dinas_tujuan="Dinas Cuaca", klasifikasi="Lain"),
        row(isi_laporan_awal=secret, status="Spam"),
        row(kategori=secret),
    ]
    said: list[str] = []
    examples = read_export(as_csv(tmp_path / "a.csv", rows), directory, said.append)
    told = "\n".join(said)

    assert len(examples) == 2
    for expected in (
        "a.csv: 3 rows, 2 read, 1 skipped",
        "Angin Ribut (1)",
        "Dinas Cuaca (1)",
        "Lain (1)",
        "“spam” (1)",
    ):
        assert expected in told
    assert not any(word in told for word in ("Ponirah", "Rahasia", "berkali-kali", "Seyegan"))


def test_a_row_that_fell_apart_is_counted(tmp_path: Path, directory: Directory) -> None:
    """An unquoted line break or separator makes rows of another length, which are skipped and not misread."""
    good = ";".join(HEADER), "Pengaduan;Pasar;Judul;Isi;Web;Disperindag;Selesai"
    torn = "Pengaduan;Pasar;Judul;isi yang", "patah;Web;Disperindag;Selesai", f"{good[1]};lebih"
    path = tmp_path / "a.csv"
    path.write_text("\r\n".join((*good, *torn)), encoding="utf-8")
    examples, tally = tallied(path, directory)

    assert [example.topic for example in examples] == ["perizinan_usaha"]
    assert tally.skipped == {"another number of cells than the header": 3}


@pytest.mark.parametrize(
    ("name", "content", "fault"),
    [
        ("a.csv", ",".join(HEADER).encode() + b"\n", "a.csv: there is no row below the header"),
        ("a.csv", b"", "a.csv: it is empty"),
        ("a.csv", b"\xef\xbb\xbf\r\n,,\r\n", "a.csv: it is empty"),
        ("a.csv", b"klasifikasi;kategori;judul;isi laporan awal\nx;y;RAHASIA;z\n", "missing: dinas_tujuan, status"),
        ("a.csv", b'klasifikasi;judul\nx,"RAHASIA" y;z\n', "missing: kategori, isi_laporan_awal"),
        ("a.csv", b"RAHASIA\n", "missing: klasifikasi, kategori, judul"),
        ("a.csv", ",".join(HEADER).encode() + b'\n"RAHASIA\n', "a.csv: near line 2 a quotation mark"),
        ("a.csv", b"RAHASIA \x81\n", "a.csv: it is neither UTF-8 nor Windows-1252"),
        ("a.xlsx", b"RAHASIA", "a.xlsx: it is not an Excel workbook"),
        ("a.xls", b"RAHASIA", "a.xls: save it as .xlsx or .csv"),
        ("b.csv", None, "b.csv: it cannot be read: No such file"),
    ],
)
def test_faults(tmp_path: Path, directory: Directory, name: str, content: bytes | None, fault: str) -> None:
    """An unusable file is refused in one sentence that names file and fault and quotes no cell."""
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(ExampleError, match=fault) as refused:
        read_examples(tmp_path / name, directory)
    assert "RAHASIA" not in str(refused.value)


def test_an_empty_workbook_is_refused(tmp_path: Path, directory: Directory) -> None:
    """A workbook without a cell is reported as empty."""
    with pytest.raises(ExampleError, match="it is empty"):
        read_examples(as_workbook(tmp_path / "a.xlsx", []), directory)


CELLS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")) | st.sampled_from("\n,;\"'\t"), max_size=12
)
STATUSES = st.sampled_from(["Selesai", "Ditolak", "diarsipkan", "", "Proses"])


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.tuples(*[CELLS] * (len(HEADER) - 1), STATUSES), min_size=1, max_size=6),
    separator=st.sampled_from(",;"),
)
def test_no_row_is_lost_in_silence(
    tmp_path: Path, directory: Directory, rows: list[tuple[str, ...]], separator: str
) -> None:
    """Whatever the cells hold, each row that is not blank is read, with one verdict on its topic, or skipped."""
    path = as_csv(tmp_path / "a.csv", [HEADER, *rows, POTHOLE], separator)
    examples, tally = tallied(path, directory)

    assert tally.rows == 1 + sum(any(cell.strip() for cell in cells) for cells in rows)
    assert len(examples) + tally.skipped.total() == tally.rows
    assert tally.topics.total() == len(examples)
    assert len({example.id for example in examples}) == len(examples)
