"""Captures and the key go to the service that is meant and to no other, and nobody on the way reads them."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from authority import NAMES, Authority

from .service import Service
from .test_parity import lines_of
from .test_push import options, push_summary, waiting

Board = Callable[..., Any]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls"), "ours")


@pytest.fixture(autouse=True)
def _needs_tls(board: Board, models: list[str], tmp_path: Path) -> None:
    done = board(tmp_path, "--out", tmp_path / "none", *models, "--push-url", "https://127.0.0.1:1")
    if "this build has no TLS" in done.stderr:
        pytest.skip("this build has no TLS")


@pytest.fixture
def push(board: Board, models: list[str], visit: Path, tmp_path: Path) -> Callable[..., Any]:
    """Run the board on a visit with a key for this address; gives what it said."""
    (tmp_path / "key").write_text("secret\n")

    def run(url: str, *more: object) -> str:
        key = ["--push-key-file", tmp_path / "key", "--push-drain", 1]
        done = board(visit, "--out", tmp_path / "out", *models, *options(url, tmp_path, *key, *more))
        assert done.returncode == 0, done.stderr
        return str(done.stderr)

    return run


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_captures_arrive_at_the_server_that_the_authority_signed(
    push: Callable[..., str], authority: Authority, tmp_path: Path, host: str
) -> None:
    with Service(tls=authority.server("right")) as service:
        said = push(f"https://{host}:{service.port}", "--push-ca-file", authority.file, "--push-drain", 60)
    assert service.captures == lines_of(tmp_path / "out") and len(service.captures) >= 10
    assert all(post.headers["Authorization"] == "Bearer secret" for post in service.posts)
    assert service.resumed == service.requests - 1
    assert "clear text" not in said and not waiting(tmp_path)


@pytest.mark.parametrize("form", [str, lambda text: text.replace(":", "").lower()], ids=["colons", "plain"])
def test_a_pinned_certificate_is_believed_whoever_signed_it(
    push: Callable[..., str], authority: Authority, tmp_path: Path, form: Callable[[str], str]
) -> None:
    with Service(tls=authority.server("pinned", "DNS:elsewhere", days=-1)) as service:
        pin = form(authority.fingerprint("pinned"))
        push(service.url, "--push-fingerprint", pin, "--push-drain", 60)
    assert service.captures == lines_of(tmp_path / "out")


@pytest.mark.parametrize(
    ("server", "words"),
    [
        ("stranger", "is signed by none of"),
        ("expired", "has expired"),
        ("other name", "is for another host than"),
        ("other address", "is for another host than"),
        ("other pin", "has another fingerprint than push_fingerprint"),
        ("system", "is signed by none of /"),
    ],
)
def test_nothing_is_sent_to_a_server_that_is_not_believed(
    push: Callable[..., str], authority: Authority, tmp_path: Path, server: str, words: str
) -> None:
    """A proxy that opens TLS on the way is the stranger: its certificate is of its own making."""
    signer, names, days, host = authority, NAMES, 30, "127.0.0.1"
    trust: list[object] = ["--push-ca-file", authority.file]
    if server == "stranger":
        signer = Authority(tmp_path, "theirs")
    elif server == "expired":
        days = -1
    elif server == "other name":
        names, host = "DNS:elsewhere,IP:127.0.0.1", "localhost"
    elif server == "other address":
        names = "DNS:127.0.0.1,IP:127.0.0.2,DNS:localhost"
    elif server == "other pin":
        trust = ["--push-fingerprint", "ab" * 32]
    elif server == "system":
        if not Path("/etc/ssl/certs/ca-certificates.crt").exists():
            pytest.skip("this system has no file of trusted certificates")
        trust = []
    with Service(tls=signer.server("server", names, days)) as service:
        said = push(f"https://{host}:{service.port}", *trust)
        assert service.requests == 0
    assert words in said and "nothing was sent" in said
    assert len(waiting(tmp_path)) == len(lines_of(tmp_path / "out")) >= 10


@pytest.fixture
def stripped() -> Iterator[tuple[int, bytearray]]:
    """A port that speaks HTTP in clear text to whoever comes, and what it has heard."""
    heard = bytearray()

    def serve(connection: socket.socket) -> None:
        with connection:
            heard.extend(connection.recv(65536))
            connection.sendall(b"HTTP/1.1 201 Created\r\n\r\n")

    def accept() -> None:
        while True:
            try:
                serve(listening.accept()[0])
            except OSError:
                if listening.fileno() < 0:
                    return

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield listening.getsockname()[1], heard
        listening.shutdown(socket.SHUT_RDWR)
    thread.join()


def test_a_proxy_that_strips_tls_hears_nothing(
    push: Callable[..., str], authority: Authority, tmp_path: Path, stripped: tuple[int, bytearray]
) -> None:
    port, heard = stripped
    said = push(f"https://127.0.0.1:{port}", "--push-ca-file", authority.file)
    assert "it speaks no TLS at this port" in said
    assert heard and b"secret" not in heard and b"POST" not in heard
    assert push_summary(tmp_path / "out")["sent"] == 0
    assert len(waiting(tmp_path)) == len(lines_of(tmp_path / "out"))


def test_what_an_earlier_run_could_not_send_arrives_over_tls(
    push: Callable[..., str], authority: Authority, tmp_path: Path
) -> None:
    with Service(tls=authority.server("wrong", "DNS:elsewhere")) as service:
        push(service.url, "--push-ca-file", authority.file)
    left = len(waiting(tmp_path))
    with Service(tls=authority.server("right")) as service:
        push(service.url, "--push-ca-file", authority.file, "--overwrite", "--push-drain", 60)
    assert len(service.captures) == left + len(lines_of(tmp_path / "out")) and not waiting(tmp_path)


def test_clear_text_is_said(push: Callable[..., str], tmp_path: Path) -> None:
    with Service() as service:
        assert "the key goes to 127.0.0.1 in clear text" in push(service.url)
    assert service.captures == lines_of(tmp_path / "out")


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["https://h", "--push-fingerprint", "abc"], "wanted a SHA-256"),
        (["https://h", "--push-fingerprint", "ab" * 32, "--push-ca-file", "x"], "give one"),
        (["http://h", "--push-ca-file", "x"], "needs a push_url of https://"),
        (["https://h", "--push-ca-file", "/nowhere.pem"], "/nowhere.pem"),
        (["https://h", "--push-ca-file", "/etc/passwd"], "no file of certificates in PEM"),
    ],
)
def test_settings_of_tls_that_make_no_sense_are_refused(
    board: Board, models: list[str], visit: Path, tmp_path: Path, more: list[str], words: str
) -> None:
    push = ["--push-queue", tmp_path / "queue", "--push-url", *more]
    done = board(visit, "--out", tmp_path / "out", *models, *push)
    assert done.returncode == 2 and words in done.stderr
