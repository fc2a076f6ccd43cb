"""The worker's Celery app: the muscle behind the stages."""

import os

from celery import Celery
from django_structlog.celery.steps import DjangoStructLogInitStep

from config import broker
from config.schedule import CELERY

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# `prepare` has run Django's checks; here they would load every page, 26 MB, to look at their addresses.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")

app = Celery("atalaia", include=["config.tasks"])
app.conf.update(CELERY, broker_url=broker.celery_url())
app.steps["worker"].add(DjangoStructLogInitStep)
