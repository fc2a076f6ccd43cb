"""Two drains that see the same prompt version at once: none of what they saw is lost."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from django.db import connection, transaction

from models_registry.models import Project, Prompt, PromptVersion
from models_registry.prompts import Constant, Named, Sight, known_prompts, note_sights

NAME: Named = ("answer", "p1")


@pytest.fixture
def version(project: Project) -> PromptVersion:
    return PromptVersion.objects.create(prompt=Prompt.objects.create(project=project, name=NAME[0]), version=NAME[1])


def note(known: dict[Named, PromptVersion], project: Project, system: str, now: datetime) -> None:
    sight = Sight(None, now, Constant(system), Constant({"max_tokens": 1}))
    note_sights(known, {NAME: sight}, project_id=project.pk, cap=10)


@pytest.mark.django_db
def test_what_was_read_before_another_wrote_is_not_written_over_it(
    project: Project, version: PromptVersion, now: datetime
) -> None:
    read = known_prompts(project_id=project.pk, names={NAME})
    read_too = known_prompts(project_id=project.pk, names={NAME})
    note(read, project, "Be kind.", now)
    note(read_too, project, "Be brief.", now)
    version.refresh_from_db()
    assert (version.system_varies, version.observed_parameters) == (True, {"max_tokens": 1})


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_drain_waits_for_the_one_that_has_not_committed(
    project: Project, version: PromptVersion, now: datetime
) -> None:
    def other() -> None:
        """Sees the row as it is before the first drain commits, then waits for that."""
        try:
            with transaction.atomic():
                note(known_prompts(project_id=project.pk, names={NAME}), project, "Be brief.", now)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic(), connection.cursor() as cursor:
            note(known_prompts(project_id=project.pk, names={NAME}), project, "Be kind.", now)
            waiting = pool.submit(other)
            while not waiting.done():
                cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
                if cursor.fetchone() != (0,):
                    break
        waiting.result(timeout=30)
    version.refresh_from_db()
    assert (version.system_varies, version.observed_system) == (True, None)
