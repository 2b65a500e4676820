"""`[reservations]` in the settings: where services that share people keep their slots."""

from __future__ import annotations

from pathlib import Path

import pytest

from dialer.demo.world import Ports, build_world
from dialer.model.errors import OperatorError
from dialer.service.loading import load
from dialer.service.run import Service
from dialer.settings import Settings, read_settings


def settings_with(folder: Path, text: str) -> Settings:
    """The demo's settings, and more."""
    build_world(folder, 3, 1, Ports(5060, 5090))
    file = folder / "dialer.toml"
    file.write_text(f"{file.read_text()}\n{text}")
    return read_settings(file)


def test_without_a_word_the_slots_are_in_the_services_own_database(tmp_path: Path) -> None:
    assert settings_with(tmp_path, "").reservations.database is None


def test_a_node_is_named_once_and_keeps_its_name(tmp_path: Path) -> None:
    settings = settings_with(tmp_path, '[reservations]\ndatabase = "postgresql://db/book"\n')
    assert settings.reservations.database == "postgresql://db/book"
    name = settings.node()
    assert name
    assert read_settings(tmp_path / "dialer.toml").node() == name


def test_a_node_may_be_named(tmp_path: Path) -> None:
    assert settings_with(tmp_path, '[reservations]\nnode = "north"\n').node() == "north"


@pytest.mark.parametrize("text", ['node = ""', "database = 5", 'databse = "x"'])
def test_a_mistake_is_told_with_its_line(tmp_path: Path, text: str) -> None:
    with pytest.raises(OperatorError) as caught:
        settings_with(tmp_path, f"[reservations]\n{text}\n")
    (problem,) = caught.value.problems
    assert problem.line is not None
    assert problem.message.startswith("reservations.")


async def test_a_service_does_not_start_without_its_book(tmp_path: Path) -> None:
    settings = settings_with(tmp_path, '[reservations]\ndatabase = "mysql://db/book"\n')
    with pytest.raises(OperatorError, match="names no book of reservations"):
        await Service(settings, load(settings)).run()
