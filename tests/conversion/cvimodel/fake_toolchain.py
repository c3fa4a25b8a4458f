"""A toolchain that behaves like the vendor's and has none of it: its tools are scripts, its networks are run
by ONNX Runtime, and int8 moves every answer by a little for each layer that is in int8."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from facecap.conversion.cvimodel.environment import MARK
from facecap.conversion.vendor_wheel import VERSION

LAYERS = ("c_Conv", "p_GlobalAveragePool", "y_Gemm")
HARMS = {"c_Conv": 0.2, "p_GlobalAveragePool": 0.0, "y_Gemm": 0.05}

TRANSFORM = """
import sys
from pathlib import Path
print("progress 10%|#", end="\\r")
if Path("float.onnx").read_bytes().count(b"unsupported"):
    sys.exit("RuntimeError: Unsupport opset for ReduceMean")
lines = ["#loc = loc(unknown)", "module {"]
layers = @LAYERS@
for place, name in enumerate(("x", *layers)):
    kind = "Input" if place == 0 else name.split("_")[1]
    lines.append(f'    %{place} = "top.{kind}"(%arg0) : () -> () loc(#loc{place + 1})')
lines += ["}"] + [f'#loc{place + 1} = loc("{name}")' for place, name in enumerate(("x", *layers))]
Path("network.mlir").write_text("\\n".join(lines) + "\\n")
"""

LOWER = """#!@PYTHON@
import sys
from pathlib import Path
mode = next(word.split("=")[1] for a in sys.argv for word in a.split() if word.startswith("mode="))
table = [word.split("qtable=")[1] for a in sys.argv for word in a.split() if "qtable=" in word]
lines = Path(table[0]).read_text() if table else ""
Path(sys.argv[sys.argv.index("-o") + 1]).write_text(mode + "\\n" + lines)
"""

DEPLOY = """
import sys
from pathlib import Path
def option(name):
    return sys.argv[sys.argv.index(name) + 1] if name in sys.argv else None
table = option("--quantize_table")
kept = len(Path(table).read_text().splitlines()) - 1 if table else 0
size = 2000 if option("--quantize") == "BF16" else 1000 + 100 * kept
Path("leftover.txt").write_text("of the tool")
Path(option("--model")).write_bytes(b"CviModel" + " ".join(sys.argv[1:]).encode().ljust(size)[:size - 8])
"""

TOOL = """#!@PYTHON@
import sys
from pathlib import Path
print("CviModel Need ION Memory Size: (%.2f MB)" % (Path(sys.argv[2]).stat().st_size / 1000))
"""

PYMLIR = """
from pathlib import Path
import onnxruntime

LAYERS = @LAYERS@
HARMS = @HARMS@

def set_mem_mode(mode):
    pass

class module:
    def load(self, path):
        text = Path(path).read_text()
        self._moved = 0.0
        if not text.startswith("#loc"):
            mode, *table = text.splitlines()
            others = [line.split()[0] for line in table if line and not line.startswith("#")]
            layers = set(LAYERS) - set(others) if mode == "INT8" else set(others)
            self._moved = sum(HARMS[name] for name in layers)
        self._session = onnxruntime.InferenceSession("float.onnx")
        self.input_names = [self._session.get_inputs()[0].name]
        self.output_names = [f"{output.name}_Gemm_f32" for output in self._session.get_outputs()]

    def set_progress_silent(self, silent):
        pass

    def set_tensor(self, name, value, shape):
        self._input = value

    def invoke(self, *arguments):
        answers = self._session.run(None, {self.input_names[0]: self._input})
        self._answers = {name: a + self._moved for name, a in zip(self.output_names, answers)}

    def get_tensor(self, name):
        return self._answers[name]

    def get_all_tensor(self):
        return {"x": self._input, **dict.fromkeys(LAYERS, self._answers[self.output_names[0]])}
"""


def make(folder: Path) -> Path:
    """Write it as an environment that is ready; returns the folder for FACECAP_CVIMODEL_TOOLS."""
    package = folder / "lib" / "python3.10" / "site-packages" / "tpu_mlir"
    for place in (folder / "bin", package / "bin", package / "python" / "tools"):
        place.mkdir(parents=True)
    launcher = folder / "bin" / "python"
    launcher.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    launcher.chmod(0o755)
    (folder / MARK).write_text(json.dumps({"version": VERSION}))
    (package / "python" / "tools" / "model_transform.py").write_text(_filled(TRANSFORM))
    (package / "python" / "tools" / "model_deploy.py").write_text(DEPLOY)
    (package / "python" / "pymlir.py").write_text(_filled(PYMLIR))
    for name, text in (("tpuc-opt", LOWER), ("model_tool", TOOL)):
        (package / "bin" / name).write_text(_filled(text))
        (package / "bin" / name).chmod(0o755)
    return folder


def _filled(text: str) -> str:
    for word, value in (("@PYTHON@", sys.executable), ("@LAYERS@", str(LAYERS)), ("@HARMS@", str(HARMS))):
        text = text.replace(word, value)
    return text
