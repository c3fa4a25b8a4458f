"""Ranking of layers and the choice of those that stay in bf16, on a network whose layers do known harm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("onnx")

from facecap.conversion.cvimodel import mixed
from facecap.conversion.cvimodel.bench import Bench
from facecap.conversion.cvimodel.judge import OutputJudge
from facecap.conversion.cvimodel.mixed import Budget, Point
from facecap.conversion.cvimodel.ranking import CHUNK, rank
from facecap.conversion.cvimodel.steps import Steps
from facecap.conversion.cvimodel.tables import calibration_table, quantize_table
from facecap.conversion.cvimodel.variant import Deployed, Top, Variant
from facecap.conversion.equality import ConversionError

MANIFEST = {"outputs": [{"role": "logits", "name": "y"}]}


@dataclass
class FakeTools:
    """A toolchain for a network whose answer 1 moves by the harm of every layer that is in int8, and whose
    ION memory grows by the cost of every layer that is not."""

    harms: Mapping[str, float]
    costs: Mapping[str, float] = field(default_factory=dict)
    jobs: int = 0

    def in_int8(self, variant: Variant) -> set[str]:
        others = set(variant.others)
        return set(self.harms) - others if variant.mode == "INT8" else others

    def answers(self, top: Top, ranges: Any, chip: str, variants: Sequence[Any], inputs: Any) -> list[Any]:
        self.jobs += 1
        moved = [0.0 if v is None else sum(self.harms[name] for name in self.in_int8(v)) for v in variants]
        return [{"y_Gemm_f32": np.full((4, 1), 1 + by, np.float32)} for by in moved]

    def deploy(self, top: Top, ranges: Any, chip: str, variant: Variant, feeding: Any) -> Deployed:
        kept = set(self.harms) - self.in_int8(variant)
        path = top.path.with_name(f"{len(kept)}.cvimodel")
        path.write_bytes(bytes(100 + 10 * len(kept)))
        return Deployed(path, 1.0 + sum(self.costs.get(name, 0.1) for name in kept))


def bench_of(tools: FakeTools, folder: Path) -> Bench:
    top = Top(folder / "network.mlir", tuple(tools.harms), "key")
    inputs = np.zeros((4, 3, 8, 8), np.float32)
    return Bench(tools, Steps(folder / "steps"), top, {}, "cv182x", OutputJudge(MANIFEST), inputs)  # type: ignore[arg-type]


def searched(tools: FakeTools, folder: Path, budget: Budget) -> list[Point]:
    bench = bench_of(tools, folder)
    int8 = mixed.measure(bench, Variant())
    return mixed.trade_off(bench, int8, rank(bench), budget)


HARMS = {"stem": 0.5, "middle": 0.0, "deep": 0.25, "head": 0.125}


def test_layers_are_ranked_by_what_they_do_alone(tmp_path: Path) -> None:
    ranked = rank(bench_of(FakeTools(HARMS), tmp_path))
    assert [one.layer for one in ranked] == ["stem", "deep", "head", "middle"]
    assert ranked[0].harm == pytest.approx(0.5)
    assert ranked[-1].harm == pytest.approx(0)


def test_a_second_ranking_judges_nothing_again(tmp_path: Path) -> None:
    tools = FakeTools({f"layer{i}": i / 100 for i in range(2 * CHUNK + 1)})
    first = rank(bench_of(tools, tmp_path))
    jobs = tools.jobs
    assert rank(bench_of(tools, tmp_path)) == first
    assert tools.jobs == jobs + 2  # the float network and bf16, which everything is held against
    assert first[0].layer == f"layer{2 * CHUNK}"


def test_a_ranking_goes_on_where_it_was_interrupted(tmp_path: Path) -> None:
    tools = FakeTools({f"layer{i}": i / 100 for i in range(3 * CHUNK)})

    def interrupt(text: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rank(bench_of(tools, tmp_path), interrupt)
    jobs = tools.jobs
    rank(bench_of(tools, tmp_path))
    assert tools.jobs == jobs + 4  # float and bf16 again, and the two chunks that were left


def test_the_most_harmful_layers_stay_in_bf16_first(tmp_path: Path) -> None:
    points = searched(FakeTools(HARMS), tmp_path, Budget(layers=2))
    assert [point.variant.others for point in points] == [("stem",), ("stem", "deep")]
    assert points[1].harm == pytest.approx(0.125)


def test_layers_without_harm_stay_in_int8(tmp_path: Path) -> None:
    points = searched(FakeTools(HARMS), tmp_path, Budget(ion=9))
    assert max(len(point.variant.others) for point in points) == 3


@given(st.lists(st.floats(0.01, 1), min_size=1, max_size=12), st.floats(1.0, 2.5), st.floats(0.05, 0.5))
def test_no_point_passes_the_budget_and_the_fullest_one_fills_it(
    tmp_path_factory: pytest.TempPathFactory, harms: list[float], ion: float, cost: float
) -> None:
    names = {f"layer{place}": harm for place, harm in enumerate(harms)}
    tools = FakeTools(names, dict.fromkeys(names, cost))
    points = searched(tools, tmp_path_factory.mktemp("steps"), Budget(ion=ion))
    assert all(point.ion <= ion for point in points)
    fullest = max((len(point.variant.others) for point in points), default=0)
    assert fullest == len(names) or 1.0 + (fullest + 1) * cost > ion - 1e-9


def test_a_layer_that_alone_breaks_the_budget_is_passed_over(tmp_path: Path) -> None:
    tools = FakeTools(HARMS, {"stem": 5.0})
    points = searched(tools, tmp_path, Budget(ion=1.5))
    assert points[-1].variant.others == ("deep", "head")


def test_the_file_counts_too(tmp_path: Path) -> None:
    points = searched(FakeTools(HARMS), tmp_path, Budget(bytes=110))
    assert [len(point.variant.others) for point in points] == [1]


def point(harm: float, layers: int) -> Point:
    return Point(Variant("INT8", tuple("abcdefgh"[:layers])), 100, 1.0, {"harm": harm})


def test_the_fewest_layers_that_are_nearly_as_good_are_chosen() -> None:
    int8, points = point(1.0, 0), [point(0.5, 1), point(0.23, 2), point(0.2, 4)]
    assert mixed.choose(int8, points) is points[1]


def test_int8_stays_where_nothing_is_better() -> None:
    int8 = point(0.1, 0)
    assert mixed.choose(int8, [point(0.1, 1), point(0.099, 2)]) is int8
    assert mixed.choose(int8, []) is int8


def test_tables_are_in_the_toolchains_words() -> None:
    table = calibration_table({"input": (-1.0, 0.5), "silent": (0.0, 0.0)})
    assert table.splitlines()[1:] == [
        "input 1.0000000 -1.0000000 0.5000000",
        "silent 0.0000100 0.0000000 0.0000000",
    ]
    assert quantize_table(["a", "b"]).splitlines() == ["# op_name   quantize_mode", "a BF16", "b BF16"]
    assert "a INT8" in Variant("BF16", ("a",)).table()


@pytest.mark.parametrize("ranges", [{}, {"x": (0.0, float("inf"))}, {"x": (float("nan"), 1.0)}])
def test_ranges_that_scale_nothing_are_refused(ranges: dict[str, tuple[float, float]]) -> None:
    with pytest.raises(ConversionError, match="calibration"):
        calibration_table(ranges)


def test_a_step_is_made_once_and_a_broken_one_again(tmp_path: Path) -> None:
    steps = Steps(tmp_path)
    made = []

    def make(folder: Path) -> None:
        made.append(folder)
        (folder / "result").write_text(str(len(made)))
        if len(made) == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        steps.made("step", {"a": 1}, make)
    first = steps.made("step", {"a": 1}, make)
    assert (first / "result").read_text() == "2"
    assert steps.made("step", {"a": 1}, make) == first
    assert steps.made("step", {"a": 2}, make) != first
    assert len(made) == 3
