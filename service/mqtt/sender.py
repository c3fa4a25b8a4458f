"""A connection that messages are sent over."""

from __future__ import annotations

from dataclasses import dataclass

from aiomqtt import Client


@dataclass(frozen=True, slots=True)
class Sender:
    """Sends with one quality of service."""

    client: Client
    qos: int

    async def send(self, topic: str, payload: str | bytes, *, retain: bool = False) -> None:
        """Send a message; above quality 0 the broker has it when this returns.

        Raises:
            MqttError: the connection is lost, or the broker does not answer.
        """
        await self.client.publish(topic, payload, qos=self.qos, retain=retain)
