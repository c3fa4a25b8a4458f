"""How the OpenAPI document describes bodies that are pictures."""

from __future__ import annotations

from typing import Any

_BINARY = {"type": "string", "format": "binary"}
_FORM = {"type": "object", "properties": {"file": _BINARY}, "additionalProperties": _BINARY}
REQUEST_BODY: dict[str, Any] = {
    "required": True,
    "description": "A JPEG, PNG or WebP picture, by its first bytes; or a form with one file, or with "
    "one that is named `file`.",
    "content": {
        "image/jpeg": {"schema": _BINARY},
        "image/png": {"schema": _BINARY},
        "image/webp": {"schema": _BINARY},
        "multipart/form-data": {"schema": _FORM},
    },
}
