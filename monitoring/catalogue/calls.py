"""The shape and health of LLM calls: how they end, how large and how fast they are."""

from django.utils.translation import gettext_lazy as _

from monitoring.catalogue.base import LLM, Indicator, Measure
from monitoring.stats import marks, readers, usage

_FINISH = "OpenTelemetry gen_ai.response.finish_reasons; Wilson 1927"
_SIZES = "OpenTelemetry gen_ai.client.token.usage; HdrHistogram"
MEASURES = (
    Measure(
        name="truncation_rate",
        label=_("truncation rate"),
        unit="ratio",
        definition=_("Calls with finish reason length divided by calls whose finish reason is known."),
        source=_FINISH,
        kinds=LLM,
        metrics=("finish",),
        read=readers.truncation_rate,
        needs=("finish_reason",),
        better="lower",
    ),
    Measure(
        name="refusal_rate",
        label=_("refusal rate"),
        unit="ratio",
        definition=_("Calls with finish reason content_filter divided by calls whose finish reason is known."),
        source=_FINISH,
        kinds=LLM,
        metrics=("finish",),
        read=usage.refusal_rate,
        needs=("finish_reason",),
        better="lower",
    ),
    Measure(
        name="finish_unknown_rate",
        label=_("unknown finish reasons"),
        unit="ratio",
        definition=_(
            "Calls whose finish reason nobody told divided by all calls. They count neither as truncated nor as complete."
        ),
        source=_FINISH,
        kinds=LLM,
        metrics=("finish",),
        read=usage.finish_unknown_rate,
        better="lower",
    ),
    Measure(
        name="tokens",
        label=_("tokens"),
        unit="tokens",
        definition=_("Tokens of every bucket together: input, cached, written to the cache, output, reasoning, audio."),
        source="OpenTelemetry gen_ai.usage.input_tokens, gen_ai.usage.output_tokens",
        kinds=LLM,
        metrics=("tokens", "status"),
        read=readers.tokens,
        needs=("usage",),
        sampled=False,
    ),
    Measure(
        name="usage_mismatch_rate",
        label=_("contradictory token counts"),
        unit="ratio",
        definition=_(
            "Calls whose token counts contradict each other (parts above the whole, negative, not adding up to the total) divided "
            "by the calls that report some. Such calls are unpriced; their counts are kept as they came."
        ),
        source="Σ buckets = total of the provider; Wilson 1927",
        kinds=LLM,
        metrics=("usage",),
        read=usage.usage_mismatch_rate,
        needs=("usage",),
    ),
    Measure(
        name="tool_call_rate",
        label=_("calls with tool calls"),
        unit="ratio",
        definition=_("Calls that list tool calls, or ended with finish reason tool_calls, divided by all calls."),
        source="OpenTelemetry gen_ai.output.messages, parts of type tool_call; Wilson 1927",
        kinds=LLM,
        metrics=("tool_use", "status"),
        read=usage.tool_call_rate,
        needs=("tool_calls",),
    ),
    Measure(
        name="tool_calls_per_call",
        label=_("tool calls of a call, mean"),
        unit="count",
        definition=_("Tool calls divided by the calls that list some."),
        source="OpenTelemetry gen_ai.output.messages, parts of type tool_call",
        kinds=LLM,
        metrics=("tool_calls",),
        read=usage.tool_calls_per_call,
        needs=("tool_calls",),
    ),
    *(
        Measure(
            name=f"{side}_chars_p95",
            label=label,
            unit="count",
            definition=definition,
            source="characters (Unicode code points) of the texts; HdrHistogram",
            kinds=LLM,
            metrics=(f"{side}_chars",),
            read=readers.percentile(f"{side}_chars", 0.95),
            needs=("texts",),
        )
        for side, label, definition in (
            (
                *("prompt", _("characters of a prompt, 95th percentile")),
                _("95 of 100 calls sent at most this many characters: system text, prompt and context together."),
            ),
            (
                *("response", _("characters of a response, 95th percentile")),
                _("95 of 100 responses have at most this many characters."),
            ),
        )
    ),
    Measure(
        name="cached_share",
        label=_("input from cache"),
        unit="ratio",
        definition=_("Input tokens read from the provider's cache divided by all input tokens."),
        source="OpenTelemetry gen_ai.usage.cache_read.input_tokens ÷ gen_ai.usage.input_tokens",
        kinds=LLM,
        metrics=("tokens", "input_size"),
        read=usage.cached_share,
        needs=("usage",),
        better="higher",
    ),
    *(
        Measure(
            name=f"{side}_tokens_{place}",
            label=label,
            unit="tokens",
            definition=definition,
            source=_SIZES,
            kinds=LLM,
            metrics=(f"{side}_size",),
            read=readers.percentile(f"{side}_size", q),
            needs=("usage",),
        )
        for side, place, q, label, definition in (
            (
                *("input", "p50", 0.5, _("input tokens of a call, median")),
                _("Half of the calls read at most this many tokens, cached ones included."),
            ),
            (
                *("input", "p95", 0.95, _("input tokens of a call, 95th percentile")),
                _("95 of 100 calls read at most this many tokens, cached ones included."),
            ),
            (
                *("output", "p50", 0.5, _("output tokens of a call, median")),
                _("Half of the calls wrote at most this many tokens, reasoning included."),
            ),
            (
                *("output", "p95", 0.95, _("output tokens of a call, 95th percentile")),
                _("95 of 100 calls wrote at most this many tokens, reasoning included."),
            ),
        )
    ),
    Measure(
        name="context_use",
        label=_("context use, 95th percentile"),
        unit="ratio",
        definition=_(
            "Input and output tokens of a call divided by the context window of its model: 95 of 100 calls use at most this "
            "share. Only calls whose window is known."
        ),
        source="OpenTelemetry gen_ai.usage.input_tokens + gen_ai.usage.output_tokens; genai-prices context_window; HdrHistogram",
        kinds=LLM,
        metrics=("context",),
        read=usage.context_use,
        needs=("usage", "context_window"),
        better="lower",
        open_ended=True,
    ),
    Measure(
        name="ttft_p50",
        label=_("first token after, median"),
        unit="ms",
        definition=_("Half of the calls gave their first token within this time."),
        source="OpenTelemetry gen_ai.server.time_to_first_token; HdrHistogram",
        kinds=LLM,
        metrics=("ttft",),
        read=usage.first_token(0.5),
        needs=("ttft",),
        better="lower",
    ),
    Measure(
        name="ttft_p95",
        label=_("first token after, 95th percentile"),
        unit="ms",
        definition=_("95 of 100 calls gave their first token within this time."),
        source="OpenTelemetry gen_ai.server.time_to_first_token; HdrHistogram",
        kinds=LLM,
        metrics=("ttft",),
        read=usage.first_token(0.95),
        needs=("ttft",),
        better="lower",
    ),
    Measure(
        name="tokens_per_second",
        label=_("tokens per second, median"),
        unit="per_second",
        definition=_(
            "Output tokens of a call divided by the seconds from its first token on, or by its whole latency where the time of "
            "the first token is unknown; the median of the calls."
        ),
        source="inverse of OpenTelemetry gen_ai.server.time_per_output_token; HdrHistogram",
        kinds=LLM,
        metrics=("speed",),
        read=usage.tokens_per_second,
        needs=("usage", "latency"),
        better="higher",
    ),
)
INDICATORS = (
    Indicator(
        name="not_truncated",
        label=_("complete answers"),
        kinds=LLM,
        metric="finish",
        marks=marks.not_truncated,
    ),
)
