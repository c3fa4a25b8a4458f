"""The histogram of stages says what the client library's own would say."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Histogram, generate_latest

from facecap_service import stage_seconds
from facecap_service.stage_seconds import StageSeconds

SECONDS = st.floats(0, 10) | st.sampled_from(stage_seconds._BUCKETS)


@given(st.lists(st.dictionaries(st.sampled_from(["decode", "detect", "store"]), SECONDS), max_size=20))
def test_it_is_the_histogram_of_the_client_library(frames: list[dict[str, float]]) -> None:
    ours, theirs = StageSeconds(), CollectorRegistry()
    [family] = ours.collect()
    reference = Histogram(
        family.name, family.documentation, ["stage"], buckets=stage_seconds._BUCKETS, registry=theirs
    )
    for frame in frames:
        ours.observe(frame)
        for stage, seconds in frame.items():
            reference.labels(stage).observe(seconds)
    registry = CollectorRegistry()
    registry.register(ours)
    assert generate_latest(registry) == without_created(generate_latest(theirs))


def without_created(text: bytes) -> bytes:
    """Without the families that say when a series began, which the service leaves out."""
    return b"".join(line for line in text.splitlines(keepends=True) if b"_created" not in line)
