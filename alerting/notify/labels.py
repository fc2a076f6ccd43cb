"""What an alert is called: the labels by which it is routed, and told to an Alertmanager."""

from alerting.models import Alert


def labels_of(alert: Alert) -> dict[str, str]:
    """Its own labels, `alertname` and `severity`; an empty label is none."""
    return alert.wire_labels
