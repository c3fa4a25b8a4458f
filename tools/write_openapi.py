"""Write docs/openapi.json, what the service answers to what."""

from __future__ import annotations

import json
from pathlib import Path

from facecap_service.app import create_app
from facecap_service.settings import Settings

PATH = Path(__file__).resolve().parent.parent / "docs" / "openapi.json"


def document() -> str:
    """The file's content. It does not depend on settings."""
    return json.dumps(create_app(Settings()).openapi(), indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    PATH.write_text(document())
