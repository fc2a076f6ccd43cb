"""What a file says of a prompt beside its columns: its versions, each of which is a definition of its own."""

from typing import Any, Final

from config.definitions.columns import write_columns
from config.definitions.given import Given
from models_registry.models import Prompt, PromptVersion

PROMPT_FIELDS: Final = ("template", "parameters", "note", "author")


def is_reviewed(given: Given) -> Any:
    """Somebody wrote it down, unless the file says that nobody has looked at it yet."""
    return given.fields.get("reviewed", True)


def write_versions(prompt: Prompt, given: Given) -> None:
    """What calls have used is not changed, and its line says so."""
    if "versions" not in given:
        return
    for version, one in given.each("versions", "a mapping of version to fields"):
        one.allow((*PROMPT_FIELDS, "reviewed"))
        row = PromptVersion.objects.filter(prompt=prompt, version=version).first()
        values = {name: one[name] for name in PROMPT_FIELDS if name in one}
        write_columns(
            row or PromptVersion(prompt=prompt, version=version), values | {"reviewed": is_reviewed(one)}, one
        )
