"""`/api/v1/definitions`: models, objectives, rules, channels and all else that files define, one by one or all at once."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from django.db import IntegrityError
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import NotFound, PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from alerting.answers.conflict import Conflict
from config.definitions.apply import apply_document
from config.definitions.document import DefinitionError, Problem, section_of
from config.definitions.export import definition_of, definitions_of, export, rows_of
from config.definitions.given import Change
from config.definitions.kinds import INCIDENT_POLICY, KINDS, Kind
from config.definitions.remove import StandsError, remove
from lib import clock
from lib.problem import TITLES, problem
from models_registry.authenticate import project_of
from models_registry.bodies import object_of, refuse_unless_valid
from models_registry.models import ApiKey, Project, User
from models_registry.paging import asked_of

SECTIONS: Final = {kind.section: kind for kind in KINDS}
BODY: Final = Path("body")
ENVIRONMENT: Final = "secret_env"
SECRETS: Final = {
    "channels": "/api/v1/channels/{number}/secret",
    "scrape_targets": "/api/v1/scrape-targets/{slug}/secret",
}
DRY_RUN = OpenApiParameter("dry_run", bool, description="Say what would change, and change nothing.")
KEY = OpenApiParameter("key", str, OpenApiParameter.PATH, description="Its slug, or its name where it has no slug.")


class DefinitionSerializer(serializers.Serializer[dict[str, Any]]):
    """A definition: its `key`, and its fields as a file writes them; empty ones are left out."""

    key = serializers.CharField()

    def get_fields(self) -> dict[str, Any]:
        """`fields` is a word of serializers."""
        return {**super().get_fields(), "fields": serializers.DictField(required=False)}


class DefinitionListSerializer(serializers.Serializer[dict[str, Any]]):
    """All of a section, in the order in which a file would have them."""

    items = DefinitionSerializer(many=True)


class ChangeSerializer(serializers.Serializer[dict[str, Any]]):
    """What became of a definition, and what each of its fields was and is."""

    path = serializers.CharField()
    action = serializers.ChoiceField(["created", "changed", "unchanged"])
    changed = serializers.ListField(child=serializers.CharField())
    before = serializers.DictField(child=serializers.CharField())
    after = serializers.DictField(child=serializers.CharField())


class ChangesSerializer(serializers.Serializer[dict[str, Any]]):
    """In the order in which they were made."""

    changes = ChangeSerializer(many=True)


class ExportSerializer(serializers.Serializer[dict[str, Any]]):
    """The document that `manage.py apply` reads, and what it does not hold."""

    document = serializers.DictField()
    warnings = serializers.ListField(child=serializers.CharField())


class Defined(APIView):
    """What cannot be defined is refused with a pointer and the mend for every field; nothing is written."""

    write_scope = "admin"
    permission = "models_registry.view_project"  # that of each section is asked for by `_may`

    def handle_exception(self, exc: Exception) -> Any:
        """A definition's problems as those of the body."""
        if isinstance(exc, DefinitionError):
            errors = [_error(one, self._pointer(one)) for one in exc.problems]
            detail = errors[0]["detail"] if len(errors) == 1 else "Some fields need mending; see `errors`."
            return problem(400, TITLES[400], detail, code="invalid", errors=errors)
        if isinstance(exc, IntegrityError):
            return super().handle_exception(
                Conflict("Somebody else defined this just now; look, and send yours again.")
            )
        return super().handle_exception(exc)

    def _pointer(self, found: Problem | str) -> list[str]:
        """Where it is in the body: of a whole document, of `fields`, or of fields alone."""
        section, _, rest = (found.path if isinstance(found, Problem) else "").partition(".")
        if "section" not in self.kwargs:
            given = object_of(self.request).get(section)
            known = given if isinstance(given, dict) else {}
            key = next((one for one in known if rest == one or rest.startswith(f"{one}.")), rest)
            return [name for name in (section, key, *_names(rest.removeprefix(key))) if name]
        if "key" in self.kwargs:
            return _names(rest.removeprefix(self.kwargs["key"]))
        return ["fields", *_names(rest.removeprefix(str(object_of(self.request).get("key"))))]


class DefinitionsView(Defined):
    """All definitions of the project as one document."""

    @extend_schema(responses=ExportSerializer, operation_id="definitions")
    def get(self, request: Request) -> Response:
        """As `manage.py export` writes them; secrets stay here."""
        _may(request, "view", (INCIDENT_POLICY, *KINDS))
        found = export(project_of(request))
        return Response({"document": found.document, "warnings": found.warnings})

    @extend_schema(
        request=OpenApiTypes.OBJECT,
        parameters=[DRY_RUN],
        responses=ChangesSerializer,
        operation_id="definitions_apply",
    )
    def put(self, request: Request) -> Response:
        """Apply a document: all of it or nothing; what it leaves out stays, and the second time changes nothing."""
        project, dry_run = project_of(request), asked_of(request, [DRY_RUN]).get("dry_run", "false")
        if dry_run not in ("true", "false"):
            raise ValidationError({"dry_run": "true or false."})
        document = object_of(request)
        wanted = [kind for kind in (INCIDENT_POLICY, *KINDS) if kind.section in document]
        _may(request, "add", wanted)
        _may(request, "change", wanted)
        if "project" in document:
            raise ValidationError({"project": f"This is about the project {project.slug}; leave `project` out."})
        changes = _write(project, document, by=_person(request), dry_run=dry_run == "true")
        return Response({"changes": [_told(one) for one in changes if one.path != "project"]})


