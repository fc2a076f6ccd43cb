"""From items of the wire contract to rows: what has a column goes there, the rest into the payload."""

from collections.abc import Callable, Iterable, Iterator, Sequence

import msgspec

from lib.ids import identity
from monitoring.drain.claim import Body
from monitoring.drain.labels import label_text
from monitoring.drain.owners import owner_of
from monitoring.drain.rows import BusinessEventRow, FeedbackRow, LogRecordRow, OutcomeRow, Row
from monitoring.drain.served import Versions, build_calls, build_predictions
from monitoring.items import THUMB, EventItem, FeedbackItem, Item, LogItem, OutcomeItem
from monitoring.stats.log_levels import SAME
from monitoring.stats.patterns import key_of, word_of

LOG_PAYLOAD = ("span_id", "session_id", "model", "version", "template", "exception", "extra")
_encode = msgspec.json.Encoder().encode


def build_rows(body: Body, ids: Iterable[int], items: Sequence[Item], versions: Versions) -> Iterator[Row]:
    """The rows of a body's items under their primary keys; `versions` holds every name in its batch."""
    if body.kind in _SERVED:
        return _SERVED[body.kind](body, ids, items, versions)
    build = _BUILDERS[body.kind]
    return (build(pk, body, item, versions) for pk, item in zip(ids, items, strict=True))


def _payload(item: Item, names: tuple[str, ...]) -> str:
    """JSON object of the fields without a column that were given."""
    given = {name: value for name in names if (value := getattr(item, name)) not in (None, "")}
    return _encode(given).decode() if given else "{}"


def _moment(item: Item, body: Body) -> int:
    return item.ts if isinstance(item.ts, int) else body.received_us


def _outcome(pk: int, body: Body, item: OutcomeItem, _versions: Versions) -> OutcomeRow:
    return OutcomeRow(
        pk,
        body.project_id,
        item.id,
        _moment(item, body),
        body.received_us,
        _payload(item, ("prediction_id", "extra")),
        identity(body.project_id, "call", item.prediction_id),
        None if item.label is None else label_text(item.label),
        None if item.value is None else float(item.value),
    )


def _feedback(pk: int, body: Body, item: FeedbackItem, _versions: Versions) -> FeedbackRow:
    return FeedbackRow(
        pk,
        body.project_id,
        item.id,
        _moment(item, body),
        body.received_us,
        _payload(item, ("target_id", "extra")),
        identity(body.project_id, "call", item.target_id),
        "comment" if item.kind is THUMB and item.value is None and item.comment else item.kind,
        label_text(item.value),
        item.comment,
        item.user_id,
    )


def _event(pk: int, body: Body, item: EventItem, versions: Versions) -> BusinessEventRow:
    version = versions.get((body.project_id, item.model, item.version))
    return BusinessEventRow(
        pk,
        body.project_id,
        item.id,
        _moment(item, body),
        body.received_us,
        _payload(item, ("environment", "segments", "prompt_name", "prompt_version", "extra")),
        version.id if version else None,
        item.kind,
        item.name,
        None if item.value is None else float(item.value),
        item.target_id,
    )


def _log(pk: int, body: Body, item: LogItem, versions: Versions) -> LogRecordRow:
    level = SAME.get(item.level, item.level)  # of a body from before levels were one word each
    return LogRecordRow(
        pk,
        body.project_id,
        item.id,
        _moment(item, body),
        body.received_us,
        _payload(item, LOG_PAYLOAD),
        versions[(body.project_id, *owner_of(item))].id,
        item.environment,
        level,
        item.logger,
        item.message,
        item.request_id,
        item.trace_id,
        item.user_id,
        key_of(word_of(level, item.template or item.message)),
    )


_SERVED: dict[str, Callable[..., Iterator[Row]]] = {"prediction": build_predictions, "llm_call": build_calls}
_BUILDERS: dict[str, Callable[..., Row]] = {"outcome": _outcome, "feedback": _feedback, "event": _event, "log": _log}
