"""`manage.py import`: files of history, watched on their way into the inbox."""
