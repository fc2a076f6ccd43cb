"""Instructor's answers in the form of a class, by a tool and by JSON, under OpenInference, which sees the client of OpenAI below it too."""

import instructor
from openai import OpenAI
from openinference.instrumentation.instructor import InstructorInstrumentor
from openinference.instrumentation.openai import OpenAIInstrumentor
from pydantic import BaseModel

from tests.captures.cases import Case
from tests.captures.catalogue import INSTRUCTOR
from tests.captures.drive.calls import each
from tests.captures.drive.telemetry import start, stop


class get_weather(BaseModel):  # noqa: N801 — Instructor calls the tool as its class
    """The weather of a city."""

    city: str


def run(case: Case) -> None:
    """One answer."""
    told = {name: value for name, value in case.request.items() if name not in ("tools", "response_format")}
    mode = instructor.Mode.TOOLS if "tools" in case.request else instructor.Mode.JSON
    client = instructor.from_openai(OpenAI(max_retries=0), mode=mode)
    client.chat.completions.create(response_model=get_weather, max_retries=1, **told)


if __name__ == "__main__":
    providers = start()
    InstructorInstrumentor().instrument()
    OpenAIInstrumentor().instrument()
    each(INSTRUCTOR, run)
    stop(*providers)
