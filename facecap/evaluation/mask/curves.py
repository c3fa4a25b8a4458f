"""ROC, precision-recall and reliability of mask classifiers."""

from __future__ import annotations

from collections.abc import Sequence

from facecap.evaluation.classification import (
    average_precision,
    calibration_error,
    precision_recall,
    reliability,
    roc,
    roc_auc,
)
from facecap.evaluation.curves import Curve, Panel
from facecap.evaluation.mask.answers import Answers


def panels(sets: Sequence[str]) -> list[Panel]:
    """Three for each name of a set."""
    return [panel for name in sets for panel in _panels(name)]


def curves(answers: Sequence[Answers]) -> dict[str, Curve]:
    """The curves of one classifier by the title of their panel; sets of one label have only the last."""
    found = {}
    for entry in answers:
        chance, masked = entry.probabilities, entry.part.masked
        receiver, precision, trust = (panel.title for panel in _panels(entry.part.name))
        if masked.any() and not masked.all():
            found[receiver] = Curve(*roc(chance, masked), f"AUC {roc_auc(chance, masked):.4f}")
            found[precision] = Curve(
                *precision_recall(chance, masked), f"AP {average_precision(chance, masked):.4f}"
            )
        counts, mean, share = reliability(chance, masked)
        error = calibration_error(chance, masked)
        found[trust] = Curve(mean, share, f"error {error:.3f}", counts)
    return found


def _panels(name: str) -> tuple[Panel, Panel, Panel]:
    return (
        Panel(
            f"{name}: ROC",
            "bare called mask",
            "mask called mask",
            logarithmic=True,
            x_limits=(1e-3, 1.0),
            y_limits=(0.7, 1.005),
        ),
        Panel(
            f"{name}: precision and recall",
            "recall",
            "precision",
            falling=True,
            y_limits=(0.5, 1.005),
        ),
        Panel(f"{name}: reliability", "mean probability", "share of masks", even=True),
    )
