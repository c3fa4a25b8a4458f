"""What all commands share: help, environment twins, exit codes."""

from __future__ import annotations

import argparse
import dataclasses
import re
import subprocess
import sys
from pathlib import Path

import pytest

from facecap import CaptureConfig
from facecap.cli import COMMANDS, make_parser
from facecap.cli.environment import Parser, twin

from .conftest import clean_environment


def leaves(parser: argparse.ArgumentParser) -> list[argparse.ArgumentParser]:
    """The parsers of all commands and their sub-commands."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return [leaf for child in action.choices.values() for leaf in leaves(child)]
    return [parser]


def test_help_loads_nothing_heavy():
    code = (
        "import sys\nfrom facecap.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "heavy = {'torch', 'onnx', 'onnxruntime', 'scipy', 'matplotlib', 'cv2'} & sys.modules.keys()\n"
        "sys.exit(f'loaded: {heavy}' if heavy else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=clean_environment()
    )
    assert done.returncode == 0, done.stderr
    for command in COMMANDS:
        assert f"\n    {command} " in done.stdout


@pytest.mark.parametrize("parser", leaves(make_parser()), ids=lambda parser: parser.prog)
def test_every_option_has_a_twin_and_its_help_names_it(parser):
    text = parser.format_help()
    for action in parser._actions:
        if action.option_strings and not isinstance(action, argparse._HelpAction):
            name = twin(action)
            assert name is not None and name.startswith("FACECAP_")
            assert f"[{name}]" in "".join(text.split()), f"{action.option_strings} without {name} in the help"
            assert action.help, f"{action.option_strings} is not explained"


def test_the_table_of_commands_has_every_command_and_its_tasks():
    page = (Path(__file__).parents[2] / "docs" / "running.md").read_text()
    table = page.partition("## Commands")[2].partition("\n\n")[0]
    first_cells = re.findall(r"^\| (`facecap .+?) \|", table, re.MULTILINE)
    named = set()
    for cell in first_cells:
        (command, *tasks) = re.findall(r"`(?:facecap )?([^`]+)`", cell)
        command, _, first = command.partition(" ")
        named |= {f"facecap {command} {task}" for task in (first, *tasks)} | {f"facecap {command}"}
    assert {leaf.prog for leaf in leaves(make_parser())} <= named


def test_every_key_of_the_configuration_is_an_option():
    text = next(p for p in leaves(make_parser()) if p.prog == "facecap run").format_help()
    for field in dataclasses.fields(CaptureConfig):
        assert f"--{field.name.replace('_', '-')}" in text


@pytest.fixture
def parser() -> Parser:
    parser = Parser()
    parser.add_argument("--frames", type=int, default=3)
    parser.add_argument("--mode", choices=("fast", "slow"))
    parser.add_argument("--loud", action="store_true")
    parser.add_argument("--colour", action=argparse.BooleanOptionalAction)
    parser.add_argument("--must-have", required=True)
    parser.add_argument("--sizes", type=int, nargs="+")
    parser.add_argument("--pair", nargs=2)
    parser.add_argument("--more", action="append", default=[])
    return parser


def test_the_environment_sets_options_and_flags_win(parser, monkeypatch):
    for name, value in {
        "FRAMES": "7",
        "MODE": "slow",
        "LOUD": "true",
        "COLOUR": "0",
        "MUST_HAVE": "given",
        "SIZES": "1 2",
        "PAIR": "mask 'no mask'",
        "MORE": "one two",
    }.items():
        monkeypatch.setenv(f"FACECAP_{name}", value)
    args = parser.parse_args([])
    assert vars(args) == {
        "frames": 7,
        "mode": "slow",
        "loud": True,
        "colour": False,
        "must_have": "given",
        "sizes": [1, 2],
        "pair": ["mask", "no mask"],
        "more": ["one", "two"],
    }
    args = parser.parse_args(["--frames", "9", "--mode", "fast", "--colour", "--sizes", "5"])
    assert (args.frames, args.mode, args.colour, args.sizes) == (9, "fast", True, [5])


def test_a_repeatable_flag_takes_the_place_of_its_variable(parser, monkeypatch):
    monkeypatch.setenv("FACECAP_MORE", "one two")
    assert parser.parse_args(["--must-have", "x", "--more", "three"]).more == ["three"]


def test_an_empty_variable_counts_as_unset(parser, monkeypatch):
    monkeypatch.setenv("FACECAP_FRAMES", "")
    assert parser.parse_args(["--must-have", "x"]).frames == 3


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("FRAMES", "abc", "invalid int value: 'abc'"),
        ("MODE", "medium", "wanted one of fast, slow, found 'medium'"),
        ("LOUD", "yes", "wanted true, false, 1 or 0, found 'yes'"),
        ("COLOUR", "2", "wanted true, false, 1 or 0, found '2'"),
        ("SIZES", "1 two", "invalid int value: 'two'"),
        ("PAIR", "mask", "wanted 2 values, found 'mask'"),
    ],
)
def test_a_wrong_variable_is_wrong_usage(parser, monkeypatch, capsys, name, value, text):
    monkeypatch.setenv(f"FACECAP_{name}", value)
    with pytest.raises(SystemExit) as end:
        parser.parse_args(["--must-have", "x"])
    assert end.value.code == 2
    assert f"environment variable FACECAP_{name}: {text}" in capsys.readouterr().err


def test_a_variable_of_another_command_does_not_matter(facecap):
    assert facecap("models", "list", env={"FACECAP_THREADS": "abc"}).returncode == 0
    done = facecap("detect", "x.jpg", env={"FACECAP_THREADS": "abc"})
    assert done.returncode == 2
    assert "FACECAP_THREADS" in done.stderr


@pytest.mark.parametrize(
    "arguments", [[], ["paint"], ["run"], ["run", "x", "--colour", "red"], ["run", "x", "--min", "3"]]
)
def test_wrong_usage_ends_with_2(facecap, arguments):
    done = facecap(*arguments)
    assert done.returncode == 2
    assert done.stdout == "" and "usage:" in done.stderr


def test_version(facecap):
    assert facecap("--version").stdout.startswith("facecap 0.")
