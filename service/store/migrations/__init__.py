"""The steps from one revision of the tables to the next, for alembic: `versions/v<revision>_<words>.py`."""

from pathlib import Path

FOLDER = Path(__file__).parent


def newest() -> str:
    """The revision that the steps lead to."""
    return max(step.name[1:].partition("_")[0] for step in (FOLDER / "versions").glob("v*.py"))
