"""Webhooks: what is sent, in which order, and what happens when the receiver fails."""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any

import anyio
import httpx
import pytest
from captures import png
from hypothesis import given
from hypothesis import strategies as st
from pushing import push
from receiver import SECRET, Receiver
from served import Served, eventually

from facecap_service import follower
from facecap_service.settings import Settings
from facecap_service.store import Store
from facecap_service.webhooks import delivery
from facecap_service.webhooks.delivery import Outcome, judge, pause
from facecap_service.webhooks.signature import key_of, signed_headers

Start = Callable[..., Served]


@pytest.fixture(autouse=True)
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first pause is a hundredth of what it is."""
    monkeypatch.setattr(delivery, "_FIRST_PAUSE", 0.01)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver that runs."""
    server = Receiver()
    yield server
    server.stop()


def state(service: Served) -> dict[str, Any]:
    """Of the only hook."""
    [report] = service.client.get("/v1/webhooks").json()["webhooks"]
    return report


def test_capture_is_sent_as_a_signed_cloud_event(start: Start, receiver: Receiver) -> None:
    service = start(webhooks={"site": receiver.hook})
    identity = push(service, "door", timestamp="2026-01-31T12:00:00Z")
    [message] = eventually(lambda: receiver.taken)
    assert message.path == "/hook?site=1" and message.is_signed()
    assert message.headers["content-type"] == "application/cloudevents+json; charset=utf-8"
    assert abs(int(message.headers["webhook-timestamp"]) - datetime.now(timezone.utc).timestamp()) < 300
    assert "authorization" not in message.headers
    event = message.event
    assert event["specversion"] == "1.0" and event["type"] == "facecap.capture" and event["subject"] == "door"
    assert event["source"] == f"urn:uuid:{service.services.store.installation()}"
    assert event["id"] == message.headers["webhook-id"] and "." not in event["id"]
    assert event["datacontenttype"] == "application/json"
    assert datetime.fromisoformat(event["time"].replace("Z", "+00:00")).tzinfo is not None
    assert event["data"] == service.client.get(f"/v1/captures/{identity}").json()


def test_crop_comes_as_an_address_or_inline(start: Start, receiver: Receiver) -> None:
    hook = {**receiver.hook, "inline_crop": True, "token": "let-me-in"}
    service = start(webhooks={"site": hook}, server={"public_url": "https://faces.example/here/"})
    identity = push(service, seed=7)
    [message] = eventually(lambda: receiver.taken)
    data = message.event["data"]
    assert base64.b64decode(data["crop_png"]) == png(7)
    assert data["crop"] == f"https://faces.example/here/v1/captures/{identity}/crop"
    assert message.headers["authorization"] == "Bearer let-me-in" and message.is_signed()


def test_order_is_kept_and_nothing_is_lost_however_the_receiver_fails(
    start: Start, receiver: Receiver
) -> None:
    answers = iter([500, 204, 503, 429, 302, 404, 204])
    receiver.answer = lambda message: next(answers, 204)
    service = start(webhooks={"site": receiver.hook})
    pushed = [push(service) for _ in range(5)]
    eventually(lambda: state(service)["delivered"] == 5)
    assert receiver.captures() == pushed and state(service)["failed"] == 5
    # What was tried again is the same message, signed anew.
    again = [message.event for message in receiver.came]
    assert len(again) == 10 and [again[0]] * 2 == again[:2] and [again[2]] * 5 == again[2:7]
    assert all(message.is_signed() for message in receiver.came)


def test_redirects_are_not_followed(start: Start, receiver: Receiver) -> None:
    elsewhere = Receiver()
    receiver.answer = lambda message: (307, {"Location": f"http://127.0.0.1:{elsewhere.server_port}/"})
    service = start(webhooks={"site": receiver.hook})
    push(service)
    eventually(lambda: len(receiver.came) > 2)
    assert "redirects are not followed" in state(service)["last_error"]
    assert elsewhere.came == []
    elsewhere.stop()


