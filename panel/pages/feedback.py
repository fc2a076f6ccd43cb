"""The page behind a feedback link: what can be chosen, and what a person has chosen so far."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.http import QueryDict
from django.utils.translation import gettext as _

from lib.ids import uuid7
from models_registry.links import Link
from models_registry.models import Model
from monitoring.ingest.redact import pseudonym, redactor_for
from monitoring.ingest.vote import MAX_COMMENT, Vote
from monitoring.selectors.feedback import application_of, has_spoken

MAX_STEPS = 10
THUMBS = ("up", "down")


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing to choose."""

    value: str
    label: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class FeedbackForm:
    """What the page shows; empty lists are not asked for."""

    thumbs: list[Choice]
    scores: list[Choice]
    categories: list[Choice]
    comment: str
    asks_comment: bool
    form: str
    again: bool
    max_comment: int = MAX_COMMENT
    problem: str = ""
    problem_at: str = ""


@dataclass(frozen=True, slots=True)
class Given:
    """What a form brought, and what is wrong with it."""

    said: Mapping[str, str]
    problem: str = ""
    at: str = ""
    taken_back: frozenset[str] = field(default_factory=frozenset)


def feedback_form(link: Link, asked: QueryDict, given: Given | None = None) -> FeedbackForm:
    """The form; `asked` may choose beforehand (`?thumb=up`), a refused one keeps everything that was written."""
    said = given.said if given else {"thumb": asked.get("thumb", "")}
    model = application_of(link.key.project_id, link.claims.t)
    return FeedbackForm(
        thumbs=_thumbs(said.get("thumb", "")) if "thumb" in link.claims.k else [],
        scores=_scores(model, said.get("score", "")) if "score" in link.claims.k else [],
        categories=_categories(model, said.get("category", "")) if "category" in link.claims.k else [],
        comment=said.get("comment", ""),
        asks_comment="comment" in link.claims.k,
        form=asked.get("form", "") or str(uuid7()),
        again="again" in asked or _spoke_before(link),
        problem=given.problem if given else "",
        problem_at=given.at if given else "",
    )


def read_form(link: Link, sent: QueryDict) -> Given:
    """What somebody said, of the kinds that the link asks for."""
    said: dict[str, str] = {kind: sent.get(kind, "").strip().replace("\r\n", "\n") for kind in link.claims.k}
    taken_back = frozenset(kind for kind in said if "withdraw" in sent and not said[kind])
    if len(said.get("comment", "")) > MAX_COMMENT:
        problem = _("Your comment is too long: at most %(n)d characters. Shorten it; nothing you wrote is lost.")
        return Given(said, problem % {"n": MAX_COMMENT}, "comment")
    if not any(said.values()) and not taken_back:
        first = "thumb" if "thumb" in link.claims.k else "comment"
        return Given(said, _("Choose or write something first."), first)
    if wrong := _unknown(link, said):
        return Given(said, _("Choose one of the answers shown."), wrong)
    return Given(said, taken_back=taken_back)


def vote_of(given: Given, sent: QueryDict) -> Vote:
    """As the inbox takes it."""
    return Vote(
        {kind: value for kind, value in given.said.items() if value}, sent.get("form", "")[:64], given.taken_back
    )


def _spoke_before(link: Link) -> bool:
    """Whether what this link's person said is stored already, under the name that redaction left of theirs."""
    redact = redactor_for(link.key.project)
    cleaned = redact(link.claims.u) if redact else link.claims.u
    name = link.claims.u if cleaned == link.claims.u else pseudonym(link.claims.u, cleaned)
    return has_spoken(link.key.project_id, link.claims.t, name)


def _unknown(link: Link, said: Mapping[str, str]) -> str:
    """The field that says what its form did not offer."""
    if said.get("thumb") and said["thumb"] not in THUMBS:
        return "thumb"
    if not (said.get("score") or said.get("category")):
        return ""
    model = application_of(link.key.project_id, link.claims.t)
    offered = {"score": _scores(model, ""), "category": _categories(model, "")}
    for kind, choices in offered.items():
        if said.get(kind) and said[kind] not in {choice.value for choice in choices}:
            return kind
    return ""


def _thumbs(chosen: str) -> list[Choice]:
    labels = {"up": _("Good answer"), "down": _("Bad answer")}
    return [Choice(value, labels[value], value == chosen) for value in THUMBS]


def _scores(model: Model | None, chosen: str) -> list[Choice]:
    """Whole steps of the declared range, where these are few."""
    if model is None or model.score_min % 1 or model.score_max % 1 or model.score_max - model.score_min > MAX_STEPS:
        return []
    steps = map(str, range(int(model.score_min), int(model.score_max) + 1))
    return [Choice(step, step, step == chosen) for step in steps]


def _categories(model: Model | None, chosen: str) -> list[Choice]:
    words = model.feedback_categories if model else []
    return [Choice(word, word, word == chosen) for word in words]
