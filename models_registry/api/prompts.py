"""`/api/v1/prompts`: prompts, their versions, and what is different between two of them."""

from typing import Any, Final

from django.core.exceptions import ValidationError as Invalid
from django.db import IntegrityError
from django.db.models import Case, F, JSONField, TextField, When
from django.db.models.functions import Cast, Length
from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.exceptions import APIException, NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from lib.problem import problem
from models_registry.authenticate import project_of
from models_registry.bodies import body_of
from models_registry.confirmed import CONFIRM, remove_asked
from models_registry.models import Model, Prompt, PromptVersion
from models_registry.models.prompts import IN_USE
from models_registry.moments import RowSerializer
from models_registry.paging import asked_of
from models_registry.prompts import VersionInUseError, define_prompt, define_version
from models_registry.text_diff import compare_fields, compare_texts, text_of

NAME = 200
MAX_VERSIONS = 200
MAX_TEXT = 10_000
TEXTS: Final = ("template", "parameters", "observed_system", "observed_parameters")
SHORT: Final = 2_000  # characters of JSON


OF_MODEL = [OpenApiParameter("model", str)]
ONE = [OpenApiParameter("version", str, description="This one alone, with its texts whole.")]
VERSION = OpenApiParameter("version", str, OpenApiParameter.PATH, description="May hold slashes.")
TWO = [OpenApiParameter("from", str), OpenApiParameter("to", str)]


class PromptSerializer(RowSerializer[Prompt]):
    """A prompt; `model` is the slug of the application that uses it."""

    model = serializers.SlugRelatedField[Any](slug_field="slug", read_only=True, allow_null=True)

    class Meta:
        """By name."""

        model = Prompt
        fields = ["name", "model", "description", "owner", "reviewed", "created_at"]


class PromptVersionSerializer(RowSerializer[PromptVersion]):
    """A version. `observed_*` is what calls sent, while all of them sent the same.

    In a list, texts of more than 2,000 characters are null and named in `left_out`; `?version=` has them whole.
    """

    left_out = serializers.SerializerMethodField()

    class Meta:
        """Newest first."""

        model = PromptVersion
        fields = [
            *["version", "template", "parameters", "note", "author", "reviewed", "created_at", "first_used_at"],
            *["observed_system", "system_varies", "observed_parameters", "parameters_vary", "left_out"],
        ]

    def get_left_out(self, row: PromptVersion) -> list[str]:
        """Names of texts that are too long for a list."""
        sizes = ((name, getattr(row, f"{name}_size", None)) for name in TEXTS)
        return [name for name, size in sizes if size is not None and size > SHORT]


class PromptListSerializer(serializers.Serializer[dict[str, Any]]):
    """All of them; definitions are few."""

    items = PromptSerializer(many=True)


class PromptVersionListSerializer(serializers.Serializer[dict[str, Any]]):
    """The newest 200."""

    items = PromptVersionSerializer(many=True)


GivenPromptSerializer = inline_serializer(
    "GivenPrompt",
    {
        "name": serializers.CharField(max_length=NAME),
        "model": serializers.CharField(required=False),
        "description": serializers.CharField(required=False),
        "owner": serializers.CharField(required=False),
    },
)
GivenPromptVersionSerializer = inline_serializer(
    "GivenPromptVersion",
    {
        "version": serializers.CharField(max_length=NAME),
        "template": serializers.JSONField(required=False),
        "parameters": serializers.DictField(required=False),
        "note": serializers.CharField(required=False),
        "author": serializers.CharField(required=False),
    },
)
PromptDiffSerializer = inline_serializer(
    "PromptDiff",
    {
        "from": serializers.CharField(),
        "to": serializers.CharField(),
        "lines": serializers.ListField(child=serializers.DictField()),
        "parameters": serializers.ListField(child=serializers.DictField()),
    },
)


