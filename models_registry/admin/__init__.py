"""Pages of the admin, one subject a module. Django imports this package, and each of them registers itself."""

from models_registry.admin import people as people
from models_registry.admin import registry as registry
