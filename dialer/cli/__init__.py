"""The one command. What each part of it does is in the modules beside this one, loaded when it is
asked for; `base` holds what they share."""

from __future__ import annotations

import click

from dialer import __version__
from dialer.cli.lazy import Later, LazyGroup


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    later={
        "demo": Later(
            "demo:demo",
            "Run the main job on this machine: real SIP on loopback, robot agents, a report.",
        ),
        "serve": Later(
            "serve:serve",
            "Run the service until TERM (calls finish) or a second TERM, or INT (hang up).",
        ),
        "check": Later(
            "serve:check",
            "Validate settings, campaigns and lists; say what would be called when.",
        ),
        "report": Later("leads:report", "Figures of a CAMPAIGN, from the journal."),
        "screen": Later("screen:screen", "Ask what the gate that guards every dial would say."),
    },
)
@click.version_option(__version__)
def main() -> None:
    """An outbound dialer: leads in, lawful calls out, live answers to agents."""


@main.group(
    cls=LazyGroup,
    later={
        "import": Later(
            "leads:import_",
            "Load a lead FILE into CAMPAIGN; refused rows are listed and written to a file.",
        ),
    },
)
def leads() -> None:
    """Lead files."""


@main.group(
    cls=LazyGroup,
    later={
        "lint": Later(
            "rules:lint_",
            "Find gaps, overlaps, uncited rows, unexplained codes, holidays that run out, and"
            " golden cases that are answered wrong.",
        ),
        "show": Later(
            "rules:show",
            "Every rule that binds a call to STATE (FL, US-FL, GB), with that day's hours, "
            "what lifts it, and where it is written.",
        ),
        "overlay": Later(
            "overlays:overlay",
            "Put an overlay FILE into force: checked, journaled, and copied to the rules folder.",
        ),
        "withdraw": Later(
            "overlays:withdraw",
            "Take the overlay NAME out of force: journaled, then removed from the rules folder.",
        ),
    },
)
def rules() -> None:
    """The law as data, and an officer's changes to it."""


@main.group(
    cls=LazyGroup,
    later={
        "import": Later(
            "records:import_",
            "Store what FILE says of numbers; refused rows are listed and written to a file.",
        ),
        "show": Later("records:show", "What is known of NUMBER."),
    },
)
def records() -> None:
    """What is known of numbers: consents, relationships, revocations, RND answers, lines."""


@main.group(
    cls=LazyGroup,
    later={
        "verify": Later(
            "audit:verify",
            "Prove that no entry of the journal was changed, taken out, put in or moved.",
        ),
        "export": Later(
            "audit:export",
            "Write a bundle of the journal that anybody can verify offline.",
        ),
        "key": Later(
            "audit:key",
            "Show the public key that checkpoints and bundles of this journal are signed with.",
        ),
        "erase": Later(
            "audit:erase",
            "Make the journal forget NUMBER (E.164) and the words about it; its entries stay "
            "and verify.",
        ),
        "retain": Later(
            "audit:retain",
            "Remove working data whose time is over, and prove in the journal what went.",
        ),
        "explain": Later(
            "audit_queries:explain",
            "Why was ATTEMPT (its number) dialled, or not: the decision with every rule, "
            "citation and value, the lists and proofs it read, every time, and the journal "
            "entries that prove it.",
        ),
        "trace": Later(
            "audit_queries:trace",
            "Everything known of NUMBER in time order: lists it is on, requests and what came"
            " of them, consents, attempts, refusals.",
        ),
        "replay": Later(
            "audit_queries:replay",
            "Make every stored decision again, with its own facts, ruleset and instant.",
        ),
        "drop-sheet": Later(
            "audit_queries:drop_sheet",
            "Dropped calls of CAMPAIGN in MONTH (2026-12): by day, over 30 days, messages, "
            "ring times.",
        ),
        "refusals": Later(
            "audit_queries:refusals",
            "Refusals of CAMPAIGN by reason over time, beside the dials that were allowed.",
        ),
    },
)
def audit() -> None:
    """The journal."""


@main.group(
    cls=LazyGroup,
    later={
        "check": Later(
            "dnc_check:dnc_check",
            "May NUMBER be called now, by the gate that guards every dial? Status 1 if not.",
        ),
        "add": Later(
            "dnc_requests:add",
            "Put NUMBER on the list of people who asked not to be called: in force at once.",
        ),
        "remove": Later(
            "dnc_requests:remove",
            "Take out the requests of NUMBER that were made to the seller.",
        ),
        "emergency": Later(
            "dnc_requests:emergency",
            "Stop all calls into STATE (as LA) while an emergency is declared there.",
        ),
        "import": Later(
            "dnc:import_list",
            "Make FILE the active copy of LIST: whole, or not at all.",
        ),
        "lists": Later(
            "dnc:show_lists",
            "Every list in force, how old its copy is, and whether it is too old.",
        ),
        "retire": Later(
            "dnc:retire",
            "Take LIST out of use; what is known of its versions is kept.",
        ),
    },
)
def dnc() -> None:
    """Numbers that may not be called."""


@main.group(
    cls=LazyGroup,
    later={
        "add": Later("user:add", "Add NAME, or replace their role and password."),
    },
)
def user() -> None:
    """People who can sign in."""
