"""AWS Lambda, invoked synchronously."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from simlib import dists, facts
from simlib.cpu_quota import wall_time_s
from simlib.params import ParamError, param
from simlib.services.base import (CALLS_PER_CALL, COMPLETION, FAILED, OK, THROTTLED, TIMED_OUT, TIMEOUT,
                                  Discount, Metered, Service)

NANOSECOND_MS = 1e-6


@dataclass(frozen=True)
class ColdStarts:
    """What a cold start adds, in seconds (arrays of one shape): before INIT, INIT, and the first handler call."""

    platform_s: np.ndarray
    init_s: np.ndarray
    first_s: np.ndarray


@dataclass(frozen=True)
class Lambda(Service):
    """An AWS Lambda function with on-demand concurrency, called synchronously.

    Models: one request per execution environment; the most recently used idle environment first; idle
        environments that expire, each idle period drawing its own length; cold starts = the platform's part +
        INIT from measured quantiles (independent of memory) + the first handler call; vCPU share = memory /
        1,769 MB with the kernel's 20 ms quota below one vCPU and at most one vCPU per thread above; the
        function timeout; reserved and account concurrency and 10 requests per second per unit of it, beyond
        which a call is throttled at once; an error of what the function calls, which fails the call (502) and is
        billed all the same.
    Leaves out: the scaling rate of 1,000 environments per 10 s, provisioned concurrency, SnapStart, events and
        queues, environments that AWS prepares or recycles on its own, any difference in speed between x86 and
        arm.
    Billed for: requests that were not throttled, GB-seconds of duration rounded up to a millisecond
        (INIT included since August 2025), temporary storage above 512 MB.
    Sources: data/facts.csv (lambda.*), data/cold_starts.csv, data/keep_alive.csv, data/prices.csv.
    """

    title = "AWS Lambda"
    not_billed = ("CloudWatch Logs, unless added", "data transfer out, unless added", "X-Ray, KMS, VPC add-ons")

    memory_mb: int = param(1024, "MB", "memory of the function; CPU comes in proportion", 128, 10240)
    timeout_s: float = param(30.0, "s", "time after which Lambda stops the handler", 1, 900)
    ephemeral_storage_mb: int = param(512, "MB", "size of /tmp; 512 MB are free", 512, 10240)
    architecture: str = param("x86_64", "", "instruction set", choices=("x86_64", "arm64"))
    runtime: str = param("python3.13", "", "language runtime, as measured", choices=facts.cold_start_choices)
    package: str = param("zip", "", "deployment package", choices=("zip", "image"))
    keep_alive: str = param("2025", "", "how long AWS kept idle environments, by date of measurement",
                            choices=lambda: (*facts.keep_alive_policies(), "custom"))
    keep_alive_s: float = param(600.0, "s", "idle time before expiry when keep_alive is custom", 0, 86400)
    platform_s: float | None = param(None, "s", "cold start before INIT; nothing: the estimate", 0, 60)
    init_s: float | None = param(None, "s", "INIT of a cold start; nothing: as measured", 0, 900)
    first_handler_s: float | None = param(None, "s", "extra time of a first handler call; nothing: as fitted",
                                          0, 900)
    account_concurrency: int = param(1000, "environments", "concurrency quota of the account in the Region",
                                     1, 1_000_000)
    reserved_elsewhere: int = param(0, "environments", "concurrency that other functions have reserved", 0)
    reserved_concurrency: int | None = param(None, "environments", "reserved for this function; 0 stops it", 0)
    savings_plan: str = param("none", "", "Compute Savings Plan on duration",
                              choices=("none", "compute_1y_no_upfront", "compute_3y_no_upfront"))

    def check(self):
        unreserved = self.account_concurrency - self.reserved_elsewhere - (self.reserved_concurrency or 0)
        least = facts.value("lambda.unreserved_minimum")
        if (self.reserved_concurrency or self.reserved_elsewhere) and unreserved < least:
            raise ParamError(
                f"Lambda.reserved_concurrency leaves {unreserved} unreserved of {self.account_concurrency}, but "
                f"AWS keeps at least {least:g} unreserved; reserve less or raise account_concurrency.")

    @property
    def concurrency_limit(self) -> int:
        """Environments this function may use at once."""
        if self.reserved_concurrency is not None:
            return self.reserved_concurrency
        return self.account_concurrency - self.reserved_elsewhere

    @property
    def vcpu(self) -> float:
        """vCPUs that the memory buys."""
        return self.memory_mb / facts.value("lambda.mb_per_vcpu")

    def run_time_s(self, work_vcpu_s, threads=1):
        """Wall-clock seconds of `work_vcpu_s` vCPU-seconds that can use `threads` vCPUs (arrays or numbers)."""
        if self.vcpu < 1:
            return wall_time_s(work_vcpu_s, self.vcpu)
        return np.asarray(work_vcpu_s, dtype=float) / np.minimum(threads, self.vcpu)

    def durations(self, workload) -> np.ndarray:
        """Seconds of the handler's own compute and waiting, by request."""
        return self.run_time_s(workload.work_vcpu_s, workload.threads) + workload.io_s

    def cold_starts(self, platform_u, init_u, first_u) -> ColdStarts:
        """Cold-start parts from three arrays of uniforms."""
        measured = facts.cold_start(self.runtime, self.architecture, self.package)
        platform = (dists.lognormal_from(platform_u, p50=facts.value("lambda.cold_start_platform_p50_ms") / 1000,
                                         p99=facts.value("lambda.cold_start_platform_p99_ms") / 1000)
                    if self.platform_s is None else dists.constant(platform_u, self.platform_s))
        init = (dists.table(init_u, measured.probability, measured.init_ms) / 1000 if self.init_s is None
                else dists.constant(init_u, self.init_s))
        if self.first_handler_s is not None:
            return ColdStarts(platform, init, dists.constant(first_u, self.first_handler_s))
        typical_s = measured.first_handler_ms(self.vcpu) / 1000
        spread = dists.table(first_u, (0.5, 0.9, 0.99), (1.0, measured.first_p90_ratio, measured.first_p99_ratio))
        return ColdStarts(platform, init, typical_s * spread)

    def idle_lifetimes_s(self, u) -> np.ndarray:
        """Seconds that an idle environment waits before it expires, from uniforms."""
        if self.keep_alive == "custom":
            return dists.constant(u, self.keep_alive_s)
        return dists.table(u, *facts.keep_alive(self.keep_alive))

    def _init_is_billed(self, date) -> bool:
        managed_zip = self.package == "zip" and facts.cold_start(self.runtime, self.architecture).managed
        return bool(facts.value("lambda.init_billed" if managed_zip else "lambda.init_billed_other", date))

    def open(self, run, backend):
        dice = run.workload.uniforms
        handler_s = memoryview(self.durations(run.workload))
        lifetime_s = memoryview(self.idle_lifetimes_s(dice("lambda.keep_alive")))
        cold = self.cold_starts(dice("lambda.platform"), dice("lambda.init"), dice("lambda.first"))
        platform_s, init_s, first_s = map(memoryview, (cold.platform_s, cold.init_s, cold.first_s))
        drawn_call = run.first_call
        limit, timeout_s = self.concurrency_limit, self.timeout_s
        init_limit_s = facts.value("lambda.init_limit_s")
        init_billed = self._init_is_billed(run.date)
        grain_ms = int(facts.value("lambda.billing_granularity_ms", run.date))
        rate_rps = facts.value("lambda.rps_per_concurrency") * limit

        idle: list[tuple[float, float, int]] = []
        busy = environments = 0
        tokens, tokens_at_s = float(rate_rps), 0.0

        def cold_start_s(request, call):
            if call == drawn_call:
                return platform_s[request], init_s[request], first_s[request]
            u = [np.array([run.uniform(die, request, call)])
                 for die in ("lambda.platform", "lambda.init", "lambda.first")]
            again = self.cold_starts(*u)
            return float(again.platform_s[0]), float(again.init_s[0]), float(again.first_s[0])

        def idle_until_s(request, call):
            if call == drawn_call:
                return run.now + lifetime_s[request]
            return run.now + float(self.idle_lifetimes_s(np.array([run.uniform("lambda.keep_alive", request,
                                                                               call)]))[0])

        def take_idle(now_s):
            while idle:
                expires_s, created_s, number = idle.pop()
                if expires_s > now_s:
                    return created_s, number
                run.capacity(number, created_s, expires_s, 1)
            return None

        def invoke(request, call):
            nonlocal busy, environments, tokens, tokens_at_s
            start_s = run.now
            tokens = min(rate_rps, tokens + (start_s - tokens_at_s) * rate_rps)
            tokens_at_s = start_s
            if busy >= limit or tokens < 1:
                run.span(request, call, start_s, status=THROTTLED)
                return THROTTLED
            tokens -= 1
            busy += 1

            found = take_idle(start_s)
            before_s = billed_init_s = 0.0
            own_s = handler_s[request]
            if found:
                created_s, number = found
            else:
                waited_s, before_s, extra_s = cold_start_s(request, call)
                if before_s > init_limit_s:
                    own_s, before_s = own_s + before_s, init_limit_s
                billed_init_s = before_s if init_billed else 0.0
                before_s += waited_s
                own_s += extra_s
                environments += 1
                created_s, number = start_s, environments

            handler_at_s = start_s + before_s
            deadline_s = handler_at_s + timeout_s
            status = OK
            if own_s > timeout_s:
                status, own_s = TIMED_OUT, timeout_s
                yield run.at(deadline_s, TIMEOUT, request, call)
            else:
                yield run.at(handler_at_s + own_s, COMPLETION, request, call)
                if backend:
                    inner = call * CALLS_PER_CALL + 1
                    status = yield from run.within(deadline_s, backend(request, inner), request, inner)
                    if status is None:
                        status = TIMED_OUT
                    elif status >= 400:
                        status = FAILED

            busy -= 1
            end_s = run.now
            if status == TIMED_OUT and end_s >= deadline_s:
                run.capacity(number, created_s, end_s, 1)
            else:
                idle.append((idle_until_s(request, call), created_s, number))
            duration_s = own_s if backend is None else end_s - handler_at_s
            billed_ms = grain_ms * math.ceil(((billed_init_s + duration_s) * 1000 - NANOSECOND_MS) / grain_ms)
            run.span(request, call, start_s, init_s=before_s, work_s=own_s, status=status,
                     cold=found is None, billed_ms=billed_ms, resource=number)
            return status

        def retire():
            for expires_s, created_s, number in idle:
                run.capacity(number, created_s, expires_s, 1)

        run.at_end(retire)
        return invoke

    def quantities(self, requests: float, billed_s: float) -> dict[str, float]:
        """Quantities by sku of `requests` invocations that were billed `billed_s` seconds in all."""
        used = {"lambda.requests": float(requests),
                f"lambda.duration.{self.architecture}": billed_s * self.memory_mb / 1024}
        free_mb = facts.value("lambda.ephemeral_storage_free_mb")
        if self.ephemeral_storage_mb > free_mb:
            used["lambda.ephemeral_storage"] = billed_s * (self.ephemeral_storage_mb - free_mb) / 1024
        return used

    def usage(self, metered: Metered):
        spans = metered.spans
        accepted = spans["status"] != THROTTLED
        return self.quantities(int(accepted.sum()), float(spans["billed_ms"].sum()) / 1000)

    def discounts(self, date):
        if self.savings_plan == "none":
            return ()
        known = facts.fact(f"lambda.savings_plan.{self.savings_plan}", date)
        assumed = ", assumed" if known.kind == "assumed" else ""
        return (Discount("lambda.duration.", known.value, f"Compute Savings Plan{assumed}", known.source),)
