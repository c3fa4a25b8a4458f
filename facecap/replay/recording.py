"""What the stages that see pixels said of every frame, so that a replay can do the rest again.

A recording is a JSON object that says how it was made, and one a frame. There are no pixels in it, and no
identity vectors.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facecap import Areas, CaptureConfig, FaceCapture, FrameResult, ModelError
from facecap._checks import LAST_FRAME, MOST_SLOTS, check_fraction, check_whole
from facecap._core import exact_list
from facecap._results import FIRST_SECOND, LAST_SECOND
from facecap.errors import FacecapError

FORMAT = 1
HEADER, FRAMES = "recording.json", "frames.jsonl"  # in the folder of a run
LOOK = 12  # numbers of a second look: five points, the probability of a face, blur
_LARGEST_SIDE = 2**20  # pixels, of a frame


@dataclass(frozen=True, slots=True, eq=False)
class RecordedFrame:
    """The faces of one frame, as parallel arrays in the detector's order."""

    index: int
    timestamp: float | None
    """Seconds."""
    size: tuple[int, int]
    """Width and height in pixels."""
    boxes: NDArray[np.float32]
    """(N, 4) pixels."""
    scores: NDArray[np.float32]
    """(N,)"""
    landmarks: NDArray[np.float32]
    """(N, 5, 2) pixels, the detector's."""
    laplacian: NDArray[np.float32]
    """(N,) nan where it was not measured."""
    looks: NDArray[np.float32]
    """(N, 12) five points, probability of a face, blur; nan where nobody looked again."""
    duplicates: tuple[bool | None, ...]
    """What the duplicate check said; None where it was not asked."""
    areas: Areas | None
    """Those that hold from this frame on, where they are others than before."""
    flushed: bool
    """Every visit was ended before this frame."""
    received: float | None
    """When it came, in seconds since 1970, where that was recorded."""

    def __len__(self) -> int:
        return len(self.scores)


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """Recorded frames and the settings that they were captured with."""

    config: CaptureConfig
    slots: int
    areas: Areas
    """From the first frame on."""
    refiner: tuple[float, float] | None
    """Its `crop_border` and `not_a_face`; None where there was none."""
    embedder: bool
    frames: Sequence[RecordedFrame]


class Recorder:
    """Writes down, frame after frame, what one `FaceCapture` found."""

    def __init__(self, capture: FaceCapture, *, every_look: bool = False) -> None:
        """`every_look`: the refiner is asked about the faces too that the capture does not ask about, so that
        a replay with other settings has nothing to assume."""
        self._capture = capture
        self._refiner = capture.refiner if every_look else None
        self._areas = capture.areas
        self._size = [0, 0]

    def header(self) -> dict[str, Any]:
        """How the recording is made, in plain JSON types."""
        capture = self._capture
        self._areas = capture.areas
        models = {"detector": capture.detector, "refiner": capture.refiner, "embedder": capture.embedder}
        refiner = capture.refiner.info["manifest"]["refiner"] if capture.refiner is not None else None
        return {
            "recording": FORMAT,
            "facecap": version("facecap"),
            "models": {
                role: None if model is None else model.info["manifest"]["name"]
                for role, model in models.items()
            },
            "refiner": refiner and {name: refiner[name] for name in ("crop_border", "not_a_face")},
            "slots": capture.slots,
            "areas": capture.areas.to_dict(),
            "capture": asdict(capture.config),
        }

    def frame(
        self,
        result: FrameResult,
        image: NDArray[np.uint8] | None,
        *,
        flushed: bool = False,
        received: float | None = None,
    ) -> dict[str, Any]:
        """A frame's line, in plain JSON types; numbers are exact.

        Args:
            result: what the capture said of it.
            image: the frame in BGR, looked at where `every_look` is set; None of one that was skipped.
            flushed: whether the capture was flushed since the frame before.
            received: when the frame came, in seconds since 1970.
        """
        if image is not None:
            self._size = [image.shape[1], image.shape[0]]
        line: dict[str, Any] = {
            "frame_index": result.frame_index,
            "seconds": result.timestamp,
            "size": self._size,
            "faces": self._faces(result, image),
        }
        if self._capture.areas != self._areas:
            self._areas = self._capture.areas
            line["areas"] = self._areas.to_dict()
        if flushed:
            line["flushed"] = True
        return line if received is None else line | {"received": received}

    def _faces(self, result: FrameResult, image: NDArray[np.uint8] | None) -> list[dict[str, Any]]:
        faces = result.faces
        assert faces.laplacian is not None and faces.looks is not None
        columns = {"box": faces.boxes, "score": faces.scores, "landmarks": faces.landmarks}
        rows = [
            dict(zip(columns, values, strict=True))
            for values in zip(*(exact_list(column) for column in columns.values()), strict=True)
        ]
        points, laplacian = exact_list(faces.looks.landmarks), exact_list(faces.laplacian)
        probability, blur = exact_list(faces.looks.face_prob), exact_list(faces.looks.blur)
        for place, row in enumerate(rows):
            if laplacian[place] is not None:
                row["laplacian"] = laplacian[place]
            look = (points[place], probability[place], blur[place])
            if look[1] is None and self._refiner is not None and image is not None:
                look = self._look(faces.boxes[place], image) or look
            if look[1] is not None:
                row["look"] = dict(zip(("landmarks", "face_prob", "blur"), look, strict=True))
            if self._capture.embedder is not None:
                if faces.capture[place]:
                    row["duplicate"] = False
                elif faces.reasons[place] == "duplicate_identity":
                    row["duplicate"] = True
        return rows

    def _look(self, box: NDArray[np.float32], image: NDArray[np.uint8]) -> tuple[Any, Any, Any] | None:
        assert self._refiner is not None
        try:
            look = self._refiner.refine(image, box[None])
        except (ValueError, ModelError):  # a box without a pixel of the frame; what the capture would log
            return None
        return exact_list(look.landmarks)[0], exact_list(look.face_prob)[0], exact_list(look.blur)[0]


