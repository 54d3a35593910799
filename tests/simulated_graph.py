"""The simulated Graph API as the poller asks it, and as somebody by hand does."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from infra.local.simulator.access import proof_of
from infra.local.simulator.config import Config
from infra.local.simulator.rows import citizen_draft
from infra.local.simulator.world import Account, Draft, Kind, Role
from tests.simulated import NOW, SimulatorClient, by_the_county

SECRET = "app-secret"
PAGE = Account(Kind.FACEBOOK_PAGE, "100000000000001", "Pemkab Contoh", "page-token")
INSTAGRAM = Account(Kind.INSTAGRAM, "17841400000000001", "contoh.sleman", "instagram-token")
CONFIG = Config("v25.0", SECRET, (INSTAGRAM, PAGE))
FEED, MEDIA, TAGS = f"{PAGE.account}/feed", f"{INSTAGRAM.account}/media", f"{INSTAGRAM.account}/tags"


def a_draft(source_id: str, kind: str, edge: str, parent: str | None = None, **changed: Any) -> Draft:
    """A text of a citizen; `minutes_ago` says how old it is."""
    row = {"kind": kind, "edge": edge, "parent": parent, "author": "Budi", "text": f"Lapor {source_id}"}
    minutes_ago = changed.pop("minutes_ago", 60)
    return citizen_draft(
        {**row, "has_photo": False, **changed}, source_id, NOW - timedelta(minutes=minutes_ago), "test"
    )


def some_drafts() -> list[Draft]:
    """Three county posts, sixty comments in one thread, replies, five tags and seven visitor posts."""
    return [
        a_draft("ir1", "instagram", "reply", "ic1", minutes_ago=300),  # before its parent: order is free
        by_the_county("m1", Kind.INSTAGRAM, Role.COUNTY_POST),
        by_the_county("m2", Kind.INSTAGRAM, Role.COUNTY_POST, minutes_ago=700),
        by_the_county("f1", Kind.FACEBOOK_PAGE, Role.COUNTY_POST),
        *(a_draft(f"ic{n}", "instagram", "comment", "m1", minutes_ago=400 - n) for n in range(1, 61)),
        by_the_county("c1", Kind.INSTAGRAM, Role.COMMENT, parent="ic1", text="Siap", minutes_ago=0),
        a_draft("ir2", "instagram", "reply", "ir1", minutes_ago=200),
        *(a_draft(f"t{n}", "instagram", "tag", minutes_ago=n) for n in range(1, 6)),
        *(a_draft(f"v{n}", "facebook_page", "visitor_post", minutes_ago=100 * n) for n in range(1, 8)),
        a_draft("fc1", "facebook_page", "comment", "f1", minutes_ago=500),
        a_draft("fr1", "facebook_page", "reply", "fc1", minutes_ago=30),
        a_draft("fc2", "facebook_page", "comment", "f1", author=None, text="", has_photo=True, minutes_ago=400),
    ]


class GraphClient(SimulatorClient):
    """Asks the simulator as the poller does, and as somebody by hand does."""

    def get(self, path: str, account: Account | None = None, /, **params: object) -> tuple[int, Any]:
        """Status and JSON of a Graph request, with the token and proof of the account that it is about."""
        status, _, body = self.get_raw(path, account, **params)
        return status, json.loads(body)

    def get_raw(
        self, path: str, account: Account | None = None, /, **params: object
    ) -> tuple[int, dict[str, str], bytes]:
        """The same with headers and the body's bytes."""
        if account is None:
            page = path.startswith((PAGE.account, "1221"))
            account = PAGE if page else INSTAGRAM
        query = urlencode({"appsecret_proof": proof_of(SECRET, account.token), **params})
        return self.raw("GET", f"/v25.0/{path}?{query}", headers={"Authorization": f"Bearer {account.token}"})

    def good(self, path: str, **params: object) -> Any:
        """The JSON of a Graph request that must succeed."""
        status, body = self.get(path, **params)
        assert status == 200, body
        return body

    def refusal(self, path: str, account: Account | None = None, /, **params: object) -> tuple[int, int, int | None]:
        """Status, code and subcode of a Graph request that must fail."""
        status, body = self.get(path, account, **params)
        assert "fbtrace_id" in body["error"]
        return status, body["error"]["code"], body["error"].get("error_subcode")

    def pages(self, path: str, **params: object) -> list[Any]:
        """Every page, as a client that stops when `next` is absent sees them."""
        found = [self.good(path, **params)]
        while "next" in found[-1].get("paging", {}):
            found.append(self.good(path, **{**params, "after": found[-1]["paging"]["cursors"]["after"]}))
        return found

    def control(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """Status and JSON of a request under `/_simulator`."""
        status, _, answer = self.raw(method, f"/_simulator/{path}", body)
        return status, json.loads(answer)

    def fault(self, name: str, **settings: object) -> None:
        """Switch a fault on."""
        status, answer = self.control("POST", "faults", {"fault": name, **settings})
        assert status == 201, answer


def ids(*pages: Any) -> list[str]:
    """The ids of the items on pages."""
    return [item["id"] for page in pages for item in page["data"]]
