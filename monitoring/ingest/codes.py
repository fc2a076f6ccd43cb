"""Every code that ingest answers with, and what it means. `docs/api/ingest.md` lists them all; a test compares.

Codes never change. The sentence that goes out with one is English, like every API answer; the meaning below is
what the panel shows beside the counts, in the reader's language.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# Why an item was refused.
REJECTIONS: dict[str, str | Promise] = {
    "invalid_json": _("not readable as JSON"),
    "not_an_object": _("not a JSON object"),
    "too_deep": _("nested too deeply"),
    "too_many_values": _("too many values in one item"),
    "not_a_number": _("NaN or an infinite number"),
    "integer_out_of_range": _("an integer that does not fit in 64 bits"),
    "lone_surrogate": _("half of a surrogate pair, which is no character"),
    "nul_character": _("a NUL character"),
    "wrong_type": _("a field of the wrong type"),
    "out_of_range": _("a number outside its range"),
    "unknown_value": _("a value that this field does not know"),
    "too_long": _("an identifier that is too long"),
    "missing_field": _("a required field is missing"),
    "invalid_timestamp": _("a timestamp that cannot be read"),
    "naive_timestamp": _("a timestamp without an offset from UTC"),
    "timestamp_out_of_range": _("a timestamp outside the accepted window"),
    "invalid_span_id": _("a span without a readable trace id or span id"),
    "unreadable_record": _("a record of OpenTelemetry that cannot be read"),
    "invalid_metric": _("a data point that contradicts itself or has too many attributes"),
    "too_many_metrics": _("a metric beyond the number that an application may have"),
}
# What an accepted item may carry.
NOTES: dict[str, str | Promise] = {
    "truncated": _("a text was cut at the limit"),
}
# Why a whole request was refused.
PROBLEMS: dict[str, tuple[int, str | Promise]] = {
    "empty_body": (400, _("the body is empty")),
    "malformed": (400, _("the body is neither an object, an array nor lines of JSON")),
    "bad_gzip": (400, _("the body is not the gzip or deflate it says it is")),
    "bad_protobuf": (400, _("the body is no OpenTelemetry data that can be read")),
    "incomplete_body": (400, _("the body ended before its announced length")),
    "bad_idempotency_key": (400, _("the Idempotency-Key is too long")),
    "not_authenticated": (401, _("no live key")),
    "missing_scope": (403, _("the key lacks the scope")),
    "not_found": (404, _("there is no such address")),
    "body_too_large": (413, _("the body is too large, as sent or once inflated")),
    "too_many_items": (413, _("too many items in one request")),
    "unsupported_media_type": (415, _("a content type other than JSON or NDJSON in UTF-8")),
    "unsupported_encoding": (415, _("a content encoding other than gzip or deflate")),
    "rate_limited": (429, _("the key sends faster than its limit")),
    "server_error": (500, _("a fault of the panel itself")),
    "inbox_full": (503, _("too many items wait to be stored")),
    "inbox_stale": (503, _("the oldest waiting item has waited too long")),
    "not_stored": (503, _("the database could not store the body")),
}


@dataclass(frozen=True, slots=True)
class Rejection:
    """One refused item: `pointer` is relative to the item, `detail` never repeats what was sent."""

    code: str
    pointer: str
    detail: str

    def at_source(self, paths: Mapping[str, str]) -> "Rejection":
        """The same, pointing to where its sender put the field: `paths` names it, with dots."""
        field, _, rest = self.pointer.removeprefix("/").partition("/")
        if field not in paths:
            return self
        source = paths[field].replace(".", "/")
        return replace(self, pointer=f"/{source}/{rest}".rstrip("/"))


class Fault(Exception):  # noqa: N818 - it is an item's, not the program's
    """Carries a rejection out of nested checks."""

    def __init__(self, code: str, pointer: str, detail: str) -> None:
        super().__init__(code)
        self.rejection = Rejection(code, pointer, detail)


class Refusal(Exception):  # noqa: N818 - it is the request's, not the program's
    """The whole request is refused with this problem; its status is in `PROBLEMS`. `project_id` is that of its key, where known."""

    def __init__(
        self, code: str, detail: str, *, retry_after: int | None = None, project_id: int | None = None
    ) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail
        self.retry_after = retry_after
        self.project_id = project_id
