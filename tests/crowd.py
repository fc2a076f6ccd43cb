"""Some of everything: the rows behind the pages whose queries are counted. New rows hang on the first as well as on
their own, so that both lists and pages of one thing grow."""

from dataclasses import dataclass, field
from datetime import time, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4
from zlib import compress

from alerting.models import (
    Alert,
    AlertRule,
    AlertTransition,
    AlertVerdict,
    Channel,
    EscalationStep,
    Evaluation,
    Incident,
    IncidentEvent,
    IncidentPolicy,
    Inhibition,
    Maintenance,
    Notification,
    QuietHours,
    Route,
    Silence,
)
from alerting.notify.ack import sign_ack
from lib.clock import real_now
from models_registry.keys import create_key
from models_registry.links import Claims, sign_link
from models_registry.models import Deployment, ExportPart, Job, Model, ModelVersion, Project, Prompt, PromptVersion
from models_registry.trail import note_saved
from monitoring.drift.references import set_reference
from monitoring.llm.pricing.prices import Price
from monitoring.models import (
    SLO,
    AppliedPrice,
    BatchRun,
    BusinessEvent,
    Component,
    Correction,
    DeadLetter,
    Estimator,
    Evaluator,
    Feedback,
    InboxBody,
    LLMCall,
    LogRecord,
    Outcome,
    OwnPrice,
    Policy,
    PolicyEvent,
    Prediction,
    ProcessState,
    RejectionCount,
    ScrapeTarget,
    SegmentKey,
    Span,
    StageRun,
)
from monitoring.prices.edits import record_edit
from monitoring.stats.fitted import pack
from monitoring.stats.profile import profile_of_columns
from runbooks.models import ActionItem, Review, Run, Runbook, RunStep, Step
from tests import cast
from tests.monitoring.series import add, series_of

NOW_US = int(cast.NOW.timestamp() * 1_000_000)
PRICE = Price("acme", "m", {"input": Decimal(1)})
EVENT = {"ts_us": NOW_US, "ingested_us": NOW_US, "request_id": "r-1", "user_id": "u-1"}


