"""A SIP worker: a process of its own that holds a few calls and listens to them.

Started by `supervisor` as `python -m dialer.carrier.sip.worker FD ...` with one end of a stream
socket. One plain loop, one thread: let the SIP library work for up to 10 ms, feed what detecting
legs have heard to their analyzers, read the socket. Audio stays here; findings cross.

When the socket closes the service is gone: every leg is hung up and the process exits. No call
outlives the service that answers for it.
"""

from __future__ import annotations

import argparse
import contextlib
import faulthandler
import logging
import os
import signal
import socket
import sys
import time
from collections import deque

import numpy as np

from dialer.amd.analyzer import CallAnalyzer
from dialer.amd.party import PartyVerdict
from dialer.carrier.sip.endpoint import Endpoint
from dialer.carrier.sip.wire import (
    Answered,
    Beat,
    Decoder,
    EndCall,
    Ended,
    Heard,
    Hello,
    Join,
    Judged,
    Leave,
    Message,
    Part,
    Patch,
    PlaceCall,
    Play,
    Pulse,
    Report,
    Turned,
    WireFault,
    encode,
)
from dialer.model.calls import VerdictKind

POLL_MS = 10
LEAVING_S = 2.0
"""How long CANCEL and BYE may take to be answered when the worker leaves."""
_BACKLOG_BYTES = 8 << 20
"""Reports the service has not read; beyond that it is as good as gone."""

_log = logging.getLogger("dialer.carrier.sip")


class _Detection:
    """One leg's analyzer and the moment of its answer."""

    def __init__(self) -> None:
        self.analyzer = CallAnalyzer()
        self.answered_at: float | None = None
        self.failed = False


class Worker:
    """The loop's state. `run` returns when the service said Leave, went away, or TERM came."""

    def __init__(
        self,
        control: socket.socket,
        *,
        bind_host: str,
        public_host: str,
        media_ports: range,
        calls: int,
    ) -> None:
        self._control = control
        self._control.setblocking(False)
        self._decoder = Decoder()
        self._links: deque[int] = deque()
        """Sockets that arrived for Patch orders not yet decoded, in order."""
        self._unsent = bytearray()
        self._detections: dict[int, _Detection] = {}
        self._leaving = False
        self._endpoint = Endpoint(
            self._take,
            bind_host=bind_host,
            public_host=public_host,
            media_ports=media_ports,
            most_calls=calls,
        )

    def run(self) -> None:
        signal.signal(signal.SIGTERM, self._leave)
        capacity = self._endpoint.measure_capacity()
        self._send(Hello(self._endpoint.version, capacity, os.getpid()))
        while not self._leaving:
            self._endpoint.poll(POLL_MS)
            self._listen()
            self._read()
            self._flush()
        self._endpoint.close(LEAVING_S)
        self._control.setblocking(True)
        self._control.settimeout(1.0)
        with contextlib.suppress(OSError):
            self._control.sendall(self._unsent)

    def _leave(self, *_: object) -> None:
        self._leaving = True

    # --- the library's reports and the service's orders -----------------------------------------

    def _take(self, report: Report) -> None:
        """A report from the endpoint, on its way to the service."""
        match report:
            case Answered(leg=leg, at=at) if leg in self._detections:
                detection = self._detections[leg]
                self._hear_out(leg)
                self._send(report)
                detection.answered_at = at
                detection.analyzer.answered()
                if detection.failed:
                    self._judge(leg, _in_doubt(at), at)
                return
            case Ended(leg=leg) | Turned(leg=leg):
                self._detections.pop(leg, None)
        self._send(report)

    def _obey(self, order: Message) -> None:
        match order:
            case PlaceCall():
                if order.detect:
                    self._detections[order.leg] = _Detection()
                self._endpoint.place(order.leg, order.target, order.caller, order.detect)
            case EndCall():
                self._endpoint.hang_up(order.leg)
            case Join():
                self._endpoint.join(
                    order.bridge,
                    order.lead_leg,
                    order.agent_leg,
                    order.lead_hears,
                    order.agent_hears,
                )
            case Patch():
                link = socket.socket(fileno=self._links.popleft())
                self._endpoint.patch(order.bridge, order.leg, order.beep, order.hears, link)
            case Part():
                self._endpoint.part(order.bridge)
            case Play():
                self._endpoint.play(order.leg, order.file)
            case Pulse():
                self._send(Beat(order.number))
            case Leave():
                self._leaving = True
            case _:
                raise WireFault(f"not an order: {order}")

    # --- listening ----------------------------------------------------------------------------

    def _listen(self) -> None:
        for leg in list(self._detections):
            self._hear_out(leg)

    def _hear_out(self, leg: int) -> None:
        """Feed the analyzer all that the leg has heard so far."""
        detection = self._detections[leg]
        answered_at = detection.answered_at
        for frame in self._endpoint.take_frames(leg):
            try:
                findings = detection.analyzer.feed(np.frombuffer(frame, np.int16))
            except Exception:
                _log.exception("leg %d: the analyzer failed; an agent will have to listen", leg)
                detection.failed = True
                self._endpoint.untap(leg)
                if answered_at is not None:
                    self._judge(leg, _in_doubt(answered_at), answered_at)
                return
            for finding in findings:
                if isinstance(finding, PartyVerdict):
                    self._judge(leg, finding, answered_at)
                    return
                self._send(Heard(leg, finding.value, time.monotonic()))

    def _judge(self, leg: int, verdict: PartyVerdict, answered_at: float | None) -> None:
        """Report the verdict and listen no more."""
        del self._detections[leg]
        self._endpoint.untap(leg)
        self._send(_judged(leg, verdict, answered_at))

    # --- the socket ---------------------------------------------------------------------------

    def _read(self) -> None:
        try:
            while True:
                data, links, _, _ = socket.recv_fds(self._control, 65_536, 16)
                self._links.extend(links)
                if not data:
                    self._leaving = True
                    return
                for order in self._decoder.feed(data):
                    self._obey(order)
        except BlockingIOError:
            return
        except OSError:
            self._leaving = True

    def _send(self, report: Report) -> None:
        self._unsent += encode(report)
        self._flush()

    def _flush(self) -> None:
        try:
            while self._unsent:
                del self._unsent[: self._control.send(self._unsent)]
        except BlockingIOError:
            if len(self._unsent) > _BACKLOG_BYTES:
                _log.error("the service does not read: leaving")
                self._leaving = True
        except OSError:
            self._leaving = True


