"""Refusals of the API."""

from lib.problem import Conflict as Conflict
