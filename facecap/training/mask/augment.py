"""From a patch to a training crop: what is drawn on a face, how its box moves, how the camera spoils it."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from facecap import crop_face
from facecap.training.mask import draw as mask_draw
from facecap.training.mask.data import Box, Image, Patch, Points, tight_box, weights
from facecap.training.mask.occlude import occlude
from facecap.training.mask.occluders import Occluder
from facecap.training.mask.patches import faces_of

Random = np.random.Generator

SIDE = 112
BORDER = 0.15
REAL_OCCLUDERS = 0.3  # share of the bare faces, where there are some
INCORRECT = 0.2  # share of masks worn wrongly, where they are a class
REAL_INCORRECT = 0.3  # of these, where there are some
HIDDEN_MASKS = 0.12  # share of the masked faces that something hides a little


class Composer:
    """Draws labelled crops from patches: real faces, and faces with masks or other things drawn on them.

    Whatever is drawn or pasted comes with both labels, so that no trace of drawing gives the label away.
    """

    def __init__(
        self,
        patches: Sequence[Patch],
        compose: bool = True,
        occluders: Sequence[Occluder] = (),
        incorrect: bool = False,
    ) -> None:
        """`compose=False` leaves the faces as they are; `occluders` are real things to hide them with;
        `incorrect`: masks that are worn wrongly are a class, and drawn."""
        self._patches = patches
        self._compose = compose
        self._with_incorrect = incorrect
        self._occluders: dict[str, list[Occluder]] = {}
        for thing in occluders:
            self._occluders.setdefault(thing.kind, []).append(thing)
        faces = faces_of(patches)
        chance = weights(faces)
        masked = np.array([face.masked for face in faces])
        wrong = np.array([face.incorrect for face in faces])
        marked = np.array([face.landmarks is not None for face in faces])
        self._masked = _Lottery(chance, masked)
        self._bare = _Lottery(chance, ~masked & ~wrong)
        self._incorrect = _Lottery(chance, wrong)
        self._masked_marked = _Lottery(chance, masked & marked)
        self._bare_marked = _Lottery(chance, ~masked & ~wrong & marked)

    def sample(self, rng: Random) -> tuple[Image, int]:
        """One crop, (112, 112, 3) RGB, and its label: 0 bare, 1 a mask, 2 a mask worn wrongly."""
        if self._with_incorrect and rng.random() < INCORRECT:
            return degrade(cut(self._incorrect_face(rng), rng), rng), 2
        masked = bool(rng.random() < 0.5)
        patch = self._masked_face(rng) if masked else self._bare_face(rng)
        return degrade(cut(patch, rng), rng), int(masked)

    def hide(self, patch: Patch, rng: Random) -> Patch:
        """A copy behind a real thing; a mask stays in sight."""
        patch = _copy(patch)
        assert patch.landmarks is not None
        occlude(patch.image, patch.landmarks, self._thing(rng), rng, low=patch.face.masked)
        return patch

    def _masked_face(self, rng: Random) -> Patch:
        way = rng.random()
        if not self._can_compose or way < 2 / 3:
            patch = self._draw(self._masked, rng)
            if self._can_compose and rng.random() < HIDDEN_MASKS and patch.landmarks is not None:
                patch = _copy(patch)
                assert patch.landmarks is not None
                self._hide_a_little(patch.image, patch.landmarks, rng)
            return patch
        patch = _copy(self._draw(self._bare_marked, rng))
        assert patch.landmarks is not None
        if way < 5 / 6:
            mask_draw.draw_mask(patch.image, patch.landmarks, rng)
        else:
            donor = self._draw(self._masked_marked, rng)
            mask_draw.paste_lower_face(patch.image, patch.landmarks, donor, wide=False, rng=rng)
        return patch

    def _bare_face(self, rng: Random) -> Patch:
        if self._occluders and self._can_compose and rng.random() < REAL_OCCLUDERS:
            return self.hide(self._draw(self._bare_marked, rng), rng)
        way = rng.random()
        if not self._can_compose or way < 0.40:
            return self._draw(self._bare, rng)
        if way < 0.43:
            patch = _copy(self._draw(self._masked_marked, rng))
        else:
            patch = _copy(self._draw(self._bare_marked, rng))
        assert patch.landmarks is not None
        if way < 0.48:
            donor = self._draw(self._bare_marked, rng)
            mask_draw.paste_lower_face(patch.image, patch.landmarks, donor, wide=way < 0.43, rng=rng)
        elif way < 0.53:
            mask_draw.draw_beard(patch.image, patch.landmarks, rng)
        elif way < 0.64:
            mask_draw.draw_hand(patch.image, patch.landmarks, rng)
        elif way < 0.71:
            mask_draw.draw_object(patch.image, patch.landmarks, self._texture(rng), rng)
        elif way < 0.85:
            top = rng.uniform(62, 118)
            mask_draw.draw_cover(patch.image, patch.landmarks, self._texture(rng), top, rng)
        else:
            other = self._draw(self._bare, rng)
            mask_draw.draw_head(patch.image, patch.landmarks, other, rng.uniform(62, 112), rng)
        return patch

    def _incorrect_face(self, rng: Random) -> Patch:
        if self._incorrect and rng.random() < REAL_INCORRECT:
            return self._draw(self._incorrect, rng)
        patch = _copy(self._draw(self._bare_marked, rng))
        assert patch.landmarks is not None
        edges = list(mask_draw.WRONGLY_WORN.values())
        edge = edges[int(rng.integers(len(edges)))]
        if rng.random() < 0.5:
            mask_draw.draw_mask(patch.image, patch.landmarks, rng, edge)
        else:
            donor = self._draw(self._masked_marked, rng)
            mask_draw.lower_mask(patch.image, patch.landmarks, donor, edge, rng)
        return patch

    def _hide_a_little(self, image: Image, landmarks: Points, rng: Random) -> None:
        """What also hides bare faces, but low enough to leave a mask in sight."""
        if self._occluders and rng.random() < 0.6:
            occlude(image, landmarks, self._thing(rng), rng, low=True)
            return
        way = rng.random()
        if way < 0.4:
            mask_draw.draw_hand(image, landmarks, rng)
        elif way < 0.7:
            mask_draw.draw_cover(image, landmarks, self._texture(rng), rng.uniform(100, 125), rng)
        else:
            other = self._draw(self._bare, rng)
            mask_draw.draw_head(image, landmarks, other, rng.uniform(100, 125), rng)

    def _thing(self, rng: Random) -> Occluder:
        """A real occluder, every kind as often as the others."""
        kinds = list(self._occluders)
        things = self._occluders[kinds[int(rng.integers(len(kinds)))]]
        return things[int(rng.integers(len(things)))]

    def _texture(self, rng: Random) -> Image:
        image = self._patches[int(rng.integers(len(self._patches)))].image
        return image[len(image) // 2 :] if rng.random() < 0.5 else _corner(image, rng)

    @property
    def _can_compose(self) -> bool:
        return self._compose and bool(self._masked_marked) and bool(self._bare_marked)

    def _draw(self, lottery: _Lottery, rng: Random) -> Patch:
        return self._patches[lottery.draw(rng)]


class _Lottery:
    """Draws an index among the chosen ones by their chances."""

    def __init__(self, chance: NDArray[np.float64], chosen: NDArray[np.bool_]) -> None:
        self._indices = np.flatnonzero(chosen)
        self._sums = np.cumsum(chance[self._indices])

    def __bool__(self) -> bool:
        return len(self._indices) > 0

    def draw(self, rng: Random) -> int:
        place = np.searchsorted(self._sums, rng.random() * self._sums[-1], side="right")
        return int(self._indices[min(int(place), len(self._indices) - 1)])


def cut(patch: Patch, rng: Random) -> Image:
    """Turn, flip and jitter the face, then cut it by the rule of the pipeline."""
    image, box = patch.image, patch.box
    if patch.face.source == "fddb":
        box = _between(box, tight_box(box), rng.random())
    if rng.random() < 0.5:
        image = turn(image, box, float(rng.normal(0, 10)), rng)
    if rng.random() < 0.5:
        image = np.ascontiguousarray(image[:, ::-1])
        box = (image.shape[1] - box[2], box[1], image.shape[1] - box[0], box[3])
    return crop_face(image, _jitter(box, rng), SIDE, BORDER)


def cut_plain(image: Image, box: Box, degrees: float, flip: bool) -> Image:
    """Cut without jitter, turned and flipped as asked."""
    turned = turn(image, box, degrees, None) if degrees else image
    crop = crop_face(turned, box, SIDE, BORDER)
    return np.ascontiguousarray(crop[:, ::-1]) if flip else crop


def degrade(crop: Image, rng: Random) -> Image:
    """What cameras, codecs and light do to a crop."""
    side = crop.shape[0]
    if rng.random() < 0.3:
        small = int(rng.integers(10, 60))
        reduced = cv2.resize(crop, (small, small), interpolation=cv2.INTER_AREA)
        enlarging = int(rng.choice([cv2.INTER_LINEAR, cv2.INTER_CUBIC]))
        crop = np.asarray(cv2.resize(reduced, (side, side), interpolation=enlarging), np.uint8)
    if rng.random() < 0.15:
        crop = _blur(crop, rng)
    crop = light(crop, rng)
    if rng.random() < 0.2:
        noise = rng.normal(0, rng.uniform(3, 18), crop.shape)
        crop = np.clip(crop + noise, 0, 255).astype(np.uint8)
    if rng.random() < 0.35:
        _, code = cv2.imencode(".jpg", crop, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(20, 90))])
        crop = np.asarray(cv2.imdecode(code, cv2.IMREAD_COLOR), np.uint8)
    if rng.random() < 0.12:
        crop = cut_out(crop, rng)
    return np.ascontiguousarray(crop, np.uint8)


def light(crop: Image, rng: Random) -> Image:
    """Gamma, gain, contrast and colour through one table a channel; sometimes grey, sometimes near black."""
    values = np.linspace(0, 1, 256)[:, None]
    gain = rng.uniform(0.75, 1.25) * rng.uniform(0.9, 1.1, 3)
    if rng.random() < 0.15:
        gain = gain * np.exp(rng.uniform(np.log(0.06), np.log(0.5)))
    table = values ** np.exp(rng.normal(0, 0.3)) * gain
    table = (table - table.mean()) * rng.uniform(0.75, 1.2) + table.mean() + rng.normal(0, 0.03)
    lut = np.clip(table * 255, 0, 255).astype(np.uint8).reshape(1, 256, 3)
    lit = np.asarray(cv2.LUT(crop, lut), np.uint8)
    if rng.random() < 0.12:
        grey = cv2.cvtColor(lit, cv2.COLOR_RGB2GRAY)
        return np.asarray(cv2.merge([grey, grey, grey]), np.uint8)
    if rng.random() < 0.3:
        saturation = rng.uniform(0.3, 1.6)
        grey = cv2.cvtColor(lit, cv2.COLOR_RGB2GRAY).astype(np.float32)[..., None]
        return np.asarray(np.clip(grey + (lit - grey) * saturation, 0, 255), np.uint8)
    return lit


def _blur(crop: Image, rng: Random) -> Image:
    if rng.random() < 0.5:
        return np.asarray(cv2.GaussianBlur(crop, (0, 0), rng.uniform(0.6, 3.0)), np.uint8)
    return smear(crop, int(rng.integers(3, 12)), float(rng.uniform(0, np.pi)))


def smear(crop: Image, length: int, angle: float) -> Image:
    """Blur by a motion of so many pixels; the angle is in radians."""
    kernel = np.zeros((length, length), np.float32)
    reach = np.array([np.cos(angle), np.sin(angle)]) * length / 2
    start, end = (length / 2 - reach).astype(int), (length / 2 + reach).astype(int)
    cv2.line(kernel, start.tolist(), end.tolist(), 1.0)
    return np.asarray(cv2.filter2D(crop, -1, kernel / max(kernel.sum(), 1.0)), np.uint8)


def cut_out(crop: Image, rng: Random) -> Image:
    """Cover a rectangle with one colour."""
    side = crop.shape[0]
    width, height = rng.integers(side // 10, side // 3, 2)
    left, top = rng.integers(0, side - width), rng.integers(0, side - height)
    holed = np.array(crop)
    holed[top : top + height, left : left + width] = rng.integers(0, 256, 3)
    return holed


def _jitter(box: Box, rng: Random) -> Box:
    """Move, scale and stretch a box by what detectors differ in."""
    x1, y1, x2, y2 = box
    width, height = x2 - x1, y2 - y1
    scale = np.exp(rng.normal(0, 0.08))
    half_width, half_height = width * scale * np.exp(rng.normal(0, 0.04)) / 2, height * scale / 2
    x, y = (x1 + x2) / 2 + rng.normal(0, 0.04) * width, (y1 + y2) / 2 + rng.normal(0, 0.05) * height
    return (x - half_width, y - half_height, x + half_width, y + half_height)


def _between(first: Box, second: Box, share: float) -> Box:
    x1, y1, x2, y2 = (a + (b - a) * share for a, b in zip(first, second, strict=True))
    return (x1, y1, x2, y2)


def turn(image: Image, box: Box, degrees: float, rng: Random | None) -> Image:
    centre = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
    border = cv2.BORDER_CONSTANT if rng is not None and rng.random() < 0.3 else cv2.BORDER_REPLICATE
    matrix = cv2.getRotationMatrix2D(centre, degrees, 1.0)
    size = (image.shape[1], image.shape[0])
    return np.asarray(
        cv2.warpAffine(image, matrix, size, flags=cv2.INTER_LINEAR, borderMode=border), np.uint8
    )


def _corner(image: Image, rng: Random) -> Image:
    """A random part of a picture, for its texture."""
    height, width = image.shape[:2]
    tall, wide = max(1, height // 3), max(1, width // 3)
    top, left = int(rng.integers(0, height - tall + 1)), int(rng.integers(0, width - wide + 1))
    return image[top : top + tall, left : left + wide]


def _copy(patch: Patch) -> Patch:
    return Patch(patch.face, patch.image.copy(), patch.box, patch.landmarks)
