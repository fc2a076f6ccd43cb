"""A rule's `for`, `keep_firing_for` and policies, as the state machine takes them."""

from alerting.models import AlertRule
from alerting.states.machine import Blindness, Plan, Policy, Seen


def plan_of(rule: AlertRule) -> Plan:
    """How the alerts of the rule move."""
    blind = {
        Seen.NO_DATA: Blindness(Policy(rule.no_data), rule.no_data_for),
        Seen.ERROR: Blindness(Policy(rule.on_error), rule.error_for),
    }
    return Plan(rule.for_duration, rule.keep_firing_for, blind)
