"""What every message about a ticket is made of: the ticket, its reader and why they read it, and what to call it."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from aduan.confidentiality import is_confidential
from aduan.labels import NO_TOPIC, topic_label
from aduan.plain_text import one_line
from aduan.source_link import source_link
from notify.gsm_alphabet import SMS_SEPTETS, count_septets, cut, gsm

if TYPE_CHECKING:
    from aduan.directory import Department, Directory
    from aduan.post import Post
    from aduan.ticket import Ticket

DeskReason = Literal["undecided", "no_contact", "dead_contact", "unknown_department"]
"""Why the desk is told. ``undecided``: it has to decide. ``no_contact``: the department has no contact.
``dead_contact``: all its addresses are dead, or returned this very message. ``unknown_department``: its code is no
longer in the directory."""
TO_PASS_ON: Final[frozenset[DeskReason | None]] = frozenset({"no_contact", "dead_contact"})
"""The reasons for which the desk only has to pass the message on."""


@dataclass(frozen=True)
class Link:
    """A link to one thing the reader may do about the ticket."""

    label: str
    url: str


@dataclass(frozen=True)
class Case:
    """A ticket with everything a message about it needs."""

    ticket: Ticket
    post: Post
    department: Department
    desk_reason: DeskReason | None
    directory: Directory
    links: tuple[Link, ...] = ()
    """What the reader may do about the ticket from the mail."""

    @property
    def emergency(self) -> bool:
        """Whether the ticket is an emergency."""
        return self.ticket.urgency == "emergency"

    @property
    def suspected(self) -> bool:
        """Whether the desk has to look at once whether the ticket is an emergency."""
        return self.desk_reason is not None and self.ticket.urgency == "suspected"

    @property
    def mark(self) -> str:
        """What a subject or an SMS begins with: how dangerous the matter is; empty when it is not."""
        return "DARURAT" if self.emergency else "DIDUGA DARURAT" if self.suspected else ""

    @property
    def topic(self) -> str:
        """The label of the ticket's topic."""
        return topic_label(self.ticket.topic, self.directory, NO_TOPIC)

    @property
    def title(self) -> str:
        """The title of a mail about the ticket."""
        return "Laporan rahasia" if self.secret else self.topic

    @property
    def subject(self) -> str:
        """What a mail's subject says: the title, and the place unless the ticket is secret."""
        return self.title if self.secret or not self.spot else f"{self.title} \u2013 {self.spot}"

    @property
    def spot(self) -> str:
        """The place as one name, for a subject or an SMS; empty when it is not known."""
        place = self.ticket.place
        return one_line(place.kalurahan or place.kapanewon or place.outside or "") if place is not None else ""

    @property
    def outside(self) -> bool:
        """Whether the reader is an owner outside the county, to whom the county only passes the ticket on."""
        return self.department.kind == "outside" and self.desk_reason is None

    @functools.cached_property
    def secret(self) -> bool:
        """Whether the ticket belongs to a confidential department, or may belong to one while the desk decides."""
        at_desk = self.desk_reason is not None
        return self.department.confidential or is_confidential(
            self.ticket, self.post, self.directory, undecided=at_desk
        )

    @functools.cached_property
    def link(self) -> str:
        """The address of the post for a button; empty when it is confidential, or not plainly on its own channel."""
        return "" if self.secret else source_link(self.ticket.permalink, self.ticket.channel, self.directory)

    @property
    def how_to_answer(self) -> str:
        """The sentence that tells the reader how to answer the mail."""
        if self.secret:
            return f"Sebutkan hanya kode {self.ticket.code} bila membalas surel ini, tanpa isi laporan."
        return (
            f"Untuk menyampaikan tindak lanjut, balas surel ini tanpa mengubah kode {self.ticket.code} pada judulnya."
        )

    @property
    def judged(self) -> bool:
        """Whether the triage brought the ticket to this reader, and not a person."""
        triage = self.post.triage
        return triage is not None and (triage.department == self.department.code or self.desk_reason == "undecided")

    def name(self, department: Department) -> str:
        """Return a department's name; for the group of all kapanewon or kalurahan, the one the ticket's place is in."""
        place = self.ticket.place
        if department.code == "kapanewon" and place is not None and place.kapanewon:
            return one_line(f"Kapanewon {place.kapanewon}")
        if department.code == "kalurahan" and place is not None and place.kalurahan:
            return one_line(f"Pemerintah Kalurahan {place.kalurahan}")
        return name_of(department)

    def sms(self, tail: str) -> str:
        """Write one SMS that ends with `tail`; where it is too long, its topic and its place are cut."""
        head = f"{self.mark or 'Aduan'} {self.ticket.code}: "
        if self.secret:
            return f"{head}laporan rahasia{tail}"
        room = SMS_SEPTETS - count_septets(head + tail)
        where = cut(gsm(self.spot), room // 2)
        where = f" di {where}" if where else ""
        return f"{head}{cut(gsm(self.topic) or NO_TOPIC, room - count_septets(where))}{where}{tail}"


def name_of(department: Department) -> str:
    """Return a department's name in one line, without the number of offices it stands for."""
    return one_line(department.title)
