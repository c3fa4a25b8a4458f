"""Drawing on faces: masks that were not there, and hands, beards and objects that are no masks.

Shapes are given in the coordinates of the 112x112 five-point template (eyes near y 52, nose tip 72, mouth 92)
and brought onto a face by the affine map that fits its landmarks best. All change the RGB image given.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from facecap.training.mask.data import Image, Patch, Points

Random = np.random.Generator
Affine = NDArray[np.float64]
Range = tuple[float, float]
Floats = NDArray[np.float32]

TEMPLATE = np.array(
    [(38.2946, 51.6963), (73.5318, 51.5014), (56.0252, 71.7366), (41.5493, 92.3655), (70.7299, 92.2041)]
)
FABRICS = (
    *((170, 205, 225), (120, 180, 205), (235, 238, 240), (225, 225, 225), (25, 25, 28), (60, 60, 65)),
    *((110, 112, 118), (35, 45, 80), (230, 170, 185), (150, 195, 160), (180, 140, 115), (160, 40, 45)),
)
LOWER_FACE = (
    (10, 64),
    (34, 62),
    (56, 58),
    (78, 62),
    (102, 64),
    (98, 90),
    (82, 112),
    (56, 121),
    (30, 112),
    (14, 90),
)
# Where the upper edge of a mask that is worn wrongly runs, on the template: the tip of the nose is free, or
# nose and mouth are.
WRONGLY_WORN: dict[str, Range] = {"below nose": (78, 87), "at chin": (99, 106)}
MASK_EDGE, MASK_END = 64.0, 128.0  # of a real mask worn as it should be, on the template
WIDE_LOWER_FACE = ((0, 58), (56, 52), (112, 58), (108, 96), (90, 122), (56, 132), (22, 122), (4, 96))


def template_to(landmarks: Points) -> Affine:
    """The (2, 3) affine map from the template to the landmarks, least squares."""
    design = np.column_stack([TEMPLATE, np.ones(5)])
    solution, *_ = np.linalg.lstsq(design, landmarks.astype(np.float64), rcond=None)
    return np.asarray(solution.T, np.float64)


def draw_mask(image: Image, landmarks: Points, rng: Random, edge: Range | None = None) -> None:
    """A drawn mask of random cut, fabric, folds and ear loops, lit like the face under it.

    `edge`: where its upper edge runs, in template coordinates; over the nose when not given.
    """
    to_face = template_to(landmarks)
    top, side, bottom = rng.uniform(56, 68), rng.uniform(60, 72), rng.uniform(110, 122)
    cheek, chin = rng.uniform(10, 22), rng.uniform(14, 26)
    low = 92.0
    if edge is not None:
        top = rng.uniform(*edge)
        side, bottom = top + rng.uniform(-8, 3), max(bottom, top + 16) + 4
        low = (top + bottom) / 2
    outline = [
        *(
            (cheek, side),
            (38, (side + top) / 2 - 1),
            (56, top),
            (74, (side + top) / 2 - 1),
            (112 - cheek, side),
        ),
        *(
            (112 - cheek - 4, low),
            (56 + chin, bottom - 4),
            (56, bottom),
            (56 - chin, bottom - 4),
            (cheek + 4, low),
        ),
    ]
    points = bring(outline, to_face)
    scale = _scale(to_face)
    alpha = _fill(image, points, blur=rng.uniform(0.3, 1.2))
    light = cv2.GaussianBlur(image.astype(np.float32).mean(2), (0, 0), max(1.0, 14 * scale))
    reference = max(30.0, float(light[alpha > 0.5].mean())) if (alpha > 0.5).any() else 128.0
    colour = np.array(FABRICS[rng.integers(len(FABRICS))], np.float32) + rng.normal(0, 12, 3).astype(
        np.float32
    )
    if rng.random() < 0.15:
        colour = median_colour(image, bring([(48, 40), (64, 40), (56, 62)], to_face)) * rng.uniform(
            0.85, 1.25
        )
    shade = np.clip(light / reference, 0.4, 1.6) * np.clip(reference / rng.uniform(120, 170), 0.25, 1.25)
    fabric = colour * shade[..., None]
    fabric *= 1 + 0.12 * _ripples(image.shape[:2], to_face, rng)[..., None]
    if rng.random() < 0.2:
        fabric += _blobs(image.shape[:2], rng, cell=max(2.0, 5 * scale)) * rng.uniform(20, 90)
    _blend(image, fabric, alpha)
    if rng.random() < 0.6:
        for sign in (-1, 1):
            loop = bring([(56 + sign * (56 - cheek), side), (56 + sign * rng.uniform(46, 54), 52)], to_face)
            thickness = max(1, round(1.6 * scale))
            grey = tuple(float(v) for v in np.clip(colour * shade.mean() * 1.05, 0, 255))
            cv2.line(
                image,
                loop[0].astype(int).tolist(),
                loop[1].astype(int).tolist(),
                grey,
                thickness,
                cv2.LINE_AA,
            )


def paste_lower_face(image: Image, landmarks: Points, donor: Patch, wide: bool, rng: Random) -> None:
    """Warp the donor's lower face, mask and all, onto this face, its light matched around the eyes."""
    assert donor.landmarks is not None
    to_face, to_donor = template_to(landmarks), template_to(donor.landmarks)
    donor_to_face = _compose(to_face, _invert(to_donor))
    height, width = image.shape[:2]
    warped = cv2.warpAffine(donor.image, donor_to_face, (width, height), borderMode=cv2.BORDER_REPLICATE)
    outline = np.array(WIDE_LOWER_FACE if wide else LOWER_FACE, np.float64) + rng.normal(0, 1.5, 2)
    alpha = _fill(image, bring(outline.tolist(), to_face), blur=rng.uniform(0.6, 2.5))
    eyes = [(28, 40), (84, 40), (84, 60), (28, 60)]
    here = median_colour(image, bring(eyes, to_face))
    there = median_colour(donor.image, bring(eyes, to_donor))
    gain = np.clip(here / np.maximum(there, 8), 0.4, 2.2)
    _blend(image, warped.astype(np.float32) * gain.astype(np.float32), alpha)


