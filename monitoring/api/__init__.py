"""Reads for programs: ledger, events, measures, objectives. Paths and fields are those of the wire contract."""
