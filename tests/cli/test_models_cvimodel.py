"""`facecap models info` of a `.cvimodel`."""

from __future__ import annotations

import json
import shutil

import cvimodels
import pytest

from facecap import models

SHIPPED = models.SHIPPED / "mask_ghostnet_cv182x.cvimodel"


@pytest.fixture
def alone(tmp_path):
    """A file that came without its manifest."""
    shutil.copy(SHIPPED, tmp_path / "x.cvimodel")
    return tmp_path / "x.cvimodel"


def test_info_of_a_file_without_a_manifest_says_all_that_the_file_says(facecap, alone):
    done = facecap("models", "info", alone)
    assert done.returncode == 0, done.stderr
    manifest = json.loads(SHIPPED.with_suffix(".json").read_text())
    size = manifest["file"]["bytes"]
    assert f"x.cvimodel: {size} bytes for cv182x, version 1.4.0 of the format" in done.stdout
    assert f"ION memory {manifest['conversion']['ion_megabytes']:.2f} MB" in done.stdout
    assert "which fits its contents" in done.stdout
    lines = [line.split() for line in done.stdout.splitlines()]
    (taken,) = [line for line in lines if len(line) > 1 and line[1] == "input"]
    assert taken[2:4] == ["int8", "1x3x112x112"] and float(taken[4]) > 1
    assert [line[1] for line in lines if line[:1] == ["weight"]] == ["weights"]
    assert f"no manifest: there is no {alone.with_suffix('.json')}" in done.stdout


def test_info_as_json_has_the_contents_and_the_manifest(facecap, alone):
    told = json.loads(facecap("models", "info", alone, "--json").stdout)
    assert told["manifest"] is None
    assert told["contents"] == models.cvimodel_contents(alone)
    told = json.loads(facecap("models", "info", SHIPPED, "--json").stdout)
    assert told["manifest"] == json.loads(SHIPPED.with_suffix(".json").read_text())


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (cvimodels.stored("int8")[:1000], "the file is truncated"),
        (b"", "empty"),
        (b"CviModel" + bytes(100), "version 0.0 of the format, wanted 1.0 to 1.4"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "not a model but"),
    ],
)
def test_info_of_a_damaged_file_is_a_sentence(facecap, tmp_path, data, words):
    path = tmp_path / "x.cvimodel"
    path.write_bytes(data)
    done = facecap("models", "info", path)
    assert done.returncode == 1
    assert words in done.stderr and "x.cvimodel" in done.stderr and "Traceback" not in done.stderr


def test_info_of_a_file_that_is_not_there_is_a_sentence(facecap, tmp_path):
    done = facecap("models", "info", tmp_path / "none.cvimodel")
    assert done.returncode == 1
    assert "none.cvimodel" in done.stderr and "Traceback" not in done.stderr


def test_a_file_cannot_command_the_terminal():
    from facecap.cli.cvimodel_info import text

    contents = models.cvimodel_contents(SHIPPED)
    hostile = "\x1b[2Jname\nMD5 0, which fits its contents"
    shown = text({**contents, "name": hostile, "sections": [{**contents["sections"][0], "name": hostile}]})
    assert "\x1b" not in shown and shown.count("\\x1b[2Jname\\nMD5 0") == 2
