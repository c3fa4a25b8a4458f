"""What the tests of the detector's training share."""

from __future__ import annotations

import pytest

from facecap.conversion.detector.known_faces import Seen


@pytest.fixture
def any_weights_find_faces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Weights drawn at random may be a start, though they find no faces."""
    monkeypatch.setattr(Seen, "enough", True)
