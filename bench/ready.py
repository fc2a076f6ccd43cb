"""Django set up, for those processes of the bench that read its tables: they import this before anything that has models."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()
