"""An ingress of a cluster: a node of Ray and a service that end together."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from served import eventually

SCRIPT = Path(__file__).resolve().parent.parent.parent / "deploy" / "ray-ingress"
STAND_IN = """
import os, signal, socket, sys, time
def say(what, code=None):
    with open({log!r}, "a") as log:
        log.write(f"{{os.path.basename(sys.argv[0])}} {{what}} {{os.getpid()}}\\n")
    if code is not None:
        os._exit(code)
signal.signal(signal.SIGTERM, lambda *_: say("told to end", 3))
"""


class Ingress:
    """The script at work, with a node and a service that stand for Ray and facecap."""

    def __init__(self, folder: Path, node: str, service: str) -> None:
        self.log = folder / "log"
        self.log.touch()
        for name, body in (("ray", node), ("facecap", service)):
            file = folder / name
            file.write_text(f"#!{sys.executable}\n{STAND_IN.format(log=str(self.log))}{body}\n")
            file.chmod(0o755)
        environment = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}
        environment["FACECAP_CLUSTER_ADDRESS"] = "head:6379"
        # A port that is free here.
        script = SCRIPT.read_text().replace("/127.0.0.1/6380", "/127.0.0.1/$TEST_PORT")
        assert "$TEST_PORT" in script
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            environment["TEST_PORT"] = str(probe.getsockname()[1])
        self.process = subprocess.Popen(["bash", "-c", script], env=environment, start_new_session=True)

    def said(self) -> list[str]:
        """What both said, in order, without their process ids."""
        return [line.rsplit(" ", 1)[0] for line in self.log.read_text().splitlines()]

    def pid(self, of: str) -> int:
        [line] = [line for line in self.log.read_text().splitlines() if line.startswith(f"{of} ready")]
        return int(line.rsplit(" ", 1)[1])


NODE = """
server = socket.create_server(("127.0.0.1", int(os.environ["TEST_PORT"])))
say("ready")
while True: server.accept()
"""
WAIT = "say('ready')\nwhile True: time.sleep(60)"


@pytest.fixture
def ingresses() -> Iterator[list[Ingress]]:
    started: list[Ingress] = []
    yield started
    for ingress in started:
        with suppress(ProcessLookupError):
            os.killpg(ingress.process.pid, signal.SIGKILL)
        ingress.process.wait()


def test_an_ingress_that_is_told_to_end_ends_in_order(tmp_path: Path, ingresses: list[Ingress]) -> None:
    ingress = Ingress(tmp_path, NODE, WAIT)
    ingresses.append(ingress)
    eventually(lambda: ingress.said() == ["ray ready", "facecap ready"])
    ingress.process.send_signal(signal.SIGTERM)
    assert ingress.process.wait(30) == 3
    # The service first, as it needs its node to the last; and once, as a second signal would cut it short.
    assert ingress.said()[2:] == ["facecap told to end", "ray told to end"]


def test_an_ingress_that_is_told_to_end_before_its_node_is_there_ends(
    tmp_path: Path, ingresses: list[Ingress]
) -> None:
    ingress = Ingress(tmp_path, WAIT, WAIT)
    ingresses.append(ingress)
    eventually(lambda: ingress.said() == ["ray ready"])
    ingress.process.send_signal(signal.SIGTERM)
    assert ingress.process.wait(30) == 143
    assert ingress.said()[1:] == ["ray told to end"]


@pytest.mark.parametrize(("lost", "other"), [("ray", "facecap"), ("facecap", "ray")])
def test_an_ingress_that_loses_one_part_ends_the_other(
    tmp_path: Path, ingresses: list[Ingress], lost: str, other: str
) -> None:
    ingress = Ingress(tmp_path, NODE, WAIT)
    ingresses.append(ingress)
    eventually(lambda: ingress.said() == ["ray ready", "facecap ready"])
    os.kill(ingress.pid(lost), signal.SIGKILL)
    ingress.process.wait(30)
    assert ingress.said()[2:] == [f"{other} told to end"]


def test_an_ingress_whose_node_does_not_start_ends(tmp_path: Path, ingresses: list[Ingress]) -> None:
    ingress = Ingress(tmp_path, "say('no such head', 7)", WAIT)
    ingresses.append(ingress)
    assert ingress.process.wait(30) == 7
    assert ingress.said() == ["ray no such head"]
