"""Writes facecap/models/manifest.schema.json from the rules by which the core reads a manifest."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from facecap import _core

PATH = Path(__file__).resolve().parent.parent / "facecap" / "models" / "manifest.schema.json"
WIDTH = 110
ABOUT = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Manifest of a facecap model",
    "description": "The file beside a model, same stem, .json; docs/manifest.md describes it. The core "
    "checks the same and, beyond what a schema can say, that strides ascend, that detector.min_sizes has a "
    "list and outputs a level for each of them, that classifier.unknown does not descend, and that a "
    ".cvimodel, and no other file, has a chip.",
}


def document() -> str:
    """The text of the schema."""
    return _laid_out({**ABOUT, **schema(_core.manifest_rules())}) + "\n"


def schema(rule: dict[str, Any]) -> dict[str, Any]:
    """A rule of the core (cpp/include/facecap/manifest_rules.hpp) as a JSON Schema."""
    made: dict[str, Any] = KINDS[rule["kind"]](rule)
    return made


def _number(rule: dict[str, Any]) -> dict[str, Any]:
    if rule["low"] == rule["high"]:
        return {"const": _plain(rule["low"])}
    return {"type": rule["kind"], "minimum": _plain(rule["low"]), "maximum": _plain(rule["high"])}


def _plain(number: float) -> int | float:
    return int(number) if number.is_integer() else number


def _list(rule: dict[str, Any]) -> dict[str, Any]:
    made = {
        "type": "array",
        "items": schema(rule["item"]),
        "minItems": rule["least"],
        "maxItems": rule["most"],
    }
    if rule["distinct"]:
        made["uniqueItems"] = True
    if rule["each"]:
        words = next(key["words"] for name, key, _ in rule["item"]["keys"] if name == rule["each"])
        made["allOf"] = [
            {"contains": {"properties": {rule["each"]: {"const": word}}, "required": [rule["each"]]}}
            for word in words
        ]
    if rule["holds"]:
        made["allOf"] = [{"contains": {"const": word}} for word in rule["holds"]]
    return made


def _object(rule: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {} if rule["open"] and rule["keys"] else {"type": "object"}
    if rule["keys"]:
        made["properties"] = {name: schema(key) for name, key, _ in rule["keys"]}
    required = [name for name, _, needed in rule["keys"] if needed]
    if required:
        made["required"] = required
    branches = [branch for path, options in rule["choices"] for branch in _branches(path, options)]
    if branches:
        made["allOf"] = branches
    if not rule["open"]:
        made["unevaluatedProperties" if branches else "additionalProperties"] = False
    return made


def _branches(path: Sequence[str], options: dict[str, Any]) -> list[dict[str, Any]]:
    """A condition for each word of a choice that asks for more; the first also holds without the word."""
    branches = []
    for place, (word, rule) in enumerate(options.items()):
        if rule["keys"] or rule["choices"]:
            condition: dict[str, Any] = {"const": word}
            for key in reversed(path):
                condition = {"properties": {key: condition}}
                if place > 0:
                    condition["required"] = [key]
            branches.append({"if": condition, "then": schema(rule)})
    return branches


KINDS = {
    "text": lambda rule: {"type": "string", "minLength": 1},
    "sha256": lambda rule: {"type": "string", "pattern": "^[0-9a-f]{64}$", "maxLength": 64},
    "word": lambda rule: {"enum": rule["words"]},
    "number": _number,
    "integer": _number,
    "list": _list,
    "object": _object,
}


def _laid_out(value: Any, indent: int = 0, room: int = WIDTH) -> str:
    """JSON with every value that fits on one line on one line."""
    line = json.dumps(value, ensure_ascii=False)
    if len(line) <= room or not isinstance(value, dict | list) or not value:
        return line
    inner = " " * (indent + 2)
    if isinstance(value, list):
        parts = [inner + _laid_out(item, indent + 2, WIDTH - indent - 3) for item in value]
        return "[\n" + ",\n".join(parts) + "\n" + " " * indent + "]"
    parts = [
        f"{inner}{json.dumps(key)}: {_laid_out(item, indent + 2, WIDTH - indent - len(key) - 7)}"
        for key, item in value.items()
    ]
    return "{\n" + ",\n".join(parts) + "\n" + " " * indent + "}"


if __name__ == "__main__":
    PATH.write_text(document(), encoding="utf-8")
