"""Does what a person said take their consent back? In doubt it does (47 CFR 64.1200(a)(10))."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dialer.model.records import RequestChannel, Revocation

ALWAYS = frozenset({RequestChannel.CALL_KEY, RequestChannel.AGENT, RequestChannel.IMPORT})
"""Channels that carry nothing but requests: a key pressed to opt out, an agent's click, a list of
requests. What stands beside the click is a note, not a message to be judged."""

_WORD = re.compile(r"[a-z']+")
_NOT_REVOKING = frozenset(
    {
        "yes", "yeah", "yep", "ok", "okay", "sure", "thanks", "thank", "you", "please", "hello",
        "hi", "good", "great", "fine", "confirm", "confirmed", "agree", "agreed", "accept", "start",
        "subscribe", "resume", "unstop", "i", "we", "do", "it", "that", "is", "very", "much", "and",
        "call", "me", "us", "back", "later", "tomorrow", "today", "again", "anytime", "morning",
        "afternoon", "evening", "at", "in", "the", "on", "my", "number", "monday", "tuesday",
        "wednesday", "thursday", "friday", "saturday", "keep", "calling", "interested", "want",
        "would", "like", "more", "information", "info", "to", "know", "sounds",
    }
)  # fmt: skip
"""A message made of these words only asks for more, or says nothing against it. Anything else is
ambiguous, and what is ambiguous revokes."""


def revokes(message: Revocation, words: Sequence[str]) -> bool:
    """Whether the message takes consent back. `words`: the rule's per-se words and phrases."""
    if message.channel in ALWAYS or not message.text.strip():
        return True
    said = _WORD.findall(message.text.casefold().replace("’", "'"))
    line = f" {' '.join(said)} "
    if any(f" {' '.join(_WORD.findall(word.casefold()))} " in line for word in words):
        return True
    return not (said and all(word in _NOT_REVOKING for word in said))