def test_message_that_is_refused_is_dropped_and_the_next_is_sent(start: Start, receiver: Receiver) -> None:
    receiver.answer = lambda message: 422 if message.event["subject"] == "gate" else 204
    service = start(webhooks={"site": receiver.hook})
    push(service, "gate")
    later = push(service, "door")
    eventually(lambda: state(service)["delivered"] == 1)
    assert receiver.captures() == [later] and len(receiver.came) == 2 and state(service)["dropped"] == 1


def test_receiver_that_is_gone_is_left_alone_until_a_restart(start: Start, receiver: Receiver) -> None:
    receiver.answer = lambda message: 410
    service = start(webhooks={"site": receiver.hook})
    push(service)
    eventually(lambda: state(service)["state"] == "retired")
    push(service)
    assert "410" in state(service)["last_error"] and len(receiver.came) == 1


def test_receiver_that_hangs_is_given_up_and_delays_no_other(start: Start, receiver: Receiver) -> None:
    release, hanging = threading.Event(), Receiver()
    hanging.answer = lambda message: 204 if release.wait(60) else 500
    slow = {**hanging.hook, "timeout_seconds": 0.1}
    service = start(webhooks={"slow": slow, "quick": receiver.hook})
    pushed = [push(service) for _ in range(3)]

    def of(name: str) -> dict[str, Any]:
        reports = service.client.get("/v1/webhooks").json()["webhooks"]
        return next(report for report in reports if report["name"] == name)

    eventually(lambda: of("quick")["delivered"] == 3)
    eventually(lambda: len(hanging.came) > 1)
    assert receiver.captures() == pushed and of("quick")["behind"] == 0
    assert of("slow")["last_error"] == "no answer within 0.1 s" and of("slow")["behind"] == 3
    assert of("slow")["delivered"] == 0
    release.set()
    hanging.stop()


def test_endless_answer_is_cut(start: Start, receiver: Receiver) -> None:
    receiver.answer = lambda message: (500, {"Content-Length": "1000000000"})
    service = start(webhooks={"site": {**receiver.hook, "timeout_seconds": 0.1}})
    push(service)
    eventually(lambda: state(service)["failures"] > 1)
    receiver.answer = lambda message: 204
    eventually(lambda: len(receiver.taken) == 1)


def test_what_a_dead_receiver_missed_comes_after_a_restart_of_both(
    start: Start, url: str, receiver: Receiver
) -> None:
    hooks = {"site": receiver.hook}
    service = start(url, webhooks=hooks)
    first = push(service)
    eventually(lambda: receiver.captures() == [first])
    receiver.stop()
    missed = [push(service) for _ in range(3)]
    eventually(lambda: state(service)["failures"] > 0 and state(service)["behind"] == 3)
    assert state(service)["state"] in ("retrying", "delivering")
    service.server.should_exit = True
    eventually(lambda: not service.server.started or service.services.broker.closing.is_set())
    revived = Receiver(receiver.server_port)
    again = start(url, webhooks=hooks)
    eventually(lambda: len(revived.taken) == 3)
    assert revived.captures() == missed
    later = push(again)
    eventually(lambda: revived.captures() == [*missed, later])
    revived.stop()


def test_new_hook_begins_with_what_happens_from_now_on(start: Start, receiver: Receiver) -> None:
    before = start()
    push(before)
    before.server.should_exit = True
    service = start(webhooks={"site": receiver.hook})
    later = push(service)
    eventually(lambda: receiver.captures() == [later])


def test_deleted_capture_is_not_sent_any_more(start: Start, receiver: Receiver) -> None:
    receiver.answer = lambda message: 500
    service = start(webhooks={"site": receiver.hook})
    gone, kept = push(service), push(service)
    eventually(lambda: receiver.came)
    service.client.delete(f"/v1/captures/{gone}")
    receiver.answer = lambda message: 204
    eventually(lambda: kept in receiver.captures())
    assert gone not in receiver.captures()[1:]
    receiver.answer = lambda message: 500
    last = push(service)
    eventually(lambda: state(service)["failures"] > 0)
    service.client.delete(f"/v1/captures/{last}")
    eventually(lambda: state(service)["state"] == "idle" and state(service)["behind"] == 0)


