"""The mail that lists the posts waiting for a person, by the thread they stand under, in Indonesian."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from aduan.confidentiality import any_confidential
from aduan.labels import URGENCY_LABELS, channel_label, topic_label
from aduan.plain_text import day_in_wib, in_wib, one_line, readable
from aduan.quotation import quotation
from aduan.safe_text import defanged
from aduan.source_link import source_link
from aduan.triage import DESK
from notify.waiting_posts import is_overdue
from notify.wording import Mail, laid_out

if TYPE_CHECKING:
    from aduan.directory import Department, Directory
    from aduan.notice import ListNotice
    from aduan.post import Post
    from notify.case import DeskReason
    from notify.waiting_posts import Waiting

SHOWN_POSTS: Final = 60
"""Most posts in one mail, as mail programs cut what is much longer. It says how many are left out."""
SHOWN_TEXT: Final = 240
SHOWN_ABOVE: Final = 120
"""Longest quotation of a post, and of what it stands under, in characters."""


@dataclass(frozen=True)
class Listed:
    """One post in the list."""

    text: str
    quoted: bool
    """False when a sentence stands in place of the words."""
    about: str
    """When it was written, how urgent it sounds and what it may be about, in one line."""
    urgent: bool
    key: str
    """How the API names the post."""
    link: str
    """Address of the post; empty when it is not shown."""


@dataclass(frozen=True)
class Thread:
    """Posts under the same text."""

    channel: str
    above: str
    """What they stand under; empty when that is not known."""
    posts: tuple[Listed, ...]


@dataclass(frozen=True)
class Section:
    """Threads under one heading."""

    title: str
    threads: tuple[Thread, ...]
    more: str = ""
    """Says how many posts are not shown; empty when all are."""


@dataclass(frozen=True)
class Letter:
    """The content of the mail. Every sentence is here, so that both templates say the same."""

    title: str
    urgent: bool
    moment_label: str
    moment: str
    greeting: str
    opening: tuple[str, ...]
    sections: tuple[Section, ...]
    steps: tuple[str, ...]


def list_mail(
    notice: ListNotice, waiting: Waiting, desk_reason: DeskReason | None, directory: Directory, now: datetime
) -> Mail:
    """Write the mail about the posts that wait.

    Args:
        notice: Says whose list it is, and whether it is the day's or what sounds urgent.
        waiting: The posts; at least one.
        desk_reason: Why the mail goes to the desk; None when it goes to the department itself.
        directory: Names and labels.
        now: When it is sent.
    """
    desk = directory.departments[DESK]
    department = directory.departments.get(notice.department, desk)
    passed_on = desk_reason in {"no_contact", "dead_contact", "unknown_department"}
    urgent = notice.occasion == "urgent"
    title = _title(waiting, urgent=urgent)
    letter = Letter(
        title=title,
        urgent=urgent,
        moment_label="Keadaan pada" if urgent else "Daftar hari",
        moment=in_wib(now) if urgent else day_in_wib(now),
        greeting=f"Yth. {readable((desk if passed_on else department).name)},",
        opening=tuple(_opening(waiting, department, now, urgent=urgent, passed_on=passed_on)),
        sections=tuple(_sections(waiting, directory, now, urgent=urgent)),
        steps=tuple(_steps(waiting)),
    )
    return laid_out("list", f"[{'Segera dilihat' if urgent else 'Daftar harian'}] {title}", letter=letter)


def _title(waiting: Waiting, *, urgent: bool) -> str:
    if urgent:
        return f"{len(waiting.candidates)} tulisan bernada mendesak menunggu keputusan"
    parts = []
    if waiting.candidates:
        parts.append(f"{len(waiting.candidates)} tulisan menunggu keputusan")
    if waiting.questions:
        parts.append(f"{len(waiting.questions)} pertanyaan belum dijawab")
    return ", ".join(parts)


def _opening(
    waiting: Waiting, department: Department, now: datetime, *, urgent: bool, passed_on: bool
) -> Iterator[str]:
    if urgent:
        yield (
            "Tulisan berikut terdengar mendesak, tetapi Aduan belum yakin bahwa itu laporan. Belum ada tiket, dan "
            "belum ada Perangkat Daerah yang diberi tahu. Mohon diputuskan sekarang."
        )
        return
    if waiting.candidates:
        yield (
            "Tulisan berikut mungkin laporan warga. Belum ada tiket sampai Anda memutuskannya, satu per satu atau "
            "sekaligus untuk satu utas."
        )
    overdue = sum(is_overdue(post, now) for post in waiting.candidates)
    if overdue:
        yield f"{overdue} di antaranya sudah menunggu tiga hari atau lebih, dan disebut setiap hari sampai diputuskan."
    if waiting.questions:
        yield (
            "Pertanyaan warga kepada akun yang Anda kelola sudah sehari atau lebih belum dijawab. Pertanyaan hilang "
            "dari daftar begitu akun membalasnya."
        )
    if passed_on:
        yield (
            f"Surel ini untuk {readable(department.name)} sebagai pengelola kanal, tetapi tidak dapat disampaikan ke "
            "sana. Mohon diteruskan, dan mohon kontaknya diperbarui."
        )


def _sections(waiting: Waiting, directory: Directory, now: datetime, *, urgent: bool) -> Iterator[Section]:
    overdue = [post for post in waiting.candidates if not urgent and is_overdue(post, now)]
    others = [post for post in waiting.candidates if post not in overdue]
    parts: tuple[tuple[str, Sequence[Post], Callable[[Post], float]], ...] = (
        ("Sudah tiga hari atau lebih", overdue, _age),
        ("Bernada mendesak" if urgent else "Menunggu keputusan", others, _unlikelihood),
        ("Pertanyaan yang belum dijawab", waiting.questions, _age),
    )
    left = SHOWN_POSTS
    for title, posts, order in parts:
        if not posts:
            continue
        threads = list(_threads(posts, order, left, directory))
        shown = sum(len(thread.posts) for thread in threads)
        left -= shown
        hidden = len(posts) - shown
        more = f"Masih ada {hidden} lagi, yang dapat dibaca lewat API Aduan." if hidden else ""
        yield Section(title, tuple(threads), more)


def _threads(
    posts: Iterable[Post], order: Callable[[Post], float], most: int, directory: Directory
) -> Iterator[Thread]:
    """Group posts by what they stand under; the thread with the first post comes first. At most so many are shown."""
    groups: defaultdict[tuple[str, str], list[Post]] = defaultdict(list)
    for post in sorted(posts, key=lambda post: (order(post), post.key)):
        groups[post.channel, post.thread].append(post)
    for members in groups.values():
        if most <= 0:
            return
        shown = members[:most]
        most -= len(shown)
        first = members[0]
        above = defanged(one_line(first.context.under)) if first.context is not None else ""
        yield Thread(
            channel=channel_label(first.channel, directory),
            above=above if len(above) <= SHOWN_ABOVE else f"{above[:SHOWN_ABOVE].rstrip()} …",
            posts=tuple(_listed(post, directory) for post in shown),
        )


def _listed(post: Post, directory: Directory) -> Listed:
    triage = post.triage
    secret = triage is not None and any_confidential((triage.department, triage.guess, triage.runner_up), directory)
    lines, instead = quotation(post, SHOWN_TEXT, confidential=secret)
    urgency = "" if triage is None or triage.urgency == "normal" else URGENCY_LABELS[triage.urgency]
    topic = topic_label(triage.topic, directory) if triage is not None and triage.topic and not secret else ""
    return Listed(
        text=" ".join(lines) or instead,
        quoted=bool(lines),
        about=" · ".join(filter(None, (in_wib(post.created_at), urgency, f"mungkin: {topic}" if topic else ""))),
        urgent=bool(urgency),
        key=post.key,
        link="" if secret else source_link(post.permalink, post.channel, directory),
    )


def _steps(waiting: Waiting) -> Iterator[str]:
    if waiting.candidates:
        yield (
            "Buka daftar tulisan dengan GET /review, lalu kirim keputusan dengan POST /review: Perangkat Daerah yang "
            "berwenang, pertanyaan, atau bukan laporan."
        )
        yield "Tiket yang dibuka mencatat waktu tulisan itu ditulis, bukan waktu keputusan Anda."
    if waiting.questions:
        yield "Jawab pertanyaan langsung di bawah tulisannya, memakai akun yang ditanya."
        yield (
            "Bila pertanyaan itu sebenarnya laporan, admin Aduan menjadikannya tiket dengan satu langkah: POST /review."
        )


def _age(post: Post) -> float:
    return post.created_at.timestamp()


def _unlikelihood(post: Post) -> float:
    """Order the urgent first, then the likely ones."""
    triage = post.triage
    return 0.0 if triage is None else -(triage.report_probability + (triage.urgency != "normal"))
