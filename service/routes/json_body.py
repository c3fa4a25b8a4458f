"""JSON bodies that routes read themselves, under limits of size and time."""

from __future__ import annotations

from typing import TypeVar

from pydantic import BaseModel, ValidationError

from ..problems import Problem

M = TypeVar("M", bound=BaseModel)


def parsed(body: bytes, model: type[M], code: str, title: str) -> M:
    """The body as a model has it.

    Raises:
        Problem: 400 `malformed_json`, or 422 of this code and title.
    """
    try:
        return model.model_validate_json(body, strict=True)
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False, include_context=False)
    if found[0]["type"] == "json_invalid":
        raise Problem(400, "malformed_json", "Not JSON", found[0]["msg"])
    errors = [{"where": ".".join(map(str, item["loc"])), "what": item["msg"]} for item in found[:20]]
    detail = "; ".join(f"{item['where']}: {item['what']}" for item in errors)
    raise Problem(422, code, title, detail, more={"errors": errors})