def lower_mask(image: Image, landmarks: Points, donor: Patch, edge: Range, rng: Random) -> None:
    """The donor's mask on this face, too low: its upper edge runs within `edge`, in template coordinates."""
    assert donor.landmarks is not None
    to_face, to_donor = template_to(landmarks), template_to(donor.landmarks)
    top = rng.uniform(*edge)
    end = rng.uniform(MASK_END - 6, MASK_END + 2)
    # The part of the donor between edge and chin is pressed into what is left of the face below `top`.
    press = (end - top) / (MASK_END - 8 - MASK_EDGE) if rng.random() < 0.5 else 1.0
    to_template = np.array([[1.0, 0.0, 0.0], [0.0, press, top - press * MASK_EDGE]])
    donor_to_face = _compose(to_face, _compose(to_template, _invert(to_donor)))
    height, width = image.shape[:2]
    warped = cv2.warpAffine(donor.image, donor_to_face, (width, height), borderMode=cv2.BORDER_REPLICATE)
    middle, rim = (top + end) / 2, rng.uniform(-4, 4)
    outline = [(14, top + rim), (34, top + 1), (56, top), (78, top + 1), (98, top + rim), (94, middle)]
    outline += [(80, end - 6), (56, end), (32, end - 6), (18, middle)]
    alpha = _fill(image, bring(outline, to_face), blur=rng.uniform(0.5, 1.5))
    light = [(28, 40), (84, 40), (84, 60), (28, 60)]
    here = median_colour(image, bring(light, to_face))
    there = median_colour(donor.image, bring(light, to_donor))
    gain = np.clip(here / np.maximum(there, 8), 0.4, 2.2)
    _blend(image, warped.astype(np.float32) * gain.astype(np.float32), alpha)


