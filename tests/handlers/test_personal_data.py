"""Personal data that enters anywhere comes out nowhere: not in the table, a log, a message or an answer.

Every function runs as it is deployed: the platforms are the simulator's, the table and the providers are moto's, and
the stream's records are made of what lies in the table.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random
from types import ModuleType, SimpleNamespace
from typing import Any, Final, cast

import boto3
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from moto.sesv2.models import sesv2_backends
from moto.sns.models import sns_backends

from aduan.directory_loading import load_directory
from aduan.post import Post
from aduan.store.contacts import DynamoContactStore
from aduan.store.table import Table, to_image
from infra import templates
from infra.local.simulator.config import Config
from infra.local.simulator.server import Server, running
from infra.local.simulator.simulator import Simulator
from infra.local.simulator.world import Account, Draft, Kind, Role, populate
from intake.signature import relay_signature
from poll_channels.connection import PostFactory
from tests.admin_requests import an_admin_request
from tests.canaries import Canary, some_canaries
from tests.conftest import DUMMY
from tests.deployment import deployment
from tests.links import create_keys
from tests.table import TABLE_NAME, everything
from tests.unit.fakes_notify import a_contact

SECRET: Final = "rahasia-KUNCIMERAH-0123456789"
"""Part of every token and key in these tests."""
NAME: Final = "Kenarina Wulandari"
SPOILT: Final = "RUSAK"
"""A post with this word cannot be read on any platform, and goes into quarantine."""
FUNCTIONS: Final = {
    "poll_channels": "PollChannels",
    "classify": "Classify",
    "notify": "Notify",
    "follow_up": "FollowUp",
    "admin_api": "AdminApi",
    "intake": "Intake",
}
CHANNELS: Final = tuple(
    channel.model_copy(update={"enabled": True, "monthly_budget_usd": None}) for channel in load_directory().channels
)
ROUTES: Final = sorted(
    event["Properties"]["Path"]
    for function in templates.load("template.yaml")["Resources"].values()
    for event in function.get("Properties", {}).get("Events", {}).values()
    if event["Type"] == "Api" and event["Properties"]["Method"] == "GET"
    if "Auth" not in event["Properties"]
)
"""Every address that an admin may read."""


# --------------------------------------------------------------------------------------------- what people write


EMERGENCY: Final = "tolong min kebakaran di Gamping, api besar di rumah warga"
COMPLAINTS: Final = (
    "Min, lampu jalan depan pasar Condongcatur mati sudah tiga hari, tolong diperbaiki",
    EMERGENCY,
    "Selamat pagi min, semoga sehat selalu",
    "min iki piye to jan ora karuan tenan, tolong",
    "Ada pungli di kelurahan Caturtunggal, saya dimintai uang",
    f"Sampah menumpuk di Mlati {SPOILT}",
    f"Jalan berlubang di Ngaglik {SPOILT}",
)
PLACES: Final[tuple[tuple[Kind, Role, str | None], ...]] = (
    (Kind.INSTAGRAM, Role.COMMENT, "host"),
    (Kind.INSTAGRAM, Role.REPLY, "0"),
    (Kind.INSTAGRAM, Role.TAG, None),
    (Kind.FACEBOOK_PAGE, Role.VISITOR_POST, None),
    (Kind.FACEBOOK_PAGE, Role.COMMENT, "host"),
    (Kind.FACEBOOK_PAGE, Role.REPLY, "4"),
    (Kind.TELEGRAM_RELAY, Role.FORWARD, None),
    (Kind.TELEGRAM_RELAY, Role.FORWARD, None),
    (Kind.X, Role.MENTION, None),
    (Kind.X, Role.MENTION, None),
    (Kind.YOUTUBE, Role.COMMENT, "host"),
    (Kind.YOUTUBE, Role.REPLY, "10"),
    (Kind.RSS, Role.ITEM, None),
    (Kind.RSS, Role.ITEM, None),
)
"""All places where a citizen can write. The last element is the parent."""
COUNTY_POSTS: Final = (Kind.INSTAGRAM, Kind.FACEBOOK_PAGE, Kind.YOUTUBE)


@dataclass(frozen=True)
class Said:
    """A citizen's text: ordinary words, a unique word, and a piece of personal data."""

    complaint: str
    canaries: tuple[Canary, ...]
    marker: str

    @property
    def text(self) -> str:
        """All of it."""
        return f"{self.complaint} {self.marker}, {', '.join(canary.written for canary in self.canaries)} ya min"


