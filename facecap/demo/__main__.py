"""`python -m facecap.demo FOLDER`: make the clip and print its path."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from facecap.errors import FacecapError


def main() -> int:
    """Make the clip; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m facecap.demo", description=__doc__)
    parser.add_argument("folder", type=Path, help="where the clip goes")
    folder = parser.parse_args().folder
    from facecap.demo import clip

    try:
        print(clip.make(folder))
    except (FacecapError, OSError) as error:
        print(f"facecap: error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
