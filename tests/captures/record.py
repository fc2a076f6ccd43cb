"""Record what the real instrumented clients send: `python -m tests.captures.record [CLIENT …]` writes fixtures/CLIENT.json.gz.

Every client runs in an environment of its own (under the folder for temporary files, kept between runs) against our small
provider, and exports to a receiver that keeps every request. What names this machine is replaced before it is written.
"""

import base64
import gzip
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.captures.catalogue import CASES
from tests.captures.clients import CLIENTS, Client
from tests.captures.environments import ENVIRONMENTS
from tests.captures.provider import serve

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
FOLDER = Path(os.environ.get("CAPTURES_ENVIRONMENTS", Path(tempfile.gettempdir()) / "captures"))
KEPT_HEADERS = ("content-type", "content-encoding", "user-agent", "authorization", "x-langfuse")
SHOWN = re.compile(
    r"openai|anthropic|langchain|langfuse|logfire|mlflow|traceloop|opentelemetry|openinference|pydantic-ai|google-genai|llama-index|litellm|groq|mistral|dspy|haystack|openlit|cohere|boto"
    r"|langgraph|langsmith|agno|autogen|strands|semantic-kernel|agent-framework|google-adk|crewai|smolagents"
)
SHORTEST_NAME = 5  # a shorter one names nothing, and stands in many other words
NO_CONTENT_TYPE = "application/x-protobuf"


class Receiver(BaseHTTPRequestHandler):
    """Keeps what is posted, and answers as an endpoint of OpenTelemetry does."""

    posts: list[dict[str, Any]] = []
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        chunked = self.headers.get("transfer-encoding") == "chunked"
        body = self._chunks() if chunked else self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items() if name.lower().startswith(KEPT_HEADERS)}
        self.posts.append({"path": self.path, "headers": headers, "body": inflate(body, headers)})
        self.send_response(200)
        self.send_header("content-type", headers.get("content-type", NO_CONTENT_TYPE))
        self.send_header("content-length", "0")
        self.end_headers()

    def _chunks(self) -> bytes:
        """A body that comes in pieces, as those of Node do."""
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


def inflate(body: bytes, headers: dict[str, str]) -> bytes:
    """The body as it was before it was compressed; it is compressed again when it is posted."""
    encoding = headers.get("content-encoding", "")
    return gzip.decompress(body) if encoding == "gzip" else zlib.decompress(body) if encoding == "deflate" else body


def environment(client: Client) -> Path:
    """The folder of its environment, made and filled where it is not there yet."""
    folder, packages = FOLDER / client.environment, ENVIRONMENTS[client.environment]
    if folder.exists():
        return folder
    if of_node(client):
        folder.mkdir(parents=True)
        subprocess.run(["npm", "install", "--no-audit", "--no-fund", *packages], cwd=folder, check=True)
    else:
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        subprocess.run([str(folder / "bin/python"), "-m", "pip", "install", "-q", *packages], check=True)
    return folder


def of_node(client: Client) -> bool:
    """Whether its driver is one of JavaScript."""
    return client.driver[0].endswith(".mjs")


def command(client: Client) -> list[str]:
    """What runs its driver; one of JavaScript finds its packages only where it lies."""
    folder = environment(client)
    if not of_node(client):
        return [str(folder / "bin/python"), "-m", *client.driver]
    return ["node", str(shutil.copy(HERE / "drive" / client.driver[0], folder))]


def record(client: Client) -> list[dict[str, Any]]:
    """Everything that one client posts."""
    Receiver.posts = []
    with serve() as provider, ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as receiver:
        for server in (provider, receiver):
            threading.Thread(target=server.serve_forever, daemon=True).start()
        told = f"http://127.0.0.1:{receiver.server_port}"
        asked = f"http://127.0.0.1:{provider.server_port}"
        environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(FOLDER),
            "OPENAI_BASE_URL": f"{asked}/v1",
            "OPENAI_API_BASE": f"{asked}/v1",
            "OPENAI_API_KEY": "no-key",
            "ANTHROPIC_BASE_URL": asked,
            "GEMINI_BASE_URL": asked,
            "GOOGLE_GEMINI_BASE_URL": asked,
            "VENDOR_URL": asked,
            "AWS_ENDPOINT_URL": asked,
            "CAPTURES_CASES": json.dumps([CASES[name]._asdict() for name in (*client.cases, "embed")]),
            "ANTHROPIC_API_KEY": "no-key",
            "AZURE_OPENAI_API_KEY": "no-key",
            "OTEL_EXPORTER_OTLP_ENDPOINT": told,
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": f"{told}/v1/traces",
            "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
            "LANGFUSE_HOST": told,
            "LANGFUSE_BASE_URL": told,
            "LANGFUSE_PUBLIC_KEY": "pk-lf-captures",
            "LANGFUSE_SECRET_KEY": "sk-lf-captures",
            **client.environ,
        }
        subprocess.run(command(client), cwd=ROOT, env=environ, check=True, timeout=240)
        for server in (provider, receiver):
            server.shutdown()
    return Receiver.posts


def scrubbed(body: bytes) -> bytes:
    """Without the names of this machine; lengths stay, so that the encoding does."""
    names = [socket.gethostname(), str(FOLDER), str(ROOT), str(Path(sys.executable).parent), sys.base_prefix]
    for name in sorted((name for name in names if len(name) >= SHORTEST_NAME), key=len, reverse=True):
        body = body.replace(name.encode(), b"x" * len(name.encode()))
    return body


def versions(client: Client) -> dict[str, str]:
    """The versions of what matters in its environment."""
    folder = environment(client)
    if of_node(client):
        locked = json.loads((folder / "package-lock.json").read_text())["packages"]
        wanted = [package.rpartition("@")[0] for package in ENVIRONMENTS[client.environment]]
        return {name: locked[f"node_modules/{name}"]["version"] for name in wanted}
    listing = [str(folder / "bin/python"), "-m", "pip", "list", "--format", "json"]
    listed = subprocess.run(listing, check=True, capture_output=True)
    return {one["name"]: one["version"] for one in json.loads(listed.stdout) if SHOWN.search(one["name"])}


def main(names: list[str]) -> None:
    """Record the clients that are named, or all."""
    for client in (one for one in CLIENTS if not names or one.name in names):
        print(client.name, flush=True)
        posts = [one | {"body": base64.b64encode(scrubbed(one["body"])).decode()} for one in record(client)]
        told = {"client": client.name, "versions": versions(client), "posts": posts}
        file = HERE / f"fixtures/{client.name}.json.gz"
        file.write_bytes(gzip.compress(json.dumps(told, indent=1).encode(), 9, mtime=0))
        print(f"  {len(posts)} posts, {file.stat().st_size:,} bytes")


if __name__ == "__main__":
    main(sys.argv[1:])