def some_talk(random: Random) -> list[Said]:
    """One text for each place, one for a partner, and one for the later edit of each place."""
    count = 2 * len(PLACES) + 1
    complaints = (COMPLAINTS * count)[:count]
    said = [
        Said(complaint, tuple(some_canaries(random)), f"penanda{number:02}zq")
        for number, complaint in enumerate(random.sample(complaints, count))
    ]
    said[len(PLACES)] = replace(said[len(PLACES)], complaint=EMERGENCY)
    return said


# --------------------------------------------------------------------------------------------- the county


def accounts() -> tuple[Account, ...]:
    """The county's accounts on the simulator, as the directory names them."""
    return tuple(
        Account(
            Kind(channel.kind),
            channel.account,
            channel.handle or channel.name,
            token_of(channel.id),
            moderators=cast("tuple[str, ...]", channel.parameters.get("moderators", ())),
            feed="/surat-pembaca.xml" if channel.kind == "rss" else "",
            channel=channel.id.partition(":")[2],
        )
        for channel in CHANNELS
        if channel.kind != "webhook"
    )


def token_of(channel: str) -> str:
    """The token of a channel. A bot's token has the account and a colon in front."""
    account = next(each.account for each in CHANNELS if each.id == channel)
    return f"{account}:{SECRET}" if channel.startswith("telegram") else f"{SECRET}-{channel.replace(':', '-')}"


class SpoiltFactory(PostFactory):
    """Makes some posts unreadable, as a platform's own mistake would."""

    def post(self, native_id: str, text: str, *others: Any, **more: Any) -> Post:
        """Make a post as usual, but with an invalid id when its text is spoilt."""
        return super().post("///" if SPOILT in text else native_id, text, *others, **more)


