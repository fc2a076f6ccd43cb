"""`{% load panel %}`: the writers of `panel.format` as filters, shipped texts, Markdown in a line, opinions and the state pills."""

from functools import partial

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from lib.markdown import render_inline
from models_registry.shipped import shipped
from monitoring.models import Feedback
from monitoring.selectors.feedback import evaluation_of
from panel import format as write

register = template.Library()
register.filter("number", write.number)
register.filter("percent", write.percent)
register.filter("percent_exact", write.percent_exact)
register.filter("percent_floor", write.percent_floor)
register.filter("milliseconds", write.milliseconds)
register.filter("money", write.money)
register.filter("compact", write.compact)
register.filter("rate", write.rate)
register.filter("burn", write.burn)
register.filter("span", write.span)
register.filter("often", write.often)
register.filter("moment", write.moment)
register.filter("day", write.day)
register.filter("shipped", shipped)
register.filter("inline", render_inline)
register.filter("inline_unlinked", partial(render_inline, links=False))

STATES = {
    "ok": ("ok", _("Healthy")),
    "attention": ("warn", _("Attention")),
    "burning": ("bad", _("Burning")),
    "exhausted": ("bad", _("Budget spent")),
    "no_data": ("none", _("No data")),
    "stale": ("warn", _("Stale")),
    "waiting": ("none", _("Waiting for data")),
    "unpromised": ("none", _("Nothing promised")),
    "inactive": ("ok", _("Healthy")),
    "pending": ("warn", _("Pending")),
    "firing": ("bad", _("Firing")),
    "flapping": ("warn", _("Flapping")),
    "recovering": ("warn", _("Recovering")),
    "error": ("bad", _("Rule broken")),
    "disabled": ("none", _("Switched off")),
    "open": ("bad", _("Open")),
    "acknowledged": ("warn", _("Acknowledged")),
    "mitigated": ("warn", _("Mitigated")),
    "resolved": ("ok", _("Resolved")),
    "closed": ("none", _("Closed")),
    "merged": ("none", _("Merged")),
    "active": ("info", _("Active")),
    "expired": ("none", _("Ended")),
    "page": ("bad", _("Page")),
    "ticket": ("warn", _("Ticket")),
    "queued": ("info", _("Waiting")),
    "sending": ("info", _("Sending")),
    "sent": ("ok", _("Sent")),
    "suppressed": ("none", _("Not sent")),
    "dead": ("bad", _("Given up")),
    "draft": ("warn", _("Draft")),
    "published": ("ok", _("Published")),
    "unreviewed": ("warn", _("Unreviewed")),
    "production": ("info", _("In production")),
    "running": ("info", _("Running")),
    "silent": ("warn", _("Silent")),
    "finished": ("ok", _("Finished")),
    "failed": ("bad", _("Ended in error")),
    "better": ("ok", _("Better")),
    "worse": ("bad", _("Worse")),
    "same": ("none", _("No clear difference")),
    "different": ("info", _("Different")),
    "unjudged": ("none", _("Not judged")),
    "settled": ("ok", _("Settled")),
    "provisional": ("none", _("Provisional")),
    "drifted": ("bad", _("Drifted")),
    "broken": ("bad", _("Broken")),
    "few_rows": ("none", _("Too few rows")),
    "few_past": ("none", _("Too little past")),
    "no_period": ("none", _("No weeks to compare")),
    "not_judged": ("none", _("Not judged")),
    "no_values": ("none", _("No values")),
    "no_reference": ("none", _("No reference")),
    "no_reference_values": ("none", _("Nothing in the reference")),
    "other_features": ("bad", _("Other features")),
    "drifted_concept": ("bad", _("Concept drift suspected")),
    "no_scores": ("none", _("No scores")),
    "no_estimator": ("none", _("No estimator")),
    "no_estimate": ("none", _("No estimate yet")),
    "no_mature_windows": ("none", _("Labels not in yet")),
}
"""State to (tone of the pill, word): colour never speaks alone."""


KINDS = {"thumb": _("thumb"), "score": _("rating"), "category": _("category"), "comment": _("comment")}
THUMBS = {"up": _("thumbs up"), "down": _("thumbs down")}


@register.filter
def opinion(row: Feedback) -> str:
    """What somebody said of an answer, in words: thumbs up, rating: 4, category: wrong."""
    if row.kind == "thumb" and row.value in THUMBS:
        return str(THUMBS[row.value])
    kind = str(KINDS.get(row.kind, row.kind))
    return f"{kind}: {row.value}" if row.value else kind


@register.filter
def speaker(row: Feedback) -> str:
    """Who said it: a user id, or the name of the automatic evaluation that scored it."""
    return evaluation_of(row) or row.user_id


@register.simple_tag
def pill(state: str, text: str = "") -> SafeString:
    """`{% pill "firing" %}`: a coloured word; unknown states show as they are."""
    tone, word = STATES.get(state, ("none", state))
    return format_html('<span class="pill pill--{}">{}</span>', tone, text or word)
