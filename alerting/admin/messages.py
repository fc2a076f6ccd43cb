"""Forms for channels, and the log of what was sent and what was not."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from alerting.channels import channel_kind
from alerting.channels.base import ChannelError, ChannelKind
from alerting.models import Channel, Notification
from alerting.notify.requeue import requeue
from alerting.notify.test import send_test
from lib import clock, vault
from models_registry.admin_bases.shown_only import ShownOnly
from models_registry.admin_bases.signed_in import person


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
        help_text=_(
            "Webhook: the signing secret (whsec_…). Slack, Teams and apprise: the URL. Telegram: the bot's token. PagerDuty: "
            "the integration key. Alertmanager: a bearer token, if it wants one. Leave empty to keep what is stored; it is never shown."
        ),
    )

    class Meta:
        """Everything but the sealed bytes."""

        model = Channel
        fields = ("project", "name", "kind", "target", "minimum_severity", "owner", "enabled")

    def clean(self) -> dict[str, Any] | None:
        """Each kind of channel says what its target and its secret must be."""
        cleaned = super().clean() or {}
        if "kind" in cleaned:
            secret, kept = cleaned.get("new_secret", ""), self.instance.secret and "kind" not in self.changed_data
            kind = channel_kind(cleaned["kind"])
            try:
                kind.check(target=cleaned.get("target", ""), secret=secret)
            except ChannelError as error:
                self.add_error("new_secret" if _secret_is_wrong(kind, cleaned, secret) else "target", str(error))
            if kind.needs_secret and not secret and not kept:
                self.add_error("new_secret", _("This kind of channel cannot send without a secret. Write one."))
        return cleaned

    def save(self, commit: bool = True) -> Channel:
        """Seal the secret if one was given."""
        if self.cleaned_data.get("new_secret"):
            self.instance.secret = vault.seal(self.cleaned_data["new_secret"])
        return super().save(commit)


def _secret_is_wrong(kind: ChannelKind, cleaned: dict[str, Any], secret: str) -> bool:
    """The target alone would do: so it is the secret that a person must mend."""
    try:
        kind.check(target=cleaned.get("target", ""), secret="")
    except ChannelError:
        return False
    return bool(secret)


@admin.register(Channel)
class ChannelAdmin(admin.ModelAdmin[Channel]):
    """Where messages go; “save and send a test” proves it before the first incident does.

    Once a broken receiver is mended, what was given up meanwhile can be queued again.
    """

    form = ChannelForm
    list_display = ("name", "kind", "target", "minimum_severity", "enabled", "failures", "last_ok_at")
    list_filter = ("kind", "enabled")
    list_select_related = ("project",)
    search_fields = ("name",)
    readonly_fields = ("has_secret", "failures", "last_ok_at", "last_error", "paused_until")
    fieldsets = (
        (None, {"fields": ("project", "name", "kind", "target", "minimum_severity", "owner", "enabled")}),
        (_("Secret"), {"fields": ("new_secret", "has_secret")}),
        (_("How it is doing"), {"fields": ("failures", "last_ok_at", "last_error", "paused_until")}),
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
