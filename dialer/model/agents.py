"""Agents and their shifts."""

from __future__ import annotations

from enum import StrEnum


class AgentState(StrEnum):
    """States of an AgentSession; the table of its machine is `dialer.calls.agent`."""

    OFFLINE = "OFFLINE"
    READY = "READY"
    RESERVED = "RESERVED"
    """Promised to one lead: shown a preview, or a bridge is being made."""
    INCALL = "INCALL"
    WRAPUP = "WRAPUP"
    PAUSED = "PAUSED"
