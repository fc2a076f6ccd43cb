"""Alerts of other programs: their rule is there, not here. What is here has their name, its runbooks and its silences."""

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from alerting.kinds.base import Answers, Asked, Indivisible
from alerting.models import AlertRule
from monitoring.stats.tally import Subject
from monitoring.stats.windows import Integers, Windows


class External(Indivisible):  # the beginning is as it was told
    """Asked of nobody: whoever sends the alert has judged already."""

    def problems(self, rule: AlertRule) -> dict[str, str]:
        """It is made by the first alert of its name, never by hand."""
        made = AlertRule.objects.filter(pk=rule.pk, kind=AlertRule.Kind.EXTERNAL).exists()
        return (
            {} if made else {"kind": _("Rules of other programs appear with their first alert: choose another kind.")}
        )

    def question(self, rule: AlertRule, subject: Subject, *, until: Integers) -> Asked:
        """None."""
        raise ValueError(_("The rule %(rule)s is judged by another program.") % {"rule": rule.slug})

    def judge(self, rule: AlertRule, subject: Subject, seen: Windows) -> Answers:
        """Never."""
        raise ValueError(_("The rule %(rule)s is judged by another program.") % {"rule": rule.slug})

    def title(self, rule: AlertRule) -> str:
        """The name that the other program gave it."""
        return rule.name

    def describe(self, rule: AlertRule, value: float) -> str:
        """Values are told in annotations, if at all."""
        return number_format(value)


KIND = External()
