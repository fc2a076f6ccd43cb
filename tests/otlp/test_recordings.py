"""What real clients sent is taken as they sent it, by every path and encoding that they use, and nothing of it is refused."""

import gzip
import zlib

import pytest

from lib import clock
from monitoring.drain import drain_until_empty
from monitoring.models import Span
from monitoring.selectors.ledger import read_ledger
from tests.captures.replay import Post, posts, recorded, seen_in

COMPRESSED = {"gzip": gzip.compress, "deflate": zlib.compress, "": bytes}
SIGNALS = ("/v1/traces", "/v1/logs")


def send(export, post: Post):
    encoding = post.headers.get("content-encoding", "")
    headers = {"Content_Encoding": encoding} if encoding else {}
    body = COMPRESSED[encoding](post.body)
    return export(body, path=post.path, content_type=post.headers["content-type"], **headers)


@pytest.mark.parametrize("client", recorded())
def test_every_span_and_record_of_a_client_is_taken(client, export, project):
    told = [post for post in posts(client) if post.path.endswith(SIGNALS)]
    for post in told * 2:
        answer = send(export, post)
        assert (answer.status_code, answer.content) == (200, b"")
    drain_until_empty(now=clock.now())
    expected = {(one.trace_id, one.span_id) for kind, one in seen_in(client) if kind == "span"}
    assert set(Span.objects.values_list("trace_id", "event_id")) == expected
    counts = read_ledger(project_id=project.pk)["kinds"]["span"]
    assert (counts["stored"], counts["rejected"], counts["dead_lettered"]) == (len(expected), 0, 0)
    assert counts["duplicate"] == len(expected)
