"""How long the stages of work on frames take, as a Prometheus histogram."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from itertools import accumulate

from prometheus_client.core import HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
_LIMITS = (*map(str, _BUCKETS), "+Inf")


class StageSeconds(Collector):
    """Counts all stages of a frame at once; the client library's histogram takes its locks for each anew."""

    def __init__(self) -> None:
        self._changing = threading.Lock()
        self._counts: dict[str, list[int]] = {}
        self._sums: dict[str, float] = {}

    def observe(self, stages: Mapping[str, float]) -> None:
        """Seconds by stage; from any thread."""
        with self._changing:
            for stage, seconds in stages.items():
                counts = self._counts.get(stage)
                if counts is None:
                    counts = self._counts[stage] = [0] * len(_LIMITS)
                    self._sums[stage] = 0.0
                counts[bisect_left(_BUCKETS, seconds)] += 1
                self._sums[stage] += seconds

    def collect(self) -> Iterator[Metric]:
        """The histogram so far."""
        family = HistogramMetricFamily(
            "facecap_stage_seconds",
            "Seconds of work on a frame: a stage of the pipeline, decode, store, or queue for waiting.",
            labels=["stage"],
        )
        with self._changing:
            for stage, counts in self._counts.items():
                # Each bucket has all that are not larger.
                buckets = list(zip(_LIMITS, accumulate(counts), strict=True))
                family.add_metric([stage], buckets, self._sums[stage])
        yield family
