"""The definitions of the demonstration as data: models, promises, rules. `demo/define.py` writes them."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_noop as _

from demo import assistant, credit, delivery
from demo.phrases import SYSTEM, SYSTEM_DETAILED

Fields = dict[str, Any]

# A target of 85 % cannot burn 14.4 times as fast as planned: the standard table would never fire.
QUALITY_PAIRS = [
    {"long_s": 7_200, "short_s": 1_800, "factor": 1.7, "severity": "page"},
    {"long_s": 86_400, "short_s": 7_200, "factor": 1.2, "severity": "ticket"},
]
# Short windows: a prompt is mended within hours, and the alert should end when the trouble does.
PROMPT_PAIRS = [
    {"long_s": 3_600, "short_s": 900, "factor": 8.0, "severity": "page"},
    {"long_s": 21_600, "short_s": 1_800, "factor": 4.0, "severity": "page"},
]

MODELS: dict[str, Fields] = {
    credit.MODEL: {
        "name": _("Credit risk"),
        "description": _("Will this applicant fail to pay? A logistic regression trained with scikit-learn."),
        "owner": "risk",
        "kind": "binary",
        "positive_label": "default",
        "threshold": credit.THRESHOLD,
        "label_delay": timedelta(minutes=30),
        "conversion_events": ["loan_granted"],
        # US dollars of a small loan: a default costs its principal, a good payer who is refused costs the interest.
        "value_matrix": {"default": {"default": 0, "paid": -300}, "paid": {"default": -35, "paid": 35}},
        "value_unit": "US$",
    },
    assistant.MODEL: {
        "name": _("Support assistant"),
        "description": _("Answers customers of the shop with a language model and a knowledge base."),
        "owner": "support",
        "kind": "llm",
        "conversion_events": ["conversion"],
        "value_unit": "US$",
        "feedback_categories": [assistant.INCOMPLETE, *assistant.OTHER_FAULTS, "boa"],
        "bad_categories": [assistant.INCOMPLETE, *assistant.OTHER_FAULTS],
    },
    delivery.MODEL: {
        "name": _("Delivery time"),
        "description": _(
            "How many minutes until the courier is at the door? A ridge regression trained with scikit-learn."
        ),
        "owner": "logistics",
        "kind": "regression",
        "label_delay": timedelta(hours=1),
        "score_min": 1.0,
        "score_max": 5.0,
        "bad_score": 3.0,
        "conversion_events": ["tip"],
        "value_unit": "US$",
    },
}

# What their numbers are taken apart by.
SEGMENTS: dict[str, tuple[str, ...]] = {
    credit.MODEL: ("channel",),
    assistant.MODEL: ("channel",),
    delivery.MODEL: ("vehicle",),
}

# What the assistant may cost, use and take; the retry loop of `llm_cost_spike` does not keep to it.
POLICIES: dict[str, Fields] = {
    "frugal": {
        "name": "frugal",
        "model": assistant.MODEL,
        "max_cost_day_usd": Decimal(12),
        "max_cost_user_day_usd": Decimal("0.05"),
        "max_latency_ms": 15_000,
        "quality_measure": "truncation_rate",
        "quality_comparison": "at_most",
        "quality_bound": 0.10,
        "allowed_models": [f"{assistant.PROVIDER}/{assistant.LANGUAGE_MODEL}*"],
        "parameters": {"max_tokens": {"max": 1_024}, "temperature": {"min": 0, "max": 1}},
        "required_context": ["prompt", "prompt_version"],
    },
}

# What the text of every answer tells by itself: the short limit of `prompt_truncation` leaves half of a sentence.
EVALUATORS: dict[str, Fields] = {
    "whole-sentence": {
        "name": _("Ends with a whole sentence"),
        "model": assistant.MODEL,
        "kind": "pattern",
        "settings": {"must_match": r"[.!?]\s*$"},
    },
    "no-refusal": {
        "name": _("Does not refuse"),
        "model": assistant.MODEL,
        "kind": "no_refusal",
        "settings": {},
    },
}

# Version → what it asks, with which parameters; see the scenario `prompt_truncation`.
PROMPTS: dict[str, Fields] = {
    "p22": {
        "template": SYSTEM,
        "parameters": {"temperature": 0.2, "max_tokens": 700},
        "note": _("Short, with the next step at the end."),
        "author": "Ana Souza",
    },
    "p23": {
        "template": SYSTEM_DETAILED,
        "parameters": {"temperature": 0.2, "max_tokens": 256},
        "note": _("Every step in detail, so that customers need not write again."),
        "author": "Ana Souza",
    },
    "p24": {
        "template": SYSTEM,
        "parameters": {"temperature": 0.2, "max_tokens": 800},
        "note": _("Back to short answers, with room for long ones."),
        "author": "Ana Souza",
    },
}

SLOS: dict[str, Fields] = {
    "credit-risk-availability": {
        "name": _("Credit decisions are available"),
        "model": credit.MODEL,
        "sli": "availability",
        "target": 0.995,
    },
    "credit-risk-latency": {
        "name": _("Credit decisions take at most 300 ms"),
        "model": credit.MODEL,
        "sli": "latency",
        "bound_ms": 300.0,
        "target": 0.99,
    },
    "credit-risk-accuracy": {
        "name": _("Credit decisions are right"),
        "model": credit.MODEL,
        "sli": "accuracy",
        "target": 0.85,
    },
    "assistant-availability": {
        "name": _("The assistant answers"),
        "model": assistant.MODEL,
        "sli": "availability",
        "target": 0.99,
    },
    "assistant-not-truncated": {
        "name": _("Answers are complete"),
        "model": assistant.MODEL,
        "sli": "not_truncated",
        "target": 0.97,
    },
    "assistant-feedback": {
        "name": _("Customers do not rate answers down"),
        "model": assistant.MODEL,
        "sli": "feedback_not_negative",
        "target": 0.85,
    },
    "assistant-cost": {
        "name": _("A call costs at most US$ 0.001 on average"),
        "model": assistant.MODEL,
        "sli": "time_slices",
        "measure": "cost_per_request",
        "bound": 0.001,
        "slice": timedelta(hours=1),
        "target": 0.99,
    },
    "delivery-time-close": {
        "name": _("Delivery times are off by at most 5 minutes on average"),
        "model": delivery.MODEL,
        "sli": "time_slices",
        "measure": "mae",
        "bound": 5.0,
        "slice": timedelta(hours=1),
        "minimum": 10,
        "target": 0.95,
    },
    "delivery-time-availability": {
        "name": _("Delivery times are available"),
        "model": delivery.MODEL,
        "sli": "availability",
        "target": 0.99,
    },
}

RULES: dict[str, Fields] = {
    "credit-risk-accuracy-low": {
        "name": _("Accuracy of credit decisions is low"),
        "summary": _("Decisions disagree with the labels more often than they should"),
        "kind": "threshold",
        "no_data": "ok",
        "model": credit.MODEL,
        "measure": "accuracy",
        "comparison": "lt",
        "threshold": 0.78,
        "window": timedelta(hours=1),
        "minimum": 80,
        "for_duration": timedelta(minutes=10),
        "keep_firing_for": timedelta(minutes=15),
        "severity": "page",
    },
    "credit-risk-recall-low": {
        "name": _("Defaults are missed"),
        "summary": _("Of those who failed to pay, the model warned of too few"),
        "kind": "threshold",
        "no_data": "ok",
        "model": credit.MODEL,
        "measure": "recall",
        "comparison": "lt",
        "threshold": 0.60,
        "window": timedelta(hours=6),
        "minimum": 200,
        "for_duration": timedelta(minutes=30),
        "keep_firing_for": timedelta(minutes=30),
        "severity": "ticket",
    },
    "credit-risk-drift": {
        "name": _("Credit applications have drifted"),
        "summary": _("Applications are not like those the model was trained on"),
        "kind": "drift",
        "no_data": "ok",
        "model": credit.MODEL,
        "threshold": 0.2,
        "window": timedelta(hours=1),
        "minimum": 100,
        "for_duration": timedelta(minutes=5),
        "keep_firing_for": timedelta(minutes=15),
        "severity": "ticket",
    },
    "credit-risk-data-quality": {
        "name": _("Credit applications arrive broken"),
        "summary": _("Columns of the applications are missing, mistyped or hold values never seen in training"),
        "kind": "data_quality",
        "no_data": "ok",
        "model": credit.MODEL,
        "window": timedelta(hours=1),
        "minimum": 100,
        "for_duration": timedelta(minutes=5),
        "keep_firing_for": timedelta(minutes=15),
        "severity": "ticket",
    },
    "credit-risk-accuracy-burn": {
        "name": _("Credit decisions burn their accuracy budget"),
        "summary": _("At this pace the accuracy budget of the month ends early"),
        "kind": "burn_rate",
        "slo": "credit-risk-accuracy",
        "pairs": QUALITY_PAIRS,
        "keep_firing_for": timedelta(minutes=15),
        "minimum": 30,
        "severity": "page",
    },
    "credit-risk-availability-burn": {
        "name": _("Credit decisions burn their availability budget"),
        "summary": _("Credit decisions fail so often that the availability budget ends early"),
        "kind": "burn_rate",
        "slo": "credit-risk-availability",
        "minimum": 5,
        "severity": "page",
    },
    "credit-risk-latency-burn": {
        "name": _("Credit decisions burn their latency budget"),
        "summary": _("Credit decisions are so slow that the latency budget ends early"),
        "kind": "burn_rate",
        "slo": "credit-risk-latency",
        "minimum": 10,
        "severity": "page",
    },
    "assistant-truncation-high": {
        "name": _("Answers of the assistant are cut off"),
        "summary": _("Too many calls end with finish reason length"),
        "kind": "threshold",
        "no_data": "ok",
        "model": assistant.MODEL,
        "measure": "truncation_rate",
        "comparison": "gt",
        "threshold": 0.10,
        "window": timedelta(minutes=30),
        "minimum": 20,
        "for_duration": timedelta(minutes=3),
        "keep_firing_for": timedelta(minutes=10),
        "severity": "page",
    },
    "assistant-feedback-negative": {
        "name": _("Customers rate the assistant down"),
        "summary": _("The share of negative thumbs is far above the usual"),
        "kind": "threshold",
        "no_data": "ok",
        "model": assistant.MODEL,
        "measure": "feedback_negative_rate",
        "comparison": "gt",
        "threshold": 0.35,
        "window": timedelta(hours=1),
        "minimum": 20,
        "for_duration": timedelta(minutes=5),
        "keep_firing_for": timedelta(minutes=10),
        "severity": "ticket",
    },
    "assistant-truncation-burn": {
        "name": _("Complete answers burn their budget"),
        "summary": _("So many answers are cut off that the budget of complete answers ends early"),
        "kind": "burn_rate",
        "slo": "assistant-not-truncated",
        "pairs": PROMPT_PAIRS,
        "keep_firing_for": timedelta(minutes=10),
        "minimum": 5,
        "severity": "page",
    },
    "assistant-availability-burn": {
        "name": _("The assistant burns its availability budget"),
        "summary": _("The assistant fails so often that its availability budget ends early"),
        "kind": "burn_rate",
        "slo": "assistant-availability",
        "minimum": 5,
        "severity": "page",
    },
    "assistant-cost-high": {
        "name": _("The assistant costs too much"),
        "summary": _("A call costs several times as much as usual"),
        "kind": "threshold",
        "no_data": "ok",
        "model": assistant.MODEL,
        "measure": "cost_per_request",
        "comparison": "gt",
        "threshold": 0.001,
        "window": timedelta(minutes=15),
        "minimum": 5,
        "for_duration": timedelta(minutes=3),
        "keep_firing_for": timedelta(minutes=10),
        "severity": "page",
    },
    "delivery-time-error-high": {
        "name": _("Delivery times are far off"),
        "summary": _("Couriers take much longer or shorter than customers were told"),
        "kind": "threshold",
        "no_data": "ok",
        "model": delivery.MODEL,
        "measure": "mae",
        "comparison": "gt",
        "threshold": 7.0,
        "window": timedelta(hours=6),
        "minimum": 50,
        "for_duration": timedelta(minutes=15),
        "keep_firing_for": timedelta(minutes=30),
        "severity": "ticket",
    },
    "delivery-time-availability-burn": {
        "name": _("Delivery times burn their availability budget"),
        "summary": _("Delivery times fail so often that the availability budget ends early"),
        "kind": "burn_rate",
        "slo": "delivery-time-availability",
        "minimum": 5,
        "severity": "page",
    },
}

CHANNELS: dict[str, Fields] = {"console": {"kind": "console"}}
