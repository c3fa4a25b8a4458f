"""What the page of recipes says that people see when something is wrong, and whether they do."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="the extra 'service' is not installed")

from cameras import closed_port
from docs_pages import run, section
from served import running, settings_in
from test_access import key

PUSH = "curl --silent --show-error --data-binary @face.jpg"
PATH = "/v1/cameras/door/frames"
OPEN = 'curl --silent --show-error -H "X-API-Key: $PUSH" --data-binary'
MISTAKES = {
    "`no key came` (401)": f"{PUSH} http://$PLAIN{PATH}",
    "`the key that came is empty` (401)": f'PUSH=; {PUSH} -H "Authorization: Bearer $PUSH" http://$PLAIN{PATH}',
    "`the key is not known` (401)": f"{PUSH} --user camera:wrong http://$PLAIN{PATH}",
    "`has no scope push` (403)": f'{PUSH} -H "X-API-Key: $READ" http://$PLAIN{PATH}',
    "`is for the cameras` (403)": f'{PUSH} -H "X-API-Key: $HALL" http://$PLAIN{PATH}',
    "`nothing is at` (404)": f"{PUSH} http://$PLAIN/cameras/door/frames",
    "`takes POST, PUT` (405)": f"curl --silent http://$PLAIN{PATH}",
    "`several_pictures` (422)": f"cat face.jpg face.jpg | {OPEN} @- http://$PLAIN{PATH}",
    "`Empty reply from server`, `Connection reset`": f"{PUSH} http://$TLS{PATH}",
    "`wrong version number`, `packet length too long`": f"{PUSH} https://$PLAIN{PATH}",
    "`SSL certificate problem`": f"{PUSH} https://$TLS{PATH}",
    "`Connection refused`, `Failed to connect`": f"{PUSH} http://$CLOSED{PATH}",
    "200, and no capture": f"{OPEN} @face.jpg http://$PLAIN{PATH}",
}


def test_the_table_of_mistakes_has_what_people_see(
    tmp_path: Path,
    pipeline: dict[str, Any],
    certificate: dict[str, Path],
    face: bytes,
    caplog: pytest.LogCaptureFixture,
) -> None:
    table = section("recipes.md", "When it does not work")
    assert re.findall(r"^\| (.+?) \|", table, re.M)[1:] == list(MISTAKES)
    (tmp_path / "face.jpg").write_bytes(face)
    (tmp_path / "tls").mkdir()
    secrets, known = zip(key("cameras", "push"), key("office", "read"), key("hall", "push"), strict=True)
    known[2]["cameras"] = ["hall"]
    variables = dict(zip(("PUSH", "READ", "HALL"), secrets, strict=True))
    with (
        running(settings_in(tmp_path, pipeline=pipeline, keys=known)) as plain,
        running(settings_in(tmp_path / "tls", pipeline=pipeline, server=certificate)) as tls,
    ):
        variables["PLAIN"], variables["TLS"] = (
            served.address.removeprefix("http://") for served in (plain, tls)
        )
        variables["CLOSED"] = f"127.0.0.1:{closed_port()}"
        for seen, command in MISTAKES.items():
            done = run(command, tmp_path, **variables)
            said = re.findall("`(.+?)`", seen) or ['"track_unconfirmed"']
            assert any(text in done.stdout + done.stderr for text in said), (seen, done)
    (warning,) = [record for record in caplog.records if "spoke TLS" in record.getMessage()]
    assert warning.levelname == "WARNING" and warning.__dict__["client"] == "127.0.0.1"
