"""Programs that tests start and no Python package brings."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

import pytest


def program(*names: str, folders: Iterable[Path] = ()) -> Path:
    """The first of some programs that PATH or a folder has.

    Without any the test is skipped; it fails where TESTS_NEED_PROGRAMS is set, as `.ci/run` does.
    """
    for name in names:
        found = shutil.which(name)
        if found is not None:
            return Path(found)
        for folder in folders:
            if (folder / name).is_file():
                return folder / name
    reason = f"none of {', '.join(names)} is there: run tools/test_programs.sh"
    if os.environ.get("TESTS_NEED_PROGRAMS"):
        pytest.fail(reason)
    pytest.skip(reason)
