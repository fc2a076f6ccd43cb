"""The people, projects and models that play in every test, and what may be going on around them."""

from datetime import UTC, datetime, timedelta

from django.contrib.auth.models import Group

from alerting.models import Incident
from models_registry.models import Model, ModelVersion, Project, User
from models_registry.roles import ensure_roles
from monitoring.models import InboxBody

# A Tuesday, noon in São Paulo; long enough ago that a stopped clock may show it.
NOW = datetime(2026, 3, 10, 15, 0, tzinfo=UTC)


def make_project(slug: str = "aurora", name: str = "Aurora") -> Project:
    """A project, as the editor would name it."""
    return Project.objects.create(slug=slug, name=name)


def make_person(username: str, *roles: str) -> User:
    """A member of staff in these groups; they log in through `client.force_login`, so no password is hashed."""
    ensure_roles()
    person = User(username=username, first_name=username.title(), email=f"{username}@aurora.example", is_staff=True)
    person.set_unusable_password()
    person.save()
    person.groups.set(Group.objects.filter(name__in=roles))
    return person


def make_credit_risk(project: Project) -> Model:
    """The binary classifier: 'default' is what it warns of, labels come half an hour later."""
    model = Model.objects.create(
        project=project,
        slug="credit-risk",
        name="Credit risk",
        kind=Model.Kind.BINARY,
        positive_label="default",
        label_delay=timedelta(minutes=30),
        reviewed=True,
    )
    ModelVersion.objects.create(model=model, version="1", reviewed=True)
    return model


def make_support_assistant(project: Project) -> Model:
    """The LLM application."""
    model = Model.objects.create(
        project=project, slug="support-assistant", name="Support assistant", kind=Model.Kind.LLM, reviewed=True
    )
    ModelVersion.objects.create(model=model, version="1", reviewed=True)
    return model


def make_incident(project: Project, number: int = 7, *, at: datetime = NOW, **more: object) -> Incident:
    """An open page about nothing in particular, without alerts, that hurts since it was opened."""
    fields = {"title": "Accuracy falls", "group_key": f"group-{number}", "severity": "page", **more}
    return Incident.objects.create(
        project=project, number=number, **{"impact_started_at": at, "opened_at": at, **fields}
    )


def wait_in_inbox(model: Model, received: datetime) -> InboxBody:
    """A body that the drain has not come to."""
    return InboxBody.objects.create(
        project=model.project,
        kind="prediction",
        received_us=int(received.timestamp() * 1e6),
        arrived_at=received,
        items=b"[]",
        accepted=1,
    )
