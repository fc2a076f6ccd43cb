"""Whether an objective can be measured at all; forms and `apply` ask before they save."""

from math import isfinite

from django.utils.translation import gettext as _

from models_registry.models import LONGEST
from monitoring.catalogue import SLIS
from monitoring.models import SLO


def slo_problems(slo: SLO) -> dict[str, str]:
    """Field to a sentence that names the mend; empty when the objective can be measured."""
    indicator = SLIS.get(slo.sli)
    if indicator is None:
        return {"sli": _("Unknown indicator. Choose one of: %(known)s.") % {"known": ", ".join(SLIS)}}
    problems: dict[str, str] = {}
    if slo.model.project_id != slo.project_id:
        problems["model"] = _("This model belongs to another project.")
    if slo.model.kind not in indicator.kinds:
        fitting = [name for name, other in SLIS.items() if slo.model.kind in other.kinds]
        problems["sli"] = _("A %(kind)s has no such indicator. It has: %(fitting)s.") % {
            "kind": slo.model.get_kind_display(),
            "fitting": ", ".join(fitting),
        }
    if indicator.bounded and not (slo.bound_ms and slo.bound_ms > 0 and isfinite(slo.bound_ms)):
        problems["bound_ms"] = _("Say how many milliseconds are still good, for example 300.")
    if not indicator.bounded and slo.bound_ms is not None:
        problems["bound_ms"] = _("Only the latency indicator has a bound: leave it empty.")
    return problems | _promise_problems(slo)


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
