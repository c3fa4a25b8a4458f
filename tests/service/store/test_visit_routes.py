"""Visits over HTTP and through the client, and the log of who removed what."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from captures import files
from pushing import push
from served import Served

from facecap.client import Client
from facecap_service.keys import new_key


def visit_of_three(service: Served, camera: str = "door", track: int = 1, hour: int = 12) -> list[str]:
    return [
        push(
            service,
            camera,
            seed=100 * track + number,
            track_id=track,
            sequence=number,
            quality=quality,
            mask=mask,
            timestamp=f"2026-01-31T{hour}:0{number}:00Z",
        )
        for number, quality, mask in [(1, 0.4, "mask"), (2, 0.9, "no_mask"), (3, 0.6, "mask")]
    ]


def test_the_captures_of_a_track_are_listed_as_one_visit(service: Served) -> None:
    first, best, last = visit_of_three(service)
    [visit] = service.client.get("/v1/visits").json()["visits"]
    capture = service.client.get(f"/v1/captures/{best}").json()
    assert visit == {
        "id": first,
        "camera": "door",
        "track_id": 1,
        "time": "2026-01-31T12:01:00.000Z",
        "last": "2026-01-31T12:03:00.000Z",
        "captures": 3,
        "mask": "mask",
        "quality": 0.9,
        "best": capture,
    }
    assert capture["visit_id"] == first
    whole = service.client.get(f"/v1/visits/{first}").json()
    assert [shot["id"] for shot in whole.pop("shots")] == [best, last, first] and whole == visit
    of_visit = service.client.get("/v1/captures", params={"visit": first}).json()["captures"]
    assert {item["id"] for item in of_visit} == {first, best, last}


def test_pages_and_filters_lead_to_visits_and_statistics_count_them(service: Served) -> None:
    names = [visit_of_three(service, "door", track, 10 + track)[0] for track in range(1, 6)]
    other = push(service, "gate", mask="no_mask", quality=0.2, timestamp="2026-01-31T20:00:00Z")

    def get(**query: Any) -> dict[str, Any]:
        answer = service.client.get("/v1/visits", params=query)
        assert answer.status_code == 200, answer.text
        document: dict[str, Any] = answer.json()
        return document

    first = get(limit=4)
    then = get(limit=4, cursor=first["next_cursor"])
    assert [item["id"] for item in first["visits"] + then["visits"]] == [other, *names[::-1]]
    assert then["next_cursor"] is None
    assert [item["id"] for item in get(mask="no_mask")["visits"]] == [other]
    assert [item["id"] for item in get(**{"from": "2026-01-31T15:00:00Z"})["visits"]] == [other, names[-1]]
    assert get(min_quality=0.95)["visits"] == []

    def total(**query: Any) -> Any:
        return service.client.get("/v1/statistics", params=query).json()["total"]

    assert total(count="visits") == {"mask": 5, "no_mask": 1, "incorrect": 0, "unknown": 0}
    assert sum(total().values()) == 16


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("cursor=abc", "invalid_cursor"),
        ("min_quality=1&max_quality=0", "invalid_filter"),
        ("visit=" + "0" * 26, "invalid_request"),
        ("limit=0", "invalid_request"),
        ("mask=maybe", "invalid_request"),
    ],
)
def test_a_list_of_visits_that_makes_no_sense_is_refused(service: Served, query: str, code: str) -> None:
    answer = service.client.get(f"/v1/visits?{query}")
    assert (answer.status_code, answer.json()["code"]) == (422, code)


def test_a_removed_visit_is_gone_with_its_captures(start: Callable[..., Served], tmp_path: Path) -> None:
    service = start()
    gone = visit_of_three(service, track=1)
    kept = visit_of_three(service, track=2)
    assert service.client.delete(f"/v1/visits/{gone[0]}").status_code == 204
    assert [item["id"] for item in service.client.get("/v1/visits").json()["visits"]] == [kept[0]]
    assert len(files(tmp_path / "crops")) == 3
    for method, path in [("GET", f"/v1/visits/{gone[0]}"), ("DELETE", f"/v1/visits/{gone[0]}")]:
        answer = service.client.request(method, path)
        assert (answer.status_code, answer.json()["code"]) == (404, "visit_not_found")
    assert service.client.get("/v1/visits/x").status_code == 404


def test_events_and_the_client_know_the_visit(service: Served) -> None:
    first, *_ = visit_of_three(service)
    store = service.services.store
    last = store.last_event_id()
    assert [event.data["visit_id"] for event in store.events_after(last - 3, 3)] == [first] * 3
    with Client(service.address) as client:
        [visit] = client.visits(camera="door", mask="mask")
        assert visit["id"] == first
        assert [item["visit_id"] for item in client.captures(visit=first)] == [first] * 3
        assert list(client.visits(camera="gate")) == []


def test_the_audit_log_says_who_removed_what(start: Callable[..., Served], url: str) -> None:
    made = {
        name: new_key(name, [scope]) for name, scope in [("ann", "admin"), ("bob", "admin"), ("eve", "read")]
    }
    keys = [
        {"name": name, "hash": lines.partition('hash = "')[2].partition('"')[0], "scopes": [scope]}
        for (name, (_, lines)), scope in zip(made.items(), ["admin", "admin", "read"], strict=True)
    ]
    service = start(url, keys=keys)

    def ask(name: str, method: str, path: str) -> httpx.Response:
        return service.client.request(method, path, headers={"X-API-Key": made[name][0]})

    service.client.headers["X-API-Key"] = made["ann"][0]
    visit = visit_of_three(service, track=1)
    capture, *_ = visit_of_three(service, track=2)
    assert ask("ann", "DELETE", f"/v1/captures/{capture}").status_code == 204
    assert ask("bob", "DELETE", f"/v1/visits/{visit[0]}").status_code == 204
    assert ask("bob", "DELETE", f"/v1/visits/{visit[0]}").status_code == 404
    assert ask("eve", "DELETE", f"/v1/captures/{visit[0]}").status_code == 403

    def log(query: str = "") -> list[tuple[str, str, Any]]:
        entries = ask("ann", "GET", f"/v1/audit?{query}").json()["entries"]
        return [(entry["who"], entry["action"], entry["data"]) for entry in entries]

    removed = ("ann", "delete_capture", {"capture": capture})
    removed_visit = ("bob", "delete_visit", {"visit": visit[0], "captures": 3})
    assert log()[:2] == [removed_visit, removed]
    [(who, action, data)] = log()[2:]
    assert (who, action) == ("service", "start")
    assert data["keys"] == {"ann": ["admin"], "bob": ["admin"], "eve": ["read"]}
    assert log("who=bob") == log("action=delete_visit") == [removed_visit]
    assert log("to=2026-01-01T00:00:00Z") == []
    page = ask("ann", "GET", "/v1/audit?limit=2").json()
    rest = ask("ann", "GET", f"/v1/audit?limit=2&cursor={page['next_cursor']}").json()
    assert [entry["action"] for entry in rest["entries"]] == ["start"] and rest["next_cursor"] is None
    assert ask("eve", "GET", "/v1/audit").status_code == 403
    assert ask("ann", "GET", "/v1/audit?cursor=x").json()["code"] == "invalid_cursor"
