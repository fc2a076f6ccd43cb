"""The tables of docs/api/dialects.md, made of the data that the readers read: `python -m tests.dialects.page` writes them."""

import gzip
import json
import re
from collections import defaultdict
from pathlib import Path

from monitoring.llm.dialects.aliases import ALIASES
from tests.captures.clients import CLIENTS
from tests.captures.never import NEVER
from tests.captures.replay import FIXTURES

PAGE = Path(__file__).resolve().parents[2] / "docs/api/dialects.md"
# What a library is called where packages are named otherwise.
PACKAGES = {
    "vercel": "ai",
    "mistral": "mistralai",
    "haystack": "haystack-ai",
    "bedrock": "boto3",
    "gemini": "google-genai",
    "llama": "llama-index-core",
    "pydantic": "pydantic-ai-slim",
    "azure": "openai",
    "adk": "google-adk",
    "agent": "agent-framework-core",
    "autogen": "autogen-agentchat",
    "semantic": "semantic-kernel",
    "strands": "strands-agents",
}
# What the packages of its instrumentations call it.
INSTRUMENTED = {"gemini": "google-genai", "azure": "openai", "adk": "google-adk", "langgraph": "langchain"}


def aliases() -> str:
    """One row a field, its ways in order."""
    ways = defaultdict(list)
    for field, dialect, source in ALIASES:
        ways[field].append(f"{dialect} `{source}`")
    rows = [f"| `{field}` | {' · '.join(told)} |" for field, told in ways.items()]
    return "\n".join(["| field | ways to say it |", "|---|---|", *rows])


def clients() -> str:
    """One row a recording."""
    rows = [f"| {client.name} | {_versions(client.name)} | {_never(client.name)} |" for client in CLIENTS]
    return "\n".join(["| recording | versions | never sent |", "|---|---|---|", *rows])


def _never(name: str) -> str:
    return ", ".join(f"`{field}`" for field in NEVER[name]) or "nothing"


def _versions(name: str) -> str:
    told = json.loads(gzip.decompress((FIXTURES / f"{name}.json.gz").read_bytes()))["versions"]
    kept = {package: version for package, version in told.items() if _matters(package, name)}
    return ", ".join(f"{package} {version}" for package, version in sorted(kept.items()))


def _matters(package: str, recording: str) -> bool:
    library, family = recording.split("-")[0], recording.split("-")[-1]
    if package in (library, f"{library}-openai", f"{library}-skinny", PACKAGES.get(library), "traceloop-sdk"):
        return package != "traceloop-sdk" or library == "traceloop"
    of = {"bedrock": "botocore" if family == "botocore" else "bedrock"} | INSTRUMENTED
    of_library = of.get(library, library)
    theirs = package.startswith("openinference") == (family == "openinference")
    return "instrumentation-" in package and of_library in package and theirs


def page(text: str) -> str:
    """The page with both tables as they are now."""
    for name, table in (("aliases", aliases()), ("clients", clients())):
        between = re.compile(rf"(<!-- table of {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        text = between.sub(lambda found, table=table: f"{found.group(1)}{table}\n{found.group(2)}", text)
    return text


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
