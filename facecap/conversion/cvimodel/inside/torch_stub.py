"""Stands in for torch in the toolchain's environment: it imports torch in any case, and for ONNX models uses
no more of it than `torch.tensor(x).numpy()`."""

from __future__ import annotations

from typing import Any


class _Named(type):
    def __getattr__(cls, name: str) -> Any:
        return _named(name)


class _Held:
    def __init__(self, value: Any) -> None:
        self._value = value

    def numpy(self) -> Any:
        return self._value


def tensor(value: Any) -> _Held:
    """An array as it is."""
    return _Held(value)


def __getattr__(name: str) -> Any:
    return _named(name)


def _named(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    return _Named(name, (), {})
