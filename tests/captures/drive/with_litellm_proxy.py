"""LiteLLM's proxy with its callback of OpenTelemetry, asked by the client of OpenAI as people ask it: by names of its own."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from openai import OpenAI

from tests.captures.cases import Case
from tests.captures.catalogue import CASES, LITELLM_PROXY
from tests.captures.drive.calls import each

STARTS_S = 90


def listening(port: int) -> bool:
    """Whether it answers."""
    try:
        return bool(urllib.request.urlopen(f"http://127.0.0.1:{port}/health/liveliness", timeout=2).status == 200)
    except (urllib.error.URLError, OSError):
        return False


def served(folder: str, port: int) -> subprocess.Popen[bytes]:
    """The proxy, once it answers."""
    base, models = os.environ["OPENAI_BASE_URL"], ("gpt-4o", "o3-mini", "claude-sonnet-4-5", "text-embedding-3-small")
    bases = {name: os.environ["ANTHROPIC_BASE_URL"] if name.startswith("claude") else base for name in models}
    listed = [
        {
            "model_name": name,
            "litellm_params": {
                "model": f"{'anthropic' if name.startswith('claude') else 'openai'}/{name}",
                "api_base": bases[name],
                "api_key": "no-key",
            },
        }
        for name in models
    ]
    told = {
        "model_list": listed,
        "litellm_settings": {"callbacks": ["otel"], "num_retries": 0, "drop_params": True},
        "router_settings": {"num_retries": 0, "disable_cooldowns": True},
    }
    config = Path(folder, "config.yaml")
    config.write_text(json.dumps(told), encoding="utf-8")
    litellm = str(Path(sys.executable).with_name("litellm"))
    found = subprocess.Popen([litellm, "--config", str(config), "--port", str(port), "--host", "127.0.0.1"])
    ends = time.monotonic() + STARTS_S
    while time.monotonic() < ends and not listening(port):
        time.sleep(0.5)
    return found


def run(client: Any, case: Case) -> None:
    """One call; a stream is read to its end."""
    request = dict(case.request)
    if "system" in request:
        request["messages"] = [{"role": "system", "content": request.pop("system")}, *request["messages"]]
    if case.name == "claude_tools":
        request["tools"] = CASES["chat_tools"].request["tools"]
    found = client.chat.completions.create(**request)
    if request.get("stream"):
        list(found)


if __name__ == "__main__":
    with socket.socket() as free, tempfile.TemporaryDirectory() as made:
        free.bind(("127.0.0.1", 0))
        place = int(free.getsockname()[1])
    with tempfile.TemporaryDirectory() as made:
        proxy = served(made, place)
        asking = OpenAI(max_retries=0, base_url=f"http://127.0.0.1:{place}/v1", api_key="sk-no-key")
        each(LITELLM_PROXY, lambda case: run(asking, case))
        asking.embeddings.create(**CASES["embed"].request)
        time.sleep(6)  # it sends every five seconds
        proxy.terminate()
        proxy.wait(30)
