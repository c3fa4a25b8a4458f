"""What several tests share: where the data lies and a real photograph."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cameras import DroppingCamera
from hypothesis import HealthCheck, settings

from facecap._cvimodel import cviruntime_path
from facecap.demo.portrait import photograph

# A busy machine is no failure.
settings.register_profile("facecap", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("facecap")

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of data beside the repository; tests that need it are skipped where it is absent."""
    path = REPOSITORY.parent / "shared"
    if not (path / "data").is_dir():
        pytest.skip("the shared data is not beside the repository")
    return path


@pytest.fixture(scope="session")
def cviruntime() -> Path:
    """The vendor's runtime: FACECAP_CVIRUNTIME, or the simulator that `make test` fetches.

    Tests that need it are skipped where neither is there; they fail where TESTS_NEED_PROGRAMS is set.
    """
    path = cviruntime_path()
    if path is not None:
        return Path(path)
    reason = "no vendor runtime: `python -m facecap.conversion.vendor_wheel` fetches it"
    if os.environ.get("TESTS_NEED_PROGRAMS"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def photo() -> np.ndarray[Any, np.dtype[np.uint8]]:
    """A portrait in the public domain, 600 x 512 x 3 BGR, with one bare face."""
    return photograph()


@pytest.fixture
def camera() -> Iterator[DroppingCamera]:
    """A camera on the loopback whose connections end after 20 frames."""
    server = DroppingCamera(frames_a_connection=20)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
