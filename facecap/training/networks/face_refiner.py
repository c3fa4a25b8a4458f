"""The refiner of faces: the body of the small RetinaFace, a MobileNetV1 x0.25, and three answers.

Whether it is a face is asked of the mean over the coarsest level, how blurred of the mean over the finest,
which still sees edges; the five points of two layers over all places of the middle one, since a mean does not
know where a thing was seen.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from facecap.training.networks.layers import initialise
from facecap.training.networks.mobilenet_v1 import stages

SIDE = 112
WIDTH = 0.25
FINE, MIDDLE, COARSE = 64, 128, 256  # channels of the levels
PLACES = 7  # a side of the middle level
POINTS = 10
GATHERED = 24  # channels of the middle level that the points are read from
POINT_HIDDEN, BLUR_HIDDEN = 64, 32
FRONT = (0.35, 0.42, 0.65, 0.42, 0.5, 0.56, 0.38, 0.69, 0.62, 0.69)  # the points of a usual crop


class FaceRefiner(nn.Module):
    """(B, 3, 112, 112) -> `face` (B, 1), a logit, `points` (B, 10), x and y as shares of the crop, and `blur`
    (B, 1), a logit."""

    def __init__(self) -> None:
        """Weights start from He's normal initialisation, points near the places of a face seen from the
        front."""
        super().__init__()
        self.stage1, self.stage2, self.stage3 = stages(WIDTH, slope=0.0)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.face = nn.Linear(COARSE, 1)
        self.gather = nn.Sequential(
            nn.Conv2d(MIDDLE, GATHERED, 1, bias=False), nn.BatchNorm2d(GATHERED), nn.ReLU(inplace=True)
        )
        places = nn.Linear(POINT_HIDDEN, POINTS)
        self.points = nn.Sequential(
            nn.Conv2d(GATHERED, POINT_HIDDEN, PLACES), nn.ReLU(inplace=True), nn.Flatten(), places
        )
        self.blur = nn.Sequential(
            nn.Linear(FINE, BLUR_HIDDEN), nn.ReLU(inplace=True), nn.Linear(BLUR_HIDDEN, 1)
        )
        initialise(self)
        nn.init.normal_(places.weight, std=1e-3)
        places.bias = nn.Parameter(torch.tensor(FRONT))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Face, points, blur."""
        fine = self.stage1(x)
        middle = self.stage2(fine)
        coarse = self.stage3(middle)
        face: Tensor = self.face(self.pool(coarse).flatten(1))
        points: Tensor = self.points(self.gather(middle))
        blur: Tensor = self.blur(self.pool(fine).flatten(1))
        return face, points, blur
