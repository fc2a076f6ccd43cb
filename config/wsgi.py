"""The WSGI application that granian serves."""

import gc
import os
from typing import Any

import django
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.urls import resolve
from django.utils.module_loading import import_string

from config.static import collect
from config.supervise.gate import pass_through
from config.supervise.tether import die_with_parent

SUPERVISED = "ATALAIA_SUPERVISED" in os.environ
# granian's workers are grandchildren of the supervisor: they end with granian, however granian ends.
if SUPERVISED:
    die_with_parent(os.getppid())

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

collect()  # before the middleware looks for them
application: Any = WSGIHandler()
for door in (
    "monitoring.ingest.otlp.views.DOOR",
    "monitoring.ingest.views.DOOR",
):  # by name: they need the apps that were just loaded
    application = import_string(door).before(application)
resolve("/")  # loads every page, so that the first person does not wait for it
# What is loaded by now stays: a collection that walks it again and again finds nothing, for a tenth of a second each.
gc.collect()
gc.freeze()
# A large body makes some thousand objects at once, none of them in a cycle, and frees them again.
gc.set_threshold(50_000)
if SUPERVISED:
    pass_through(settings.DATA_DIR)
