"""Whether the cluster can be looked at, as one of its services finds it."""

from __future__ import annotations

import time
from collections.abc import Iterable

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector


class Health(Collector):
    """What became of the looks at a cluster that this process has just joined.

    Args:
        patience: seconds without a look that succeeds, after which the cluster counts as lost.
    """

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._looked = time.monotonic()
        self._failing_since: float | None = None

    @property
    def is_lost(self) -> bool:
        """Whether no look succeeded lately; a single one may fail where a node is lost or much happens."""
        return time.monotonic() - self._looked > self._patience

    def note_looked(self) -> None:
        """A look succeeded, whether all actors answered or not."""
        self._looked = time.monotonic()
        self._failing_since = None

    def note_failed(self) -> None:
        """The cluster did not say which actors there are, or not in time."""
        self._failing_since = self._failing_since or time.time()

    def collect(self) -> Iterable[Metric]:
        """Since when looks fail."""
        text = "Since when the cluster cannot be looked at, in seconds since 1970; 0: it can."
        yield GaugeMetricFamily("facecap_cluster_failing_since_seconds", text, self._failing_since or 0)
