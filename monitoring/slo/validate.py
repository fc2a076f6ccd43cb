"""Whether an objective can be measured, and a correction written down; forms and `apply` ask before they save."""

from datetime import UTC, datetime, timedelta
from math import isfinite

from django.conf import settings
from django.utils.translation import gettext as _

from lib.clock import zone_names
from models_registry.models import LONGEST
from monitoring.catalogue import MEASURES, SLIS, Indicator, Measure, in_words, measures_for
from monitoring.measures.series import subjects_of
from monitoring.models import COMPOSITE, SLO, TIME_SLICES, Component, Correction
from monitoring.selectors.components import load_components
from monitoring.slo.grouping import grouping_problem, moved_problem
from monitoring.slo.indicators import INDICATORS, SLICES
from monitoring.stats.layouts import HOURLY
from monitoring.stats.recurrence import openings

HOUR = timedelta(hours=1)
RESERVED = frozenset({"preview", "suggested", "rejudge"})  # addresses beside those of SLOs and evaluators
EPOCH, LAST = datetime.fromtimestamp(0, tz=UTC), datetime(3000, 1, 1, tzinfo=UTC)
LONGEST_CORRECTION = timedelta(days=366)
WEEK = range(7)
MOST_COMPONENTS, LEAST_WEIGHT, MOST_WEIGHT = 50, 1e-6, 1e6
FEWEST_SLICES, MOST_SLICES, MOST_COUNTED = 4, 1_000, 10_080  # the last of slices that events are counted in


def slo_problems(slo: SLO) -> dict[str, str]:
    """Field to a sentence that names the mend; empty when the objective can be measured."""
    if slo.sli not in INDICATORS:
        return {"sli": _("Unknown indicator. Choose one of: %(known)s.") % {"known": ", ".join(INDICATORS)}}
    problems: dict[str, str] = {}
    if slo.model.project_id != slo.project_id:
        problems["model"] = _("This model belongs to another project.")
    if slo.slug in RESERVED:
        problems["slug"] = _("“%(slug)s” is an address of its own: choose another slug.") % {"slug": slo.slug}
    load_components([slo])
    if slo.sli == COMPOSITE:
        return problems | _composite_problems(slo) | _promise_problems(slo) | _window_problems(slo)
    problems |= _component_problems(slo)
    if wrong := grouping_problem(slo, slo.group_by):
        problems["group_by"] = wrong
    own = _slice_problems(slo) if slo.sli == TIME_SLICES else _event_problems(slo, SLIS[slo.sli])
    return problems | own | _bound_problems(slo) | _promise_problems(slo) | _window_problems(slo)


def _composite_problems(slo: SLO) -> dict[str, str]:
    """Components that can be judged together, and nothing of what only they have."""
    problems: dict[str, str] = {}
    if not slo.composition:
        problems["composition"] = _("Say how a composite is made of its components: choose one.")
    if wrong := _parts_problem(slo):
        problems["components"] = wrong
    if slo.pk and (named := _composites_of(slo)):
        problems["sli"] = _("It is a component of %(named)s, and no composite is made of composites.") % {
            "named": named
        }
    told = _("Its components have this: leave it empty.")
    for name in ("bound_ms", "measure", "bound", "slice", "slice_target"):
        if getattr(slo, name) not in (None, ""):
            problems[name] = told
    if slo.method != SLO.Method.OCCURRENCES:
        problems["method"] = _("A composite is made of what its components count: leave the method as it was.")
    if "components" not in problems and (wrong := grouping_problem(slo, slo.group_by)):
        problems["group_by"] = wrong
    return problems


def _parts_problem(slo: SLO) -> str:
    parts = [one.slo for one in slo.parts or ()]
    if not 1 <= len(parts) <= MOST_COMPONENTS:
        return _("A composite is made of 1 to %(most)d other SLOs: name them, one a line, each with its weight.") % {
            "most": MOST_COMPONENTS
        }
    for part in parts:
        named = {"slug": part.slug}
        if part.pk == slo.pk:
            return _("“%(slug)s” is this composite itself: leave it out.") % named
        if part.sli == COMPOSITE:
            return _("“%(slug)s” is a composite: name its components instead.") % named
        if part.project_id != slo.project_id:
            return _("“%(slug)s” belongs to another project: leave it out.") % named
    for one in slo.parts or ():
        if not LEAST_WEIGHT <= one.weight <= MOST_WEIGHT:
            return _("The weight of “%(slug)s” must be from %(least)s to %(most)s; leave out what shall not count.") % {
                "slug": one.slo.slug,
                "least": "0.000001",
                "most": "1000000",
            }
    return ""


def _component_problems(slo: SLO) -> dict[str, str]:
    """What only a composite has; and one that is a component stays where its composite is."""
    problems: dict[str, str] = {}
    told = _("Only a composite has this: leave it empty, or choose “several objectives together”.")
    if slo.composition:
        problems["composition"] = told
    if slo.without_data:
        problems["without_data"] = told
    if slo.parts:
        problems["components"] = told
    if slo.pk and Component.objects.filter(slo=slo).exclude(composite__project=slo.project_id).exists():
        problems["project"] = _("It is a component of %(named)s: take it out there first.") % {
            "named": _composites_of(slo)
        }
    if slo.pk and (wrong := moved_problem(slo)):
        problems["model"] = wrong
    return problems


