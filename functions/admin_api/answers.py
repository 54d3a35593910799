"""The answers of the admin API: records with their codes, and beside each code its label in Indonesian."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, get_args

from admin_api.suppression import NOT_LISTED, TAKEN_OFF
from aduan.labels import (
    KIND_LABELS,
    MOVE_LABELS,
    ROUTE_LABELS,
    STATUS_LABELS,
    STEP_LABELS,
    URGENCY_LABELS,
    department_name,
    notice_state_label,
    topic_label,
)
from aduan.notice import Contact
from aduan.record import WIB, stamp
from aduan.ticket import Status, Ticket

if TYPE_CHECKING:
    from aduan.directory import Directory
    from aduan.example import Example
    from aduan.notice import ContactId, Notice
    from aduan.reply import Reply
    from aduan.store.statistics import Grouping, Tally
    from aduan.store.ticket_reading import TicketDetail
    from aduan.ticket import Event, Voice
    from aduan.triage import Triage

Answer = dict[str, Any]


_WITHHELD: Final = {"recipient", "claimed_by", "message_id", "failure", "bounced"}
"""Fields of a notice for admins only: its address, who sent it, and what a provider says, which may repeat the
address."""
_INTERNAL: Final = {"clock", "round", "act_at", "running_since", "waiting_since"}
"""Fields of a ticket that only the ladder needs."""
_TAKEN_OFF: Final = "Alamat ini dicabut dari daftar blokir SES, sehingga surel dikirim lagi ke sana."
_STILL_LISTED: Final = (
    "Belum pasti apakah alamat ini masih ada di daftar blokir SES. Simpan kontak ini sekali lagi; bila berulang, minta "
    "pengelola sistem memeriksanya."
)
_ADDRESS: Final = re.compile(r"\S+@\S+|(?:\+62|\b62|\b0)[\d\s.-]{7,}\d")


def tickets_answer(tickets: Iterable[Ticket], following: str | None, directory: Directory) -> Answer:
    """Describe one page of a list of tickets; `following` is the cursor of the next page."""
    return {"tickets": [_ticket(ticket, directory) for ticket in tickets], "next_cursor": following}


def forum_answer(tickets: Iterable[Ticket], directory: Directory, *, more: bool) -> Answer:
    """Describe the forum's list; `more` says whether it goes on after these tickets."""
    return {"tickets": [_ticket(ticket, directory) for ticket in tickets], "more": more}


def detail_answer(detail: TicketDetail, directory: Directory, *, everything: bool) -> Answer:
    """Describe one ticket with all that belongs to it; addresses are left out unless `everything` may be seen."""
    first = detail.posts.get(detail.ticket.post)
    return {
        "ticket": _ticket(detail.ticket, directory),
        "decision": _decision(first.triage if first is not None else None, directory),
        "history": [_event(event, everything=everything) for event in detail.events],
        "notices": [_notice(notice, directory, everything=everything) for notice in detail.notices],
        "replies": [_reply(reply) for reply in detail.replies],
        "voices": [_voice(voice, detail, directory) for voice in detail.voices],
    }


def stats_answer(tallies: Mapping[str, Tally], by: Grouping, months: Sequence[str], directory: Directory) -> Answer:
    """Describe the figures, the largest first, but months in their order. Misroutes are not counted by status."""
    order = sorted(tallies) if by == "month" else sorted(tallies, key=lambda group: (-tallies[group].tickets, group))
    return {
        "from": months[0],
        "to": months[-1],
        "by": by,
        "tickets": sum(tally.tickets for tally in tallies.values()),
        "rows": [
            {
                by: group,
                "label": _group_label(by, group, directory),
                "tickets": tallies[group].tickets,
                "statuses": {
                    status: tallies[group].statuses[status]
                    for status in get_args(Status)
                    if tallies[group].statuses[status]
                },
                **({} if by == "status" else {"misroutes": tallies[group].misroutes}),
            }
            for group in order
        ],
    }


def examples_answer(examples: Iterable[Example], month: str, following: str | None, directory: Directory) -> Answer:
    """Describe one page of corrected examples, without anything about the authors of the texts."""
    return {
        "month": month,
        "examples": [
            {
                "ticket": example.ticket,
                "at": stamp(example.at),
                **wib("at", example.at),
                "text": example.text,
                "confirmed": example.is_confirmed,
                "link_of": example.link_of,
                "said": {
                    **example.label.model_dump(mode="json"),
                    "topic_label": example.label.topic and topic_label(example.label.topic, directory),
                    "department_name": example.label.department
                    and department_name(example.label.department, directory),
                },
                "decision": _decision(example.decision, directory),
            }
            for example in examples
        ],
        "next_cursor": following,
    }


