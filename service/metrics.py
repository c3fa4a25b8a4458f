"""Figures in Prometheus form. Labels are bounded: a camera's are removed when the camera is forgotten."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from prometheus_client import (
    CollectorRegistry,
    GCCollector,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from facecap import FrameResult

from .stage_seconds import StageSeconds

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """What is counted. Methods may be called from any thread."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        self._of_cameras = CollectorRegistry()
        self._elsewhere: Callable[[], Iterable[Metric]] = tuple
        self._frames = self._counter(
            "facecap_frames",
            "Frames by camera and result: ok, repeated, or a problem's code.",
            "camera",
            "result",
        )
        self._skipped = self._counter(
            "facecap_frames_skipped", "Frames without detection, as nothing moved.", "camera"
        )
        self._captures = self._counter("facecap_captures", "Captures emitted.", "camera", "kind", "mask")
        self._clocks = self._counter("facecap_clock_steps", "Clocks of cameras that were set back.", "camera")
        self._rejections = self._counter("facecap_rejections", "Faces not captured, by reason.", "reason")
        self._requests = _Counts("facecap_http_requests", "Requests by route.", ("method", "route", "status"))
        self.registry.register(self._requests)
        self._stages = StageSeconds()
        self._of_cameras.register(self._stages)

    def frame(self, camera: str, result: str) -> None:
        """Count a frame."""
        self._frames.count(camera, result)

    def answer(self, camera: str, result: FrameResult) -> None:
        """Count what a frame brought."""
        if result.skipped:
            self._skipped.count(camera)
        self._stages.observe({stage: spent for stage, spent in result.timings.items() if stage != "total"})
        reasons = result.faces.reasons
        for reason in set(reasons):
            if reason is not None:
                self._rejections.count(reason, by=reasons.count(reason))

    def capture(self, camera: str, kind: str, mask: str) -> None:
        """Count a capture that was stored."""
        self._captures.count(camera, kind, mask)

    def clock_set_back(self, camera: str) -> None:
        """Count a camera's clock that was set back."""
        self._clocks.count(camera)

    def stage(self, stage: str, seconds: float) -> None:
        """Time of a stage."""
        self._stages.observe({stage: seconds})

    def request(self, method: str, route: str, status: int) -> None:
        """Count a request."""
        self._requests.count(method, route, str(status))

    def forget(self, camera: str) -> None:
        """Drop the series of a camera."""
        for metric in (self._frames, self._skipped, self._captures, self._clocks):
            metric.forget(camera)

    def watch(self, figures: Collector) -> None:
        """Report figures that are made when they are asked for."""
        self.registry.register(figures)

    def watch_queues(self, depths: Callable[[], Mapping[str, int]]) -> None:
        """Report how many frames wait, by camera, when the figures are asked for."""
        self._of_cameras.register(_Queues(depths))

    def show_models(self, models: Mapping[str, Mapping[str, Any]]) -> None:
        """Report which models are at work: task -> name, runtime and others."""
        self.registry.register(_Models(models))

    def watch_elsewhere(self, figures: Callable[[], Iterable[Metric]]) -> None:
        """Report with those of this process what other processes count of cameras, as their `of_cameras`."""
        self._elsewhere = figures

    def of_cameras(self) -> list[Metric]:
        """What is counted of cameras and their frames; it can be pickled."""
        return list(self._of_cameras.collect())

    def text(self) -> bytes:
        """All figures."""
        of_cameras = CollectorRegistry(auto_describe=False)
        of_cameras.register(_Sum(lambda: [*self._of_cameras.collect(), *self._elsewhere()]))
        return generate_latest(self.registry) + generate_latest(of_cameras)

    def _counter(self, name: str, text: str, *labels: str) -> _Counts:
        counts = _Counts(name, text, labels)
        self._of_cameras.register(counts)
        return counts


def added(families: Iterable[Metric]) -> list[Metric]:
    """Families of one name as one, in which samples of one name and labels are one with the sum."""
    sums: dict[str, Metric] = {}
    values: dict[tuple[str, str, frozenset[tuple[str, str]]], float] = {}
    for family in families:
        sums.setdefault(family.name, Metric(family.name, family.documentation, family.type))
        for sample in family.samples:
            place = family.name, sample.name, frozenset(sample.labels.items())
            values[place] = values.get(place, 0.0) + sample.value
    for (family_name, name, labels), value in values.items():
        sums[family_name].add_sample(name, dict(labels), value)
    return list(sums.values())


class _Sum(Collector):
    def __init__(self, families: Callable[[], Iterable[Metric]]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return added(self._families())


class _Counts(Collector):
    """A counter with labels; to find a child of the client library's takes longer than all of this."""

    def __init__(self, name: str, text: str, labels: Sequence[str]) -> None:
        self._described = name, text, labels
        self._counts: dict[tuple[str, ...], int] = {}
        self._changing = threading.Lock()

    def count(self, *labels: str, by: int = 1) -> None:
        """So many more."""
        with self._changing:
            self._counts[labels] = self._counts.get(labels, 0) + by

    def forget(self, camera: str) -> None:
        """Drop the series whose first label is the camera's name."""
        with self._changing:
            self._counts = {labels: count for labels, count in self._counts.items() if labels[0] != camera}

    def collect(self) -> Iterator[Metric]:
        """The counts so far."""
        name, text, labels = self._described
        family = CounterMetricFamily(name, text, labels=labels)
        with self._changing:
            for values, count in self._counts.items():
                family.add_metric(values, count)
        yield family


class _Queues(Collector):
    def __init__(self, depths: Callable[[], Mapping[str, int]]) -> None:
        self._depths = depths

    def collect(self) -> Iterable[Metric]:
        family = GaugeMetricFamily(
            "facecap_queue_depth", "Frames that wait, the one at work included.", labels=["camera"]
        )
        for camera, depth in self._depths().items():
            family.add_metric([camera], depth)
        yield family


class _Models(Collector):
    def __init__(self, models: Mapping[str, Mapping[str, Any]]) -> None:
        self._models = models

    def collect(self) -> Iterator[Metric]:
        family = InfoMetricFamily("facecap_model", "Models at work.", labels=["task"])
        for task, info in self._models.items():
            family.add_metric([task], {key: str(value) for key, value in info.items()})
        yield family
