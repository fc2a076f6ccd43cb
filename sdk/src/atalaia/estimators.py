"""`atalaia.wrap(estimator)`: predictions of a scikit-learn estimator, one record per row.

What comes back is a shallow copy whose class is derived from the estimator's own: it fits, predicts, passes `isinstance`
and stands in pipelines. Copies that scikit-learn makes (`clone`, cross-validation) and pickles are of the plain
estimator, so that training is not taken for service.
"""

from __future__ import annotations

import copy
import functools
import time
from collections.abc import Sequence
from contextvars import ContextVar
from importlib import import_module
from typing import Any, Callable, NamedTuple, TypeVar, Union

from atalaia.client import client
from atalaia.ids import sample_rows
from atalaia.record import served

E = TypeVar("E")
Ids = Union[str, Callable[[Any], Sequence[Any]]]
METHODS = ("predict", "predict_proba")
MAX_ROWS = 200
MAX_FEATURES = 500
_inside: ContextVar[bool] = ContextVar("atalaia_inside_estimator", default=False)


class _Wrapped(NamedTuple):
    """What a wrapped estimator knows of itself beside what it is."""

    original: type
    model: str
    methods: tuple[str, ...]
    max_rows: int
    id: Ids | None
    fixed: dict[str, Any]


def wrap(
    estimator: E,
    model: str | None = None,
    *,
    version: str | None = None,
    id: Ids | None = None,
    methods: Sequence[str] = METHODS,
    max_rows: int = MAX_ROWS,
    **fixed: Any,
) -> E:
    """The estimator, observed. `model` is that of `init`, or else the name of its class.

    Of a call with more rows than `max_rows` that many are recorded, drawn by chance, each with the share it stands
    for. `id` is a column or a function of X that gives the ids of rows, by which outcomes find them later.
    """
    name = model or client().options.model or type(estimator).__name__
    given = {"version": version, **fixed}
    how = _Wrapped(type(estimator), name, tuple(methods), max_rows, id, given)
    try:
        twin = copy.copy(estimator)
        twin.__class__ = _observed_class(type(estimator), how.methods)
        twin.__dict__["_atalaia"] = how
    except (TypeError, AttributeError, KeyError) as error:  # slots, or a class in C
        client().tally.warn_once(f"wrap_{name}", f"{name} cannot be observed ({error}); it works as before")
        return estimator
    return twin


def _observed_class(original: type, methods: tuple[str, ...]) -> type:
    body: dict[str, Any] = {name: _observed(original, name) for name in methods if hasattr(original, name)}
    body["__module__"], body["__qualname__"] = original.__module__, original.__qualname__
    body["__doc__"] = original.__doc__
    # By protocol 1, which takes another class than that of the object.
    body["__reduce_ex__"] = lambda self, protocol: _plain(self).__reduce_ex__(1)
    body["__sklearn_clone__"] = lambda self: _clone(_plain(self))
    body["__copy__"] = _copy
    return type(original.__name__, (original,), body)


def _plain(estimator: Any) -> Any:
    """The estimator as it was before it was wrapped, with what it has learned since."""
    how: _Wrapped = estimator.__dict__["_atalaia"]
    twin: Any = object.__new__(how.original)
    twin.__dict__.update((name, value) for name, value in estimator.__dict__.items() if name != "_atalaia")
    return twin


def _clone(plain: Any) -> Any:
    """By the rules of scikit-learn, which alone asks for it: this library does not need it."""
    return import_module("sklearn.base").clone(plain)


def _copy(estimator: Any) -> Any:
    """`copy.copy` stays observed."""
    twin = object.__new__(type(estimator))
    twin.__dict__.update(estimator.__dict__)
    return twin


