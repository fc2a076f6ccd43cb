"""What people and programs do with silences: make, extend, end."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from alerting.errors import Refused
from alerting.labels.matchers import Matcher, MatcherError, check, to_json
from alerting.labels.validators import sentence
from alerting.models import Silence
from models_registry.models import Project, User

MAX_HOURS = 720
LONGEST = timedelta(hours=MAX_HOURS)
MAX_COMMENT = 2_000


def create_silence(
    project: Project,
    matchers: Sequence[Matcher],
    *,
    starts_at: datetime,
    ends_at: datetime,
    owner: User,
    now: datetime,
    **more: Any,
) -> Silence:
    """From `starts_at`, now at the earliest, until `ends_at`; `more` is `comment` and `created_by`. `Refused` with the mend."""
    try:
        check(list(matchers))
    except MatcherError as error:
        raise Refused(sentence(error)) from error
    starts_at = max(starts_at, now)
    check_span(starts_at, ends_at)
    more["comment"] = str(more.get("comment", "")).strip()[:MAX_COMMENT]
    return Silence.objects.create(
        project=project, matchers=to_json(matchers), starts_at=starts_at, ends_at=ends_at, owner=owner, **more
    )


@transaction.atomic
def extend_silence(silence: Silence, *, ends_at: datetime, now: datetime) -> Silence:
    """Another end, later or earlier; one that is over stays over."""
    current = _locked(silence)
    if current.ends_at <= now:
        raise Refused(_("This silence has ended already: make a new one."))
    check_span(max(current.starts_at, now), ends_at)
    current.ends_at = ends_at
    current.save(update_fields=["ends_at", "updated_at"])
    return current


@transaction.atomic
def expire_silence(silence: Silence, *, now: datetime) -> Silence:
    """It ends now; one that has not begun never will. Ending it twice changes nothing."""
    current = _locked(silence)
    if current.ends_at > now:
        current.starts_at, current.ends_at = min(current.starts_at, now), now
        current.save(update_fields=["starts_at", "ends_at", "updated_at"])
    return current


def _locked(silence: Silence) -> Silence:
    return Silence.objects.select_for_update(of=("self",), no_key=True).select_related("owner").get(pk=silence.pk)


def check_span(starts_at: datetime, ends_at: datetime) -> None:
    """`Refused` where it is none, or too long a one to be remembered."""
    if not timedelta(0) < ends_at - starts_at <= LONGEST:
        raise Refused(_("A silence lasts more than 0 and at most %(hours)d hours.") % {"hours": MAX_HOURS})
