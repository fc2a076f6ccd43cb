"""What is worked out of calls once their rows are built: price, policies, evaluators. Before the write lock, batch by batch."""

from collections.abc import Mapping

from monitoring.drain.evaluate import NOBODY, evaluate_calls
from monitoring.drain.police import judge_calls
from monitoring.drain.price import price_calls
from monitoring.drain.rows import Row


def complete_calls(rows: dict[bytes, Row], told: Mapping[int, bytes] = NOBODY) -> None:
    """Fill in what the LLM calls among the rows do not have yet; in place. `told` is what their texts are packed by."""
    price_calls(rows)
    judge_calls(rows)
    evaluate_calls(rows, told)
