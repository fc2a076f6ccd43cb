"""`@atalaia.observe`: one record per call of a function, async function or generator."""

from __future__ import annotations

import functools
import time
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Mapping
from importlib import import_module
from types import TracebackType
from typing import TYPE_CHECKING, Any, Callable, TypeVar, cast, overload

from atalaia.client import client
from atalaia.context import child, current
from atalaia.llm import read_answer, reason
from atalaia.record import served

if TYPE_CHECKING:
    import inspect

F = TypeVar("F", bound=Callable[..., Any])
Fields = Callable[[dict[str, Any], Any], Mapping[str, Any]]
SCALARS = (str, int, float, bool)
# A result that is a mapping with one of these says itself what it is.
RESULT_FIELDS = frozenset({"prediction", "score", "scores"})


class _Call:
    """One call under way: when it began, what it was given, in which span it runs."""

    def __init__(self, how: _How, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.how, self.args, self.kwargs = how, args, kwargs
        self.outside = current.get()
        self.parent_span_id = self.outside.span_id
        self.context = child(self.outside)
        self.ts, self.started = time.time(), time.perf_counter()
        self.ttft_ms: float | None = None
        self.pieces: list[Any] = []

    def __enter__(self) -> None:
        """A stretch begins in which the function runs, and not its caller: a generator has many."""
        self.outside = current.get()
        current.set(self.context)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """It is over; a user that became known in it stays known."""
        within = self.context = current.get()
        before = self.outside
        current.set(before if before.user_id or not within.user_id else before._replace(user_id=within.user_id))

    def piece(self, value: Any) -> Any:
        """What a generator yields."""
        if self.ttft_ms is None:
            self.ttft_ms = (time.perf_counter() - self.started) * 1_000
        self.pieces.append(value)
        return value

    def end(self, result: Any = None, error: BaseException | None = None) -> None:
        """Record the call. Never raises."""
        took = (time.perf_counter() - self.started) * 1_000
        try:
            self.how.record(self, result, error, took)
        except Exception:
            client().tally.drop("client_fault")


class _How:
    """How the calls of one function become records."""

    def __init__(self, function: Callable[..., Any], kind: str, fixed: dict[str, Any], fields: Fields | None) -> None:
        self.kind, self.fixed, self.fields = kind, fixed, fields
        self.name = function.__name__
        try:
            self.signature: inspect.Signature | None = _inspect().signature(function)
        except (ValueError, TypeError):
            self.signature = None

    def arguments(self, call: _Call) -> dict[str, Any]:
        """By name, as the function sees them; `self` is not one of them."""
        if self.signature is None:
            return dict(call.kwargs)
        try:
            bound = self.signature.bind(*call.args, **call.kwargs)
        except TypeError:  # called wrongly, which the function itself has said
            return dict(call.kwargs)
        bound.apply_defaults()
        return {name: value for name, value in bound.arguments.items() if name not in {"self", "cls"}}

    def record(self, call: _Call, result: Any, error: BaseException | None, took: float) -> None:
        """One prediction or LLM call."""
        arguments = self.arguments(call)
        made: dict[str, Any] = {"ts": call.ts, "latency_ms": took, **self.fixed}
        made.update(trace_id=call.context.trace_id, span_id=call.context.span_id)
        if self.kind == "llm_call":
            made.update(_llm(arguments, result, call))
        else:
            made.update(_prediction(arguments, result))
        if error is not None:
            made.update(status="error", error_type=type(error).__name__)
        elif self.fields is not None:
            made.update(self.fields(arguments, result))
        made["model"] = made.get("model") or client().options.model or self.name
        served(self.kind, made)


def _prediction(arguments: dict[str, Any], result: Any) -> dict[str, Any]:
    """Features are the arguments (or the one mapping among them); the result is the prediction, or says what it is."""
    given = list(arguments.values())
    named = given[0] if len(given) == 1 and isinstance(given[0], Mapping) else arguments
    features = {str(name): value for name, value in named.items() if value is None or _is_scalar(value)}
    found: dict[str, Any] = {"features": features or None}
    if isinstance(result, Mapping) and RESULT_FIELDS & set(result):
        return {**found, **result}
    if result is not None:
        found["prediction"] = result if _is_scalar(result) or isinstance(result, (list, tuple)) else str(result)[:200]
    return found


def _is_scalar(value: Any) -> bool:
    return isinstance(value, SCALARS) or (hasattr(value, "item") and getattr(value, "size", 0) == 1)


def _llm(arguments: dict[str, Any], result: Any, call: _Call) -> dict[str, Any]:
    given = list(arguments.values())
    found: dict[str, Any] = {"prompt": given[0] if len(given) == 1 else arguments, "ttft_ms": call.ttft_ms}
    found["parent_span_id"] = call.parent_span_id or None
    if call.pieces:
        texts = all(isinstance(piece, str) for piece in call.pieces)
        return {**found, "response": "".join(call.pieces) if texts else call.pieces}
    answer = {name: value for name, value in read_answer(result).items() if value is not None}
    if "response" not in answer and "tool_calls" not in answer:
        return {**found, "response": result}
    return {**found, **answer, "finish_reason": reason(answer.get("finish_reason"))}


@overload
def observe(function: F, /) -> F: ...
@overload
def observe(
    *, model: str | None = None, version: str | None = None, kind: str = "prediction", fields: Fields | None = None,
    **fixed: Any,
) -> Callable[[F], F]: ...  # fmt: skip
def observe(
    function: Callable[..., Any] | None = None,
    /,
    *,
    model: str | None = None,
    version: str | None = None,
    kind: str = "prediction",
    fields: Fields | None = None,
    **fixed: Any,
) -> Any:
    """Record every call: how long it took, what went in and came out, and what it raised, which goes on its way.

    `model` is that of `init`, or else the function's name. `kind="llm_call"` records what a language model is asked and
    answers; a generator's pieces are put together and its first one is timed. `fields(arguments, result)` gives
    fields that are not otherwise known, such as `id`. `fixed` go with every record.
    """
    given = {name: value for name, value in {"model": model, "version": version, **fixed}.items() if value is not None}
    if kind not in {"prediction", "llm_call"}:
        client().tally.warn_once("observe", f"observe: kind is prediction or llm_call, not {kind!r}; taking prediction")
        kind = "prediction"

    def decorate(wrapped: Callable[..., Any]) -> Callable[..., Any]:
        how = _How(wrapped, kind, given, fields)
        inspect = _inspect()
        if inspect.isasyncgenfunction(wrapped):
            return _async_generator(wrapped, how)
        if inspect.iscoroutinefunction(wrapped):
            return _coroutine(wrapped, how)
        if inspect.isgeneratorfunction(wrapped):
            return _generator(wrapped, how)
        return _function(wrapped, how)

    return decorate if function is None else decorate(function)


def _inspect() -> Any:
    """By name: a program that observes no function never pays for it."""
    return import_module("inspect")


def _function(wrapped: Callable[..., Any], how: _How) -> Callable[..., Any]:
    @functools.wraps(wrapped)
    def observed(*args: Any, **kwargs: Any) -> Any:
        call = _Call(how, args, kwargs)
        try:
            with call:
                result = wrapped(*args, **kwargs)
        except BaseException as error:
            call.end(error=error)
            raise
        call.end(result)
        return result

    return observed


def _coroutine(wrapped: Callable[..., Any], how: _How) -> Callable[..., Any]:
    @functools.wraps(wrapped)
    async def observed(*args: Any, **kwargs: Any) -> Any:
        call = _Call(how, args, kwargs)
        try:
            with call:
                result = await wrapped(*args, **kwargs)
        except BaseException as error:
            call.end(error=error)
            raise
        call.end(result)
        return result

    return observed


def _generator(wrapped: Callable[..., Any], how: _How) -> Callable[..., Any]:
    @functools.wraps(wrapped)
    def observed(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        call = _Call(how, args, kwargs)
        generator = wrapped(*args, **kwargs)
        step: Callable[[Any], Any] = generator.send
        given: Any = None
        try:
            while True:
                with call:
                    value = step(given)
                step = generator.send
                try:
                    given = yield call.piece(value)
                except GeneratorExit:
                    generator.close()
                    raise
                except BaseException as thrown:
                    step, given = generator.throw, thrown
        except StopIteration as done:
            call.end(done.value if done.value is not None or how.kind == "llm_call" else _last(call.pieces))
            return done.value
        except GeneratorExit:
            call.end(_last(call.pieces))
            raise
        except BaseException as error:
            call.end(error=error)
            raise

    return observed


def _last(pieces: list[Any]) -> Any:
    return pieces[-1] if pieces else None


def _async_generator(wrapped: Callable[..., Any], how: _How) -> Callable[..., Any]:
    @functools.wraps(wrapped)
    async def observed(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
        call = _Call(how, args, kwargs)
        generator = cast("AsyncIterator[Any]", wrapped(*args, **kwargs))
        try:
            while True:
                try:
                    with call:
                        value = await generator.__anext__()
                except StopAsyncIteration:
                    call.end(_last(call.pieces))
                    return
                yield call.piece(value)
        except GeneratorExit:
            await cast("AsyncGenerator[Any, Any]", generator).aclose()
            call.end(_last(call.pieces))
            raise
        except BaseException as error:
            call.end(error=error)
            raise

    return observed
