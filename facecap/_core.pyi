from __future__ import annotations

import collections.abc
import typing

import numpy
import numpy.typing

__all__: list[str] = [
    "LARGEST_CONFIG",
    "Areas",
    "Candidate",
    "CaptureConfig",
    "CaptureGate",
    "CaptureSetting",
    "ColorOrder",
    "Detector",
    "Embedder",
    "FaceCapture",
    "MaskClassifier",
    "Model",
    "Refiner",
    "Replay",
    "Task",
    "Tracker",
    "align_face",
    "answer_mask",
    "capture_settings",
    "crop_face",
    "crop_rect",
    "cvimodel_contents",
    "cviruntime",
    "exact_list",
    "face_pose",
    "has_vnni",
    "jpeg_without_fill",
    "manifest_rules",
    "onnxruntime_providers",
    "open_model",
    "parse_manifest",
    "posture_quality",
    "provider_names",
    "read_config",
    "read_polygons",
    "rounded_list",
    "set_cviruntime_path",
    "set_onnxruntime_path",
]

class Task:
    """
    Members:

      face_detection

      face_refinement

      mask

      face_embedding

      classification
    """

    __members__: typing.ClassVar[dict[str, Task]]
    classification: typing.ClassVar[Task]
    face_detection: typing.ClassVar[Task]
    face_embedding: typing.ClassVar[Task]
    face_refinement: typing.ClassVar[Task]
    mask: typing.ClassVar[Task]
    @typing.overload
    def __eq__(self, other: Task) -> bool: ...
    @typing.overload
    def __eq__(self, other: typing.Any) -> bool: ...
    def __getstate__(self) -> int: ...
    def __hash__(self) -> int: ...
    def __index__(self) -> int: ...
    def __init__(self, value: typing.SupportsInt | typing.SupportsIndex) -> None: ...
    def __int__(self) -> int: ...
    @typing.overload
    def __ne__(self, other: Task) -> bool: ...
    @typing.overload
    def __ne__(self, other: typing.Any) -> bool: ...
    def __repr__(self) -> str: ...
    def __setstate__(self, state: typing.SupportsInt | typing.SupportsIndex) -> None: ...
    def __str__(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def value(self) -> int: ...

class Model:
    def find_output(self, role: str, stride: typing.SupportsInt | typing.SupportsIndex = 0) -> int: ...
    def run(
        self, inputs: collections.abc.Sequence[numpy.ndarray[typing.Any, numpy.dtype[typing.Any]]]
    ) -> list[numpy.ndarray[typing.Any, numpy.dtype[typing.Any]]]: ...
    @property
    def inputs(self) -> list[tuple[str, str, list[int]]]: ...
    @property
    def manifest(self) -> str: ...
    @property
    def native_inputs(self) -> list[tuple[str, str, list[int], float]]: ...
    @property
    def outputs(self) -> list[tuple[str, str, list[int]]]: ...
    @property
    def path(self) -> str: ...
    @property
    def providers(self) -> list[str]: ...
    @property
    def runtime(self) -> str: ...
    @property
    def runtime_version(self) -> str: ...
    @property
    def session_id(self) -> int: ...

class ColorOrder:
    """
    Members:

      bgr

      rgb
    """

    __members__: typing.ClassVar[dict[str, ColorOrder]]
    bgr: typing.ClassVar[ColorOrder]
    rgb: typing.ClassVar[ColorOrder]
    @typing.overload
    def __eq__(self, other: ColorOrder) -> bool: ...
    @typing.overload
    def __eq__(self, other: typing.Any) -> bool: ...
    def __getstate__(self) -> int: ...
    def __hash__(self) -> int: ...
    def __index__(self) -> int: ...
    def __init__(self, value: typing.SupportsInt | typing.SupportsIndex) -> None: ...
    def __int__(self) -> int: ...
    @typing.overload
    def __ne__(self, other: ColorOrder) -> bool: ...
    @typing.overload
    def __ne__(self, other: typing.Any) -> bool: ...
    def __repr__(self) -> str: ...
    def __setstate__(self, state: typing.SupportsInt | typing.SupportsIndex) -> None: ...
    def __str__(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def value(self) -> int: ...

class Detector:
    def __init__(
        self,
        model: Model,
        score_threshold: typing.SupportsFloat | typing.SupportsIndex | None,
        nms_iou: typing.SupportsFloat | typing.SupportsIndex | None,
        max_faces: typing.SupportsInt | typing.SupportsIndex,
        input_size: tuple[
            typing.SupportsInt | typing.SupportsIndex, typing.SupportsInt | typing.SupportsIndex
        ]
        | None,
    ) -> None: ...
    def detect(
        self, image: numpy.typing.NDArray[numpy.uint8], color: ColorOrder
    ) -> tuple[
        numpy.typing.NDArray[numpy.float32],
        numpy.typing.NDArray[numpy.float32],
        numpy.typing.NDArray[numpy.float32],
    ]: ...
    @property
    def input_size(self) -> tuple[int, int]: ...
    @property
    def timings(self) -> dict[str, float]: ...

class Tracker:
    def __init__(
        self,
        *,
        min_hits: typing.SupportsInt | typing.SupportsIndex,
        max_unmatched: typing.SupportsInt | typing.SupportsIndex,
        iou_min: typing.SupportsFloat | typing.SupportsIndex,
    ) -> None: ...
    def update(
        self,
        boxes: typing.Annotated[numpy.typing.ArrayLike, numpy.float32],
        scores: typing.Annotated[numpy.typing.ArrayLike, numpy.float32],
    ) -> tuple[numpy.typing.NDArray[numpy.int64], numpy.typing.NDArray[numpy.bool], set[int]]: ...

class Areas:
    def __init__(
        self,
        ignore: collections.abc.Sequence[
            collections.abc.Sequence[
                tuple[
                    typing.SupportsFloat | typing.SupportsIndex, typing.SupportsFloat | typing.SupportsIndex
                ]
            ]
        ],
        only: collections.abc.Sequence[
            collections.abc.Sequence[
                tuple[
                    typing.SupportsFloat | typing.SupportsIndex, typing.SupportsFloat | typing.SupportsIndex
                ]
            ]
        ],
    ) -> None: ...
    def allow(
        self,
        box: typing.Annotated[numpy.typing.ArrayLike, numpy.float32],
        width: typing.SupportsInt | typing.SupportsIndex,
        height: typing.SupportsInt | typing.SupportsIndex,
    ) -> bool: ...

class CaptureSetting:
    @property
    def choices(self) -> list[str]: ...
    @property
    def default(self) -> bool | int | float | str | None: ...
    @property
    def help(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def optional(self) -> bool: ...
    @property
    def vendor_names(self) -> list[str]: ...

class CaptureConfig:
    def __init__(
        self,
        values: collections.abc.Mapping[
            str,
            bool
            | typing.SupportsInt
            | typing.SupportsIndex
            | typing.SupportsFloat
            | typing.SupportsIndex
            | str
            | None,
        ],
    ) -> None: ...

class Candidate:
    def __init__(
        self,
        *,
        track_id: typing.SupportsInt | typing.SupportsIndex,
        stable: bool,
        quality: typing.SupportsFloat | typing.SupportsIndex,
        refined_quality: typing.SupportsFloat | typing.SupportsIndex,
        eye_distance: typing.SupportsFloat | typing.SupportsIndex,
        refined_eye_distance: typing.SupportsFloat | typing.SupportsIndex,
        landmark_confidence: typing.SupportsFloat | typing.SupportsIndex,
        rejection: str | None,
    ) -> None: ...

class CaptureGate:
    def __init__(self, config: CaptureConfig, slots: typing.SupportsInt | typing.SupportsIndex) -> None: ...
    def flush(
        self, frame_index: typing.SupportsInt | typing.SupportsIndex
    ) -> list[tuple[str, int, int, int, int, float]]: ...
    def update(
        self,
        frame_index: typing.SupportsInt | typing.SupportsIndex,
        candidates: collections.abc.Sequence[Candidate],
        live_ids: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex],
        timestamp: typing.SupportsFloat | typing.SupportsIndex | None,
    ) -> tuple[list[int], list[tuple[str, int, int, int, int, float]], list[str | None]]: ...

class MaskClassifier:
    def __init__(self, model: Model) -> None: ...
    def predict(
        self, crops: typing.Annotated[numpy.typing.ArrayLike, numpy.uint8], color: ColorOrder
    ) -> numpy.typing.NDArray[numpy.float32]: ...
    @property
    def answers(self) -> list[str]: ...
    @property
    def crop_size(self) -> tuple[int, int]: ...

class Refiner:
    def __init__(self, model: Model) -> None: ...
    def refine(
        self,
        image: numpy.typing.NDArray[numpy.uint8],
        boxes: numpy.typing.NDArray[numpy.float32],
        color: ColorOrder,
    ) -> tuple[
        numpy.typing.NDArray[numpy.float32],
        numpy.typing.NDArray[numpy.float32],
        numpy.typing.NDArray[numpy.float32],
    ]: ...

class Embedder:
    def __init__(self, model: Model) -> None: ...
    def embed(
        self, aligned: typing.Annotated[numpy.typing.ArrayLike, numpy.uint8], color: ColorOrder
    ) -> numpy.typing.NDArray[numpy.float32]: ...
    @property
    def crop_size(self) -> tuple[int, int]: ...

class FaceCapture:
    def __init__(
        self,
        config: CaptureConfig,
        areas: Areas,
        detector: Detector,
        refiner: Refiner | None,
        classifier: MaskClassifier,
        embedder: Embedder | None,
        slots: typing.SupportsInt | typing.SupportsIndex,
    ) -> None: ...
    def flush(self) -> tuple[list[dict[str, typing.Any]], str]: ...
    def process(
        self,
        image: typing.Annotated[numpy.typing.ArrayLike, numpy.uint8],
        color: ColorOrder,
        frame_index: typing.SupportsInt | typing.SupportsIndex | None,
        timestamp: typing.SupportsFloat | typing.SupportsIndex | None,
        detected: tuple[
            typing.Annotated[numpy.typing.ArrayLike, numpy.float32],
            typing.Annotated[numpy.typing.ArrayLike, numpy.float32],
            typing.Annotated[numpy.typing.ArrayLike, numpy.float32],
        ]
        | None,
    ) -> dict[str, typing.Any]: ...
    def reset(self) -> None: ...
    def set_areas(self, arg0: Areas) -> None: ...
    def skip(
        self,
        preview: typing.Annotated[numpy.typing.ArrayLike, numpy.uint8],
        frame_index: typing.SupportsInt | typing.SupportsIndex | None,
        timestamp: typing.SupportsFloat | typing.SupportsIndex | None,
    ) -> dict[str, typing.Any] | None: ...
    def watching(self) -> bool: ...

class Replay:
    def __init__(
        self,
        config: CaptureConfig,
        slots: typing.SupportsInt | typing.SupportsIndex,
        refiner: tuple[
            typing.SupportsFloat | typing.SupportsIndex, typing.SupportsFloat | typing.SupportsIndex
        ]
        | None,
        embedder: bool,
    ) -> None: ...
    def flush(self) -> list[tuple[str, int, int, int, int, float]]: ...
    def set_areas(self, areas: Areas) -> None: ...
    def step(
        self,
        index: typing.SupportsInt | typing.SupportsIndex,
        timestamp: typing.SupportsFloat | typing.SupportsIndex | None,
        width: typing.SupportsInt | typing.SupportsIndex,
        height: typing.SupportsInt | typing.SupportsIndex,
        boxes: typing.Annotated[numpy.typing.ArrayLike, numpy.float32],
        scores: typing.Annotated[numpy.typing.ArrayLike, numpy.float32],
        landmarks: typing.Annotated[numpy.typing.ArrayLike, numpy.float32],
        laplacian: typing.Annotated[numpy.typing.ArrayLike, numpy.float32],
        looks: typing.Annotated[numpy.typing.ArrayLike, numpy.float32],
        duplicates: collections.abc.Sequence[bool | None],
    ) -> tuple[
        numpy.typing.NDArray[numpy.int64],
        tuple[list[int], list[tuple[str, int, int, int, int, float]], list[str | None]],
        list[bool],
    ]: ...

def align_face(
    image: numpy.typing.NDArray[numpy.uint8],
    landmarks: numpy.typing.NDArray[numpy.float32],
    size: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.uint8]: ...
def answer_mask(
    mask_prob: typing.SupportsFloat | typing.SupportsIndex,
    incorrect_prob: typing.SupportsFloat | typing.SupportsIndex,
    model: Model,
    threshold: typing.SupportsFloat | typing.SupportsIndex | None,
) -> str: ...
def capture_settings() -> list[CaptureSetting]: ...
def crop_face(
    image: numpy.typing.NDArray[numpy.uint8],
    box: numpy.typing.NDArray[numpy.float32],
    size: typing.SupportsInt | typing.SupportsIndex,
    border: typing.SupportsFloat | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.uint8]: ...
def crop_rect(
    box: numpy.typing.NDArray[numpy.float32],
    width: typing.SupportsInt | typing.SupportsIndex,
    height: typing.SupportsInt | typing.SupportsIndex,
    border: typing.SupportsFloat | typing.SupportsIndex,
) -> tuple[int, int, int, int]: ...
def cvimodel_contents(path: str, unchecked: bool) -> dict[str, typing.Any]: ...
def cviruntime() -> tuple[str, str]: ...
def exact_list(array: typing.Annotated[numpy.typing.ArrayLike, numpy.float32]) -> list[typing.Any]: ...
def face_pose(
    landmarks: typing.Annotated[numpy.typing.ArrayLike, numpy.float32],
) -> tuple[float, float, float]: ...
def has_vnni() -> bool: ...
def jpeg_without_fill(data: bytes) -> bytes: ...
def manifest_rules() -> dict[str, typing.Any]: ...
def onnxruntime_providers() -> list[str]: ...
def open_model(
    path: str,
    bytes: bytes,
    manifest: str,
    task: Task,
    runtime: str,
    threads: typing.SupportsInt | typing.SupportsIndex,
    chip: str,
    unchecked: bool,
    provider: str,
) -> Model: ...
def parse_manifest(json: str, source: str) -> str: ...
def posture_quality(
    box: typing.Annotated[numpy.typing.ArrayLike, numpy.float32],
    landmarks: typing.Annotated[numpy.typing.ArrayLike, numpy.float32],
    width: typing.SupportsInt | typing.SupportsIndex,
    height: typing.SupportsInt | typing.SupportsIndex,
) -> float: ...
def provider_names() -> list[str]: ...
def read_config(text: bytes, file: str) -> tuple[dict[str, bool | int | float | str | None], list[str]]: ...
def read_polygons(text: str) -> list[list[tuple[float, float]]]: ...
def rounded_list(
    array: typing.Annotated[numpy.typing.ArrayLike, numpy.float32],
    digits: typing.SupportsInt | typing.SupportsIndex,
) -> list[typing.Any]: ...
def set_cviruntime_path(path: str) -> None: ...
def set_onnxruntime_path(path: str) -> None: ...

LARGEST_CONFIG: int = 1048576