@dataclass
class Crowd:
    """A project that grows by `grow(count)`; `first` holds the first row of each kind."""

    project: Project
    size: int = 0
    first: dict[str, Any] = field(default_factory=dict)

    def grow(self, count: int) -> None:
        for number in range(self.size + 1, self.size + count + 1):
            self._add_definitions(number)
            self._add_incident(number)
            self._add_events(number)
            self._add_machinery(number)
        self.size += count

    def _keep(self, name: str, row: Any) -> Any:
        self.first.setdefault(name, row)
        return row

    def _add_definitions(self, number: int) -> None:
        person = self._keep("user", cast.make_person(f"person-{number}", "responder"))
        note_saved(person, [], new=True, by=person)
        kind = Model.Kind.LLM if number % 2 else Model.Kind.BINARY
        model = Model.objects.create(project=self.project, slug=f"model-{number}", kind=kind, reviewed=True)
        self._keep("model", model)
        for owner in dict.fromkeys([model, self.first["model"]]):
            version = ModelVersion.objects.create(model=owner, version=str(number))
            self._keep("version", version)
            SegmentKey.objects.create(model=owner, key=f"key-{number}", since=0, created_at=cast.NOW)
            set_reference(version, profile_of_columns({"x": [1, 2]}), origin="rows", now=cast.NOW)
            fitted = {"origin": "reference", "rows": 10, "kind": kind, "fit": pack({}, {}), "created_at": cast.NOW}
            Estimator.objects.create(version=version, **fitted)
            mark = Deployment.objects.create(version=version, at=cast.NOW - timedelta(hours=number))
            self._keep("deployment", mark)
            run = BatchRun.objects.create(
                project=self.project, run=f"run-{number}-{owner.pk}", version=version, heard_at=cast.NOW
            )
            self._keep("batch_run", run)
            status = series_of(owner, "status", version=str(number))
            add(status, cast.NOW - timedelta(minutes=5), {0: 90, 1: 10})
        prompt = Prompt.objects.create(project=self.project, name=f"prompt/{number}", model=model)
        self._keep("prompt", prompt)
        for asked in dict.fromkeys([prompt, self.first["prompt"]]):
            PromptVersion.objects.create(
                prompt=asked, version=str(number), template="Answer.", parameters={"n": number}
            )
        for owner in dict.fromkeys([model, self.first["model"]]):
            slo = SLO.objects.create(
                project=self.project,
                slug=f"slo-{number}-{owner.pk}",
                name=f"SLO {number}",
                model=owner,
                sli="availability",
                target=0.99,
            )
            self._keep("slo", slo)
        self._compose(number, [slo, self.first["slo"]])
        for corrected in dict.fromkeys([slo, self.first["slo"]]):
            row = Correction.objects.create(
                project=self.project,
                slug=f"work-{number}-{corrected.pk}",
                slo=corrected,
                starts_at=cast.NOW - timedelta(hours=number + 1),
                ends_at=cast.NOW - timedelta(hours=number),
                reason="work",
                author="ana",
            )
            self._keep("correction", row)
        for promise in dict.fromkeys([slo, self.first["slo"]]):
            rule = AlertRule.objects.create(
                project=self.project, slug=f"rule-{number}-{promise.pk}", name="Rule", kind="burn_rate", slo=promise
            )
            self._keep("rule", rule)
            Evaluation.objects.create(rule=rule, slot=cast.NOW, window_end=cast.NOW)
        self._add_policy(number)
        self._add_evaluator(number)
        IncidentPolicy.objects.get_or_create(project=self.project)
        channel = Channel.objects.create(project=self.project, name=f"channel-{number}", kind="console")
        root, _ = Route.objects.get_or_create(project=self.project, parent=None, defaults={"name": "root"})
        route = Route.objects.create(project=self.project, parent=root, name=f"route-{number}")
        self._keep("route", route).channels.add(channel)
        EscalationStep.objects.create(route=route, after=timedelta(minutes=number + 1)).channels.add(channel)
        hours = {"starts": time(22), "ends": time(7), "zone": "UTC"}
        self._keep(
            "quiet_hours",
            QuietHours.objects.create(project=self.project, channel=channel, name=f"hours-{number}", **hours),
        )
        self._add_mutes(number, person, rule)
        key, _ = create_key(project=self.project, name=f"key-{number}", scopes=["ingest"])
        self._keep("key", key)
        self._keep("link", sign_link(key, Claims("event-1", 10**10)))
        runbook = Runbook.objects.create(project=self.project, slug=f"runbook-{number}", title="Runbook")
        self._keep("runbook", runbook)
        for book in dict.fromkeys([runbook, self.first["runbook"]]):
            book.rules.add(rule)
            Step.objects.create(runbook=book, position=number, title="Look")

    def _add_mutes(self, number: int, person: Any, rule: AlertRule) -> None:
        matchers = [{"name": "rule", "value": rule.slug, "isRegex": False, "isEqual": True}]
        for hours in (-1, 1):
            span = sorted([cast.NOW, cast.NOW + timedelta(hours=hours)])
            silence = Silence.objects.create(
                project=self.project, matchers=matchers, starts_at=span[0], ends_at=span[1], owner=person
            )
            self._keep("silence", silence)
        window = Maintenance.objects.create(
            project=self.project, name=f"window-{number}", matchers=matchers, owner="ops"
        )
        self._keep("maintenance", window)
        inhibition = Inhibition.objects.create(
            project=self.project, name=f"inhibition-{number}", source=matchers, target=matchers, equal=["model"]
        )
        self._keep("inhibition", inhibition)

    def _add_policy(self, number: int) -> None:
        policy = Policy.objects.create(
            project=self.project,
            slug=f"policy-{number}",
            model=self.first["model"],
            max_cost_day_usd=1,
            max_latency_ms=9,
        )
        self._keep("policy", policy)
        for about in dict.fromkeys([policy, self.first["policy"]]):
            PolicyEvent.objects.create(
                policy=about,
                limit="cost_day",
                start=cast.NOW - timedelta(days=number),
                end=cast.NOW,
                count=1,
                created_at=cast.NOW,
                updated_at=cast.NOW,
            )

    def _add_evaluator(self, number: int) -> None:
        self._keep(
            "evaluator",
            Evaluator.objects.create(
                project=self.project,
                slug=f"evaluator-{number}",
                name=f"Evaluator {number}",
                kind="length",
                settings={"min": 1},
            ),
        )

    def _compose(self, number: int, parts: list[SLO]) -> None:
        """One more composite, and one more component of the first one."""
        whole = SLO.objects.create(
            project=self.project,
            slug=f"whole-{number}",
            name=f"Whole {number}",
            model=parts[0].model,
            sli="composite",
            composition="weighted",
            target=0.99,
        )
        self._keep("composite", whole)
        for composite in dict.fromkeys([whole, self.first["composite"]]):
            for part in parts:
                Component.objects.get_or_create(composite=composite, slo=part)

    def _add_incident(self, number: int) -> None:
        incident = Incident.objects.create(
            project=self.project,
            number=number,
            title="Trouble",
            model=self.project.models.get(slug=f"model-{number}"),
            group_key=f"group-{number}",
            severity="page",
            impact_started_at=cast.NOW - timedelta(hours=2),
            opened_at=cast.NOW - timedelta(hours=1) + timedelta(seconds=number),
            acknowledged_by=self.first["user"],
        )
        self._keep("incident", incident)
        review = self._keep("review", Review.objects.create(incident=incident, created_at=cast.NOW))
        rule = AlertRule.objects.order_by("-pk")[0]
        channel = Channel.objects.order_by("-pk")[0]
        self._keep("ack", sign_ack(incident, channel, until=cast.NOW + timedelta(days=36_500)))
        for about in dict.fromkeys([incident, self.first["incident"]]):
            alert = Alert.objects.create(
                rule=rule, fingerprint=f"{number}-{about.pk}", state="firing", severity="page", incident=about
            )
            for changed in dict.fromkeys([self._keep("alert", alert), self.first["alert"]]):
                AlertTransition.objects.create(
                    alert=changed, incident=about, from_state="pending", to_state="firing", at=cast.NOW
                )
            AlertVerdict.objects.create(
                alert=alert, incident=about, verdict="useful", by=self.first["user"], at=cast.NOW
            )
            IncidentEvent.objects.create(
                incident=about, at=cast.NOW, kind="comment", actor=self.first["user"], text="Looking."
            )
            message = Notification.objects.create(
                uid=uuid4(),
                incident=about,
                channel=channel,
                generation=f"{number}-{about.pk}",
                reason="opened",
                created_at=cast.NOW,
                not_before=cast.NOW,
            )
            self._keep("notification", message)
            run, _ = Run.objects.get_or_create(
                incident=about,
                runbook=Runbook.objects.get(slug=f"runbook-{number}"),
                defaults={"started_at": cast.NOW, "started_by": self.first["user"]},
            )
            RunStep.objects.create(run=run, position=1, title="Look", done_by=self.first["user"], done_at=cast.NOW)
        for about in dict.fromkeys([review, self.first["review"]]):
            item = ActionItem.objects.create(review=about, title="Mend", owner="ana", due=cast.NOW.date())
            self._keep("action", item)

    def _add_events(self, number: int) -> None:
        version = self.first["version"]
        about = {**EVENT, "project": self.project, "event_id": f"event-{number}", "id": number}
        call = {**about, "version": version, "session_id": "s-1"}
        self._keep("prediction", Prediction.objects.create(**call, prediction="default", label="paid"))
        price = AppliedPrice.objects.create(
            digest=b"%032d" % number, source="own:acme", model="m", document=PRICE.document()
        )
        own = OwnPrice.objects.create(project=self.project, name=f"price-{number}", model="m", input=1)
        record_edit(None, own, now=cast.NOW)
        asked = {"slug": f"target-{number}", "model": version.model, "url": "https://models.example/metrics"}
        self._keep("target", ScrapeTarget.objects.create(project=self.project, **asked))
        called = {"provider": "acme", "finish_reason": "stop", "input_tokens": 5, "cost_nano": 5_000, "price": price}
        self._keep("llm_call", LLMCall.objects.create(**call, **called))
        LogRecord.objects.create(**about, message="a line")
        Span.objects.create(**about, trace_id=f"{number:032x}", name="chat", duration_us=5)
        plain = {key: value for key, value in about.items() if key not in {"request_id", "user_id"}}
        BusinessEvent.objects.create(**plain, version=version)
        Outcome.objects.create(**plain, target=b"t" * 16, target_ref=1, label="paid")
        Feedback.objects.create(**plain, target=b"t" * 16, target_ref=1, kind="thumb", value="up", comment="Good.")

    def _add_machinery(self, number: int) -> None:
        StageRun.objects.create(stage=f"stage-{number}", started_at=cast.NOW, story_at=cast.NOW)
        self._keep("job", Job.objects.create(project=self.project, kind="unheard", created_at=cast.NOW))
        export = Job.objects.create(
            project=self.project,
            kind="export",
            arguments={"dataset": "logs", "format": "csv", "filters": {}, "fields": []},
            cursor={"place": None, "parts": 1},
            state="done",
            stepped_at=real_now(),
            created_by=self.first["user"],
            created_at=cast.NOW,
        )
        ExportPart.objects.create(job=export, position=0, body=compress(b"id"))
        self._keep("export", export)
        ProcessState.objects.create(name=f"process-{number}", state="running", seen_at=cast.NOW)
        letter = DeadLetter.objects.create(project=self.project, kind="log", item=b"{}", error="bad", at=cast.NOW)
        self._keep("dead_letter", letter)
        RejectionCount.objects.create(
            project=self.project, kind="log", code=f"code-{number}", count=1, last_us=NOW_US, last_detail="no"
        )
        InboxBody.objects.create(
            project=self.project, kind="log", received_us=NOW_US, arrived_at=cast.NOW, items=b"[]", accepted=1
        )