def read_recording(header: bytes, lines: Iterable[bytes], names: tuple[str, str]) -> Recording:
    """A recording from its files.

    Args:
        header: JSON of `Recorder.header`.
        lines: of `Recorder.frame`, each with its line feed. A last one without is what an interrupted writer
            left, and is not looked at.
        names: of the header and of the lines, for messages.

    Raises:
        FacecapError: it is damaged, the text names the line; or of another version.
    """
    document = _parsed(header, names[0])
    if not isinstance(document, dict) or document.get("recording") != FORMAT:
        found = document.get("recording") if isinstance(document, dict) else None
        raise FacecapError(f"{names[0]}: a recording of the version {found!r}, wanted {FORMAT}: record anew")
    try:
        spec = document["refiner"]
        settings = (
            CaptureConfig(**document["capture"]),
            check_whole("slots", document["slots"], 1, MOST_SLOTS),
            Areas(**document["areas"]),
            None if spec is None else (_share("crop_border", spec), _share("not_a_face", spec)),
            document["models"]["embedder"] is not None,
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise FacecapError(f"{names[0]}: {_words(error)}: it is damaged; record anew") from None
    return Recording(*settings, list(_frames(lines, names[1])))


def _frames(lines: Iterable[bytes], name: str) -> Iterator[RecordedFrame]:
    last: RecordedFrame | None = None
    now = FIRST_SECOND
    for number, line in enumerate(lines, 1):
        if not line.endswith(b"\n"):
            return
        place = f"{name}, line {number}"
        try:
            frame = _frame(_parsed(line, place))
        except (KeyError, TypeError, ValueError, OverflowError, AttributeError) as error:
            raise FacecapError(f"{place}: {_words(error)}: it is damaged; record anew") from None
        if last is not None and frame.index <= last.index:
            raise FacecapError(f"{place}: frame {frame.index} after {last.index}: frame numbers grow")
        if frame.timestamp is not None and frame.timestamp < now:
            raise FacecapError(f"{place}: {frame.timestamp} s after {now} s: time does not run back")
        now = now if frame.timestamp is None else frame.timestamp
        last = frame
        yield frame


def _frame(line: Mapping[str, Any]) -> RecordedFrame:
    faces = line["faces"]
    if not isinstance(faces, list):
        raise ValueError(f"'faces' is {type(faces).__name__}, wanted a list")
    looks = np.full((len(faces), LOOK), np.nan, np.float32)
    for row, face in zip(looks, faces, strict=True):
        if "look" in face:
            look = face["look"]
            row[:] = [*np.ravel(_numbers([look["landmarks"]], (5, 2))), look["face_prob"], look["blur"]]
    areas = line.get("areas")
    width, height = line["size"]
    return RecordedFrame(
        index=check_whole("frame_index", line["frame_index"], 0, LAST_FRAME),
        timestamp=_second("seconds", line["seconds"]),
        size=(check_whole("width", width, 1, _LARGEST_SIDE), check_whole("height", height, 1, _LARGEST_SIDE)),
        boxes=_numbers([face["box"] for face in faces], (4,)),
        scores=_numbers([face["score"] for face in faces], ()),
        landmarks=_numbers([face["landmarks"] for face in faces], (5, 2)),
        laplacian=_numbers([face.get("laplacian") for face in faces], ()),
        looks=looks,
        duplicates=tuple(face.get("duplicate") for face in faces),
        areas=None if areas is None else Areas(**areas),
        flushed=line.get("flushed") is True,
        received=_second("received", line.get("received")),
    )


def _second(name: str, value: Any) -> float | None:
    return None if value is None else check_fraction(name, value, FIRST_SECOND, LAST_SECOND)


def _share(name: str, spec: Mapping[str, Any]) -> float:
    return check_fraction(name, spec[name], 0, 16)


def _numbers(values: list[Any], shape: tuple[int, ...]) -> NDArray[np.float32]:
    """An array of N rows of this shape, nan for null."""
    array = np.array(values, dtype=np.float32).reshape(len(values), *shape)
    return np.ascontiguousarray(array)


def _parsed(text: bytes, place: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FacecapError(f"{place}: no JSON ({error}): it is damaged; record anew") from None


def _words(error: Exception) -> str:
    return f"{error.args[0]!r} is missing" if isinstance(error, KeyError) else str(error)


def read_run(folder: Path) -> Recording:
    """The recording in the folder of a run.

    Raises:
        FacecapError: there is none, or it cannot be used; the text says what to do.
        OSError: it cannot be read.
    """
    path, lines = folder / HEADER, folder / FRAMES
    if not path.exists():
        found = (
            f"{FRAMES} of an older facecap, which lacks what a replay needs"
            if lines.exists()
            else "no recording"
        )
        raise FacecapError(f"{folder} has {found}: facecap run SOURCE --out DIR --frames makes one")
    with lines.open("rb") as stream:
        return read_recording(path.read_bytes(), stream, (str(path), str(lines)))
