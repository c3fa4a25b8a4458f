"""`facecap models` and `facecap doctor`."""

from __future__ import annotations

import json

import pytest
import scripted
import tiny_models as tiny


@pytest.fixture
def folder(tmp_path):
    scripted.mask_classifier(tmp_path)
    return tmp_path


def test_the_registry_is_listed(facecap, folder):
    done = facecap("models", "list", "--json", env={"FACECAP_MODELS": str(folder)})
    assert done.returncode == 0, done.stderr
    models = {model["name"]: model for model in map(json.loads, done.stdout.splitlines())}
    assert models["bright"]["task"] == "mask" and models["bright"]["default"] is False
    assert any(model["task"] == "face_detection" and model["default"] for model in models.values())


def test_info_is_the_manifest(facecap, folder):
    for name in ("bright", folder / "bright.onnx"):
        done = facecap("models", "info", name, env={"FACECAP_MODELS": str(folder)})
        assert json.loads(done.stdout) == json.loads((folder / "bright.json").read_text())


def test_an_unknown_model_ends_with_1(facecap):
    done = facecap("models", "info", "nobody")
    assert done.returncode == 1
    assert "nobody" in done.stderr


def test_verify_finds_a_changed_file(facecap, folder):
    assert facecap("models", "verify", folder / "bright.onnx").returncode == 0
    data = bytearray((folder / "bright.onnx").read_bytes())
    data[-1] ^= 1
    (folder / "bright.onnx").write_bytes(data)
    done = facecap("models", "verify", env={"FACECAP_MODELS": str(folder)})
    assert done.returncode == 1
    broken = [line for line in done.stdout.splitlines() if line.startswith("broken")]
    assert len(broken) == 1 and "sha256" in broken[0]


def test_what_is_no_checkpoint_is_not_imported(facecap, tmp_path):
    pytest.importorskip("torch")
    (tmp_path / "weights.pth").write_text("no checkpoint")
    done = facecap("models", "import", tmp_path / "weights.pth", "--out", tmp_path / "model.onnx")
    assert done.returncode == 1
    assert "weights.pth" in done.stderr and "Traceback" not in done.stderr
    assert not (tmp_path / "model.onnx").exists()


def test_a_published_checkpoint_is_imported_and_works(facecap, shared, tmp_path):
    pytest.importorskip("torch")
    weights = shared / "data" / "weights" / "mobilenet0.25_Final.pth"
    done = facecap("models", "import", weights, "--out", tmp_path / "published.onnx", "--licence", "MIT")
    assert done.returncode == 0, done.stderr
    assert "compared with mobilenet0.25_Final.pth: scores differ by " in done.stdout
    assert facecap("models", "verify", tmp_path / "published.onnx").returncode == 0


def test_the_doctor_says_what_to_do(facecap, tmp_path):
    done = facecap(
        "doctor", "--json", "--out", tmp_path, env={"FACECAP_ONNXRUNTIME": str(tmp_path / "none.so")}
    )
    assert done.returncode == 1
    checks = {check["name"]: check for check in map(json.loads, done.stdout.splitlines())}
    assert checks["Python"]["state"] == "ok"
    assert checks["onnxruntime"]["state"] == "missing"
    assert "none.so" in checks["onnxruntime"]["detail"] and "pip install" in checks["onnxruntime"]["remedy"]
    assert checks["output"]["state"] == "ok"


def test_the_doctor_who_finds_nothing_names_the_demo(facecap, tmp_path):
    done = facecap("doctor", "--out", tmp_path)
    assert done.returncode == 0, done.stdout
    assert done.stdout.endswith("Try it: facecap demo\n")


def test_the_doctor_finds_a_broken_model(facecap, folder):
    (folder / "bright.onnx").write_bytes(b"no model")
    done = facecap("doctor", env={"FACECAP_MODELS": str(folder)})
    assert done.returncode == 1
    assert "bright.onnx" in done.stdout and "facecap demo" not in done.stdout


def test_a_folder_that_is_not_writable_is_found(facecap, tmp_path):
    (tmp_path / "file").write_text("")
    done = facecap("doctor", "--out", tmp_path / "file" / "out")
    assert done.returncode == 1
    assert "choose another folder" in done.stdout


