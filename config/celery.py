"""The worker's Celery app: the muscle behind the stages."""

import os

from celery import Celery
from django_structlog.celery.steps import DjangoStructLogInitStep

from config import broker
from config.schedule import CELERY

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("atalaia", include=["config.tasks"])
app.conf.update(CELERY, broker_url=broker.celery_url())
app.steps["worker"].add(DjangoStructLogInitStep)