class AtOnceError(APIException):
    """Two defined the same thing in the same moment; the other was first."""

    status_code = 409
    default_detail = "Somebody else has defined this just now; look at it, and send yours again."
    default_code = "defined_at_once"


class PromptsView(APIView):
    """Prompts of the project; people need the permission to change prompts."""

    write_scope = "admin"
    permission = "models_registry.change_prompt"

    @extend_schema(responses=PromptListSerializer, operation_id="prompts", parameters=OF_MODEL)
    def get(self, request: Request) -> Response:
        """Every prompt of the project, or of one application, by name."""
        prompts = Prompt.objects.filter(project=project_of(request)).select_related("model")
        if slug := asked_of(request, OF_MODEL).get("model"):
            prompts = prompts.filter(model__slug=slug)
        return Response({"items": PromptSerializer(prompts, many=True).data})

    @extend_schema(request=GivenPromptSerializer, responses={201: PromptSerializer}, operation_id="define_prompt")
    def post(self, request: Request) -> Response:
        """Define a prompt, or change what is said of it (200)."""
        body = body_of(request, GivenPromptSerializer)
        name = _text(body, "name", required=True)
        model = None
        if body.get("model") is not None:
            model = Model.objects.filter(project=project_of(request), slug=str(body["model"])).first()
            if model is None:
                raise ValidationError({"model": "There is no model with this slug in the project."})
        values = {field: _text(body, field) for field in ("description", "owner") if field in body}
        try:
            prompt, new = define_prompt(project=project_of(request), name=name, model=model, **values)
        except IntegrityError as error:
            raise AtOnceError from error
        except Invalid as error:
            raise ValidationError(error.message_dict) from error
        return Response(PromptSerializer(prompt).data, status=201 if new else 200)


class PromptView(APIView):
    """One prompt."""

    write_scope = "admin"
    permission = "models_registry.delete_prompt"

    @extend_schema(responses=PromptSerializer, operation_id="prompt")
    def get(self, request: Request, name: str) -> Response:
        """What it is and whose."""
        return Response(PromptSerializer(_prompt(request, name)).data)

    @extend_schema(responses={204: None}, operation_id="prompt_remove", parameters=[CONFIRM])
    def delete(self, request: Request, name: str) -> Response:
        """Remove it, with `confirm` also with its versions; 409 where that is missing. Calls keep the names that they told."""
        return _removed(request, _prompt(request, name), name)


class PromptVersionsView(APIView):
    """Versions of a prompt; people need the permission to change them."""

    write_scope = "admin"
    permission = "models_registry.change_promptversion"

    @extend_schema(
        responses=PromptVersionListSerializer,
        operation_id="prompt_versions",
        parameters=ONE,
    )
    def get(self, request: Request, name: str) -> Response:
        """The newest 200 versions, or one of them whole."""
        prompt, wanted = _prompt(request, name), asked_of(request, ONE).get("version")
        versions = _listed(prompt) if wanted is None else [_version(prompt, wanted)]
        return Response({"items": PromptVersionSerializer(versions, many=True).data})

    @extend_schema(
        request=GivenPromptVersionSerializer,
        responses={201: PromptVersionSerializer},
        operation_id="define_prompt_version",
    )
    def post(self, request: Request, name: str) -> HttpResponse | Response:
        """Define a version (201), describe one that calls named first, or say the same again (200).

        409 `prompt_version_in_use` where calls used the version and its text or parameters would change.
        """
        prompt, body = _prompt(request, name), body_of(request, GivenPromptVersionSerializer)
        version = _text(body, "version", required=True)
        values: dict[str, Any] = {field: body[field] for field in ("template", "parameters") if field in body}
        values |= {field: _text(body, field) for field in ("note", "author") if field in body}
        try:
            row, new = define_version(prompt, version, values)
        except VersionInUseError as error:
            detail = f"Calls have used this version; {' and '.join(error.fields)} cannot change. Make a new version."
            return problem(409, "Conflict", detail, code=IN_USE)
        except IntegrityError as error:
            raise AtOnceError from error
        except Invalid as error:
            raise ValidationError(error.message_dict) from error
        return Response(PromptVersionSerializer(row).data, status=201 if new else 200)


