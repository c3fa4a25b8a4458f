"""The vendor's package `tpu_mlir`, and in it the simulator: the runtime of `.cvimodel` files on a PC.

Both are fetched once, by pip and the package's name, into `${XDG_CACHE_HOME:-~/.cache}/facecap`, and held
against the checksums below. `python -m facecap.conversion.vendor_wheel` does it and prints where it is.
"""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

from facecap._files import write_atomic
from facecap.errors import FacecapError

VERSION = "1.30.2"
WHEEL = f"tpu_mlir-{VERSION}-py3-none-any.whl"
WHEEL_SHA256 = "542807361c9eeb0777a7bd35e501d8c71cce767e4bce021a3cb3a7c25c35f909"
WHEEL_BYTES = 311_886_106
LIBRARY = "libcviruntime.so"
RUNTIME_SHA256: Mapping[str, str] = {
    LIBRARY: "35e519bd94a245a6c9d9ac1ace3805af6868fa3cbff6db685655b0b49f3977e9",
    "libcvicmodel.so": "7725407af2fabc71134dec4f1ff1b897e8f1b92aaf5bbc702326da3afef36566",
    "libcvikernel.so": "1b775c141d731dead245baae0650e9f1897e8a6e3c064d0be16a3cb6638fb98c",
}
"""All three are needed, in one folder."""

ATTEMPTS = 3


def cache_folder() -> Path:
    """Where both are kept.

    Raises:
        FacecapError: the user has no home folder, as the user of a system service may have none.
    """
    configured = os.environ.get("XDG_CACHE_HOME")
    if configured:
        return Path(configured) / "facecap"
    try:
        return Path.home() / ".cache" / "facecap"
    except RuntimeError:
        raise FacecapError(
            "the user has no home folder to keep files in: name one in XDG_CACHE_HOME"
        ) from None


def wheel() -> Path:
    """The wheel, fetched (312 MB) unless it is there: FACECAP_VENDOR_WHEEL, then the cache.

    Raises:
        FacecapError: it cannot be fetched or is another file; says why and what to do.
    """
    configured = os.environ.get("FACECAP_VENDOR_WHEEL")
    if configured:
        return _checked(Path(configured))
    kept = cache_folder() / WHEEL
    if kept.is_file() and kept.stat().st_size == WHEEL_BYTES:
        return kept  # its sha256 was right when it came
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=kept.parent, prefix=".download-") as folder:
            _download(Path(folder))
            _checked(Path(folder) / WHEEL).replace(kept)
    except OSError as error:
        raise FacecapError(f"{kept}: cannot be written: {error}") from error
    return kept


def runtime_files() -> Path:
    """The folder of the three files of the runtime, out of the wheel unless they are there.

    Raises:
        FacecapError: they cannot be had; says why and what to do.
    """
    found = fetched_runtime()
    if found is not None:
        return found
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        raise FacecapError(
            f"the vendor's simulator is for Linux on x86_64, this is {platform.system()} on "
            f"{platform.machine()}: on a board, name its own {LIBRARY} in FACECAP_CVIRUNTIME"
        )
    folder = _runtime_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(wheel()) as archive:
            for name, wanted in RUNTIME_SHA256.items():
                data = archive.read(f"tpu_mlir/lib/{name}")
                if hashlib.sha256(data).hexdigest() != wanted:
                    raise FacecapError(f"{name} of the wheel has another sha256 than {wanted}")
                write_atomic(folder / name, data)
    except (zipfile.BadZipFile, zlib.error, KeyError) as error:
        raise FacecapError(f"{wheel()}: a damaged wheel, remove it: {error}") from error
    except OSError as error:
        raise FacecapError(f"{folder}: cannot be written: {error}") from error
    return folder


def fetched_runtime() -> Path | None:
    """The folder of the runtime where it was fetched before and can be read; nothing is fetched."""
    try:
        folder = _runtime_folder()
        return folder if all((folder / name).is_file() for name in RUNTIME_SHA256) else None
    except (FacecapError, PermissionError):
        return None


def _runtime_folder() -> Path:
    return cache_folder() / f"cviruntime-{VERSION}"


def _download(folder: Path) -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet", "--no-deps"]
    command += ["--only-binary=:all:", "--python-version", "3.10", "--platform", "any", "-d", str(folder)]
    said = ""
    for _ in range(ATTEMPTS):
        try:
            done = subprocess.run(
                [*command, f"tpu_mlir=={VERSION}"], capture_output=True, text=True, check=False
            )
        except OSError as error:
            raise FacecapError(f"pip cannot be started: {error}") from error
        if done.returncode == 0 and (folder / WHEEL).is_file():
            return
        said = done.stderr.strip() or f"pip ended with {done.returncode} and brought no {WHEEL}"
        if "No module named pip" in said:
            break
    raise FacecapError(
        f"the package tpu_mlir {VERSION} (312 MB) cannot be fetched: {said[-600:]}. Where there is no "
        f"network, bring {WHEEL} along and name it in FACECAP_VENDOR_WHEEL"
    )


def _checked(path: Path) -> Path:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    except OSError as error:
        raise FacecapError(f"{path}: the vendor's wheel cannot be read: {error}") from error
    if digest.hexdigest() != WHEEL_SHA256:
        raise FacecapError(f"{path}: found the sha256 {digest.hexdigest()}, wanted {WHEEL_SHA256}: remove it")
    return path


if __name__ == "__main__":
    try:
        print(runtime_files() / LIBRARY)
    except FacecapError as error:
        sys.exit(str(error))
