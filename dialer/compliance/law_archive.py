"""A ruleset as files that are kept, so that what it decided can be decided again years later."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from dialer.compliance.law import Ruleset
from dialer.compliance.law_files import NamedFile, law_of, shipped_files
from dialer.model.audit_reports import RulesetArchive, RulesetFile
from dialer.model.errors import OperatorError, Problem
from dialer.model.instant import Instant, utc


def archived(ruleset: Ruleset, overlays: Sequence[NamedFile]) -> RulesetArchive:
    """The archive of the shipped rules with these overlays, which `ruleset` was loaded from."""
    files = tuple(
        RulesetFile(name, hashlib.sha256(content).hexdigest(), content)
        for name, content in (*shipped_files(), *overlays)
    )
    return RulesetArchive(ruleset.label, ruleset.sha256, files, tuple(name for name, _ in overlays))


def law_in(archive: RulesetArchive) -> Ruleset:
    """The archived rules, as they were. Raises OperatorError where this version of the program
    cannot read them, reads others out of them, or its zone data is older than they allow."""
    named = [(file.name, file.content) for file in archive.files]
    shipped = len(named) - len(archive.overlays)
    ruleset = law_of(named[:shipped], named[shipped:])
    if ruleset.sha256 != archive.sha256:
        raise OperatorError(
            Problem(
                f"ruleset {archive.label}",
                None,
                "the archived files are not the rules that were in force",
                ruleset.sha256,
                "Verify the journal: `dialer audit verify`.",
            )
        )
    return ruleset


def citation_of(ruleset: Ruleset, rule: str, at: Instant) -> str:
    """The citation of a rule as decisions name it (`US-FL/hours`), as it was in force at `at`; ""
    for a rule that is no row of the law (the campaign's own hours and caps)."""
    code, _, row = rule.partition("/")
    jurisdiction = ruleset.jurisdictions.get(code)
    if jurisdiction is None:
        return ""
    today = utc(at).date()
    rows = [each for each in jurisdiction.rules if each.id == row]
    in_force = [
        each
        for each in rows
        if each.effective_from <= today and (each.effective_to is None or today < each.effective_to)
    ]
    found = next(iter(in_force or rows), None)
    if found is None:
        return ""
    doubt = "" if found.tag.value == "V" else f" (tag {found.tag.value})"
    return f"{found.citation}{doubt}"
