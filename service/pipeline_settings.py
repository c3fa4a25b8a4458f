"""Models, and how they run."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from .setting_kinds import Count, Section, Size


class Pipeline(Section):
    """Which models, and how they run."""

    detector: str | None = None
    """a file or a name of `facecap models list`"""
    classifier: str | None = None
    """mask classifier: a file or a name"""
    refiner: str | None = None
    """second look at a face before its shot is kept: a file, a name, or none; the one that ships"""
    embedder: str | None = None
    """a file or a name; with one, a person is not captured again on a new track"""
    input_size: Size = None
    """width and height of the detector's input in pixels"""
    score_threshold: Annotated[float, Field(ge=0, le=1)] | None = None
    """least score of a face"""
    provider: str = "cpu"
    """what computes the networks: cpu, cuda, openvino or coreml, where the installed onnxruntime has it"""
    precision: str = "float32"
    """of the detector: float32, or int8 for the file beside it; faster where docs/devices.md says so"""
    threads: Count = 1
    """of one network; cameras run side by side anyway"""
    slots: Count = 10
    """tracks of one camera that may hold a shot"""
