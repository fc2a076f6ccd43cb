"""Whether a policy can be measured, an evaluator found and a target asked; forms and `apply` ask before they save."""

from math import isfinite

from django.utils.translation import gettext as _

from lib.http import OutgoingError, check_url
from monitoring.catalogue import MEASURES, in_words, measures_for
from monitoring.models import Evaluator, Policy, ScrapeTarget
from monitoring.slo.validate import RESERVED


def policy_problems(policy: Policy) -> dict[str, str]:
    """Field to a sentence that names the mend; empty when the quality it asks for is measured of such applications."""
    if not policy.quality_measure:
        return {}
    measure = MEASURES.get(policy.quality_measure)
    if measure is None or policy.model.kind not in measure.kinds:
        told = _("Models of this kind (%(kind)s) have these measures: %(fitting)s.") % {
            "kind": policy.model.get_kind_display(),
            "fitting": in_words(measures_for(policy.model.kind)),
        }
        return {"quality_measure": told}
    if policy.quality_bound is not None and not isfinite(policy.quality_bound):
        return {"quality_bound": _("Write a number.")}
    return {}


def evaluator_problems(evaluator: Evaluator) -> dict[str, str]:
    """Field to a sentence that names the mend; what can judge nothing is refused by the evaluator itself."""
    if evaluator.slug in RESERVED:
        return {
            "slug": _("“%(slug)s” is an address of its own: choose another slug.") % {"slug": evaluator.slug},
        }
    return {}


def target_problems(target: ScrapeTarget) -> dict[str, str]:
    """An address that may be called, a model of the same project, and names of metrics."""
    problems: dict[str, str] = {}
    try:
        check_url(target.url)
    except OutgoingError as error:
        problems["url"] = str(error)
    if target.model.project_id != target.project_id:
        problems["model"] = _("The model belongs to another project: choose one of the same.")
    names = target.names
    if not isinstance(names, list) or not all(isinstance(name, str) and name for name in names):
        problems["names"] = _('Write a list of names: ["vllm:*", "up"]; empty for all there are.')
    return problems


def token_problem(token: str) -> str:
    """Why a bearer token can be in no header; empty where it can."""
    if token.isascii() and token.isprintable() and " " not in token:
        return ""
    return _("A bearer token has letters, digits and signs of ASCII, and no spaces or line ends. Write it again.")
