"""Checkpoints of a kept journal, and what they find that the chain alone cannot."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import trio

from dialer.audit.checkpoints import Signer
from dialer.audit.merkle import leaf_hash, root_of
from dialer.model.errors import JournalFault, OperatorError
from dialer.model.instant import Instant
from dialer.model.journal import Verification
from dialer.store import checkpointing
from dialer.store.keys import CHECKPOINT_KEY, PERSONAL_KEY
from dialer.store.sqlite import SqlStore
from tests.contracts.journal_entries import alarm
from tests.unit.store.audited import BATCH, entries, kept_journal, key_of, rewrite, rows_of, tamper

COUNT = 70


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    folder = tmp_path_factory.mktemp("original")
    return folder, kept_journal(folder, COUNT)[1]


@pytest.fixture
def kept(original: tuple[Path, list[str]], tmp_path: Path) -> tuple[SqlStore, list[str]]:
    """A copy of the journal, to do with as the test likes."""
    folder, notes = original
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    return SqlStore(tmp_path / "dialer.db", lambda event: None), notes


def verified(store: SqlStore, outside: Mapping[str, Sequence[str]] | None = None) -> Verification:
    return trio.run(store.verify, outside)


def test_checkpoints_say_how_the_journal_stood(
    kept: tuple[SqlStore, list[str]], tmp_path: Path
) -> None:
    store, notes = kept
    said = [key_of(tmp_path).witness.checkpoint(note) for note in notes]
    assert [each.size for each in said] == [BATCH, 2 * BATCH, 3 * BATCH, COUNT]
    rows = rows_of(tmp_path)
    for each in said:
        leaves = [leaf_hash(bytes.fromhex(row.hash)) for row in rows[: each.size]]
        assert (each.root, each.head) == (root_of(leaves), rows[each.size - 1].hash)
    assert verified(store) == Verification(True, COUNT, checkpoints=4)
    assert verified(store, {"a safe": notes[:2]}) == Verification(
        True, COUNT, checkpoints=4, anchored=2 * BATCH
    )


def test_the_tree_grows_on_after_a_restart(
    kept: tuple[SqlStore, list[str]], tmp_path: Path
) -> None:
    notes: list[str] = []
    again = SqlStore(tmp_path / "dialer.db", lambda event: None, publish=notes.append)

    async def go_on() -> None:
        async with trio.open_nursery() as nursery:
            await nursery.start(again.run)
            await again.append([alarm("one more")])
            nursery.cancel_scope.cancel()

    trio.run(go_on)
    sizes = [key_of(tmp_path).witness.checkpoint(note).size for note in notes]
    assert sizes == [COUNT, COUNT + 1], "the last one is told again at the start"
    assert verified(again, {"a safe": notes}).anchored == COUNT + 1


def test_entries_that_came_after_the_last_checkpoint_are_taken_in(
    kept: tuple[SqlStore, list[str]], tmp_path: Path
) -> None:
    tamper(tmp_path, f"DELETE FROM checkpoint WHERE size > {BATCH}")
    store, notes = kept_journal(tmp_path, 0)
    witness = key_of(tmp_path).witness
    assert [witness.checkpoint(note).size for note in notes] == [BATCH, COUNT]
    assert verified(store, {"a safe": notes}).anchored == COUNT


async def test_time_makes_a_checkpoint_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpointing, "EVERY_S", 0.02)
    send, receive = trio.open_memory_channel[str](10)
    store = SqlStore(tmp_path / "dialer.db", lambda event: None, publish=send.send_nowait)
    async with trio.open_nursery() as nursery:
        await nursery.start(store.run)
        await store.append([alarm("only one")])
        with trio.fail_after(10):
            note = await receive.receive()
        nursery.cancel_scope.cancel()
    assert key_of(tmp_path).witness.checkpoint(note).size == 1
    assert receive.statistics().current_buffer_used == 0, "there was nothing more to say"


# --- what an insider does -------------------------------------------------------------------------


def test_a_tail_cut_with_its_head_and_checkpoints_is_found_outside(
    kept: tuple[SqlStore, list[str]], tmp_path: Path
) -> None:
    store, notes = kept
    rows = rows_of(tmp_path)
    tamper(
        tmp_path,
        "DELETE FROM journal WHERE seq > 50",
        "DELETE FROM checkpoint WHERE size > 50",
        f"UPDATE journal_head SET entries = 50, hash = '{rows[49].hash}'",
    )
    assert verified(store).verified, "nothing inside the house knows"
    found = verified(store, {"a safe": notes})
    assert (found.verified, found.first_bad_seq) == (False, 51)
    assert "70 entries" in found.why
    assert "kept in a safe" in found.why


def test_a_journal_rewritten_from_the_first_entry_on_is_found_outside(
    kept: tuple[SqlStore, list[str]], tmp_path: Path
) -> None:
    store, notes = kept
    past = entries(COUNT)
    rewrite(tmp_path, [replace(past[0], at=Instant(past[0].at + 1)), *past[1:]])
    assert verified(store).verified, "nothing inside the house knows"
    found = verified(store, {"a safe": notes[-1:]})
    assert (found.verified, found.first_bad_seq) == (False, 1)
    assert f"entries 1 to {COUNT} were written anew" in found.why


def test_what_was_rewritten_is_narrowed_down_by_the_checkpoints(
    kept: tuple[SqlStore, list[str]], tmp_path: Path
) -> None:
    store, notes = kept
    past = entries(COUNT)
    rewrite(tmp_path, [*past[:45], replace(past[45], agent="eve"), *past[46:]])
    found = verified(store, {"a safe": notes})
    assert (found.verified, found.first_bad_seq, found.entries) == (False, 41, 40)
    assert "entries 41 to 60" in found.why


def test_a_journal_that_forgot_the_middle_and_closed_the_gap(
    kept: tuple[SqlStore, list[str]], tmp_path: Path
) -> None:
    store, notes = kept
    past = entries(COUNT)
    rewrite(tmp_path, [*past[:25], *past[26:]])
    assert verified(store).verified
    assert verified(store, {"a safe": notes}).first_bad_seq == 21


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE checkpoint SET note = replace(note, char(10) || '40', char(10) || '41')", "40"),
        ("UPDATE checkpoint SET note = replace(note, 'head ', 'head 0') WHERE size = 20", "20"),
        ("UPDATE checkpoint SET size = 61 WHERE size = 60", "61"),
        ("UPDATE checkpoint SET peaks_json = '[]' WHERE size = 60", "60"),
        ("UPDATE checkpoint SET peaks_json = '{' WHERE size = 60", "60"),
        (
            "UPDATE checkpoint SET note = (SELECT note FROM checkpoint WHERE size = 20) "
            "WHERE size = 40",
            "40",
        ),
    ],
)
def test_a_changed_checkpoint_is_found(
    kept: tuple[SqlStore, list[str]], tmp_path: Path, statement: str, said: str
) -> None:
    store, _ = kept
    tamper(tmp_path, statement)
    found = verified(store)
    assert not found.verified
    assert f"checkpoint of {said} entries" in found.why


def test_a_forged_checkpoint_is_found(kept: tuple[SqlStore, list[str]], tmp_path: Path) -> None:
    store, notes = kept
    body = notes[0].partition("\n\n")[0] + "\n"
    forged = Signer(bytes(32)).sign(body)
    found = verified(store, {"a safe": [forged]})
    assert (found.verified, found.first_bad_seq) == (False, None)
    assert "a safe: checkpoint 1 in it: it is not signed by" in found.why
    assert "no checkpoint was found" in verified(store, {"an empty safe": []}).why


def test_a_journal_signed_with_a_new_key_is_not_the_old_one(
    kept: tuple[SqlStore, list[str]], tmp_path: Path
) -> None:
    store, notes = kept
    (tmp_path / CHECKPOINT_KEY).write_text("11" * 32)
    rewrite(tmp_path, entries(COUNT))
    assert verified(store).verified
    assert "is not signed by" in verified(store, {"a safe": notes}).why


def test_a_changed_look_up_value_is_found(kept: tuple[SqlStore, list[str]], tmp_path: Path) -> None:
    store, _ = kept
    tamper(tmp_path, "UPDATE personal SET value = '+12125550199' WHERE value = '+12125550002'")
    found = verified(store)
    assert (found.verified, found.first_bad_seq) == (False, 9)
    assert "look-up table" in found.why


def test_a_changed_word_is_found(kept: tuple[SqlStore, list[str]], tmp_path: Path) -> None:
    store, _ = kept
    row = rows_of(tmp_path)[2]
    change = f"value = 'never' WHERE name = 'notes' AND subject = '{row.number_key}'"
    tamper(tmp_path, f"UPDATE personal SET {change}")
    assert "notes of key" in verified(store).why


# --- a journal that cannot be gone on with --------------------------------------------------------


@pytest.mark.parametrize(
    ("statements", "said"),
    [
        (["UPDATE checkpoint SET note = 'x' WHERE size = 70"], "cannot be gone on from"),
        (["UPDATE checkpoint SET size = 69 WHERE size = 70"], "does not fit the journal"),
        (["UPDATE checkpoint SET peaks_json = '[1]' WHERE size = 70"], "cannot be gone on from"),
        (["DELETE FROM journal WHERE seq = 65", "DELETE FROM checkpoint WHERE size = 70"], "midst"),
    ],
)
def test_a_journal_that_does_not_fit_its_checkpoint_is_not_continued(
    kept: tuple[SqlStore, list[str]], tmp_path: Path, statements: list[str], said: str
) -> None:
    tamper(tmp_path, *statements)
    with pytest.raises(JournalFault, match=said):
        trio.run(SqlStore(tmp_path / "dialer.db", lambda event: None).run)


def test_a_rewritten_journal_under_its_old_checkpoint_is_not_continued(
    kept: tuple[SqlStore, list[str]], tmp_path: Path
) -> None:
    tamper(
        tmp_path,
        "UPDATE journal SET hash = replace(hash, '0', '1') WHERE seq = 70",
        "UPDATE journal_head SET hash = (SELECT hash FROM journal WHERE seq = 70)",
    )
    with pytest.raises(JournalFault, match="does not fit the journal"):
        trio.run(SqlStore(tmp_path / "dialer.db", lambda event: None).run)


@pytest.mark.parametrize("name", [PERSONAL_KEY, CHECKPOINT_KEY])
def test_a_journal_without_its_keys_is_not_continued(
    kept: tuple[SqlStore, list[str]], tmp_path: Path, name: str
) -> None:
    (tmp_path / name).rename(tmp_path / "elsewhere")
    with pytest.raises(OperatorError, match="cannot be read"):
        trio.run(SqlStore(tmp_path / "dialer.db", lambda event: None).run)
    assert not (tmp_path / name).exists(), "no new key is made for an old journal"
    (tmp_path / name).write_text("nonsense")
    with pytest.raises(OperatorError, match="this is no key"):
        trio.run(SqlStore(tmp_path / "dialer.db", lambda event: None).run)


def test_another_key_of_personal_data_is_noticed(
    kept: tuple[SqlStore, list[str]], tmp_path: Path
) -> None:
    (tmp_path / PERSONAL_KEY).write_text("22" * 32)
    with pytest.raises(OperatorError, match="not the key this journal was written with"):
        trio.run(SqlStore(tmp_path / "dialer.db", lambda event: None).run)


def test_keys_are_for_their_owner_only(kept: tuple[SqlStore, list[str]], tmp_path: Path) -> None:
    for name in (PERSONAL_KEY, CHECKPOINT_KEY):
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600
