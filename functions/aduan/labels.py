"""The Indonesian labels of codes: the same one for each code in mails, on pages and in the API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from aduan.plain_text import one_line

if TYPE_CHECKING:
    from aduan.directory import Directory
    from aduan.ticket import Ticket

STATUS_LABELS: Final[Mapping[str, str]] = {
    "needs_review": "Menunggu pemeriksaan",
    "routed": "Diteruskan",
    "accepted": "Diterima",
    "in_progress": "Sedang dikerjakan",
    "resolved": "Selesai dikerjakan",
    "closed": "Ditutup",
    "reopened": "Dibuka kembali",
    "not_ours": "Bukan wewenang",
    "duplicate": "Duplikat",
    "rejected": "Bukan aduan",
}
URGENCY_LABELS: Final[Mapping[str, str]] = {
    "emergency": "Darurat",
    "suspected": "Diduga darurat",
    "urgent": "Mendesak",
    "normal": "Biasa",
}
KIND_LABELS: Final[Mapping[str, str]] = {
    "complaint": "Aduan",
    "request": "Permintaan",
    "question": "Pertanyaan",
    "suggestion": "Usulan",
    "other": "Lainnya",
}
ROUTE_LABELS: Final[Mapping[str, str]] = {
    "auto": "Diteruskan tanpa pemeriksaan",
    "desk": "Diperiksa petugas lebih dahulu",
    "question": "Pertanyaan untuk akun",
    "review": "Perlu dilihat petugas",
    "drop": "Bukan aduan",
}
MOVE_LABELS: Final[Mapping[str, str]] = {
    **STATUS_LABELS,
    "opened": "Dibuka",
    "edited": "Kiriman disunting",
    "corrected": "Dikoreksi",
    "source_gone": "Dihapus di kanal asalnya",
    "joined": "Disanggah lagi oleh pelapor",
    "reminded": "Diingatkan",
    "reminded:due": "Diingatkan sebelum tenggat",
    "escalated:head": "Disampaikan kepada pimpinan perangkat daerah",
    "escalated:sekda": "Disampaikan kepada Sekretaris Daerah",
    "escalated:forum": "Masuk daftar forum Wakil Bupati",
}
"""What happened to a ticket, by the move of an event."""
STEP_LABELS: Final[Mapping[str, str]] = {
    "remind": MOVE_LABELS["reminded"],
    "remind_due": MOVE_LABELS["reminded:due"],
    "head": MOVE_LABELS["escalated:head"],
    "head_due": MOVE_LABELS["escalated:head"],
    "sekda": MOVE_LABELS["escalated:sekda"],
    "forum": MOVE_LABELS["escalated:forum"],
}
"""What was done because nobody acted, by the steps of `deadlines.json`."""
NOTICE_STATE_LABELS: Final[Mapping[str, str]] = {
    "pending": "Menunggu dikirim",
    "claimed": "Sedang dikirim",
    "sent": "Diserahkan",
    "failed": "Gagal",
    "parked": "Ditahan, perlu diperiksa petugas",
    "withdrawn": "Ditarik",
    "skipped": "Tidak perlu dikirim",
}
"""What became of a notice. "Diserahkan", not "terkirim": the provider took it, and nothing says that it arrived."""
MEDIUM_LABELS: Final[Mapping[str, str]] = {"email": "surel", "sms": "SMS"}

CHANNEL_KIND_LABELS: Final[Mapping[str, str]] = {
    "facebook_page": "Facebook",
    "instagram": "Instagram",
    "rss": "Media daring",
    "telegram_relay": "Telegram",
    "webhook": "Relai mitra",
    "x": "X",
    "youtube": "YouTube",
}
ERROR_LABELS: Final[Mapping[str, str]] = {
    "OutageError": "Platform tidak menjawab, atau jawabannya rusak",
    "TransientError": "Gangguan sementara pada platform",
    "TooMuchDataError": "Platform menolak permintaan karena terlalu besar",
    "ThrottledError": "Platform meminta kami menunggu",
    "CredentialError": "Token kedaluwarsa, dicabut, atau tidak ada",
    "NotPermittedError": "Token atau aplikasi tidak memiliki izin",
    "MisconfiguredError": "Platform tidak mengenali yang diminta; periksa pengaturan kanal",
    "GoneError": "Akun sudah dihapus atau tidak terlihat oleh kami",
}
"""What is wrong, by the class of an error as the ledger names it."""
NO_TOPIC: Final = "Laporan warga"
"""Label for the topic of a ticket when the directory no longer knows it."""


def notice_state_label(state: str, medium: str) -> str:
    """Say what became of a notice: ``Diserahkan ke penyedia SMS``."""
    label = NOTICE_STATE_LABELS.get(state, state)
    return f"{label} ke penyedia {MEDIUM_LABELS.get(medium, medium)}" if state == "sent" else label


def topic_label(code: str, directory: Directory, unknown: str | None = None) -> str:
    """Return a topic's label; when the directory no longer knows the topic, `unknown` or else its code."""
    topic = directory.topics.get(code)
    return one_line(topic.label) if topic is not None else unknown or code


def department_name(code: str, directory: Directory) -> str:
    """Return a department's name; its code when the directory no longer knows it."""
    department = directory.departments.get(code)
    return code if department is None else department.name


def channel_label(channel: str, directory: Directory) -> str:
    """Return a channel's label, ``Instagram @kabarsleman``; only its kind when the directory no longer knows it."""
    kind = channel.partition(":")[0]
    label = CHANNEL_KIND_LABELS.get(kind, kind)
    known = next((entry for entry in directory.channels if entry.id == channel), None)
    if known is None:
        return one_line(label)
    return one_line(f"{label} {f'@{known.handle}' if known.handle else known.name}")


def matter(ticket: Ticket, directory: Directory) -> tuple[tuple[str, str], ...]:
    """Return topic and place of a ticket, each as label and value: the first facts of every mail and page."""
    place = one_line(ticket.place.label()) if ticket.place is not None else ""
    return (("Topik", topic_label(ticket.topic, directory, NO_TOPIC)), ("Lokasi", place or "tidak disebutkan"))


def error_label(error: str) -> str:
    """Return the label of an error that the ledger names as ``Class: detail``."""
    return ERROR_LABELS.get(error.partition(":")[0], "Galat lain")