@dataclass
class County:
    """All functions as they are deployed, their table, and the platforms."""

    modules: Mapping[str, ModuleType]
    server: Server
    table: Table
    log: io.StringIO
    answers: dict[str, str] = field(default_factory=dict)
    """What the API and the intake answered, by address."""

    def start(self, said: list[Said]) -> None:
        """Empty the table but for the departments' contacts, and let the platforms show these texts."""
        for item in self.items():
            if not item["pk"].startswith("DEPARTMENT#"):
                self.table.client.delete_item(TableName=TABLE_NAME, Key=to_image({"pk": item["pk"], "sk": item["sk"]}))
        self.mails.clear()
        sns_backends[DUMMY_ACCOUNT][REGION].sms_messages.clear()
        self.log.seek(0)
        self.log.truncate()
        self.answers.clear()
        now = datetime.now(UTC)
        hosts = [
            Draft(f"{kind}-host", kind, Role.COUNTY_POST, None, None, "Info", has_photo=False,
                  created_at=now - timedelta(hours=3), by_county=True)
            for kind in COUNTY_POSTS
        ]  # fmt: skip
        drafts = [
            Draft(
                source_id=f"{kind}-{number}",
                kind=kind,
                role=role,
                parent=None if parent is None else f"{kind}-{parent}",
                author=f"{NAME} {number}",
                text=said[number].text,
                has_photo=number % 3 == 0,
                created_at=now - timedelta(minutes=100 - number),
            )
            for number, (kind, role, parent) in enumerate(PLACES)
        ]
        config = Config("v25.0", SECRET, accounts())
        self.server.simulator = Simulator(config, populate(accounts(), [*hosts, *drafts]))

    @property
    def mails(self) -> list[Any]:
        """What SES accepted."""
        sent: list[Any] = sesv2_backends[DUMMY_ACCOUNT][REGION].core_backend.sent_messages
        return sent

    @property
    def texts(self) -> list[Any]:
        """What SNS accepted."""
        return list(sns_backends[DUMMY_ACCOUNT][REGION].sms_messages.values())

    def items(self) -> list[dict[str, Any]]:
        """Everything in the table."""
        return everything(self.table)

    def call(self, function: str, event: dict[str, Any]) -> Any:
        """Invoke a function and keep all that it prints, wherever it prints it."""
        context = SimpleNamespace(
            aws_request_id="request-1",
            function_name=function,
            memory_limit_in_mb=256,
            invoked_function_arn=f"arn:aws:lambda:{REGION}:{DUMMY_ACCOUNT}:function:{function}",
            get_remaining_time_in_millis=lambda: 250_000,
        )
        with contextlib.redirect_stdout(self.log), contextlib.redirect_stderr(self.log):
            return self.modules[function].handler(event, context)

    def poll(self) -> None:
        """Read every channel."""
        for kind in {channel.kind for channel in CHANNELS} - {"webhook"}:
            self.call("poll_channels", {"kind": kind, "at_once": True})

    def deliver(self, said: Said) -> int:
        """Push as a partner does."""
        body = json.dumps(
            {
                "id": "icj-20261103-0007",
                "source": "fb_group_relay",
                "group": "infocegatanjogja",
                "text": said.text,
                "link": "https://wa.me/6281234567890",
                "posted_at": datetime.now(UTC).isoformat(timespec="seconds"),
                "reporter_consent": True,
                "photos": [f"https://example.org/{NAME.replace(' ', '')}.jpg"],
            }
        )
        timestamp = str(int(datetime.now(UTC).timestamp()))
        headers = {
            "Content-Type": "application/json",
            "X-Relay-Key-Id": "icj-2026-11",
            "X-Relay-Timestamp": timestamp,
            "X-Relay-Signature": relay_signature(SECRET, timestamp, body.encode()),
        }
        request = an_admin_request("POST", "/intake/icj", body=body)
        partner = {"resource": "/intake/{source}", "pathParameters": {"source": "icj"}, "headers": headers}
        answer = self.call("intake", request | partner)
        self.answers["/intake/icj"] = json.dumps(answer)
        return int(answer["statusCode"])

    def stream(self) -> None:
        """Bring what is new to its decision, and what is pending to its department."""
        for function, prefix, attribute, state in (
            ("classify", "POST#", "pk", "new"),
            ("notify", "NOTICE#", "sk", "pending"),
        ):
            waiting = [
                item for item in self.items() if item[attribute].startswith(prefix) and item.get("state") == state
            ]
            records = [
                {
                    "eventID": str(number),
                    "eventName": "INSERT",
                    "eventSource": "aws:dynamodb",
                    "dynamodb": {
                        "Keys": to_image({"pk": item["pk"], "sk": item["sk"]}),
                        "NewImage": to_image(item),
                        "SequenceNumber": str(number),
                        "StreamViewType": "NEW_AND_OLD_IMAGES",
                    },
                }
                for number, item in enumerate(waiting)
            ]
            assert self.call(function, {"Records": records}) == {"batchItemFailures": []}
        self.call("follow_up", {})

    def correct(self, note: str) -> None:
        """Correct every ticket to another department, with this note."""
        for item in self.items():
            if item["sk"] == "TICKET":
                department = "dlh" if item["department"] != "dlh" else "dishub"
                body = {"department": department, "note": note, "version": int(item["version"])}
                path = f"/tickets/{item['code']}/correction"
                event = an_admin_request("POST", path, body=body) | {"resource": "/tickets/{code}/correction"}
                assert self.call("admin_api", event)["statusCode"] == 200

    def ask_everything(self) -> None:
        """Read every address of the API as an admin, including everything that it lists."""
        tickets = {item["code"] for item in self.items() if item["sk"] == "TICKET"}
        departments = {item["department"] for item in self.items() if item["sk"] == "TICKET"}
        now = datetime.now(UTC)
        day = {"from": (now - timedelta(hours=20)).isoformat(), "to": now.isoformat()}
        queries: dict[str, list[dict[str, str]]] = {
            "/coverage": [{"channel": channel.id, **day} for channel in CHANNELS if channel.kind != "webhook"],
            "/stats": [{"by": by} for by in ("channel", "topic", "department", "month", "status")],
        }
        for route in ROUTES:
            codes: set[str | None] = {None}
            if "{" in route:
                codes = {*(departments if route.startswith("/departments") else tickets)}
            for code in codes:
                path = route if code is None else re.sub(r"\{\w+\}", code, route)
                for query in queries.get(route, [{}]):
                    event = an_admin_request("GET", path, query=query) | {"resource": route}
                    answer = self.call("admin_api", event)
                    assert answer["statusCode"] == 200, (path, answer["body"])
                    self.answers[f"{path} {query}"] = json.dumps(json.loads(answer["body"]), ensure_ascii=False)


DUMMY_ACCOUNT, REGION = "123456789012", DUMMY["AWS_DEFAULT_REGION"]


