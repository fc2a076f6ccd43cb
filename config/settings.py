"""Every setting, in one file. `docs/settings.md` lists the variables; a test keeps the two in step."""

import logging
import sys
from datetime import timedelta
from pathlib import Path

import django_stubs_ext
from django.utils.translation import gettext_lazy as _

from config import exports, jobs, removal, stages
from config.env import database_from_url, env_bool, env_int, env_list, env_origins, env_str, kept_secret
from config.logging import logging_config

django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(env_str("ATALAIA_DATA_DIR", str(BASE_DIR / "var")))
DATA_DIR.mkdir(parents=True, exist_ok=True)


# --- Django
DEBUG = env_bool("ATALAIA_DEBUG", default=False)
SECRET_KEY = env_str("ATALAIA_SECRET_KEY") or kept_secret(DATA_DIR, "secret_key")
ALLOWED_HOSTS = [
    *env_list("ATALAIA_ALLOWED_HOSTS"),
    *("localhost", "127.0.0.1", "[::1]"),  # always: the supervisor and probes of this machine ask by these names
]
CSRF_TRUSTED_ORIGINS = env_list("ATALAIA_TRUSTED_ORIGINS")
# A command by hand on the data of a demonstration is of it, too.
DEMO = env_bool("ATALAIA_DEMO", default=(DATA_DIR / "demo_password").exists())
ADMIN_USER = env_str("ATALAIA_ADMIN_USER", "admin")
ADMIN_PASSWORD = env_str("ATALAIA_ADMIN_PASSWORD")
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
BEHIND_TLS = env_bool("ATALAIA_TLS", default=False)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = BEHIND_TLS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_TLS else None
DATA_UPLOAD_MAX_MEMORY_SIZE = 12 * 1024 * 1024

INSTALLED_APPS = [
    "panel",
    "config",
    "models_registry",
    "monitoring",
    "alerting",
    "runbooks",
    "demo",
    "django.contrib.admin.apps.SimpleAdminConfig",  # found by config.urls: a worker has no use for pages
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_structlog",
    "django_prometheus",
]

MIDDLEWARE = [
    "monitoring.ingest.views.IngestFirst",  # answers POSTs of events itself, past everything below
    "monitoring.ingest.otlp.views.OtlpFirst",  # and those of OpenTelemetry
    "config.requests.name_request",
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "panel.middleware.content_security_policy",  # of documents; with each script and style it would be a tenth of a page
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "config.requests.LogRequest",
    "config.logging.keep_log_context",
    "config.requests.CountRequest",
    "panel.middleware.refuse_nul",  # from here on what refuses is logged and counted
    "config.api.edge.api_edge",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "panel.middleware.explain_not_allowed",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
AUTH_USER_MODEL = "models_registry.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LOGIN_URL = "panel:login"
LOGIN_REDIRECT_URL = "/"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "panel.shell.context",
            ],
        },
    }
]

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

# --- Database
DATABASES = {"default": database_from_url(env_str("DATABASE_URL", f"sqlite:///{DATA_DIR / 'atalaia.sqlite3'}"))}
SQLITE = str(DATABASES["default"]["ENGINE"]).endswith("sqlite3")
if SQLITE:
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA page_size=8192; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-32000; PRAGMA secure_delete=FAST; PRAGMA wal_autocheckpoint=8000;",
    }
else:
    # Compiling a statement takes longer than any of ours runs, and the drain, which forbids scans, makes many look costly.
    DATABASES["default"]["OPTIONS"] = {
        "options": env_str("ATALAIA_POSTGRES_OPTIONS", "-c jit=off"),
        # Only what asks to be prepared is. With Django's own value (None) nothing would be, not even that.
        "prepare_threshold": sys.maxsize,
    }
DATABASES["default"]["CONN_MAX_AGE"] = None
DATABASES["default"]["TEST"] = {"NAME": env_str("ATALAIA_TEST_DATABASE") or None}

