"""Events as stored: the columns that are searched or folded, the rest as one JSON payload.

Times are epoch microseconds (`*_us`), durations too; both sort, subtract and copy without conversion. Primary keys
are `inbox id << 13 | index`, so they follow the ingest sequence.
"""

from typing import Any, ClassVar, Final

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.functions import Left
from django.db.models.lookups import Exact
from django.utils.translation import gettext_lazy as _

from models_registry.models import ModelVersion, Project
from monitoring.models.prices import AppliedPrice

ERROR_LEVELS: Final = ("error", "critical")
RESPONSE_HEAD: Final = '{"response_id":"'
_REST: Final = f"substr(payload, {len(RESPONSE_HEAD) + 1}, 201)"
RESPONSE_ID: Final = {
    "sqlite": f"substr(payload, {len(RESPONSE_HEAD) + 1}, instr({_REST}, '\"') - 1)",
    "postgresql": f"split_part({_REST}, '\"', 1)",
}


class RowId(models.BigIntegerField[int, int]):
    """A primary key of 64 bits that is given, never made.

    SQLite keeps a table in the order of such a key only if its type reads INTEGER; an automatic field has that too, but
    writes a sequence with every row.
    """

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        """INTEGER on SQLite, where every integer has 64 bits."""
        return "integer" if connection.vendor == "sqlite" else str(super().db_type(connection))


class Second(models.Func):
    """The second that epoch microseconds lie in, written with a literal as in the page indexes: databases compare the text."""

    template = "(%(expressions)s / 1000000)"
    output_field = models.BigIntegerField()


class ResponseId(models.Func):
    """The id that a provider gave a call: what begins the payload, if the call has one. Nothing is parsed for it."""

    template = RESPONSE_ID["sqlite"].replace("payload", "%(expressions)s")
    output_field = models.CharField()

    def as_postgresql(self, compiler: Any, connection: BaseDatabaseWrapper, **context: Any) -> Any:
        """The same, for want of `instr`."""
        template = RESPONSE_ID["postgresql"].replace("payload", "%(expressions)s")
        return self.as_sql(compiler, connection, template=template, **context)


class Event(models.Model):
    """What every stored event has.

    References of events are not checked by the database: a check per row and reference costs more than the row, and
    only the drain writes here, after it has resolved them.
    """

    id = RowId(primary_key=True)
    project = models.ForeignKey(Project, models.CASCADE, related_name="+", db_index=False, db_constraint=False)
    event_id = models.CharField(max_length=200)
    ts_us = models.BigIntegerField()
    ingested_us = models.BigIntegerField()
    payload: models.Field[Any, Any] = models.TextField(
        default="{}", help_text="JSON object: everything without a column of its own."
    )

    class Meta:
        """Never a table of its own; pages by second within a project (`monitoring.selectors.spans`).

        Of a second's events, which come in any order of their times, the index is written at one place.
        """

        abstract = True
        indexes: ClassVar = [models.Index("project", Second("ts_us"), name="%(class)s_page")]

    def __str__(self) -> str:
        return self.event_id


class Served(Event):
    """What a prediction and an LLM call share: who served whom, how long it took, how it ended."""

    version = models.ForeignKey(ModelVersion, models.CASCADE, related_name="+", db_index=False, db_constraint=False)
    environment = models.CharField(max_length=64, default="production")
    status = models.PositiveSmallIntegerField(default=0, help_text="0 ok, 1 error.")
    error_type = models.CharField(max_length=200, default="", blank=True)
    latency_us = models.BigIntegerField(null=True)
    request_id = models.CharField(max_length=200, default="", blank=True)
    trace_id = models.CharField(max_length=200, default="", blank=True)
    span_id = models.CharField(max_length=200, default="", blank=True)
    user_id = models.CharField(max_length=200, default="", blank=True)
    session_id = models.CharField(max_length=200, default="", blank=True)
    # What comes later has a default in the database, so that the drain need not send it (a third of an insert).
    feedback_up = models.PositiveIntegerField(default=0, db_default=0, help_text="Winning thumbs up, as folded.")
    feedback_down = models.PositiveIntegerField(default=0, db_default=0)
    feedback_other = models.PositiveIntegerField(default=0, db_default=0)
    opinions = models.TextField(
        default="", db_default="", blank=True, help_text="Winning opinions as folded; `monitoring.drain.opinions`."
    )

    class Meta(Event.Meta):
        """The partial indexes serve whoever comes with an id; of users and sessions there are lists too."""

        abstract = True
        indexes: ClassVar = [
            *Event.Meta.indexes,
            models.Index(fields=["request_id"], name="%(class)s_request", condition=~models.Q(request_id="")),
            models.Index(fields=["trace_id"], name="%(class)s_trace", condition=~models.Q(trace_id="")),
            models.Index(fields=["span_id"], name="%(class)s_span", condition=~models.Q(span_id="")),
            models.Index("session_id", Second("ts_us"), name="%(class)s_session", condition=~models.Q(session_id="")),
            models.Index("user_id", Second("ts_us"), name="%(class)s_user", condition=~models.Q(user_id="")),
        ]


