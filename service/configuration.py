"""What applies, and where it comes from: defaults, the file, the environment and flags, in rising order."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic_settings import EnvSettingsSource, SettingsError

from facecap import FacecapError
from facecap.addresses import HIDDEN, shown_address

from .links import is_service_link
from .setting_kinds import Section
from .settings import Settings

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PREFIX = "FACECAP_"
Leaf = tuple[str, ...]


class ConfigurationError(FacecapError):
    """Settings that do not apply; the text names each with where it comes from."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """The settings, and the origin of each that is not a default."""

    settings: Settings
    origins: Mapping[Leaf, str]

    def lines(self) -> Iterator[str]:
        """As a TOML file that says the same, with the origin of each line; secrets are hidden."""
        tables = [(name, value) for name, value in self.settings if isinstance(value, Section)]
        for name, table in tables:
            yield from self._table(table, (name,))
        for api_key in self.settings.keys:
            yield f"[[keys]]  # {self._origin(('keys',))}"
            yield f"name = {_toml(api_key.name)}"
            yield f"hash = {_toml(HIDDEN)}"
            yield f"scopes = {_toml(sorted(api_key.scopes))}"
            yield ""
        named: Mapping[str, Mapping[str, Section]]
        named = {name: getattr(self.settings, name) for name in ("pullers", "webhooks", "alerts")}
        for name, entries in named.items():
            for entry, table in entries.items():
                yield from self._table(table, (name, entry))

    def _table(self, table: Section, path: Leaf) -> Iterator[str]:
        """A table with its own lines, then the tables inside of it; of what only differs, what does."""
        yield f"[{'.'.join((path[0], *map(_toml, path[1:])))}]"
        inside = {key: value for key, value in table if isinstance(value, Section)}
        for key, value in table:
            if key not in inside and not (len(path) > 2 and key not in table.model_fields_set):
                yield self._line(key, value, (*path, key))
        yield ""
        for key, value in inside.items():
            if value.model_fields_set or len(path) < 2:
                yield from self._table(value, (*path, key))

    def _line(self, key: str, value: Any, leaf: Leaf) -> str:
        if isinstance(value, str) and (key.endswith("url") or "://" in value):
            value = shown_address(value)
        text = f"# {key} is not set" if value is None else f"{key} = {_toml(value)}"
        return f"{text}  # {self._origin(leaf)}"

    def _origin(self, leaf: Leaf) -> str:
        for length in range(len(leaf), 0, -1):
            if leaf[:length] in self.origins:
                return self.origins[leaf[:length]]
        return "default"


def load(
    file: Path | None = None,
    flags: Mapping[str, Mapping[str, Any]] | None = None,
    *,
    other_variables: Collection[str] = (),
) -> Configuration:
    """Read and check every source.

    Args:
        file: TOML.
        flags: section -> key -> text, as given on the command line.
        other_variables: FACECAP_ variables that others read.

    Raises:
        ConfigurationError: a source cannot be read, a name is not known, or a value is wrong.
    """
    _refuse_unknown_variables(other_variables)
    sources: list[tuple[str, Mapping[str, Any]]] = []
    if file is not None:
        sources.append((str(file), _read(file)))
    try:
        sources.append(("environment", _Environment(Settings)()))
    except SettingsError as error:
        raise ConfigurationError(f"environment: {error}: wanted JSON") from None
    sources.append(("flag", flags or {}))
    values: dict[str, Any] = {}
    origins: dict[Leaf, str] = {}
    for origin, source in sources:
        _lay_over(values, source, (), origin, origins)
    try:
        return Configuration(Settings.model_validate(values), origins)
    except ValidationError as error:
        raise ConfigurationError("; ".join(_messages(error, origins))) from None


def options() -> Iterator[tuple[str, str, list[tuple[str, str, str]]]]:
    """What can be given as a flag: section, its text, and of each setting key, help and default."""
    for name, section in _sections():
        settings = [
            (key, " ".join((field.description or "").split()), _shown(field.default))
            for key, field in section.model_fields.items()
        ]
        yield name, (section.__doc__ or "").strip(), settings


def variable(section: str, key: str) -> str:
    """Name of a setting in the environment."""
    return f"{PREFIX}{section}_{key}".upper()


class _Environment(EnvSettingsSource):
    """The environment without what Kubernetes puts there about a service of a like name."""

    def _load_env_vars(self) -> Mapping[str, str | None]:
        found = super()._load_env_vars()
        return {name: text for name, text in found.items() if not is_service_link(name, text or "")}


def _read(file: Path) -> Mapping[str, Any]:
    if not file.is_file():
        raise ConfigurationError(f"{file}: there is no such file")
    try:
        values: Mapping[str, Any] = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{file}: {error}") from None
    return values


def _lay_over(
    under: dict[str, Any], over: Mapping[str, Any], path: Leaf, origin: str, origins: dict[Leaf, str]
) -> None:
    for key, value in over.items():
        leaf = (*path, key)
        if isinstance(value, Mapping):
            below = under.setdefault(key, {})
            if isinstance(below, dict):
                _lay_over(below, value, leaf, origin, origins)
                continue
        under[key] = value
        where = {"environment": variable(path[0], key) if path else PREFIX + key.upper(), "flag": "flag"}
        origins[leaf] = where.get(origin, origin)
        if isinstance(value, str) and "\0" in value:  # no file and no host has such a name
            raise ConfigurationError(f"{'.'.join(leaf)} ({origins[leaf]}): wanted a text without NUL")


def _refuse_unknown_variables(others: Collection[str]) -> None:
    single = {variable(name, key) for name, section in _sections() for key in section.model_fields}
    known = single | {PREFIX + name.upper() for name in Settings.model_fields}
    for name in sorted(os.environ):
        if not name.startswith(PREFIX) or name in known or name in others or not os.environ[name]:
            continue
        if is_service_link(name, os.environ[name]):
            continue
        # The prefix that all have is no likeness, and what wants a whole table as JSON is no slip away.
        bare = {other.removeprefix(PREFIX): other for other in single}
        near = get_close_matches(name.removeprefix(PREFIX), bare, n=1, cutoff=0.75)
        hint = (
            f"did you mean {bare[near[0]]}?"
            if near
            else "`facecap serve --print-config` shows what can be set"
        )
        raise ConfigurationError(f"environment: there is no setting {name}; {hint}")


def _sections() -> Iterator[tuple[str, type[BaseModel]]]:
    for name, field in Settings.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, Section):
            yield name, field.annotation


def _messages(error: ValidationError, origins: Mapping[Leaf, str]) -> Iterator[str]:
    for item in error.errors(include_input=False, include_url=False):
        leaf = tuple(map(str, item["loc"]))
        origin = next((origins[leaf[:n]] for n in range(len(leaf), 0, -1) if leaf[:n] in origins), None)
        where = ".".join(leaf) + (f" ({origin})" if origin else "")
        unnamed = item["type"] == "model_type" and leaf[-1] not in _names(leaf[:-1])
        if item["type"] == "extra_forbidden" or unnamed:
            yield f"{where}: there is no such setting{_near(leaf)}"
        else:
            yield f"{where}: {item['msg'].removeprefix('Value error, ')}"


def _near(leaf: Leaf) -> str:
    near = get_close_matches(leaf[-1], _names(leaf[:-1]), n=1, cutoff=0.6)
    return f"; did you mean {near[0]}?" if near else ""


def _names(path: Leaf) -> Collection[str]:
    """Of the settings of a table."""
    table: Any = Settings
    for name in path:
        table = _inside(table, name)
    return table.model_fields if isinstance(table, type) and issubclass(table, BaseModel) else ()


def _inside(table: Any, name: str) -> Any:
    """What stands under a name of a table: the annotation of its field, or of its entries by name."""
    if isinstance(table, type) and issubclass(table, BaseModel):
        field = table.model_fields.get(name)
        return (
            field.annotation
            if field is not None
            else _entries(get_type_hints(table).get("__pydantic_extra__"))
        )
    return _entries(table)


def _entries(table: Any) -> Any:
    return get_args(table)[1] if get_origin(table) is dict else None


def _shown(default: Any) -> str:
    return "" if default is None or default == () else str(default)


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, SecretStr):
        return _toml(HIDDEN)
    if isinstance(value, list | tuple | set | frozenset):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, BaseModel):
        return f"{{ {', '.join(f'{k} = {_toml(v)}' for k, v in value if v is not None)} }}"
    text = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'
