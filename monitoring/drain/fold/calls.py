"""What calls of language models add: how they finished, their tokens, sizes, speed and money."""

import numpy as np

from monitoring.drain.fold import call_numbers, money
from monitoring.drain.fold.sums import Columns, Integers, Slot, Sums
from monitoring.drain.rows import LLMCallRow
from monitoring.stats import layouts
from monitoring.stats.layouts import FINISH_CODES, FINISH_OTHER

FINISH = Slot("finish", "", layouts.FINISH)
PRICING = Slot("pricing", "", layouts.PRICING)
TOKENS = {
    column: Slot("tokens", column.removesuffix("_tokens"), layouts.LOG)
    for column in LLMCallRow._fields
    if column.endswith("_tokens")
}


def fold(sums: Sums, columns: Columns, places: Integers, sign: int) -> None:
    """Finish reasons and token buckets, then the numbers that follow from the columns."""
    finishes = [FINISH_CODES.get(reason, FINISH_OTHER) for reason in columns["finish_reason"]]
    sums.count(FINISH, places, finishes, sign)
    for name, slot in TOKENS.items():
        sums.measure(slot, places, columns[name], sign)
    numbers = call_numbers.numbers(columns)
    pricing = np.array(call_numbers.pricing(columns, numbers), dtype=np.int64)
    sums.count(PRICING, places, pricing, sign)
    money.fold(sums, columns, places, sign, pricing)
    for metric, values in numbers.items():
        sums.measure(Slot(metric, "", layouts.LOG), places, values, sign)
