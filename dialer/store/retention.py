"""What is kept no longer, and the proof of what went.

Records of calls, consent and lists are kept for years after their last use, five at least (47 CFR
64.1200(d)(6), 16 CFR 310.5). After that the working data goes, and with it what the journal's keys
stand for:

- attempts that ended, were judged and promised a callback before the cutoff
- leads imported, refused and last dialled before it
- refused rows of lead files from before it
- records of numbers (consents and the like, but no revocation and no request not to be called) made
  and imported before it, of numbers that no kept lead or attempt has
- numbers and words in the journal's look-up table of which no kept row and no entry since knows

Requests not to be called and revocations stay for ever: forgetting them would be to break them. The
journal itself stays too; without the look-up values it is about nobody.

The proof is the journal's entry RETENTION: for each table how many rows went, the first and the
last by their key, and the Merkle root (see `dialer.audit.merkle`) over them in the order of their
keys. A row's leaf is its keyed hash (`PersonalKey.text`, named "row", about the table), so that the
root tells nobody what was removed, and whoever still has the rows, in a backup, can show that
exactly they were: `dialer audit retain --dry-run` on the backup finds the same root.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Table, and_, delete, func, or_, select

from dialer.audit.chain import canonical_json
from dialer.audit.merkle import CompactRange, leaf_hash
from dialer.audit.personal import NUMBER, PersonalKey
from dialer.model.instant import Instant, instant_of, utc
from dialer.model.journal import EntryKind, JournalEntry, JsonValue
from dialer.model.record_files import RecordKind
from dialer.store.tables import (
    CALL_ATTEMPT,
    JOURNAL,
    LEAD,
    LEAD_LIST,
    NUMBER_RECORD,
    PERSONAL,
    REJECTED_ROW,
    SUPPRESSION,
)

FLOOR_YEARS = 5
"""The law's shortest time."""

_FOR_EVER = (RecordKind.REVOCATIONS, RecordKind.DNC)


@dataclass(frozen=True, slots=True)
class Removed:
    """What went from a table: how many rows, the first and last by their key (None for none), and
    the Merkle root over them in hex."""

    rows: int
    first: JsonValue
    last: JsonValue
    root: str


@dataclass(frozen=True, slots=True)
class Retained:
    """What a retention removed, or would remove: by table, and how many look-up values."""

    older_than: Instant
    years: int
    tables: dict[str, Removed]
    personal: int

    @property
    def rows(self) -> int:
        """Rows of all tables."""
        return sum(removed.rows for removed in self.tables.values())

    def entry(self, now: Instant, by: str) -> JournalEntry:
        """What the journal says of it."""
        told: dict[str, JsonValue] = {
            name: {
                "rows": removed.rows,
                "first": removed.first,
                "last": removed.last,
                "root": removed.root,
            }
            for name, removed in self.tables.items()
        }
        data: dict[str, JsonValue] = {
            "older_than": self.older_than,
            "years": self.years,
            "tables": told,
            "personal": self.personal,
            "by": by,
        }
        return JournalEntry(EntryKind.RETENTION, now, data=data)


def years_before(now: Instant, years: int) -> Instant:
    """The same day and time so many years ago; of 29 February, the day before where there is none.

    Raises ValueError for less than the law's `FLOOR_YEARS`.
    """
    if years < FLOOR_YEARS:
        raise ValueError(f"records are kept for {FLOOR_YEARS} years at least, not {years}")
    moment = utc(now)
    try:
        past: datetime = moment.replace(year=moment.year - years)
    except ValueError:
        past = moment.replace(year=moment.year - years, day=28)
    return instant_of(past)


def retain(
    connection: Connection, key: PersonalKey, older_than: Instant, years: int, *, remove: bool
) -> Retained:
    """Find what was last used before `older_than`, and remove it if told so."""
    goes = {
        CALL_ATTEMPT: _attempts(older_than),
        LEAD: _leads(older_than),
        REJECTED_ROW: REJECTED_ROW.c.at < older_than,
        NUMBER_RECORD: _records(older_than),
    }
    forgotten = _forgotten(older_than)
    tables = {table.name: _proof(connection, key, table, which) for table, which in goes.items()}
    personal = connection.scalar(select(func.count()).select_from(PERSONAL).where(forgotten)) or 0
    if remove:
        # What is known of numbers hangs on what is kept of calls: it goes first.
        connection.execute(delete(PERSONAL).where(forgotten))
        for table in (NUMBER_RECORD, LEAD, CALL_ATTEMPT, REJECTED_ROW):
            connection.execute(delete(table).where(goes[table]))
    return Retained(older_than, years, tables, personal)


