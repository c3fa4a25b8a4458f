"""The environment in which the vendor's toolchain runs: found, made where it is missing, and checked.

The toolchain is a wheel for Python 3.10 with pinned packages that facecap itself could not live with. Its
work-arounds: it carries a C library of its own, under which every tool dies on a system with a newer one;
it imports torch without need; and it needs psutil without saying so.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from facecap._lock import ProcessLock
from facecap.conversion.cvimodel.process import ToolError, run_tool
from facecap.conversion.vendor_wheel import VERSION, cache_folder, wheel

PYTHON = "3.10"
PYTHON_SETTING = "FACECAP_PYTHON310"
HOME_SETTING = "FACECAP_CVIMODEL_TOOLS"
SIZE = "2.2 GB"
SYSTEM = ("Linux", "x86_64")
OWN_C_LIBRARY = ("libc.so.6", "libm.so.6", "libpthread.so.0")
UNDECLARED = ("psutil",)
MARK = "facecap-ready.json"
INSIDE = Path(__file__).resolve().parent / "inside"
NEEDED = 4 * 10**9  # bytes of disk while it is made
REMEDY = "facecap convert cvimodel makes it at its first run; facecap convert cvimodel-tools makes it now"

Tell = Callable[[str], None]


class EnvironmentMissing(ToolError):
    """The toolchain's environment is not there and cannot be made; the text says what to do."""


@dataclass(frozen=True)
class Toolchain:
    """An environment that is ready: its Python, and where the toolchain's package lies in it."""

    python: Path
    package: Path

    def environment(self) -> dict[str, str]:
        """Variables that a tool wants, and those of the user that it may see; one thread a tool."""
        package = self.package
        own = {
            "TPUC_ROOT": str(package),
            "PATH": _joined(
                self.python.parent, package / "bin", package / "python" / "tools", os.environ.get("PATH")
            ),
            "PYTHONPATH": _joined(package, package / "python", self.python.parents[1] / "stubs"),
            "LD_LIBRARY_PATH": _joined(
                package / "lib", package / "lib" / "capi", package / "lib" / "third_party"
            ),
            "OMP_NUM_THREADS": "1",
        }
        kept = {name: value for name in ("HOME", "TMPDIR", "LANG") if (value := os.environ.get(name))}
        return {**kept, **own}

    def tool(self, name: str) -> list[str | Path]:
        """The start of a command: a script of the toolchain, or one of its programs."""
        script = self.package / "python" / "tools" / f"{name}.py"
        return [self.python, script] if script.exists() else [self.package / "bin" / name]

    def worker(self) -> list[str | Path]:
        """The start of a command that runs `inside/worker.py`."""
        return [self.python, INSIDE / "worker.py"]


def home() -> Path:
    """Where the environment is, or will be: the folder in FACECAP_CVIMODEL_TOOLS, else one in the cache."""
    chosen = os.environ.get(HOME_SETTING)
    return Path(chosen) if chosen else cache_folder() / f"tpu-mlir-{VERSION}"


def find_toolchain() -> Toolchain | None:
    """The environment where it is whole, else None."""
    folder = home()
    found = Toolchain(folder / "bin" / "python", _package(folder))
    if not (folder / MARK).is_file() or not found.package.is_dir() or not found.python.exists():
        return None
    made = json.loads((folder / MARK).read_text(encoding="utf-8"))
    return found if made.get("version") == VERSION else None


def lacking() -> tuple[str, str] | None:
    """What stands between this machine and a conversion, and what to do; None where nothing does."""
    if find_toolchain() is not None:
        return None
    try:
        check_machine()
        find_python()
    except EnvironmentMissing as error:
        what, _, remedy = str(error).partition(": ")
        return what, remedy
    state = "half made" if home().is_dir() else "not made yet"
    return f"the toolchain's environment is {state}: {home()}", REMEDY


def check_machine() -> None:
    """Raises:
    EnvironmentMissing: the toolchain does not run here, or there is no room for it.
    """
    found = (platform.system(), platform.machine())
    if found != SYSTEM:
        raise EnvironmentMissing(
            f"the vendor's toolchain runs on {' '.join(SYSTEM)} only, this is {' '.join(found)}: convert on "
            "such a machine, or in a container of that kind"
        )
    folder = next(parent for parent in home().absolute().parents if parent.exists())
    free = shutil.disk_usage(folder).free
    if free < NEEDED:
        raise EnvironmentMissing(
            f"{folder} has {free / 1e9:.1f} GB left, the toolchain takes up to {NEEDED / 1e9:.0f} GB: "
            f"free some, or name a folder elsewhere in {HOME_SETTING}"
        )


