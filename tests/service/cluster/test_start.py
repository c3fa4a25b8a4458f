"""How a service with [cluster] starts, and that one without has nothing of Ray."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from facecap_service.configuration import ConfigurationError, load

GOOD = '[store]\nurl = "postgresql+psycopg://a@b/c"\ncrops = "database"\n[cluster]\naddress = "auto"\n'
WITHOUT_RAY = "import sys; sys.modules['ray'] = None; from facecap.cli import main; sys.exit(main())"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[cluster]\naddress = "auto"', r"cluster.*store\.url must be postgresql.*SQLite is a file"),
        (GOOD.replace('"database"', '"folder"'), r'cluster.*store\.crops must be "database"'),
        (GOOD + "[replay]\nframes = true", r"cluster.*replay\.frames must be false"),
    ],
)
def test_what_other_nodes_would_not_have_is_refused_by_name(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "facecap.toml"
    file.write_text(text)
    with pytest.raises(ConfigurationError, match=message):
        load(file)


def serve(folder: Path, url: str, code: list[str], address: str) -> str:
    """What a service says that does not start."""
    file = folder / "facecap.toml"
    file.write_text(GOOD.replace("postgresql+psycopg://a@b/c", url).replace("auto", address))
    command = [sys.executable, *code, "serve", "--settings", str(file), "--server-port", "0"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FACECAP_")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1, done.stderr
    return done.stderr.splitlines()[-1]


def test_an_address_without_a_cluster_is_named(tmp_path: Path, postgresql: Any) -> None:
    said = serve(tmp_path, postgresql.empty_database(), ["-m", "facecap"], "127.0.0.1:1")
    assert "cluster.address 127.0.0.1:1: no cluster can be used there" in said


def test_where_ray_is_missing_the_extra_is_named(tmp_path: Path, postgresql: Any) -> None:
    said = serve(tmp_path, postgresql.empty_database(), ["-c", WITHOUT_RAY], "auto")
    assert "cluster.address needs ray, which is not installed: pip install 'facecap[cluster]'" in said


def test_an_actor_holds_nothing_that_routes_or_migrations_alone_need(postgresql: Any) -> None:
    url = postgresql.empty_database()
    code = """
import sys
from pathlib import Path
import facecap_service.cluster.actor
from facecap_service.store import Store
Store.open(sys.argv[1], Path("nowhere"), crops_in_database=True).close()
print(sorted({"alembic", "fastapi"} & {*sys.modules}))
"""
    said = []
    for _ in range(2):  # the first makes the tables, as a service does
        done = subprocess.run([sys.executable, "-c", code, url], capture_output=True, text=True, check=True)
        said.append(done.stdout.strip())
    assert said == ["['alembic']", "[]"]


def test_a_service_without_a_cluster_loads_nothing_of_ray(tmp_path: Path) -> None:
    code = f"""
import sys, asyncio
from pathlib import Path
from facecap_service.app import create_app
from facecap_service.settings import Settings
folder = Path({str(tmp_path)!r})
app = create_app(Settings(store={{"url": f"sqlite:///{{folder / 'facecap.db'}}", "folder": folder}}))
async def live():
    async with app.router.lifespan_context(app):
        print(sorted(name for name in sys.modules if name.split(".")[0] == "ray"))
asyncio.run(live())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