def test_capture_deleted_behind_a_message_under_way_is_not_sent(start: Start, receiver: Receiver) -> None:
    answers = threading.Semaphore(0)
    receiver.answer = lambda message: 204 if answers.acquire(timeout=30) else 500
    service = start(webhooks={"site": receiver.hook})
    first = push(service)
    eventually(lambda: len(receiver.came) == 1)
    second, gone, last = (push(service) for _ in range(3))
    eventually(lambda: service.services.broker.position == service.services.store.last_event_id())
    answers.release()
    eventually(lambda: len(receiver.came) == 2)  # and the courier has the two behind it in hand
    assert service.client.delete(f"/v1/captures/{gone}").status_code == 204
    answers.release(3)
    eventually(lambda: state(service)["behind"] == 0)
    assert receiver.captures() == [first, second, last]


def test_event_that_grew_too_old_is_given_up(start: Start, receiver: Receiver) -> None:
    receiver.answer = lambda message: 500
    service = start(webhooks={"site": {**receiver.hook, "give_up_hours": 1e-9}})
    push(service)
    eventually(lambda: state(service)["dropped"] == 1)
    assert state(service)["behind"] == 0


def test_hook_gets_what_it_wants(start: Start, receiver: Receiver) -> None:
    hook = {**receiver.hook, "events": ["track.started"], "cameras": ["door"]}
    service = start(webhooks={"site": hook})
    push(service, "door")
    store = service.services.store
    store.event("track.started", "gate", {"track_id": 1})
    store.event("track.started", "door", {"track_id": 2})
    store.event("track.ended", "door", {"track_id": 2})
    [message] = eventually(lambda: receiver.taken)
    assert message.event["type"] == "facecap.track.started"
    data = message.event["data"]
    assert data["track_id"] == 2 and data["camera"] == "door"
    eventually(lambda: state(service)["behind"] == 0)
    assert len(receiver.came) == 1


def test_of_several_processes_one_delivers(start: Start, url: str, receiver: Receiver) -> None:
    hooks = {"site": receiver.hook}
    one, other = start(url, webhooks=hooks), start(url, webhooks=hooks)
    pushed = [push((one, other)[n % 2]) for n in range(12)]
    eventually(lambda: sorted(state(each)["delivered"] for each in (one, other)) == [0, 12])
    assert receiver.captures() == pushed and len(receiver.came) == 12
    assert "standby" in (state(one)["state"], state(other)["state"])


def test_process_that_stands_by_says_how_far_the_hook_is(
    start: Start, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follower, "_STANDBY_SECONDS", 0.05)
    hooks = {"site": receiver.hook}
    one = start(webhooks=hooks)
    for _ in range(3):
        push(one)
    eventually(lambda: state(one)["delivered"] == 3)
    other = start(webhooks=hooks)
    eventually(lambda: state(other)["state"] == "standby" and state(other)["behind"] == 0)
    push(one)
    eventually(lambda: state(other)["position"] == one.services.store.last_event_id())
    assert state(other)["delivered"] == 0


def test_hook_of_a_process_that_died_passes_on_after_its_lease(store: Store) -> None:
    store.keep_hooks(["site"])
    position = store.event("track.started", "door", {})
    minute, over = timedelta(minutes=1), timedelta(seconds=-1)
    assert store.claim_hook("site", "one", minute) == position - 1
    assert store.claim_hook("site", "other", minute) is None
    assert store.advance_hook("site", "one", position)
    assert store.claim_hook("site", "one", over) == position  # as if the minute had passed
    assert store.claim_hook("site", "other", minute) == position
    assert not store.advance_hook("site", "one", position)
    store.release_hooks("other")
    assert store.claim_hook("site", "one", minute) == position


def test_hook_that_another_process_delivers_to_keeps_its_place(open_store: Callable[[], Store]) -> None:
    one, other = open_store(), open_store()
    one.keep_hooks(["site", "gone"])
    assert one.claim_hook("site", "one", timedelta(minutes=1)) == 0
    one.event("track.started", "door", {})
    other.keep_hooks(["another"])
    assert one.advance_hook("site", "one", 1)
    assert other.hook_positions() == {"site": 1, "another": 1}


