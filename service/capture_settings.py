"""When shots are stored and emitted, as the settings say it: of all cameras, and what one has of its own."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any, get_type_hints

from pydantic import Field, create_model, model_validator

from facecap import CaptureConfig

from .setting_kinds import Section


def _capture_fields() -> dict[str, Any]:
    kinds = get_type_hints(CaptureConfig)
    return {
        field.name: (kinds[field.name], Field(field.default, description=field.metadata["help"]))
        for field in fields(CaptureConfig)
    }


class CaptureSection(Section):
    """What `Capture` adds to its fields."""

    @model_validator(mode="after")
    def _check(self) -> CaptureSection:
        self.config()
        return self

    def config(self, own: Section | None = None) -> CaptureConfig:
        """As `facecap` takes it; `own`: what a camera has of its own (`CaptureOverrides`).

        Raises:
            ValueError: the two together are out of range.
        """
        changed = {} if own is None else own.model_dump(exclude_unset=True)
        return CaptureConfig(**{**self.model_dump(), **changed})


if TYPE_CHECKING:
    Capture = CaptureSection
    CaptureOverrides = Section
else:
    Capture = create_model(
        "Capture",
        __base__=CaptureSection,
        __doc__="When a shot is stored and emitted; the keys of facecap.CaptureConfig.",
        **_capture_fields(),
    )
    CaptureOverrides = create_model(
        "CaptureOverrides",
        __base__=Section,
        __doc__="What differs from `Capture` at a camera; what is not set does not differ.",
        **_capture_fields(),
    )
