"""What sending needs to be told; `follow_up` sends as well, and needs the same."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from aduan.settings import Settings
from notify.delivery import PRODUCTION


class SendingSettings(Settings):
    """From whom notices come, and where they go outside production."""

    table_name: str = Field(min_length=3)
    stage: str
    sender_address: str = Field(pattern=r"^\S+@\S+$")
    override_email: str = ""
    """Only production may leave it out."""
    override_phone: str = ""
    """Only production may leave it out."""
    configuration_set: str
    action_base_url: str = Field(pattern=r"^https?://")
    """Where the links of the mails lead."""
    action_keys: str = Field(min_length=1)
    """ARN of the secret with the keys of the links."""
    sms_sender_id: str

    @model_validator(mode="after")
    def _never_reaches_departments_by_accident(self) -> Self:
        for name in ("override_email", "override_phone"):
            if self.stage != PRODUCTION and not getattr(self, name):
                raise ValueError(f"{name.upper()} is missing: in stage {self.stage} every notice goes there")
        return self
