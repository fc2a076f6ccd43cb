"""Nouns of the registry: who runs in production, who may write, who may look, and what takes long."""

from models_registry.models.answers import GivenAnswer
from models_registry.models.clock import Clock
from models_registry.models.exports import ExportPart
from models_registry.models.jobs import Job
from models_registry.models.people import LoginAttempts, User
from models_registry.models.prompts import Prompt, PromptVersion
from models_registry.models.registry import LONGEST, ApiKey, Deployment, Model, ModelVersion, Project

__all__ = [
    "LONGEST",
    "ApiKey",
    "Clock",
    "Deployment",
    "ExportPart",
    "GivenAnswer",
    "Job",
    "LoginAttempts",
    "Model",
    "ModelVersion",
    "Project",
    "Prompt",
    "PromptVersion",
    "User",
]
