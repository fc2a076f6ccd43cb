"""A partner campaign brings a population that the classifier has never seen. Nothing fails; it is just wrong.

Accuracy falls from about 0.91 to about 0.70, visible only as the labels arrive, half an hour late. A version
retrained on both populations ends it.
"""

from datetime import timedelta

from django.utils.translation import gettext_noop as _

from demo import credit
from demo.scenarios.scenario import Marker, Scenario, Truth

BEFORE, AFTER = "7.2.0", "7.3.0"
NEWCOMERS = 0.55
RAMP = 30 * 60.0
LASTS = timedelta(hours=4)


def world(elapsed: float) -> credit.World:
    """The campaign ramps up in half an hour and goes on; what ends the trouble is the new version."""
    if elapsed < 0:
        return credit.World(BEFORE)
    share = NEWCOMERS * min(1.0, elapsed / RAMP)
    return credit.World(BEFORE if elapsed < LASTS.total_seconds() else AFTER, share)


SCENARIO = Scenario(
    slug="silent_degradation",
    model=credit.MODEL,
    truth=Truth(
        cause="covariate shift: applicants of a partner campaign, absent from the training set",
        end=LASTS,
        rule="credit-risk-accuracy-low",
        runbook="quality-drop",
        detected_within=timedelta(hours=2),
        recovered_within=timedelta(hours=3),
    ),
    world=world,
    markers=(
        Marker(
            timedelta(0),
            {"kind": "business", "name": "partner_campaign_started", "model": credit.MODEL},
        ),
        Marker(
            LASTS,
            {"kind": "deploy", "name": _("retrained with partner applicants"), "model": credit.MODEL, "version": AFTER},
        ),
    ),
)
