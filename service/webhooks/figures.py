"""How the webhooks are doing, in Prometheus form."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from ..broker import Broker
from .courier import Courier


class WebhookFigures(Collector):
    """Made when they are asked for; one series a hook, and there are no more than the configuration has."""

    def __init__(self, broker: Broker, couriers: Sequence[Courier]) -> None:
        self._broker = broker
        self._couriers = couriers

    def collect(self) -> Iterator[Metric]:
        """All families."""
        streams = GaugeMetricFamily("facecap_event_streams", "Clients that follow the events.")
        streams.add_metric([], self._broker.followers)
        yield streams
        behind = GaugeMetricFamily(
            "facecap_webhook_behind_events", "Events that the hook is not done with.", labels=["hook"]
        )
        failing = GaugeMetricFamily(
            "facecap_webhook_failures_in_a_row", "Attempts since the last that succeeded.", labels=["hook"]
        )
        results = CounterMetricFamily(
            "facecap_webhook_results",
            "delivered and dropped events, failed attempts.",
            labels=["hook", "result"],
        )
        for courier in self._couriers:
            state = courier.state
            behind.add_metric([courier.name], courier.behind)
            failing.add_metric([courier.name], state.failures)
            for result in ("delivered", "failed", "dropped"):
                results.add_metric([courier.name, result], getattr(state, result))
        yield from (behind, failing, results)