def test_state_is_for_admins_and_figures_and_has_no_secret(start: Start, receiver: Receiver) -> None:
    service = start(webhooks={"site": {**receiver.hook, "token": "let-me-in"}})
    push(service)
    eventually(lambda: state(service)["delivered"] == 1)
    report = state(service)
    assert report["host"] == f"127.0.0.1:{receiver.server_port}" and report["last_delivered"]
    text = service.client.get("/v1/webhooks").text + service.client.get("/metrics").text
    assert 'facecap_webhook_results_total{hook="site",result="delivered"} 1.0' in text
    assert 'facecap_webhook_behind_events{hook="site"} 0.0' in text
    assert SECRET not in text and "let-me-in" not in text and "site=1" not in text


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"secret": "hunter2"}, "wanted whsec_ and the base64 of 24 to 64 random bytes"),
        ({"secret": "whsec_aHVudGVyMg=="}, "wanted whsec_"),
        ({"url": "ftp://host/hunter2"}, "wanted http://HOST"),
        ({"url": "http://me:hunter2@host/"}, "without a name and a password"),
        ({"url": "http://host/hunter2\x01"}, "wanted http://HOST"),
        ({"token": "geheim-ü"}, "wanted ASCII letters"),
        ({"token": "two words"}, "wanted ASCII letters"),
        ({"events": ["everything"]}, "capture"),
        ({"retries": 3}, "not permitted"),
    ],
)
def test_hook_that_cannot_be_is_refused(change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        Settings(webhooks={"site": {"url": "http://host/", "secret": SECRET, **change}})


@given(st.integers(1, 10_000), st.none() | st.floats(0, 3600))
def test_pauses_grow_to_five_minutes_and_heed_the_receiver(failures: int, retry_after: float | None) -> None:
    seconds = pause(failures, retry_after)
    longest = min(300.0, delivery._FIRST_PAUSE * 2.0 ** min(failures - 1, 30))
    assert seconds >= (retry_after or 0.0)
    assert longest / 2 <= seconds <= max(longest, retry_after or 0.0)


@pytest.mark.parametrize(("header", "seconds"), [("7", 7), ("999999", 3600), ("soon", None), ("-3", None)])
def test_wish_of_the_receiver_is_heeded_up_to_an_hour(header: str, seconds: float | None) -> None:
    assert judge(httpx.Response(429, headers={"retry-after": header})).retry_after == seconds


def test_wish_of_the_receiver_may_be_a_date() -> None:
    def wished(seconds: float) -> float:
        date = format_datetime(datetime.now(timezone.utc) + timedelta(seconds=seconds), usegmt=True)
        wish = judge(httpx.Response(503, headers={"retry-after": date})).retry_after
        assert wish is not None
        return wish

    assert 1800 < wished(1900) <= 1900 and wished(-1900) == 0


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, Outcome.DELIVERED),
        (202, Outcome.DELIVERED),
        (301, Outcome.FAILED),
        (304, Outcome.FAILED),
        (400, Outcome.REFUSED),
        (401, Outcome.FAILED),
        (404, Outcome.FAILED),
        (410, Outcome.GONE),
        (429, Outcome.FAILED),
        (500, Outcome.FAILED),
    ],
)
def test_answers_mean(status: int, outcome: Outcome) -> None:
    assert judge(httpx.Response(status)).outcome is outcome


def test_signature_is_that_of_standard_webhooks() -> None:
    # The example of the Standard Webhooks libraries.
    key = key_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    headers = signed_headers(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_what_a_receiver_sets_is_not_kept() -> None:
    seen: list[str | None] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers.get("cookie"))
        cookie = {"Set-Cookie": f"visit{len(seen)}=1"}
        return httpx.Response(200, headers=cookie, stream=httpx.ByteStream(b"taken"))

    async def thrice() -> None:
        async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
            for _ in range(3):
                await delivery.attempt(http, "http://receiver.example/", {}, b"{}", 10)

    with ThreadPoolExecutor(1) as pool:  # the browser of other tests has a loop on this thread
        pool.submit(anyio.run, thrice).result()
    assert seen == [None, None, None]
