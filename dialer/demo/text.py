"""The demo's report for people."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from dialer.demo.run import DemoReport


def print_report(console: Console, report: DemoReport) -> None:
    """A table of the figures, then whatever does not fit."""
    figures = report.figures
    waits = figures["answer_to_agent_ms"]
    table = Table(title="The demo's report", show_header=False)
    rows = {
        "leads loaded / rejected": f"{figures['leads_loaded']} / {figures['leads_rejected']}",
        "refused by screening": _counts(figures["refused"]),
        "dials": str(figures["dials"]),
        "answered": f"{figures['answered']} (live {figures['live']}, machines and the like "
        f"{figures['machines']})",
        "connected to an agent": str(figures["connected"]),
        "dropped": f"{figures['dropped']} ({figures['drop_rate']:.1%} of live answers, ceiling "
        f"{figures['drop_ceiling']:.0%})",
        "dispositions": _counts(figures["dispositions"]),
        "verdict to agent": f"median {waits['p50']} ms, 95th percentile {waits['p95']} ms, "
        f"longest {waits['max']} ms",
        "agents' time in talk and wrap-up": f"{figures['agent_utilisation']:.0%}",
        "talk": f"{figures['talk_s']:.0f} s",
        "dispositions that differ from what was done": str(figures["truth_mismatches"]),
        "journal": f"{figures['journal_entries']} entries, "
        + ("verified" if figures["journal_verified"] else "DOES NOT VERIFY"),
    }
    for name, value in rows.items():
        table.add_row(name, value)
    console.print(table)
    for line in report.mismatches:
        console.print(f"does not fit: {line}", style="red")


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {n}" for name, n in counts.items()) or "none"
