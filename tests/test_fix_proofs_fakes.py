"""Fakes in the place of clients, and guards before them: the development server holds what it held."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import proving
import pytest
import redis
from fakeredis import TcpFakeServer

RUN = ("-m", "pytest", "-p", "no:cacheprovider", "tests")
SHEETS = "production-singleton-in-test/database_faked_for_the_tests"
VISITS = "production-singleton-in-test/proof_redis"


@pytest.fixture
def server() -> Iterator[redis.Redis]:
    """A client of a server that speaks Redis, reached by a socket, for this test."""
    serving = TcpFakeServer(("127.0.0.1", 0), server_type="redis")
    thread = Thread(target=serving.serve_forever, daemon=True)
    thread.start()
    host, port = serving.server_address[:2]
    client = redis.Redis(host=str(host), port=port, decode_responses=True)
    yield client
    client.close()
    serving.shutdown()
    serving.server_close()


def held(client: redis.Redis) -> dict[str, str]:
    return {str(key): str(client.get(key)) for key in client.scan_iter()}


def mended(project: Path, environment: dict[str, str]) -> None:
    """Apply all fixes; nothing is found any more."""
    for options in (("--fix", "--unsafe-fixes"), ()):
        command = ("-m", "isolint", "check", "--isolated", *options)
        done = proving.run_python(project, *command, environment=environment)
    assert done.returncode == 0, done.stdout + done.stderr


def test_redis(server: redis.Redis, tmp_path: Path) -> None:
    project = proving.lay(VISITS, tmp_path / "project")
    port = server.connection_pool.connection_kwargs["port"]
    environment = {"TURNSTILE_REDIS_URL": f"redis://127.0.0.1:{port}/0"}
    seed = proving.run_python(project, "seed.py", environment=environment)
    assert held(server) == {"gate:north": "2", "gate:south": "1"}, seed.stderr

    mended(project, environment)
    passed = proving.run_python(project, *RUN, environment=environment)
    assert passed.returncode == 0, passed.stdout
    assert "2 passed" in passed.stdout
    assert held(server) == {"gate:north": "2", "gate:south": "1"}


def test_redis_loses_its_keys_without_the_fix(server: redis.Redis, tmp_path: Path) -> None:
    project = proving.lay(VISITS, tmp_path / "project")
    port = server.connection_pool.connection_kwargs["port"]
    environment = {"TURNSTILE_REDIS_URL": f"redis://127.0.0.1:{port}/0"}
    proving.run_python(project, "seed.py", environment=environment)
    proving.run_python(project, *RUN, environment=environment)
    assert held(server) == {}


def test_mongo_needs_no_server(tmp_path: Path) -> None:
    project = proving.lay(SHEETS, tmp_path / "project")
    environment = {"HERBARIUM_MONGO_URL": "mongodb://127.0.0.1:9/?connectTimeoutMS=200"}
    assert "ServerSelectionTimeoutError" in proving.run_python(project, *RUN, environment=environment).stdout
    mended(project, environment)
    assert "2 passed" in proving.run_python(project, *RUN, environment=environment).stdout


def test_guard_lets_only_the_last_database_be_emptied(server: redis.Redis, tmp_path: Path) -> None:
    project = proving.lay("unguarded-destructive-call/redis_emptied_in_set_up", tmp_path / "project")
    port = server.connection_pool.connection_kwargs["port"]
    server.set("letters:sent", 3)
    environment = {"POSTBOX_REDIS_URL": f"redis://127.0.0.1:{port}/0"}
    mended(project, environment)

    refused = proving.run_python(project, *RUN, environment=environment)
    assert "refusing to destroy what is not a test's" in refused.stdout
    assert held(server) == {"letters:sent": "3"}
    passed = proving.run_python(
        project, *RUN, environment={"POSTBOX_REDIS_URL": f"redis://127.0.0.1:{port}/15"}
    )
    assert "1 passed" in passed.stdout
    assert held(server) == {"letters:sent": "3"}