def draw_hand(image: Image, landmarks: Points, rng: Random) -> None:
    """Fingers of the face's own skin colour across the chin, the mouth or a cheek."""
    to_face = template_to(landmarks)
    scale = _scale(to_face)
    skin = median_colour(image, bring([(40, 44), (72, 44), (66, 70), (46, 70)], to_face)) * rng.uniform(
        0.75, 1.2
    )
    centre = np.array([rng.uniform(20, 92), rng.uniform(84, 118)])
    angle = rng.uniform(0, np.pi)
    along, across = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
    width, length = rng.uniform(8, 13), rng.uniform(28, 55)
    for finger in range(int(rng.integers(1, 5))):
        middle = centre + across * width * finger + along * rng.normal(0, 4)
        ends = bring(
            [(middle - along * length / 2).tolist(), (middle + along * length / 2).tolist()], to_face
        )
        line = np.zeros(image.shape[:2], np.uint8)
        start, end = ends.astype(int).tolist()
        cv2.line(line, start, end, 255, max(1, round(width * scale)), cv2.LINE_AA)
        alpha = cv2.GaussianBlur(line, (0, 0), max(0.4, 0.6 * scale)).astype(np.float32) / 255
        core = cv2.GaussianBlur(line, (0, 0), max(0.6, 0.25 * width * scale)).astype(np.float32) / 255
        round_skin = np.asarray(skin * (0.62 + 0.42 * core[..., None]), np.float32)
        _blend(image, round_skin, np.asarray(alpha, np.float32))


def draw_object(image: Image, landmarks: Points, texture: Image, rng: Random) -> None:
    """A thing in front of the lower face: card, phone, cup; plain or with a real texture."""
    to_face = template_to(landmarks)
    centre = np.array([rng.uniform(10, 102), rng.uniform(84, 122)])
    half = np.array([rng.uniform(8, 34), rng.uniform(6, 26)])
    angle = rng.normal(0, 0.5)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    if rng.random() < 0.5:
        corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)], np.float64)
    else:
        steps = np.linspace(0, 2 * np.pi, 16, endpoint=False)
        corners = np.column_stack([np.cos(steps), np.sin(steps)])
    outline = centre + (corners * half) @ turn.T
    alpha = _fill(image, bring(outline.tolist(), to_face), blur=rng.uniform(0.3, 1.2))
    _blend(image, _surface(image, texture, rng), alpha)


def draw_cover(image: Image, landmarks: Points, texture: Image, top: float, rng: Random) -> None:
    """A shoulder, sleeve, collar, cloth or head that comes from below or from a lower corner.

    Its edge crosses the middle of the face near `top`, in template coordinates: 90 hides the mouth, 115 only
    the chin.
    """
    to_face = template_to(landmarks)
    slope = rng.normal(0, 0.35)
    bend = rng.uniform(-14, 14)
    across = np.linspace(-60, 172, 12)
    edge = top + slope * (across - 56) + bend * ((across - 56) / 56) ** 2 + rng.normal(0, 1.5, 12)
    outline = [*np.column_stack([across, edge]).tolist(), [172, 260], [-60, 260]]
    alpha = _fill(image, bring(outline, to_face), blur=rng.uniform(0.3, 1.5))
    _blend(image, _surface(image, texture, rng), alpha)


def draw_head(image: Image, landmarks: Points, donor: Patch, top: float, rng: Random) -> None:
    """Another head in front, from its own photograph; its crown is near `top`, in template coordinates."""
    scale = _scale(template_to(landmarks))
    x1, y1, x2, y2 = donor.box
    middle = np.array([(x1 + x2) / 2, (y1 + y2) / 2])
    half = np.array([0.62 * (x2 - x1), 0.72 * (y2 - y1)])
    enlarge = rng.uniform(0.6, 1.4) * 80 * scale / max(x2 - x1, 1.0)
    crown = bring([(rng.uniform(5, 107), top)], template_to(landmarks))[0]
    centre = crown + np.array([0.0, enlarge * half[1]])
    to_image = np.column_stack([np.eye(2) * enlarge, centre - enlarge * middle])
    height, width = image.shape[:2]
    warped = cv2.warpAffine(donor.image, to_image, (width, height), borderMode=cv2.BORDER_REPLICATE)
    steps = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    outline = centre + enlarge * half * np.column_stack([np.cos(steps), np.sin(steps)])
    shoulders = [(outline[:, 0].max(), 2.0 * height), (outline[:, 0].min(), 2.0 * height)]
    hull = cv2.convexHull(np.asarray([*outline, *shoulders], np.float32))[:, 0]
    alpha = _fill(image, np.asarray(hull, np.float32), blur=rng.uniform(0.4, 1.5))
    _blend(image, np.asarray(warped, np.float32), alpha)