class SectionView(Defined):
    """Definitions of one kind."""

    @extend_schema(responses=DefinitionListSerializer, operation_id="section")
    def get(self, request: Request, section: str) -> Response:
        """Every one of the section, with its fields as a file writes them."""
        kind = _kind(section)
        _may(request, "view", [kind])
        found = definitions_of(kind, project_of(request))
        return Response({"items": [{"key": key, "fields": fields} for key, fields in found.items()]})

    @extend_schema(
        request=DefinitionSerializer, responses={201: DefinitionSerializer}, operation_id="definition_create"
    )
    def post(self, request: Request, section: str) -> Response:
        """Define one; 409 if there is one of this key."""
        kind, project = _kind(section), project_of(request)
        _may(request, "add", [kind])
        given = DefinitionSerializer(data=request.data)
        refuse_unless_valid(given)
        key, fields = given.validated_data["key"], given.validated_data.get("fields", {})
        if kind.table._default_manager.filter(project=project, **{kind.key: key}).exists():
            raise Conflict(f"There is {kind.section}.{key} already; PATCH changes it.")
        return Response(_save(kind, project, key, fields, by=_person(request)), status=status.HTTP_201_CREATED)


class DefinitionView(Defined):
    """One definition."""

    @extend_schema(responses=DefinitionSerializer, operation_id="definition", parameters=[KEY])
    def get(self, request: Request, section: str, key: str) -> Response:
        """Its fields as a file writes them."""
        kind = _kind(section)
        _may(request, "view", [kind])
        row = _row(kind, project_of(request), key)
        return Response({"key": key, "fields": definition_of(kind, row)})

    @extend_schema(
        request=OpenApiTypes.OBJECT,
        responses=DefinitionSerializer,
        operation_id="definition_change",
        parameters=[KEY],
    )
    def patch(self, request: Request, section: str, key: str) -> Response:
        """Change the fields that are given; what is left out stays."""
        kind, project = _kind(section), project_of(request)
        _may(request, "change", [kind])
        _row(kind, project, key)
        return Response(_save(kind, project, key, object_of(request), by=_person(request)))

    @extend_schema(responses={204: None}, operation_id="definition_remove", parameters=[KEY])
    def delete(self, request: Request, section: str, key: str) -> Response:
        """Remove it; 409 while something stands on it."""
        kind = _kind(section)
        _may(request, "delete", [kind])
        try:
            remove(_row(kind, project_of(request), key), now=clock.now(), by=_person(request))
        except StandsError as error:
            raise Conflict(str(error)) from error
        return Response(status=status.HTTP_204_NO_CONTENT)


def _kind(name: str) -> Kind:
    if name not in SECTIONS:
        raise NotFound(f"There is no section {name}; there are {', '.join(SECTIONS)}.")
    return SECTIONS[name]


def _row(kind: Kind, project: Project, key: str) -> Any:
    found = rows_of(kind, project).filter(**{kind.key: key}).first()
    if found is None:
        raise NotFound(f"There is no {kind.section}.{key} in the project.")
    return found


def _may(request: Request, action: str, kinds: Any) -> None:
    """A key has its scope; a person needs Django's permission on every table."""
    if isinstance(request.auth, ApiKey) or not isinstance(request.user, User):
        return
    for kind in kinds:
        meta = kind.table._meta
        if not request.user.has_perm(f"{meta.app_label}.{action}_{meta.model_name}"):
            raise PermissionDenied(f"You may not {action} {meta.verbose_name_plural}; ask an administrator.")


def _person(request: Request) -> User | None:
    """Who asks, if it is no key."""
    return request.user if isinstance(request.user, User) else None


def _save(kind: Kind, project: Project, key: str, fields: Any, *, by: User | None) -> dict[str, Any]:
    _write(project, {kind.section: {key: fields}}, by=by)
    return {"key": key, "fields": definition_of(kind, _row(kind, project, key))}


def _write(project: Project, document: Mapping[str, Any], *, by: User | None, dry_run: bool = False) -> list[Change]:
    """A file of this machine may name a variable of this machine; a request from elsewhere may not read them."""
    for section, address in SECRETS.items():
        found = document.get(section)
        for name, fields in found.items() if isinstance(found, dict) else ():
            if isinstance(fields, dict) and ENVIRONMENT in fields:
                told = f"is for files of the panel's own machine; PUT {address} takes the secret itself"
                raise DefinitionError([Problem(BODY, 1, f"{section}.{name}.{ENVIRONMENT}", told)])
    whole = section_of({"project": project.slug, **document})
    return apply_document(BODY, whole, now=clock.now(), by=by, dry_run=dry_run)


def _error(found: Problem | str, names: list[str]) -> dict[str, Any]:
    pointer = "".join("/" + name.replace("~", "~0").replace("/", "~1") for name in names)
    return {"pointer": pointer, "code": "invalid", "detail": _sentence(getattr(found, "text", str(found)))}


def _sentence(text: str) -> str:
    whole = text[:1].upper() + text[1:]
    return whole if whole.endswith((".", "…", "?")) else f"{whole}."


def _names(path: str) -> list[str]:
    """A file counts the items of a list from one, a pointer from nothing."""
    parts = re.sub(r"\[(\d+)\]", lambda found: f".{int(found[1]) - 1}", path).split(".")
    return [part for part in parts if part]


def _told(change: Change) -> dict[str, Any]:
    return {
        "path": change.path,
        "action": change.action,
        "changed": change.fields,
        "before": {name: before for name, (before, _) in change.values.items()},
        "after": {name: after for name, (_, after) in change.values.items()},
    }
