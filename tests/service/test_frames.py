"""Frames over HTTP: what is taken, what is refused and why, and what a refusal leaves alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import scripted
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from painted import FACE, encoded
from served import Served, running, settings_in

PROBLEM = "application/problem+json"


def code(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == PROBLEM, answer.text
    problem = answer.json()
    assert problem["status"] == answer.status_code and problem["title"] and problem["detail"]
    assert problem["type"] == f"urn:facecap:problem:{problem['code']}"
    return answer.status_code, problem["code"]


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp"])
def test_a_frame_is_answered_with_its_faces_on_their_tracks(service: Served, suffix: str) -> None:
    first = service.push("door", encoded(suffix, FACE), frame_index=7, timestamp=1.25).json()
    assert (first["frame_index"], first["timestamp"]) == (7, "1970-01-01T00:00:01.250Z")
    assert [(face["track_id"], face["reason"]) for face in first["faces"]] == [(1, "track_unconfirmed")]
    second = service.push("door", encoded(suffix, FACE)).json()
    assert second["frame_index"] == 8 and second["captures"][0]["kind"] == "first"


def test_a_form_says_the_same_as_a_raw_body(service: Served, face: bytes) -> None:
    raw = service.push("raw", face).json()
    files = {"note": ("note.txt", b"x"), "file": ("frame.jpg", face)}
    form = service.client.post("/v1/cameras/form/frames", files=files).json()
    assert form["faces"] == raw["faces"] and len(form["faces"]) == 1


@pytest.mark.parametrize(
    "files",
    [
        {"picture": ("a.jpg", None)},
        {"picture": ("a.jpg", None, "application/octet-stream")},
        {"upload[]": ("", None, "image/jpeg")},
        {"note": (None, b"at the door"), "snapshot": ("a.jpg", None)},
    ],
)
def test_the_only_file_of_a_form_is_the_picture_whatever_its_name(
    service: Served, face: bytes, files: dict[str, tuple[Any, ...]]
) -> None:
    filled = {
        name: tuple(face if p is None and i == 1 else p for i, p in enumerate(part))
        for name, part in files.items()
    }
    answer = service.client.post("/v1/cameras/door/frames", files=filled)
    assert answer.status_code == 200 and len(answer.json()["faces"]) == 1, answer.text


def test_a_form_of_several_files_is_refused_by_their_names(service: Served, face: bytes) -> None:
    files = {"before": ("a.jpg", face), "after": ("b.jpg", face)}
    answer = service.client.post("/v1/cameras/door/frames", files=files)
    assert code(answer) == (400, "several_files") and "before, after" in answer.json()["detail"]
    none = service.client.post("/v1/cameras/door/frames", files={"note": (None, b"x")})
    assert code(none) == (400, "missing_file")


def test_headers_say_index_and_time_as_the_query_does(service: Served, face: bytes) -> None:
    for number, name in enumerate(("Frame-Index", "frame_index"), 40):
        headers = {name: str(number), "Timestamp": "2.5"}
        answer = service.client.post("/v1/cameras/door/frames", content=face, headers=headers)
        assert (answer.json()["frame_index"], answer.json()["timestamp"]) == (
            number,
            "1970-01-01T00:00:02.500Z",
        )
    headers = {"Frame-Index": "50"}
    both = service.client.post("/v1/cameras/door/frames?frame_index=51", content=face, headers=headers)
    assert code(both) == (400, "invalid_parameter")


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ({"frame_index": "-1"}, "frame_index is '-1'"),
        ({"frame_index": "1.0"}, "frame_index is '1.0'"),
        ({"frame_index": str(2**53)}, "wanted a whole number from 0 to"),
        ({"frame_index": "9" * 400}, "frame_index"),
        ({"timestamp": "nan"}, "timestamp is 'nan'"),
        ({"timestamp": "1e400"}, "timestamp"),
        ({"timestamp": "yesterday"}, "wanted seconds since 1970"),
        ({"timestamp": "999999999999"}, "in the years 1 to 9999"),
    ],
)
def test_an_index_or_time_that_is_none_is_refused(
    service: Served, face: bytes, query: dict[str, str], detail: str
) -> None:
    answer = service.push("door", face, **query)
    assert code(answer) == (400, "invalid_parameter") and detail in answer.json()["detail"]


def test_frames_refused_for_their_index_or_time_are_counted(service: Served, face: bytes) -> None:
    service.push("door", face, frame_index="-1")
    service.push("door", face, timestamp="yesterday")
    service.push("door", face)
    report = service.client.get("/v1/cameras/door").json()
    assert report["frames"] == {"invalid_parameter": 2, "ok": 1}
    figures = service.client.get("/metrics").text
    assert 'facecap_frames_total{camera="door",result="invalid_parameter"} 2.0' in figures


@pytest.mark.parametrize("name", ["a b", "ü", ".hidden", "x" * 65, "a/b", "-"])
def test_names_that_are_none_open_no_camera(service: Served, face: bytes, name: str) -> None:
    answer = service.client.post(f"/v1/cameras/{name}/frames", content=face)
    assert code(answer) in [(400, "invalid_camera"), (404, "not_found")]
    assert service.client.get("/v1/cameras").json() == {"cameras": []}


def flipped(picture: bytes) -> bytes:
    """Damage in the middle of the compressed data."""
    middle = len(picture) // 2
    noise = np.random.default_rng(3).integers(0, 255, 400, np.uint8).tobytes()
    return picture[:middle] + noise + picture[middle + 400 :]


def bodies() -> dict[str, tuple[bytes, int, str]]:
    jpeg = encoded(".jpg", FACE)
    return {
        "empty": (b"", 400, "empty_body"),
        "text": (b"no picture at all", 415, "unsupported_picture"),
        "gif": (b"GIF89a" + bytes(40), 415, "unsupported_picture"),
        "bmp": (encoded(".bmp", FACE)[:2000], 415, "unsupported_picture"),
        "truncated": (jpeg[: len(jpeg) // 2], 422, "truncated_picture"),
        "patched": (jpeg[: len(jpeg) // 2] + b"\xff\xd9", 422, "damaged_picture"),
        "damaged": (flipped(jpeg), 422, "damaged_picture"),
        "png": (encoded(".png", FACE)[:-20], 422, "truncated_picture"),
    }


def test_bodies_that_cannot_be_used_are_counted_and_change_nothing(service: Served, face: bytes) -> None:
    index = 0
    for name, (body, status, reason) in bodies().items():
        assert code(service.push("door", body, frame_index=index)) == (status, reason), name
        answer = service.push("door", face, frame_index=index)
        assert answer.status_code == 200, "a frame that was refused has taken no index"
        index += 1
    clean = [service.push("clean", face, frame_index=number) for number in range(index)]
    assert clean[-1].json()["faces"] == answer.json()["faces"]
    found = {
        camera["name"]: camera["frames"] for camera in service.client.get("/v1/cameras").json()["cameras"]
    }
    assert found["clean"] == {"ok": index}
    reasons = [reason for _, _, reason in bodies().values()]
    assert found["door"] == {"ok": index, **{reason: reasons.count(reason) for reason in reasons}}
    figures = service.client.get("/metrics").text
    assert 'facecap_frames_total{camera="door",result="damaged_picture"} 2.0' in figures


@pytest.fixture(scope="module")
def steady(tmp_path_factory: pytest.TempPathFactory, pipeline: dict[str, Any]) -> Any:
    with running(settings_in(tmp_path_factory.mktemp("steady"), pipeline=pipeline)) as served:
        yield served


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(kind=st.sampled_from([".jpg", ".png", ".webp"]), share=st.floats(0, 1, exclude_max=True))
def test_a_picture_cut_anywhere_is_refused(steady: Served, kind: str, share: float) -> None:
    whole = encoded(kind, FACE)
    answer = steady.push("cut", whole[: int(share * len(whole))])
    assert code(answer) in [
        (400, "empty_body"),
        (415, "unsupported_picture"),
        (422, "truncated_picture"),
        (422, "damaged_picture"),
    ]


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(
    head=st.sampled_from([b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\x20\0\0\0WEBPVP8 "]),
    tail=st.binary(max_size=300),
    form=st.booleans(),
)
def test_any_bytes_are_answered_with_a_problem(steady: Served, head: bytes, tail: bytes, form: bool) -> None:
    kind = {"content-type": "multipart/form-data; boundary=x"} if form else {}
    answer = steady.client.post("/v1/cameras/any/frames", content=head + tail, headers=kind)
    assert 400 <= answer.status_code < 500 and code(answer)[1]


def test_limits_hold_before_anything_is_decoded(tmp_path: Any, pipeline: dict[str, Any], face: bytes) -> None:
    frames = {"max_bytes": len(face), "max_pixels": 1920 * 1080}
    with running(settings_in(tmp_path, pipeline=pipeline, frames=frames)) as served:
        assert served.push("door", face).status_code == 200
        assert code(served.push("door", face + b"\0")) == (413, "body_too_large")
        chunks = (face for _ in range(3))
        assert code(served.client.post("/v1/cameras/door/frames", content=chunks)) == (413, "body_too_large")
        form = served.client.post("/v1/cameras/door/frames", files={"file": face + b"\0"})
        assert code(form) == (413, "body_too_large")
    large = encoded(".png", FACE)[:33]  # its header alone; a decoder would say something else
    with running(settings_in(tmp_path, pipeline=pipeline, frames={"max_pixels": 1920 * 1079})) as served:
        assert code(served.push("door", large)) == (413, "picture_too_large")


@pytest.mark.parametrize(
    ("body", "kind", "reason"),
    [
        (b"--x\r\n\r\nhello\r\n--x--\r\n", "multipart/form-data; boundary=x", "missing_file"),
        (
            b"--x\r\nContent-Disposition: form-data; name=file\r\n\r\nab",
            "multipart/form-data; boundary=x",
            "malformed_multipart",
        ),
        (b"hello", "multipart/form-data; boundary=x", "malformed_multipart"),
        (b"hello", "multipart/form-data", "malformed_multipart"),
        (b"--x\r\n\r\n\r\n" * 40 + b"--x--\r\n", "multipart/form-data; boundary=x", "malformed_multipart"),
    ],
)
def test_forms_without_a_file_are_refused(service: Served, body: bytes, kind: str, reason: str) -> None:
    answer = service.client.post("/v1/cameras/door/frames", content=body, headers={"content-type": kind})
    assert code(answer) == (400, reason)


def test_single_pictures_have_every_face_and_keep_nothing(service: Served) -> None:
    answer = service.client.post("/v1/detect", content=encoded(".png", FACE)).json()
    assert (answer["width"], answer["height"]) == (1920, 1080)
    (found,) = answer["faces"]
    assert set(found) == {"box", "score", "landmarks", "quality", "pose", "mask_prob", "mask"}
    assert abs(found["box"][0] + found["box"][2] - 2 * (FACE[0] + 0.5) * 24) < 2
    assert service.client.get("/v1/cameras").json() == {"cameras": []}
    assert code(service.client.post("/v1/detect", content=b"x")) == (415, "unsupported_picture")


def test_what_is_no_face_has_no_mask_answer_in_a_single_picture(
    tmp_path: Path, pipeline: dict[str, Any]
) -> None:
    refused = {**pipeline, "refiner": str(scripted.refiner(tmp_path, face=-4))}
    with running(settings_in(tmp_path, pipeline=refused)) as service:
        (found,) = service.client.post("/v1/detect", content=encoded(".png", FACE)).json()["faces"]
    assert found["not_a_face"] and found["face_prob"] < 0.02
    assert (found["mask"], found["mask_prob"]) == ("unknown", None)
