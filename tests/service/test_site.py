"""What a service says of its site, and to whom."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from served import Served, running, settings_in

from facecap_service.keys import new_key
from facecap_service.settings import Settings, Site


def test_site_tells_its_name_its_zone_and_its_clock(tmp_path: Path, pipeline: dict[str, Any]) -> None:
    site = {"name": "大门 north", "time_zone": "Australia/Lord_Howe"}
    with running(settings_in(tmp_path, pipeline=pipeline, site=site)) as service:
        told = service.client.get("/v1/site").json()
    assert (told["name"], told["time_zone"]) == ("大门 north", "Australia/Lord_Howe")
    assert abs(datetime.fromisoformat(told["now"].replace("Z", "+00:00")) - datetime.now(timezone.utc)) < (
        timedelta(minutes=1)
    )
    assert told["role"] == {"scopes": ["push", "read", "admin"], "name": "anybody"}


def test_site_tells_a_key_what_it_may_do(tmp_path: Path, pipeline: dict[str, Any]) -> None:
    made = {name: new_key(name, [name]) for name in ("push", "read", "admin")}
    keys = [
        {"name": name, "hash": lines.partition('hash = "')[2].partition('"')[0], "scopes": [name]}
        for name, (_, lines) in made.items()
    ]
    with running(settings_in(tmp_path, pipeline=pipeline, keys=keys)) as service:

        def ask(name: str) -> Any:
            return service.client.get("/v1/site", headers={"Authorization": f"Bearer {made[name][0]}"})

        assert ask("read").json()["role"] == {"scopes": ["read"], "name": "read"}
        assert ask("admin").json()["role"] == {"scopes": ["push", "read", "admin"], "name": "admin"}
        assert ask("push").status_code == 403


def test_a_site_without_a_zone_has_that_of_the_machine(service: Served) -> None:
    zone = service.client.get("/v1/site").json()["time_zone"]
    assert Site(time_zone=zone).zone.key == zone


@pytest.mark.parametrize(
    ("zone", "message"),
    [
        ("Europe/Berlni", "did you mean Europe/Berlin?"),
        ("berlin", "did you mean Europe/Berlin?"),
        ("europe/berlin ", "did you mean Europe/Berlin?"),
        ("America/New York", "did you mean America/New_York?"),
        ("+01:00", "wanted one as Europe/Berlin"),
        ("../etc/passwd", "no time zone"),
        ("Europe", "no time zone"),
        ("", "no time zone"),
    ],
)
def test_a_zone_that_does_not_exist_is_refused_with_a_near_one(zone: str, message: str) -> None:
    with pytest.raises(ValidationError) as error:
        Settings(site={"time_zone": zone})
    assert message in str(error.value)
