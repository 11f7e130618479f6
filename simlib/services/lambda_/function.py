"""One AWS Lambda function: its settings, the life of an invocation, and what is billed."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from simlib import dists, facts
from simlib.cpu_quota import wall_time_s
from simlib.params import ParamError, param
from simlib.services.base import (
    ARRIVAL,
    BYTES_PER_GB,
    CALLS_PER_CALL,
    COMPLETION,
    FAILED,
    FUNCTION_ERROR,
    FUNCTION_TIMEOUT,
    NO_REQUEST,
    OK,
    THROTTLED,
    TIMEOUT,
    Discount,
    Metered,
    Service,
    Sums,
    Window,
    first_call,
)
from simlib.services.lambda_.environments import PROVISIONED_CONFIGURED, Environments
from simlib.services.lambda_.events import Events, is_invocation
from simlib.services.lambda_.limits import Account

NANOSECOND_MS = 1e-6
PING, BATCH = 0, 1
DAYS_PER_MONTH = 30
KB_PER_DURABLE_GB = 1e6


@dataclass(frozen=True)
class ColdStarts:
    """What a cold start adds, in seconds (arrays of one shape): before INIT, INIT, and the first handler call."""

    platform_s: np.ndarray
    init_s: np.ndarray
    first_s: np.ndarray


@dataclass(frozen=True)
class Lambda(Service):
    """An AWS Lambda function.

    Models: one request per execution environment; the most recently used idle environment first; idle
        environments that expire, each idle period drawing its own length; cold starts = the platform's part +
        INIT from measured quantiles (independent of memory) + the first handler call; vCPU share = memory /
        1,769 MB with the kernel's 20 ms quota below one vCPU and at most one vCPU per thread above; the
        function timeout, which costs the environment; errors of the function, or of what it calls (502), which
        are billed all the same; reserved and account concurrency,
        10 requests per second per unit of it, and the scaling rate, beyond which a call is throttled at once;
        provisioned concurrency (see `Provisioned`); SnapStart; asynchronous events (see `Events`); batches of
        a stream's records (see `open_batches`); one environment per tenant; scheduled pings that keep environments
        warm.
    Leaves out: environments that AWS prepares or recycles on its own, the quota of 10,000 more requests a second per
        10 s, any difference in speed between x86 and arm.
    Billed for: invocations that were not throttled, GB-seconds of duration rounded up to a millisecond
        (INIT included since August 2025), temporary storage above 512 MB, provisioned concurrency in
        steps of five minutes, SnapStart's cache and restores (Java: free), response bytes streamed beyond 6 MB,
        environments for new tenants, durable operations and their data.
    Sources: data/facts.csv (lambda.*), data/cold_starts.csv, data/keep_alive.csv, data/prices.csv.
    """

    title = "AWS Lambda"
    not_billed = ("CloudWatch Logs, unless added", "data transfer out, unless added", "X-Ray, KMS, VPC add-ons")
    takes_batches = True

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
    error_rate: float = param(0.0, "", "share of invocations that end in an error of the function", 0, 1)
    provisioned_concurrency: int = param(0, "environments", "environments kept ready", 0, 1_000_000)
    provisioned_from_s: float | None = param(None, "s", "when they are asked for; nothing: long before", 0)
    provisioned_target: float | None = param(None, "", "utilisation that auto scaling aims at", 0.1, 0.9)
    provisioned_max: int | None = param(None, "environments", "the most that auto scaling keeps ready", 1)
    provisioned_schedule: tuple = ()
    snapstart: bool = param(False, "", "restore a snapshot of an initialised environment instead of INIT")
    ping_every_s: float | None = param(None, "s", "interval of calls that keep environments warm", 1, 86400)
    ping_count: int = param(1, "calls", "pings sent at once", 1, 1000)
    invocation: str = param("request_response", "", "invocation type: the caller waits, or hands over an event",
                            choices=("request_response", "event"))
    maximum_retry_attempts: int = param(2, "attempts", "retries of an event after function errors", 0, 2)
    maximum_event_age_s: float = param(21600.0, "s", "how long an event is kept", 60, 21600)
    on_failure: str = param("none", "", "where an event goes that cannot be processed", choices=("none", "queue"))
    duplicate_rate: float = param(0.0, "", "share of events that are delivered twice", 0, 1)
    streaming: bool = param(False, "", "stream the response; bytes beyond 6 MB are billed")
    tenants: int | None = param(None, "tenants", "tenant isolation: environments belong to one tenant each", 1)
    durable_operations: float = param(0.0, "operations", "durable operations per request", 0, 3000)
    durable_kb: float = param(0.0, "KB", "data that durable operations write per request", 0, 100_000)
    durable_days: float = param(0.0, "days", "how long that data is kept, waiting included", 0, 455)
    savings_plan: str = param("none", "", "Compute Savings Plan on duration",
                              choices=("none", "compute_1y_no_upfront", "compute_3y_no_upfront"))

    def check(self):
        unreserved = self.account_concurrency - self.reserved_elsewhere - (self.reserved_concurrency or 0)
        least = facts.value("lambda.unreserved_minimum")
        if (self.reserved_concurrency or self.reserved_elsewhere) and unreserved < least:
            raise ParamError(
                f"Lambda.reserved_concurrency leaves {unreserved} unreserved of {self.account_concurrency}, but "
                f"AWS keeps at least {least:g} unreserved; reserve less or raise account_concurrency.")
        schedule = tuple(tuple(change) for change in self.provisioned_schedule)
        if any(len(change) != 2 or change[0] < 0 or change[1] < 0 or change[1] != int(change[1])
               for change in schedule):
            raise ParamError(f"Lambda.provisioned_schedule is {self.provisioned_schedule!r}, but it must hold pairs of "
                             "seconds and environments; write for example [[3600, 100], [7200, 0]].")
        object.__setattr__(self, "provisioned_schedule", schedule)
        most = self.provisioned_most
        if self.reserved_concurrency is not None and most > self.reserved_concurrency:
            raise ParamError(f"Lambda.provisioned_concurrency reaches {most}, but reserved_concurrency is "
                             f"{self.reserved_concurrency}; provision at most what is reserved.")
        if most > self.account_concurrency - self.reserved_elsewhere:
            raise ParamError(f"Lambda.provisioned_concurrency reaches {most}, but the account has "
                             f"{self.account_concurrency - self.reserved_elsewhere} left; lower it or raise "
                             "account_concurrency.")
        if most and self.snapstart:
            raise ParamError("Lambda.snapstart cannot be combined with provisioned_concurrency on one version; "
                             "choose one of the two.")
        if self.snapstart and not facts.has_snapstart(self.runtime, self.architecture, self.package):
            raise ParamError(f"Lambda.snapstart is not available for {self.runtime} ({self.package}); AWS offers it "
                             "for zip packages of Java 17 and later, Python 3.12 and later, and .NET 8 and later.")

    @property
    def levels(self) -> int:
        """One, or with events three: the acceptance, the delivery, the attempt."""
        return 3 if self.invocation == "event" else 1

    @property
    def provisions(self) -> bool:
        """Whether environments are ever kept ready."""
        return bool(self.provisioned_concurrency or self.provisioned_schedule)

    @property
    def provisioned_most(self) -> int:
        """The largest provisioned concurrency that may be reached."""
        return max(self.provisioned_concurrency, *(number for _, number in self.provisioned_schedule), 0,
                   (self.provisioned_max or 0) if self.provisioned_target else 0)

    @property
    def set_aside(self) -> int:
        """Concurrency of the account that is no longer there for functions without a reservation."""
        if self.reserved_concurrency is not None:
            return self.reserved_elsewhere + self.reserved_concurrency
        return self.reserved_elsewhere + self.provisioned_most

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
        measured = (facts.snapstart if self.snapstart else facts.cold_start)(
            self.runtime, self.architecture, self.package)
        platform = (dists.lognormal_from(platform_u, p50=facts.value("lambda.cold_start_platform_p50_ms") / 1000,
                                         p99=facts.value("lambda.cold_start_platform_p99_ms") / 1000)
                    if self.platform_s is None else dists.constant(platform_u, self.platform_s))
        init = (dists.table(init_u, measured.probability, measured.init_ms) / 1000
                if self.snapstart or self.init_s is None else dists.constant(init_u, self.init_s))
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

    def init_is_billed(self, date) -> bool:
        if self.snapstart:
            return False
        managed_zip = self.package == "zip" and facts.cold_start(self.runtime, self.architecture).managed
        return bool(facts.value("lambda.init_billed" if managed_zip else "lambda.init_billed_other", date))

    def open(self, run, backend):
        return self.open_in(run, backend, Account(self.account_concurrency, self.set_aside, run.date))

    def open_in(self, run, backend, account: Account):
        """Opens the function in an account that it may share with others (see `open`)."""
        environments = self._environments(run, account)
        invoke = self._invocation(run, backend, environments, first_call(self.levels - 1, run.first_call))
        if self.invocation == "event":
            return Events(self, run, invoke).accept
        return invoke

    def open_batches(self, run):
        """Opens the function for an event source mapping, which invokes it synchronously with batches of records.

        Models: environments, cold starts, timeout, errors, limits and billing as for requests; all dice are thrown by
        number of the batch. Leaves out: services behind the function, an account shared with other functions.
        """
        environments = self._environments(run, Account(self.account_concurrency, self.set_aside, run.date))
        return self._batches(run, environments)

    def _environments(self, run, account):
        environments = Environments(self, run, account)
        if self.ping_every_s:
            run.start(self._pings(run, environments))
        return environments

    def _batches(self, run, environments):
        init_limit_s = facts.value("lambda.init_limit_s")
        init_billed = self.init_is_billed(run.date)
        grain_ms = int(facts.value("lambda.billing_granularity_ms", run.date))

        def invoke(call, work_vcpu_s, io_s, fails):
            start_s = run.now
            environment = environments.admit(start_s)
            if environment is None:
                run.span(NO_REQUEST, call, start_s, status=THROTTLED)
                return THROTTLED

            def die(name):
                return np.array([run.uniform(name, call, BATCH)])

            own_s = float(self.run_time_s(work_vcpu_s)) + io_s
            before_s = billed_init_s = 0.0
            if not environment.warm:
                cold = self.cold_starts(die("lambda.platform"), die("lambda.init"), die("lambda.first"))
                init_s = float(cold.init_s[0])
                if init_s > init_limit_s:
                    own_s, init_s = own_s + init_s, init_limit_s
                billed_init_s = init_s if init_billed else 0.0
                before_s = init_s + float(cold.platform_s[0])
                own_s += float(cold.first_s[0])

            in_time = own_s <= self.timeout_s
            own_s = min(own_s, self.timeout_s)
            yield run.at(start_s + before_s + own_s, COMPLETION if in_time else TIMEOUT, 0, call)
            status = OK
            if not in_time:
                status = FUNCTION_TIMEOUT
            elif fails or (self.error_rate and run.uniform("lambda.error", call, BATCH) < self.error_rate):
                status = FUNCTION_ERROR

            end_s = run.now
            idle_s = float(self.idle_lifetimes_s(die("lambda.keep_alive"))[0])
            environments.release(environment, end_s, end_s + idle_s if in_time else None)
            billed_ms = grain_ms * math.ceil(((billed_init_s + own_s) * 1000 - NANOSECOND_MS) / grain_ms)
            run.span(NO_REQUEST, call, start_s, init_s=before_s, work_s=own_s, status=status, cold=not environment.warm,
                     billed_ms=billed_ms, resource=environment.number)
            return status

        return invoke

    def _invocation(self, run, backend, environments, drawn_call):
        """The life of one invocation: a generator function (request, call) that returns a status."""
        workload = run.workload
        dice = workload.uniforms
        handler_s = memoryview(self.durations(workload))
        lifetime_s = memoryview(self.idle_lifetimes_s(dice("lambda.keep_alive")))
        cold = self.cold_starts(dice("lambda.platform"), dice("lambda.init"), dice("lambda.first"))
        platform_s, init_s, first_s = map(memoryview, (cold.platform_s, cold.init_s, cold.first_s))
        fails = memoryview(dice("lambda.error") < self.error_rate) if self.error_rate else None
        timeout_s = self.timeout_s
        init_limit_s = facts.value("lambda.init_limit_s")
        init_billed = self.init_is_billed(run.date)
        grain_ms = int(facts.value("lambda.billing_granularity_ms", run.date))
        admit, release = environments.admit, environments.release
        tenant = memoryview(workload.key % self.tenants) if self.tenants else None

        def cold_start_s(request, call):
            if call == drawn_call:
                return platform_s[request], init_s[request], first_s[request]
            u = [np.array([run.uniform(die, request, call)])
                 for die in ("lambda.platform", "lambda.init", "lambda.first")]
            again = self.cold_starts(*u)
            return float(again.platform_s[0]), float(again.init_s[0]), float(again.first_s[0])

        def idle_for_s(request, call):
            if call == drawn_call:
                return lifetime_s[request]
            return float(self.idle_lifetimes_s(np.array([run.uniform("lambda.keep_alive", request, call)]))[0])

        def errs(request, call):
            if fails is None:
                return False
            if call == drawn_call:
                return fails[request]
            return run.uniform("lambda.error", request, call) < self.error_rate

        def invoke(request, call):
            start_s = run.now
            environment = admit(start_s, tenant[request] if tenant else 0)
            if environment is None:
                run.span(request, call, start_s, status=THROTTLED)
                return THROTTLED

            own_s = handler_s[request]
            before_s = billed_init_s = 0.0
            if not environment.warm:
                waited_s, before_s, extra_s = cold_start_s(request, call)
                if before_s > init_limit_s:
                    own_s, before_s = own_s + before_s, init_limit_s
                billed_init_s = before_s if init_billed else 0.0
                before_s += waited_s
                own_s += extra_s

            handler_at_s = start_s + before_s
            deadline_s = handler_at_s + timeout_s
            status = OK
            if own_s > timeout_s:
                status, own_s = FUNCTION_TIMEOUT, timeout_s
                yield run.at(deadline_s, TIMEOUT, request, call)
            else:
                yield run.at(handler_at_s + own_s, COMPLETION, request, call)
                if backend:
                    inner = call * CALLS_PER_CALL + 1
                    status = yield from run.within(deadline_s, backend(request, inner), request, inner)
                    if status is None:
                        status = FUNCTION_TIMEOUT
                    elif status >= 400:
                        status = FAILED
                if status == OK and errs(request, call):
                    status = FUNCTION_ERROR

            end_s = run.now
            kept = None if status == FUNCTION_TIMEOUT else end_s + idle_for_s(request, call)
            release(environment, end_s, kept)
            duration_s = own_s if backend is None else end_s - handler_at_s
            billed_ms = grain_ms * math.ceil(((billed_init_s + duration_s) * 1000 - NANOSECOND_MS) / grain_ms)
            run.span(request, call, start_s, init_s=before_s, work_s=own_s, status=status,
                     cold=not environment.warm, billed_ms=billed_ms, resource=environment.number)
            return status

        return invoke

    def _pings(self, run, environments):
        """Scheduled calls that keep environments warm: `ping_count` at once, each as short as billing allows."""
        grain_ms = int(facts.value("lambda.billing_granularity_ms", run.date))
        for number in range(1, int(run.window_s // self.ping_every_s) + 1):
            at_s = number * self.ping_every_s
            if at_s >= run.window_s:
                break
            for ping in range(self.ping_count):
                run.start(self._ping(run, environments, at_s, number * self.ping_count + ping, grain_ms))
            yield run.at(at_s, ARRIVAL, 0, 0)

    def _ping(self, run, environments, at_s, number, grain_ms):
        yield run.at(at_s, ARRIVAL, 0, 0)
        environment = environments.admit(run.now)
        if environment is None:
            run.span(NO_REQUEST, number, run.now, status=THROTTLED)
            return
        u = [np.array([run.uniform(die, number, PING)])
             for die in ("lambda.platform", "lambda.init", "lambda.first", "lambda.keep_alive")]
        before_s, work_s = 0.0, grain_ms / 1000
        if not environment.warm:
            cold = self.cold_starts(*u[:3])
            before_s = float(cold.platform_s[0] + cold.init_s[0])
            work_s += float(cold.first_s[0])
        start_s = run.now
        yield run.at(start_s + before_s + work_s, COMPLETION, 0, 0)
        environments.release(environment, run.now, run.now + float(self.idle_lifetimes_s(u[3])[0]))
        billed_s = work_s + (before_s if self.init_is_billed(run.date) else 0.0)
        run.span(NO_REQUEST, number, start_s, init_s=before_s, work_s=work_s, cold=not environment.warm,
                 billed_ms=grain_ms * math.ceil((billed_s * 1000 - NANOSECOND_MS) / grain_ms),
                 resource=environment.number)

    def quantities(self, requests: float, billed_s: float, provisioned_s: float = 0.0) -> dict[str, float]:
        """Quantities by sku of `requests` invocations, billed for `billed_s` seconds on demand and
        `provisioned_s` on provisioned concurrency."""
        gb = self.memory_mb / 1024
        used = {"lambda.requests": float(requests), f"lambda.duration.{self.architecture}": billed_s * gb}
        if provisioned_s:
            used[f"lambda.provisioned_duration.{self.architecture}"] = provisioned_s * gb
        free_mb = facts.value("lambda.ephemeral_storage_free_mb")
        if self.ephemeral_storage_mb > free_mb:
            used["lambda.ephemeral_storage"] = ((billed_s + provisioned_s)
                                                * (self.ephemeral_storage_mb - free_mb) / 1024)
        return used

    def tally(self, metered: Metered, sums: Sums):
        spans, workload = metered.spans, metered.workload
        billed = is_invocation(spans["status"]) & (spans["status"] != THROTTLED)
        provisioned = billed & (spans["resource"] < 0)
        request = spans["request"][billed & (spans["request"] >= 0)].astype(np.int64)
        sums.add("invocations", billed)
        sums.add("executions", np.ones(request.size, bool))
        sums.add("on_demand_ms", spans["billed_ms"][billed & ~provisioned].astype(np.int64))
        sums.add("provisioned_ms", spans["billed_ms"][provisioned].astype(np.int64))
        sums.add("cold_starts", spans["cold"][billed])
        if self.invocation == "event":
            sums.add("extra_requests", self._extra_requests(workload.request_bytes[request]))
        if self.streaming:
            free = facts.value("lambda.stream_free_mb") * 2**20
            sums.add("streamed_bytes", np.maximum(workload.item_bytes[request] - free, 0))
        if self.provisioned_most:
            sums.add("provisioned_s", self._provisioned_s(metered))

    def usage(self, sums: Sums, window: Window):
        used = self.quantities(sums["invocations"], sums["on_demand_ms"] / 1000, sums["provisioned_ms"] / 1000)
        gb = self.memory_mb / 1024
        if self.invocation == "event":
            used["lambda.requests"] += sums["extra_requests"]
        if self.provisioned_most:
            used[f"lambda.provisioned_concurrency.{self.architecture}"] = gb * sums["provisioned_s"]
        if self.snapstart and not self.runtime.startswith("java"):
            used["lambda.snapstart.cache"] = gb * window.window_s
            used["lambda.snapstart.restore"] = gb * sums["cold_starts"]
        if self.streaming:
            used["lambda.response_streaming"] = sums["streamed_bytes"] / BYTES_PER_GB
        if self.tenants:
            used[f"lambda.tenant_isolation.{self.architecture}"] = gb * sums["cold_starts"]
        used.update(self.durable_quantities(sums["executions"]))
        return used

    @staticmethod
    def _extra_requests(request_bytes):
        above_kb = request_bytes / 1024 - facts.value("lambda.async_payload_free_kb")
        return np.ceil(np.maximum(above_kb, 0) / facts.value("lambda.async_payload_step_kb"))

    def _provisioned_s(self, metered: Metered) -> np.ndarray:
        """Environment-seconds of configured provisioned concurrency; what starts or ends inside the window counts
        in started steps of five minutes."""
        rows = metered.capacity
        mine = rows["resource"] == PROVISIONED_CONFIGURED
        step_s = facts.value("lambda.provisioned_billing_step_s")
        seconds = rows["end_s"][mine] - rows["start_s"][mine]
        whole = (rows["start_s"][mine] == 0) & (rows["end_s"][mine] == metered.window.window_s)
        return np.where(whole, seconds, step_s * np.ceil(seconds / step_s - 1e-9)) * rows["amount"][mine]

    def durable_quantities(self, executions: float) -> dict[str, float]:
        """Quantities by sku of durable executions (AWS counts 10^6 KB as a GB here and 30 days as a month)."""
        if not (self.durable_operations or self.durable_kb):
            return {}
        written_gb = executions * self.durable_kb / KB_PER_DURABLE_GB
        return {"lambda.durable.operations": executions * self.durable_operations,
                "lambda.durable.written": written_gb,
                "lambda.durable.retained": written_gb * self.durable_days / DAYS_PER_MONTH}

    def between_windows(self):
        kept = self.provisioned_concurrency if self.provisioned_from_s is None else 0
        return replace(self, provisioned_schedule=(), provisioned_from_s=None, provisioned_concurrency=kept)

    def discounts(self, date):
        if self.savings_plan == "none":
            return ()
        known = facts.fact(f"lambda.savings_plan.{self.savings_plan}", date)
        assumed = ", assumed" if known.kind == "assumed" else ""
        return (Discount("lambda.duration.", known.value, f"Compute Savings Plan{assumed}", known.source),)
