"""The runbook room for programs: runbooks and runs, reviews and what follows from them."""
