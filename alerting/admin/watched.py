"""The forms of what rules watch, with what this room knows: a change that would break the grouping of a rule is refused there."""

from django.contrib import admin

from alerting.evaluate.groupings import change_problems, withdrawal_problem
from monitoring.admin.segments import SegmentKeyAdmin
from monitoring.admin.slos import SLOAdmin, SLOForm
from monitoring.models import SLO, SegmentKey


class WatchedSLOForm(SLOForm):
    """An objective that rules are written on."""

    def problems(self, asked: SLO) -> dict[str, str]:
        """Also what the change would do to them."""
        return super().problems(asked) or change_problems(asked)


class WatchedSLOAdmin(SLOAdmin):
    """The objective's page, and the rules on it."""

    form = WatchedSLOForm


class WatchedKeyAdmin(SegmentKeyAdmin):
    """Keys, and the rules that group by them."""

    def still_needed(self, key: SegmentKey) -> str:
        """Rules make an alert for each of its values."""
        return withdrawal_problem(key)


admin.site.unregister([SLO, SegmentKey])
admin.site.register(SLO, WatchedSLOAdmin)
admin.site.register(SegmentKey, WatchedKeyAdmin)
