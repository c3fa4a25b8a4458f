"""What one camera has of its own: in the settings file, and set while the service runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from painted import encoded
from served import Served, eventually, running, settings_in

from facecap import FacecapError
from facecap_service.configuration import ConfigurationError, load
from facecap_service.keys import new_key
from facecap_service.pipelines import Pipelines

LEFT_HALF = [[0, 0], [0.5, 0], [0.5, 1], [0, 1]]
RIGHT_HALF = [[0.5, 0], [1, 0], [1, 1], [0.5, 1]]
NOTHING: dict[str, Any] = {"display_name": None, "area": None, "ignore": [], "only": []}

FILE = """
[cameras]
queue = 5
[cameras.door]
display_name = "大门"
hours = "07:00-12:00, 13:00-19:00"
days = ["mon", "tue"]
ignore = [[[0, 0], [1, 0], [1, 0.2]]]
input_size = [320, 256]
[cameras.door.capture]
min_face = 48
[cameras.hall]
area = "First floor"
"""


def put(service: Served, camera: str = "door", **wanted: Any) -> Any:
    return service.client.put(f"/v1/cameras/{camera}/settings", json=wanted)


def reasons(service: Served, picture: bytes, camera: str = "door") -> list[str | None]:
    return [face["reason"] for face in service.push(camera, picture).json()["faces"]]


def test_the_file_gives_a_camera_settings_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "facecap.toml"
    path.write_text(FILE)
    found = load(path)
    door = found.settings.cameras.named["door"]
    assert (door.display_name, door.hours) == ("大门", ("07:00-12:00", "13:00-19:00"))
    assert found.settings.capture.config(door.capture).min_face == 48
    assert found.settings.capture.config().min_face == 32
    printed = "\n".join(found.lines())
    for line in (
        f"queue = 5  # {path}",
        '[cameras."door"]',
        f'display_name = "大门"  # {path}',
        "# area is not set  # default",
        '[cameras."door"."capture"]',
        f"min_face = 48.0  # {path}",
        '[cameras."hall"]',
    ):
        assert line in printed
    again = tmp_path / "again.toml"
    again.write_text(printed)
    assert load(again).settings == found.settings


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[cameras]\nqueu = 3", r"cameras.queu \(.*there is no such setting; did you mean queue"),
        ("[cameras.door]\nhour = 'x'", "cameras.door.hour .*no such setting; did you mean hours"),
        ("[cameras.door.capture]\nmin_fac = 3", "cameras.door.capture.min_fac .*did you mean min_face"),
        ("[cameras.door.capture]\nmin_hits = 0", "cameras: door.capture: min_hits is 0"),
        ('[cameras.door]\nhours = "7-9"', "cameras.door.hours.0 .*found '7-9', wanted HH:MM-HH:MM"),
        ('[cameras.door]\ndays = ["monday"]', "cameras.door.days.0"),
        ("[cameras.door]\nignore = [[[0, 0], [1, 1]]]", r"cameras.door.ignore .*ignore\[0\]"),
        ("[cameras.door]\nonly = [[[0, 0], [2, 0], [1, 1]]]", r"cameras.door.only .*only\[0\]"),
        ('[cameras.door]\ndisplay_name = "a\\u0007b"', "cameras.door.display_name .*control characters"),
        ('[cameras."a b"]\narea = "x"', "'a b' is no name of a camera"),
        ('[cameras.queue]\narea = "x"', "cameras: queue is a setting of all cameras"),
    ],
)
def test_what_is_wrong_with_a_camera_in_the_file_is_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "facecap.toml"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=message):
        load(path)


def test_a_camera_captures_by_its_own_settings(tmp_path: Path, pipeline: Any, face: bytes) -> None:
    cameras = {"door": {"capture": {"min_face": 400, "min_hits": 1}}, "gate": {"score_threshold": 1.0}}
    settings = settings_in(tmp_path, pipeline=pipeline, capture={"min_hits": 2}, cameras=cameras)
    with running(settings) as service:
        assert reasons(service, face) == ["too_small"]
        assert reasons(service, face, "gate") == [], "no face scores above 1"
        assert [reasons(service, face, "other") for _ in range(2)] == [["track_unconfirmed"], [None]]


def test_a_camera_with_an_input_that_its_model_cannot_have_is_named_at_the_start(
    tmp_path: Path, pipeline: Any
) -> None:
    settings = settings_in(tmp_path, pipeline=pipeline, cameras={"door": {"input_size": (7, 7)}})
    with pytest.raises(FacecapError, match=r"cameras\.door: .*7"):
        Pipelines(settings)


def test_names_and_areas_are_set_while_the_service_runs_and_stay(tmp_path: Path, pipeline: Any) -> None:
    both = encoded(".jpg", (10, 30), (60, 30))
    settings = settings_in(tmp_path, pipeline=pipeline, capture={"min_hits": 1, "mode": "cycle"})
    with running(settings) as service:
        service.push("door", both)
        assert service.client.get("/v1/cameras/door/settings").json() == {**NOTHING, "set_in_file": []}
        answer = put(service, display_name="大门", area="Ground floor", ignore=[LEFT_HALF])
        assert answer.status_code == 200, answer.text
        assert answer.json() == {
            "display_name": "大门",
            "area": "Ground floor",
            "ignore": [LEFT_HALF],
            "only": [],
            "set_in_file": [],
        }
        report = service.client.get("/v1/cameras/door").json()
        assert (report["display_name"], report["area"]) == ("大门", "Ground floor")
        assert sorted(map(str, reasons(service, both))) == ["not_better", "outside_area"]
        entries = service.client.get("/v1/audit").json()["entries"]
        assert entries[0]["action"] == "camera_settings" and entries[0]["data"]["camera"] == "door"
    with running(settings) as service:
        first = {face["reason"]: face["box"][0] for face in service.push("door", both).json()["faces"]}
        assert set(first) == {"outside_area", None} and first["outside_area"] < first[None]
        assert put(service, only=[LEFT_HALF]).status_code == 200
        second = {face["reason"]: face["box"][0] for face in service.push("door", both).json()["faces"]}
        assert second["outside_area"] > second[None]
        assert put(service).json() == {**NOTHING, "set_in_file": []}
        assert "outside_area" not in reasons(service, both)


def test_areas_reach_another_service_on_the_same_database(tmp_path: Path, pipeline: Any, face: bytes) -> None:
    settings = settings_in(tmp_path, pipeline=pipeline, cameras={"offline_seconds": 1.0})
    with running(settings) as one, running(settings) as other:
        other.push("door", face)
        eventually(lambda: one.client.get("/v1/cameras").json()["cameras"])
        assert put(one, ignore=[[[0, 0], [1, 0], [1, 1], [0, 1]]]).status_code == 200
        eventually(lambda: reasons(other, face) == ["outside_area"])


def test_what_the_file_sets_wins_and_is_refused_to_be_changed(
    tmp_path: Path, pipeline: Any, face: bytes
) -> None:
    with running(settings_in(tmp_path / "first", pipeline=pipeline)) as service:
        service.push("door", face)
        put(service, display_name="Back door", area="Yard")
    cameras = {"door": {"display_name": "Front door", "only": [RIGHT_HALF]}}
    settings = settings_in(tmp_path / "first", pipeline=pipeline, cameras=cameras)
    with running(settings) as service:
        shown = service.client.get("/v1/cameras/door/settings").json()
        assert shown.pop("set_in_file") == ["display_name", "only"]
        assert shown == {"display_name": "Front door", "area": "Yard", "ignore": [], "only": [RIGHT_HALF]}
        refused = put(service, **{**shown, "display_name": "Other"})
        assert (refused.status_code, refused.json()["code"]) == (409, "set_in_file")
        assert "display_name" in refused.json()["detail"] and "only" not in refused.json()["detail"]
        assert put(service, **{**shown, "area": "Street"}).json()["area"] == "Street"


@pytest.mark.parametrize(
    ("wanted", "status", "message"),
    [
        ({"ignore": [[[0, 0], [1, 1]]]}, 422, "ignore[0]"),
        ({"only": [[[0, 0], [2, 0], [1, 1]]]}, 422, "only[0]"),
        ({"only": [[[0, 0], ["a", 0], [1, 1]]]}, 422, "only"),
        ({"display_name": "x" * 101}, 422, "display_name"),
        ({"display_name": "\u0007"}, 422, "display_name"),
        ({"hours": ["07:00-19:00"]}, 422, "hours"),
        ({"ignore": [LEFT_HALF] * 65}, 422, "ignore"),
        ([], 422, ""),
    ],
)
def test_settings_that_are_none_are_refused_and_change_nothing(
    service: Served, face: bytes, wanted: Any, status: int, message: str
) -> None:
    service.push("door", face)
    refused = service.client.put("/v1/cameras/door/settings", json=wanted)
    assert refused.status_code == status and message in refused.json()["detail"]
    assert service.client.get("/v1/cameras/door/settings").json() == {**NOTHING, "set_in_file": []}


def test_settings_are_of_cameras_that_there_are_and_changed_by_admin(
    tmp_path: Path, pipeline: Any, face: bytes
) -> None:
    made = {name: new_key(name, [name]) for name in ("push", "read", "admin")}
    keys = [
        {"name": name, "hash": lines.partition('hash = "')[2].partition('"')[0], "scopes": [name]}
        for name, (_, lines) in made.items()
    ]
    with running(settings_in(tmp_path, pipeline=pipeline, keys=keys)) as service:
        service.client.headers["X-API-Key"] = made["admin"][0]
        for answer in (put(service, area="x"), service.client.get("/v1/cameras/door/settings")):
            assert (answer.status_code, answer.json()["code"]) == (404, "unknown_camera")
        service.push("door", face)
        assert put(service, area="x").status_code == 200
        service.client.headers["X-API-Key"] = made["read"][0]
        assert put(service, area="y").status_code == 403
        assert service.client.get("/v1/cameras/door/settings").json()["area"] == "x"
