"""Push frames to the service and read what it captured; needs httpx and nothing else of the service.

with Client("http://127.0.0.1:8000", key=key) as client, client.camera("door") as door:
    door.push(jpeg)
"""

from facecap.client.camera import CameraPush, FrameAnswer, PushCounts
from facecap.client.client import Client
from facecap.client.errors import Refused, ServiceError, Unreachable

__all__ = ["CameraPush", "Client", "FrameAnswer", "PushCounts", "Refused", "ServiceError", "Unreachable"]
