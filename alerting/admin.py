"""Forms for rules, channels and silences; alerts and incidents to look at. Incidents are worked on in the panel."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms.models import construct_instance
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from alerting.channels import channel_kind
from alerting.channels.base import ChannelError
from alerting.models import Alert, AlertRule, Channel, Incident, Notification, Silence
from alerting.notify.requeue import requeue
from alerting.notify.test import send_test
from alerting.validate import rule_problems
from lib import clock, vault
from models_registry.admin_parts import ShownOnly, person
from monitoring.catalogue import MEASURES


class RuleForm(forms.ModelForm[AlertRule]):
    """A rule as a question, refused with the mend where it could never be answered."""

    measure = forms.ChoiceField(
        label=_("Measure"), required=False, help_text=_("Only for threshold rules: what is compared.")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "measure" in self.fields:
            names = [(name, measure.label) for name, measure in MEASURES.items()]
            self.fields["measure"].choices = [("", "—"), *names]  # type: ignore[attr-defined]  # a ChoiceField

    def clean(self) -> dict[str, Any] | None:
        """A rule that could never be asked or never fire is refused with the mend."""
        cleaned = super().clean()
        if not self.errors:
            for field, problem in rule_problems(construct_instance(self, AlertRule())).items():
                self.add_error(field, problem)
        return cleaned

    class Meta:
        """Everything a person decides."""

        model = AlertRule
        fields = (
            *("project", "name", "slug", "kind", "summary", "enabled", "slo", "pairs", "model", "environment"),
            *("measure", "comparison", "threshold", "window", "severity", "minimum", "for_duration"),
            *("keep_firing_for", "no_data", "interval"),
        )
        help_texts = {
            "kind": _(
                "SLO burn rate: warns when an error budget is being spent too fast; usually what you want. "
                "Threshold: warns when one measure crosses one number. "
                "Drift and data quality: warn when the inputs of a model differ from its version's reference."
            ),
            "slo": _("Only for burn-rate rules: the promise to watch."),
            "model": _("For every rule that watches no SLO."),
            "window": _(
                "For every rule that watches no SLO: it looks at this long. 00:05:00 is five minutes; inputs need an hour."
            ),
            "for_duration": _("How long it must stay crossed before anybody is told. Zero tells at once."),
            "keep_firing_for": _("How long it must stay healthy before the alert ends; prevents flapping."),
            "interval": _("How often the question is asked."),
            "severity": _("A page wakes somebody up; a ticket waits for the morning. Burn-rate pairs bring their own."),
            "no_data": _("A silent source is not a healthy one: choose what silence means."),
            "summary": _("One sentence for the person who is woken up."),
        }


@admin.register(AlertRule)
class AlertRuleAdmin(admin.ModelAdmin[AlertRule]):
    """One question each; `health` says whether the rule itself works."""

    form = RuleForm
    list_display = ("name", "kind", "subject", "severity", "enabled", "health", "last_slot")
    list_filter = ("kind", "severity", "enabled", "health", "project")
    list_select_related = ("slo", "model", "project")
    search_fields = ("name", "slug")
    prepopulated_fields = {"slug": ("name",)}
    readonly_fields = ("health", "last_error", "last_slot")
    fieldsets = (
        (None, {"fields": ("project", "name", "slug", "kind", "summary", "enabled")}),
        (_("If it watches an SLO"), {"fields": ("slo", "pairs")}),
        (
            _("If it watches a number"),
            {"fields": ("model", "environment", "measure", "comparison", "threshold", "window", "against")},
        ),
        (
            _("When to tell"),
            {"fields": ("severity", "minimum", "for_duration", "keep_firing_for", "no_data", "interval")},
        ),
        (_("How the rule itself is doing"), {"fields": ("health", "last_slot", "last_error")}),
    )

    @admin.display(description=_("watches"))
    def subject(self, rule: AlertRule) -> str:
        """The SLO, or the measure of the model; a measure that is no longer there by its name."""
        measure = MEASURES.get(rule.measure)
        return str(rule.slo) if rule.slo else f"{rule.model} · {measure.label if measure else rule.measure}"


def requeue_and_say(request: HttpRequest, rows: QuerySet[Notification]) -> None:
    """Queue again what was given up among the rows, and tell the person how many."""
    given_up = rows.filter(state=Notification.State.DEAD).select_related("incident", "channel").order_by("id")
    count = requeue(given_up, by=person(request), now=clock.now())
    told = ngettext("%(n)d message is queued again.", "%(n)d messages are queued again.", count) % {"n": count}
    messages.add_message(request, messages.SUCCESS if count else messages.WARNING, told)


class ChannelForm(forms.ModelForm[Channel]):
    """The secret can be written, never read back."""

    new_secret = forms.CharField(
        label=_("Secret"),
        required=False,
        widget=forms.PasswordInput(render_value=False, attrs={"autocomplete": "new-password"}),
        help_text=_("Signs webhooks. Leave empty to keep the one that is stored; it is never shown."),
    )

    class Meta:
        """Everything but the sealed bytes."""

        model = Channel
        fields = ("project", "name", "kind", "target", "minimum_severity", "enabled")

    def clean(self) -> dict[str, Any] | None:
        """Each kind of channel says what its target must be."""
        cleaned = super().clean() or {}
        if "kind" in cleaned:
            try:
                channel_kind(cleaned["kind"]).check(
                    target=cleaned.get("target", ""), secret=cleaned.get("new_secret", "")
                )
            except ChannelError as error:
                self.add_error("target", str(error))
        return cleaned

    def save(self, commit: bool = True) -> Channel:
        """Seal the secret if one was given."""
        if self.cleaned_data.get("new_secret"):
            self.instance.secret = vault.seal(self.cleaned_data["new_secret"])
        return super().save(commit)


@admin.register(Channel)
class ChannelAdmin(admin.ModelAdmin[Channel]):
    """Where messages go; “save and send a test” proves it before the first incident does.

    Once a broken receiver is mended, what was given up meanwhile can be queued again.
    """

    form = ChannelForm
    change_form_template = "admin/alerting/channel/change_form.html"
    list_display = ("name", "kind", "target", "minimum_severity", "enabled", "failures", "last_ok_at")
    list_filter = ("kind", "enabled")
    list_select_related = ("project",)
    search_fields = ("name",)
    readonly_fields = ("has_secret", "failures", "last_ok_at", "last_error")
    fieldsets = (
        (None, {"fields": ("project", "name", "kind", "target", "minimum_severity", "enabled")}),
        (_("Secret"), {"fields": ("new_secret", "has_secret")}),
        (_("How it is doing"), {"fields": ("failures", "last_ok_at", "last_error")}),
    )

    @admin.display(description=_("a secret is stored"), boolean=True)
    def has_secret(self, channel: Channel) -> bool:
        """Whether there is one; never which."""
        return bool(channel.secret)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """With the number of messages that were given up, for their button."""
        channel = context.get("original")
        dead = Notification.objects.filter(channel=channel, state=Notification.State.DEAD, incident__isnull=False)
        context["given_up"] = dead.count() if channel else 0
        return super().render_change_form(request, context, *args, **kwargs)

    def response_add(self, request: HttpRequest, obj: Channel, post_url_continue: str | None = None) -> HttpResponse:
        """Send the test before answering, if that button was pressed."""
        return self._tested(request, obj) or super().response_add(request, obj, post_url_continue)

    def response_change(self, request: HttpRequest, obj: Channel) -> HttpResponse:
        """The same after a change; or queue again what was given up, if it was that button."""
        if "_requeue" in request.POST:
            requeue_and_say(request, Notification.objects.filter(channel=obj))
            return HttpResponseRedirect(request.path)
        return self._tested(request, obj) or super().response_change(request, obj)

    def _tested(self, request: HttpRequest, channel: Channel) -> HttpResponse | None:
        if "_send_test" not in request.POST:
            return None
        sent = send_test(channel, by=person(request), now=clock.now())
        if sent.state == Notification.State.SENT:
            self.message_user(request, gettext("The test message was sent."), messages.SUCCESS)
        else:
            told = gettext("The test message was not sent: %(why)s") % {
                "why": sent.last_error or sent.decision or sent.get_state_display()
            }
            self.message_user(request, told, messages.ERROR)
        return HttpResponseRedirect(reverse("admin:alerting_channel_change", args=[channel.pk]))


@admin.register(Silence)
class SilenceAdmin(admin.ModelAdmin[Silence]):
    """A promise to look later: it always has an owner and an end."""

    list_display = ("project", "model", "rule", "starts_at", "ends_at", "owner", "comment")
    list_select_related = ("project", "model", "rule", "owner")
    autocomplete_fields = ("model", "rule")
    fields = ("project", "model", "rule", "starts_at", "ends_at", "comment")
    show_full_result_count = False

    def save_model(self, request: HttpRequest, obj: Silence, form: Any, change: bool) -> None:
        """Whoever makes a silence owns it."""
        if not change:
            obj.owner = person(request)
        super().save_model(request, obj, form, change)


@admin.register(Incident)
class IncidentAdmin(ShownOnly):
    """For the record; people work on incidents in the panel."""

    list_display = ("__str__", "title", "state", "severity", "model", "opened_at", "resolved_at")
    list_filter = ("state", "severity")
    list_select_related = ("model", "project")


@admin.register(Alert)
class AlertAdmin(ShownOnly):
    """The current state of each rule, with its reason."""

    list_display = ("rule", "state", "severity", "value", "reason", "changed_at", "incident")
    list_filter = ("state", "severity")
    list_select_related = ("rule", "incident")


@admin.register(Notification)
class NotificationAdmin(ShownOnly):
    """The delivery log: what was sent, what was not, and why."""

    list_display = ("created_at", "channel", "reason", "incident", "state", "attempts", "decision", "last_error")
    list_filter = ("state", "reason")
    list_select_related = ("channel", "incident")
    actions = ("queue_again",)

    def has_respond_permission(self, request: HttpRequest) -> bool:
        """Whoever may act on incidents."""
        return request.user.has_perm("alerting.change_incident")

    @admin.action(description=_("Queue again what was given up"), permissions=["respond"])
    def queue_again(self, request: HttpRequest, queryset: QuerySet[Notification]) -> None:
        """Only messages about incidents that were given up; the others stay as they are."""
        requeue_and_say(request, queryset)
