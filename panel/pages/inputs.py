"""The inputs of a model on its page: what is broken, what has drifted, and the reference beside what came."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise

import numpy as np
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from alerting.kinds.inputs import fault_text
from lib.charts import Beside, beside
from models_registry.models import Model, ModelVersion
from monitoring.models import Reference
from monitoring.selectors.drift import all_reports_of, newest_period, period_of, reports_of, verdict_of
from monitoring.selectors.references import History, current_reference, history_of
from monitoring.selectors.summaries import Ask, read_tallies_of
from monitoring.stats.drift import FLOOR, Q, groups_of
from monitoring.stats.inputs import MINIMUM, FeatureReport, Report, worst
from monitoring.stats.layouts import FEATURES
from monitoring.stats.matched import Against, matched
from monitoring.stats.profile import NULL, Feature, value_counts
from panel import format as write
from panel.pages.indicators import scope_of


@dataclass(frozen=True, slots=True)
class InputRow:
    """One feature: its verdict in a word, both gates as text, the two histograms as a drawing."""

    name: str
    state: str
    psi: str
    p: str
    js: str
    n: int
    nulls: str
    faults: list[str]
    drawing: SafeString
    answer: bool = False  # no input, but what the model answered


@dataclass(frozen=True, slots=True)
class Inputs:
    """The whole section; `state` names why nothing can be judged where that is so."""

    state: str
    sentence: str
    rows: list[InputRow]
    version: ModelVersion | None = None
    reference: Reference | None = None
    history: str = ""
    against: Against = "reference"


def inputs_of(
    model: Model, serving: ModelVersion | None, *, start: datetime, now: datetime, against: Against = "reference"
) -> Inputs | None:
    """The section over [start, now); None for models that have no features.

    The version that serves, by the reference it has now; without one, whichever version tells most.
    """
    if model.kind == Model.Kind.LLM:
        return None
    reference = current_reference(serving.pk) if serving else None
    period = period_of(reference) if reference else newest_period(model.pk)
    past = matched(against, start, now, period)
    if against != "reference" and not past:
        told = _(
            "The reference was not taken from a past window, so it has no weeks to compare with: choose earlier weeks."
        )
        return Inputs("no_period", told, [], serving, reference, against=against)
    [[tally]] = read_tallies_of([Ask(scope_of(model), frozenset({FEATURES}), (start, now), past)])
    found = all_reports_of(tally, by_past=bool(past))
    mine = [one for one in found if reference is not None and one.reference_id == reference.pk]
    report = worst(mine or ([] if reference else reports_of(tally, by_past=bool(past))))
    if report is None:
        return replace(_nothing(reference, serving), against=against)
    if reference is None:
        reference = Reference.objects.select_related("version").filter(pk=report.reference_id).first()
    version = serving if mine else reference.version if reference else None
    rows = [_row(one) for one in report.features]
    history = history_sentence(history_of(reference)) if reference else ""
    return Inputs(verdict_of(report), _sentence(report), rows, version, reference, history, against)


def history_sentence(history: History) -> str:
    """What of the past is not held against the reference; nothing where all of it is."""
    if history.state == "partial" and history.since:
        told = _("Partial: predictions from before %(since)s are not counted, because their raw events are gone.")
        return told % {"since": write.moment(history.since)}
    if history.state == "folding":
        told = _("Predictions from before the reference are being counted by it: %(share)s done.")
        return told % {"share": write.percent(history.share or 0.0)}
    if history.state == "stopped":
        return _("Partial: counting the predictions from before the reference was stopped; see the jobs.")
    return ""


def _nothing(reference: Reference | None, serving: ModelVersion | None) -> Inputs:
    if reference is None:
        told = _(
            "No reference: nobody has said what the inputs should look like, so neither their quality nor their drift can "
            "be judged. Set one from training data by the API or with manage.py reference."
        )
        return Inputs("no_reference", told, [])
    told = _("No predictions in this range that the reference has counted.")
    return Inputs("no_data", told, [], serving, reference, history_sentence(history_of(reference)))


def _sentence(report: Report) -> str:
    """The verdict with both gates, and n."""
    if report.state == "other_features":
        told = _("None of the reference's features arrives (n %(n)s): were they renamed?")
        return told % {"n": write.number(report.rows)}
    return " ".join(part for part in (_broken_sentence(report), _drift_sentence(report)) if part)


def _broken_sentence(report: Report) -> str:
    if not report.broken:
        return ""
    told = ngettext(
        "%(count)s column is broken and therefore not judged for drift.",
        "%(count)s columns are broken and therefore not judged for drift.",
        len(report.broken),
    )
    return told % {"count": write.number(len(report.broken))}


def _drift_sentence(report: Report) -> str:
    if report.state == "few_rows":
        told = _("Too few predictions to judge drift: n %(n)s, %(minimum)s are needed.")
        return told % {"n": write.number(report.rows), "minimum": write.number(MINIMUM)}
    if report.state == "few_past":
        return _("The same hours of the past have too few predictions to compare with (n %(n)s).") % {
            "n": write.number(report.rows)
        }
    about = {
        "count": write.number(len(report.drifted)),
        "all": write.number(len(report.judged)),
        "q": write.number(Q, 2),
        "floor": write.number(FLOOR, 2),
        "n": write.number(report.rows),
    }
    if not report.judged:
        return _("No feature has enough values to be judged (n %(n)s).") % about
    if not report.drifted:
        told = _(
            "No drift: none of %(all)s features differs both significantly (p at most %(q)s, corrected for all of them) and "
            "largely (PSI at least %(floor)s). n %(n)s."
        )
        return told % about
    told = ngettext(
        "%(count)s of %(all)s features has drifted: significantly (p at most %(q)s, corrected for all of them) and largely "
        "(PSI at least %(floor)s). n %(n)s.",
        "%(count)s of %(all)s features have drifted: significantly (p at most %(q)s, corrected for all of them) and largely "
        "(PSI at least %(floor)s). n %(n)s.",
        len(report.drifted),
    )
    return told % about


def _row(one: FeatureReport) -> InputRow:
    total = int(one.current.sum())
    return InputRow(
        name=one.feature.name,
        state=one.state,
        psi=write.number(one.shift.psi if one.shift else None, 3),
        p=_p(one.p),
        js=write.number(one.shift.js if one.shift else None, 3),
        n=one.n,
        nulls=write.ratio(int(one.current[NULL]) / total if total else None),
        faults=[fault_text(fault) for fault in one.faults],
        drawing=_drawing(one),
        answer=one.feature.source != "input",
    )


def _p(p: float | None) -> str:
    if p is not None and p < 0.001:
        return f"< {write.number(0.001, 3)}"
    return write.number(p, 3)


def _drawing(one: FeatureReport) -> SafeString:
    """Shares of the reference beside those of the window; numbers in groups of bins, categories by name."""
    reference, current = value_counts(one.feature, one.feature.counts), value_counts(one.feature, one.current)
    names = _names(one.feature)
    if one.feature.numeric:
        groups = groups_of(reference) if reference.sum() else np.arange(len(reference))
        firsts = np.flatnonzero(np.diff(groups, prepend=-1)).tolist()
        names = [f"{names[first]} … {names[last]}" for first, last in pairwise([*firsts, len(reference)])]
        reference, current = (np.bincount(groups, counts).astype(np.int64) for counts in (reference, current))
    pairs = zip(names, _shares(reference.tolist()), _shares(current.tolist()), strict=True)
    bars = [
        Beside(
            before,
            after,
            _("%(name)s: %(before)s in the reference, %(after)s now")
            % {"name": name, "before": write.percent(before), "after": write.percent(after)},
        )
        for name, before, after in pairs
        if before or after
    ]
    return beside(bars, title=_("%(name)s: reference beside what came") % {"name": one.feature.name})


def _names(feature: Feature) -> list[str]:
    """The ends of a number's bins, one more than bins; or the name of each category."""
    if feature.edges is None:
        return [*feature.categories, _("other categories"), _("never seen")]
    return ["−∞", *(f"{edge:g}" for edge in feature.edges.tolist()), "∞"]


def _shares(counts: Sequence[int]) -> list[float]:
    total = sum(counts)
    return [count / total if total else 0.0 for count in counts]
