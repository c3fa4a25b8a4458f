"""Makes training canvases: photographs cut, scaled and laid side by side so that small exact faces are
plenty."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from facecap.training.detector.data import DOUBTFUL, Floats, Picture, Source

Image = npt.NDArray[np.uint8]
VIEWS = 320.0, 1100.0  # pixels of the longer side of a whole picture
LARGEST_SCALE = 1.5
LABELLED_SIDE = 640  # pixels of the longer side of a picture as teachers see it
LEGIBLE = 24.0  # pixels of a face that is plain to see
SHRUNK = 0.7  # of the size at which it was labelled, below which a small face is left alone
DEGRADED = 0.5  # share of the canvases that look as of a worse camera
VISIBLE = 0.6  # share of a face that must lie inside its cell to count
MIRRORED = [2, 3, 0, 1, 4, 5, 8, 9, 6, 7]  # landmark coordinates with eyes and mouth corners changed over


@dataclass
class Canvas:
    """A square picture and its faces (N, 14).

    `certain` faces are to be found, the others are ignored; `whole` are those that are large enough and not
    cut away, `belief` is the picture's.
    """

    image: Image
    faces: Floats
    certain: npt.NDArray[np.bool_]
    whole: npt.NDArray[np.bool_]
    belief: Floats


class CanvasMaker:
    """Draws canvases of `side` pixels from weighted sources with a generator of its own."""

    def __init__(
        self, sources: list[Source], side: int, seed: int | tuple[int, ...], smallest: float
    ) -> None:
        """`smallest`: pixels, a face whose longer side is shorter is uncertain."""
        self._sources = sources
        self._smallest = smallest
        weights = np.array([source.weight for source in sources])
        self._weights = weights / weights.sum()
        self._side = side
        self._random = np.random.default_rng(seed)

    def draw(self) -> Canvas:
        """One canvas: a photograph as a camera shows it, a cut of one, a mosaic of up to nine, or a crowd of
        many faces with their context."""
        kind = self._random.random()
        if kind < 0.5:
            canvas = self._view(self._pick(False))
        elif kind < 0.75:
            cells = [(0, 0, self._side, self._side)]
            canvas = self._mosaic(cells, largest=260.0)
        elif kind < 0.93:
            canvas = self._mosaic(self._grid(int(self._random.choice([2, 2, 3]))), largest=110.0)
        else:
            canvas = self._mosaic(self._grid(self._rows_of_crowd()), largest=48.0, crowd=True)
        if self._random.random() < 0.5:
            canvas = _mirror(canvas)
        if self._random.random() < DEGRADED:
            canvas.image = degrade(canvas.image, self._random)
        return canvas

    def _view(self, picture: Picture) -> Canvas:
        """A part of the picture at a scale at which detectors see whole ones, on black where it is smaller
        than the canvas."""
        random, side = self._random, self._side
        image = picture.image
        assert image is not None
        longest = float(np.exp(random.uniform(np.log(VIEWS[0]), np.log(VIEWS[1]))))
        scale = min(longest / max(image.shape[:2]), LARGEST_SCALE)
        size = max(round(image.shape[1] * scale), 1), max(round(image.shape[0] * scale), 1)
        how = cv2.INTER_AREA if scale < 0.7 else cv2.INTER_LINEAR
        small = np.asarray(cv2.resize(image, size, interpolation=how), np.uint8)
        low = [-max(side - length, 0) for length in size]
        high = [max(length - side, 0) for length in size]
        left, top = (int(random.integers(a, b + 1)) for a, b in zip(low, high, strict=True))
        canvas = np.zeros((side, side, 3), np.uint8)
        part = small[max(top, 0) : top + side, max(left, 0) : left + side]
        y, x = max(-top, 0), max(-left, 0)
        canvas[y : y + part.shape[0], x : x + part.shape[1]] = part
        factor = np.array([size[0] / image.shape[1], size[1] / image.shape[0]], np.float32)
        faces = picture.faces * np.tile(factor, 7) - np.tile(np.array([left, top], np.float32), 7)
        return self._inside(canvas, faces, picture)

    def _rows_of_crowd(self) -> int:
        return int(np.exp(self._random.uniform(np.log(4), np.log(14))))

    def _grid(self, count: int) -> list[tuple[int, int, int, int]]:
        """Cells (left, top, right, bottom) of an uneven grid."""

        def cuts() -> list[int]:
            even = np.arange(1, count) * self._side / count
            jitter = self._random.uniform(-0.25, 0.25, count - 1) * self._side / count
            return [0, *(int(v) for v in even + jitter), self._side]

        columns, rows = cuts(), cuts()
        return [
            (columns[i], rows[j], columns[i + 1], rows[j + 1]) for j in range(count) for i in range(count)
        ]

    def _pick(self, with_face: bool) -> Picture:
        while True:
            source = self._sources[self._random.choice(len(self._sources), p=self._weights)]
            picture = source.train[self._random.integers(len(source.train))]
            if not with_face or picture.certain.any():
                return picture

    def _mosaic(self, cells: list[tuple[int, int, int, int]], largest: float, crowd: bool = False) -> Canvas:
        image = np.empty((self._side, self._side, 3), np.uint8)
        cuts = []
        for left, top, right, bottom in cells:
            size = (right - left, bottom - top)
            cut = self._cut(self._pick(crowd), size, largest, crowd)
            image[top:bottom, left:right] = cut.image
            cut.faces += np.tile(np.array([left, top], np.float32), 7)
            cuts.append(cut)
        faces, belief = (np.concatenate([getattr(c, name) for c in cuts]) for name in ("faces", "belief"))
        certain, whole = (np.concatenate([getattr(c, name) for c in cuts]) for name in ("certain", "whole"))
        return Canvas(image, faces, certain, whole, belief)

    def _cut(self, picture: Picture, size: tuple[int, int], largest: float, crowd: bool) -> Canvas:
        """A part of the picture, scaled to fill `size`, with a face of a chosen size somewhere in it."""
        random = self._random
        image = picture.image
        assert image is not None
        height, width = image.shape[:2]
        squeeze = float(np.exp(random.uniform(-0.15, 0.15)))
        fill = max(size[0] / (width * squeeze), size[1] / height)
        sure = np.flatnonzero(picture.certain)
        if len(sure) and (crowd or random.random() < 0.85):
            x1, y1, x2, y2 = picture.faces[random.choice(sure), :4]
            side = float(max(x2 - x1, y2 - y1))
            if crowd:
                wanted = min(size) / random.uniform(1.3, 3.0)
            else:
                wanted = float(np.exp(random.uniform(np.log(7.0), np.log(largest))))
            scale = max(fill, min(wanted / side, 1.3))
            cut_w, cut_h = size[0] / (scale * squeeze), size[1] / scale
            slack = 0.25 if crowd else 0.9
            centre_x = (x1 + x2) / 2 + random.uniform(-0.5, 0.5) * slack * max(cut_w - (x2 - x1), 0)
            centre_y = (y1 + y2) / 2 + random.uniform(-0.5, 0.5) * slack * max(cut_h - (y2 - y1), 0)
        else:
            scale = fill * random.uniform(1.0, 2.0)
            cut_w, cut_h = size[0] / (scale * squeeze), size[1] / scale
            centre_x, centre_y = random.uniform(0, width), random.uniform(0, height)
        left = round(float(np.clip(centre_x - cut_w / 2, 0, width - cut_w)))
        top = round(float(np.clip(centre_y - cut_h / 2, 0, height - cut_h)))
        part = image[top : top + max(round(cut_h), 1), left : left + max(round(cut_w), 1)]
        factor = np.array([size[0] / part.shape[1], size[1] / part.shape[0]], np.float32)
        how = cv2.INTER_AREA if factor[1] < 0.7 else int(random.choice([cv2.INTER_LINEAR, cv2.INTER_CUBIC]))
        small = np.asarray(cv2.resize(part, size, interpolation=how), np.uint8)
        faces = (picture.faces - np.tile(np.array([left, top], np.float32), 7)) * np.tile(factor, 7)
        return self._inside(small, faces, picture)

    def _inside(self, image: Image, faces: Floats, picture: Picture) -> Canvas:
        """Clips faces to the image; those mostly cut away or too small are kept only to be ignored."""
        height, width = image.shape[:2]
        limit = np.array([width, height], np.float32)
        low, high = np.clip(faces[:, :2], 0, limit), np.clip(faces[:, 2:4], 0, limit)
        area = np.prod(np.maximum(faces[:, 2:4] - faces[:, :2], 1e-3), axis=1)
        visible = np.prod(np.maximum(high - low, 0), axis=1) / area
        seen = visible > 0.02
        clipped = np.concatenate([low, high, faces[:, 4:]], axis=1)[seen]
        large = np.max(high - low, axis=1) >= np.maximum(self._smallest, _labelled_size(picture) * SHRUNK)
        whole = (large & (visible >= VISIBLE))[seen]
        canvas = Canvas(
            image, clipped.astype(np.float32), picture.certain[seen] & whole, whole, picture.belief[seen]
        )
        return canvas if picture.complete else _doubted(canvas)


def _labelled_size(picture: Picture) -> Floats:
    """Longer side (N,) of the faces, as large as those who say how sure they are looked at them; nobody needs
    more than LEGIBLE."""
    assert picture.image is not None
    scale = min(1.0, LABELLED_SIDE / max(picture.image.shape[:2]))
    sides = (picture.faces[:, 2:4] - picture.faces[:, :2]).max(1, initial=0) * scale
    return np.asarray(np.minimum(sides, LEGIBLE), np.float32)


def _doubted(canvas: Canvas) -> Canvas:
    """The canvas as one uncertain face: of its background nothing is asked."""
    height, width = canvas.image.shape[:2]
    area = np.full((1, 14), np.nan, np.float32)
    area[0, :4] = (0, 0, width, height)
    no = np.zeros(1, bool)
    return Canvas(
        canvas.image,
        np.concatenate([canvas.faces, area]),
        np.append(canvas.certain, no),
        np.append(canvas.whole, no),
        np.append(canvas.belief, np.float32(DOUBTFUL)),
    )


def _mirror(canvas: Canvas) -> Canvas:
    width = canvas.image.shape[1]
    faces = canvas.faces.copy()
    faces[:, [0, 2]] = width - canvas.faces[:, [2, 0]]
    faces[:, 4::2] = width - faces[:, 4::2]
    faces[:, 4:] = faces[:, 4:][:, MIRRORED]
    return replace(canvas, image=np.ascontiguousarray(canvas.image[:, ::-1]), faces=faces)


def degrade(image: Image, random: np.random.Generator) -> Image:
    """Light, colour, sharpness, compression and noise of worse cameras."""
    if random.random() < 0.7:
        gamma, gain = np.exp(random.normal(0, 0.3)), np.exp(random.normal(0, 0.2))
        offset = random.normal(0, 12)
        table = np.clip(((np.arange(256) / 255.0) ** gamma) * 255 * gain + offset, 0, 255).astype(np.uint8)
        image = np.asarray(cv2.LUT(image, table), np.uint8)
    colour = random.random()
    if colour < 0.1:
        image = np.repeat(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)[..., None], 3, axis=2).astype(np.uint8)
    elif colour < 0.35:
        tables = np.clip(np.arange(256)[:, None] * np.exp(random.normal(0, 0.1, 3)), 0, 255).astype(np.uint8)
        image = np.asarray(cv2.LUT(image, tables.reshape(1, 256, 3)), np.uint8)
    blur = random.random()
    if blur < 0.12:
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), random.uniform(0.4, 1.2)), np.uint8)
    elif blur < 0.4:
        share = random.uniform(0.45, 0.9)
        side = image.shape[1], image.shape[0]
        small = cv2.resize(
            image, (round(side[0] * share), round(side[1] * share)), interpolation=cv2.INTER_AREA
        )
        image = np.asarray(cv2.resize(small, side, interpolation=cv2.INTER_LINEAR), np.uint8)
    if random.random() < 0.3:
        quality = int(random.integers(30, 90))
        _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
        image = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
    if random.random() < 0.1:
        noise = random.normal(0, random.uniform(2, 10), image.shape)
        image = np.clip(image + noise, 0, 255).astype(np.uint8)
    return image
