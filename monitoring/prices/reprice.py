"""Price past calls again by the books as they are now, as a job: first what would change, then the change itself.

Only what would cost another amount changes. A call whose model has no price any more keeps the one that was applied: a list
that drops an old model must not take its costs away. Every step reads calls by their place in time, locks them, and
changes calls, summaries and users' days in the one transaction that moves the job's cursor, so a kill repeats nothing. Calls
that arrive meanwhile are priced by the same books when they are drained.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from models_registry.jobs import Step, start_job
from models_registry.models import Job, Project, User
from monitoring.drain.fold import Folds
from monitoring.drain.join import update_rows
from monitoring.drain.merge import merge
from monitoring.drain.past_calls import calls_between, gone_before, load_calls, next_ids, range_told
from monitoring.drain.price import price_ids, priced, prices_of
from monitoring.drain.rows import LLMCallRow
from monitoring.drain.sql import prefer_indexes
from monitoring.drain.user_days import add_user_days
from monitoring.llm.pricing.prices import Price
from monitoring.models import AppliedPrice
from monitoring.selectors.segments import read_keys
from monitoring.stats.layouts import language_model_word

KIND = "reprice"
CALLS_PER_STEP = 250
MAX_LINES = 200
UNPRICED = ""
OTHER = "…"
COLUMNS = {"cost_nano": "bigint", "price_id": "bigint", "context_window": "bigint"}


@dataclass(slots=True)
class Line:
    """Calls that change from one price to another: their language model, the prices in words (empty: unpriced), the money."""

    model: str
    old_price: str
    new_price: str
    calls: int = 0
    old_nano: int = 0
    new_nano: int = 0


def start_reprice(
    project: Project, *, start: datetime, end: datetime, dry_run: bool, now: datetime, by: User | None = None
) -> Job:
    """The job for the project's calls that began in [start, end); `RangeError` where that holds nothing."""
    arguments = {**range_told(start, end), "dry_run": dry_run}
    total = calls_between(project, start, end)
    return start_job(KIND, project=project, arguments=arguments, now=now, by=by, total=total)


def reprice_step(job: Job, *, now: datetime) -> Step:
    """Some hundred calls; the report adds up from step to step."""
    prefer_indexes()
    ids = next_ids(job, limit=CALLS_PER_STEP)
    calls = load_calls(ids, lock=not job.arguments["dry_run"])
    report = dict(job.report) or _empty_report(job)
    lines = {_key(line): line for line in (Line(**told) for told in report["lines"])}
    pairs = _amended(calls, dry_run=job.arguments["dry_run"])
    words = _price_words([old.price_id for old, _, _ in pairs])
    for old, new, price in pairs:
        _note(lines, old, new, words.get(old.price_id or 0, UNPRICED), price.version)
        report["changed"] += 1
        report["priced"] += old.cost_nano is None
        report["old_nano"] += old.cost_nano or 0
        report["new_nano"] += new.cost_nano or 0
    report["seen"] += len(calls)
    report["lines"] = [asdict(line) for line in sorted(lines.values(), key=_key)]
    if not job.arguments["dry_run"]:
        _apply([old for old, _, _ in pairs], [new for _, new, _ in pairs])
    last = calls[-1] if calls else None
    cursor = {"ts_us": last.ts_us, "id": last.id} if last else job.cursor
    return Step(cursor, done=report["seen"], finished=len(ids) < CALLS_PER_STEP, report=report)


def _empty_report(job: Job) -> dict[str, Any]:
    """`gone_before`: calls before this moment are past their time, and their costs stay as they were."""
    return {
        **dict.fromkeys(("seen", "changed", "priced", "old_nano", "new_nano"), 0),
        "lines": [],
        "gone_before": gone_before(job),
    }


def _amended(calls: Sequence[LLMCallRow], *, dry_run: bool) -> list[tuple[LLMCallRow, LLMCallRow, Price]]:
    """(as it is, as it becomes, by which price) of each call that would cost another amount."""
    prices = prices_of(calls)
    found = [
        (call, priced(call, price, None), price) for call, price in zip(calls, prices, strict=True) if price is not None
    ]
    changed = [(old, new, price) for old, new, price in found if new.cost_nano not in (None, old.cost_nano)]
    if dry_run or not changed:
        return changed
    ids = price_ids({price for _, _, price in changed})
    return [(old, new._replace(price_id=ids[price]), price) for old, new, price in changed]


def _apply(old: Sequence[LLMCallRow], new: Sequence[LLMCallRow]) -> None:
    """Amend: fold(new) − fold(old), in the order in which a drain writes."""
    if not old:
        return
    update_rows(LLMCallRow, new, COLUMNS)
    folds = Folds()
    folds.amend(old, new, read_keys({call.version_id for call in old}))
    merge(folds)
    add_user_days(new, old=old)


def _note(lines: dict[tuple[str, str, str], Line], old: LLMCallRow, new: LLMCallRow, before: str, after: str) -> None:
    """Add a call to its line; past the most lines everything goes to one."""
    model = language_model_word(old.provider, old.response_model or old.request_model)
    key = (model, before, after)
    if key not in lines and len(lines) >= MAX_LINES:
        key = (OTHER, OTHER, OTHER)
    line = lines.setdefault(key, Line(*key))
    line.calls += 1
    line.old_nano += old.cost_nano or 0
    line.new_nano += new.cost_nano or 0


def _key(line: Line) -> tuple[str, str, str]:
    return line.model, line.old_price, line.new_price


def _price_words(price_ids_: Sequence[int | None]) -> Mapping[int, str]:
    return {price.pk: str(price) for price in AppliedPrice.objects.filter(pk__in={id_ for id_ in price_ids_ if id_})}
