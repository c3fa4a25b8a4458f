"""What a frame looks like when the pipeline's answer is drawn on it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from facecap.sinks import drawing
from facecap.sinks.drawing import ANSWER_COLORS, ANSWER_WORDS, FOLLOWED, Color, Image, Pen
from facecap.sinks.labels import Labels

if TYPE_CHECKING:
    from facecap import Areas, Capture, Faces, FrameResult

_PULSE = 12  # frames for which a capture stays marked
_SECOND = 0.82  # size of a second line and of the legend
_POINTS = 30  # pixels of a face's width for each of a landmark's radius


class Annotator:
    """Draws boxes, track ids, mask answers, quality, reasons and a pulse where a capture was emitted."""

    def __init__(
        self, answer: Callable[[float, float], str], answers: Sequence[str], areas: Areas | None = None
    ) -> None:
        """`answer`: the word for P(mask) and P(incorrect); `answers`: the words that it may be; `areas`: what
        they keep out is shown darker."""
        self._answer = answer
        self._areas = areas
        self._legend = [*_legend(answers), (FOLLOWED, "not known yet")]
        self._captured = 0
        self._pulses: dict[int, tuple[int, int]] = {}  # track: last frame of the pulse, sequence

    def draw(self, image: Image, result: FrameResult, ratio: float, offset: tuple[float, float]) -> None:
        """Draw in place. A point of the frame is at `point * ratio + offset` of `image`."""
        self._note(result.captures, result.frame_index)
        if self._areas:
            drawing.darken_outside(image, self._areas, offset)
        pen = Pen.for_image(image.shape[1], image.shape[0])
        shift = np.array([*offset, *offset], np.float32)
        boxes = result.faces.boxes * np.float32(ratio) + shift
        labels = Labels(image, boxes, pen, image.shape[0] - _bar_height(pen))
        for place in reversed(range(len(boxes))):
            self._draw_box(image, result, place, boxes[place], pen)
        # What was just captured, then the best faces: they find room for their labels first.
        pulsing = [int(track) in self._pulses for track in result.faces.track_ids]
        for place in sorted(range(len(boxes)), key=lambda place: not pulsing[place]):
            self._label(labels, result, place, boxes[place], pen)
        self._draw_bar(image, result, pen)

    def _note(self, captures: list[Capture], frame: int) -> None:
        self._captured += len(captures)
        for capture in captures:
            self._pulses[capture.track_id] = (frame + _PULSE, capture.sequence)
        self._pulses = {track: pulse for track, pulse in self._pulses.items() if pulse[0] > frame}

    def _draw_box(
        self, image: Image, result: FrameResult, place: int, box: NDArray[np.float32], pen: Pen
    ) -> None:
        faces = result.faces
        if int(faces.track_ids[place]) in self._pulses:
            grown = box + np.array([-1, -1, 1, 1], np.float32) * (pen.gap + pen.thickness)
            drawing.draw_box(image, grown, drawing.WHITE, pen.thickness)
        answer = self._answer_of(faces, place)
        color = ANSWER_COLORS[answer] if answer else FOLLOWED
        drawing.draw_box(image, box, color, pen.thickness * (2 if faces.capture[place] else 1))

    def _label(
        self, labels: Labels, result: FrameResult, place: int, box: NDArray[np.float32], pen: Pen
    ) -> None:
        faces = result.faces
        track = int(faces.track_ids[place])
        answer = self._answer_of(faces, place)
        color = ANSWER_COLORS[answer] if answer else FOLLOWED
        name = f"#{track}" if track else "new"
        said = (float(faces.mask_prob[place]), float(faces.incorrect_prob[place]))
        head = f"{name} {drawing.answer_label(answer, *said)}" if answer else name
        pulse = self._pulses.get(track)
        gap = pen.gap + 2 * pen.thickness if pulse else pen.thickness
        labels.put(place, (head, name), color, gap=gap)
        quality = f"q {float(faces.quality[place]):.2f}"
        if pulse:
            texts = (f"CAPTURED {pulse[1]}  {quality}", f"CAPTURED {pulse[1]}")
            labels.put(place, texts, drawing.WHITE, below=True, share=_SECOND, gap=gap)
        elif box[2] - box[0] >= 2 * drawing.plate_size(head, pen)[1]:  # small ones are crowded
            reason = faces.reasons[place]
            words = "kept" if reason is None else reason.replace("_", " ")
            text, fill = f"{quality}  {words}", (40, 40, 40)
            labels.put(place, (text,), fill, drawing.WHITE, below=True, share=_SECOND, gap=gap)

    def _answer_of(self, faces: Faces, place: int) -> str | None:
        mask, incorrect = float(faces.mask_prob[place]), float(faces.incorrect_prob[place])
        return None if math.isnan(mask) else self._answer(mask, incorrect)

    def _draw_bar(self, image: Image, result: FrameResult, pen: Pen) -> None:
        time = "" if result.timestamp is None else f"  {_clock(result.timestamp)}"
        text = f"frame {result.frame_index}{time}  faces {len(result.faces)}  captured {self._captured}"
        _draw_bar(image, text, self._legend, pen)


def draw_detections(image: Image, faces: Sequence[Mapping[str, Any]]) -> None:
    """Draw the faces of `facecap detect --json` in place: box, landmarks, and what is said of each.

    Where there is no room for that, a bar at the bottom has the number of faces, and what the colours say.
    """
    pen = Pen.for_image(image.shape[1], image.shape[0])
    boxes = np.array([face["box"] for face in faces], np.float32).reshape(-1, 4)
    for box, face in zip(boxes[::-1], faces[::-1], strict=True):
        color = _color(face)
        drawing.draw_box(image, box, color, pen.thickness)
        radius = min(pen.thickness + 1, round(float(box[2] - box[0]) / _POINTS))
        for x, y in face["landmarks"] if radius else ():
            cv2.circle(image, (round(x), round(y)), radius, color, cv2.FILLED, cv2.LINE_AA)
    labels = Labels(image, boxes, pen)
    written = [labels.put(place, _texts(face), _color(face), gap=1) for place, face in enumerate(faces)]
    if not all(written):
        found = {face["mask"] for face in faces if "mask" in face and not face.get("not_a_face")}
        legend = _legend([answer for answer in ANSWER_WORDS if answer in found])
        if any(face.get("not_a_face") for face in faces):
            legend.append((FOLLOWED, "not a face"))
        _draw_bar(image, f"faces {len(faces)}, {written.count(False)} without text", legend, pen)


def _color(face: Mapping[str, Any]) -> Color:
    answer = None if face.get("not_a_face") else face.get("mask")
    return ANSWER_COLORS[answer] if answer else FOLLOWED


def _texts(face: Mapping[str, Any]) -> tuple[str, str]:
    """What is said of a face, and the number alone."""
    answer, probabilities = face.get("mask"), (face.get("mask_prob"), face.get("incorrect_prob"))
    if face.get("not_a_face"):
        return f"not a face {face['face_prob']:.2f}", f"{face['face_prob']:.2f}"
    if answer:
        number = drawing.answer_probability(answer, *probabilities)
        short = ANSWER_WORDS[answer] if number is None else f"{number:.2f}"
        return drawing.answer_label(answer, *probabilities), short
    return f"{face['score']:.2f}", f"{face['score']:.2f}"


def _legend(answers: Sequence[str]) -> list[tuple[Color, str]]:
    return [(ANSWER_COLORS[answer], ANSWER_WORDS[answer]) for answer in answers]


def _bar_height(pen: Pen) -> int:
    return drawing.plate_size("Ag0", pen)[1] + 2 * pen.gap


def _draw_bar(image: Image, text: str, legend: Sequence[tuple[Color, str]], pen: Pen) -> None:
    """A dark strip at the bottom with a text, and to the right, where there is room, what the colours say."""
    height = _bar_height(pen)
    drawing.shade(image, image.shape[0] - height, image.shape[0])
    baseline = image.shape[0] - height // 3
    drawing.put_text(image, text, (pen.gap * 2, baseline), pen)
    sizes = [drawing.text_size(words, pen, _SECOND)[:2] for _, words in legend]
    place = image.shape[1] - sum(width + height + 4 * pen.gap for width, height in sizes)
    if place < drawing.text_size(text, pen)[0] + 4 * pen.gap:
        return
    for (color, words), (width, height) in zip(legend, sizes, strict=True):
        image[baseline - height : baseline, place : place + height] = color
        place += height + pen.gap
        drawing.put_text(image, words, (place, baseline), pen, share=_SECOND)
        place += width + 3 * pen.gap


def _clock(seconds: float) -> str:
    """Of a file the time from its start, of a camera the time of day (UTC)."""
    seconds %= 86400
    return f"{int(seconds) // 3600:02d}:{int(seconds) // 60 % 60:02d}:{seconds % 60:05.2f}"
