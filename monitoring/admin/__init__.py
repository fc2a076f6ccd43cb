"""Pages of the admin, one subject a module. Django imports this package, and each of them registers itself."""

from monitoring.admin import corrections as corrections
from monitoring.admin import estimators as estimators
from monitoring.admin import evaluators as evaluators
from monitoring.admin import policies as policies
from monitoring.admin import prices as prices
from monitoring.admin import records as records
from monitoring.admin import segments as segments
from monitoring.admin import slos as slos
from monitoring.admin import targets as targets
