"""An argument parser whose every option has an environment twin: `--max-frames` is `FACECAP_MAX_FRAMES`.

A flag wins over the environment, and this over the TOML file of a command that takes one. The text is read
as strictly as a flag; yes/no options take true, false, 1 or 0.
"""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from facecap.cli.config_file import OPTION, read_config
from facecap.errors import FacecapError

PREFIX = "FACECAP_"
_Given = tuple[str, argparse.Action, str | list[str]]  # what an error calls it, the option, its text
_NAMED: WeakKeyDictionary[argparse.Action, str] = WeakKeyDictionary()
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


class Parser(argparse.ArgumentParser):
    """`argparse.ArgumentParser` with environment twins; its sub-commands have them too.

    An option whose default is `argparse.SUPPRESS` is not read from the environment here: whoever takes it
    asks there himself.
    """

    add_late: Callable[[Parser], None] | None = None
    """Adds options that take long to find, once this parser is asked to parse."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("formatter_class", _Formatter)
        kwargs.setdefault("allow_abbrev", False)
        super().__init__(*args, **kwargs)

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: Any = None
    ) -> tuple[Any, list[str]]:
        """As in argparse, with the environment and the file of `config_file` as defaults."""
        if self.add_late is not None:
            self.add_late(self)
            self.add_late = None
        words = sys.argv[1:] if args is None else args
        options = self._option_string_actions
        settled = {options[name] for name in (word.partition("=")[0] for word in words) if name in options}
        self._settle(self._environment(), settled)
        if self.get_default("config_is_toml"):
            self._settle(self._config(words), settled)
        return super().parse_known_args(args, namespace)

    def _environment(self) -> Iterator[_Given]:
        for action in self._actions:
            name = twin(action)
            text = os.environ.get(name, "") if name else ""
            if text and action.default is not argparse.SUPPRESS:
                yield f"environment variable {name}", action, text

    def _config(self, words: Sequence[str]) -> Iterator[_Given]:
        finder = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
        default = self._option_string_actions[OPTION].default
        finder.add_argument(OPTION, dest="path", nargs="?", type=Path, default=default)
        path = finder.parse_known_args(words)[0].path
        if path is None:
            return
        try:
            texts = read_config(path, self._actions)
        except OSError as error:
            self.error(f"{path}: {error.strerror}")
        except (ValueError, FacecapError) as error:
            self.error(str(error))
        for name, text in texts.items():
            yield f"{path}: {name[2:]}", self._option_string_actions[name], text

    def _settle(self, values: Iterable[_Given], settled: set[argparse.Action]) -> None:
        """Make values the defaults of what is not settled yet; they are settled then.

        Where options exclude each other, the first that is settled settles all of them.
        """
        taken: set[argparse.Action] = set()
        for name, action, text in values:
            groups = [group for group in self._mutually_exclusive_groups if action in group._group_actions]
            rivals = {rival for group in groups for rival in group._group_actions} - {action}
            if settled & {action, *rivals}:
                continue
            if taken & rivals:
                self.error(f"{name}: not together with {(taken & rivals).pop().option_strings[0]}")
            try:
                action.default = _value(action, text)
            except (ValueError, TypeError, argparse.ArgumentTypeError) as error:
                self.error(f"{name}: {error}")
            action.required = False
            for group in groups:
                group.required = False
            taken.add(action)
        settled |= taken


def name_twin(action: argparse.Action, name: str) -> None:
    """Give an option a variable of its own, where its name means another thing to other commands."""
    _NAMED[action] = PREFIX + name


def twin(action: argparse.Action) -> str | None:
    """Name of the option's environment variable; None for arguments without a long name and for --help."""
    if isinstance(action, argparse._HelpAction | argparse._VersionAction):
        return None
    if action in _NAMED:
        return _NAMED[action]
    for option in action.option_strings:
        if option.startswith("--"):
            return PREFIX + option[2:].upper().replace("-", "_")
    return None


def twins(parser: argparse.ArgumentParser) -> set[str]:
    """The environment variables of a parser and its sub-commands."""
    names: set[str] = set()
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            names.update(*map(twins, action.choices.values()))
        elif name := twin(action):
            names.add(name)
    return names


def _value(action: argparse.Action, text: str | list[str]) -> Any:
    if isinstance(text, list):
        return [_single(action, part) for part in text]
    if action.nargs == 0:
        try:
            return _BOOLEANS[text.lower()]
        except KeyError:
            raise ValueError(f"wanted true, false, 1 or 0, found {text!r}") from None
    several = action.nargs in ("+", "*") or isinstance(action.nargs, int)
    if several or isinstance(action, argparse._AppendAction):
        parts = shlex.split(text)
        if isinstance(action.nargs, int) and len(parts) != action.nargs:
            raise ValueError(f"wanted {action.nargs} values, found {text!r}")
        return [_single(action, part) for part in parts]
    return _single(action, text)


def _single(action: argparse.Action, text: str) -> Any:
    convert: Callable[[str], Any] = action.type if callable(action.type) else str
    try:
        value = convert(text)
    except ValueError:
        kind = getattr(convert, "__name__", "value")
        raise ValueError(f"invalid {kind} value: {text!r}") from None
    if action.choices is not None and value not in action.choices:
        raise ValueError(f"wanted one of {', '.join(map(str, action.choices))}, found {text!r}")
    return value


class _Formatter(argparse.HelpFormatter):
    """Help that names each option's environment variable."""

    def _get_help_string(self, action: argparse.Action) -> str:
        text, name = action.help or "", twin(action)
        return f"{text} [{name}]" if name else text
