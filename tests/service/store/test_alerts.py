"""Alerts: which rules raise which, that each is raised once, and who saw it."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import httpx
import pytest
from captures import new
from process import Process
from pushing import push, pushed
from receiver import Receiver
from served import Served, eventually
from sqlalchemy import event

from facecap_service.configuration import ConfigurationError, load
from facecap_service.keys import new_key
from facecap_service.store import AlertQuery, AuditQuery, NewAlert, Store

Start = Callable[..., Served]
NIGHT = {"time_zone": "UTC"}


def alerts(service: Served, **query: Any) -> list[dict[str, Any]]:
    answer = service.client.get("/v1/alerts", params=query)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["alerts"]
    return found


def settled(service: Served) -> list[dict[str, Any]]:
    """Alerts once all that happened was looked at."""
    store = service.services.store
    last = push(service, "the-last", mask="incorrect")
    eventually(lambda: [item for item in alerts(service) if item["capture"] == last])
    assert store.last_event_id()
    return [item for item in alerts(service) if item["camera"] != "the-last"]


LAST = {"last": {"answers": ["incorrect"], "cameras": ["the-last"], "every_minutes": 0}}
"""A rule that `settled` needs."""


def at(hour: int, minute: int = 0) -> str:
    """A time of a Saturday, as a camera says it."""
    return f"2026-01-31T{hour:02}:{minute:02}:00Z"


def test_capture_without_a_mask_raises_an_alert_that_everybody_learns_of(start: Start, url: str) -> None:
    receiver = Receiver()
    hooks = {"guard": {**receiver.hook, "events": ["alert"]}}
    service = start(url, alerts={"door": {}}, webhooks=hooks)
    push(service, mask="mask")
    identity = push(service, "gate", mask="no_mask", timestamp="2026-01-31T12:00:00Z")
    [alert] = eventually(lambda: alerts(service))
    assert alert == {
        "id": alert["id"],
        "rule": "door",
        "camera": "gate",
        "time": "2026-01-31T12:00:00.000Z",
        "mask": "no_mask",
        "capture": identity,
        "crop": f"/v1/captures/{identity}/crop",
        "seen_at": None,
        "seen_by": None,
    }
    [message] = eventually(lambda: receiver.taken)
    assert message.is_signed() and message.event["type"] == "facecap.alert"
    said = {name: value for name, value in alert.items() if not name.startswith("seen")}
    assert message.event["data"] == said
    with service.client.stream("GET", "/v1/events", params={"last_event_id": "0"}) as stream:
        lines = iter(stream.iter_lines())
        assert any(line == "event: alert" for line in lines)
        assert alert["id"] in next(lines)
    receiver.stop()


@pytest.mark.parametrize(
    ("rule", "raised"),
    [
        ({}, ["no_mask at 12"]),
        ({"answers": ["mask", "unknown"]}, ["mask at 12"]),
        ({"answers": []}, []),
        ({"cameras": ["gate"]}, []),
        ({"hours": ["22:00-06:00"]}, ["no_mask at 23"]),
        ({"hours": ["22:00-06:00"], "days": ["fri"]}, []),
        ({"days": ["sat"], "hours": ["12:00-13:00"]}, ["no_mask at 12"]),
    ],
)
def test_rule_says_for_what_where_and_when(start: Start, rule: dict[str, Any], raised: list[str]) -> None:
    service = start(alerts={"door": {**rule, "every_minutes": 12 * 60}, **LAST}, site=NIGHT)
    for mask in ("mask", "no_mask"):
        push(service, mask=mask, timestamp=at(12))
    push(service, mask="no_mask", timestamp=at(23))
    hours = {at(12)[:16]: 12, at(23)[:16]: 23}
    found = [f"{item['mask']} at {hours[item['time'][:16]]}" for item in settled(service)]
    assert found == raised


def test_at_most_one_alert_of_a_camera_is_raised_in_so_many_minutes(start: Start, url: str) -> None:
    service = start(url, alerts={"door": {"every_minutes": 10}, **LAST})
    # The third comes late: a board pushes what it shot before.
    for minute in (0, 15, 9, 4, 25, 24):
        push(service, mask="no_mask", timestamp=at(12, minute))
    push(service, "gate", mask="no_mask", timestamp=at(12, 1))
    found = [(item["camera"], item["time"][14:16]) for item in settled(service)]
    assert found == [("door", "25"), ("door", "15"), ("gate", "01"), ("door", "00")]


def test_one_visit_of_several_captures_raises_one_alert(start: Start, url: str) -> None:
    service = start(url, alerts={"door": {"every_minutes": 0}, **LAST})
    first = [push(service, mask=mask, track_id=1, sequence=1) for mask in ("mask", "no_mask")][1]
    for sequence in (2, 3):
        push(service, mask="no_mask", track_id=1, sequence=sequence)
    other = push(service, mask="no_mask", track_id=2, sequence=1)
    assert sorted(item["capture"] for item in settled(service)) == sorted([first, other])


def test_camera_that_goes_offline_raises_an_alert_where_that_is_asked_for(start: Start, url: str) -> None:
    rules = {"lost": {"answers": [], "offline": True}, "door": {}, **LAST}
    service = start(url, alerts=rules)
    store = service.services.store
    for kind in ("camera.offline", "camera.online", "camera.offline"):
        store.event(kind, "gate", {})
    push(service, "gate", mask="no_mask")
    found = settled(service)
    assert sorted(item["rule"] for item in found) == ["door", "lost"]
    [lost] = [item for item in found if item["rule"] == "lost"]
    assert lost["mask"] is None and lost["capture"] is None and lost["crop"] is None


def test_who_saw_an_alert_first_stays(start: Start, url: str) -> None:
    made = {"guard": new_key("guard", ["read"]), "office": new_key("office", ["read", "push"])}
    keys = [
        {"name": name, "hash": lines.partition('hash = "')[2].partition('"')[0], "scopes": scopes}
        for name, (_, lines), scopes in zip(made, made.values(), (["read"], ["read", "push"]), strict=True)
    ]
    service = start(url, alerts={"door": {}}, keys=keys)

    def call(name: str, method: str, path: str, **more: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {made[name][0]}"}
        return service.client.request(method, path, headers=headers, **more)

    call("office", "POST", "/v1/cameras/door/captures", json=pushed(mask="no_mask"))
    [alert] = eventually(lambda: call("guard", "GET", "/v1/alerts?seen=false").json()["alerts"])
    assert call("guard", "GET", "/v1/alerts").json()["unseen"] == 1
    path = f"/v1/alerts/{alert['id']}/seen"
    assert service.client.post(path).status_code == 401
    first = call("guard", "POST", path)
    assert first.status_code == 200 and first.json()["seen_by"] == "guard"
    again = call("office", "POST", path)
    assert again.json() == first.json()
    noted = service.services.store.audit(AuditQuery(action="alert_seen")).entries
    assert [(entry.who, entry.data) for entry in noted] == [("guard", {"alert": alert["id"]})]
    assert call("guard", "GET", "/v1/alerts?seen=false").json() == {
        "alerts": [],
        "next_cursor": None,
        "unseen": 0,
        "rules": ["door"],
    }
    assert call("guard", "GET", "/v1/alerts?seen=true").json()["alerts"] == [first.json()]
    for wrong in ("nothing", "0" * 26):
        missing = call("guard", "POST", f"/v1/alerts/{wrong}/seen")
        assert missing.status_code == 404 and missing.json()["code"] == "alert_not_found"


def test_alert_is_raised_though_its_capture_is_deleted_meanwhile(open_store: Callable[[], Store]) -> None:
    store, other = open_store(), open_store()
    [capture] = store.add("door", [new()])
    store.keep_hooks(["rules"])
    position = store.claim_hook("rules", "me", timedelta(minutes=1))
    assert position is not None
    deletion = threading.Thread(target=other.delete, args=(capture.id,))

    @event.listens_for(store._database._engine, "before_cursor_execute")
    def delete_first(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith("INSERT INTO alerts"):
            deletion.start()
            deletion.join(1)  # it waits for the alert

    wanted = NewAlert("bare", "door", capture.time, "no_mask", capture.id, timedelta(0))
    raised = store.raise_alerts("rules", "me", position, [wanted])
    deletion.join(60)
    assert raised is not None and len(raised) == 1
    assert [item.capture for item in store.alerts(AlertQuery()).alerts] == [None]


def test_alert_stays_without_a_crop_when_its_capture_is_deleted(start: Start, url: str) -> None:
    service = start(url, alerts={"door": {}})
    identity = push(service, mask="no_mask")
    [before] = eventually(lambda: alerts(service))
    assert service.client.delete(f"/v1/captures/{identity}").status_code == 204
    assert alerts(service) == [{**before, "capture": None, "crop": None}]


def test_alerts_are_listed_by_filter_and_page_by_page(start: Start, url: str) -> None:
    rules = {name: {"every_minutes": 0, "answers": [name]} for name in ("mask", "no_mask")}
    service = start(url, alerts={**rules, **LAST})
    for minute in range(6):
        mask = ("mask", "no_mask")[minute % 2]
        push(service, ("door", "gate")[minute % 3 == 0], mask=mask, timestamp=at(12, minute))
    everything = settled(service)
    assert [item["time"] for item in everything] == sorted(
        (item["time"] for item in everything), reverse=True
    )
    assert {item["rule"] for item in alerts(service, rule="mask")} == {"mask"}
    assert len(alerts(service, camera="gate")) == 2
    span = {"from": at(12, 1), "to": at(12, 4)}
    assert [item["time"][14:16] for item in alerts(service, **span)] == ["03", "02", "01"]
    pages, cursor = [], None
    while True:
        query = {"limit": 2, "to": at(13), **({"cursor": cursor} if cursor else {})}
        answer = service.client.get("/v1/alerts", params=query).json()
        pages += answer["alerts"]
        cursor = answer["next_cursor"]
        if cursor is None:
            break
    assert pages == everything
    assert service.client.get("/v1/alerts?cursor=wrong").json()["code"] == "invalid_cursor"
    assert service.client.get("/v1/alerts?colour=red").status_code == 422
    backwards = service.client.get("/v1/alerts", params={"from": at(13), "to": at(12)})
    assert backwards.json()["code"] == "invalid_filter"


def test_of_several_processes_one_raises_each_alert(start: Start, url: str) -> None:
    services = [start(url, alerts={"door": {"every_minutes": 0}}) for _ in range(2)]
    ids = [push(services[number % 2], mask="no_mask") for number in range(10)]
    eventually(lambda: len(alerts(services[0])) == 10)
    assert sorted(item["capture"] for item in alerts(services[1])) == sorted(ids)


@pytest.fixture
def settings(tmp_path: Path, url: str, pipeline: dict[str, Any]) -> Path:
    """Of a process whose rule raises an alert for each capture."""
    file = tmp_path / "facecap.toml"
    file.write_text(
        f'[server]\nport = 0\n[store]\nurl = "{url}"\nfolder = "{tmp_path / "crops"}"\n'
        + "[pipeline]\n"
        + "".join(f'{name} = "{value}"\n' for name, value in pipeline.items())
        + "[alerts.door]\nevery_minutes = 0\n"
    )
    return file


@pytest.fixture
def push_until_killed() -> Iterator[Callable[[Process, float], None]]:
    """Push captures to a process, and kill it after so many seconds."""
    with httpx.Client(timeout=30, trust_env=False) as client:

        def go(process: Process, seconds: float) -> None:
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                client.post(
                    f"{process.address}/v1/cameras/door/captures", json=pushed(mask="no_mask")
                ).raise_for_status()
            process.kill()

        yield go


def test_every_capture_has_one_alert_however_often_the_service_is_killed(
    settings: Path, url: str, tmp_path: Path, push_until_killed: Callable[[Process, float], None]
) -> None:
    for _ in range(4):
        push_until_killed(Process(settings), random.uniform(0.05, 0.6))
        with_lease_over(url, tmp_path)
    process = Process(settings)
    store = Store.open(url, tmp_path / "crops")
    everything = AlertQuery(limit=100_000)

    def events(kind: str) -> list[dict[str, Any]]:
        found = [event for event in store.events_after(0, 100_000) if event.kind == kind]
        return [event.data for event in found]

    captures = sorted(item["id"] for item in events("capture"))
    eventually(lambda: len(store.alerts(everything).alerts) >= len(captures) > 4, 120)
    assert process.stop() == 0
    raised = store.alerts(everything).alerts
    assert sorted(alert.capture or "" for alert in raised) == captures
    assert sorted(item["id"] for item in events("alert")) == sorted(alert.id for alert in raised)
    store.close()


def with_lease_over(url: str, folder: Path) -> None:
    """As if a minute had passed."""
    store = Store.open(url, folder / "crops")
    with store._database.writing() as connection:
        connection.exec_driver_sql("UPDATE hooks SET owned_until = 0")
    store.close()


def test_old_alerts_are_removed_with_the_captures(store: Store) -> None:
    store.keep_hooks(["rules"])
    store.claim_hook("rules", "me", timedelta(minutes=1))
    [capture] = store.add("door", [new(mask="no_mask")])
    rule = {"rule": "door", "mask": "no_mask", "capture": capture.id, "apart": timedelta(0)}
    moment = datetime.now(timezone.utc)
    raised = store.raise_alerts("rules", "me", 1, [NewAlert(camera="door", time=moment, **rule)])
    assert raised and store.alerts(AlertQuery()).unseen == 1
    store.remove_old(timedelta(days=1), at=moment + timedelta(hours=1))
    assert len(store.alerts(AlertQuery()).alerts) == 1
    store.remove_old(timedelta(days=1), at=moment + timedelta(days=2))
    assert store.alerts(AlertQuery()).alerts == []


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('answers = ["bare"]', "alerts.door.answers"),
        ('hours = ["25:00-26:00"]', "wanted HH:MM-HH:MM"),
        ('days = ["sunday"]', "alerts.door.days"),
        ("every_minutes = -1", "greater than or equal to 0"),
        ('camera = "x"', "there is no such setting"),
    ],
)
def test_rule_that_cannot_be_is_refused(tmp_path: Path, text: str, sentence: str) -> None:
    file = tmp_path / "facecap.toml"
    file.write_text(f"[alerts.door]\n{text}\n")
    with pytest.raises(ConfigurationError, match=sentence):
        load(file)
