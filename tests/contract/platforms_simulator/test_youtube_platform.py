"""The simulator speaks YouTube as the contract says."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest

from infra.local.simulator.world import Kind
from tests.simulated_platforms import ALL_THREADS, COMMENTS, THREADS, VIDEOS, YOUTUBE, PlatformsClient, a_draft, several


def test_threads_come_newest_first_in_pages(client: PlatformsClient) -> None:
    """The threads of all videos are listed, each once, and a reply moves none of them up."""
    client.control("POST", "posts", {"kind": "youtube", "edge": "reply", "parent": "youtube-0", "text": "Betul"})
    first = client.threads(maxResults=4)
    second = client.threads(maxResults=4, pageToken=first["nextPageToken"])
    listed = [item["id"] for item in first["items"] + second["items"]]

    assert listed == [client.native(f"youtube-{n}") for n in range(6, -1, -1)]
    assert "nextPageToken" not in second
    assert first["items"][0]["snippet"]["topLevelComment"]["snippet"]["publishedAt"] == "2026-11-03T05:26:00Z"


def test_replies_beyond_the_shown_ones_have_their_own_list(client: PlatformsClient) -> None:
    """A thread shows five of its replies and says how many there are; the list has all of them."""
    replies = [a_draft(f"r{n}", Kind.YOUTUBE, edge="reply", parent="youtube-0", minutes_ago=50 - n) for n in range(8)]
    client.holds(*several(Kind.YOUTUBE, 1), *replies)
    [thread] = client.threads()["items"]
    status, listed = client.youtube(COMMENTS, part="snippet", parentId=thread["id"], maxResults=100)

    assert thread["snippet"]["totalReplyCount"] == 8
    assert len(thread["replies"]["comments"]) == 5
    assert status == 200
    assert {item["id"] for item in listed["items"]} == {client.native(f"r{n}") for n in range(8)}
    assert {item["snippet"]["parentId"] for item in listed["items"]} == {thread["id"]}


def test_videos_are_given_by_their_ids(client: PlatformsClient) -> None:
    """The first line of the county's text is the title; a comment is no video, and unknown ids are left out."""
    video = client.native("v1")
    client.control("PATCH", f"posts/{video}", {"text": "Pasar murah\nSampai Jumat"})
    status, listed = client.youtube(VIDEOS, part="snippet", id=f"{video},tidak-ada,{client.native('youtube-0')}")

    assert status == 200
    [item] = listed["items"]
    assert (item["kind"], item["id"]) == ("youtube#video", video)
    assert (item["snippet"]["title"], item["snippet"]["description"]) == ("Pasar murah", "Sampai Jumat")


def test_an_edit_on_youtube_shows_in_its_times(client: PlatformsClient) -> None:
    """An edited comment was updated after it was published; a deleted one is gone."""
    client.control("PATCH", f"posts/{client.native('youtube-1')}", {"text": "Diralat"})
    client.control("DELETE", f"posts/{client.native('youtube-0')}")
    top = [item["snippet"]["topLevelComment"]["snippet"] for item in client.threads()["items"]]

    assert [text["textOriginal"] for text in top if text["updatedAt"] > text["publishedAt"]] == ["Diralat"]
    assert len(top) == 6


@pytest.mark.parametrize(
    ("path", "params", "status", "reason"),
    [
        (THREADS, {"part": "snippet"}, 400, "missingRequiredParameter"),
        (THREADS, {"part": "snippet", "videoId": "v", "id": "c"}, 400, "missingRequiredParameter"),
        (THREADS, {"part": "snippet", "videoId": "tidakada"}, 404, "videoNotFound"),
        (THREADS, {"part": "snippet", "allThreadsRelatedToChannelId": "UCx"}, 404, "channelNotFound"),
        (THREADS, {"part": "all", "allThreadsRelatedToChannelId": YOUTUBE.account}, 400, "unknownPart"),
        (THREADS, {**ALL_THREADS, "maxResults": 101}, 400, "invalidParameter"),
        (THREADS, {**ALL_THREADS, "order": "new"}, 400, "invalidParameter"),
        (THREADS, {**ALL_THREADS, "pageToken": "x"}, 400, "invalidPageToken"),
        (COMMENTS, {"part": "snippet", "parentId": "tidakada"}, 404, "commentNotFound"),
        (COMMENTS, {"part": "snippet"}, 400, "missingRequiredParameter"),
        ("/youtube/youtube/v3/search", {"part": "snippet"}, 404, "notFound"),
    ],
)
def test_wrong_requests_to_youtube(
    client: PlatformsClient, path: str, params: dict[str, Any], status: int, reason: str
) -> None:
    """Each wrong request has its own status and reason."""
    found, body = client.youtube(path, **params)
    assert (found, body["error"]["code"], body["error"]["errors"][0]["reason"]) == (status, status, reason)


@pytest.mark.parametrize(
    ("fault", "status", "reason"),
    [
        ("quota_exceeded", 403, "quotaExceeded"),
        ("not_permitted", 403, "forbidden"),
        ("expired_token", 400, "badRequest"),
        ("throttled", 429, "rateLimitExceeded"),
        ("server_error", 503, "backendError"),
    ],
)
def test_how_youtube_refuses(client: PlatformsClient, fault: str, status: int, reason: str) -> None:
    """Each refusal has its own reason; a wrong key looks like the fault of an expired one."""
    client.fault(fault, times=1)
    found, body = client.youtube(THREADS, **ALL_THREADS)
    assert (found, body["error"]["errors"][0]["reason"]) == (status, reason)
    assert client.raw("GET", f"{THREADS}?{urlencode(ALL_THREADS)}&key=x")[0] == 400
