"""A run starts from weights that find faces, of a network that can learn here, or says what it was given."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")

from facecap.conversion.checkpoint import CheckpointError  # noqa: E402
from facecap.training.detector.prior_lesson import PriorLesson  # noqa: E402
from facecap.training.networks.retinaface import RetinaFace  # noqa: E402
from facecap.training.networks.retinaface_light import LightRetinaFace  # noqa: E402
from facecap.training.run import TrainingError  # noqa: E402

RECIPE = Namespace(side=64, frozen=False, start_share=0.5, way=Namespace(leash=False))


def test_weights_that_find_no_faces_are_no_start(tmp_path: Path) -> None:
    torch.save(RetinaFace().state_dict(), tmp_path / "start.pth")
    with pytest.raises(CheckpointError, match=r"start.pth: with priors of .* it finds 0 of 8 known faces"):
        PriorLesson(tmp_path / "start.pth", RECIPE)


@pytest.mark.usefixtures("any_weights_find_faces")
def test_the_slim_detector_is_no_start(tmp_path: Path) -> None:
    torch.save(LightRetinaFace().state_dict(), tmp_path / "start.pth")
    with pytest.raises(TrainingError, match="retinaface_slim does not train here: give a RetinaFace"):
        PriorLesson(tmp_path / "start.pth", RECIPE)


def test_training_counts_from_the_priors_that_find_faces(
    shared: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lesson = PriorLesson(shared / "data" / "weights" / "mobilenet0.25_Final.pth", RECIPE)
    assert (
        "priors of 10 20 32 64 128 256 px and activations of slope 0 it finds 8 of 8"
        in capsys.readouterr().err
    )
    assert lesson.name == "retinaface_mobilenet0.25"
