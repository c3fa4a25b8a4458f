"""Names of uvicorn, websockets and httptools that no manual promises and the service's protocols rely on.

Where an update fails here: look what became of that name before the bound in pyproject.toml is raised.
"""

from __future__ import annotations

import ast
import asyncio
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httptools
import pytest
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState

from facecap_service.protocols.joined import JoinedWrites

PROTOCOLS = Path(__file__).resolve().parents[2] / "service" / "protocols"

HTTP = [
    "_should_upgrade",
    "connection_made",
    "connections",
    "cycle",
    "data_received",
    "handle_websocket_upgrade",
    "headers",
    "limit_concurrency",
    "loop",
    "on_body",
    "on_header",
    "on_headers_complete",
    "on_message_begin",
    "on_message_complete",
    "parser",
    "pause_writing",
    "pipeline",
    "resume_writing",
    "timeout_keep_alive",
    "timeout_keep_alive_handler",
    "timeout_keep_alive_task",
    "transport",
]
STREAM = [
    "close_sent",
    "conn",
    "connection_lost",
    "data_received",
    "frames",
    "handle_bytes",
    "handle_cont",
    "handle_parser_exception",
    "handle_text",
    "handshake_complete",
    "handshake_initiated",
    "keepalive_timeout",
    "on_task_complete",
    "pause_writing",
    "pong_timer",
    "queue",
    "read_paused",
    "receive",
    "resume_writing",
    "schedule_ping",
    "send",
    "send_keepalive_ping",
    "send_receive_event_to_app",
    "stop_keepalive",
    "transport",
    "writable",
]
CONNECTION = ["close_sent", "data_to_send", "fail", "reader"]
READER = ["buffer", "discard"]
PARSER = ["feed_data", "get_http_version", "get_method", "set_dangerous_leniencies", "should_upgrade"]
SERVER = ["capture_signals", "handle_exit", "on_tick", "server_state", "should_exit", "shutdown", "startup"]


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Is never called."""


@pytest.fixture(scope="module")
def objects() -> Iterator[dict[str, Any]]:
    """uvicorn's own protocols, as a server makes them, and what they hold."""
    config = uvicorn.Config(application, log_config=None)
    loop = asyncio.new_event_loop()
    stream = WebSocketsSansIOProtocol(config, ServerState(), {}, loop)
    yield {
        "http": HttpToolsProtocol(config, ServerState(), {}, loop),
        "stream": stream,
        "connection": stream.conn,
        "reader": stream.conn.reader,
        "parser": httptools.HttpRequestParser(object()),
        "server": uvicorn.Server(config),
    }
    loop.close()


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (owner, name)
        for owner, names in {
            "http": HTTP,
            "stream": STREAM,
            "connection": CONNECTION,
            "reader": READER,
            "parser": PARSER,
            "server": SERVER,
        }.items()
        for name in names
    ],
)
def test_what_the_protocols_rely_on_is_there(objects: dict[str, Any], owner: str, name: str) -> None:
    assert hasattr(objects[owner], name), f"{type(objects[owner]).__name__} has no {name} any more"


def test_a_request_says_whether_it_was_answered_and_writes_to_its_own_transport() -> None:
    source = inspect.getsource(RequestResponseCycle)
    assert "self.response_complete" in source
    used = set(re.findall(r"self\.transport\.(\w+)", source))
    assert used == {name for name in vars(JoinedWrites) if not name.startswith("_")}


def test_an_upgrade_says_where_the_head_ended() -> None:
    class Reader:
        pass

    head = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: other\r\n\r\n"
    with pytest.raises(httptools.HttpParserUpgrade) as upgrade:
        httptools.HttpRequestParser(Reader()).feed_data(head + b"rest")
    assert upgrade.value.args[0] == len(head)


@pytest.mark.parametrize(
    ("file", "class_name", "named"),
    [
        ("http.py", "HttpProtocol", HTTP),
        ("stream.py", "StreamProtocol", STREAM),
        ("patience.py", "Patient", [name for name in HTTP if name in STREAM]),
        ("parser.py", "RequestParser", PARSER),
    ],
)
def test_nothing_else_is_relied_on(file: str, class_name: str, named: list[str]) -> None:
    module = ast.parse((PROTOCOLS / file).read_text(encoding="utf-8"))
    (found,) = [node for node in module.body if isinstance(node, ast.ClassDef) and node.name == class_name]
    assert _inherited(found) <= {*named, "__init__", "services"}


def _inherited(class_def: ast.ClassDef) -> set[str]:
    """Names of `self` that the class does not set itself, and all that it asks of `super()`."""
    own, used, asked = set(), set(), set()
    for node in ast.walk(class_def):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            own.add(node.name)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self":
            (own if isinstance(node.ctx, ast.Store) else used).add(node.attr)
        elif isinstance(node, ast.Attribute) and ast.unparse(node.value) == "super()":
            asked.add(node.attr)
    return (used - own) | asked