class Prediction(Served):
    """One prediction of a classical model, with its label once it is known."""

    prediction = models.CharField(max_length=200, default="", blank=True, help_text="Canonical text of the decision.")
    score = models.FloatField(null=True)
    label = models.CharField(max_length=200, null=True)  # noqa: DJ001 - an empty label and no label differ
    label_value = models.FloatField(null=True)
    label_us = models.BigIntegerField(null=True, help_text="When the winning outcome became known.")
    outcome_ref = models.BigIntegerField(null=True, help_text="The winning outcome.")
    label_changes = models.PositiveIntegerField(
        default=0, db_default=0, help_text="How often a label was followed by another one."
    )

    class Meta(Served.Meta):
        """Labels are found through the key directory, not searched."""

        verbose_name = _("prediction")
        verbose_name_plural = _("predictions")


class LLMCall(Served):
    """One call of a language model. Token buckets are disjoint; null means not reported."""

    provider = models.CharField(max_length=100, default="", blank=True)
    request_model = models.CharField(max_length=200, default="", blank=True)
    response_model = models.CharField(max_length=200, default="", blank=True)
    prompt_name = models.CharField(max_length=200, default="", blank=True)
    prompt_version = models.CharField(max_length=200, default="", blank=True)
    finish_reason = models.CharField(max_length=16, default="", blank=True, help_text="Empty means unknown.")
    ttft_us = models.BigIntegerField(null=True)
    input_tokens = models.BigIntegerField(null=True)
    cached_input_tokens = models.BigIntegerField(null=True)
    cache_write_tokens = models.BigIntegerField(null=True)
    output_tokens = models.BigIntegerField(null=True)
    reasoning_tokens = models.BigIntegerField(null=True)
    audio_input_tokens = models.BigIntegerField(null=True)
    audio_output_tokens = models.BigIntegerField(null=True)
    reported_nano = models.BigIntegerField(null=True, help_text="Cost as the client reports it, in nano-USD.")
    cost_nano = models.BigIntegerField(null=True, help_text="Cost by our price, in nano-USD; null means unpriced.")
    price = models.ForeignKey(
        AppliedPrice, models.PROTECT, null=True, related_name="+", db_index=False, db_constraint=False
    )
    context_window = models.BigIntegerField(null=True, help_text="Tokens the model holds, where that is known.")
    policies = models.TextField(
        default="", db_default="", blank=True, help_text="What policies said of it when it was drained: slug:limits …"
    )
    evaluations = models.TextField(
        default="",
        db_default="",
        blank=True,
        help_text="What evaluators say of it; `monitoring.llm.evaluators.verdicts`.",
    )
    texts = models.BinaryField(
        default=b"",
        db_default=b"",
        help_text="JSON object of what was said, deflated where that is shorter, by its span where one of its key tells it.",
    )

    class Meta(Served.Meta):
        """Parameters are in the payload, with the sizes of the texts; `monitoring.storage.packing` has how these are kept."""

        verbose_name = _("LLM call")
        verbose_name_plural = _("LLM calls")
        indexes: ClassVar = [
            *Served.Meta.indexes,
            models.Index(
                ResponseId("payload"),
                name="llmcall_response",
                condition=models.Q(Exact(Left("payload", len(RESPONSE_HEAD)), RESPONSE_HEAD)),
            ),
        ]


class Outcome(Event):
    """A label or value that became known later; the newest `ts_us` wins, ties by `event_id`."""

    target = models.BinaryField(max_length=16, help_text="Identity of the prediction.")
    target_ref = models.BigIntegerField(null=True, help_text="The prediction; null while it has not arrived.")
    label = models.CharField(max_length=200, null=True)  # noqa: DJ001 - an empty label and no label differ
    value = models.FloatField(null=True)

    class Meta(Event.Meta):
        """The index serves the join in both directions."""

        verbose_name = _("outcome")
        verbose_name_plural = _("outcomes")
        indexes: ClassVar = [*Event.Meta.indexes, models.Index(fields=["target"], name="outcome_by_target")]


class Feedback(Event):
    """What a person said of a prediction or call; the newest per target, user and kind wins."""

    target = models.BinaryField(max_length=16)
    target_ref = models.BigIntegerField(null=True)
    kind = models.CharField(max_length=12)
    value = models.CharField(max_length=200, default="", blank=True)
    comment = models.TextField(default="", blank=True)
    user_id = models.CharField(max_length=200, default="", blank=True)

    class Meta(Event.Meta):
        """The second index serves the choice of winners, the last the list of comments."""

        verbose_name = _("feedback")
        verbose_name_plural = _("feedback")
        indexes: ClassVar = [
            *Event.Meta.indexes,
            models.Index(fields=["target"], name="feedback_by_target"),
            models.Index(fields=["project", "ts_us", "id"], name="feedback_comments", condition=~models.Q(comment="")),
        ]


