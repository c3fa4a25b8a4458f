"""Write what the families of detectors know into facecap/models/manifest.schema.json, the rest as it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from facecap import _core

PATH = Path(__file__).resolve().parent.parent / "facecap" / "models" / "manifest.schema.json"
FIRST = "retinaface"  # what a manifest without a family means
WIDTH = 110


def document(text: str) -> str:
    """The schema with its section `detector` made anew."""
    schema = json.loads(text)
    schema["properties"]["detector"] = detector(
        {name: json.loads(keys) for name, keys in _core.detector_families().items()}
    )
    return _laid_out(schema) + "\n"


def detector(families: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The section `detector`: keys that all families have, and those of each."""
    names = sorted(families, key=lambda name: (name != FIRST, name))
    fraction = {"type": "number", "minimum": 0, "maximum": 1}
    strides = {
        "type": "array",
        "items": {"type": "integer", "minimum": 1, "maximum": 1024},
        "minItems": 1,
        "maxItems": 8,
    }
    rules = []
    for name in names:
        named = {"properties": {"family": {"const": name}}}
        rules.append(
            {
                "if": named if name == FIRST else {**named, "required": ["family"]},
                "then": {"properties": families[name], "required": list(families[name])},
            }
        )
    return {
        "type": "object",
        "properties": {
            "family": {"enum": names},
            "strides": strides,
            "score_threshold": fraction,
            "nms_iou": fraction,
        },
        "required": ["strides", "score_threshold", "nms_iou"],
        "allOf": rules,
        "unevaluatedProperties": False,
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
    PATH.write_text(document(PATH.read_text(encoding="utf-8")), encoding="utf-8")
