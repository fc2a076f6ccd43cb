"""Alert policies of OpenSLO as burn-rate rules.

A condition has one window and this panel's pairs have two: the short one is a twelfth of the long, unless an annotation says
it. `alertAfter` becomes `for`. The specification's own examples write `op: lte` and mean *exceeds*: such a rule is brought
in as *exceeds* and switched off, so that it neither alerts against its words nor is lost.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from django.utils.text import slugify

from config.interchange.openslo_read import Object, Objects, annotations, metadata, seconds
from config.interchange.openslo_words import FIELDS, LONG, RULE, SHORT
from models_registry.durations import write_duration
from monitoring.stats.burn import highest_factor, reachable

PAGES: Final = frozenset({"page", "critical", "high", "sev1", "sev-1", "p1"})
KNOWN: Final = PAGES | {"ticket", "warning", "medium", "low", "info"}
SHORTEST: Final = 60


class Policies:
    """Turns the policies that SLOs name into rules, in `rules`."""

    def __init__(self, objects: Objects, rules: dict[str, Any], warnings: list[str]) -> None:
        self.objects, self.rules, self.warnings = objects, rules, warnings

    def read(self, given: object, slo: str, target: float, where: str) -> None:
        """Of one SLO."""
        for one in given if isinstance(given, list) else []:
            if isinstance(one, Mapping) and "alertPolicyRef" in one:
                policy = self.objects.named("AlertPolicy", one["alertPolicyRef"], where)
            else:
                policy = one if isinstance(one, Mapping) else None
            if policy is not None and isinstance(policy.get("spec"), Mapping):
                self._policy(policy, slo, target)

    def _warn(self, policy: Object, text: str) -> None:
        self.warnings.append(f"AlertPolicy {metadata(policy).get('name')}: {text}")

    def _policy(self, policy: Object, slo: str, target: float) -> None:
        spec = policy["spec"]
        conditions = spec.get("conditions")
        if not isinstance(conditions, list) or len(conditions) != 1 or not isinstance(conditions[0], Mapping):
            self._warn(policy, "it must have exactly one condition: left out")
            return
        [condition] = conditions
        if "conditionRef" in condition:
            found = self.objects.named(
                "AlertCondition", condition["conditionRef"], f"AlertPolicy {metadata(policy).get('name')}"
            )
            if found is None:
                return
            condition = found
        pair = self._pair(policy, condition, target)
        if pair is not None:
            self._add(policy, condition, slo, pair)

    def _pair(self, policy: Object, condition: Object, target: float) -> dict[str, Any] | None:
        spec = condition.get("spec")
        asked = spec.get("condition") if isinstance(spec, Mapping) else None
        if not isinstance(asked, Mapping):
            self._warn(policy, "its condition says nothing that can be asked: left out")
            return None
        long, factor = seconds(asked.get("lookbackWindow")), asked.get("threshold")
        if asked.get("kind", "burnrate") != "burnrate" or long is None or not isinstance(factor, int | float):
            self._warn(policy, "its condition is no burnrate with a threshold and a lookbackWindow: left out")
            return None
        if not reachable(factor, target):
            self._warn(
                policy,
                f"a burn rate of {factor:g} is out of reach of a target of {target:g}: left out; at most {highest_factor(target):g} can be exceeded",
            )
            return None
        notes = annotations(policy)
        long = _own(notes, LONG, long)
        short = _own(notes, SHORT, max(SHORTEST, long // 12 // 60 * 60))
        if long <= short:
            self._warn(
                policy,
                f"a window of {write_duration(long)} is too short for a pair: {write_duration(2 * short)} instead",
            )
            long = 2 * short
        if SHORT not in notes:
            self._warn(
                policy,
                f"it has no short window: {write_duration(short)} beside {write_duration(long)}, so that the alert ends soon",
            )
        return {
            "long_s": long,
            "short_s": short,
            "factor": float(factor),
            "severity": self._severity(policy, condition),
        }

    def _severity(self, policy: Object, condition: Object) -> str:
        given = str(condition.get("spec", {}).get("severity") or "").lower()
        if given not in KNOWN:
            self._warn(policy, f"the severity {given!r} is taken for a ticket")
        return "page" if given in PAGES else "ticket"

    def _add(self, policy: Object, condition: Object, slo: str, pair: dict[str, Any]) -> None:
        """Policies of one rule (as they are exported) are its pairs."""
        notes = annotations(policy)
        name = notes.get(RULE) or f"{slo}-{slugify(str(metadata(policy).get('name') or 'burns'))}"[:64].strip("-")
        there = self.rules.get(name)
        if there is not None and there["slo"] == slo:
            there["pairs"].append(pair)
            there["severity"] = "page" if "page" in (there["severity"], pair["severity"]) else "ticket"
            return
        fields = self._fields(policy, condition)
        self.rules[name] = {
            **fields,
            "kind": "burn_rate",
            "slo": slo,
            "severity": pair["severity"],
            "pairs": [pair],
        } | _said(notes)

    def _fields(self, policy: Object, condition: Object) -> dict[str, Any]:
        spec, asked = policy["spec"], condition["spec"]["condition"]
        title = metadata(policy).get("displayName") or metadata(policy).get("name") or "Burns"
        fields: dict[str, Any] = {"name": str(title)[:160], "summary": str(spec.get("description") or "")[:300]}
        after = seconds(asked.get("alertAfter"))
        if after:
            fields["for_duration"] = write_duration(after)
        if spec.get("alertWhenNoData"):
            fields["no_data"] = "alert"
        op = asked.get("op")
        if op in ("lt", "lte"):
            self._warn(
                policy,
                f"op: {op} would alert while the budget burns slowly; taken for gt and switched off: switch it on if it means *exceeds*",
            )
            fields["enabled"] = False
        elif op == "gte":
            self._warn(policy, "op: gte; here a burn rate equal to the threshold does not alert")
        elif op != "gt":
            self._warn(policy, f"op must be gt, gte, lt or lte, not {op!r}: taken for gt")
        if spec.get("alertWhenBreaching") is False:
            fields["enabled"] = False
        return {name: value for name, value in fields.items() if value != ""}


def _own(notes: Mapping[str, str], name: str, default: int) -> int:
    given = notes.get(name, "")
    return int(given) if given.isdecimal() else default


def _said(notes: Mapping[str, str]) -> dict[str, Any]:
    """The rule's own fields, where this panel has written them."""
    try:
        found = json.loads(notes.get(FIELDS, "{}"))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
