"""What OpenSLO v1 does not allow is refused by name."""

from typing import Any

import pytest

from config.interchange.openslo_read import OpenSLOError
from tests.config.openslo_cast import ROLLS, calendar, read, slo

WRONG: list[tuple[Any, str]] = [
    ({"kind": "SLO"}, "apiVersion openslo/v1"),
    ({**slo(), "apiVersion": "openslo/v2alpha"}, "'openslo/v2alpha'"),
    ({**slo(), "kind": "Objective"}, "kind must be one of"),
    ({**slo(), "metadata": {}}, "no metadata.name"),
    ({**slo(), "spec": 3}, "has no spec"),
    ([slo(), slo()], "two of SLO shop"),
    ("text", "'text'"),
    (slo(method="Events"), "budgetingMethod must be one of"),
    (slo(window=[*ROLLS, *ROLLS]), "exactly one window"),
    (slo(window=[{"duration": "1 week", "isRolling": True}]), "duration must be"),
    (slo(window=[{**calendar("1d")[0], "isRolling": True}]), "not both"),
    (slo(objective=[]), "at least one objective"),
    (slo(objective={}), "one of target and targetPercent"),
    (slo(objective={"target": 0.9, "targetPercent": 90}), "one of target and targetPercent"),
    (slo(objective={"target": 1}), "from 0 to below 1, not 1"),
    (slo(objective={"targetPercent": float("nan")}), "from 0 to below 100, not nan"),
    (slo(objective={"target": 0.9, "op": "above"}), "op must be one of"),
    (slo(method="Timeslices", objective={"target": 0.9, "timeSliceWindow": "1m"}), "timeSliceTarget must be"),
    (slo(method="RatioTimeslices", objective={"target": 0.9}), "timeSliceWindow must be"),
    (slo(description="x" * 1_051), "longer than 1050"),
    (slo(service=""), "service is required"),
]


@pytest.mark.parametrize(("content", "why"), WRONG, ids=[why for _, why in WRONG])
def test_what_the_specification_does_not_allow_is_refused_by_name(content: Any, why: str) -> None:
    with pytest.raises(OpenSLOError) as caught:
        read(content)
    assert why in str(caught.value)
