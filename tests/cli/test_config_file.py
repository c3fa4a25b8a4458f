"""`--config FILE` of `facecap train`: options in TOML."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest

from facecap.cli import make_parser


@pytest.fixture
def parsed(tmp_path: Path) -> Any:
    """Parses the options of a task with a file of the text that is given."""

    def parse(text: str, *flags: str, task: str = "classifier") -> Namespace:
        path = tmp_path / "run.toml"
        path.write_text(text)
        return make_parser().parse_args(["train", task, "--config", str(path), *flags])

    return parse


NEEDED = 'data = "pictures"\nout = "run"\n'


def test_a_file_takes_the_place_of_flags(parsed: Any) -> None:
    args = parsed(
        NEEDED + 'network = "mobilenet_v2"\nrate = 1e-3\nbatch = 32\nepochs = 5\nfreeze-backbone = true\n'
    )
    assert (args.data, args.out) == (Path("pictures"), Path("run"))
    assert (args.network, args.rate, args.batch, args.epochs) == ("mobilenet_v2", 1e-3, 32, 5)
    assert args.freeze_backbone is True
    assert args.seed == 0, "what neither says keeps its default"


def test_a_file_of_an_editor_that_writes_a_byte_order_mark_is_read(parsed: Any) -> None:
    assert parsed("\ufeff" + NEEDED + "batch = 32").batch == 32


def test_a_flag_wins_over_the_environment_and_this_over_the_file(parsed: Any, monkeypatch: Any) -> None:
    monkeypatch.setenv("FACECAP_BATCH", "16")
    monkeypatch.setenv("FACECAP_RATE", "0.5")
    args = parsed(NEEDED + "batch = 8\nrate = 0.1\nseed = 3\n", "--rate", "0.2")
    assert (args.batch, args.rate, args.seed) == (16, 0.2, 3)


def test_a_flag_wins_over_what_it_excludes(parsed: Any) -> None:
    args = parsed(NEEDED + "minutes = 5\n", "--epochs", "2")
    assert (args.minutes, args.epochs) == (None, 2)


def test_the_environment_may_name_the_file(parsed: Any, tmp_path: Path, monkeypatch: Any) -> None:
    (tmp_path / "other.toml").write_text(NEEDED + "batch = 8\n")
    monkeypatch.setenv("FACECAP_TRAIN_CONFIG", str(tmp_path / "other.toml"))
    assert make_parser().parse_args(["train", "mask"]).batch == 8


def test_an_option_of_several_values_takes_a_list_and_one_of_a_choice_is_enough(parsed: Any) -> None:
    text = 'photos = "p"\nteacher = "t.onnx"\nout = "o"\n'
    crops = text + 'data = "d"\ndetector = ["a", "b"]\n'
    assert parsed(crops, task="refiner-crops").detector == ["a", "b"]
    assert parsed(text, task="detector-labels").teacher == "t.onnx"
    assert parsed(NEEDED + 'classes = ["on", "off"]', task="mask").classes == ["on", "off"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("bacth = 3", "run.toml: no option is named 'bacth'; did you mean 'batch'?"),
        ("freeze_backbone = true", "did you mean 'freeze-backbone'?"),
        ("config = 'x'", "no option is named 'config'"),
        ("batch = 0", "run.toml: batch: wanted a whole number of at least 1, found '0'"),
        ("batch = true", "batch: wanted a number or a text, found True"),
        ('start = "a\\u0000b"', "start: wanted a text without NUL, found 'a\\x00b'"),
        ("freeze-backbone = 1", "freeze-backbone: wanted true or false, found 1"),
        ("preset = 'fast'", "preset: wanted one of default, "),
        ("minutes = 1\nepochs = 1", "epochs: not together with --minutes"),
        ("[recipe]\nbatch = 1", "no option is named 'recipe'"),
        ("batch 3", "run.toml: not a TOML file"),
    ],
)
def test_what_is_wrong_is_named_with_the_file(parsed: Any, capsys: Any, text: str, said: str) -> None:
    with pytest.raises(SystemExit) as ended:
        parsed(NEEDED + text)
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


def test_a_file_that_is_not_there_is_named(capsys: Any) -> None:
    with pytest.raises(SystemExit):
        make_parser().parse_args(["train", "mask", "--config", "missing.toml"])
    assert "missing.toml: No such file or directory" in capsys.readouterr().err
