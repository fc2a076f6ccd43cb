"""The registry's part of the API."""

from django.urls import path

from models_registry.api.accounts import AccountsView, AccountView, PasswordView
from models_registry.api.deployments import DeploymentsView, DeploymentView
from models_registry.api.exports import ExportFileView, ExportsView, ExportView
from models_registry.api.groups import GroupsView, GroupView, PermissionsView
from models_registry.api.history import HistoryView
from models_registry.api.jobs import CancelJobView, JobsView, JobView
from models_registry.api.keys import KeysView, OneKeyView, RevokeKeyView, RotateKeyView
from models_registry.api.models import ModelsView, ModelView
from models_registry.api.projects import ProjectsView, ProjectView
from models_registry.api.prompts import PromptDiffView, PromptsView, PromptVersionsView, PromptVersionView, PromptView
from models_registry.api.versions import ModelVersionsView, ModelVersionView

urlpatterns = [
    path("accounts", AccountsView.as_view()),
    path("accounts/<str:username>", AccountView.as_view()),
    path("accounts/<str:username>/password", PasswordView.as_view()),
    path("groups", GroupsView.as_view()),
    path("groups/<path:name>", GroupView.as_view()),
    path("history", HistoryView.as_view()),
    path("permissions", PermissionsView.as_view()),
    path("projects", ProjectsView.as_view()),
    path("projects/<slug:slug>", ProjectView.as_view()),
    path("keys", KeysView.as_view()),
    path("keys/<slug:prefix>", OneKeyView.as_view()),
    path("keys/<slug:prefix>/rotate", RotateKeyView.as_view()),
    path("keys/<slug:prefix>/revoke", RevokeKeyView.as_view()),
    path("jobs", JobsView.as_view()),
    path("jobs/<int:number>", JobView.as_view()),
    path("jobs/<int:number>/cancel", CancelJobView.as_view()),
    path("exports", ExportsView.as_view()),
    path("exports/<int:number>", ExportView.as_view()),
    path("exports/<int:number>/file", ExportFileView.as_view()),
    path("prompts", PromptsView.as_view()),
    path("prompts/<path:name>/versions", PromptVersionsView.as_view()),
    path("prompts/<path:name>/versions/<path:version>", PromptVersionView.as_view()),
    path("prompts/<path:name>/diff", PromptDiffView.as_view()),
    path("prompts/<path:name>", PromptView.as_view()),
    path("deployments", DeploymentsView.as_view()),
    path("deployments/<int:number>", DeploymentView.as_view()),
    path("models", ModelsView.as_view()),
    path("models/<path:slug>/versions", ModelVersionsView.as_view()),
    path("models/<path:slug>/versions/<path:version>", ModelVersionView.as_view()),
    path("models/<path:slug>", ModelView.as_view()),
]
