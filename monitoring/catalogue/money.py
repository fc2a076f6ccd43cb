"""What LLM calls cost, by our prices and as clients report it."""

from django.utils.translation import gettext_lazy as _

from monitoring.catalogue.base import LLM, Measure
from monitoring.stats import usage

_COST = ("cost", "fallback_cost")
_PRICES = "Σ tokens of a bucket × its price, by own prices and genai-prices"
MEASURES = (
    Measure(
        name="cost_usd",
        label=_("cost"),
        unit="usd",
        definition=_("Sum of the cost of the calls by our prices; of calls without a price, what the client reported."),
        source=_PRICES,
        kinds=LLM,
        metrics=_COST,
        read=usage.cost_usd,
        needs=("usage", "price"),
        sampled=False,
        better="lower",
    ),
    Measure(
        name="cost_per_request",
        label=_("cost per request"),
        unit="usd",
        definition=_("Cost divided by the calls whose cost is known."),
        source=_PRICES,
        kinds=LLM,
        metrics=_COST,
        read=usage.cost_per_request,
        needs=("usage", "price"),
        better="lower",
    ),
    Measure(
        name="projected_month_usd",
        label=_("cost of the month, projected"),
        unit="usd",
        definition=_(
            "What the month that the window ends in will have cost: what was spent of it in the window, plus the window's cost per "
            "day for each day of the month outside of it. The interval is that of the sum of those days, by how the days scatter."
        ),
        source="spent + rate × R ± t(0.975, k − 1) · s · √(R + R² ÷ k), Student 1908",
        kinds=LLM,
        metrics=("day_cost",),
        read=usage.projected_month_usd,
        needs=("usage", "price"),
        better="lower",
        sampled=False,
    ),
    Measure(
        name="cost_reported_usd",
        label=_("cost as clients report it"),
        unit="usd",
        definition=_("Sum of the cost that clients sent with their calls, to compare with ours."),
        source="cost_usd of the calls, as sent",
        kinds=LLM,
        metrics=("reported_cost",),
        read=usage.cost_reported_usd,
        needs=("reported_cost",),
        sampled=False,
    ),
    Measure(
        name="cost_difference_usd",
        label=_("our cost less the clients' own"),
        unit="usd",
        definition=_("Sum of our cost minus the sum of the clients' own figures, over the calls that have both."),
        source="Σ our cost − Σ cost_usd as sent",
        kinds=LLM,
        metrics=("compared_cost", "reported_cost", "fallback_cost"),
        read=usage.cost_difference_usd,
        needs=("usage", "price", "reported_cost"),
        sampled=False,
    ),
    Measure(
        name="cost_disagreement_rate",
        label=_("calls whose cost is disputed"),
        unit="ratio",
        definition=_(
            "Calls whose own figure is more than a tenth off ours, and more than a millionth of a dollar, divided by the calls "
            "that have both."
        ),
        source="|ours − theirs| > theirs ÷ 10; Wilson 1927",
        kinds=LLM,
        metrics=("compared",),
        read=usage.cost_disagreement_rate,
        needs=("usage", "price", "reported_cost"),
    ),
    Measure(
        name="unpriced_rate",
        label=_("unpriced calls"),
        unit="ratio",
        definition=_("Calls without a price of ours divided by the calls that have something to price."),
        source="unpriced ÷ (priced + unpriced); Wilson 1927",
        kinds=LLM,
        metrics=("pricing",),
        read=usage.unpriced_rate,
        better="lower",
    ),
)