class BusinessEvent(Event):
    """A business fact, or a marker of change such as a deploy."""

    version = models.ForeignKey(
        ModelVersion, models.CASCADE, null=True, related_name="+", db_index=False, db_constraint=False
    )
    kind = models.CharField(max_length=64, default="business")
    name = models.CharField(max_length=200, default="", blank=True)
    value = models.FloatField(null=True)
    target_id = models.CharField(max_length=200, default="", blank=True)

    class Meta(Event.Meta):
        """Markers become Deployment rows as well."""

        verbose_name = _("business event")
        verbose_name_plural = _("business events")


class LogRecord(Event):
    """One structured log line, and which service or model said it; no version: stored before lines were counted."""

    version = models.ForeignKey(
        ModelVersion, models.CASCADE, null=True, related_name="+", db_index=False, db_constraint=False
    )
    environment = models.CharField(max_length=64, default="production")
    level = models.CharField(max_length=16, default="info")
    logger = models.CharField(max_length=200, default="", blank=True)
    message = models.TextField(default="", blank=True)
    request_id = models.CharField(max_length=200, default="", blank=True)
    trace_id = models.CharField(max_length=200, default="", blank=True)
    user_id = models.CharField(max_length=200, default="", blank=True)
    pattern = models.BigIntegerField(null=True, help_text="Key of its level and pattern; `monitoring.stats.patterns`.")

    class Meta(Event.Meta):
        """The partial indexes serve the request page and whoever looks for errors; texts: `monitoring.models.log_text`."""

        verbose_name = _("log record")
        verbose_name_plural = _("log records")
        indexes: ClassVar = [
            *Event.Meta.indexes,
            models.Index(fields=["request_id"], name="logrecord_request", condition=~models.Q(request_id="")),
            models.Index(fields=["trace_id"], name="logrecord_trace", condition=~models.Q(trace_id="")),
            models.Index(
                "project", Second("ts_us"), name="logrecord_errors", condition=models.Q(level__in=ERROR_LEVELS)
            ),
        ]


class Span(Event):
    """One span of a trace, as an OpenTelemetry exporter sent it. `event_id` is its span id, in hex.

    The unique index is its identity, which no retry doubles, and finds a trace and a parent within it.
    """

    class Status(models.IntegerChoices):
        """The codes of OTLP."""

        UNSET = 0, _("unset")
        OK = 1, _("ok")
        ERROR = 2, _("error")

    payload = models.BinaryField(default=b"{}", help_text="JSON object of the rest, deflated where that is shorter.")
    trace_id = models.CharField(max_length=32)
    parent_span_id = models.CharField(max_length=16, default="", blank=True)
    name = models.CharField(max_length=200, default="", blank=True)
    kind = models.CharField(max_length=16, default="internal", help_text="As OpenTelemetry names it: server, client, …")
    role = models.CharField(
        max_length=16,
        default="span",
        help_text="What it does in a trace: llm, embedding, chain, agent, retriever, tool.",
    )
    service = models.CharField(max_length=200, default="", blank=True)
    scope = models.CharField(max_length=200, default="", blank=True, help_text="The instrumentation that made it.")
    status = models.PositiveSmallIntegerField(choices=Status.choices, default=Status.UNSET)
    duration_us = models.BigIntegerField(help_text="Negative where it ended before it began.")
    request_id = models.CharField(max_length=200, default="", blank=True)
    user_id = models.CharField(max_length=200, default="", blank=True)
    session_id = models.CharField(max_length=200, default="", blank=True)
    bears = models.BooleanField(
        default=False,
        db_default=False,
        help_text="No call, but it says of calls within it whose they are, or of what prompt.",
    )
    call_ref = models.BigIntegerField(null=True, help_text="The LLM call that this span is a sighting of.")

    class Meta(Event.Meta):
        """Attributes, events, links and resource are in the payload."""

        verbose_name = _("span")
        verbose_name_plural = _("spans")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["trace_id", "event_id", "project"], name="span_of_trace"),
        ]
        indexes: ClassVar = [
            *Event.Meta.indexes,
            models.Index(fields=["request_id"], name="span_request", condition=~models.Q(request_id="")),
            models.Index(fields=["session_id"], name="span_session", condition=~models.Q(session_id="")),
            models.Index(fields=["user_id"], name="span_user", condition=~models.Q(user_id="")),
            models.Index(fields=["event_id"], name="span_by_id"),
        ]
