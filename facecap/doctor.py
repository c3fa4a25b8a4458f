"""The checks of `facecap doctor`."""

from __future__ import annotations

import importlib.util
import platform
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Literal

from facecap._extra import BROUGHT
from facecap.errors import FacecapError

EXTRAS = {"demo": ("matplotlib",), **BROUGHT}


FETCH_SIMULATOR = "on a PC, python -m facecap.conversion.vendor_wheel fetches the simulator of the chip"


@dataclass(frozen=True, slots=True)
class Check:
    """What was found. `state`: `ok`, `missing` (facecap does not work), `optional` (a part does not)."""

    name: str
    state: Literal["ok", "missing", "optional"]
    detail: str
    remedy: str = ""


def checks(out: Path) -> Iterator[Check]:
    """All checks, one after the other. `out`: a folder that must be writable."""
    yield _python()
    yield _guarded("core", _core, "build it again: pip install --force-reinstall facecap")
    yield _guarded("onnxruntime", _onnxruntime, "pip install --force-reinstall onnxruntime")
    yield from _part("providers", _providers)
    yield from _part("int8", lambda: [_int8()])
    yield from _part("cvimodel", lambda: [_cviruntime()])
    yield from _whole("model", _models, "see what is said of it, and the folder in FACECAP_MODELS")
    yield _guarded("detection", _detection, "see the checks above")
    yield _guarded("OpenCV", _opencv, "pip install --force-reinstall opencv-python-headless")
    yield from _part("video encoder", lambda: [_video_codec()])
    yield from _part("extras", _extras)
    yield from _part("[cvimodel]", lambda: [_cvimodel_tools()])
    yield _guarded("output", partial(_writable, out), f"choose another folder, or change the rights of {out}")


def _guarded(name: str, look: Callable[[], str], remedy: str) -> Check:
    try:
        return Check(name, "ok", look())
    except Exception as error:  # whatever it is: the other checks go on
        return Check(name, "missing", f"{type(error).__name__}: {error}", remedy)


def _whole(name: str, look: Callable[[], Iterable[Check]], remedy: str) -> Iterator[Check]:
    """Several checks, of which one may find that facecap does not work: also by failing itself."""
    try:
        yield from look()
    except Exception as error:
        yield Check(name, "missing", f"{type(error).__name__}: {error}", remedy)


def _part(name: str, look: Callable[[], Iterable[Check]]) -> Iterator[Check]:
    """Several checks of what facecap works without; one that fails itself is no reason to end."""
    try:
        yield from look()
    except Exception as error:
        yield Check(name, "optional", f"{type(error).__name__}: {error}", "see what is said of it")


def _python() -> Check:
    return Check("Python", "ok", f"{platform.python_version()} on {platform.system()} {platform.machine()}")


def _core() -> str:
    from facecap import _core

    return f"facecap {version('facecap')}, {Path(_core.__file__).name}"


def _onnxruntime() -> str:
    from facecap import _model

    path = _model.onnxruntime_path()
    if path is None:
        raise FacecapError(
            "the package onnxruntime is not installed, and FACECAP_ONNXRUNTIME names no library"
        )
    from facecap import Detector

    return f"{Detector().info['runtime_version']}, {path}"


def _providers() -> Iterator[Check]:
    from facecap import Detector, _core

    cpu, *others = _core.onnxruntime_providers()
    works = [cpu]
    for provider in others:
        try:
            Detector(provider=provider)
            works.append(provider)
        except FacecapError as error:
            yield Check(
                "providers", "optional", str(error), f"docs/devices.md says what --provider {provider} needs"
            )
    yield Check("providers", "ok", f"onnxruntime computes with {', '.join(works)} (--provider)")


def _int8() -> Check:
    from facecap import _core

    if _core.has_vnni():
        return Check("int8", "ok", "this processor has VNNI: --precision int8 may gain (docs/devices.md)")
    return Check(
        "int8", "optional", "this processor has no VNNI: int8 takes longer than float32", "leave --precision"
    )


