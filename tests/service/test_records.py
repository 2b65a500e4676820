"""Files of records through the real command: without a service, and through a running one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import trio
from click.testing import CliRunner

from dialer.cli import main
from dialer.demo.world import Ports, build_world
from dialer.model.errors import OperatorError
from dialer.model.journal import EntryKind
from dialer.model.record_files import RecordKind, RecordsReport
from dialer.service.control import ControlSocket, RecordsImport, ask_to_import
from dialer.service.office import ServiceOffice
from dialer.simulator.callees import CallPlan
from dialer.telemetry.metrics import Metrics
from tests.service.rig import campaign, rig

NUMBER = "+12125550100"
CONSENTS = (
    "number,seller,type,granted_at_utc,signer\n"
    "(212) 555-0100,Clearview Sample Windows,pewc,2026-03-01T10:00:00Z,Ann Example\n"
    "212-555-01,Clearview Sample Windows,pewc,2026-03-01T10:00:00Z,Ann Example\n"
)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    build_world(tmp_path, 5, 1, Ports(5060, 5090))
    return tmp_path


def dialer(shop: Path, *arguments: str, status: int = 0) -> tuple[dict[str, Any], str]:
    """A command; what it said to machines ({} where nothing) and to people."""
    config = str(shop / "dialer.toml")
    result = CliRunner().invoke(main, [*arguments, "--config", config, "--json"])
    assert result.exit_code == status, result.output
    return json.loads(result.stdout) if result.stdout else {}, result.stderr


def test_a_file_is_loaded_and_its_bad_rows_are_listed(shop: Path) -> None:
    (shop / "consents.csv").write_text(CONSENTS)
    command = ("records", "import", "consents", str(shop / "consents.csv"))
    report, said = dialer(shop, *command, status=1)
    assert (report["rows"], report["loaded"], report["known"]) == (2, 1, 0)
    assert "2 rows of consents, 1 loaded, 0 known before, 1 refused" in said
    assert "line 3: number: INVALID_NUMBER" in said
    refusals = Path(report["refusals_file"]).read_text("utf-8-sig")
    assert refusals.splitlines()[1].startswith('3,212-555-01,"number: INVALID_NUMBER')
    known, said = dialer(shop, "records", "show", "212 555 0100")
    assert known["consents"][0]["seller"] == "Clearview Sample Windows"
    assert "PEWC to Clearview Sample Windows for all, granted 2026-03-01T10:00:00.000Z" in said
    report, _ = dialer(shop, *command, status=1)
    assert (report["loaded"], report["known"]) == (0, 1)


def test_a_request_to_a_seller_nobody_calls_for_binds_everyone(shop: Path) -> None:
    (shop / "dnc.csv").write_text(
        "number,seller,scope\n2125550100,Clearview  sample windows,seller\n"
        "2125550101,Clearvue,seller\n"
    )
    report, said = dialer(shop, "records", "import", "dnc", str(shop / "dnc.csv"), status=1)
    assert (report["rows"], report["loaded"]) == (2, 2)
    assert "line 3: no campaign calls for this seller" in said


def test_a_profile_and_a_seller_may_be_said(shop: Path) -> None:
    (shop / "bought.csv").write_text("Phone;When;Kind\n2125550100;2026-05-04;sale\n")
    (shop / "bought.toml").write_text(
        '[columns]\nnumber = "Phone"\nat_utc = "When"\ntype = "Kind"\n'
        '[values.type]\nsale = "transaction"\n'
    )
    bought = ("records", "import", "relationships", str(shop / "bought.csv"))
    report, _ = dialer(
        shop, *bought, "--profile", str(shop / "bought.toml"), "--seller", "Other Sample"
    )
    assert report["loaded"] == 1
    _, said = dialer(shop, "records", "show", NUMBER)
    assert "transaction with Other Sample at 2026-05-04T00:00:00.000Z" in said


def test_a_file_of_another_kind_is_told(shop: Path) -> None:
    (shop / "consents.csv").write_text(CONSENTS)
    _, said = dialer(shop, "records", "import", "rnd", str(shop / "consents.csv"), status=1)
    assert "consents.csv:1: the column 'answer' is missing" in said


async def test_a_running_service_takes_it_in_and_its_floor_is_told(tmp_path: Path) -> None:
    (tmp_path / "consents.csv").write_text(CONSENTS)
    (tmp_path / "dnc.csv").write_text("2125550101\n")
    async with rig(campaign(1), lambda dial: CallPlan()) as r:
        metrics = Metrics(r.dispatcher.snapshot)
        office = ServiceOffice(r.clock, r.floor, r.dispatcher, r.store, metrics, tmp_path)
        async with trio.open_nursery() as nursery:
            await nursery.start(ControlSocket(tmp_path, office).run)

            async def ask(kind: RecordKind, name: str) -> RecordsReport:
                request = RecordsImport(kind=kind, file=str(tmp_path / name))
                report = await trio.to_thread.run_sync(ask_to_import, tmp_path, request)
                assert report is not None
                return report

            version = r.floor.version
            report = await ask(RecordKind.CONSENTS, "consents.csv")
            assert (report.loaded, len(report.rejected)) == (1, 1)
            assert report.rejected[0].line == 3
            assert (await r.store.records_of(NUMBER)).consents[0].seller
            assert (await r.dispatcher.changed(version)).version > version
            await ask(RecordKind.DNC, "dnc.csv")
            (stored, *_) = await r.store.journal(kind=EntryKind.SUPPRESSED)
            assert stored.entry.number == "+12125550101"
            assert stored.entry.agent.endswith("(command)")
            with pytest.raises(OperatorError, match="cannot be read"):
                await ask(RecordKind.DNC, "gone.csv")
            nursery.cancel_scope.cancel()


def test_no_service_no_answer(tmp_path: Path) -> None:
    assert ask_to_import(tmp_path, RecordsImport(kind=RecordKind.DNC, file="x")) is None
