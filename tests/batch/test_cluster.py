"""Tasks on a Ray cluster that this test starts."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli.conftest import clean_environment

from facecap.batch.cluster import cluster, work_where_it_is
from facecap.batch.task import Failure, Result
from facecap.demo import clip
from facecap.errors import FacecapError

from .works import make_files, work


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Of a cluster of one node with two CPUs."""
    pytest.importorskip("ray")
    from ray.cluster_utils import Cluster

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))  # its processes import `works`
        cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 2, "include_dashboard": False})
    yield cluster.address
    cluster.shutdown()


def test_what_dies_is_done_again_and_what_dies_every_time_is_named(tmp_path: Path, address: str) -> None:
    files = make_files(tmp_path, "a", "crash", "b", "once")
    with cluster(address) as work_on:
        said = [each for each in work_on(files, work, lambda: False) if each is not None]
    assert sorted(Path(each.file).name for each in said if isinstance(each, Result)) == ["a", "b", "once"]
    (failed,) = [each for each in said if isinstance(each, Failure)]
    assert Path(failed.file).name == "crash" and "WorkerCrashedError" in failed.error


def test_a_batch_on_a_cluster_leaves_the_tables_of_one_machine(tmp_path: Path, address: str) -> None:
    clip.make(tmp_path / "videos")
    (tmp_path / "videos" / "rubbish.avi").write_text("no video")
    tables = []
    for place in (["--processes", "1"], ["--ray", address]):
        out = tmp_path / place[0]
        done = subprocess.run(
            [sys.executable, "-m", "facecap", "batch", tmp_path / "videos", "--out", out, *place],
            env=clean_environment(),
            capture_output=True,
            text=True,
        )
        assert done.returncode == 1, done.stderr
        assert "rubbish.avi: it cannot be opened as a video" in done.stderr
        tables.append({path.name: path.read_bytes() for path in out.glob("captures.*")})
    assert tables[0] == tables[1] and tables[0]["captures.jsonl"]


def test_a_node_that_does_not_see_the_file_is_named(tmp_path: Path) -> None:
    ((file, version),) = make_files(tmp_path, "a").items()
    Path(file).write_text("another file")
    found = work_where_it_is(work, file, version)
    assert isinstance(found, Failure) and "it has 12 bytes, here 1" in found.error
    Path(file).unlink()
    found = work_where_it_is(work, file, version)
    assert isinstance(found, Failure)
    assert f"{file}: No such file or directory: all nodes must see it by this path" in found.error


def test_a_cluster_that_is_not_there_is_named() -> None:
    pytest.importorskip("ray")
    named = r"--ray 127\.0\.0\.1:1: no cluster can be used there: .*refused"
    with pytest.raises(FacecapError, match=named), cluster("127.0.0.1:1"):
        pass
