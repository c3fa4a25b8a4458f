"""What stands on pages of the documentation, taken from there and run."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from programs import program

DOCS = Path(__file__).resolve().parents[2] / "docs"


def indented(text: str) -> list[str]:
    """The commands of a text that stand in it four spaces in, those of one paragraph together."""
    return [
        re.sub(r"^ {4}", "", found, flags=re.M).strip() for found in re.findall(r"(?:^ {4}.*\n)+", text, re.M)
    ]


def section(page: str, heading: str) -> str:
    """What stands on a page below a heading of the second level."""
    found: list[str] = re.findall(
        rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", (DOCS / page).read_text(), re.M | re.S
    )
    assert len(found) == 1, f"{page} has {len(found)} headings {heading}"
    return found[0]


def blocks(page: str, heading: str, language: str) -> list[str]:
    """The fenced blocks of a language below a heading, in their order."""
    return re.findall(rf"^```{language}\n(.*?)^```", section(page, heading), re.M | re.S)


def commands(block: str) -> list[str]:
    """The commands of a block, each on one line."""
    return re.sub(r"(\|?)\\?\n {2,}", r"\1 ", block).splitlines()


def with_addresses(text: str, **addresses: str) -> str:
    """The text with other addresses; every one that is exchanged must be in it."""
    for shown, address in addresses.items():
        assert shown in text, f"{shown} is not in {text}"
        text = text.replace(shown, address)
    return text


def run(command: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """What a shell makes of a command, which has failed where a part of it has."""
    return subprocess.run(**_shell(command, folder, variables), stderr=subprocess.PIPE, timeout=120)


@contextmanager
def started(command: str, folder: Path, **variables: str) -> Iterator[subprocess.Popen[str]]:
    """A command that does not end by itself; what it says on standard error is in the file `said`."""
    with (folder / "said").open("w") as said:
        process = subprocess.Popen(**_shell(f"exec {command}", folder, variables), stderr=said)
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=60)


def _shell(command: str, folder: Path, variables: dict[str, str]) -> dict[str, Any]:
    for name in {"curl", "ffmpeg"} & set(command.split()):
        program(name)
    path = f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin"
    environment = {"PATH": path, "no_proxy": "*", **variables}
    arguments = ["bash", "-euo", "pipefail", "-c", command]
    return {"args": arguments, "cwd": folder, "env": environment, "stdout": subprocess.PIPE, "text": True}