def draw_beard(image: Image, landmarks: Points, rng: Random) -> None:
    """Hair around the mouth, on the chin and up the cheeks, the lips left free."""
    to_face = template_to(landmarks)
    cheek = rng.uniform(70, 92)
    outline = [(12, cheek - 8), (24, cheek), (36, 82), (56, 80), (76, 82), (88, cheek), (100, cheek - 8)]
    outline += [(96, 98), (78, 114), (56, 122), (34, 114), (16, 98)]
    alpha = _fill(image, bring(outline, to_face), blur=max(0.8, 2.5 * _scale(to_face)))
    steps = np.linspace(0, 2 * np.pi, 16, endpoint=False)
    lips = np.column_stack([56 + 15 * np.cos(steps), 92 + 5 * np.sin(steps)])
    alpha *= 1 - _fill(image, bring(lips.tolist(), to_face), blur=1.0)
    hair = np.array(((25, 20, 18), (60, 40, 28), (110, 75, 45), (150, 145, 140))[rng.integers(4)], np.float32)
    noise = _blobs(image.shape[:2], rng, cell=1.5) * 18
    _blend(image, hair + noise, alpha * np.float32(rng.uniform(0.5, 0.95)))


def bring(points: Sequence[Sequence[float]], to_face: Affine) -> Floats:
    return np.asarray(np.asarray(points, np.float64) @ to_face[:, :2].T + to_face[:, 2], np.float32)


def _scale(affine: Affine) -> float:
    return float(np.sqrt(abs(np.linalg.det(affine[:, :2]))))


def _compose(outer: Affine, inner: Affine) -> Affine:
    return np.column_stack([outer[:, :2] @ inner[:, :2], outer[:, :2] @ inner[:, 2] + outer[:, 2]])


def _invert(affine: Affine) -> Affine:
    inverse = np.linalg.pinv(affine[:, :2])
    return np.column_stack([inverse, -inverse @ affine[:, 2]])


def _fill(image: Image, points: Floats, blur: float) -> Floats:
    """Coverage 0..1 of a polygon with soft edges."""
    cover = np.zeros(image.shape[:2], np.uint8)
    cv2.fillPoly(cover, [np.round(points * 8).astype(np.int32)], 255, cv2.LINE_AA, shift=3)
    soft = cv2.GaussianBlur(cover, (0, 0), blur)
    return np.asarray(soft / 255, np.float32)


def _blend(image: Image, over: Floats, alpha: Floats) -> None:
    mixed = image + (over - image) * alpha[..., None]
    np.clip(mixed, 0, 255, out=mixed)
    image[:] = mixed


def _surface(image: Image, texture: Image, rng: Random) -> Floats:
    """What a thing looks like: a stretched part of a photograph, or one colour that fades."""
    height, width = image.shape[:2]
    if rng.random() < 0.7:
        return cv2.resize(texture, (width, height), interpolation=cv2.INTER_LINEAR).astype(np.float32)
    fade = np.linspace(rng.uniform(0.6, 1), rng.uniform(0.8, 1.2), height, dtype=np.float32)
    plain = np.broadcast_to(rng.uniform(0, 255, 3).astype(np.float32), (height, width, 3))
    return np.asarray(plain * fade[:, None, None], np.float32)


def median_colour(image: Image, polygon: Floats) -> Floats:
    """Median colour inside a polygon; of the whole image where the polygon lies outside it."""
    inside = _fill(image, polygon, blur=0.3) > 0.5
    chosen = image[inside] if inside.any() else image.reshape(-1, 3)
    return np.asarray(np.median(chosen, axis=0), np.float32)


def _ripples(shape: tuple[int, int], to_face: Affine, rng: Random) -> Floats:
    """Folds of the fabric: -1..1, waves along the height of the face."""
    rows, columns = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    inverse = _invert(to_face)
    height = inverse[1, 0] * columns + inverse[1, 1] * rows + inverse[1, 2]
    return np.asarray(np.sin(height * rng.uniform(0.15, 0.9) + rng.uniform(0, 6)), np.float32)


def _blobs(shape: tuple[int, int], rng: Random, cell: float) -> Floats:
    """Smooth coloured noise, about -1..1, with grains of `cell` pixels."""
    grid = rng.normal(0, 1, (int(shape[0] / cell) + 2, int(shape[1] / cell) + 2, 3)).astype(np.float32)
    return np.asarray(cv2.resize(grid, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC), np.float32)