def _observed(original: type, name: str) -> property:
    """The method, observed. Asking for it raises what the estimator raises where, made so, it has none."""
    descriptor = next(base.__dict__[name] for base in original.__mro__ if name in base.__dict__)

    def read(self: Any) -> Callable[..., Any]:
        plain = descriptor.__get__(self, original)

        @functools.wraps(plain)
        def method(X: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N803 - scikit-learn's own name
            return _observe(self, name, plain, X, args, kwargs)

        return method

    return property(read)


def _observe(
    estimator: Any, name: str, plain: Callable[..., Any], rows: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    how: _Wrapped | None = estimator.__dict__.get("_atalaia")
    if how is None or _inside.get() or not client().enabled:
        return plain(rows, *args, **kwargs)
    _inside.set(True)  # a `predict` that asks its own `predict_proba` is one call
    started = time.perf_counter()
    try:
        result = plain(rows, *args, **kwargs)
    except Exception as error:
        served("prediction", {**_about(how, started, 1), "status": "error", "error_type": type(error).__name__})
        raise
    finally:
        _inside.set(False)
    try:
        _record(estimator, how, name, rows, result, started)
    except Exception as error:  # rows of a shape that nobody knows
        client().tally.warn_once(f"wrap_{how.model}", f"predictions of {how.model} could not be recorded: {error!r}")
        client().tally.drop("client_fault")
    return result


def _about(how: _Wrapped, started: float, count: int) -> dict[str, Any]:
    """What all rows of a call have in common; the latency of one row is measured only where there is one."""
    took = (time.perf_counter() - started) * 1_000
    timed = {"latency_ms": took} if count == 1 else {"batch_rows": count, "batch_latency_ms": took}
    return {"model": how.model, **how.fixed, **timed}


def _record(estimator: Any, how: _Wrapped, name: str, rows: Any, result: Any, started: float) -> None:
    count = len(result)
    about = _about(how, started, count)
    chosen = list(range(count)) if count <= how.max_rows else sample_rows(count, how.max_rows)
    if len(chosen) < count:
        about["sample_rate"] = len(chosen) / count
    ids = _ids(how, rows, chosen)
    said = _probabilities(estimator, result, chosen) if name == "predict_proba" else _labels(result, chosen)
    content = client().options.capture_content
    features = _features(estimator, rows, chosen) if content else [None] * len(chosen)
    for answer, row, row_id in zip(said, features, ids):
        served("prediction", {**about, **answer, "features": row, "id": row_id})


def _take(values: Any, chosen: list[int]) -> Any:
    """These rows of a frame, an array, a sparse matrix or a list."""
    if hasattr(values, "iloc"):
        return values.iloc[chosen]
    if hasattr(values, "shape"):
        return values[chosen]
    return [values[position] for position in chosen]


def _listed(values: Any) -> list[Any]:
    """As plain Python."""
    return list(values.tolist()) if hasattr(values, "tolist") else list(values)


def _ids(how: _Wrapped, rows: Any, chosen: list[int]) -> list[Any]:
    if how.id is None:
        return [None] * len(chosen)
    found = how.id(rows) if callable(how.id) else rows[how.id]
    return [str(value) for value in _listed(_take(found, chosen))]


def _labels(result: Any, chosen: list[int]) -> list[dict[str, Any]]:
    return [{"prediction": value} for value in _listed(_take(result, chosen))]


def _probabilities(estimator: Any, result: Any, chosen: list[int]) -> list[dict[str, Any]]:
    """The score of the positive class (the second of two), or the scores of all."""
    rows = _listed(_take(result, chosen))
    classes = [str(name) for name in _listed(estimator.classes_)] if hasattr(estimator, "classes_") else None
    if rows and len(rows[0]) == 2:
        return [{"score": row[1]} for row in rows]
    return [{"scores": dict(zip(classes or map(str, range(len(row))), row))} for row in rows]


def _features(estimator: Any, rows: Any, chosen: list[int]) -> list[dict[str, Any] | None]:
    """By the names of the columns; of an array by the names seen in fitting, or x0, x1, …"""
    if hasattr(rows, "columns"):
        names = [str(name) for name in rows.columns][:MAX_FEATURES]
        taken = _take(rows, chosen)
        columns = [_listed(taken[name]) for name in list(rows.columns)[:MAX_FEATURES]]
        return [dict(zip(names, row)) for row in zip(*columns)] if columns else [None] * len(chosen)
    taken = _take(rows, chosen)
    plain = _listed(taken.toarray() if hasattr(taken, "toarray") else taken)
    fitted = getattr(estimator, "feature_names_in_", None)
    if plain and not isinstance(plain[0], (list, tuple)):
        return [{"text" if isinstance(row, str) else "x0": row} for row in plain]
    width = min(len(plain[0]) if plain else 0, MAX_FEATURES)
    names = [str(name) for name in fitted] if fitted is not None else [f"x{place}" for place in range(width)]
    return [dict(zip(names, row[:width])) for row in plain]
