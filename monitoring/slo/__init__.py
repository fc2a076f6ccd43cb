"""Objectives: what they promise, their books and budgets, and what their alerts will do."""
