"""`facecap convert compare`: what converted models kept of the float model, layer by layer and figure by
figure."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from facecap import models
from facecap._files import write_atomic
from facecap.benchmark.interleave import take_turns
from facecap.benchmark.report import machine
from facecap.conversion import run_graph
from facecap.conversion.equality import ConversionError
from facecap.conversion.int8.calibration_set import AS_IS, DataOptions, draw
from facecap.conversion.layer_noise import Layer, layer_noise
from facecap.conversion.model_source import as_model
from facecap.conversion.network_input import Floats
from facecap.conversion.source import Source, open_source
from facecap.conversion.task_figures import Figures, measure_of
from facecap.evaluation.report import aligned, number

WATCHED = 8  # pictures
WORST = 10
TURNS = 20


@dataclass(frozen=True)
class Compared:
    """One model: figures, bytes of the file, time a picture over the float model's, and layers, the worst
    first."""

    figures: Figures
    bytes: int
    time: float
    layers: list[Layer]


def compare(
    names: Sequence[str],
    data: Path,
    turns: int = TURNS,
    seed: int = 0,
    occluders: Path | None = None,
    options: DataOptions = AS_IS,
) -> dict[str, Compared]:
    """Measure the models side by side; the first is the float one that the others are held against.

    Args:
        names: files, registry names or checkpoints, all of one task.
        data: the folder of the task's data; evaluation parts for figures, training parts for layers.
        turns: how often each runs for the time, one picture in turn.
        seed: of drawing the pictures that layers are watched on.
        occluders: folder of `facecap train mask-occluders`: mask models are measured behind real things too.
        options: more of the data.

    Raises:
        ConversionError: the models are of different tasks, or the first is no float model.
        FacecapError: occluders for models that are no mask classifiers.
    """
    with tempfile.TemporaryDirectory() as folder:
        paths = {name: _path(name, Path(folder)) for name in names}
        first, *others = names
        sources = {first: open_source(paths[first])}
        sources |= {name: open_source(paths[name], converted=True) for name in others}
        for name, source in sources.items():
            _check_task(name, source.task, sources[first].task)
        measure = measure_of(sources[first].task, data, occluders, options.how)
        blobs = draw(sources[first].manifest, data, WATCHED, seed, options).first(WATCHED)
        ratios = _times(sources, blobs[0], turns)
        compared = {}
        for name, source in sources.items():
            print(f"compare: {name}", file=sys.stderr)
            layers = [] if name == first else layer_noise(sources[first].graph, source.graph, blobs)
            size = source.manifest["file"]["bytes"]
            compared[name] = Compared(measure(paths[name]), size, ratios[name], layers)
        return compared


def table(compared: dict[str, Compared]) -> str:
    """Figures with their distance from the float model, then the worst layers of each other model."""
    names = list(compared)
    float_one = compared[names[0]]
    rows = [["", *names]]
    for key, value in float_one.figures.items():
        cells = [number(value)]
        for name in names[1:]:
            found = compared[name].figures[key]
            change = f" ({found - value:+.4f})" if isinstance(value, float) else ""
            cells.append(number(found) + change)
        rows.append([key, *cells])
    rows.append(["MB", *(f"{one.bytes / 1e6:.2f}" for one in compared.values())])
    rows.append(["time / float", *(f"{one.time:.2f}" for one in compared.values())])
    blocks = [aligned(rows)]
    for name in names[1:]:
        worst = [["worst layers", "operator", "dB", "error"]]
        for layer in compared[name].layers[:WORST]:
            worst.append([layer.tensor, layer.operator, f"{layer.decibels:.1f}", f"{layer.error:.4f}"])
        blocks.append(f"{name}\n{aligned(worst, left=2)}")
    return "\n\n".join(blocks)


def write_report(out: Path, compared: dict[str, Compared]) -> None:
    """`compare.json`, `compare.txt`, and `compare.png`, which shows the noise of all layers."""
    out.mkdir(parents=True, exist_ok=True)
    write_atomic(out / "compare.json", (json.dumps(to_json(compared), indent=2) + "\n").encode())
    write_atomic(out / "compare.txt", (table(compared) + "\n").encode())
    write_atomic(out / "compare.png", _picture(compared))


def to_json(compared: dict[str, Compared]) -> dict[str, Any]:
    """The same for programs."""
    return {
        "machine": machine(),
        "models": [{"model": name, **asdict(one)} for name, one in compared.items()],
    }


def _check_task(name: str, found: str, wanted: str) -> None:
    if found != wanted:
        raise ConversionError(f"{name}: a model for {found}, compared with one for {wanted}")


def _path(name: str, folder: Path) -> Path:
    path = Path(as_model(name, folder) or name)
    return path if path.suffix in models.SUFFIXES else models.find(str(path)).path


def _times(sources: dict[str, Source], blob: Floats, turns: int) -> dict[str, float]:
    """Median over the turns of each model's time a picture divided by the first's."""
    calls, batches = {}, {name: run_graph.batch_of(source.graph) for name, source in sources.items()}
    for name, source in sources.items():
        network = run_graph.session(source.graph)
        feed = {network.get_inputs()[0].name: run_graph.fill_batch(network, blob)}
        calls[name] = lambda network=network, feed=feed: network.run(None, feed)
    measured = take_turns(calls, turns)
    base = next(iter(sources))
    return {name: measured.ratio(name, base) * batches[base] / batches[name] for name in sources}


def _picture(compared: dict[str, Compared]) -> bytes:
    import io

    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 5), layout="constrained")
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_subplot(
        1, 1, 1, title="signal to noise of every tensor, worst first", xlabel="tensor", ylabel="dB"
    )
    for name, one in compared.items():
        if one.layers:
            axes.plot([layer.decibels for layer in one.layers], marker=".", label=Path(name).name)
    axes.grid(alpha=0.3)
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False)  # beside the curves, not on them
    buffer = io.BytesIO()
    canvas.print_png(buffer)  # type: ignore[no-untyped-call]
    return buffer.getvalue()
