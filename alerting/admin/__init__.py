"""Pages of the admin, one subject a module. Django imports this package, and each of them registers itself."""

from alerting.admin import incidents as incidents
from alerting.admin import messages as messages
from alerting.admin import mutes as mutes
from alerting.admin import routes as routes
from alerting.admin import rules as rules
from alerting.admin import watched as watched
