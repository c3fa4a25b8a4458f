"""The detector's training: what canvases, targets, loss and weights promise."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from facecap.conversion.detector.priors import prior_boxes  # noqa: E402
from facecap.training.batches import loader  # noqa: E402
from facecap.training.detector.augment import CanvasMaker  # noqa: E402
from facecap.training.detector.batches import DetectorBatches  # noqa: E402
from facecap.training.detector.choice import Quality, most_precise, shortest  # noqa: E402
from facecap.training.detector.data import Picture, Source, load_sources  # noqa: E402
from facecap.training.detector.loss import (  # noqa: E402
    KEPT,
    NEAR,
    NEGATIVE,
    POSITIVE,
    LossWeights,
    detection_loss,
    soft_loss,
    targets,
)
from facecap.training.detector.prior_lesson import PriorLesson  # noqa: E402
from facecap.training.detector.recipe import Recipe  # noqa: E402
from facecap.training.folding import fold_norms, unfold_norms  # noqa: E402
from facecap.training.networks.retinaface import MOBILENET, RESNET50, Layout, RetinaFace, flatten  # noqa: E402

MIN_SIZES = [[10, 20], [32, 64], [128, 256]]
VARIANCES = (0.1, 0.2)


def face(x1: float, y1: float, x2: float, y2: float) -> np.ndarray:
    width, height = x2 - x1, y2 - y1
    points = [(0.3, 0.4), (0.7, 0.4), (0.5, 0.6), (0.35, 0.8), (0.65, 0.8)]
    return np.float32([x1, y1, x2, y2, *(v for x, y in points for v in (x1 + x * width, y1 + y * height))])


def source() -> Source:
    """Grey pictures, each with a red square where the face is."""
    pictures = []
    for side in (20, 60, 110):
        image = np.full((240, 320, 3), 127, np.uint8)
        image[80 : 80 + side, 100 : 100 + side] = (0, 0, 255)
        box = face(100, 80, 100 + side, 80 + side)[None]
        pictures.append(
            Picture(Path("x"), box, np.array([True]), np.array([False]), np.float32([0.9]), image)
        )
    return Source("squares", 1.0, pictures, [])


def test_faces_stay_on_their_pixels() -> None:
    maker = CanvasMaker([source()], 160, seed=3, smallest=10.0)
    seen = 0
    for _ in range(40):
        canvas = maker.draw()
        assert canvas.image.shape == (160, 160, 3)
        assert (canvas.faces[:, :4] >= 0).all() and (canvas.faces[:, :4] <= 160).all()
        for box in canvas.faces[canvas.certain, :4]:
            x, y = ((box[:2] + box[2:]) / 2).astype(int)
            blue, _, red = canvas.image[y, x].astype(int)
            seen += 1
            assert red >= blue
        left_eye, right_eye = canvas.faces[:, 4], canvas.faces[:, 6]
        assert (left_eye < right_eye).all()
    assert seen > 40


def test_canvases_repeat_by_seed() -> None:
    first, second = (CanvasMaker([source()], 96, seed=5, smallest=10.0).draw() for _ in range(2))
    np.testing.assert_array_equal(first.image, second.image)
    np.testing.assert_array_equal(first.faces, second.faces)


@pytest.mark.usefixtures("any_weights_find_faces")
@pytest.mark.parametrize("workers", [0, 2])
def test_a_resumed_run_goes_on_with_the_batches_of_one_that_was_not(tmp_path: Path, workers: int) -> None:
    recipe = Recipe(
        "distil",
        *("", "", ""),
        minutes=1,
        batch=2,
        side=64,
        rate=1e-4,
        seed=3,
        smallest=7.0,
        start_share=0.5,
        frozen=False,
    )
    torch.save(RetinaFace(MOBILENET).state_dict(), tmp_path / "start.pth")
    lesson = PriorLesson(tmp_path / "start.pth", recipe)
    sets = [DetectorBatches([source()], recipe, lesson.batch, first) for first in (0, 2)]
    runs = [iter(loader(batches, workers)) for batches in sets]
    whole, resumed = ([next(run) for _ in range(count)] for run, count in zip(runs, (4, 2), strict=True))
    assert [part.shape[0] for part in whole[0]] == [2, 2, 2, 2]
    assert not torch.equal(whole[0][0], whole[1][0])
    alone = [sets[0].make(number) for number in (2, 3)]
    for batch, again, made in zip(whole[2:], resumed, alone, strict=True):
        for part, other, third in zip(batch, again, made, strict=True):
            torch.testing.assert_close(part, other, rtol=0, atol=0, equal_nan=True)
            torch.testing.assert_close(part, third, rtol=0, atol=0, equal_nan=True)


def test_targets_lead_back_to_the_face() -> None:
    priors = prior_boxes(128, 128, MIN_SIZES)
    truth = face(30, 40, 66, 80)
    labels, deltas, _ = targets(priors, truth[None], np.array([True]), VARIANCES)
    positive = labels == POSITIVE
    assert positive.any() and np.isfinite(deltas[positive]).all()
    size = priors[positive, 2:]
    centre = priors[positive, :2] + 0.1 * deltas[positive, :2] * size
    half = size * np.exp(0.2 * deltas[positive, 2:4]) / 2
    decoded = np.concatenate([centre - half, centre + half], 1)
    np.testing.assert_allclose(decoded, np.tile(truth[:4], (positive.sum(), 1)), atol=1e-3)
    points = np.tile(priors[positive, :2], 5) + 0.1 * deltas[positive, 4:] * size
    np.testing.assert_allclose(points, np.tile(truth[4:], (positive.sum(), 1)), atol=1e-3)


def test_every_face_has_a_prior_and_doubtful_ones_are_left_out() -> None:
    priors = prior_boxes(128, 128, MIN_SIZES)
    for side in (8, 13, 27, 45, 90):
        box = face(20, 20, 20 + side, 20 + side)[None]
        assert (targets(priors, box, np.array([True]), VARIANCES)[0] == POSITIVE).any()
        doubtful = targets(priors, box, np.array([False]), VARIANCES)[0]
        assert not (doubtful == POSITIVE).any() and (doubtful == KEPT).any()
    empty = targets(priors, np.zeros((0, 14), np.float32), np.zeros(0, bool), VARIANCES)[0]
    assert (empty == NEGATIVE).all()


def test_loss_teaches_what_the_reference_misses_and_keeps_the_rest() -> None:
    priors = prior_boxes(64, 64, MIN_SIZES)
    faces = np.stack([face(5, 5, 30, 34), face(40, 40, 52, 54)])
    labels, deltas = (
        torch.from_numpy(a)[None] for a in targets(priors, faces, np.array([True, False]), VARIANCES)[:2]
    )
    truth = deltas.nan_to_num()
    left = (labels == KEPT) | (labels == NEAR)
    blind = torch.where(left, 0.7, -12.0)
    right = torch.where(labels == POSITIVE, 12.0, blind)

    def rows(logit: torch.Tensor, places: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        return places[..., :4], torch.stack([-logit / 2, logit / 2], -1), places[..., 4:]

    def loss(logit: torch.Tensor, places: torch.Tensor, known: tuple[torch.Tensor, ...]) -> float:
        return float(detection_loss(rows(logit, places), known, labels, deltas, LossWeights())["loss"])

    missing = rows(blind, torch.zeros_like(truth))
    learned = torch.where((labels == POSITIVE)[..., None], truth, 0.0)
    assert loss(right, learned, missing) < 1e-3
    for label in (POSITIVE, NEGATIVE, KEPT):
        assert loss(torch.where(labels == label, -right, right), learned, missing) > 0.1
    for label in (POSITIVE, KEPT):
        assert loss(right, learned + (labels == label)[..., None], missing) > 0.1
    assert loss(right, learned + 9.0 * (labels == NEGATIVE)[..., None], missing) < 1e-3

    own_habit = truth + 0.2
    seeing = rows(torch.where(labels == POSITIVE, 5.0, right), own_habit)
    kept = torch.where(labels == POSITIVE, 5.0, right)
    assert loss(kept, own_habit, seeing) < 1e-3
    assert loss(kept, truth, seeing) > 0.1
    astray = truth + 4.0 * (labels == POSITIVE)[..., None]
    misplacing = rows(kept, astray)
    assert loss(kept, truth, misplacing) < 1e-3
    assert loss(kept, astray, misplacing) > 0.1


def test_soft_loss_asks_for_beliefs_with_a_share_of_the_start() -> None:
    priors = prior_boxes(64, 64, MIN_SIZES)
    faces = np.stack([face(5, 5, 30, 34), face(40, 40, 52, 54), face(36, 2, 60, 30)])
    whole = np.array([True, False, True])
    labels, deltas, owner = (torch.from_numpy(a)[None] for a in targets(priors, faces, whole, VARIANCES))
    beliefs = torch.tensor([1.0, 1.0, 0.6, 0.0])[owner]
    assert ((owner == 0) == (labels == POSITIVE) & (beliefs == 1.0)).all()
    truth = torch.where((labels == POSITIVE)[..., None], deltas, 0.0)
    asked = torch.where(labels == POSITIVE, beliefs, torch.tensor(0.0)).clamp(1e-4, 1 - 1e-4).logit()
    weights = LossWeights(start=0.0)

    def loss(logit: torch.Tensor, places: torch.Tensor, known: torch.Tensor = asked) -> float:
        answer, start = (
            (places[..., :4], torch.stack([-x / 2, x / 2], -1), places[..., 4:]) for x in (logit, known)
        )
        return float(soft_loss(answer, start, labels, deltas, beliefs, weights)["loss"])

    best = loss(asked, truth)
    assert loss(torch.where(labels == KEPT, 12.0, asked), truth) == pytest.approx(best)
    for off in (-3.0, 3.0):
        for label in (POSITIVE, NEGATIVE, NEAR):
            if off > 0 or label == POSITIVE:
                assert loss(torch.where(labels == label, asked + off, asked), truth) > best
    assert loss(asked, truth + 1.0 * (labels == POSITIVE)[..., None]) > best + 0.1
    assert loss(asked, truth + 9.0 * (labels != POSITIVE)[..., None]) == pytest.approx(best)
    weights = LossWeights(start=0.5)
    assert loss(torch.zeros_like(asked), truth, known=-asked) < loss(asked, truth, known=-asked)


def test_labels_of_several_sources_become_one_belief(tmp_path: Path) -> None:
    folder = tmp_path / "photos" / "street"
    folder.mkdir(parents=True)
    box, apart = [10, 10, 50, 60], [70, 10, 90, 40]
    faces = [
        {"box": box, "landmarks": None, "score": 0.8, "second": 0.5},
        {"box": [11, 11, 51, 59], "landmarks": None, "score": 0.2},
        {"box": apart, "landmarks": None, "score": 0.0, "second": 0.9},
        {"box": [100, 10, 110, 20], "landmarks": None, "score": 0.0, "second": 0.1},
    ]
    entry = {"file": "a.png", "faces": faces}
    folder.with_suffix(".json").write_text(json.dumps([entry]))
    (source_of_street,) = load_sources(tmp_path, tmp_path / "photos")
    (picture,) = source_of_street.train
    np.testing.assert_allclose(picture.faces[:, :4], [box, apart])
    np.testing.assert_allclose(picture.belief, [0.8, 0.36], atol=1e-6)
    assert picture.certain.tolist() == [True, False]


@pytest.mark.parametrize("layout", [MOBILENET, RESNET50])
def test_folded_weights_answer_the_same_and_go_back(layout: Layout) -> None:
    torch.manual_seed(0)
    network = RetinaFace(layout)
    network.train()(torch.randn(2, 3, 64, 64))
    network.eval()
    folded = fold_norms(network)
    assert all(weight.requires_grad for weight in folded.parameters())
    again = RetinaFace(layout).eval()
    again.load_state_dict(unfold_norms(folded, folded.state_dict()))
    image = torch.randn(1, 3, 64, 96)
    with torch.no_grad():
        answers = [flatten(model(image)) for model in (network, folded, again)]
    for other in answers[1:]:
        for expected, found in zip(answers[0], other, strict=True):
            torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)


def test_choice_is_the_shortest_way_that_finds_and_does_not_cry_wolf() -> None:
    qualities = {
        0.0: Quality(0.7, 0.5, 0.90, 120),
        0.2: Quality(0.8, 0.5, 0.93, 40),
        0.4: Quality(0.8, 0.5, 0.96, 110),
        0.6: Quality(0.8, 0.5, 0.96, 101),
        0.8: Quality(0.9, 0.6, 0.963, 100),
        1.0: Quality(0.9, 0.6, 0.99, 121),
    }
    assert shortest(qualities) == 0.6
    assert most_precise(qualities) == 0.8
    assert shortest({0.0: qualities[0.0], 1.0: qualities[1.0]}) == 0.0
