"""Where the vendor's runtime of `.cvimodel` files is, and what the environment says of such files."""

from __future__ import annotations

import os

_ANSWERS = {"": False, "0": False, "false": False, "1": True, "true": True}


def cviruntime_path() -> str | None:
    """The file of the runtime: FACECAP_CVIRUNTIME, or the simulator that `vendor_wheel` has fetched.

    None where neither is there; the core then looks for `libcviruntime.so` where the system keeps libraries.
    """
    configured = os.environ.get("FACECAP_CVIRUNTIME")
    if configured:
        return configured
    from facecap.conversion import vendor_wheel

    folder = vendor_wheel.fetched_runtime()
    return str(folder / vendor_wheel.LIBRARY) if folder else None


def runtime_is_here() -> bool:
    """Whether the runtime would be found: where `cviruntime_path` says, or among the system's libraries."""
    from ctypes.util import find_library

    return cviruntime_path() is not None or find_library("cviruntime") is not None


def wanted_chip() -> str:
    """FACECAP_CVIMODEL_CHIP: what every `.cvimodel` must be made for; empty for the manifest's."""
    return os.environ.get("FACECAP_CVIMODEL_CHIP", "")


def take_unchecked() -> bool:
    """FACECAP_CVIMODEL_UNCHECKED: whether a `.cvimodel` is taken whose own checksum is not right.

    Raises:
        ValueError: it is none of true, false, 1 and 0.
    """
    text = os.environ.get("FACECAP_CVIMODEL_UNCHECKED", "")
    if text.lower() not in _ANSWERS:
        raise ValueError(f"FACECAP_CVIMODEL_UNCHECKED: found {text!r}, wanted true, false, 1 or 0")
    return _ANSWERS[text.lower()]
