"""Beat's own Celery app: the schedule and no Django, which would be 40 MB of memory to sleep in.

The broker comes from CELERY_BROKER_URL, which the supervisor sets. `celery -A config.celery beat` does the same with Django.
"""

from logging.config import dictConfig

from celery import Celery

from config.env import env_str
from config.logging import logging_config
from config.schedule import CELERY

dictConfig(logging_config(level=env_str("ATALAIA_LOG_LEVEL", "INFO"), style=env_str("ATALAIA_LOG_STYLE", "auto")))
app = Celery("atalaia", fixups=[])
app.conf.update(CELERY)
