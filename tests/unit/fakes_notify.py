"""Providers that send nothing: they keep what they are given and answer as a test told them to."""

from __future__ import annotations

from dataclasses import dataclass, field

from aduan.notice import Contact
from notify.senders import Envelope
from notify.wording import Mail
from tests.builders import NOON


def a_contact(department: str, *, email: bool = True, phone: bool = True) -> Contact:
    """A contact whose address names the department."""
    return Contact(
        department=department,
        email=f"{department}@sleman.example" if email else None,
        phone=f"+62811{len(department):06}" if phone else None,
        updated_at=NOON,
        updated_by="admin",
    )


@dataclass
class FakeMail:
    """Stands in for SES."""

    outbox: list[tuple[str, Mail, str | None]] = field(default_factory=list)
    """Recipient, mail and reply address of every send that was begun."""
    fault: Exception | None = None

    def send(self, mail: Mail, envelope: Envelope) -> str:
        """Keep it, then answer or fail."""
        self.outbox.append((envelope.recipient, mail, envelope.reply_to))
        if self.fault is not None:
            raise self.fault
        return f"mail-{len(self.outbox)}"


@dataclass
class FakeSms:
    """Stands in for SNS."""

    outbox: list[tuple[str, str]] = field(default_factory=list)
    fault: Exception | None = None

    def send(self, text: str, envelope: Envelope) -> str:
        """Keep it, then answer or fail."""
        self.outbox.append((envelope.recipient, text))
        if self.fault is not None:
            raise self.fault
        return f"sms-{len(self.outbox)}"
