"""The WSGI application that granian serves."""

import os

from django.core.wsgi import get_wsgi_application

from config.supervise.tether import die_with_parent

# granian's workers are grandchildren of the supervisor: they end with granian, however granian ends.
if "ATALAIA_SUPERVISED" in os.environ:
    die_with_parent(os.getppid())

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()
