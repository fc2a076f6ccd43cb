"""The WSGI application that granian serves."""

import gc
import os

import django
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.urls import resolve

from config.static import collect
from config.supervise.gate import pass_through
from config.supervise.tether import die_with_parent

SUPERVISED = "ATALAIA_SUPERVISED" in os.environ
# granian's workers are grandchildren of the supervisor: they end with granian, however granian ends.
if SUPERVISED:
    die_with_parent(os.getppid())

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from monitoring.ingest.views import ingest_first  # noqa: E402 - needs the apps that the line above loaded
from monitoring.otlp.views import otlp_first  # noqa: E402

collect()  # before the middleware looks for them
application = ingest_first(otlp_first(WSGIHandler()))
resolve("/")  # loads every page, so that the first person does not wait for it
# What is loaded by now stays: a collection that walks it again and again finds nothing, for a tenth of a second each.
gc.collect()
gc.freeze()
# A large body makes some thousand objects at once, none of them in a cycle, and frees them again.
gc.set_threshold(50_000)
if SUPERVISED:
    pass_through(settings.DATA_DIR)