def _judged(leg: int, verdict: PartyVerdict, answered_at: float | None) -> Judged:
    at = time.monotonic()
    spoke_until = None
    if verdict.greeting_end_ms is not None and answered_at is not None:
        spoke_until = min(answered_at + verdict.greeting_end_ms / 1000, at)
    return Judged(
        leg=leg,
        kind=verdict.kind.value,
        confidence=float(verdict.confidence),
        elapsed_ms=verdict.elapsed_ms,
        rule=verdict.rule,
        greeting_ended_at=spoke_until,
        features=verdict.features,
        at=at,
    )


def _in_doubt(answered_at: float) -> PartyVerdict:
    """What to say where the analyzer itself failed: a human in doubt is never hung up on."""
    elapsed_ms = int((time.monotonic() - answered_at) * 1000)
    return PartyVerdict(VerdictKind.UNSURE, 0.0, elapsed_ms, "analyzer_failed", None, ())


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="dialer.carrier.sip.worker", description=__doc__)
    parser.add_argument("fd", type=int, help="the inherited end of the control socket")
    parser.add_argument("--bind-host", required=True)
    parser.add_argument("--public-host", required=True)
    parser.add_argument("--media-ports", type=int, nargs=2, required=True, help="first, last + 1")
    parser.add_argument("--calls", type=int, required=True, help="most calls to hold")
    options = parser.parse_args(arguments)
    logging.basicConfig(format=f"sip worker {os.getpid()}: %(message)s", level=logging.WARNING)
    faulthandler.enable()  # a crash inside the library leaves its last words
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's ^C is the service's to answer
    worker = Worker(
        socket.socket(fileno=options.fd),
        bind_host=options.bind_host,
        public_host=options.public_host,
        media_ports=range(*options.media_ports),
        calls=options.calls,
    )
    worker.run()
    return 0


if __name__ == "__main__":
    status = main(sys.argv[1:])
    # The library's own shutdown waits for seconds and touches objects Python has freed by then;
    # every leg is ended, so the process simply stops.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
