"""The caller: the round trip to the Region, the time it is ready to wait, and the retries of an AWS SDK."""

from __future__ import annotations

from dataclasses import dataclass

from simlib import facts
from simlib.params import param
from simlib.services.base import ARRIVAL, CALLS_PER_CALL, COMPLETION, OK, THROTTLED, TIMED_OUT, Service


@dataclass(frozen=True)
class Client(Service):
    """The user's side of a request, with an AWS SDK's standard retry mode.

    Models: half a round trip each way; a time limit per attempt, after which the client turns away while the
        service works on; up to `max_attempts` attempts when the answer is 429, 5xx or none, with exponential
        back-off and full jitter. What a user waits for is this span.
    Leaves out: DNS, TCP and TLS set-up, jitter of the network, the SDK's retry quota (each user is a client
        of their own, whose 500 tokens three attempts cannot empty).
    Billed for: nothing.
    Sources: data/facts.csv (sdk.*, the defaults are those in force since 2026-11-10), data/region_rtt.csv
        (round trips measured in June 2020).
    """

    title = "Client"
    hands_on = True

    last_mile_ms: float = param(20.0, "ms", "round trip between the user and the nearest AWS Region", 0, 2000)
    from_region: str | None = param(None, "", "AWS Region nearest to the user; nothing: the stack's own Region")
    timeout_s: float = param(60.0, "s", "longest wait for one attempt", 0.001, 3600)
    max_attempts: int = param(3, "attempts", "attempts in all, the first included; 1 means no retries", 1, 10)
    backoff_throttled_s: float = param(1.0, "s", "ceiling of the first back-off after a 429; it doubles", 0, 60)
    backoff_failed_s: float = param(0.05, "s", "ceiling of the first back-off after a failure; it doubles", 0, 60)
    backoff_max_s: float = param(20.0, "s", "ceiling of any back-off", 0, 600)

    def check(self):
        if self.from_region is not None:
            facts.round_trip_ms(self.from_region, self.from_region)

    def round_trip_s(self, region: str) -> float:
        """Seconds from the user to `region` and back."""
        between_ms = facts.round_trip_ms(self.from_region, region) if self.from_region else 0.0
        return (self.last_mile_ms + between_ms) / 1000

    def open(self, run, backend):
        hop_s = self.round_trip_s(run.region) / 2
        retried = {int(status) for status in facts.value("sdk.retryable_statuses", run.date).split()}

        def attempt(request, call):
            if hop_s:
                yield run.at(run.now + hop_s, ARRIVAL, request, call)
            status = OK
            if backend:
                status = yield from backend(request, call)
            if hop_s:
                yield run.at(run.now + hop_s, COMPLETION, request, call)
            return status

        def send(request, call):
            start_s = run.now
            for number in range(1, self.max_attempts + 1):
                attempt_s = run.now
                inner = call * CALLS_PER_CALL + number
                status = yield from run.within(attempt_s + self.timeout_s, attempt(request, inner),
                                               request, inner)
                late = status is None
                if late:
                    status = TIMED_OUT
                if status not in retried or number == self.max_attempts:
                    break
                first_s = self.backoff_throttled_s if status == THROTTLED else self.backoff_failed_s
                ceiling_s = min(self.backoff_max_s, first_s * 2 ** (number - 1))
                pause_s = ceiling_s * run.uniform("client.backoff", request, inner)
                yield run.at(run.now + pause_s, ARRIVAL, request, inner)
            lost_s = run.now - start_s if late else attempt_s - start_s
            run.span(request, call, start_s, wait_s=lost_s, status=status, resource=number)
            return status

        return send
