"""Taking in a parsed lead file: what every store makes of it before anything is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dialer.audit.chain import canonical_json
from dialer.model.instant import Instant, rfc3339
from dialer.model.journal import EntryKind, JournalEntry
from dialer.model.leads import LeadFile, LeadState, NewLead, RejectedRow
from dialer.model.reports import ImportReport
from dialer.store.projections import Row

ROW_REJECTED = "ROW_REJECTED"
DUPLICATE = "DUPLICATE"
"""The codes under which refused rows of a file are shown beside screening's reasons."""


@dataclass(frozen=True, slots=True)
class Sifted:
    """A file's rows told apart: leads to store (with their order keys), rows refused by the parser,
    and numbers the campaign has already."""

    campaign: str
    file: LeadFile
    fresh: tuple[tuple[NewLead, int], ...]
    duplicates: tuple[RejectedRow, ...]

    def entry(self, now: Instant, by: str) -> JournalEntry:
        """What the journal says of the import."""
        return JournalEntry(
            EntryKind.LIST_IMPORTED,
            now,
            campaign=self.campaign,
            data={
                "list": self.file.name,
                "sha256": self.file.sha256,
                "rows": self.file.rows,
                "loaded": len(self.fresh),
                "rejected": len(self.file.rejected) + len(self.duplicates),
                "duplicates": len(self.duplicates),
                "by": by,
            },
        )

    def lead_rows(self, first_id: int) -> list[dict[str, str | int | None]]:
        """Rows of table `lead`, numbered from `first_id`; eligible from the beginning of time."""
        return [
            {
                "lead_id": lead_id,
                "campaign": self.campaign,
                "list_name": self.file.name,
                "line": lead.line,
                "e164": lead.number.e164,
                "region": lead.number.region,
                "zones_json": canonical_json(list(lead.number.zones)),
                "raw_number": lead.raw_number,
                "fields_json": canonical_json(dict(lead.fields)),
                "address_state": lead.state,
                "postcode": lead.postcode,
                "contact": lead.contact,
                "state": LeadState.OPEN,
                "attempts": 0,
                "order_key": order_key,
                "next_eligible_at": 0,
                "callback_for": None,
                "refused_code": None,
                "refused_explain": None,
                "refused_at": None,
            }
            for lead_id, (lead, order_key) in enumerate(self.fresh, first_id)
        ]

    def rejected_rows(self, now: Instant) -> list[Row]:
        """Rows of table `rejected_row`, without their ids."""
        coded = [(ROW_REJECTED, row) for row in self.file.rejected]
        coded += [(DUPLICATE, row) for row in self.duplicates]
        return [
            {
                "campaign": self.campaign,
                "list_name": self.file.name,
                "line": row.line,
                "value": row.value,
                "code": code,
                "explain": f"{row.reason.rstrip('.')}. {row.remedy}".rstrip(),
                "at": now,
            }
            for code, row in sorted(coded, key=lambda pair: pair[1].line)
        ]

    def report(self) -> ImportReport:
        refused = sorted((*self.file.rejected, *self.duplicates), key=lambda row: row.line)
        return ImportReport(
            self.campaign,
            self.file.name,
            self.file.rows,
            len(self.fresh),
            len(self.duplicates),
            tuple(refused),
        )


def sift(
    campaign: str,
    file: LeadFile,
    order_keys: Sequence[int],
    known: Mapping[str, tuple[str, int]],
) -> Sifted:
    """Tell new leads from numbers the campaign has already, or the file has twice. `known` maps an
    E.164 number of the campaign to the list and line it came from."""
    fresh: list[tuple[NewLead, int]] = []
    duplicates: list[RejectedRow] = []
    seen: dict[str, tuple[str, int]] = {}
    for lead, order_key in zip(file.leads, order_keys, strict=True):
        number = lead.number.e164
        there = known.get(number) or seen.get(number)
        if there is None:
            seen[number] = (file.name, lead.line)
            fresh.append((lead, order_key))
        else:
            name, line = there
            reason = f"{number} is in the campaign already (list {name}, line {line})"
            remedy = "Nothing to do: a number is called once, whatever list it stands on."
            duplicates.append(RejectedRow(lead.line, lead.raw_number, reason, remedy))
    return Sifted(campaign, file, tuple(fresh), tuple(duplicates))


def imported_before(campaign: str, file: LeadFile, name: str, at: Instant) -> ImportReport:
    """The report on a file whose very bytes the campaign has already: nothing is loaded."""
    told = RejectedRow(
        0,
        file.name,
        f"this very file was imported already, as {name} on {rfc3339(at)}; nothing was loaded",
        "Nothing to do. To call new people, import a file that names them.",
    )
    return ImportReport(campaign, file.name, file.rows, 0, len(file.leads), (told,))
