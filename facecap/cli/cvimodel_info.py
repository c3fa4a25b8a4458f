"""What a `.cvimodel` says of itself, for `facecap models info`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from facecap.evaluation.report import aligned

MEGABYTE = 1 << 20  # as the vendor counts


def text(contents: Mapping[str, Any]) -> str:
    """Lines for people of what `facecap.models.cvimodel_contents` gives."""
    contents = _printable(contents)
    made = [f"network {contents['name']}"]
    made += [f"built {contents['built']}"] if contents["built"] else []
    made += [f"by the toolchain {contents['toolchain']}"] if contents["toolchain"] else []
    fits = "fits its contents" if contents["md5_fits"] else "does NOT fit its contents"
    lines = [
        f"{contents['bytes']} bytes for {contents['chip']}, "
        f"version {contents['format_version']} of the format",
        ", ".join(made),
        f"ION memory {contents['ion_bytes'] / MEGABYTE:.2f} MB, {contents['weights']} tensors of weights",
        f"MD5 {contents['md5']}, which {fits}",
    ]
    if contents["programs"] > 1:
        lines.append(f"{contents['programs']} programs, of which the runtime takes the first, shown here")
    return "\n".join(lines) + f"\n\n{_sections(contents)}\n\n{_tensors(contents)}"


def _printable(value: Any) -> Any:
    """The same with escapes in place of what is not printable: a file may come from anywhere, and a terminal
    obeys."""
    if isinstance(value, str):
        return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in value)
    if isinstance(value, Mapping):
        return {key: _printable(part) for key, part in value.items()}
    return [_printable(part) for part in value] if isinstance(value, list | tuple) else value


def _sections(contents: Mapping[str, Any]) -> str:
    rows = [["section", "kind", "bytes", "offset"]]
    for one in contents["sections"]:
        kind = one["kind"] + (", compressed" if one["compressed"] else "")
        rows.append([one["name"], kind, str(one["bytes"]), str(one["offset"])])
    return aligned(rows, left=2)


def _tensors(contents: Mapping[str, Any]) -> str:
    """Inputs and outputs first, in their order; then what lies between."""
    role = dict.fromkeys(contents["outputs"], "output") | dict.fromkeys(contents["inputs"], "input")
    place = {name: at for at, name in enumerate([*contents["inputs"], *contents["outputs"]])}
    tensors = sorted(contents["tensors"], key=lambda one: place.get(one["name"], len(place)))
    rows = [["tensor", "", "type", "pixels", "shape", "scale"]]
    for one in tensors:
        pixels = (one["pixels"] or "") + (", aligned" if one["aligned"] else "")
        shape = "x".join(map(str, one["shape"]))
        scale = f"{one['scale']:.6g}"
        rows.append([one["name"], role.get(one["name"], ""), one["type"], pixels, shape, scale])
    return aligned(rows, left=4)
