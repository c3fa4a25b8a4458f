"""The core's JSON reader against Python's `json`: the same texts are JSON."""

from __future__ import annotations

import json
import math
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from facecap import _core
from facecap.errors import ModelError

DEEPEST = 64


def is_json_to_python(text: str) -> bool:
    """Strictly: finite numbers, no key twice, whole surrogate pairs, nested as deep as the core reads; a byte
    order mark in front is no part of the text."""

    def no_key_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({key for key, _ in pairs}) < len(pairs):
            raise ValueError("a key twice")
        return dict(pairs)

    def finite(value: str) -> float:
        if not math.isfinite(float(value)):
            raise ValueError("not finite")
        return float(value)

    try:
        value = json.loads(
            text.removeprefix("\ufeff"),
            object_pairs_hook=no_key_twice,
            parse_float=finite,
            parse_int=finite,
            parse_constant=finite,
        )
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return False
    return depth(value) <= DEEPEST


def depth(value: Any) -> int:
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max((depth(child) for child in children), default=0) if isinstance(value, dict | list) else 0


def is_json_to_the_core(text: str) -> bool:
    try:
        _core.parse_manifest(text, "text")
    except ModelError as error:
        return "not a JSON text" not in str(error)
    return True


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(), children, max_size=4),
    max_leaves=12,
)
SIGNS = '{}[]:,"\\ \t\n01-.e+\x00\x1f\u00e9\ufeff'
WORDS = '5e-324 1e308 1e309 true nul null NaN Infinity "a" "b": 01 -0 1. .5 /* \'a\''
ESCAPES = "\\u00e9 \\ud83d \\ude00 \\u0000 \\x"
PIECES = st.sampled_from([*SIGNS, *WORDS.split(), *ESCAPES.split()])


@given(VALUES, st.sampled_from([None, 1]), st.booleans())
@settings(max_examples=300)
def test_what_python_writes_is_read(value: Any, indent: int | None, ascii_only: bool) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    assert is_json_to_the_core(text) == is_json_to_python(text)


@given(st.lists(PIECES, max_size=12).map("".join))
@example("[" * 64 + "]" * 64)
@example("[" * 65 + "]" * 65)
@example('{"a": 1, "a": 1}')
@example('"\\ud83d\\ude00"')
@example("1e-400")
@example("9" * 400)
@settings(max_examples=3000)
def test_of_any_pieces_the_same_are_json(text: str) -> None:
    assert is_json_to_the_core(text) == is_json_to_python(text), text


@given(VALUES, st.data())
@settings(max_examples=300)
def test_of_damaged_texts_the_same_are_json(value: Any, data: st.DataObject) -> None:
    text = json.dumps(value)
    place = data.draw(st.integers(0, len(text)))
    text = text[:place] + data.draw(PIECES) + text[place + data.draw(st.integers(0, 2)) :]
    assert is_json_to_the_core(text) == is_json_to_python(text), text
