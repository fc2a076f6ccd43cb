"""Projects: those that may be seen, a new one, what is said and redacted of one."""

from typing import Any

from django.core.exceptions import ValidationError as Invalid
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import NotFound, PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from models_registry.bodies import refuse_unless_valid
from models_registry.confirmed import CONFIRM, remove_asked
from models_registry.keys import forget_keys
from models_registry.models import ApiKey, Project
from models_registry.moments import RowSerializer
from models_registry.paging import asked_of

INSTEAD = "Records stay: revoke its keys instead, and nothing more comes in."


class ProjectSerializer(RowSerializer[Project]):
    """A project; `redact_extra` is name to pattern, as in the admin."""

    redact_extra = serializers.DictField(child=serializers.CharField(), required=False)

    class Meta:
        """What a person decides."""

        model = Project
        fields = ["slug", "name", "redact", "redact_extra", "created_at"]
        read_only_fields = ["created_at"]


class ProjectChangeSerializer(ProjectSerializer):
    """The slug stays: keys, addresses and files name it."""

    class Meta(ProjectSerializer.Meta):
        """Everything but the slug."""

        fields = ["name", "redact", "redact_extra"]


class ProjectListSerializer(serializers.Serializer[dict[str, Any]]):
    """By name."""

    items = ProjectSerializer(many=True)


class ProjectsView(APIView):
    """Projects that the one who asks may see: a key's own, all of them for people."""

    write_scope = "admin"
    permission = "models_registry.add_project"

    @extend_schema(responses=ProjectListSerializer, operation_id="projects")
    def get(self, request: Request) -> Response:
        """Every one of them."""
        return Response({"items": ProjectSerializer(_seen_by(request), many=True).data})

    @extend_schema(request=ProjectSerializer, responses={201: ProjectSerializer}, operation_id="project_create")
    def post(self, request: Request) -> Response:
        """Make one; people only, since a key belongs to one project."""
        if isinstance(request.auth, ApiKey):
            raise PermissionDenied("A key belongs to one project and makes no other; people do.")
        return _saved(ProjectSerializer(data=request.data), code=status.HTTP_201_CREATED)


class ProjectView(APIView):
    """One project."""

    write_scope = "admin"
    permission = "models_registry.change_project"
    delete_permission = "models_registry.delete_project"

    @extend_schema(responses=ProjectSerializer, operation_id="project")
    def get(self, request: Request, slug: str) -> Response:
        """Its name and what is redacted."""
        return Response(ProjectSerializer(_project(request, slug)).data)

    @extend_schema(
        request=ProjectChangeSerializer(partial=True), responses=ProjectSerializer, operation_id="project_change"
    )
    def patch(self, request: Request, slug: str) -> Response:
        """Change what is given; redaction holds for what arrives from now on."""
        return _saved(ProjectChangeSerializer(_project(request, slug), data=request.data, partial=True))

    @extend_schema(responses={204: None}, operation_id="project_remove", parameters=[CONFIRM])
    def delete(self, request: Request, slug: str) -> Response:
        """Remove it, with `confirm` also with what is in it, keys and events too; people only. 409 where that is missing or records keep it."""
        asked_of(request, [CONFIRM])
        if isinstance(request.auth, ApiKey):
            raise PermissionDenied("A key does not remove the project that it belongs to; people do.")
        remove_asked(request, _project(request, slug), key=slug, instead=INSTEAD)
        forget_keys()
        return Response(status=status.HTTP_204_NO_CONTENT)


def _seen_by(request: Request) -> QuerySet[Project]:
    projects = Project.objects.all()
    return projects.filter(pk=request.auth.project_id) if isinstance(request.auth, ApiKey) else projects


def _project(request: Request, slug: str) -> Project:
    found = _seen_by(request).filter(slug=slug).first()
    if found is None:
        raise NotFound("There is no project with this slug that you may see.")
    return found


def _saved(form: ProjectSerializer, *, code: int = status.HTTP_200_OK) -> Response:
    refuse_unless_valid(form)
    project = form.instance or Project()
    for name, value in form.validated_data.items():
        setattr(project, name, value)
    try:
        project.full_clean()
    except Invalid as error:
        raise ValidationError(error.message_dict) from error
    project.save()
    return Response(ProjectSerializer(project).data, status=code)
