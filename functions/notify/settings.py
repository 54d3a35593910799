"""The settings of every function that sends: notify and `follow_up`."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from aduan.settings import Settings
from notify.delivery import PRODUCTION


class SendingSettings(Settings):
    """Where notices come from, where their links lead, and where they go outside production."""

    table_name: str = Field(min_length=3)
    stage: str
    sender_address: str = Field(pattern=r"^\S+@\S+$")
    override_email: str = ""
    """Address that gets every mail outside production; only production may leave it out."""
    override_phone: str = ""
    """Number that gets every SMS outside production; only production may leave it out."""
    configuration_set: str
    action_base_url: str = Field(pattern=r"^https?://")
    """Address of the API that the links in mails lead to."""
    action_keys: str = Field(min_length=1)
    """ARN of the secret with the keys that sign the links."""
    sms_sender_id: str

    @model_validator(mode="after")
    def _never_reaches_departments_by_accident(self) -> Self:
        for name in ("override_email", "override_phone"):
            if self.stage != PRODUCTION and not getattr(self, name):
                raise ValueError(f"{name.upper()} is missing: in stage {self.stage} every notice goes there")
        return self
