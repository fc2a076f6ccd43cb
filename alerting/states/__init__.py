"""The state machines of alerts and incidents. Pure: no Django, no database."""
