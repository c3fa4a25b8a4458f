"""What stands on the page of recipes, taken from there and run."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from programs import program

PAGE = Path(__file__).resolve().parents[2] / "docs" / "recipes.md"


def blocks(heading: str, language: str) -> list[str]:
    """The fenced blocks of a language below a heading, in their order."""
    (section,) = re.findall(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", PAGE.read_text(), re.M | re.S)
    return re.findall(rf"^```{language}\n(.*?)^```", section, re.M | re.S)


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
    for name in {"curl", "ffmpeg"} & set(command.split()):
        program(name)
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command],
        cwd=folder,
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "no_proxy": "*", **variables},
        capture_output=True,
        text=True,
        timeout=120,
    )