def _composites_of(slo: SLO) -> str:
    """Names of those that it is in."""
    return ", ".join(str(one.composite) for one in Component.objects.filter(slo=slo).select_related("composite"))


def correction_problems(correction: Correction, *, now: datetime) -> dict[str, str]:
    """Field to a sentence that names the mend; empty when it can be written down, or as it is already."""
    problems: dict[str, str] = {}
    for field, named in (("slo", correction.slo), ("model", correction.model)):
        if named is not None and named.project_id != correction.project_id:
            problems[field] = _("This belongs to another project.")
    if correction.slo is not None and correction.model is not None:
        problems["model"] = _("Name an SLO or a model, not both: a model stands for all of its SLOs.")
    if not correction.reason.strip():
        problems["reason"] = _("Say why, for whoever reads the budget later.")
    problems |= _span_problems(correction) | _recurrence_problems(correction)
    if not problems and correction.recurs and not _comes(correction):
        problems["ends_at"] = _("It does not come once before it ends: say a later end, or other days.")
    return problems | _history_problems(correction, now=now)


def _span_problems(correction: Correction) -> dict[str, str]:
    """From when until when it holds."""
    problems: dict[str, str] = {}
    starts_at, ends_at = correction.starts_at, correction.ends_at
    if not EPOCH <= starts_at < LAST:
        problems["starts_at"] = _("Nothing is counted before 1970 or after 2999: say another start.")
    if ends_at is None:
        if not correction.recurs:
            problems["ends_at"] = _("Say when it ends; only one that comes again may leave this empty.")
    elif ends_at <= starts_at:
        problems["ends_at"] = _("It must end after it starts.")
    elif correction.recurs and ends_at > LAST:
        problems["ends_at"] = _("Leave this empty where it shall go on until somebody ends it.")
    elif not correction.recurs and ends_at - starts_at > LONGEST_CORRECTION:
        problems["ends_at"] = _("At most %(days)d days can be corrected at once.") % {"days": LONGEST_CORRECTION.days}
    return problems


def _recurrence_problems(correction: Correction) -> dict[str, str]:
    """Days of the week and two times on the wall's clock of a zone, or none of it: so it is never longer than a day."""
    problems: dict[str, str] = {}
    if correction.time_zone not in zone_names():
        problems["time_zone"] = _unknown_zone()
    if not correction.recurs:
        return problems
    days = correction.days if isinstance(correction.days, list) else []
    if not days:
        problems["days"] = _("Choose at least one day of the week.")
    elif not all(type(day) is int and day in WEEK for day in days) or len(days) != len(set(days)):
        problems["days"] = _("Name each day once, by numbers from 0 (Monday) to 6 (Sunday).")
    for name in ("start", "end"):
        if getattr(correction, name) is None:
            problems[name] = _("Say from when until when it lasts on those days, such as 02:00 and 04:00.")
    if not problems and len(days) == len(WEEK) and correction.start == correction.end:
        problems["days"] = _("That is all of the time, and nothing would be left to count: choose fewer days or hours.")
    return problems


def _comes(correction: Correction) -> bool:
    """Whether it comes at all before it ends."""
    weekly = correction.weekly
    return weekly is not None and any(
        opens < correction.until for opens, _closes in openings(weekly, after=correction.starts_at, count=1)
    )


def _history_problems(correction: Correction, *, now: datetime) -> dict[str, str]:
    """What was written stays; it can only be withdrawn, and that once, or end sooner where it comes again and not in the past."""
    saved = Correction.objects.filter(pk=correction.pk).first() if correction.pk else None
    if saved is None:
        return {}
    told = _("A correction is never changed: withdraw this one and write another.")
    frozen = ["slo_id", "model_id", "starts_at", "days", "start", "end", "time_zone", "effect", "reason", "author"]
    if saved.withdrawn_at:
        frozen += ["withdrawn_at", "withdrawn_by"]
    if saved.ended_by:
        frozen.append("ended_by")
    problems = {name.removesuffix("_id"): told for name in frozen if getattr(saved, name) != getattr(correction, name)}
    sooner = saved.weekly is not None and now <= correction.until < saved.until
    if saved.ends_at != correction.ends_at and not sooner:
        problems["ends_at"] = (
            _("One that comes again can end sooner than was said, but not before now.") if saved.weekly else told
        )
    return problems


def _event_problems(slo: SLO, indicator: Indicator) -> dict[str, str]:
    """The model must have the indicator; what only slices of time take is left empty."""
    problems: dict[str, str] = {}
    if slo.model.kind not in indicator.kinds:
        fitting = [name for name, other in SLIS.items() if slo.model.kind in other.kinds] + [TIME_SLICES]
        problems["sli"] = _("Models of this kind (%(kind)s) have no such indicator. They have: %(fitting)s.") % {
            "kind": slo.model.get_kind_display(),
            "fitting": ", ".join(f"“{INDICATORS[name]}” ({name})" for name in fitting),
        }
    for field in ("measure", "bound", *(() if slo.sliced else ("slice",))):
        if getattr(slo, field) not in (None, ""):
            problems[field] = _("Only slices of time have this: leave it empty, or choose them as what counts as good.")
    return problems | _method_problems(slo, indicator)


