"""What vouches for the journal of a running service, and bundles of it handed to officers."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import trio

from dialer.audit.checkpoints import NoCheckpoint, Witness
from dialer.model.audit_reports import AnchorLine, BundleMade, ChainStatus
from dialer.model.errors import JournalFault
from dialer.model.instant import Instant
from dialer.service.control import exported_entry
from dialer.store.anchors import AnchorState
from dialer.store.bundles import Wanted
from dialer.store.sqlite import SqlStore
from dialer.web.office import OfficeBusy

COMMIT_PATIENCE_S = 5.0
"""How long a bundle waits for the entry that it was made."""
CHECKPOINTS_SHOWN = 10


class Vouching:
    """Over a store that runs. `anchors` tells how deliveries to places outside stand; bundles are
    written in the folder `data`, where no name of them is left."""

    def __init__(
        self, store: SqlStore, anchors: Callable[[], tuple[AnchorState, ...]], data: Path
    ) -> None:
        self._store = store
        self._anchors = anchors
        self._data = data

    async def chain_status(self) -> ChainStatus:
        """Checkpoints and where they went. Raises JournalFault at one that was changed."""
        witness = await self._store.witness()
        try:
            checkpoints, count = await self._store.checkpoints(CHECKPOINTS_SHOWN)
        except NoCheckpoint as error:
            raise JournalFault(f"a checkpoint of the journal was changed: {error}") from error
        anchors = tuple(_line(state, witness) for state in self._anchors())
        return ChainStatus(str(witness), tuple(checkpoints), count, anchors)

    async def export(
        self, since: Instant | None, until: Instant | None, *, numbers: bool, by: str, now: Instant
    ) -> BundleMade:
        """Write a bundle and journal that it was made. Raises OperatorError where there is no
        entry of that time, JournalFault where one was changed beyond reading, and OfficeBusy where
        it cannot be journaled: then there is no bundle."""
        file = tempfile.TemporaryFile(dir=self._data)  # noqa: SIM115  whoever asked closes it
        try:
            made = await self._store.export(Wanted(since, until, numbers, by), now, file)
            with trio.move_on_after(COMMIT_PATIENCE_S) as patience:
                await self._store.append([exported_entry(made.data, now, by)])
            if patience.cancelled_caught:
                raise OfficeBusy("the journal cannot be written now: nothing was handed over")
            size = file.seek(0, 2)
            file.seek(0)
        except BaseException:
            file.close()
            raise
        manifest = made.manifest
        return BundleMade(file, size, manifest.first_seq, manifest.last_seq, made.sha256)


def _line(state: AnchorState, witness: Witness) -> AnchorLine:
    said = None if state.delivered is None else witness.checkpoint(state.delivered)
    return AnchorLine(
        state.place,
        None if said is None else said.size,
        None if said is None else said.at,
        state.waiting,
        state.failing,
    )
