"""Print requirements that pyproject.toml names, one a line: `python tools/requirements.py build package`.

`build` is what builds the package, `package` what it depends on, any other word one of its extras. With
it the Makefile installs what a target needs without building the package.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10
    from pip._vendor import tomli as tomllib

PYPROJECT = Path(__file__).resolve().parent.parent / "pyproject.toml"


def requirements(what: str, pyproject: dict[str, Any]) -> list[str]:
    """The requirements of `build`, `package` or an extra; extras of the package itself are spelt out."""
    if what == "build":
        return list(pyproject["build-system"]["requires"])
    project = pyproject["project"]
    if what == "package":
        return list(project["dependencies"])
    found = []
    for requirement in project["optional-dependencies"][what]:
        own = re.fullmatch(rf"{project['name']}\[(.*)\]", requirement)
        if own:
            found += [each for extra in own[1].split(",") for each in requirements(extra.strip(), pyproject)]
        else:
            found.append(requirement)
    return found


if __name__ == "__main__":
    with PYPROJECT.open("rb") as file:
        settings = tomllib.load(file)
    print("\n".join(line for what in sys.argv[1:] for line in requirements(what, settings)))