class PromptVersionView(APIView):
    """One version of a prompt."""

    write_scope = "admin"
    permission = "models_registry.delete_promptversion"

    @extend_schema(responses=PromptVersionSerializer, operation_id="prompt_version", parameters=[VERSION])
    def get(self, request: Request, name: str, version: str) -> Response:
        """Whole."""
        return Response(PromptVersionSerializer(_version(_prompt(request, name), version)).data)

    @extend_schema(responses={204: None}, operation_id="prompt_version_remove", parameters=[VERSION, CONFIRM])
    def delete(self, request: Request, name: str, version: str) -> Response:
        """Remove it; 409 without `confirm` once a call used it, for nothing else says what was asked then."""
        row = _version(_prompt(request, name), version)
        used = "the only record of what its calls were asked" if row.first_used_at else ""
        return _removed(request, row, version, more=used)


class PromptDiffView(APIView):
    """Two versions side by side."""

    @extend_schema(
        responses=PromptDiffSerializer,
        operation_id="prompt_diff",
        parameters=TWO,
    )
    def get(self, request: Request, name: str) -> Response:
        """Lines as *same*, *removed* or *added*; parameters that differ. Without a name: the newest and the one before."""
        prompt = _prompt(request, name)
        newest = list(PromptVersion.objects.filter(prompt=prompt)[:2])
        params = asked_of(request, TWO)
        if len(newest) < 2 and not {"from", "to"} <= params.keys():
            raise NotFound("This prompt has fewer than two versions.")
        after = _version(prompt, params["to"]) if "to" in params else newest[0]
        before = _version(prompt, params["from"]) if "from" in params else newest[1]
        lines = compare_texts(text_of(before.template), text_of(after.template))
        return Response(
            {
                "from": before.version,
                "to": after.version,
                "lines": [{"change": line.change, "text": line.text} for line in lines],
                "parameters": [
                    {"name": field.name, "from": field.before, "to": field.after}
                    for field in compare_fields(before.parameters, after.parameters)
                    if field.changed
                ],
            }
        )


def _removed(request: Request, row: Prompt | PromptVersion, key: str, *, more: str = "") -> Response:
    remove_asked(request, row, key=key, more=more)
    return Response(status=204)


def _text(body: dict[str, Any], field: str, *, required: bool = False) -> str:
    value = body.get(field, "")
    if required and value in ("", None):
        raise ValidationError({field: "This field is required."})
    if not isinstance(value, str) or len(value) > MAX_TEXT:
        raise ValidationError({field: f"A text of at most {MAX_TEXT} characters."})
    return value


def _prompt(request: Request, name: str) -> Prompt:
    found = Prompt.objects.filter(project=project_of(request), name=name).select_related("model").first()
    if found is None:
        raise NotFound("There is no prompt with this name in the project; it is registered with its first call.")
    return found


def _listed(prompt: Prompt) -> list[PromptVersion]:
    """The newest; of long texts the database tells nothing but that they are long."""
    sizes = {f"{name}_size": Length(Cast(name, TextField())) for name in TEXTS}
    short = {
        f"short_{name}": Case(
            When(**{f"{name}_size__lte": SHORT}, then=F(name)), default=None, output_field=JSONField()
        )
        for name in TEXTS
    }
    rows = PromptVersion.objects.filter(prompt=prompt).defer(*TEXTS).annotate(**sizes).annotate(**short)
    found = list(rows[:MAX_VERSIONS])
    for row in found:
        for name in TEXTS:
            setattr(row, name, getattr(row, f"short_{name}"))
    return found


def _version(prompt: Prompt, version: str) -> PromptVersion:
    found = PromptVersion.objects.filter(prompt=prompt, version=version).first()
    if found is None:
        raise NotFound("This prompt has no such version.")
    return found
