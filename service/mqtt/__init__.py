"""Says what happens to an MQTT broker, and to Home Assistant through it."""
