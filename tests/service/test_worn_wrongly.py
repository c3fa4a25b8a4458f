"""A mask that is worn wrongly, from a frame to all that the service says of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import pytest
import scripted
from painted import FACE
from served import Served, running, settings_in

from facecap import MaskAnswer


@pytest.fixture
def three(tmp_path: Path, pipeline: dict[str, Any]) -> Iterator[Served]:
    """A service whose classifier has the third class."""
    models = {**pipeline, "classifier": str(scripted.mask_classifier(tmp_path, incorrect=True))}
    capture = {"mode": "fast", "min_hits": 2, "max_captures": 1}
    with running(settings_in(tmp_path, pipeline=models, capture=capture)) as served:
        yield served


def picture(mask: MaskAnswer) -> bytes:
    return cv2.imencode(".png", scripted.frame(FACE, mask=mask))[1].tobytes()


def test_a_frame_s_face_is_answered_kept_listed_and_counted(three: Served) -> None:
    answers = [three.push("door", picture("incorrect")).json() for _ in range(2)]
    [capture] = answers[1]["captures"]
    assert capture["mask"] == "incorrect" and capture["incorrect_prob"] > 0.9 > 0.1 > capture["mask_prob"]
    assert answers[1]["faces"][0]["incorrect_prob"] == capture["incorrect_prob"]
    assert "incorrect_prob" not in answers[0]["faces"][0], "it is not known before a shot is classified"
    for _ in range(2):
        three.push("hall", picture("no_mask"))

    [bare] = three.client.get("/v1/captures", params={"mask": "no_mask"}).json()["captures"]
    assert bare["camera"] == "hall" and bare["incorrect_prob"] < 0.1
    [listed] = three.client.get("/v1/captures", params={"mask": "incorrect"}).json()["captures"]
    assert capture.items() <= listed.items()
    statistics = three.client.get("/v1/statistics").json()
    assert statistics["total"] == {"mask": 0, "no_mask": 1, "incorrect": 1, "unknown": 0}
    assert sum(bucket["incorrect"] for bucket in statistics["buckets"]) == 1
    figures = three.client.get("/metrics").text
    assert 'facecap_captures_total{camera="door",kind="first",mask="incorrect"} 1.0' in figures
    events = three.services.store.events_after(None, 100)
    assert [event.data["mask"] for event in events if event.kind == "capture"] == ["incorrect", "no_mask"]


def test_a_single_picture_has_the_answer_and_its_probability(three: Served) -> None:
    [face] = three.client.post("/v1/detect", content=picture("incorrect")).json()["faces"]
    assert face["mask"] == "incorrect" and face["incorrect_prob"] > 0.9


def test_a_model_of_two_classes_says_nothing_of_it(service: Served) -> None:
    for _ in range(2):
        answer = service.push("door", picture("incorrect")).json()
    [face], [capture] = answer["faces"], answer["captures"]
    assert "incorrect_prob" not in face.keys() | capture.keys()
    assert capture["mask"] == "mask"
