"""The house rules that no linter knows. import-linter checks rooms and floors; this checks what it cannot see."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.utils.module_loading import import_string

from config.stages import STAGES
from monitoring.models.events import Event

ROOMS = ["lib", "models_registry", "monitoring", "alerting", "runbooks", "panel", "demo", "config"]
ROOT = settings.BASE_DIR
SOURCES = [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py")) if path.parent.name != "migrations"]
CLIENT = sorted((ROOT / "sdk/src").rglob("*.py"))  # the client library: no room of the house, but built by its rules
TEMPLATES = [path for room in ROOMS for path in sorted((ROOT / room).rglob("templates/**/*.html"))]
TESTS = sorted(path for folder in ("tests", "bench", "sdk/tests") for path in (ROOT / folder).rglob("*.py"))
MANAGERS = {"objects", "_default_manager", "_base_manager"}
MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60
MAX_LIB_MODULES = 10
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "common", "misc"}
SIGNAL_MODULES = ("django.dispatch", "django.db.models.signals", "django.core.signals", "celery.signals", "blinker")
URL_TAG = re.compile(r"{%\s*url\s+['\"]([a-z_]+):")
EXTENDS = re.compile(r"{%\s*(?:extends|include)\s+['\"]([a-z_]+)/")

Function = ast.FunctionDef | ast.AsyncFunctionDef


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def functions() -> Iterator[tuple[Path, Function]]:
    for path in [*SOURCES, *CLIENT]:
        yield from ((path, node) for node in ast.walk(tree_of(path)) if isinstance(node, Function))


def at(path: Path, node: ast.AST) -> str:
    return f"{name_of(path)}:{getattr(node, 'lineno', 0)}"


def room_of(path: Path) -> int:
    return ROOMS.index(path.relative_to(ROOT).parts[0])


def test_there_is_something_to_look_at():
    assert len(SOURCES) > 50
    assert {path.relative_to(ROOT).parts[0] for path in SOURCES} == set(ROOMS)


def test_relations_point_left_or_stay_home():
    ours = [model for model in apps.get_models() if model._meta.app_label in ROOMS]
    for field in (field for model in ours for field in model._meta.get_fields() if not field.auto_created):
        other = field.related_model._meta.app_label if field.related_model else None
        if other in ROOMS:
            assert ROOMS.index(other) <= ROOMS.index(field.model._meta.app_label), f"{field} points right"


def test_templates_point_left_or_stay_home():
    for path in TEMPLATES:
        text = path.read_text(encoding="utf-8")
        for namespace in URL_TAG.findall(text) + EXTENDS.findall(text):
            if namespace in ROOMS:
                assert ROOMS.index(namespace) <= room_of(path), f"{name_of(path)} points right, to {namespace}"


def test_pages_for_people_live_in_the_panel():
    assert {path.relative_to(ROOT).parts[0] for path in TEMPLATES} == {"panel"}


def test_files_are_short():
    lengths = {
        name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in [*SOURCES, *CLIENT, *TESTS]
    }
    assert not {name: length for name, length in lengths.items() if length > MAX_FILE_LINES}


def test_modules_are_named_for_what_they_hold():
    assert not [
        name_of(path) for path in [*SOURCES, *CLIENT] if VAGUE_NAMES & {path.stem, *path.relative_to(ROOT).parts}
    ]


def test_functions_are_short():
    long = [at(path, f) for path, f in functions() if (f.end_lineno or 0) - f.lineno >= MAX_FUNCTION_LINES]
    assert not long


def test_functions_are_annotated():
    bare = []
    for path, function in functions():
        arguments = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
        missing = [a.arg for a in arguments if a.annotation is None and a.arg not in {"self", "cls"}]
        if missing or function.returns is None:
            bare.append(f"{at(path, function)} {function.name}({', '.join(missing)})")
    assert not bare


def test_imports_stand_at_the_top():
    inside = [
        at(path, node)
        for path, function in functions()
        if (path.name, function.name) != ("apps.py", "ready") and path not in CLIENT  # which ruff sees to
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert not inside


def test_the_client_library_knows_nothing_of_the_server():
    for path in CLIENT:
        for node in ast.walk(tree_of(path)):
            modules = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            modules += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            assert not {module.partition(".")[0] for module in modules} & set(ROOMS), name_of(path)


def _stores(node: ast.ImportFrom) -> bool:
    """From where `MODELS` are the tables of events by kind."""
    return node.module in ("monitoring.selectors.events", "monitoring.drain.rows")


def test_event_tables_have_few_readers():
    kinds = {model.__name__ for model in apps.get_models() if issubclass(model, Event)}
    assert len(kinds) == 7
    touched = {
        name_of(path)
        for path in SOURCES
        for node in ast.walk(tree_of(path))
        if (isinstance(node, ast.Attribute) and node.attr in MANAGERS and ast.unparse(node.value) in kinds)
        or (isinstance(node, ast.ImportFrom) and any(one.name == "MODELS" for one in node.names) and _stores(node))
    }
    others = {"monitoring/summaries/recount.py", "monitoring/retention.py"}
    assert {name for name in touched if not name.startswith(("monitoring/drain/", "monitoring/selectors/"))} <= others


def test_nobody_listens_to_signals():
    listening = []
    for path in SOURCES:
        for node in ast.walk(tree_of(path)):
            modules = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            modules += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            listening += [at(path, node) for module in modules if module.startswith(SIGNAL_MODULES)]
    assert not listening


def test_lib_stays_a_small_room():
    modules = [path for path in (ROOT / "lib").glob("*.py") if path.name != "__init__.py"]
    assert len(modules) <= MAX_LIB_MODULES, sorted(path.stem for path in modules)


@pytest.mark.parametrize(
    "dotted",
    [
        *(stage.verb for stage in STAGES),
        *(dotted for kind in settings.JOBS.values() for dotted in (kind.step, kind.prepare) if dotted),
        *settings.INCIDENT_LINKS,
        settings.CLOCK_ROW,
        *settings.MIDDLEWARE,
    ],
)
def test_dotted_paths_lead_somewhere(dotted):
    assert callable(import_string(dotted))


def test_stages_have_their_own_names():
    assert len({stage.name for stage in STAGES}) == len(STAGES)
