"""Pictures alone: every face of each, nothing kept."""

from __future__ import annotations

from pydantic_core import to_json

from facecap import FacecapError
from facecap.sources import Limits

from ..frames.picture import decode
from ..pipelines import Pipelines
from ..problems import Problem
from .waiting import attempt, started
from .workers import Lane, Workers


class SinglePictures:
    """Detects faces on the cameras' workers, side by side, in a bounded number."""

    def __init__(self, pipelines: Pipelines, workers: Workers, limits: Limits, most: int) -> None:
        self._pipelines = pipelines
        self._workers = workers
        self._limits = limits
        self._most = most
        self._waiting = 0

    def admit(self) -> None:
        """Refuse a picture before it has come.

        Raises:
            Problem: 429 `queue_full`.
        """
        if self._waiting >= self._most:
            detail = f"{self._most} pictures wait already: send it again later"
            raise Problem(429, "queue_full", "Too many pictures wait", detail, {"Retry-After": "1"})

    async def detect(self, picture: bytes) -> bytes:
        """JSON of the faces of an encoded picture.

        Raises:
            Problem: the picture cannot be used, or as `admit`.
        """
        self.admit()
        self._waiting += 1
        try:
            body: bytes = await started(
                lambda settle: self._workers.submit(
                    Lane(), lambda: attempt(lambda: self._work(picture), settle)
                )
            )
        finally:
            self._waiting -= 1
        return body

    def _work(self, picture: bytes) -> bytes:
        image = decode(picture, self._limits)
        try:
            faces = self._pipelines.detect(image)
        except FacecapError as error:
            raise Problem(500, "model_failed", "The model failed at this picture", str(error)) from None
        answer = {"width": image.shape[1], "height": image.shape[0], "faces": faces}
        return to_json(answer)
