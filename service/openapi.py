"""What FastAPI does not put into the OpenAPI document by itself: problems, and bodies that routes read."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from .problems import ProblemDocument

_REF = "#/components/schemas/{model}"
_bodies: list[type[BaseModel]] = []


def request_body(model: type[BaseModel]) -> dict[str, Any]:
    """For a route's `openapi_extra`: a JSON body that the route reads and checks itself."""
    _bodies.append(model)
    name = model.model_config.get("title") or model.__name__
    return {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": _REF.format(model=name)}}},
    }


def install(app: FastAPI) -> None:
    """Complete the document when it is first asked for."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = generate()
            models: list[type[BaseModel]] = [ProblemDocument, *_bodies]
            _, definitions = models_json_schema(
                [(model, "validation") for model in models], ref_template=_REF
            )
            schemas = document.setdefault("components", {}).setdefault("schemas", {})
            schemas.update(definitions["$defs"])
        return app.openapi_schema or document

    app.openapi = openapi  # type: ignore[method-assign]
