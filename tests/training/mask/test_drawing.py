import numpy as np
import pytest
from face_folder import BOX, LANDMARKS, paint_face
from hypothesis import given, settings
from hypothesis import strategies as st

from facecap.training.mask import draw as mask_draw
from facecap.training.mask.augment import Composer, cut, degrade
from facecap.training.mask.data import Face, Patch

POINTS = np.array(LANDMARKS, np.float32)


def patch(masked: bool = False, source: str = "mask", landmarks: np.ndarray | None = POINTS) -> Patch:
    image = paint_face(masked, np.random.default_rng(1))
    return Patch(Face(None, BOX, landmarks, masked, source, "g"), image, BOX, landmarks)  # type: ignore[arg-type]


DRAW = {
    "mask": lambda image, rng: mask_draw.draw_mask(image, POINTS, rng),
    "hand": lambda image, rng: mask_draw.draw_hand(image, POINTS, rng),
    "object": lambda image, rng: mask_draw.draw_object(image, POINTS, image[:40, :40].copy(), rng),
    "cover": lambda image, rng: mask_draw.draw_cover(image, POINTS, image[:40, :40].copy(), 95, rng),
    "head": lambda image, rng: mask_draw.draw_head(image, POINTS, patch(), 90, rng),
    "beard": lambda image, rng: mask_draw.draw_beard(image, POINTS, rng),
    "paste": lambda image, rng: mask_draw.paste_lower_face(image, POINTS, patch(True), False, rng),
}


@pytest.mark.parametrize("what", DRAW)
def test_drawings_change_the_lower_face_and_leave_the_eyes(what):
    for seed in range(8):
        before = paint_face(False, np.random.default_rng(1))
        image = before.copy()
        DRAW[what](image, np.random.default_rng(seed))
        assert (image != before).any()
        assert np.array_equal(image[46:51, 40:80], before[46:51, 40:80])


def test_a_drawn_mask_covers_the_mouth_and_the_nose_tip():
    for seed in range(8):
        image = paint_face(False, np.random.default_rng(1))
        before = image.copy()
        mask_draw.draw_mask(image, POINTS, np.random.default_rng(seed))
        for x, y in LANDMARKS[2:]:
            there = np.s_[int(y) - 1 : int(y) + 2, int(x) - 1 : int(x) + 2]
            assert (image[there] != before[there]).any()


@pytest.mark.parametrize("how", ["drawn", "real"])
def test_a_mask_worn_wrongly_leaves_the_nose_free_and_at_the_chin_the_mouth_too(how):
    (nose_x, nose_y), (mouth_x, mouth_y) = LANDMARKS[2], (60, LANDMARKS[3][1])
    for seed in range(6):
        for kind, edge in mask_draw.WRONGLY_WORN.items():
            image, rng = paint_face(False, np.random.default_rng(1)), np.random.default_rng(seed)
            before = image.copy()
            if how == "drawn":
                mask_draw.draw_mask(image, POINTS, rng, edge)
            else:
                mask_draw.lower_mask(image, POINTS, patch(True), edge, rng)
            changed = (image != before).any(2)
            assert changed.any()
            assert not changed[int(nose_y) - 3 : int(nose_y) + 1, int(nose_x) - 2 : int(nose_x) + 3].any()
            assert changed[int(mouth_y), mouth_x - 3 : mouth_x + 4].any() == (kind == "below nose")


def test_masks_worn_wrongly_are_a_class_where_they_are_asked_for():
    faces = [patch(True), patch(False)]
    rng = np.random.default_rng(2)
    two = {Composer(faces).sample(rng)[1] for _ in range(40)}
    three = [Composer(faces, incorrect=True).sample(rng)[1] for _ in range(100)]
    assert two == {0, 1}
    assert set(three) == {0, 1, 2}
    assert 5 <= three.count(2) <= 40


@settings(max_examples=30, deadline=None)
@given(
    points=st.lists(st.tuples(st.floats(-300, 300), st.floats(-300, 300)), min_size=5, max_size=5),
    seed=st.integers(0, 2**32 - 1),
)
def test_any_landmarks_can_be_drawn_on(points, seed):
    landmarks = np.array(points, np.float32)
    rng = np.random.default_rng(seed)
    image = paint_face(False, rng)
    mask_draw.draw_mask(image, landmarks, rng)
    mask_draw.draw_hand(image, landmarks, rng)
    mask_draw.draw_cover(image, landmarks, image[:20].copy(), 90, rng)
    mask_draw.draw_head(image, landmarks, patch(), 90, rng)
    mask_draw.paste_lower_face(image, landmarks, patch(True), True, rng)


def test_crops_are_drawn_evenly_and_repeat_with_the_seed():
    composer = Composer([patch(masked) for masked in (False, True) for _ in range(4)])
    samples = [composer.sample(np.random.default_rng(seed)) for seed in range(60)]
    assert 15 < sum(masked for _, masked in samples) < 45
    assert all(crop.shape == (112, 112, 3) and crop.dtype == np.uint8 for crop, _ in samples)
    again, masked = composer.sample(np.random.default_rng(7))
    assert np.array_equal(again, samples[7][0])
    assert masked == samples[7][1]


def test_faces_without_landmarks_are_taken_as_they_are():
    composer = Composer([patch(masked, landmarks=None) for masked in (False, True)])
    assert {composer.sample(np.random.default_rng(seed))[1] for seed in range(20)} == {False, True}


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), source=st.sampled_from(["mask", "fddb"]))
def test_cutting_and_degrading_never_fail(seed, source):
    rng = np.random.default_rng(seed)
    crop = degrade(cut(patch(source=source), rng), rng)
    assert crop.shape == (112, 112, 3)
    assert crop.flags.c_contiguous