def _method_problems(slo: SLO, indicator: Indicator) -> dict[str, str]:
    """Slices that events are judged by need a length, and the method that tells good from bad ones a share."""
    problems: dict[str, str] = {}
    if slo.method != SLO.Method.OCCURRENCES and (wrong := _width_problem(slo, indicator, MOST_COUNTED)):
        problems["slice"] = wrong
    judged = slo.method == SLO.Method.TIMESLICES
    if judged and not (slo.slice_target is not None and 0 < slo.slice_target <= 1):
        problems["slice_target"] = _(
            "Say which share of good events makes a slice good, above 0 and at most 1: for example 0.99."
        )
    if not judged and slo.slice_target is not None:
        problems["slice_target"] = _("Only the method that judges slices has this share: leave it empty.")
    return problems


def _bound_problems(slo: SLO) -> dict[str, str]:
    bounded = slo.sli in SLIS and SLIS[slo.sli].bounded
    if bounded and not (slo.bound_ms and slo.bound_ms > 0 and isfinite(slo.bound_ms)):
        return {"bound_ms": _("Say how many milliseconds are still good, for example 300.")}
    if not bounded and slo.bound_ms is not None:
        return {"bound_ms": _("Only the latency indicator has a bound: leave it empty.")}
    return {}


def _slice_problems(slo: SLO) -> dict[str, str]:
    """A measure of this kind of model, a bound, and slices that can be read and counted."""
    problems: dict[str, str] = {}
    measure = MEASURES.get(slo.measure)
    if measure is None or slo.model.kind not in measure.kinds:
        problems["measure"] = _("Models of this kind (%(kind)s) have these measures: %(fitting)s.") % {
            "kind": slo.model.get_kind_display(),
            "fitting": in_words(measures_for(slo.model.kind)),
        }
    if slo.bound is None or not isfinite(slo.bound):
        problems["bound"] = _("Write the number that a good slice keeps, in the unit of the measure.")
    width = _width_problem(slo, measure, MOST_SLICES)
    if width:
        problems["slice"] = width
    if slo.method != SLO.Method.OCCURRENCES or slo.slice_target is not None:
        problems["method"] = _("A measure is judged by slices as it is: leave the method and its share as they were.")
    return problems


def _width_problem(slo: SLO, source: Measure | Indicator | None, most: int) -> str:
    if slo.slice not in SLICES:
        return _("Choose how long a slice is: a minute, 5 or 15 minutes, an hour or a day.")
    if slo.slice < HOUR and source is not None and HOURLY & set(source.metrics):
        return _("This measure is kept by the hour: choose slices of an hour or a day.")
    kept: timedelta = settings.RETENTION["minutes"]
    if slo.slice < HOUR and slo.period + _settle(slo, source) > kept:
        told = _(
            "Minutes are kept for %(days)s days, this window looks back further: choose slices of an hour or a day."
        )
        return told % {"days": kept.days}
    count = slo.period / slo.slice
    if not FEWEST_SLICES <= count <= most:
        told = _("That makes %(count)s slices; a window has %(fewest)s to %(most)s: change the slice or the window.")
        return told % {"count": int(count), "fewest": FEWEST_SLICES, "most": most}
    return ""


def _settle(slo: SLO, source: Measure | Indicator | None) -> timedelta:
    """How long the windows of the objective wait for labels: as long as these take, where that was learned."""
    if source is None or source.settle != "labels":
        return timedelta(0)
    return subjects_of([slo.model])[slo.model.pk].settle


def _promise_problems(slo: SLO) -> dict[str, str]:
    """NaN is between no two numbers, so every comparison here refuses it."""
    problems: dict[str, str] = {}
    if not 0 < slo.target < 1:
        problems["target"] = _(
            "Write a fraction between 0 and 1, both excluded: 0.99 promises ninety-nine in a hundred."
        )
    if slo.window.total_seconds() < 3_600:
        problems["window"] = _("A window of less than an hour has no budget to speak of: choose a day or more.")
    if slo.window > LONGEST:
        problems["window"] = _("Choose at most 3650 00:00:00, which is ten years.")
    return problems


def _window_problems(slo: SLO) -> dict[str, str]:
    """A period of the calendar, in a zone that IANA knows."""
    problems: dict[str, str] = {}
    if slo.calendar not in SLO.Calendar.values:
        problems["calendar"] = _("Choose a day, a week, a month or a quarter, or leave it empty for a rolling window.")
    if slo.zone not in zone_names():
        problems["zone"] = _unknown_zone()
    return problems


def _unknown_zone() -> str:
    return _("Write a time zone as IANA does, for example America/Sao_Paulo, Europe/Berlin or UTC.")