def _last_use() -> ColumnElement[int]:
    attempt = CALL_ATTEMPT.c
    later = (attempt.ended_at, attempt.disposed_at, attempt.callback_at)
    return func.max(attempt.dialled_at, *(func.coalesce(each, 0) for each in later))


def _attempts(older_than: Instant) -> ColumnElement[bool]:
    newest = select(func.max(CALL_ATTEMPT.c.attempt_id)).scalar_subquery()
    return and_(
        CALL_ATTEMPT.c.ended_at.is_not(None),
        _last_use() < older_than,
        CALL_ATTEMPT.c.attempt_id < newest,  # attempts are numbered on from it
    )


def _leads(older_than: Instant) -> ColumnElement[bool]:
    lead = LEAD.c
    newest = select(func.max(lead.lead_id)).scalar_subquery()
    used = select(CALL_ATTEMPT.c.lead_id).where(
        CALL_ATTEMPT.c.lead_id.is_not(None), _last_use() >= older_than
    )
    fresh = select(LEAD_LIST.c.name).where(
        LEAD_LIST.c.campaign == lead.campaign,
        LEAD_LIST.c.name == lead.list_name,
        LEAD_LIST.c.imported_at >= older_than,
    )
    return and_(
        lead.lead_id.not_in(used),
        func.coalesce(lead.refused_at, 0) < older_than,
        func.coalesce(lead.next_eligible_at, 0) < older_than,
        ~fresh.exists(),
        lead.lead_id < newest,  # leads are numbered on from it
    )


def _kept_numbers(older_than: Instant) -> tuple[ColumnElement[bool], ...]:
    """Of a column of numbers: what has no kept lead and no kept attempt."""
    attempts = select(CALL_ATTEMPT.c.number).where(~_attempts(older_than))
    leads = select(LEAD.c.e164).where(~_leads(older_than))
    record = NUMBER_RECORD.c.e164
    return record.not_in(attempts), record.not_in(leads)


def _records(older_than: Instant) -> ColumnElement[bool]:
    record = NUMBER_RECORD.c
    return and_(
        record.kind.not_in(_FOR_EVER),
        record.at < older_than,
        record.imported_at < older_than,
        *_kept_numbers(older_than),
    )


def _forgotten(older_than: Instant) -> ColumnElement[bool]:
    personal = PERSONAL.c
    numbers = PERSONAL.alias("known")
    entries = select(JOURNAL.c.number_key).where(JOURNAL.c.at >= older_than)
    gone = select(numbers.c.key).where(
        numbers.c.name == NUMBER,
        numbers.c.key.not_in(entries),
        numbers.c.value.not_in(select(CALL_ATTEMPT.c.number).where(~_attempts(older_than))),
        numbers.c.value.not_in(select(LEAD.c.e164).where(~_leads(older_than))),
        numbers.c.value.not_in(select(SUPPRESSION.c.e164)),
        numbers.c.value.not_in(select(NUMBER_RECORD.c.e164).where(~_records(older_than))),
    )
    return or_(personal.key.in_(gone), personal.subject.in_(gone))


def _proof(
    connection: Connection, key: PersonalKey, table: Table, which: ColumnElement[bool]
) -> Removed:
    tree = CompactRange()
    keys = list(table.primary_key)
    first: JsonValue = None
    last: JsonValue = None
    question = select(table).where(which).order_by(*keys)
    name = _name_of(table, key)
    for row in connection.execution_options(yield_per=1_000).execute(question):
        said = dict(row._mapping)
        last = name(said)
        first = last if tree.size == 0 else first
        text = key.text("row", table.name, canonical_json(said))
        tree.add(leaf_hash(bytes.fromhex(text.key)))
    return Removed(tree.size, first, last, tree.root().hex())


def _name_of(table: Table, key: PersonalKey) -> Callable[[dict[str, JsonValue]], JsonValue]:
    """How a row is named in the journal: by its key, a number by what hides it."""
    columns = [column.name for column in table.primary_key]

    def name(row: dict[str, JsonValue]) -> JsonValue:
        shown = [
            key.number(str(row[column])).key if column == "e164" else row[column]
            for column in columns
        ]
        return shown[0] if len(shown) == 1 else shown

    return name
