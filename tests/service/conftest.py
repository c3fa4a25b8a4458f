"""Pictures and scripted models for the service."""

from __future__ import annotations

import pytest

pytest.importorskip("fastapi", reason="the extra 'service' is not installed")

from held import held
from service_fixtures import certificate, empty, face, pipeline, service

__all__ = ["certificate", "empty", "face", "held", "pipeline", "service"]
