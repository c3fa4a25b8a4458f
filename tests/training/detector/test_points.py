"""Training of detectors with one answer a cell: what the graph, the decoding, the assignment and the loss
promise."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
onnx = pytest.importorskip("onnx")

from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

from facecap.conversion.detector.families import decode  # noqa: E402
from facecap.errors import FacecapError  # noqa: E402
from facecap.training.detector.point_loss import (  # noqa: E402
    KEPT,
    NEGATIVE,
    POSITIVE,
    PointWeights,
    Targets,
    assign,
    point_loss,
    targets,
)
from facecap.training.detector.points import Answer, answer_of, cells_of, check_family  # noqa: E402
from facecap.training.networks.graph import GraphNetwork  # noqa: E402
from facecap.training.run import TrainingError  # noqa: E402

STRIDES = [8, 16, 32]
WIDTH = 16  # channels of the tiny network
CELLS = cells_of(STRIDES, 1, 64, 64)


def tiny_graph(*, channels: int = 16, extra: str | None = None) -> Any:
    """A detector of three levels: a convolution of stride 8, and pooling between the levels."""
    random = np.random.default_rng(0)
    nodes, weights = [], []

    def conv(source: str, out: str, inputs: int, outputs: int, size: int, stride: int) -> None:
        spread = (2 / (inputs * size * size)) ** 0.5
        kernel = random.normal(0, spread, (outputs, inputs, size, size)).astype(np.float32)
        weights.append(numpy_helper.from_array(kernel, f"{out}.weight"))
        weights.append(numpy_helper.from_array(np.zeros(outputs, np.float32), f"{out}.bias"))
        pad = [(size - stride) // 2 if size > stride else 0] * 4
        names = [source, f"{out}.weight", f"{out}.bias"]
        nodes.append(helper.make_node("Conv", names, [out], strides=[stride] * 2, pads=pad))

    conv("image", "stem", 3, WIDTH, 4, 4)
    nodes.append(helper.make_node("Relu", ["stem"], ["x4"]))
    conv("x4", "c8", WIDTH, WIDTH, 4, 2)
    nodes.append(helper.make_node("Relu", ["c8"], ["x8"]))
    for finer, coarser in (("x8", "x16"), ("x16", "x32")):
        nodes.append(helper.make_node("MaxPool", [finer], [coarser], kernel_shape=[2, 2], strides=[2, 2]))
    if extra:
        nodes.append(helper.make_node(extra, ["x8"], ["unused"]))
    outputs = []
    for stride in STRIDES:
        conv(f"x{stride}", f"level_{stride}", WIDTH, channels, 3, 1)
        shape = [None, channels, None, None]
        outputs.append(helper.make_tensor_value_info(f"level_{stride}", TensorProto.FLOAT, shape))
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, [None, 3, None, None])
    graph = helper.make_graph(nodes, "tiny", [image], outputs, weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def run(model: Any, image: np.ndarray) -> list[np.ndarray]:
    import onnxruntime

    return onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"image": image})


def test_a_graph_answers_as_its_file_does_before_and_after_learning() -> None:
    model = tiny_graph()
    network = GraphNetwork(model)
    image = np.random.default_rng(1).normal(0, 1, (2, 3, 64, 96)).astype(np.float32)
    for found, wanted in zip(network(torch.from_numpy(image)), run(model, image), strict=True):
        np.testing.assert_allclose(found.detach().numpy(), wanted, atol=1e-5)
    with torch.no_grad():
        for weight in network.parameters():
            weight.add_(0.01)
    for found, wanted in zip(network(torch.from_numpy(image)), run(network.model(), image), strict=True):
        np.testing.assert_allclose(found.detach().numpy(), wanted, atol=1e-5)


def test_frozen_layers_are_those_before_stride_8_and_the_answers_stay() -> None:
    network = GraphNetwork(tiny_graph())
    image = torch.randn(1, 3, 64, 64)
    whole = network(image)
    network.freeze_fine()
    learning = {name for name, weight in network.named_parameters() if weight.requires_grad}
    assert learning and not any("stem" in name for name in learning)
    assert any("c8" in name for name in learning)
    for part, wanted in zip(network.coarser(network.fine(image)), whole, strict=True):
        assert torch.equal(part, wanted)


def test_a_node_that_training_does_not_know_is_named() -> None:
    with pytest.raises(TrainingError, match="node Softmax"):
        GraphNetwork(tiny_graph(extra="Softmax"))


@pytest.mark.parametrize(("family", "anchors"), [("yunet", 1), ("scrfd", 1), ("scrfd", 2)])
def test_training_and_conversion_read_the_same_boxes(family: str, anchors: int) -> None:
    random = np.random.default_rng(2)
    channels = 16 if family == "yunet" else 15 * anchors
    outputs = {
        f"level_{s}": random.normal(0, 1, (1, channels, 64 // s, 96 // s)).astype(np.float32) for s in STRIDES
    }
    entries = [{"role": "level", "name": f"level_{s}", "stride": s} for s in STRIDES]
    detector = {"family": family, "form": "levels", "strides": STRIDES, "anchors": anchors}
    wanted = decode(outputs, {"outputs": entries, "detector": detector}, (96, 64))
    levels = [torch.from_numpy(outputs[f"level_{s}"]) for s in STRIDES]
    found = answer_of(family, levels, cells_of(STRIDES, anchors, 64, 96))
    np.testing.assert_allclose(found.score()[0], wanted.scores[0], atol=1e-5)
    np.testing.assert_allclose(found.boxes[0], wanted.boxes[0], atol=1e-3)
    np.testing.assert_allclose(found.points[0].reshape(-1, 5, 2), wanted.landmarks[0], atol=1e-3)


def test_a_family_that_cannot_be_trained_is_named() -> None:
    with pytest.raises(FacecapError, match="family 'retinaface' as ONNX; known: yunet, scrfd"):
        check_family("retinaface")


def placed(faces: torch.Tensor) -> torch.Tensor:
    """For each cell a box like the nearest face's: what a network that sees them would answer."""
    centre = (faces[:, :2] + faces[:, 2:]) / 2
    nearest = (CELLS.middle[:, None] - centre[None]).abs().sum(-1).argmin(1)
    return faces[nearest]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(0, 50), st.floats(0, 50), st.floats(4, 40), st.floats(4, 40)),
        min_size=1,
        max_size=6,
    )
)
def test_every_face_in_sight_is_answered_for_by_cells_on_it(boxes: list[tuple[float, ...]]) -> None:
    faces = torch.tensor([[x, y, x + w, y + h] for x, y, w, h in boxes])
    owner = assign(torch.full((len(CELLS.stride),), 0.1), placed(faces), faces, CELLS)
    assert int(owner.max()) < len(faces) and (owner >= 0).any()
    for face in owner.unique().tolist():
        if face < 0:
            continue
        middle, stride = CELLS.middle[owner == face], CELLS.stride[owner == face, None]
        centre = (faces[face, :2] + faces[face, 2:]) / 2
        inside = ((middle > faces[face, :2]) & (middle < faces[face, 2:])).all(1)
        assert (inside | ((middle - centre).abs() < 2.5 * stride).all(1)).all()
    apart = torch.tensor([[0.0, 0, 20, 20], [40.0, 40, 62, 62]])
    both = assign(torch.full((len(CELLS.stride),), 0.1), placed(apart), apart, CELLS)
    assert {0, 1} <= set(both.tolist())