def toolchain(tell: Tell) -> Toolchain:
    """The environment, made where it is missing.

    Raises:
        EnvironmentMissing: it cannot be made: no Python 3.10, no network, no space.
    """
    found = find_toolchain()
    if found is not None:
        return found
    folder = home()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with ProcessLock(folder.with_name(f"{folder.name}.lock"), str(folder), wait=tell):
        return find_toolchain() or make(tell)


def make(tell: Tell) -> Toolchain:
    """Make the environment: fetch the wheel, install it with what it needs, and apply the work-arounds.

    A second try goes on with what the first one fetched.
    """
    check_machine()
    folder, python = home(), find_python()
    if folder.is_dir() and any(folder.iterdir()) and not (folder / "pyvenv.cfg").is_file():
        raise EnvironmentMissing(
            f"{folder} holds other files, which would be removed: name an empty folder in {HOME_SETTING}"
        )
    tell(f"making the toolchain's environment in {folder} ({SIZE}, once)")
    source = wheel()
    folder.parent.mkdir(parents=True, exist_ok=True)

    def step(environment: dict[str, str], *command: str | Path) -> None:
        run_tool(
            "making the toolchain's environment",
            command,
            folder=folder.parent,
            environment=environment,
            log=folder.with_name(f"{folder.name}.log"),
        )

    step(_plain(), python, "-m", "venv", "--clear", folder)
    tell("installing the toolchain and the packages that it pins")
    pip = (folder / "bin" / "python", "-m", "pip", "install", "--disable-pip-version-check", "--no-input")
    step(_plain(), *pip, f"tpu_mlir[onnx] @ {source.as_uri()}", *UNDECLARED)
    made = Toolchain(folder / "bin" / "python", _package(folder))
    apply_workarounds(folder, made.package)
    step(made.environment(), made.python, "-c", "import pymlir, onnx, onnxruntime")
    (folder / MARK).write_text(json.dumps({"version": VERSION}) + "\n", encoding="utf-8")
    tell("the toolchain is ready")
    return made


def apply_workarounds(folder: Path, package: Path) -> None:
    """Take the toolchain's own C library away, so that the system's is used, and put a stub for torch."""
    aside = folder / "c-library"
    aside.mkdir(exist_ok=True)
    for name in OWN_C_LIBRARY:
        library = package / "lib" / "third_party" / name
        if library.exists():
            library.replace(aside / name)
    (folder / "stubs").mkdir(exist_ok=True)
    shutil.copyfile(INSIDE / "torch_stub.py", folder / "stubs" / "torch.py")
    for tool in (package / "bin").iterdir():
        tool.chmod(tool.stat().st_mode | 0o111)


def find_python() -> Path:
    """A Python 3.10 that runs: FACECAP_PYTHON310, this one, `python3.10`, or one that pyenv has.

    Raises:
        EnvironmentMissing: there is none.
    """
    for candidate in _pythons():
        try:
            said = subprocess.run(
                [candidate, "-c", "import sys, venv, ensurepip; print(*sys.version_info[:2], sep='.')"],
                capture_output=True,
                text=True,
                timeout=60,
            )
        except (OSError, subprocess.TimeoutExpired):
            continue
        if said.returncode == 0 and said.stdout.strip() == PYTHON:
            return candidate
    raise EnvironmentMissing(
        f"the vendor's toolchain runs on Python {PYTHON} only, and none was found: install it with venv (a "
        f"package of the system, uv python install {PYTHON}, pyenv install {PYTHON}), or name one in "
        f"{PYTHON_SETTING}"
    )


def _pythons() -> Iterator[Path]:
    if named := os.environ.get(PYTHON_SETTING):
        yield Path(named)
        return
    yield Path(sys.executable)
    if found := shutil.which(f"python{PYTHON}"):
        yield Path(found)
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from sorted(root.glob(f"versions/{PYTHON}.*/bin/python{PYTHON}"), reverse=True)
    uv = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "uv" / "python"
    yield from sorted(uv.glob(f"cpython-{PYTHON}.*/bin/python{PYTHON}"), reverse=True)


def _package(folder: Path) -> Path:
    return folder / "lib" / f"python{PYTHON}" / "site-packages" / "tpu_mlir"


def _plain() -> dict[str, str]:
    """The user's environment without what would lead one Python into another's packages."""
    hidden = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__")
    return {name: value for name, value in os.environ.items() if name not in hidden}


def _joined(*parts: object) -> str:
    return os.pathsep.join(str(part) for part in parts if part)
