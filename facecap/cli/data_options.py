"""Options of which faces train, measure and calibrate mask classifiers."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_mask_data_options(parser: argparse.ArgumentParser, *, occluders: str, more: str) -> None:
    """Which faces with and without masks; `occluders` and `more` say what the task does with them."""
    parser.add_argument(
        "--data",
        type=Path,
        required=True,
        help="folder that holds mask/index.csv and, optionally, detect/; or two class folders of pictures",
    )
    parser.add_argument(
        "--occluders", type=Path, metavar="DIR", help=f"folder of `train mask-occluders`: {occluders}"
    )
    parser.add_argument(
        "--more",
        type=Path,
        action="append",
        default=[],
        metavar="DIR",
        help=f"folder of `train mask-faces`, repeatable: {more}",
    )
    add_class_folder_options(parser)


def add_class_folder_options(parser: argparse.ArgumentParser) -> None:
    """How two class folders of masked and bare faces are read."""
    group = parser.add_argument_group("two class folders, in DATA or in its train/, val/ and calib/")
    group.add_argument(
        "--classes",
        nargs=2,
        metavar=("MASKED", "BARE"),
        help="their names; mask no_mask or with_mask without_mask when not given",
    )
    group.add_argument(
        "--faces",
        choices=("auto", "find", "whole"),
        default="auto",
        help="find the largest face of each picture, or take each whole as a face crop; auto decides by some "
        "of them (%(default)s)",
    )
