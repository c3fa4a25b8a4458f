"""Families of detectors on the Python side: what the outputs of each mean, and its public files.

One module a family and one line in the table below; `docs/extending.md` says what else a new one needs. The
core decodes by itself; what is here serves proofs and measures of graphs that the core does not run.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from facecap.conversion.detector.families import retinaface, scrfd, yunet
from facecap.conversion.detector.families.answers import Answers, Family, Floats
from facecap.errors import FacecapError

FAMILIES: Mapping[str, Family] = {
    "retinaface": retinaface.FAMILY,
    "yunet": yunet.FAMILY,
    "scrfd": scrfd.FAMILY,
}
"""In the order of the core, whose first is meant by a manifest without a family."""


def family_of(manifest: Mapping[str, Any]) -> str:
    """The family of a detector's manifest."""
    return str(manifest["detector"].get("family", next(iter(FAMILIES))))


def decode(outputs: Mapping[str, Floats], manifest: Mapping[str, Any], size: tuple[int, int]) -> Answers:
    """Decode what a detector answered to pictures of one size.

    Args:
        outputs: (N, ...) each, by the names that the manifest gives them.
        manifest: of the detector.
        size: width and height of the network's input.

    Raises:
        FacecapError: nothing here decodes the manifest's family, or its form.
    """
    name, form = family_of(manifest), manifest["detector"]["form"]
    if name not in FAMILIES:
        raise FacecapError(f"no decoder for detectors of the family '{name}'; known: {', '.join(FAMILIES)}")
    forms = FAMILIES[name].forms
    if form not in forms:
        raise FacecapError(f"no decoder for the form '{form}' of {name}; known: {', '.join(forms)}")
    return forms[form](outputs, manifest, size)
