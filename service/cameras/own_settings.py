"""What each camera has of its own: by the settings file, and by what was set at run time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from facecap import Areas

from ..camera_settings import CameraSettings
from ..problems import Problem
from ..store.camera_table import Source
from .remembered import Remembered

_LIVE: dict[str, Any] = {"display_name": None, "area": None, "ignore": [], "only": []}
"""What can be set at run time, and what it is where nothing sets it."""

_EVERYWHERE = Areas()


class OwnSettings:
    """The file wins. Methods may be called from any thread."""

    def __init__(self, named: Mapping[str, CameraSettings], remembered: Remembered) -> None:
        self._file = {
            name: settings.model_dump(mode="json", include=set(_LIVE), exclude_unset=True)
            for name, settings in named.items()
        }
        self._remembered = remembered
        self._areas: dict[str, tuple[Any, Areas]] = {}
        """Of a camera that has any: what was set at run time, and what came of it."""

    @property
    def names(self) -> list[str]:
        """Of the cameras that the file names."""
        return list(self._file)

    def in_file(self, name: str) -> list[str]:
        """What cannot be changed at run time."""
        return [key for key in _LIVE if key in self._file.get(name, {})]

    def of(self, name: str) -> dict[str, Any]:
        """What applies to a camera, in plain JSON types."""
        return {**_LIVE, **(self._remembered.settings(name) or {}), **self._file.get(name, {})}

    def areas(self, name: str) -> Areas:
        """Where the camera's faces are captured; the same object while nothing changes."""
        stored = self._remembered.settings(name)
        if stored is None and name not in self._file:
            return _EVERYWHERE
        known = self._areas.get(name)
        if known is None or known[0] is not stored:
            own = self.of(name)
            known = self._areas[name] = stored, Areas(ignore=own["ignore"], only=own["only"])
        return known[1]

    def change(self, name: str, source: Source, wanted: Mapping[str, Any], who: str) -> None:
        """Set all that can be set at run time; it waits for the database.

        Raises:
            Problem: 409 `set_in_file`, 404 `unknown_camera`.
            StoreError: the database fails; nothing has changed then.
        """
        file = self._file.get(name, {})
        fixed = [key for key in self.in_file(name) if wanted[key] != file[key]]
        if fixed:
            detail = f"the settings file sets {', '.join(fixed)} of {name}: change it there"
            raise Problem(409, "set_in_file", "Set in the file", detail)
        own = {key: value for key, value in wanted.items() if key not in file}
        if not self._remembered.change_settings(name, source, own, who):
            detail = f"another service has just removed {name}"
            raise Problem(404, "unknown_camera", "No such camera", detail)
