#!/usr/bin/env python
"""Django's command line for this project."""

import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if os.environ.get("NO_COLOR"):  # https://no-color.org, which Django does not know
        os.environ["DJANGO_COLORS"] = "nocolor"
    program, *words = sys.argv
    if words and not words[0].startswith("-"):
        words[0] = words[0].replace("-", "_")  # commands are modules: `send-test` is `send_test`
    execute_from_command_line([program, *words])