def _cviruntime() -> Check:
    from facecap import _core, _cvimodel

    try:
        _core.set_cviruntime_path(_cvimodel.cviruntime_path() or "")
        path, runtime = _core.cviruntime()
    except (FacecapError, ImportError) as error:
        remedy = "on a board, name the vendor's library in FACECAP_CVIRUNTIME; on a PC, fetch the simulator: "
        return Check(
            "cvimodel",
            "optional",
            f"{str(error).partition(';')[0]}; needed for .cvimodel files alone",
            remedy + "python -m facecap.conversion.vendor_wheel",
        )
    return Check("cvimodel", "ok", f"{runtime}, {path}")


def _models() -> Iterator[Check]:
    from facecap import models

    remedy = "install the package anew, or remove the file from the folder in FACECAP_MODELS"
    for model in models.list_models():
        if models.openable(model.path):
            yield _guarded("model", partial(_model, model.path), remedy)
            continue
        check = _guarded("model", partial(_unopened, model.path), remedy)
        yield check if check.state == "missing" else Check("model", "optional", check.detail, FETCH_SIMULATOR)


def _model(path: Path) -> str:
    from facecap import models

    return f"{models.verify(path)['name']}, {path}"


def _unopened(path: Path) -> str:
    from facecap import models

    return (
        f"{models.verify_bytes(path)['name']}, {path}: its bytes are right; not opened, for want of a runtime"
    )


def _detection() -> str:
    import numpy as np

    from facecap import FaceCapture

    capture = FaceCapture()
    blank = np.zeros((480, 640, 3), np.uint8)
    capture.process(blank)
    start = time.perf_counter()
    capture.process(blank)
    return f"one frame of 640x480 in {1000 * (time.perf_counter() - start):.0f} ms"


def _opencv() -> str:
    import cv2

    names = [cv2.videoio_registry.getBackendName(b) for b in cv2.videoio_registry.getStreamBackends()]
    if "FFMPEG" not in names:
        raise FacecapError(
            f"OpenCV {cv2.__version__} reads videos with {', '.join(names) or 'nothing'}, not ffmpeg"
        )
    cameras = [cv2.videoio_registry.getBackendName(b) for b in cv2.videoio_registry.getCameraBackends()]
    return f"{cv2.__version__}, videos: {', '.join(names)}, cameras: {', '.join(cameras) or 'none'}"


def _video_codec() -> Check:
    import cv2

    with tempfile.TemporaryDirectory() as folder:
        writer = cv2.VideoWriter(f"{folder}/probe.mp4", cv2.VideoWriter.fourcc(*"mp4v"), 25.0, (64, 64))
        works = writer.isOpened()
        writer.release()
    if works:
        return Check("video encoder", "ok", "MPEG-4 for --annotate clip.mp4")
    return Check("video encoder", "optional", "no MPEG-4 encoder", "use --annotate clip.avi")


def _extras() -> Iterator[Check]:
    for extra, packages in EXTRAS.items():
        missing = [name for name in packages if importlib.util.find_spec(name) is None]
        if missing:
            detail = f"without {', '.join(missing)}"
            yield Check(
                f"[{extra}]", "optional", detail, f"pip install 'facecap[{extra}]' where it is wanted"
            )
        else:
            yield Check(f"[{extra}]", "ok", ", ".join(f"{name} {version(name)}" for name in packages))


def _cvimodel_tools() -> Check:
    from facecap.conversion.cvimodel import environment
    from facecap.conversion.vendor_wheel import VERSION

    name = "[cvimodel]"
    lacking = environment.lacking()
    if lacking is not None:
        return Check(name, "optional", *lacking)
    return Check(name, "ok", f"the toolchain {VERSION} of .cvimodel, {environment.home()}")


def _writable(out: Path) -> str:
    from facecap._files import write_atomic

    out.mkdir(parents=True, exist_ok=True)
    probe = out / ".facecap-doctor"
    write_atomic(probe, b"")
    probe.unlink()
    return f"{out.resolve()} is writable"