# --- Language and time
LANGUAGE_CODE = env_str("ATALAIA_LANGUAGE", "en")
LANGUAGES = [("en", _("English")), ("pt-br", _("Brazilian Portuguese"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = env_str("ATALAIA_TIME_ZONE", "America/Sao_Paulo")

# --- Static files
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATIC_ROOT.mkdir(exist_ok=True)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},  # see config/static.py
}
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = ["png", "woff2", "map", "txt", "md"]
WHITENOISE_AUTOREFRESH = WHITENOISE_USE_FINDERS = DEBUG

# --- E-mail
EMAIL_BACKEND = env_str("ATALAIA_EMAIL_BACKEND", "django.core.mail.backends.console.EmailBackend")
EMAIL_HOST = env_str("ATALAIA_EMAIL_HOST", "localhost")
EMAIL_PORT = env_int("ATALAIA_EMAIL_PORT", 25)
EMAIL_HOST_USER = env_str("ATALAIA_EMAIL_USER")
EMAIL_HOST_PASSWORD = env_str("ATALAIA_EMAIL_PASSWORD")
EMAIL_USE_TLS = env_bool("ATALAIA_EMAIL_TLS", default=False)
DEFAULT_FROM_EMAIL = env_str("ATALAIA_EMAIL_FROM", "atalaia@localhost")

# --- Logging of the panel itself
LOGGING = logging_config(level=env_str("ATALAIA_LOG_LEVEL", "INFO"), style=env_str("ATALAIA_LOG_STYLE", "auto"))
DJANGO_STRUCTLOG_CELERY_ENABLED = (
    False  # for who sends tasks, and nobody here does; config.celery has the worker's part
)
DJANGO_STRUCTLOG_TRUST_UPSTREAM_REQUEST_ID = True  # as config.requests leaves it
DJANGO_STRUCTLOG_STATUS_START_LOG_LEVEL = logging.DEBUG
DJANGO_STRUCTLOG_STATUS_2XX_LOG_LEVEL = logging.DEBUG
DJANGO_STRUCTLOG_CELERY_TASK_START_LOG_LEVEL = logging.DEBUG
DJANGO_STRUCTLOG_CELERY_TASK_SUCCESS_LOG_LEVEL = logging.DEBUG
DJANGO_STRUCTLOG_CELERY_TASK_RETRY_LOG_LEVEL = logging.DEBUG  # a tick that expired, too: the next replaces it

# --- API
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "models_registry.authenticate.BearerKey",
        "models_registry.authenticate.Session",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["models_registry.permissions.ScopeOrPermission"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["models_registry.bodies.Body"],
    "URL_FORMAT_OVERRIDE": None,  # `?format=` is an unknown parameter like any other
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "lib.problem.drf_handler",
    "UNAUTHENTICATED_USER": None,
}
API_RATE = env_int("ATALAIA_API_RATE", 1_000)  # requests per second, key or session, and process; 0 is no ceiling
SPECTACULAR_SETTINGS = {
    "TITLE": "Atalaia",
    "DESCRIPTION": "Observability for machine-learning and LLM systems in production.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "AUTHENTICATION_WHITELIST": [],
    "APPEND_COMPONENTS": {"securitySchemes": {"key": {"type": "http", "scheme": "bearer"}}},
    "SECURITY": [{"key": []}],
    "ENUM_NAME_OVERRIDES": {
        "JobState": "models_registry.models.Job.State",
        "ModelKind": "models_registry.models.Model.Kind",
        "DeploymentKind": "models_registry.models.Deployment.Kind",
        "EventKind": "monitoring.models.inbox.EventKind",
        "RuleKind": "alerting.models.AlertRule.Kind",
        "RuleComparison": "alerting.models.AlertRule.Comparison",
        "BlindnessPolicy": "alerting.models.AlertRule.NoData",
        "ObjectiveComparison": "monitoring.models.SLO.Comparison",
        "AlertState": "alerting.models.Alert.State",
        "IncidentState": "alerting.models.Incident.State",
        "Severity": "alerting.models.Severity",
        "ChannelKind": "alerting.models.Channel.Kind",
        "NotificationState": "alerting.models.Notification.State",
        "NotificationReason": "alerting.models.Notification.Reason",
        "AlertVerdict": "alerting.models.AlertVerdict.Verdict",
        "ReviewState": "runbooks.models.Review.State",
        "PointState": ["ok", "no_data", "provisional"],
        "SLOState": ["ok", "burning", "exhausted", "no_data", "stale"],
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "monitoring.api.openapi.add_ingest",
        "monitoring.ingest.otlp.openapi.add_otlp",
        "config.api.openapi.add_problems",
    ],
}

# --- Processes (see `manage.py up`)
REDIS_URL = env_str("REDIS_URL")
METRICS_TOKEN = env_str("ATALAIA_METRICS_TOKEN")
METRICS_MODELS = env_int("ATALAIA_METRICS_MODELS", 200)
WEB_WORKERS = env_int("ATALAIA_WEB_WORKERS", 1 if SQLITE else 2)
WEB_THREADS = env_int("ATALAIA_WEB_THREADS", 4)
TASK_WORKERS = env_int("ATALAIA_TASK_WORKERS", 1)
TASK_THREADS = env_int("ATALAIA_TASK_THREADS", 1 if SQLITE else 2)
# Seconds. A thread that is back from the database waits this long for one that computes, not Python's 5 ms at every answer.
TASK_SWITCH_INTERVAL = 0.0005

# --- The house
STAGES = stages.STAGES
JOBS = jobs.JOBS
REMOVAL = removal.REMOVAL
EXPORTS = exports.EXPORTS
CLOCK_ROW = "models_registry.clock.current_face"
ACKNOWLEDGE_LINK = "panel.links.for_acknowledgement"
INCIDENT_LINKS = ["panel.links.for_incident", "runbooks.links.for_incident"]
PUBLIC_URL = env_str("ATALAIA_PUBLIC_URL", "http://127.0.0.1:8000")
FEEDBACK_FRAME_ANCESTORS = env_origins("ATALAIA_FEEDBACK_FRAME_ANCESTORS")
CHANNEL_KEY = env_str("ATALAIA_CHANNEL_KEY") or kept_secret(DATA_DIR, "channel_key")
HEARTBEAT_URL = env_str("ATALAIA_HEARTBEAT_URL")
OUTGOING_ALLOW_PRIVATE = env_bool("ATALAIA_OUTGOING_ALLOW_PRIVATE", default=False)
INGEST = {
    "max_items": 5_000,
    "max_bytes": 10 * 1024 * 1024,
    "otlp_max_bytes": 64
    * 1024
    * 1024,  # exporters drop what is too large, and their batches are of spans, not of bytes
    "max_text": env_int("ATALAIA_MAX_TEXT", 32_768),
    "oldest": timedelta(days=30),
    "newest": timedelta(minutes=10),
    "rate": env_int("ATALAIA_INGEST_RATE", 0),  # requests per second, key and process; 0 is no ceiling
    "inbox_max_items": env_int("ATALAIA_INBOX_MAX_ITEMS", 200_000),
    "inbox_max_age": timedelta(seconds=env_int("ATALAIA_INBOX_MAX_AGE", 900)),
    "unreviewed_cap": env_int("ATALAIA_UNREVIEWED_CAP", 200),
    "max_metrics": env_int("ATALAIA_MAX_METRICS", 500),
}
RETENTION = {
    "events": timedelta(days=env_int("ATALAIA_RETENTION_EVENTS_DAYS", 35)),
    "logs": timedelta(days=env_int("ATALAIA_RETENTION_LOGS_DAYS", 7)),
    "minutes": timedelta(days=env_int("ATALAIA_RETENTION_MINUTES_DAYS", 7)),
    "hours": timedelta(days=env_int("ATALAIA_RETENTION_HOURS_DAYS", 120)),
    "keys": timedelta(days=env_int("ATALAIA_RETENTION_KEYS_DAYS", 400)),
    "users": timedelta(days=env_int("ATALAIA_RETENTION_USERS_DAYS", 120)),
    "evaluations": timedelta(days=env_int("ATALAIA_RETENTION_EVALUATIONS_DAYS", 35)),
    "exports": timedelta(hours=env_int("ATALAIA_RETENTION_EXPORTS_HOURS", 48)),  # in real time
    "streams": timedelta(days=1),  # of metrics: a cumulative one that is silent for longer begins anew
}