def contact_answer(
    who: ContactId,
    contact: Contact | None,
    directory: Directory,
    changes: Iterable[Contact] = (),
    unlisted: Mapping[str, str] | None = None,
) -> Answer:
    """Describe a contact; its fields are empty when nobody has entered it yet.

    Args:
        who: Whose contact it is.
        contact: The contact; None when there is none.
        directory: Names of departments.
        changes: What it was replaced by, the latest first.
        unlisted: What `SuppressionList.take_off` returned for each address that was entered just now.
    """
    names = (field.alias or name for name, field in Contact.model_fields.items())
    known = dict.fromkeys(names) if contact is None else contact.model_dump(mode="json")
    moments = ("updated_at", "dead_since", "fallback_dead_since")
    return {
        **known,
        "department": str(who),
        "department_name": contact_name(who, directory),
        "changes": [
            {
                "at": stamp(version.updated_at),
                **wib("at", version.updated_at),
                "by": version.updated_by,
                **version.model_dump(mode="json", include={"email", "fallback_email", "phone"}),
            }
            for version in changes
        ],
        "suppression_list": [
            {
                "address": address,
                "outcome": outcome if outcome == TAKEN_OFF else "unknown",
                "outcome_label": _TAKEN_OFF if outcome == TAKEN_OFF else _STILL_LISTED,
                "reason": None if outcome == TAKEN_OFF else outcome,
            }
            for address, outcome in (unlisted or {}).items()
            if outcome != NOT_LISTED
        ],
        **{name: value for moment in moments for name, value in wib(moment, getattr(contact, moment, None)).items()},
    }


def _ticket(ticket: Ticket, directory: Directory) -> Answer:
    return {
        **ticket.model_dump(mode="json", exclude=_INTERNAL),
        "status_label": STATUS_LABELS[ticket.status],
        "kind_label": KIND_LABELS[ticket.kind],
        "topic_label": topic_label(ticket.topic, directory),
        "urgency_label": URGENCY_LABELS[ticket.urgency],
        "department_name": department_name(ticket.department, directory),
        "runner_up_name": ticket.runner_up and department_name(ticket.runner_up, directory),
        "place_label": ticket.place.label() if ticket.place else None,
        "channel_name": channel_name(ticket.channel, directory),
        **wib("opened_at", ticket.opened_at),
        **wib("due_at", ticket.due_at),
        **wib("take_up_by", ticket.take_up_by),
        "step_labels": [STEP_LABELS.get(step, step) for step in ticket.steps],
        **wib("corrected_at", ticket.corrected_at),
    }


def _event(event: Event, *, everything: bool) -> Answer:
    # An admin's user name may be a mail address, and a reason may say which mailbox was wrong.
    by, why = (text if everything else _ADDRESS.sub("[…]", text) for text in (event.by, event.why))
    return {
        "at": stamp(event.at),
        **wib("at", event.at),
        "move": event.move,
        "move_label": MOVE_LABELS.get(event.move, event.move),
        "by": by,
        "why": why,
    }


def _notice(notice: Notice, directory: Directory, *, everything: bool) -> Answer:
    withheld = set() if everything else _WITHHELD
    return {
        **notice.model_dump(mode="json", exclude={"kind", "ticket", *withheld}),
        "state_label": notice_state_label(notice.state, notice.medium),
        "department_name": department_name(notice.department, directory),
        **wib("created_at", notice.created_at),
        **wib("sent_at", notice.sent_at),
    }


def _reply(reply: Reply) -> Answer:
    return {
        **reply.model_dump(mode="json", include={"stage", "state", "comment_id", "failure"}),
        "stage_label": STATUS_LABELS[reply.stage],
        **wib("created_at", reply.created_at),
        **wib("sent_at", reply.sent_at),
    }


def _voice(voice: Voice, detail: TicketDetail, directory: Directory) -> Answer:
    post = detail.posts.get(voice.post)
    said: Answer = (
        {"text": None, "clipped": None, "permalink": None, "channel": None, "has_photo": None}
        if post is None
        else post.model_dump(mode="json", include={"text", "clipped", "permalink", "channel", "has_photo"})
    )
    return {
        "post": voice.post,
        "at": stamp(voice.at),
        **wib("at", voice.at),
        **said,
        "decision": _decision(post.triage if post is not None else None, directory),
    }


def _decision(triage: Triage | None, directory: Directory) -> Answer | None:
    """Describe what the classifier decided about a post, with its probabilities, alternatives and reasons."""
    if triage is None:
        return None
    return {
        **triage.model_dump(mode="json"),
        "kind_label": KIND_LABELS[triage.kind],
        "topic_label": triage.topic and topic_label(triage.topic, directory),
        "urgency_label": URGENCY_LABELS[triage.urgency],
        "route_label": ROUTE_LABELS[triage.route],
        **{
            f"{name}_name": code and department_name(code, directory)
            for name, code in (
                ("department", triage.department),
                ("guess", triage.guess),
                ("runner_up", triage.runner_up),
            )
        },
        "place_label": triage.place.label() if triage.place else None,
    }


def wib(name: str, moment: datetime | None) -> Answer:
    """Return the field ``{name}_wib`` with a moment as people read it: ``2026-11-03 13:41 WIB``."""
    return {f"{name}_wib": None if moment is None else moment.astimezone(WIB).strftime("%Y-%m-%d %H:%M WIB")}


def contact_name(contact: ContactId, directory: Directory) -> str:
    """Return the name of a contact's department; for its head, with ``Pimpinan`` before it."""
    name = department_name(contact.department, directory)
    return f"Pimpinan {name}" if contact.role == "head" else name


def channel_name(code: str, directory: Directory) -> str:
    """Return a channel's name; its id when the directory no longer knows it."""
    return next((channel.name for channel in directory.channels if channel.id == code), code)


def _group_label(by: Grouping, group: str, directory: Directory) -> str:
    match by:
        case "channel":
            return channel_name(group, directory)
        case "topic":
            return topic_label(group, directory)
        case "department":
            return department_name(group, directory)
        case "status":
            return STATUS_LABELS.get(group, group)
        case "month":
            return group
