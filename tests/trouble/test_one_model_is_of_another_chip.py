"""A folder of models for two chips: each is checked on its own, and none makes another look broken."""

from __future__ import annotations

from pathlib import Path

import cvimodels
import pytest

from facecap import _registry, doctor, models


def write(folder: Path, chip: str, file: str) -> Path:
    data = cvimodels.stored(file)
    return cvimodels.write(
        folder, data, {**cvimodels.manifest(data, chip=chip), "name": f"for-{chip}"}, f"{chip}.cvimodel"
    )


def test_models_of_two_chips_are_both_right(
    tmp_path: Path, cviruntime: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FACECAP_MODELS", str(tmp_path))
    monkeypatch.setattr(_registry, "SHIPPED", tmp_path)
    paths = [write(tmp_path, "cv181x", "cv181x"), write(tmp_path, "cv182x", "int8")]
    for path in paths + paths[::-1]:
        assert models.verify(path)["name"] == f"for-{path.stem}"
    assert [check.state for check in doctor._models()] == ["ok", "ok"]


def test_a_damaged_model_of_a_chip_is_still_broken(tmp_path: Path, cviruntime: Path) -> None:
    path = write(tmp_path, "cv182x", "int8")
    data = path.read_bytes()
    path = cvimodels.write(tmp_path, data[: len(data) // 2], cvimodels.manifest(data[: len(data) // 2]))
    with pytest.raises(models.ModelError, match=r"tiny\.cvimodel: "):
        models.verify(path)