@pytest.fixture(name="county", scope="module")
def _county() -> Iterator[County]:
    """Start all functions once for all examples."""
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(running(Simulator(Config("v25.0", SECRET, ()), populate((), []))))
        deployed = stack.enter_context(deployment(**DUMMY))
        addresses = {
            "GRAPH_BASE_URL": server.url,
            "X_BASE_URL": f"{server.url}/x",
            "TELEGRAM_BASE_URL": f"{server.url}/telegram",
            "FEED_BASE_URL": f"{server.url}/feeds",
            "YOUTUBE_BASE_URL": f"{server.url}/youtube",
        }
        create_keys()
        boto3.client("ses").verify_email_identity(EmailAddress="aduan@sleman.example")
        ssm = boto3.client("ssm")
        secrets = {f"channels/{channel.id.replace(':', '/')}/token": token_of(channel.id) for channel in CHANNELS}
        for name in (
            "meta/app_secret",
            "meta/app_id",
            "meta/verify_token",
            "author_key",
            "intake/icj/keys/icj-2026-11",
        ):
            secrets[name] = SECRET
        for name, value in secrets.items():
            ssm.put_parameter(Name=f"/aduan/test/{name}", Value=value, Type="SecureString", Overwrite=True)
        for department in ("desk", "dishub", "dlh"):  # the others are told through the desk
            DynamoContactStore(deployed.table).put(a_contact(department))
        modules = {name: deployed(function, **addresses) for name, function in FUNCTIONS.items()}
        county = County(modules, server, deployed.table, deployed.log)
        patched = stack.enter_context(pytest.MonkeyPatch.context())
        poller: Any = modules["poll_channels"]
        patched.setattr(poller, "directory", poller.directory.model_copy(update={"channels": CHANNELS}))
        patched.setattr("poll_channels.connection.PostFactory", SpoiltFactory)
        # What libraries warn of reaches Lambda's log as well.
        warnings = logging.StreamHandler(county.log)
        warnings.setLevel(logging.WARNING)
        logging.getLogger().addHandler(warnings)
        stack.callback(logging.getLogger().removeHandler, warnings)
        yield county
        poller.http.clear()


def everything_of(sent: object) -> str:
    """Everything that was given to a provider, as text."""
    return json.dumps(sent, default=lambda value: vars(value) if hasattr(value, "__dict__") else str(value),
                      ensure_ascii=False)  # fmt: skip


@pytest.mark.filterwarnings("ignore:Generating overly large repr")  # of the county; it would hide what failed
@given(st.integers(0, 2**32))
@settings(max_examples=3, phases=[Phase.explicit, Phase.reuse, Phase.generate])
def test_nothing_personal_comes_out_anywhere(county: County, seed: int) -> None:
    """No number, address or name that a citizen writes anywhere is kept, logged, sent or answered."""
    said = some_talk(Random(seed))  # noqa: S311 # no secret depends on it
    first, partner, later = said[: len(PLACES)], said[len(PLACES)], said[len(PLACES) + 1 :]
    county.start(first)
    assert county.deliver(partner) == 202
    county.poll()
    county.stream()
    world = county.server.simulator.world
    for entry, text in zip(world.citizen_posts(), later, strict=True):
        world.edit(entry.native_id, text.text, datetime.now(UTC))
    county.poll()
    county.stream()
    county.correct(later[0].text)
    county.stream()
    county.ask_everything()

    items = county.items()
    log = county.log.getvalue()
    table = json.dumps(items, default=str, ensure_ascii=False)
    mails, texts = everything_of(county.mails), everything_of(county.texts)
    api = "\n".join(county.answers.values())

    # There really are posts, mails and answers to search: the checks below do not pass for want of them.
    stored = Counter(item["kind"] for item in items if item["sk"] == "POST" and item["pk"].startswith("POST#"))
    quarantined = sum(item["pk"].startswith("QUARANTINE#") for item in items)
    assert stored.total() + quarantined >= len(PLACES) + 1
    assert stored["webhook"] == 1
    assert len(county.mails) > 3
    assert county.texts
    assert {json.loads(line).get("level") for line in log.splitlines() if line.startswith("{")} >= {"INFO"}
    assert "[" in api

    people = [entry.author for entry in world.citizen_posts() if entry.author is not None]
    persons = [SECRET, "Kenarina", "Wulandari", "6281234567890", *(person.native_id for person in people)]
    written = [canary for each in said for canary in each.canaries]
    for place, found in (("table", table), ("log", log), ("mails", mails), ("SMS", texts), ("API", api)):
        assert [canary.written for canary in written if canary.found_in(found)] == [], place
        assert [person for person in persons if person.lower() in found.lower()] == [], place

    # The text itself is for the department only, and not for readers of a log, a ledger or an SMS.
    channels = json.dumps([item for item in items if item["pk"].startswith("CHANNEL#")], default=str)
    words = ("/tickets", "/examples", "/review", "/questions")
    figures = "\n".join(answer for address, answer in county.answers.items() if not address.startswith(words))
    examples = "\n".join(answer for address, answer in county.answers.items() if address.startswith("/examples"))
    assert any(each.marker in examples for each in later)
    for place, found in (("log", log), ("SMS", texts), ("ledger", channels), ("figures", figures)):
        assert [each.marker for each in said if each.marker in found] == [], place
