"""What people do to an incident, one verb a module. Each writes the change, its line and its messages in one transaction.

`seen` is the revision of the incident that somebody looked at when they decided: a move that would undo what somebody
else did meanwhile is `Refused` with what that was.
"""
