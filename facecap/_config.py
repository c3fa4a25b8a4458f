"""When a shot is stored and emitted: the configuration of a capture.

`_config.pyi` says the same to type checkers; `make stubs` writes it.
"""

from __future__ import annotations

from dataclasses import field, make_dataclass
from typing import Any, Literal

from facecap import _core
from facecap._settings import SETTINGS, Settings

KINDS: dict[str, Any] = {"number": float, "whole": int, "on_off": bool}
DOC = """When a shot is stored and emitted: pixels, degrees, frames and seconds.

Checked at once; immutable (`dataclasses.replace` makes another).

{settings}

Raises:
    TypeError: a name is not known, or a value is of the wrong kind.
    ValueError: a value is out of range.
"""


def _type_of(setting: _core.CaptureSetting) -> Any:
    kind = Literal[tuple(setting.choices)] if setting.kind == "choice" else KINDS[setting.kind]
    return kind | None if setting.optional else kind


CaptureConfig = make_dataclass(
    "CaptureConfig",
    [
        (name, _type_of(setting), field(default=setting.default, metadata={"help": setting.help}))
        for name, setting in SETTINGS.items()
    ],
    bases=(Settings,),
    namespace={
        "__doc__": DOC.format(
            settings="\n".join(f"{name}: {setting.help}." for name, setting in SETTINGS.items())
        ),
        "__module__": __name__,
    },
    frozen=True,
    kw_only=True,
)
