"""The steps of the toolchain as functions: each gives files, made once from the same inputs."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from facecap.conversion.cvimodel.environment import Toolchain
from facecap.conversion.cvimodel.process import ToolError, run_tool
from facecap.conversion.cvimodel.steps import Steps, hash_of
from facecap.conversion.cvimodel.tables import Ranges, calibration_table
from facecap.conversion.cvimodel.variant import Answers, Chip, Deployed, Floats, Top, Variant
from facecap.conversion.vendor_wheel import VERSION

NAME = "network"
ION = re.compile(r"Need ION Memory Size: \(([0-9.]+) MB\)")


class Tools:
    """The toolchain, where its results are kept, where its log goes and who hears of its progress."""

    def __init__(
        self, toolchain: Toolchain, steps: Steps, log: Path, tell: Callable[[str], None] = lambda text: None
    ) -> None:
        self._toolchain = toolchain
        self._steps = steps
        self._log = log.resolve()
        self._tell = tell

    def transform(self, graph: onnx.ModelProto, preprocess: Sequence[str] = ()) -> Top:
        """The graph in the toolchain's form; `preprocess` are options that describe what feeds it."""
        data = graph.SerializeToString(deterministic=True)
        shape = [d.dim_value for d in graph.graph.input[0].type.tensor_type.shape.dim]
        made_from = {"tools": VERSION, "graph": hash_of(data), "preprocess": list(preprocess)}

        def make(folder: Path) -> None:
            (folder / "float.onnx").write_bytes(data)
            self._tell("reading the network")
            self._run(
                "reading the network (model_transform)", folder, "model_transform",
                "--model_name", NAME, "--model_def", "float.onnx", "--input_shapes", json.dumps([shape]),
                "--mlir", f"{NAME}.mlir", *preprocess,
            )  # fmt: skip

        folder = self._steps.made("transform", made_from, make)
        path = folder / f"{NAME}.mlir"
        return Top(path, tuple(_layers(path.read_text(encoding="utf-8"))), hash_of(path.read_bytes()))

    def ranges(self, top: Top, inputs: Floats) -> Ranges:
        """Low and high of every tensor over inputs (N, 3, height, width)."""
        key = hash_of(inputs.tobytes())

        def make(folder: Path) -> None:
            np.save(folder / "inputs.npy", inputs)
            job = {
                "task": "ranges",
                "top": str(top.path),
                "inputs": str(folder / "inputs.npy"),
                "out": str(folder / "ranges.json"),
            }
            self._work("calibration", folder, job)
            (folder / "inputs.npy").unlink()

        folder = self._steps.made("ranges", {"top": top.key, "inputs": key}, make)
        found: dict[str, tuple[float, float]] = json.loads((folder / "ranges.json").read_text())
        return {name: (low, high) for name, (low, high) in found.items()}

    def answers(
        self, top: Top, ranges: Ranges, chip: Chip, variants: Sequence[Variant | None], inputs: Floats
    ) -> list[Answers]:
        """What each variant answers, in the integer arithmetic of the chip; None is the float network."""
        with tempfile.TemporaryDirectory(prefix="answers-", dir=self._steps.folder) as name:
            folder = Path(name)
            np.save(folder / "inputs.npy", inputs)
            (folder / "calibration").write_text(calibration_table(ranges))
            jobs = [self._lowering(top, chip, v, folder, place) for place, v in enumerate(variants)]
            job = {
                "task": "answers",
                "top": str(top.path),
                "inputs": str(folder / "inputs.npy"),
                "variants": jobs,
            }
            self._work("computing as the chip does", folder, job)
            return [_read_answers(Path(one["out"])) for one in jobs]

    def deploy(
        self, top: Top, ranges: Ranges, chip: Chip, variant: Variant, feeding: Sequence[str] = ()
    ) -> Deployed:
        """The `.cvimodel` of a variant; `feeding` are options for its input and outputs."""
        made_from = {
            "top": top.key,
            "ranges": {name: list(pair) for name, pair in ranges.items()},
            "chip": chip,
            "mode": variant.mode,
            "others": sorted(variant.others),
            "feeding": list(feeding),
        }

        def make(folder: Path) -> None:
            (folder / "calibration").write_text(calibration_table(ranges))
            (folder / "layers").write_text(variant.table())
            for file in top.path.parent.glob(f"{NAME}*"):
                if file.suffix in (".mlir", ".npz"):
                    (folder / file.name).symlink_to(file)
            table = ("--quantize_table", "layers") if variant.others else ()
            self._run(
                "building the .cvimodel (model_deploy)", folder, "model_deploy",
                "--mlir", top.path.name, "--quantize", variant.mode, "--processor", chip,
                "--calibration_table", "calibration", *table, "--skip_validation",
                "--model", f"{NAME}.cvimodel", *feeding,
            )  # fmt: skip
            _keep_only(folder, f"{NAME}.cvimodel", "calibration", "layers")

        folder = self._steps.made("deploy", made_from, make)
        path = folder / f"{NAME}.cvimodel"
        if not path.is_file():
            raise ToolError(f"building the .cvimodel wrote none, and no reason; the log: {self._log}")
        return Deployed(path, self._ion(path))

    def _ion(self, path: Path) -> float:
        said = self._run(
            "looking into the .cvimodel (model_tool)", path.parent, "model_tool", "--info", path.name
        )
        found = ION.search(said)
        if found is None:
            raise ToolError(f"model_tool does not say the ION memory of {path}; the log: {self._log}")
        return float(found[1])

    def _lowering(
        self, top: Top, chip: Chip, variant: Variant | None, folder: Path, place: int
    ) -> dict[str, Any]:
        """A variant for the worker; the command is what model_deploy begins with."""
        paths = {"out": str(folder / f"answers_{place}.npz")}
        if variant is None:
            return {**paths, "lower": None, "mlir": top.path.name}
        layers, lowered = folder / f"layers_{place}", folder / f"chip_{place}.mlir"
        layers.write_text(variant.table())
        table = f"qtable={layers} " if variant.others else ""
        command = [
            str(self._toolchain.package / "bin" / "tpuc-opt"),
            top.path.name,
            f"--processor-assign=chip={chip} mode={variant.mode} num_device=1 num_core=1 addr_mode=auto "
            "high_precision=False",
            f"--import-calibration-table=file={folder / 'calibration'} asymmetric=False",
            "--processor-top-optimize",
            f"--convert-top-to-tpu={table}weightFileName={folder / f'chip_{place}.npz'} asymmetric=False "
            "doWinograd=False q_group_size=0 q_symmetric=False matmul_perchannel=False gelu_mode=normal",
            "--canonicalize",
            "--weight-fold",
            "-o",
            str(lowered),
        ]
        return {**paths, "lower": command, "mlir": str(lowered)}

    def _work(self, step: str, folder: Path, job: Mapping[str, Any]) -> None:
        (folder / "job.json").write_text(json.dumps(job))
        self._execute(step, folder, [*self._toolchain.worker(), folder / "job.json"])

    def _run(self, step: str, folder: Path, tool: str, *arguments: str) -> str:
        return self._execute(step, folder, [*self._toolchain.tool(tool), *arguments])

    def _execute(self, step: str, folder: Path, command: Sequence[str | Path]) -> str:
        return run_tool(
            step,
            command,
            folder=folder,
            environment=self._toolchain.environment(),
            log=self._log,
            tell=self._tell,
        )


def _layers(mlir: str) -> Iterator[str]:
    """Names of the operations with numbers of their own, in the order of the network."""
    names = dict(re.findall(r'^(#loc\d*) = loc\("([^"]+)"\)', mlir, re.MULTILINE))
    for operation, place in re.findall(
        r'^\s*%\S+ = "top\.(\w+)"\(.*loc\((#loc\d*)\)\s*$', mlir, re.MULTILINE
    ):
        if operation not in ("Weight", "Input", "None"):
            yield names[place]


def _read_answers(path: Path) -> Answers:
    with np.load(path) as found:
        return {name: np.asarray(found[name], np.float32) for name in found.files}


def _keep_only(folder: Path, *names: str) -> None:
    for entry in folder.iterdir():
        if entry.name in names:
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
