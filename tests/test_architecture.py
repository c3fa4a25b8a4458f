"""Who may import whom, as docs/architecture.md says. The rules stand in the tables at the top."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
CORE = ROOT / "cpp" / "src"
HEADERS = ROOT / "cpp" / "include" / "facecap"

STAGES = {"capture", "track", "quality", "detect", "classify", "embed", "refine", "motion"}

# A folder of cpp/src -> the folders that it may include besides its own.
CPP_RULES: dict[str, set[str]] = {
    "image": set(),
    "runtime": {"image"},  # a manifest says how pixels become numbers
    "capture": set(),
    "track": set(),
    "motion": {"capture", "image"},  # the settings of a capture, and pixels
    "quality": set(),
    "detect": {"image", "runtime"},
    "classify": {"image", "runtime"},
    "embed": {"image", "runtime"},
    "refine": {"image", "runtime"},
    "settings": {"capture", "runtime"},  # the table of a capture's settings, and the files that give them
    "pipeline": STAGES | {"image", "runtime"},
}

# A public header -> the folder whose concept it declares. "" is what every folder may include.
HEADER_OF: dict[str, str] = {
    "areas": "capture",
    "capture_gate": "capture",
    "capture_settings": "settings",
    "config_text": "settings",
    "cvimodel_contents": "runtime",
    "detector": "detect",
    "embedder": "embed",
    "error": "",
    "frame_view": "image",
    "geometry": "",
    "image": "image",
    "jpeg_fill": "image",
    "manifest": "runtime",
    "manifest_rules": "runtime",
    "mask_classifier": "classify",
    "motion": "motion",
    "pipeline": "pipeline",
    "quality": "quality",
    "refiner": "refine",
    "replay": "pipeline",
    "session": "runtime",
    "tracker": "track",
}

# What packages beside facecap may import of it: its public API and no others.
GUESTS: dict[str, set[str]] = {
    "facecap_pytest": {"facecap", "facecap.testing"},
    "facecap_service": {
        "facecap",
        "facecap.replay",
        "facecap.addresses",
        "facecap.cores",
        "facecap.errors",
        "facecap.models",
        "facecap.picture_faces",
        "facecap.ray_cluster",
        "facecap.sources",
    },
}

# Part of facecap -> the parts that it must not import, neither at the top of a module nor inside a function.
TOOLS = {"benchmark", "cli", "conversion", "demo", "evaluation", "testing", "training"}
PYTHON_RULES: dict[str, set[str]] = {
    "core": TOOLS | {"client", "doctor", "models", "picture_faces", "replay", "sinks", "sources"},
    "replay": TOOLS | {"client", "doctor", "models", "picture_faces", "sinks", "sources"},
    "models": TOOLS | {"client", "doctor", "picture_faces", "sinks", "sources"},
    "sources": TOOLS | {"client", "doctor", "models", "picture_faces", "sinks"},
    "sinks": TOOLS | {"client", "doctor", "models"},
    "client": TOOLS | {"doctor", "models", "picture_faces", "sinks", "sources"},
    "picture_faces": TOOLS | {"client", "doctor", "models", "sinks", "sources"},
    "batch": TOOLS | {"client", "doctor", "models"},
    "ray_cluster": TOOLS
    | {"batch", "client", "doctor", "models", "picture_faces", "replay", "sinks", "sources"},
    "demo": {"benchmark", "cli", "conversion", "evaluation", "testing", "training"},
    "testing": TOOLS - {"testing"} | {"client", "doctor", "models", "picture_faces", "sinks", "sources"},
    "benchmark": {"cli"},
    "conversion": {"cli"},
    "evaluation": {"cli"},
    "training": {"cli"},
}
# Where a stage of the core asks a tool that only some installations have, at the moment it is needed.
PYTHON_EXCEPTIONS = {("facecap._cvimodel", "facecap.conversion.vendor_wheel")}

# What `import facecap` must not bring, because plain users do not install it.
HEAVY = {
    "alembic",
    "fastapi",
    "matplotlib",
    "onnx",
    "pyarrow",
    "pydantic",
    "ray",
    "scipy",
    "sqlalchemy",
    "torch",
    "uvicorn",
}

PACKAGES = {"facecap": "facecap", "facecap_pytest": "facecap_pytest", "service": "facecap_service"}
COMPILED = "facecap._core"  # a module without a Python file


def modules() -> dict[str, Path]:
    """Module name -> file, of every package under its installed name."""
    found = {}
    for folder, package in PACKAGES.items():
        for path in (ROOT / folder).rglob("*.py"):
            parts = path.relative_to(ROOT / folder).with_suffix("").parts
            found[".".join((package, *parts)).removesuffix(".__init__")] = path
    return found


MODULES = modules()


def _runtime_nodes(body: list[ast.stmt], inside_functions: bool) -> Iterator[ast.Import | ast.ImportFrom]:
    """Imports that are carried out: those under TYPE_CHECKING are not."""
    for node in body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not inside_functions:
            continue
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            yield from _runtime_nodes(node.orelse, inside_functions)
        else:
            for block in ("body", "orelse", "finalbody", "handlers", "cases"):
                yield from _runtime_nodes(getattr(node, block, []), inside_functions)


@cache
def imports(module: str, *, inside_functions: bool) -> frozenset[str]:
    """What a module imports: modules by name, and names of a package where they are no modules."""
    path = MODULES[module]
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    found: set[str] = set()
    for node in _runtime_nodes(ast.parse(path.read_text()).body, inside_functions):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
            continue
        base = node.module or ""
        if node.level:
            parent = package.split(".")[: len(package.split(".")) - node.level + 1]
            base = ".".join([*parent, base] if base else parent)
        for alias in node.names:
            name = f"{base}.{alias.name}"
            found.add(name if name in MODULES or name == COMPILED else base)
    return frozenset(found)


def part(module: str) -> str:
    """The part of facecap that a module belongs to: its folder, its own name, or "core"."""
    name = [*module.split("."), ""][1]
    return "core" if not name or name == "errors" or (name[0] == "_" and name != "__main__") else name


def included(path: Path) -> list[tuple[str, str]]:
    """Headers of the project that a C++ file includes, each with the folder that it belongs to."""
    found = []
    for header in re.findall(r'^#include "([^"]+)"', path.read_text(), re.M):
        first, _, rest = header.partition("/")
        found.append((header, HEADER_OF[rest.removesuffix(".hpp")] if first == "facecap" else first))
    return found


def test_every_folder_and_header_of_the_core_has_a_rule() -> None:
    assert {path.name for path in CORE.iterdir() if path.is_dir()} == set(CPP_RULES)
    assert {path.stem for path in HEADERS.glob("*.hpp")} == set(HEADER_OF)


def test_a_folder_of_the_core_includes_only_what_lies_below_it() -> None:
    files = [(path, path.relative_to(CORE).parts[0]) for path in sorted(CORE.rglob("*.?pp"))]
    files += [(path, HEADER_OF[path.stem]) for path in sorted(HEADERS.glob("*.hpp"))]
    wrong = [
        f"{path.relative_to(ROOT)} includes {header}"
        for path, folder in files
        for header, target in included(path)
        if target not in {"", folder} | CPP_RULES.get(folder, set())
    ]
    assert wrong == []


def test_the_service_and_the_pytest_plugin_use_the_public_api_alone() -> None:
    wrong = [
        f"{module} imports {name}"
        for module in MODULES
        if (package := module.split(".")[0]) in GUESTS
        for name in imports(module, inside_functions=True)
        if name.split(".")[0] == "facecap" and name not in GUESTS[package]
    ]
    assert wrong == []


def test_a_part_of_the_package_imports_only_what_lies_below_it() -> None:
    wrong = [
        f"{module} imports {name}"
        for module in MODULES
        if module.split(".")[0] == "facecap"
        for name in imports(module, inside_functions=True)
        if name.split(".")[0] == "facecap" and part(name) in PYTHON_RULES.get(part(module), set())
        if (module, name) not in PYTHON_EXCEPTIONS
    ]
    assert wrong == []


def closure(module: str) -> set[str]:
    """All that importing a module imports, of the project and of others."""
    seen: set[str] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        if name in MODULES:
            waiting += imports(name, inside_functions=False)
            if "." in name:
                waiting.append(name.rpartition(".")[0])
    return seen


def test_import_facecap_brings_nothing_that_plain_users_lack() -> None:
    assert {name.split(".")[0] for name in closure("facecap")} & HEAVY == set()


def test_modules_do_not_import_each_other_in_circles() -> None:
    graph = {
        name: {other for other in imports(name, inside_functions=True) if other in MODULES and other != name}
        for name in MODULES
    }
    assert [sorted(group) for group in strongly_connected(graph) if len(group) > 1] == []


def strongly_connected(graph: dict[str, set[str]]) -> list[frozenset[str]]:
    """Groups of modules of which each reaches all others (R. Tarjan, 1972)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    groups: list[frozenset[str]] = []

    def visit(name: str) -> None:
        index[name] = low[name] = len(index)
        stack.append(name)
        for other in sorted(graph[name]):
            if other not in index:
                visit(other)
                low[name] = min(low[name], low[other])
            elif other in stack:
                low[name] = min(low[name], index[other])
        if low[name] == index[name]:
            group = set()
            while name not in group:
                group.add(stack.pop())
            groups.append(frozenset(group))

    for name in graph:
        if name not in index:
            visit(name)
    return groups
