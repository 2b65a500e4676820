"""Hypothesis finds the same examples in every run, and prints how to repeat a failing one."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("ci", derandomize=True, deadline=None, print_blob=True)
settings.load_profile("ci")
