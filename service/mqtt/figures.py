"""How the connection to the MQTT broker is doing, in Prometheus form."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from .bridge import Bridge


class MqttFigures(Collector):
    """Made when they are asked for."""

    def __init__(self, bridge: Bridge) -> None:
        self._bridge = bridge

    def collect(self) -> Iterator[Metric]:
        """All families."""
        state = self._bridge.state
        text = "Whether this process is connected to the MQTT broker; of several, one is."
        yield GaugeMetricFamily("facecap_mqtt_connected", text, state.state == "connected")
        text = "Events that the MQTT broker has not got."
        yield GaugeMetricFamily("facecap_mqtt_behind_events", text, self._bridge.behind)
        results = CounterMetricFamily(
            "facecap_mqtt_results", "delivered events, failed connections.", labels=["result"]
        )
        results.add_metric(["delivered"], state.delivered)
        results.add_metric(["failed"], state.failed)
        yield results