def test_no_face_is_answered_for_by_nobody() -> None:
    score, boxes = torch.rand(len(CELLS.stride)), torch.zeros(len(CELLS.stride), 4)
    assert (assign(score, boxes, torch.zeros(0, 4), CELLS) == -1).all()
    wanted = targets(
        score, boxes, torch.zeros(0, 14), torch.zeros(0, dtype=torch.bool), torch.zeros(0), CELLS
    )
    assert (wanted.labels == NEGATIVE).all()


def test_doubtful_faces_are_left_alone() -> None:
    face = torch.full((1, 14), float("nan"))
    face[0, :4] = torch.tensor([10.0, 10, 40, 40])
    boxes = placed(face[:, :4])
    score = torch.full((len(CELLS.stride),), 0.01)
    for certain in (True, False):
        wanted = targets(score, boxes, face, torch.tensor([certain]), torch.ones(1), CELLS)
        assert (wanted.labels == POSITIVE).any() == certain
        inside = ((CELLS.middle > 10) & (CELLS.middle < 40)).all(1)
        assert (wanted.labels[inside] != NEGATIVE).all() and (wanted.labels == NEGATIVE).any()
        assert certain or (wanted.labels[inside] == KEPT).all()


def answers(score: torch.Tensor, boxes: torch.Tensor, quality: bool) -> Answer:
    """Of one picture whose score is sqrt(presence * quality), or presence."""
    logit = torch.special.logit(score.clamp(1e-4, 1 - 1e-4))[None]
    points = boxes[None].repeat(1, 1, 3)[..., :10]
    return Answer(logit, logit.clone() if quality else None, boxes[None], points)


