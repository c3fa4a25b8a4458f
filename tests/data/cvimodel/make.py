"""Make the files of this folder anew; README.md says how it is called.

One network of two layers with fixed random weights, (1, 3, 12, 20) -> (1, 3), converted in several ways. Its
ranges are known, so it needs no calibration.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
NETWORK = HERE / "network.onnx"
SHAPE = (1, 3, 12, 20)
RANGES = {"image": (-1.0, 1.0), "r_Relu": (0.0, 2.95), "f_Flatten": (0.0, 2.95), "logits_Gemm": (-5.6, 5.6)}
FUSED = ["--fuse_preprocess", "--customization_format"]
FILES: dict[str, list[str]] = {
    "float32": ["cv182x", "INT8"],
    "int8": ["cv182x", "INT8", "--quant_input", "--quant_output"],
    "bfloat16": ["cv182x", "BF16", "--quant_input", "--quant_output"],
    "packed_rgb": ["cv182x", "INT8", *FUSED, "RGB_PACKED"],
    "packed_rgb_aligned": ["cv182x", "INT8", *FUSED, "RGB_PACKED", "--aligned_input"],
    "planar_bgr": ["cv182x", "INT8", *FUSED, "BGR_PLANAR"],
    "planar_rgb_aligned": ["cv182x", "INT8", *FUSED, "RGB_PLANAR", "--aligned_input"],
    "nv21": ["cv182x", "INT8", *FUSED, "YUV_NV21", "--aligned_input"],
    "cv181x": ["cv181x", "INT8"],
}


def write_network() -> None:
    """Write `network.onnx`: a convolution, then every value of its answer into three sums."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    random = np.random.default_rng(7)
    weights = {
        "w": random.normal(0, 0.3, (4, 3, 3, 3)),
        "v": random.normal(0, 0.15, (3, 240)),
        "b": random.normal(0, 0.5, 3),
    }
    nodes = [
        helper.make_node("Conv", ["image", "w"], ["c"], pads=[1] * 4, strides=[2, 2], kernel_shape=[3, 3]),
        helper.make_node("Relu", ["c"], ["r"]),
        helper.make_node("Flatten", ["r"], ["f"]),
        helper.make_node("Gemm", ["f", "v", "b"], ["logits"], transB=1),
    ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, SHAPE)],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, (1, 3))],
        [numpy_helper.from_array(values.astype(np.float32), name) for name, values in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(model, NETWORK)


def convert() -> None:
    """Convert `network.onnx` with the vendor's tools."""
    with tempfile.TemporaryDirectory() as folder:

        def tool(name: str, *options: str) -> None:
            subprocess.run([name, *options], cwd=folder, check=True, stdout=subprocess.DEVNULL)

        shape = str([list(SHAPE)])
        pixels = ["--mean", "127.5,127.5,127.5", "--scale", ",".join(["0.00784313725"] * 3)]
        tool("model_transform.py", "--model_name", "tiny", "--model_def", str(NETWORK), "--input_shapes",
             shape, *pixels, "--pixel_format", "rgb", "--mlir", "tiny.mlir")  # fmt: skip
        rows = [f"{name} {high} {low} {high}" for name, (low, high) in RANGES.items()]
        Path(folder, "table").write_text("\n".join(["# op_name threshold min max", *rows, ""]))
        for name, (chip, precision, *options) in FILES.items():
            tool("model_deploy.py", "--mlir", "tiny.mlir", "--quantize", precision, "--calibration_table",
                 "table", "--processor", chip, "--skip_validation", "--model", f"{name}.cvimodel",
                 *options)  # fmt: skip
            shutil.copy(Path(folder, f"{name}.cvimodel"), HERE)


if __name__ == "__main__":
    convert() if "--convert" in sys.argv else write_network()
