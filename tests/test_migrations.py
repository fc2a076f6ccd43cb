"""Migrations are one line per room, say what they do, can be undone, and never mix data with schema."""

from itertools import pairwise

import pytest
from django.db.migrations import RunPython
from django.db.migrations.loader import MigrationLoader

ROOMS = ["models_registry", "monitoring", "alerting", "runbooks", "demo"]
LOADER = MigrationLoader(None)
OURS = [migration for (app, _), migration in sorted(LOADER.disk_migrations.items()) if app in ROOMS]


def test_there_is_something_to_look_at():
    assert {migration.app_label for migration in OURS} == set(ROOMS)


def test_no_two_migrations_claim_the_same_place():
    assert not LOADER.detect_conflicts()


@pytest.mark.parametrize("room", ROOMS)
def test_the_migrations_of_a_room_form_a_line(room):
    names = [migration.name for migration in OURS if migration.app_label == room]
    numbers = [int(name[:4]) for name in names]
    assert len(LOADER.graph.leaf_nodes(room)) == 1
    assert numbers == sorted(numbers)
    for before, after in pairwise(m for m in OURS if m.app_label == room):
        assert (room, before.name) in after.dependencies, f"{after} does not follow {before}"


def test_migrations_say_what_they_do():
    assert not [str(migration) for migration in OURS if "auto" in migration.name]


def test_migrations_can_be_undone():
    assert not [str(migration) for migration in OURS if not all(op.reversible for op in migration.operations)]


def test_data_and_schema_are_moved_apart():
    for migration in OURS:
        kinds = {isinstance(operation, RunPython) for operation in migration.operations}
        assert len(kinds) <= 1, str(migration)