@pytest.mark.parametrize("quality", [True, False])
@pytest.mark.parametrize("faults_only", [True, False])
def test_what_the_start_gets_right_costs_nothing_and_what_it_misses_does(
    quality: bool, faults_only: bool
) -> None:
    face = torch.tensor([[8.0, 8, 40, 40]])
    boxes = placed(face)
    labels = torch.full((len(boxes),), NEGATIVE)
    labels[5], labels[9] = POSITIVE, KEPT
    belief = (labels == POSITIVE).float()
    wanted = Targets(labels[None], belief[None], boxes[None], boxes[None].repeat(1, 1, 3)[..., :10])
    weights = PointWeights(faults_only=faults_only)

    def cost(score: torch.Tensor, start: torch.Tensor, moved: float = 0.0) -> float:
        answer = answers(score, boxes + moved, quality)
        return float(point_loss(answer, answers(start, boxes, quality), wanted, weights)["loss"])

    right = torch.full((len(boxes),), 0.001)
    right[5], right[9] = 0.999, 0.4
    assert cost(right, right) < 0.01
    for place in (5, 9, 20):  # a face, a doubtful one, background
        wrong = right.clone()
        wrong[place] = 0.5 if place != 9 else 0.9
        assert cost(wrong, right) > cost(right, right) + 0.05
    assert cost(right, right, moved=6.0) > 0.05
    for place, said, better in ((20, 0.9, 0.5), (5, 0.05, 0.5)):  # an alarm is to go, a missed face to come
        start, learnt = right.clone(), right.clone()
        start[place], learnt[place] = said, better
        assert cost(learnt, start) < cost(start, start)


def test_a_tiny_network_learns_to_see_squares() -> None:
    torch.manual_seed(0)
    network = GraphNetwork(tiny_graph())
    reference = GraphNetwork(tiny_graph())
    optimizer = torch.optim.Adam(network.parameters(), 0.005)
    random = np.random.default_rng(0)

    def picture() -> tuple[torch.Tensor, torch.Tensor]:
        x, y = random.integers(4, 40, 2)
        image = np.zeros((1, 3, 64, 64), np.float32)
        image[:, :, y : y + 20, x : x + 20] = 1
        face = np.full((1, 14), np.nan, np.float32)
        face[0, :4] = (x, y, x + 20, y + 20)
        return torch.from_numpy(image), torch.from_numpy(face)

    def seen_by(some: GraphNetwork) -> float:
        """Share of pictures in which its best box lies at the square."""
        found = 0
        for _ in range(100):
            image, face = picture()
            answer = answer_of("yunet", some(image), CELLS)
            best = answer.boxes[0, answer.score()[0].argmax()]
            found += int(((best[:2] + best[2:]) / 2 - (face[0, :2] + face[0, 2:4]) / 2).abs().max() < 8)
        return found / 100

    certain = torch.tensor([True])
    for _ in range(500):
        image, face = picture()
        answer = answer_of("yunet", network(image), CELLS)
        with torch.no_grad():
            known = answer_of("yunet", reference(image), CELLS)
        wanted = targets(
            answer.score()[0].detach(), answer.boxes[0].detach(), face, certain, torch.ones(1), CELLS
        )
        parts = (wanted.labels, wanted.belief, wanted.boxes, wanted.points)
        batch = Targets(*(part[None] for part in parts))
        optimizer.zero_grad()
        point_loss(answer, known, batch, PointWeights(start=0.0))["loss"].backward()
        optimizer.step()
    assert seen_by(reference) < 0.55
    assert seen_by(network) > 0.7
