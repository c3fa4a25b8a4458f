"""Writes the type stub of the compiled core into a folder: `python tools/write_stubs.py facecap`."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def write_stub(folder: Path) -> Path:
    """Makes `_core.pyi` in `folder` from the module that is installed, in the project's own format."""
    python = [sys.executable, "-m"]
    with tempfile.TemporaryDirectory() as temporary:
        options = ["-o", temporary, "--numpy-array-use-type-var", "--exit-code"]
        subprocess.run(
            [*python, "pybind11_stubgen", "facecap._core", *options], check=True, capture_output=True
        )
        text = (Path(temporary) / "facecap" / "_core.pyi").read_text(encoding="utf-8")
    out = folder / "_core.pyi"
    out.write_text(text, encoding="utf-8")
    settings = ["--config", str(ROOT / "pyproject.toml")]
    subprocess.run([*python, "ruff", "check", "--quiet", "--fix-only", *settings, str(out)], check=True)
    subprocess.run([*python, "ruff", "format", "--quiet", *settings, str(out)], check=True)
    return out


if __name__ == "__main__":
    print(write_stub(Path(sys.argv[1])))
