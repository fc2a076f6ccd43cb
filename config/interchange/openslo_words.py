"""How this panel's own facts are written in OpenSLO: annotations, and the fields of its metric source."""

from typing import Final

SOURCE: Final = "Atalaia"
MODEL: Final = "model"
ENVIRONMENT: Final = "environment"
# Fields of an SLO that say what is counted, as they stand in definitions.
NAMED: Final = ("sli", "bound_ms", "measure", "comparison", "bound", "slice", "minimum", "group_by")

SLUG: Final = "atalaia/slug"
LONG_NAME: Final = "atalaia/name"
OWNER: Final = "atalaia/owner"
# Of a composite: whose it is, how it is made and grouped, what no data makes of it, and weights by the slug of its components
# (JSON).
HOME: Final = "atalaia/model"
PLACE: Final = "atalaia/environment"
COMPOSITION: Final = "atalaia/composition"
WITHOUT_DATA: Final = "atalaia/without-data"
COMPONENTS: Final = "atalaia/components"
GROUPED: Final = "atalaia/group-by"
# Its fields that stand in these as they are.
COMPOSED: Final = {"owner": OWNER, "environment": PLACE, "without_data": WITHOUT_DATA, "group_by": GROUPED}
# Of a policy: which rule it belongs to, and its fields as definitions write them (JSON).
RULE: Final = "atalaia/rule"
FIELDS: Final = "atalaia/fields"
SHORT: Final = "atalaia/short-window"
LONG: Final = "atalaia/long-window"
