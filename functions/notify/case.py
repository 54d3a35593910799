"""What every message about a ticket is made of: the ticket, who reads of it and why, and what it is called there."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from aduan.confidentiality import is_confidential
from aduan.labels import NO_TOPIC, topic_label
from aduan.plain_text import one_line
from notify.gsm_alphabet import SMS_SEPTETS, count_septets, cut, gsm

if TYPE_CHECKING:
    from aduan.directory import Department, Directory
    from aduan.post import Post
    from aduan.ticket import Ticket

DeskReason = Literal["undecided", "no_contact", "dead_contact", "unknown_department"]
"""Why the desk is told: it has to decide; the department has no contact; its addresses are dead; its code is no
longer known."""
TO_PASS_ON: Final[frozenset[DeskReason | None]] = frozenset({"no_contact", "dead_contact"})
"""The reasons for which the desk only has to pass it on."""


@dataclass(frozen=True)
class Link:
    """One thing a reader may do from the mail."""

    label: str
    url: str


@dataclass(frozen=True)
class Case:
    """All a message is made of."""

    ticket: Ticket
    post: Post
    department: Department
    desk_reason: DeskReason | None
    directory: Directory
    links: tuple[Link, ...] = ()
    """What the reader may do about it from the mail."""

    @property
    def emergency(self) -> bool:
        """Whether it is to be seen at once."""
        return self.ticket.urgency == "emergency"

    @property
    def topic(self) -> str:
        """Its label."""
        return topic_label(self.ticket.topic, self.directory, NO_TOPIC)

    @property
    def title(self) -> str:
        """What it is called above a mail."""
        return "Laporan rahasia" if self.secret else self.topic

    @property
    def subject(self) -> str:
        """What it is called in a subject: also where it is."""
        return self.title if self.secret or not self.spot else f"{self.title} \u2013 {self.spot}"

    @property
    def spot(self) -> str:
        """The place in one word, for a subject or an SMS."""
        place = self.ticket.place
        return one_line(place.kalurahan or place.kapanewon or place.outside or "") if place is not None else ""

    @property
    def outside(self) -> bool:
        """Whether an outside owner reads it, to whom the county only passes it on."""
        return self.department.kind == "outside" and self.desk_reason is None

    @functools.cached_property
    def secret(self) -> bool:
        """Whether it is, or while the desk decides may be, the matter of a department that keeps secrets."""
        at_desk = self.desk_reason is not None
        return self.department.confidential or is_confidential(
            self.ticket, self.post, self.directory, undecided=at_desk
        )

    @property
    def how_to_answer(self) -> str:
        """The sentence that says how a mail about it is answered."""
        if self.secret:
            return f"Sebutkan hanya kode {self.ticket.code} bila membalas surel ini, tanpa isi laporan."
        return (
            f"Untuk menyampaikan tindak lanjut, balas surel ini tanpa mengubah kode {self.ticket.code} pada judulnya."
        )

    @property
    def judged(self) -> bool:
        """Whether it is the triage that brought it here, and not a person."""
        triage = self.post.triage
        return triage is not None and (triage.department == self.department.code or self.desk_reason == "undecided")

    def name(self, department: Department) -> str:
        """A department's name; of the group of all kapanewon or kalurahan, the one whose place it is."""
        place = self.ticket.place
        if department.code == "kapanewon" and place is not None and place.kapanewon:
            return one_line(f"Kapanewon {place.kapanewon}")
        if department.code == "kalurahan" and place is not None and place.kalurahan:
            return one_line(f"Pemerintah Kalurahan {place.kalurahan}")
        return name_of(department)

    def sms(self, tail: str) -> str:
        """One SMS that ends with `tail`: cut where it is least missed, in the topic and in the place."""
        head = f"{'DARURAT' if self.emergency else 'Aduan'} {self.ticket.code}: "
        if self.secret:
            return f"{head}laporan rahasia{tail}"
        room = SMS_SEPTETS - count_septets(head + tail)
        where = cut(gsm(self.spot), room // 2)
        where = f" di {where}" if where else ""
        return f"{head}{cut(gsm(self.topic) or NO_TOPIC, room - count_septets(where))}{where}{tail}"


def name_of(department: Department) -> str:
    """A department's name in one line, without the number of offices it stands for."""
    return one_line(department.title)
