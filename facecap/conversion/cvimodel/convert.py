"""`facecap convert cvimodel`: a model into a `.cvimodel`, its manifest and a report."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from facecap import models
from facecap.conversion.cvimodel import environment, feeding, mixed, ranking
from facecap.conversion.cvimodel.bench import Bench
from facecap.conversion.cvimodel.evaluation import CHECKS, Drawn, draw_evaluation, evaluate
from facecap.conversion.cvimodel.judge import judge_of
from facecap.conversion.cvimodel.network import Network, check_same, prepare
from facecap.conversion.cvimodel.report import Report, figures_of, folder_of, write_report
from facecap.conversion.cvimodel.steps import Steps
from facecap.conversion.cvimodel.tools import Tools
from facecap.conversion.cvimodel.variant import Floats, Variant
from facecap.conversion.cvimodel.wanted import Wanted
from facecap.conversion.equality import ConversionError
from facecap.conversion.int8.calibration_set import AS_IS, CalibrationSet, DataOptions, draw, used_of
from facecap.conversion.int8.equalize import equalized
from facecap.conversion.manifest import write_model
from facecap.conversion.source import Source, open_source
from facecap.conversion.vendor_wheel import VERSION, cache_folder

Tell = Callable[[str], None]
EQUALIZED_WITH = 32  # pictures
EQUALIZED_TOLERANCE = 1e-3  # rescaled weights round anew; an eighth of the smallest step of int8


def convert(
    model: str | Path,
    data: Path,
    out: Path,
    wanted: Wanted,
    *,
    options: DataOptions = AS_IS,
    work: Path | None = None,
    report_folder: Path | None = None,
    tell: Tell = lambda text: print(f"facecap: {text}", file=sys.stderr, flush=True),
) -> Report:
    """Write `out` (`.cvimodel`), its manifest, and a report.

    Args:
        model: a file, a registry name or a checkpoint, float32.
        data: the folder of the task's data: calibration takes training parts, the report evaluation parts.
        out: the file to write.
        wanted: what it shall be.
        options: more of the data.
        report_folder: the folder for the report and the toolchain's log; one beside `out` where None.
        work: where results of steps are kept, so that a second run goes on; a cache folder where None.
        tell: called with what goes on, a line each.

    Raises:
        ConversionError: the model cannot be converted, the text says at which step and why; or it loses more
            than `wanted` allows, then the report alone is written.
    """
    start = time.monotonic()
    _check_apart(out)
    source = open_source(model)
    _check_bound(wanted, source.manifest["task"])
    network = prepare(source, wanted.sides)
    drawn = _evaluation_pictures(network, data, wanted, options, tell)
    pictures = draw(network.manifest, data, wanted.count, wanted.seed, options)
    inputs = np.concatenate(pictures.first(wanted.count))
    tell(used_of(pictures, wanted.count))
    if wanted.equalized:
        network = _equalized(network, inputs)
    toolchain = environment.toolchain(tell)
    out.parent.mkdir(parents=True, exist_ok=True)
    folder = report_folder or folder_of(out)
    folder.mkdir(parents=True, exist_ok=True)
    steps = Steps(work or cache_folder() / "cvimodel")
    tools = Tools(toolchain, steps, folder / "tools.log", tell)
    bench = _bench(tools, steps, network, wanted, inputs)
    report = _build(bench, wanted, tell)
    manifest = _manifest(source, network, wanted, pictures, report)
    deployed = bench.deploy(report.chosen.variant)
    if wanted.checked_on:
        built = {"int8": bench.deploy(report.int8.variant), report.precision: deployed}
        checked = evaluate(steps, network, built, manifest, drawn, tell)
        report = replace(report, evaluation=checked)
        command = wanted.command(source.manifest["name"]) + options.how.options()
        manifest["figures"] = figures_of(report, command)
    report = replace(report, seconds=time.monotonic() - start)
    write_report(folder, manifest, report)
    _check_loss(report, wanted.max_loss, folder)
    write_model(out, deployed.path.read_bytes(), manifest)
    return report


def _check_apart(out: Path) -> None:
    others = [out.with_suffix(suffix) for suffix in models.SUFFIXES if suffix != out.suffix]
    for other in others:
        if other.exists():
            raise ConversionError(
                f"{out}: its manifest would take the place of that of {other}: give another name or folder"
            )


def _check_bound(wanted: Wanted, task: str) -> None:
    """Before hours of work."""
    if wanted.max_loss is None:
        return
    if not wanted.checked_on:
        raise ConversionError("a bound of the loss (--max-loss) wants evaluation pictures (--check)")
    if task not in CHECKS:
        raise ConversionError(
            f"a bound of the loss (--max-loss) is for models that the simulator checks, {', '.join(CHECKS)}; "
            f"this one is for {task}"
        )


def _evaluation_pictures(
    network: Network, data: Path, wanted: Wanted, options: DataOptions, tell: Tell
) -> Drawn:
    """Before hours of work, which are in vain where a bound of the loss cannot be held."""
    if not wanted.checked_on:
        return Drawn()
    drawn = draw_evaluation(network.manifest, data, wanted.checked_on, options.how)
    if drawn.problem and wanted.max_loss is not None:
        raise ConversionError(f"a bound of the loss (--max-loss) cannot be held: {drawn.problem}")
    if drawn.problem:
        tell(f"not checked on the simulator: {drawn.problem}")
    return drawn


def _check_loss(report: Report, most: float | None, folder: Path) -> None:
    if most is None:
        return
    if report.loss is None:
        raise ConversionError(
            f"nothing is written: the loss is not known, and at most {most:g} was asked for: "
            f"{report.evaluation.problem}"
        )
    if not report.loss <= most:
        raise ConversionError(
            f"nothing is written: {report.precision} loses {report.loss:.4f} of {report.evaluation.measure}, "
            f"wanted at most {most:g}; allow more layers in bf16 or another --precision; report: {folder}"
        )


def _equalized(network: Network, inputs: Floats) -> Network:
    graph = equalized(network.graph, (picture[None] for picture in inputs[:EQUALIZED_WITH]))
    check_same(network.graph, graph, network.manifest["input"], EQUALIZED_TOLERANCE)
    return replace(network, graph=graph)


def _bench(tools: Tools, steps: Steps, network: Network, wanted: Wanted, inputs: Floats) -> Bench:
    entry = network.manifest["input"]
    top = tools.transform(network.graph, feeding.transform_options(wanted.input, entry))
    return Bench(
        tools,
        steps,
        top,
        tools.ranges(top, inputs),
        wanted.chip,
        judge_of(network.manifest),
        inputs[: wanted.ranked_on],
        feeding.deploy_options(wanted.input, entry, wanted.int8_outputs),
    )


def _build(bench: Bench, wanted: Wanted, tell: Tell) -> Report:
    """Int8 and bf16 as the ends of the trade-off, and what lies between where that is asked for."""
    tell("building int8 and bf16")
    int8 = mixed.measure(bench, Variant("INT8"))
    bf16 = mixed.measure(bench, Variant("BF16"))
    report = Report(str(bench.chip), int8, bf16, chosen=bf16 if wanted.precision == "bf16" else int8)
    tell(f"int8: {int8.bytes} bytes, {int8.ion:.2f} MB ION, harm {int8.harm:.4f} (bf16 {bf16.harm:.4f})")
    if wanted.precision != "mixed":
        return report
    if wanted.budget.exceeded(int8):
        raise ConversionError(
            f"int8 alone needs {int8.ion:.2f} MB ION memory and {int8.bytes} bytes, above the budget"
        )
    ranked = ranking.rank(bench, tell)
    points = mixed.trade_off(bench, int8, ranked, wanted.budget, tell)
    return replace(report, ranked=ranked, points=points, chosen=mixed.choose(int8, points))


def _manifest(
    source: Source, network: Network, wanted: Wanted, pictures: CalibrationSet, report: Report
) -> dict[str, Any]:
    kept = report.chosen.variant.others
    derived = source.derived(
        precision=report.precision,
        toolchain=f"tpu_mlir {VERSION}",
        calibration={
            "method": "minmax",
            "count": sum(pictures.classes.values()),
            "seed": wanted.seed,
            "pictures": pictures.classes,
        },
        equalized=wanted.equalized,
        input=wanted.input,
        layers_in_bf16=list(kept),
        ion_megabytes=report.chosen.ion,
    )
    entry = feeding.manifest_input(wanted.input, network.manifest["input"])
    return {**derived, "name": f"{derived['name']}-{wanted.chip}", "chip": wanted.chip, "input": entry}
