"""Beat, by `python -m config.beat`: the schedule and no Django, which would be 40 MB of memory to sleep in.

The broker comes from CELERY_BROKER_URL, which the supervisor sets. `celery -A config.celery beat` does the same with
Django; and Celery's command line alone is 9 MB, of a shell that nobody uses here.
"""

import logging
from logging.config import dictConfig

from celery import Celery

from config.env import env_str
from config.logging import logging_config
from config.schedule import CELERY

dictConfig(logging_config(level=env_str("ATALAIA_LOG_LEVEL", "INFO"), style=env_str("ATALAIA_LOG_STYLE", "auto")))
app = Celery("atalaia", fixups=[])
app.conf.update(CELERY)

if __name__ == "__main__":
    app.Beat(loglevel=logging.WARNING, quiet=True).run()
