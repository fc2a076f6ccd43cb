"""What a file says of a prompt beside its columns: its versions, each of which is a definition of its own."""

from typing import Final

from config.definitions.columns import write_columns
from config.definitions.given import Given
from models_registry.models import Prompt, PromptVersion

PROMPT_FIELDS: Final = ("template", "parameters", "note", "author")


def write_versions(prompt: Prompt, given: Given) -> None:
    """What calls have used is not changed, and its line says so."""
    if "versions" not in given:
        return
    for version, one in given.each("versions", "a mapping of version to fields"):
        one.allow(PROMPT_FIELDS)
        row = PromptVersion.objects.filter(prompt=prompt, version=version).first()
        values = {name: one[name] for name in PROMPT_FIELDS if name in one}
        write_columns(row or PromptVersion(prompt=prompt, version=version), values | {"reviewed": True}, one)
