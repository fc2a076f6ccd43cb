"""The three groups of people: who looks, who responds, who defines."""

from django.contrib.auth.models import Group, Permission

VIEWER, RESPONDER, EDITOR = "viewer", "responder", "editor"

ROOMS = ["models_registry", "monitoring", "alerting", "runbooks"]
RESPONDS = {
    "alerting.change_incident",
    "monitoring.add_correction",
    "monitoring.change_correction",
    "alerting.add_silence",
    "alerting.change_silence",
    "runbooks.change_run",
    "runbooks.change_review",
    "runbooks.add_actionitem",
}
DEFINITIONS = {
    "models_registry.project",
    "models_registry.model",
    "models_registry.modelversion",
    "models_registry.deployment",
    "models_registry.apikey",
    "models_registry.job",
    "models_registry.prompt",
    "models_registry.promptversion",
    "monitoring.slo",
    "monitoring.correction",
    "monitoring.ownprice",
    "monitoring.policy",
    "monitoring.evaluator",
    "monitoring.segmentkey",
    "monitoring.scrapetarget",
    "monitoring.deadletter",
    "monitoring.batchrun",
    "alerting.alertrule",
    "alerting.channel",
    "alerting.incidentpolicy",
    "alerting.route",
    "alerting.escalationstep",
    "alerting.quiethours",
    "alerting.silence",
    "alerting.maintenance",
    "alerting.inhibition",
    "runbooks.runbook",
    "runbooks.step",
    "runbooks.actionitem",
}
# Accounts and the clock belong to administrators alone.
PRIVATE = {"models_registry.user", "models_registry.clock"}


def ensure_roles() -> None:
    """Create the groups or bring them up to date; what an administrator added to them by hand stays."""
    wanted: dict[str, list[Permission]] = {VIEWER: [], RESPONDER: [], EDITOR: []}
    permissions = Permission.objects.filter(content_type__app_label__in=ROOMS).select_related("content_type")
    for permission in permissions:
        for role in _roles_with(permission):
            wanted[role].append(permission)
    for role, granted in wanted.items():
        Group.objects.get_or_create(name=role)[0].permissions.add(*granted)


def _roles_with(permission: Permission) -> list[str]:
    model = f"{permission.content_type.app_label}.{permission.content_type.model}"
    if model in PRIVATE:
        return []
    if permission.codename.startswith("view_"):
        return [VIEWER, RESPONDER, EDITOR]
    if f"{permission.content_type.app_label}.{permission.codename}" in RESPONDS:
        return [RESPONDER, EDITOR]
    return [EDITOR] if model in DEFINITIONS else []
