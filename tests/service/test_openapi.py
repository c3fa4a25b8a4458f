"""The OpenAPI document: committed as it is, and kept by what the service answers."""

from __future__ import annotations

import importlib.util
import json
import warnings
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from served import Served

schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed")

from schemathesis import GenerationMode  # noqa: E402
from schemathesis.checks import not_a_server_error  # noqa: E402
from schemathesis.specs.openapi import checks  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent.parent
DOCUMENT = ROOT / "docs" / "openapi.json"
EXAMPLES = 12
KEPT = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]


def operations() -> Iterator[Any]:
    """Every operation but the stream of events, which does not end."""
    schema = schemathesis.openapi.from_dict(json.loads(DOCUMENT.read_text()))
    for result in schema.get_all_operations():
        operation = result.ok()
        if operation.path != "/v1/events":
            yield pytest.param(operation, id=operation.label)


def test_the_committed_document_is_fresh() -> None:
    spec = importlib.util.spec_from_file_location("write_openapi", ROOT / "tools" / "write_openapi.py")
    assert spec is not None and spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    assert DOCUMENT.read_text() == tool.document(), "make openapi writes it anew"


def test_every_call_of_the_service_is_in_the_document() -> None:
    document = json.loads(DOCUMENT.read_text())
    calls = {f"{method.upper()} {path}" for path, methods in document["paths"].items() for method in methods}
    assert {
        "POST /v1/detect",
        "POST /v1/cameras/{camera}/frames",
        "POST /v1/cameras/{camera}/flush",
        "DELETE /v1/cameras/{camera}",
        "GET /v1/captures",
        "GET /v1/captures/{id}",
        "GET /v1/captures/{id}/crop",
        "DELETE /v1/captures/{id}",
        "GET /v1/visits",
        "GET /v1/visits/{id}",
        "DELETE /v1/visits/{id}",
        "GET /v1/audit",
        "DELETE /v1/captures",
        "GET /v1/captures/export",
        "GET /v1/compliance",
        "GET /v1/site",
        "GET /v1/events",
        "GET /livez",
        "GET /readyz",
        "GET /metrics",
    } <= calls
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert operation["summary"], f"{method} {path}"


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("operation", list(operations()))
def test_no_answer_is_off_the_document(
    service: Served, face: bytes, operation: Any, mode: GenerationMode
) -> None:
    service.push("door", face)
    service.push("door", face)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what cannot be made wrong, and libraries' own

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def check(case: Any) -> None:
            answer = case.call(base_url=service.address, timeout=60)
            case.validate_response(answer, checks=KEPT)

        # Where any text will do and there is nothing else, no request is wrong.
        with suppress(Unsatisfiable) if mode is GenerationMode.NEGATIVE else nullcontext():
            check()


def test_answers_of_success_are_as_the_document_says(service: Served, face: bytes) -> None:
    schema = schemathesis.openapi.from_dict(json.loads(DOCUMENT.read_text()))

    def call(method: str, path: str, status: int = 200, **request: Any) -> Any:
        case = schema[path][method].Case(**request)
        answer = case.call(base_url=service.address, timeout=60)
        case.validate_response(answer, checks=KEPT)
        assert answer.status_code == status, answer.text
        return answer

    door = {"camera": "door"}
    picture = {"body": face, "media_type": "image/jpeg"}
    for _ in range(3):
        frame = call("POST", "/v1/cameras/{camera}/frames", path_parameters=door, **picture)
    assert frame.json()["faces"]
    assert call("POST", "/v1/detect", **picture).json()["faces"]
    [camera] = call("GET", "/v1/cameras").json()["cameras"]
    assert camera == call("GET", "/v1/cameras/{camera}", path_parameters=door).json()
    call("POST", "/v1/cameras/{camera}/flush", path_parameters=door)
    first, *_ = call("GET", "/v1/captures", query={"limit": 1}).json()["captures"]
    assert first["visit"]["shots"] >= 1
    [visit] = call("GET", "/v1/visits", query={"limit": 1}).json()["visits"]
    assert visit["id"] == first["visit_id"]
    assert call("GET", "/v1/visits/{id}", path_parameters={"id": visit["id"]}).json()["shots"]
    assert call("GET", "/v1/audit").json()["entries"]
    assert call("GET", "/v1/compliance").json()["rows"]
    call("GET", "/v1/compliance", query={"format": "csv"})
    call("GET", "/v1/captures/export", query={"format": "zip"})
    assert call("GET", "/v1/site").json()["version"]
    assert call("GET", "/v1/statistics").json()["total"]
    identity = {"id": first["id"]}
    assert call("GET", "/v1/captures/{id}", path_parameters=identity).json() == first
    call("GET", "/v1/captures/{id}/crop", path_parameters=identity)
    call("DELETE", "/v1/captures/{id}", 204, path_parameters=identity)
    call("DELETE", "/v1/cameras/{camera}", 204, path_parameters=door)
