"""Calls of language models as OTLP/HTTP bodies in protobuf: one span a trace, in the names of two vocabularies, as peers read them.

Texts are drawn from 512 of each kind, so that no compression sees a constant; ids, counts and moments differ in every span.
"""

import random
import time

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

PROMPT, RESPONSE = 800, 600  # characters
TEXTS = 512
SPREAD_NS = 120 * 10**9
MODELS = (("gpt-4o-mini", "openai"), ("gpt-4o", "openai"), ("claude-3-5-sonnet-20241022", "anthropic"))
FAILS = 0.015
WORDS = [
    "customer",
    "order",
    "refund",
    "invoice",
    "delivery",
    "address",
    "please",
    "summarise",
    "this",
    "answer",
    "with",
    "sources",
    "retrieval",
    "passage",
    "budget",
    "latency",
    "error",
    "drift",
    "monitor",
    "alert",
    "runbook",
    "pedido",
    "entrega",
    "pagamento",
    "cliente",
    "prazo",
    "não",
    "informação",
    "incidente",
]


class Bodies:
    """Bodies that never repeat a span, the same for the same seed but for their moments."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(seed)
        self._prompts = [self._text(PROMPT) for _ in range(TEXTS)]
        self._responses = [self._text(RESPONSE) for _ in range(TEXTS)]
        self._now = time.time_ns()

    def take(self, spans: int, batch: int) -> list[tuple[bytes, int]]:
        """(body, its number of spans) for so many spans."""
        sizes = [batch] * (spans // batch) + [spans % batch] * bool(spans % batch)
        return [(self._body(size), size) for size in sizes]

    def _body(self, size: int) -> bytes:
        request = ExportTraceServiceRequest()
        resource = request.resource_spans.add()
        _put(resource.resource, {"service.name": "bench", "service.version": "1.4.2"})
        scope = resource.scope_spans.add()
        scope.scope.name = "bench"
        for _ in range(size):
            self._span(scope.spans.add())
        return bytes(request.SerializeToString())

    def _span(self, span: Span) -> None:
        rng = self._rng
        model, provider = rng.choice(MODELS)
        counts = (rng.randint(150, 2_400), rng.randint(20, 700))
        failed = rng.random() < FAILS
        span.trace_id, span.span_id = rng.randbytes(16), rng.randbytes(8)
        span.name, span.kind = f"chat {model}", Span.SpanKind.SPAN_KIND_CLIENT
        span.start_time_unix_nano = self._now - rng.randrange(SPREAD_NS)
        span.end_time_unix_nano = span.start_time_unix_nano + int(rng.lognormvariate(6.6, 0.6) * 1e6)
        span.status.code = Status.STATUS_CODE_ERROR if failed else Status.STATUS_CODE_OK
        session = f"session-{rng.randrange(20_000)}"
        _put(span, {"user.id": f"user-{rng.randrange(5_000)}", "session.id": session})
        _put(span, _genai(model, provider, counts, session, temperature=0.2))
        _put(span, _openinference(model, provider, counts))
        answer = "" if failed else rng.choice(self._responses)
        _put(span, {"input.value": rng.choice(self._prompts), "output.value": answer})
        reasons = span.attributes.add(key="gen_ai.response.finish_reasons").value.array_value
        reasons.values.add(string_value="error" if failed else rng.choice(("stop", "stop", "stop", "length")))

    def _text(self, size: int) -> str:
        return " ".join(self._rng.choices(WORDS, k=size // 3))[:size]


def _genai(
    model: str, provider: str, counts: tuple[int, int], session: str, *, temperature: float
) -> dict[str, object]:
    return {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": provider,
        "gen_ai.request.model": model,
        "gen_ai.response.model": model,
        "gen_ai.usage.input_tokens": counts[0],
        "gen_ai.usage.output_tokens": counts[1],
        "gen_ai.request.temperature": temperature,
        "gen_ai.request.max_tokens": 1_024,
        "gen_ai.conversation.id": session,
    }


def _openinference(model: str, provider: str, counts: tuple[int, int]) -> dict[str, object]:
    return {
        "openinference.span.kind": "LLM",
        "llm.model_name": model,
        "llm.provider": provider,
        "llm.token_count.prompt": counts[0],
        "llm.token_count.completion": counts[1],
        "llm.token_count.total": sum(counts),
    }


def _put(holder: Resource | Span, attributes: dict[str, object]) -> None:
    for key, value in attributes.items():
        told = holder.attributes.add(key=key).value
        if isinstance(value, str):
            told.string_value = value
        elif isinstance(value, int):
            told.int_value = value
        else:
            told.double_value = value
