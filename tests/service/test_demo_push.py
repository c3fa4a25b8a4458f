"""`facecap demo --push`: the first cards of a new user's page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from served import running, settings_in
from test_access import key

from facecap.cli import main


def test_the_demo_fills_the_page_of_a_service(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with running(settings_in(tmp_path, capture={"mode": "once"})) as service:
        assert main(["demo", "--push", service.address, "--json"]) == 0
        said = json.loads(capsys.readouterr().out)
        assert said == {"captures": 2, "page": service.address + "/"}
        found = service.client.get("/v1/captures").json()["captures"]
        assert [(capture["camera"], capture["mask"]) for capture in found] == [
            ("demo", "mask"),
            ("demo", "no_mask"),
        ]
        assert service.client.get(said["page"]).status_code == 200


def test_a_demo_that_is_not_let_in_says_so(
    tmp_path: Path, pipeline: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    secret, reading = key("office", "read")
    file = tmp_path / "key"
    file.write_text(secret + "\n")
    with running(settings_in(tmp_path, pipeline=pipeline, keys=[reading])) as service:
        few = ["--max-frames", "2"]
        assert main(["demo", "--push", service.address, *few]) == 1
        assert "no key came" in capsys.readouterr().err
        assert main(["demo", "--push", service.address, "--push-key-file", str(file), *few]) == 1
        assert "has no scope push" in capsys.readouterr().err
    assert main(["demo", "--push", service.address, "--push-key-file", str(tmp_path / "none"), *few]) == 1


def test_a_demo_without_a_service_ends_and_says_where_it_looked(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("facecap.demo.push.PATIENCE", 0.2)
    assert main(["demo", "--push", "http://127.0.0.1:9/faces", "--max-frames", "2"]) == 1
    assert "http://127.0.0.1:9/(hidden): no answer" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--push", "nowhere"], "neither http:// nor https://"),
        (["--push", "http://camera:SECRET@127.0.0.1:9"], "without a name and a password"),
        (["--push", "http://127.0.0.1:9", "--clip-only"], "--clip-only is not for --push"),
    ],
)
def test_a_push_that_cannot_be_meant_is_refused(
    options: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["demo", *options])
    printed = capsys.readouterr()
    assert said in printed.err and "SECRET" not in printed.err + printed.out
