"""Stored captures over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from captures import kept_crops, png, wherever_crops_lie
from pushing import push
from served import Served, eventually


def problem(service: Served, path: str, method: str = "GET") -> tuple[int, str]:
    answer = service.client.request(method, path)
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json()
    assert document["status"] == answer.status_code and document["detail"]
    return answer.status_code, document["code"]


def test_pushed_capture_is_listed_with_all_that_was_said(service: Served) -> None:
    identity = push(service, "door", quality=None, mask="unknown", timestamp="2026-01-31T12:00:00.250Z")
    [item] = service.client.get("/v1/captures").json()["captures"]
    assert item == service.client.get(f"/v1/captures/{identity}").json()
    assert item["id"] == identity and item["camera"] == "door"
    assert item["time"] == item["timestamp"] == "2026-01-31T12:00:00.250Z"
    assert item["mask"] == "unknown" and item["quality"] is None and item["pose"]["pitch"] == -2.0
    assert service.client.get(item["crop"]).content == png(0)


def test_pages_lead_to_every_capture_while_others_come(service: Served) -> None:
    pushed = [push(service) for _ in range(7)]
    seen, cursor = [], None
    while True:
        page = service.client.get(
            "/v1/captures", params={"limit": 3, **({"cursor": cursor} if cursor else {})}
        ).json()
        seen += [item["id"] for item in page["captures"]]
        push(service)
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == pushed[::-1]


def test_filters_choose(service: Served) -> None:
    bare = push(service, "door", mask="no_mask", quality=0.2, timestamp="2026-01-31T12:00:00Z")
    masked = push(service, "gate", mask="mask", quality=0.9, timestamp="2026-01-31T13:00:00Z")

    def found(**query: str) -> set[str]:
        answer = service.client.get("/v1/captures", params=query)
        assert answer.status_code == 200, answer.text
        return {item["id"] for item in answer.json()["captures"]}

    assert found(camera="door") == {bare} and found(camera="nobody") == set()
    assert found(mask="mask") == {masked}
    assert found(min_quality="0.9") == {masked} and found(max_quality="0.5") == {bare}
    assert found(to="2026-01-31T13:00:00Z") == {bare}
    assert found(**{"from": "2026-01-31T14:00:00+01:00"}) == {masked}


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("cursor=abc", "invalid_cursor"),
        ("cursor=" + "A" * 47, "invalid_cursor"),
        ("from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z", "invalid_filter"),
        ("min_quality=1&max_quality=0", "invalid_filter"),
        ("cursor=" + "A" * 2000, "invalid_request"),
        ("from=yesterday", "invalid_request"),
        ("from=2026-01-31T12:00:00", "invalid_request"),
        ("from=1700000000", "invalid_request"),
        ("from=2026-02-31T12:00:00Z", "invalid_request"),
        ("min_quality=nan", "invalid_request"),
        ("mask=maybe", "invalid_request"),
        ("camera=%00", "invalid_request"),
        ("camera=../etc", "invalid_request"),
        ("limit=0", "invalid_request"),
        ("limit=100000", "invalid_request"),
        ("form=2026-01-31T12:00:00Z", "invalid_request"),  # mistyped: everything must not be the answer
    ],
)
def test_query_that_makes_no_sense_is_named(service: Served, query: str, code: str) -> None:
    assert problem(service, f"/v1/captures?{query}") == (422, code)


def test_crop_is_kept_by_the_client_and_asked_for_once(service: Served) -> None:
    path = f"/v1/captures/{push(service)}/crop"
    first = service.client.get(path)
    assert first.headers["content-type"] == "image/png"
    assert first.headers["cache-control"] == "private, max-age=31536000, immutable"
    etag = first.headers["etag"]
    for tags in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        again = service.client.get(path, headers={"if-none-match": tags})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    assert service.client.get(path, headers={"if-none-match": '"other"'}).content == first.content


@wherever_crops_lie
def test_deleted_capture_is_gone_with_its_crop(
    start: Callable[..., Served], url: str, tmp_path: Path
) -> None:
    service = start(url)
    identity = push(service)
    path = f"/v1/captures/{identity}"
    etag = service.client.get(f"{path}/crop").headers["etag"]
    assert service.client.delete(path).status_code == 204
    for missing in (path, f"{path}/crop"):
        assert problem(service, missing) == (404, "capture_not_found")
    assert service.client.get(f"{path}/crop", headers={"if-none-match": etag}).status_code == 404
    assert problem(service, path, "DELETE") == (404, "capture_not_found")
    assert service.client.get("/v1/captures").json() == {"captures": [], "next_cursor": None}
    assert kept_crops(service.services.store, tmp_path / "crops") == []


def test_any_other_id_is_not_found(start: Callable[..., Served], url: str) -> None:
    service = start(url)
    for identity in ("x", "0" * 26, "%00", "%F0%9F%98%80", "'; DROP TABLE captures; --", "a" * 5000):
        for path in (f"/v1/captures/{identity}", f"/v1/captures/{identity}/crop"):
            assert problem(service, path) == (404, "capture_not_found")
        assert problem(service, f"/v1/captures/{identity}", "DELETE") == (404, "capture_not_found")


@wherever_crops_lie
def test_service_removes_what_is_too_much_by_itself(
    start: Callable[..., Served], url: str, caplog: pytest.LogCaptureFixture
) -> None:
    size = len(png(0))
    service = start(url, retention={"max_bytes": 2 * size + size // 2, "interval_seconds": 0.05})
    pushed = [push(service, seed=seed) for seed in range(6)]

    def kept() -> list[str]:
        return [item["id"] for item in service.client.get("/v1/captures").json()["captures"]]

    eventually(lambda: kept() == pushed[:-3:-1])
    assert "cannot be removed" not in caplog.text


def test_store_that_fails_is_a_problem_and_passes(start: Callable[..., Served], tmp_path: Path) -> None:
    service = start()
    path = f"/v1/captures/{push(service)}/crop"
    [file] = (tmp_path / "crops").rglob("*.png")
    shard = file.parent.rename(tmp_path / "aside")
    file.parent.write_text("no folder")
    assert problem(service, path) == (503, "store_unavailable")
    file.parent.unlink()
    shard.rename(file.parent)
    assert service.client.get(path).content == png(0)
