"""Tests of troubles that users had, one file a kind; those with a service take it from `tests/service`."""

from __future__ import annotations

import importlib.util

if importlib.util.find_spec("fastapi"):
    from service_fixtures import empty, face, pipeline, service

    __all__ = ["empty", "face", "pipeline", "service"]
else:
    # Without the extra 'service' there is none to be troubled.
    collect_ignore_glob = ["test_service_*.py"]
