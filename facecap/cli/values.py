"""What an option's value may be: functions for `type=` of argparse, which refuse others in a sentence."""

from __future__ import annotations

import argparse
import re

from facecap._checks import LARGEST_INPUT

OWN_INPUT = "default"
SMALLEST_SIDE = 32  # pixels, below which a detector sees nothing


def count(text: str) -> int:
    """A whole number of at least 0."""
    if not re.fullmatch(r"\d+", text):
        raise argparse.ArgumentTypeError(f"wanted a whole number of at least 0, found {text!r}")
    return int(text)


def positive_number(text: str) -> float:
    """A finite number above 0."""
    number = _number(text)
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"wanted a number above 0, found {text!r}")
    return number


def not_negative(text: str) -> float:
    """A finite number of at least 0."""
    number = _number(text)
    if not 0 <= number < float("inf"):
        raise argparse.ArgumentTypeError(f"wanted a number of at least 0, found {text!r}")
    return number


def cosine(text: str) -> float:
    """A number from -1 to 1."""
    number = _number(text)
    if not -1 <= number <= 1:
        raise argparse.ArgumentTypeError(f"wanted a number from -1 to 1, found {text!r}")
    return number


def three_numbers(text: str) -> tuple[float, float, float]:
    """`123.7,116.3,103.5`, or one number for all three; each at least 0."""
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) not in (1, 3) or not all(0 <= number < float("inf") for number in numbers):
        raise argparse.ArgumentTypeError(f"wanted three numbers such as 124,116,104, or one, found {text!r}")
    first, second, third = numbers * (3 // len(numbers))
    return first, second, third


def share(text: str) -> float:
    """A number from 0 to 1, for `type=`."""
    value = _number(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"wanted a number from 0 to 1, found {text!r}")
    return value


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")


def size(text: str) -> tuple[int, int]:
    """`640x480` as (width, height)."""
    match = re.fullmatch(r"(\d+)[xX](\d+)", text)
    if not match:
        raise argparse.ArgumentTypeError(f"wanted WIDTHxHEIGHT such as 640x480, found {text!r}")
    return int(match[1]), int(match[2])


def positive(text: str) -> int:
    """A whole number of at least 1."""
    number = int(text) if re.fullmatch(r"\d+", text) else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"wanted a whole number of at least 1, found {text!r}")
    return number


def long_side(text: str) -> int | None:
    """Pixels of a picture's longer side, or None for what a model's own input makes of it."""
    return _long_side(text, f"{OWN_INPUT} or")


def long_side_or_own(text: str) -> int | None:
    """As `long_side`, and 0 for the picture's own."""
    return 0 if text == "0" else _long_side(text, f"{OWN_INPUT}, 0 or")


def _long_side(text: str, other: str) -> int | None:
    if text == OWN_INPUT:
        return None
    side = int(text) if text.isdecimal() else 0
    if not SMALLEST_SIDE <= side <= LARGEST_INPUT:
        raise argparse.ArgumentTypeError(f"wanted {other} {SMALLEST_SIDE} to {LARGEST_INPUT}, found {text!r}")
    return side
