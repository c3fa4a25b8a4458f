"""What FastAPI does not put into the OpenAPI document itself: problems, keys, and bodies that routes read."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from . import problems
from .credentials import TOKEN

_REF = "#/components/schemas/{model}"
_FROM_FASTAPI = ("HTTPValidationError", "ValidationError")
_bodies: list[type[BaseModel]] = []


def request_body(model: type[BaseModel]) -> dict[str, Any]:
    """For a route's `openapi_extra`: a JSON body that the route reads and checks itself."""
    _bodies.append(model)
    schema = {"$ref": _REF.format(model=model.__name__)}
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def install(app: FastAPI) -> None:
    """Complete the document when it is first asked for."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            _complete(generate())
        return generate()

    app.openapi = openapi  # type: ignore[method-assign]


def _complete(document: dict[str, Any]) -> None:
    """FastAPI keeps the document that it made: it is completed in place."""
    components = document.setdefault("components", {})
    wanted = {"description": "An API key with the scope of the call."}
    components["securitySchemes"] = {
        "key": {"type": "http", "scheme": "bearer", **wanted},
        "password": {"type": "http", "scheme": "basic", **wanted},
        "header": {"type": "apiKey", "in": "header", "name": "X-API-Key", **wanted},
        "address": {"type": "apiKey", "in": "query", "name": TOKEN, "description": "To push alone."},
    }
    document["security"] = [
        *({name: []} for name in components["securitySchemes"]),
        {},
    ]  # without configured keys everybody on the machine may call
    models: list[type[BaseModel]] = [problems.ProblemDocument, *_bodies]
    _, definitions = models_json_schema([(model, "validation") for model in models], ref_template=_REF)
    schemas = components.setdefault("schemas", {})
    schemas.update(definitions["$defs"])
    for name in _FROM_FASTAPI:
        schemas.pop(name, None)
    invalid = problems.responses(422)[422]
    for operation in (operation for path in document["paths"].values() for operation in path.values()):
        if "application/json" in operation["responses"].get("422", {}).get("content", {}):
            operation["responses"]["422"] = invalid
