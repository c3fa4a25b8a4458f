"""Writes the type stubs of what comes out of the compiled core: `python tools/write_stubs.py facecap`."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from textwrap import fill

ROOT = Path(__file__).resolve().parent.parent


_CONFIG = '''"""When a shot is stored and emitted; `make stubs` writes it, from the core's table."""

from dataclasses import dataclass
from typing import Literal

from facecap._settings import Settings

@dataclass(frozen=True, kw_only=True)
class CaptureConfig(Settings):
    """{doc}"""

    {fields}
'''


def write_stubs(folder: Path) -> list[Path]:
    """Makes the stubs in `folder` from the package that is installed, in the project's own format."""
    return [_write(folder / "_core.pyi", _core()), _write(folder / "_config.pyi", _config())]


def _core() -> str:
    with tempfile.TemporaryDirectory() as temporary:
        options = ["-o", temporary, "--numpy-array-use-type-var", "--exit-code"]
        command = [sys.executable, "-m", "pybind11_stubgen", "facecap._core", *options]
        subprocess.run(command, check=True, capture_output=True)
        return (Path(temporary) / "facecap" / "_core.pyi").read_text(encoding="utf-8")


def _config() -> str:
    from facecap._config import DOC, KINDS
    from facecap._settings import SETTINGS

    lines = []
    for name, setting in SETTINGS.items():
        literal = ", ".join(f'"{choice}"' for choice in setting.choices)
        kind = KINDS[setting.kind].__name__ if setting.kind in KINDS else f"Literal[{literal}]"
        lines += [
            f"{name}: {kind}{' | None' if setting.optional else ''} = ...",
            f'"""{fill(setting.help, 100)}"""',
        ]
    doc = DOC.replace("\n{settings}\n", "").replace("\n", "\n    ")
    return _CONFIG.format(doc=doc, fields="\n".join(lines).replace("\n", "\n    "))


def _write(out: Path, text: str) -> Path:
    settings = ["--config", str(ROOT / "pyproject.toml")]
    ruff = [sys.executable, "-m", "ruff"]
    out.write_text(text, encoding="utf-8")
    subprocess.run([*ruff, "check", "--quiet", "--fix-only", *settings, str(out)], check=True)
    subprocess.run([*ruff, "format", "--quiet", *settings, str(out)], check=True)
    return out


if __name__ == "__main__":
    for stub in write_stubs(Path(sys.argv[1])):
        print(stub)