@pytest.fixture
def board_model(tmp_path):
    """A .cvimodel whose manifest fits its bytes, and nothing that could open it."""
    data = b"CviModel" + bytes(100)
    manifest = {**tiny.mask_manifest(data), "name": "board-mask", "chip": "cv182x"}
    (tmp_path / "board.cvimodel").write_bytes(data)
    (tmp_path / "board.json").write_text(json.dumps(manifest))
    return tmp_path / "board.cvimodel", {"FACECAP_CVIRUNTIME": "", "XDG_CACHE_HOME": str(tmp_path / "empty")}


def test_a_model_of_a_board_is_checked_by_its_bytes_where_it_cannot_be_opened(facecap, board_model):
    path, env = board_model
    done = facecap("models", "verify", path, env=env)
    assert done.returncode == 0, done.stdout
    assert "board-mask" in done.stdout and "its runtime is not here" in done.stdout
    path.write_bytes(path.read_bytes() + b"x")
    done = facecap("models", "verify", path, env=env)
    assert done.returncode == 1
    assert "sha256" in done.stdout


def test_the_doctor_takes_a_model_that_cannot_be_opened_for_no_fault(facecap, board_model):
    path, env = board_model
    done = facecap("doctor", "--out", path.parent, env={**env, "FACECAP_MODELS": str(path.parent)})
    line = next(line for line in done.stdout.splitlines() if "board-mask" in line)
    assert line.startswith("optional") and "for want of a runtime" in line
    assert "python -m facecap.conversion.vendor_wheel fetches the simulator" in done.stdout
    path.write_bytes(path.read_bytes() + b"x")
    done = facecap("doctor", "--out", path.parent, env={**env, "FACECAP_MODELS": str(path.parent)})
    assert done.returncode == 1


def test_the_size_of_a_network_is_shown_by_its_name(facecap):
    pytest.importorskip("torch")
    done = facecap("models", "info", "ghostnet_1.0x", "--input-size", "224", "--outputs", "1000")
    assert done.returncode == 0, done.stderr
    size = json.loads(done.stdout)
    assert (size["network"], size["outputs"], size["input_size"]) == ("ghostnet_1.0x", 1000, [224, 224])
    assert size["parameters"] == 5_182_508 and size["multiply-adds"] / 1e6 == pytest.approx(141.2, abs=0.1)
    detector = json.loads(facecap("models", "info", "retinaface_mobilenet0.25", "--input-size", "64").stdout)
    assert detector["parameters"] == 426_608

    unknown = facecap("models", "info", "ghostnet")
    assert unknown.returncode == 1 and "networks are: ghostnet_1.0x" in unknown.stderr
    refused = facecap("models", "info", "mask-ghostnet", "--outputs", "3")
    assert refused.returncode == 1 and "--outputs are for names of networks" in refused.stderr


def test_weights_of_a_classifier_become_a_model(facecap, tmp_path):
    torch = pytest.importorskip("torch")
    from facecap.training.networks.registry import build

    torch.save({"state_dict": build("mobilenet_v1_0.25", 3).state_dict()}, tmp_path / "net.pth")
    (tmp_path / "names.txt").write_text("cat\ndog\nbird\n")
    words = ["--task", "classification", "--classes", tmp_path / "names.txt", "--input-size", "64"]
    words += ["--mean", "0.485,0.456,0.406", "--std", "0.229,0.224,0.225", "--out", tmp_path / "net.onnx"]
    done = facecap("models", "import", tmp_path / "net.pth", *words)
    assert done.returncode == 0, done.stderr
    assert "net.pth: the weights in its entry state_dict" in done.stderr
    assert "fed with 64x64 rgb, mean 123.675 116.28 103.53, std 58.395 57.12 57.375" in done.stderr
    manifest = json.loads((tmp_path / "net.json").read_text())
    assert manifest["classifier"]["classes"] == ["cat", "dog", "bird"]
    wrong = facecap("models", "import", tmp_path / "net.pth", "--mean", "1,2", "--out", tmp_path / "no.onnx")
    assert wrong.returncode == 2 and "wanted three numbers such as 124,116,104" in wrong.stderr


def test_the_input_size_of_other_commands_does_not_matter_to_models(facecap):
    done = facecap("models", "info", "mask-ghostnet", env={"FACECAP_INPUT_SIZE": "640x480"})
    assert done.returncode == 0, done.stderr
