"""What is known of numbers, read from the database file without trio: by a process of its own."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from sqlalchemy.exc import DatabaseError

from dialer.model.errors import JournalFault
from dialer.model.records import NumberRecords
from dialer.store.database import reading_engine
from dialer.store.record_rows import records_of


class RecordReader:
    """Reads beside a running service. Pickled, it is the file's name."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._engine = reading_engine(path)

    def __reduce__(self) -> tuple[type[RecordReader], tuple[Path]]:
        return RecordReader, (self._path,)

    def records_of(self, numbers: Collection[str]) -> dict[str, NumberRecords]:
        """What is known of each number (E.164) of which something is. Raises JournalFault where the
        database cannot be read."""
        try:
            with self._engine.begin() as connection:
                return records_of(connection, numbers)
        except DatabaseError as error:
            raise JournalFault(f"{self._path}: cannot be read: {error.orig}") from error
