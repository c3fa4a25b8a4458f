"""The files that put the service on a Ray cluster: they agree with each other, with facecap and with Ray."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

pytest.importorskip("fastapi", reason="the extra 'service' is not installed")
pytest.importorskip("yaml")

import yaml

from facecap_service import configuration
from facecap_service.keys import new_key

ROOT = Path(__file__).resolve().parent.parent.parent
DEPLOY = ROOT / "deploy"
SCRIPT = DEPLOY / "ray-ingress"
COMPOSE = yaml.safe_load((DEPLOY / "compose.cluster.yaml").read_text())["services"]
RAY_CLUSTER, INGRESS, SERVICE, NODES_POLICY, INGRESS_POLICY = yaml.safe_load_all(
    (DEPLOY / "kuberay.yaml").read_text()
)
HEAD, WORKER = RAY_CLUSTER["spec"]["headGroupSpec"], RAY_CLUSTER["spec"]["workerGroupSpecs"][0]


def container(template: dict[str, Any]) -> dict[str, Any]:
    [only] = template["spec"]["containers"]
    return only


def environment(of: dict[str, Any]) -> dict[str, Any]:
    """Names and values of a pod's container; a value from the secret is a dict."""
    return {item["name"]: item.get("value", item.get("valueFrom")) for item in of["env"]}


@pytest.mark.parametrize("name", ["compose", "kuberay"])
def test_settings_of_the_ingress_apply(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("facecap_service.cluster")
    given = environment(container(INGRESS["spec"]["template"]))
    if name == "compose":
        given = COMPOSE["facecap"]["environment"]
    settings = {key: value for key, value in given.items() if key.startswith("FACECAP_")}
    settings["FACECAP_STORE_URL"] = "postgresql+psycopg://facecap:x@database/facecap"
    for key, value in settings.items():
        monkeypatch.setenv(key, str(value))
    file = tmp_path / "facecap.toml"
    file.write_text(new_key("office", ["read"])[1])
    loaded = configuration.load(file).settings
    assert loaded.store.crops == "database"
    assert loaded.cluster.address == ("head:6379" if name == "compose" else "facecap-head-svc:6379")


def test_the_image_has_extras_that_exist() -> None:
    known = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    for file in (*sorted(DEPLOY.iterdir()), ROOT / "docs" / "deploying.md"):
        for extras in re.findall(r"\bEXTRAS(?:=|: )([a-z,]+)", file.read_text()):
            assert set(extras.split(",")) <= set(known), file.name


def test_kuberay_is_told_the_ray_that_the_image_installs() -> None:
    image = (DEPLOY / "Dockerfile").read_text()
    [version] = re.findall(r"^ARG RAY=(\S+)$", image, re.MULTILINE)
    assert RAY_CLUSTER["spec"]["rayVersion"] == version
    assert 'echo "ray==${RAY}" > constraints.txt' in image and "--constraint constraints.txt" in image


def kuberay_options(params: dict[str, str]) -> list[str]:
    """As KubeRay makes a command of `rayStartParams`."""
    return [
        f"--{key}" if value == "true" and not key.startswith("include-") else f"--{key}={value}"
        for key, value in params.items()
    ]


def ingress_options() -> list[str]:
    [line] = re.findall(r"^ray start (.*?) &$", SCRIPT.read_text().replace("\\\n", " "), re.MULTILINE)
    return shlex.split(line.replace('"$FACECAP_CLUSTER_ADDRESS"', "head:6379"))


COMMANDS = {
    "compose head": COMPOSE["head"]["entrypoint"][2:],
    "compose worker": COMPOSE["worker"]["entrypoint"][2:],
    "kuberay head": ["--head", *kuberay_options(HEAD["rayStartParams"])],
    "kuberay worker": ["--address=facecap-head-svc:6379", *kuberay_options(WORKER["rayStartParams"])],
    "ingress": ingress_options(),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_ray_knows_every_option(name: str) -> None:
    scripts = pytest.importorskip("ray.scripts.scripts", reason="the extra 'cluster' is not installed")
    given = scripts.start.make_context("start", list(COMMANDS[name])).params
    assert (given["node_manager_port"], given["object_manager_port"]) == (6380, 6381)
    assert given["object_store_memory"] < 768 * 2**20, "more than /dev/shm has"
    assert given["disable_usage_stats"]
    assert (given["num_cpus"] == 0) == ("worker" not in name), "cameras are on the workers"
    assert given["head"] == ("head" in name) and bool(given["address"]) != given["head"]


def test_every_node_of_compose_has_the_token_and_few_rights() -> None:
    for name in ("head", "worker", "facecap"):
        service = COMPOSE[name]
        assert service["environment"]["RAY_AUTH_MODE"] == "token"
        assert service["environment"]["RAY_AUTH_TOKEN"].startswith("${RAY_AUTH_TOKEN:?")
        assert service["read_only"] and service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"] and service["shm_size"] == "768mb"
    published = {name: service["ports"] for name, service in COMPOSE.items() if "ports" in service}
    assert published == {"facecap": ["127.0.0.1:8000:8000"]}


def test_every_pod_has_the_token_and_few_rights() -> None:
    assert RAY_CLUSTER["spec"]["authOptions"] == {"mode": "token", "secretName": "facecap"}
    given = environment(container(INGRESS["spec"]["template"]))
    assert given["RAY_AUTH_MODE"] == "token"
    for name, key in (("RAY_AUTH_TOKEN", "auth_token"), ("FACECAP_STORE_URL", "store-url")):
        assert given[name] == {"secretKeyRef": {"name": "facecap", "key": key}}
    for template in (HEAD["template"], WORKER["template"], INGRESS["spec"]["template"]):
        assert template["spec"]["securityContext"]["runAsUser"] == 10001
        assert not template["spec"]["automountServiceAccountToken"]
        rights = container(template)["securityContext"]
        assert rights == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert {"readinessProbe", "livenessProbe", "resources"} <= set(container(template))


def test_rays_ports_are_open_to_its_nodes_alone_and_the_ingress_to_all() -> None:
    of_nodes = NODES_POLICY["spec"]["podSelector"]["matchLabels"]
    for template in (HEAD["template"], WORKER["template"], INGRESS["spec"]["template"]):
        assert of_nodes.items() <= template["metadata"]["labels"].items()
    assert NODES_POLICY["spec"]["ingress"] == [{"from": [{"podSelector": {"matchLabels": of_nodes}}]}]
    labels = INGRESS["spec"]["template"]["metadata"]["labels"]
    of_ingress = INGRESS["spec"]["selector"]["matchLabels"]
    assert of_ingress.items() <= labels.items()
    assert SERVICE["spec"]["selector"] == INGRESS_POLICY["spec"]["podSelector"]["matchLabels"] == of_ingress
    [port] = container(INGRESS["spec"]["template"])["ports"]
    assert port == {"name": SERVICE["spec"]["ports"][0]["targetPort"], "containerPort": 8000}
    assert INGRESS_POLICY["spec"]["ingress"] == [{"ports": [{"port": port["name"]}]}]
