"""A file of definitions that has something of most kinds, and how a wrong one is complained of."""

import pytest
from django.core.management import CommandError

from alerting.models import AlertRule

WHOLE = """\
project: {slug: aurora, name: Aurora}
models:
  credit-risk:
    name: Credit risk
    kind: binary
    positive_label: default
    label_delay: 30m
slos:
  available:
    name: Decisions are available
    model: credit-risk
    sli: availability
    target: 0.995
    window: 30d
rules:
  burn:
    name: Budget burns
    kind: burn_rate
    slo: available
    severity: page
  accuracy-low:
    name: Accuracy is low
    kind: threshold
    model: credit-risk
    measure: accuracy
    comparison: lt
    threshold: 0.8
    window: 1h
channels:
  hook: {kind: webhook, target: "https://hooks.example/atalaia", secret_env: HOOK_SECRET}
runbooks:
  accuracy:
    title: Accuracy fell
    rules: [accuracy-low]
    steps:
      - {title: Look at the inputs, body: Compare with last week.}
      - {title: Roll back}
"""


def complaint(write, text: str) -> str:
    with pytest.raises(CommandError) as caught:
        write(text)
    assert not AlertRule.objects.exists()
    return str(caught.value)
