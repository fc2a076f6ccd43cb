"""What a definition says beside its columns, by section: the names in the file, what they add to the row, what stands in other tables."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from django.core.exceptions import ValidationError

from alerting.models import Channel
from config.definitions.given import Given
from config.definitions.prompts import is_reviewed, write_versions
from config.definitions.routes import place_route, write_listeners
from config.definitions.runbooks import write_runbook
from lib.vault import holds, seal
from models_registry.models import Model
from monitoring.models import SLO, ScrapeTarget
from monitoring.selectors.components import load_components
from monitoring.slo.components import read_components, set_components
from monitoring.summaries.segment_keys import set_keys


def _nothing(_row: Any, _given: Given) -> dict[str, Any]:
    return {}


def _no_tables(_row: Any, _given: Given) -> None:
    """Its columns say everything."""


@dataclass(frozen=True)
class Beside:
    """`names` are what the file may say. `before` gives values of columns that are written with the others, `after` writes other tables."""

    names: tuple[str, ...] = ()
    before: Callable[[Any, Given], dict[str, Any]] = _nothing
    after: Callable[[Any, Given], None] = _no_tables


def _reviewed(_row: Any, given: Given) -> dict[str, Any]:
    return {"reviewed": is_reviewed(given)}


def _secret(owner: Channel | ScrapeTarget, given: Given) -> dict[str, Any]:
    """The file names an environment variable; the secret itself never stands in it."""
    if "secret_env" not in given:
        return {}
    secret = os.environ.get(str(given["secret_env"]), "")
    if not secret:
        given.problem(f"{given['secret_env']} is not set", "secret_env")
    return {} if not secret or holds(owner.secret, secret) else {"secret": seal(secret)}


def _name_components(slo: SLO, given: Given) -> dict[str, Any]:
    """SLOs that stand earlier in the file, or are there: the row is judged with them."""
    if "components" in given:
        try:
            slo.parts = read_components(slo.project, given["components"])
        except ValidationError as error:
            slo.parts = []
            given.invalid(error, "components")
    return {}


def _compose(slo: SLO, given: Given) -> None:
    """Of its components; what is no composite any more has none."""
    load_components([slo])
    if set_components(slo, slo.parts or ()):
        given.also("components")


def _declare_keys(model: Model, given: Given) -> None:
    """The keys of the file are the model's keys; one that is no longer there is withdrawn."""
    if "segments" not in given:
        return
    try:
        changed = set_keys(model, [str(key) for key in given.list_of("segments")], now=given.report.now)
    except ValidationError as error:
        given.invalid(error, "segments")
        return
    if changed:
        given.also("segments")


PLAIN: Final = Beside()
BESIDE: Final = {
    "models": Beside(("segments", "reviewed"), _reviewed, _declare_keys),
    "prompts": Beside(("versions", "reviewed"), _reviewed, write_versions),
    "slos": Beside(("components",), _name_components, _compose),
    "channels": Beside(("secret_env",), _secret),
    "scrape_targets": Beside(("secret_env",), _secret),
    "routes": Beside(("parent", "matchers", "channels", "steps"), place_route, write_listeners),
    "runbooks": Beside(("rules", "steps"), after=write_runbook),
}
