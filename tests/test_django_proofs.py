"""What takes Django's test databases away, run for real: pytest-django and pytest-xdist on SQLite files."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import proving
import pytest

SAME_NAME = "django-test-name-equals-name/sqlite_file"
BYPASSED = "django-db-setup-bypassed/does_nothing"


def laid(case: str, folder: Path) -> Path:
    project = proving.lay(case, folder / "project")
    (project / "herbs.json").write_text(
        json.dumps([{"model": "garden.plant", "pk": 1, "fields": {"name": "thyme"}}])
    )
    return project


def developed(case: str, folder: Path) -> Path:
    """The case's project with a development database that holds one plant."""
    project = laid(case, folder)
    fill = (
        "import django; django.setup()\n"
        "from django.core.management import call_command as call\n"
        "call('migrate', run_syncdb=True, verbosity=0)\n"
        "from garden.models import Plant; Plant.objects.create(name='thyme')\n"
    )
    run(project, "-c", fill)
    assert plants(project) == ["thyme"]
    return project


def run(project: Path, *arguments: str) -> str:
    """Run Python in the project with its settings; it must succeed."""
    result = proving.run_python(
        project, *arguments, environment={"DJANGO_SETTINGS_MODULE": "garden.settings"}
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def plants(project: Path) -> list[str]:
    """The names of the plants in the development database; none where there is none."""
    path = project / "db.sqlite3"
    rows = proving.sqlite_rows(path) if path.exists() and path.stat().st_size else {}
    return [row.split("'")[1] for row in rows.get("garden_plant", [])]


def test_the_development_database_is_deleted(tmp_path: Path) -> None:
    project = developed(SAME_NAME, tmp_path)
    run(project, "-m", "pytest", "-p", "no:cacheprovider", "tests")
    assert not (project / "db.sqlite3").exists()


def test_a_name_of_its_own_saves_it(tmp_path: Path) -> None:
    project = developed(f"{SAME_NAME}.fixed", tmp_path)
    before = (project / "db.sqlite3").read_bytes()
    run(project, "-m", "pytest", "-p", "no:cacheprovider", "tests")
    assert (project / "db.sqlite3").read_bytes() == before


COMMITS = """
import pytest

from garden.models import Plant


@pytest.mark.django_db(transaction=True)
def test_plant_is_planted():
    Plant.objects.create(name="mint")
    assert Plant.objects.filter(name="mint").exists()
"""


@pytest.mark.parametrize(("case", "left"), [(BYPASSED, []), (f"{BYPASSED}.fixed", ["thyme"])])
def test_a_set_up_that_does_nothing_leaves_the_tests_on_it(
    case: str, left: list[str], tmp_path: Path
) -> None:
    project = developed(case, tmp_path)
    shutil.copy(project / "herbs.json", project / "garden")
    (project / "garden" / "fixtures").mkdir()
    shutil.move(project / "garden" / "herbs.json", project / "garden" / "fixtures")
    (project / "tests" / "test_planting.py").write_text(COMMITS)
    run(project, "-m", "pytest", "-p", "no:cacheprovider", "tests")
    assert plants(project) == left


NAMES = """
import pathlib

import pytest
from django.conf import settings


@pytest.mark.parametrize("number", range(8))
def test_name_of_the_database(django_db_modify_db_settings, number, worker_id):
    with pathlib.Path("names.txt").open("a") as file:
        print(worker_id, settings.DATABASES["default"]["TEST"]["NAME"], file=file)
"""


@pytest.mark.parametrize(("fixed", "databases"), [(False, 1), (True, 2)])
def test_workers_share_a_database_until_that_is_fixed(fixed: bool, databases: int, tmp_path: Path) -> None:
    project = laid("xdist-suffix-lost/settings_changed", tmp_path)
    if fixed:
        command = ("-m", "isolint", "check", "--isolated", "--output-format", "json")
        assert json.loads(run(project, *command, "--fix", "--unsafe-fixes")) == []
    with (project / "garden" / "settings.py").open("a") as settings:
        settings.write('DATABASES["default"]["TEST"] = {"NAME": "test.sqlite3"}\n')
    (project / "tests" / "test_plants.py").write_text(NAMES)
    run(project, "-m", "pytest", "-p", "no:cacheprovider", "-n", "2", "tests")
    lines = [line.split(" ", 1) for line in (project / "names.txt").read_text().splitlines()]
    assert {worker for worker, _ in lines} == {"gw0", "gw1"}
    assert len({name for _, name in lines}) == databases
