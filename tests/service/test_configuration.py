"""Settings: where they come from, what is refused, and `facecap serve` around them."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from facecap_service.configuration import ConfigurationError, load

FILE = """
[server]
port = 81
[capture]
mode = "fast"
min_hits = 3
[pullers.gate]
url = "rtsp://user:secret@camera/stream"
"""


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith("FACECAP_"):
            monkeypatch.delenv(name)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "facecap.toml"
    path.write_text(FILE)
    return path


def test_flags_win_over_the_environment_and_that_over_the_file(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FACECAP_CAPTURE_MIN_HITS", "4")
    monkeypatch.setenv("FACECAP_CAPTURE_INTERVAL", "9")
    monkeypatch.setenv("FACECAP_SERVER_HOSTS", '["a.example", "b.example"]')
    found = load(file, {"capture": {"interval": "12"}})
    capture = found.settings.capture
    assert (capture.mode, capture.min_hits, capture.interval, capture.max_captures) == ("fast", 4, 12, 3)
    assert found.settings.server.hosts == ("a.example", "b.example") and found.settings.server.port == 81
    lines = "\n".join(found.lines())
    assert f'mode = "fast"  # {file}' in lines
    assert "min_hits = 4  # FACECAP_CAPTURE_MIN_HITS" in lines
    assert "interval = 12  # flag" in lines and "max_captures = 3  # default" in lines
    assert "rtsp://(hidden)@camera/(hidden)" in lines and "secret" not in lines


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[server]\nprot = 1", "server.prot .*there is no such setting; did you mean port"),
        ("[serve]\nport = 1", "serve: there is no such setting; did you mean server"),
        ("[server]\nport = 70000", "server.port .*65535"),
        ("[capture]\nmin_hits = 0", "capture: min_hits is 0"),
        ('[capture]\nmode = "slow"', "capture.mode"),
        ('[pullers."a b"]\nurl = "rtsp://x"', "pullers.a b"),
        ('[pullers.a]\nurl = "file:///etc/passwd"', "pullers.a.url"),
        (
            '[cameras]\nmax_cameras = 1\n[pullers.a]\nurl = "rtsp://x"\n[pullers.b]\nurl = "rtsp://y"',
            "pullers: there are 2, and cameras.max_cameras is 1",
        ),
        ('[[keys]]\nname = "a"\nhash = "plain"\nscopes = ["push"]', "keys.0.hash"),
        ('[[keys]]\nname = "a"\nhash = "sha256:%s"\nscopes = ["all"]' % ("0" * 64), "keys.0.scopes"),
        (
            2 * ('[[keys]]\nname = "a"\nhash = "sha256:%s"\nscopes = ["push"]\n' % ("0" * 64)),
            "keys .*of its own",
        ),
        ('[store]\nfolder = "a\\u0000b"', r"store.folder \(.*facecap.toml\): wanted a text without NUL"),
        ("[server", "facecap.toml: "),
    ],
)
def test_what_is_wrong_in_a_file_is_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "facecap.toml"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=message):
        load(path)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("FACECAP_SERVER_PROT", "1", "no setting FACECAP_SERVER_PROT; did you mean FACECAP_SERVER_PORT"),
        ("FACECAP_FOO_BAR", "1", "no setting FACECAP_FOO_BAR; `facecap serve --print-config` shows"),
        ("FACECAP_STORE_URI", "1", "no setting FACECAP_STORE_URI; did you mean FACECAP_STORE_URL"),
        ("FACECAP_SERVER_PORT", "many", r"server.port \(FACECAP_SERVER_PORT\)"),
        ("FACECAP_KEYS", "[", "wanted JSON"),
    ],
)
def test_what_is_wrong_in_the_environment_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, message: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError, match=message):
        load()


def test_a_file_of_an_editor_that_writes_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    path = tmp_path / "facecap.toml"
    path.write_text(FILE, encoding="utf-8-sig")
    assert load(path).settings.server.port == 81


def test_a_wrong_variable_ends_the_command_as_a_wrong_option_does(tmp_path: Path) -> None:
    done = facecap(cwd=tmp_path, FACECAP_SERVER_PORT="99999")
    assert done.returncode == 2 and "server.port (FACECAP_SERVER_PORT)" in done.stderr


def test_an_empty_variable_and_those_of_others_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACECAP_SERVER_PORT", "")
    monkeypatch.setenv("FACECAP_MAX_FRAMES", "10")
    assert load(other_variables={"FACECAP_MAX_FRAMES"}).settings.server.port == 8000


def facecap(*arguments: object, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "facecap", "serve", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=cwd,
        env={**os.environ, **env},
    )


def test_lists_and_sizes_are_said_as_words_or_as_json(monkeypatch: pytest.MonkeyPatch) -> None:
    for text in ("a.example, b.example", '["a.example", "b.example"]'):
        monkeypatch.setenv("FACECAP_SERVER_HOSTS", text)
        assert load().settings.server.hosts == ("a.example", "b.example")
        assert load(flags={"server": {"hosts": text}}).settings.server.hosts == ("a.example", "b.example")
    monkeypatch.setenv("FACECAP_PIPELINE_INPUT_SIZE", "640x480")
    assert load().settings.pipeline.input_size == (640, 480)
    monkeypatch.setenv("FACECAP_PIPELINE_INPUT_SIZE", "large")
    with pytest.raises(ConfigurationError, match=r"pipeline.input_size"):
        load()


def test_print_config_tells_what_applies(file: Path) -> None:
    done = facecap("--settings", file, "--server-port", "82", "--print-config", cwd=file.parent)
    assert done.returncode == 0, done.stderr
    assert "port = 82  # flag" in done.stdout and f"min_hits = 3  # {file}" in done.stdout
    assert "secret" not in done.stdout


UNUSUAL = """
[store]
url = "postgresql://db.example/faces?user=hunter1&password=hunter2"
[pullers.at]
url = "rtsp://user:hunter3@hunter4@camera/stream"
[pullers.slash]
url = "rtsp://user:hunter5/hunter6@camera/stream"
[pullers.query]
url = "http://camera/video?user=hunter7&pwd=hunter8#hunter9"
[pullers.path]
url = "rtsp://camera/user=admin&password=hunter10"
[webhooks.chat]
url = "https://chat.example:8443/hooks/hunter11"
secret = "whsec_SGVyZUFyZVR3ZW50eUZvdXJCeXRlcyEh"
[mqtt]
url = "mqtt://user:hunter12@broker.example"
"""


def test_print_config_hides_the_secrets_of_unusual_addresses(tmp_path: Path) -> None:
    (tmp_path / "facecap.toml").write_text(UNUSUAL)
    done = facecap("--settings", "facecap.toml", "--print-config", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "hunter" not in done.stdout and "whsec_" not in done.stdout
    for shown in (
        "postgresql://db.example/",
        "http://camera/",
        "rtsp://camera/",
        "https://chat.example:8443/",
    ):
        assert f'url = "{shown}(hidden)"' in done.stdout
    assert 'url = "mqtt://(hidden)@broker.example"' in done.stdout


@pytest.mark.parametrize("url", ["https://user:hunter2/x@chat.example", "http://[hunter2/x", "hunter2"])
def test_an_address_that_cannot_be_is_refused_without_it(tmp_path: Path, url: str) -> None:
    path = tmp_path / "facecap.toml"
    path.write_text(f'[webhooks.chat]\nurl = "{url}"\nsecret = "whsec_{"A" * 32}"')
    with pytest.raises(ConfigurationError, match=r"webhooks\.chat\.url.*wanted http://HOST") as error:
        load(path)
    assert "hunter2" not in str(error.value)


def test_a_new_key_opens_the_service_that_has_its_lines(tmp_path: Path) -> None:
    made = facecap("--new-key", "door", "--scopes", "push,read", cwd=tmp_path)
    secret = re.search(r"facecap_[\w-]{43}", made.stderr)
    assert made.returncode == 0 and secret and secret[0] not in made.stdout
    (tmp_path / "facecap.toml").write_text(made.stdout)
    shown = facecap("--settings", "facecap.toml", "--print-config", cwd=tmp_path)
    assert 'name = "door"' in shown.stdout and 'hash = "(hidden)"' in shown.stdout
    for process, address in started(tmp_path, "--settings", "facecap.toml"):
        assert httpx.get(f"{address}/v1/cameras").status_code == 401
        allowed = httpx.get(f"{address}/v1/cameras", headers={"Authorization": f"Bearer {secret[0]}"})
        assert allowed.json() == {"cameras": []}
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["--new-key", "a b"], 2, "name"),
        (["--new-key", "a", "--scopes", "everything"], 2, "scopes"),
        (["--server-host", "0.0.0.0"], 1, "there are no keys"),
        (["--server-tls-key", "x"], 1, "go together"),
        (["--server-tls-certificate", "x", "--server-tls-key", "y"], 1, "tls_certificate x: cannot be read"),
        (["--server-tls-certificate", __file__, "--server-tls-key", __file__], 1, "server.tls_key"),
        (["--settings", "missing.toml"], 2, "missing.toml: there is no such file"),
        (["--pipeline-detector", "missing.onnx"], 1, "missing.onnx"),
        (["--pipeline-provider", "gpu"], 1, "provider: found 'gpu', wanted one of: cpu, cuda, openvino"),
        (["--pipeline-precision", "int4"], 1, "precision is 'int4', wanted one of: float32, int8"),
        (["--store-url", "nonsense"], 1, "wanted sqlite:///PATH"),
        (["--server-prot", "1"], 2, "--server-prot"),
        (["--retention-max-days", "many"], 2, "retention.max_days (flag)"),
        (["--store-folder", __file__], 1, "test_configuration.py is a file, wanted a folder"),
    ],
)
def test_what_cannot_work_ends_with_a_sentence(
    tmp_path: Path, arguments: list[str], status: int, message: str
) -> None:
    done = facecap(*arguments, "--server-port", "0", cwd=tmp_path)
    assert done.returncode == status, done.stderr
    last = done.stderr.splitlines()[-1]
    assert message in last and "facecap" in last, done.stderr
    assert "Traceback" not in done.stderr


def started(folder: Path, *arguments: str, **env: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`facecap serve` in a process of its own, and its address; killed where it still runs in the end."""
    command = [sys.executable, "-m", "facecap", "serve", "--server-port", "0", *arguments]
    process = subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, cwd=folder, env={**os.environ, **env}
    )
    assert process.stderr is not None
    try:
        for line in process.stderr:
            entry: dict[str, Any] = json.loads(line)
            if entry["message"] == "listening":
                yield process, entry["address"]
                break
        else:
            raise AssertionError("the service did not start")
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def test_a_second_signal_ends_at_once(tmp_path: Path) -> None:
    for process, address in started(tmp_path, "--server-drain-seconds", "600"):
        with httpx.Client() as client:
            # A body that never ends keeps the first signal waiting.
            request = client.build_request(
                "POST", f"{address}/v1/detect", content=endless(process), timeout=60
            )
            with pytest.raises(httpx.TransportError):
                client.send(request)
        assert process.wait(60) == 128 + signal.SIGTERM


def endless(process: subprocess.Popen[str]) -> Iterator[bytes]:
    yield b"\xff\xd8\xff"
    time.sleep(0.3)
    process.send_signal(signal.SIGTERM)
    time.sleep(0.7)
    assert process.poll() is None, "the first signal waits for the request"
    process.send_signal(signal.SIGTERM)
    while True:
        time.sleep(0.1)
        yield b"\0"
