"""The simulator against queueing theory.

Each scenario is played ten times with seeds 0 to 9. Student's t gives the 99 % interval of the mean from
these ten independent runs; theory must lie inside. That is honest only if the interval is narrow, so every
test also names answers that would be wrong (one environment more, another service-time distribution) and
demands that the interval excludes them. The first tenth of the window, when the system fills, does not count.
"""

import numpy as np
import pytest
from scenes import steady_function
from scipy import stats

from simlib import Ec2, Operation, Poisson, Scenario, Traffic, simulate, theory

SEEDS = range(10)
CONFIDENCE = 0.99
WARM_UP = 0.1


def poisson_traffic(rate_rps, requests, **operation):
    return Traffic(
        arrivals=Poisson(rate_rps=rate_rps),
        window_s=requests / rate_rps,
        operations=(Operation(**{"work_vcpu_s": 0.0, "io_s": 0.0, **operation}),),
    )


def replicate(service, traffic, *measures):
    """One array of ten values per measure."""
    results = (simulate(Scenario((service,), traffic), seed) for seed in SEEDS)
    return np.array([[measure(result) for measure in measures] for result in results]).T


def after_warm_up(result):
    return result.workload.arrival_s >= WARM_UP * result.workload.window_s


def assert_theory(values, expected, *wrong):
    """`expected` lies inside the interval of the mean of `values`, and no answer of `wrong` does."""
    low, high = stats.t.interval(CONFIDENCE, len(values) - 1, np.mean(values), stats.sem(values))
    assert low <= expected <= high
    for answer in wrong:
        assert not low <= answer <= high, (
            f"the interval {low:.5g} to {high:.5g} is too wide to tell {answer:.5g}"
        )


def throttled_share(result):
    return np.mean(result.status[after_warm_up(result)] == 429)


def busy_environments(result):
    spans, end_s = result.of(0), result.workload.window_s
    start_s = WARM_UP * end_s
    return (spans["end_s"].clip(start_s, end_s) - spans["start_s"].clip(start_s, end_s)).sum() / (
        end_s - start_s
    )


@pytest.mark.parametrize("distribution", ["exponential", "constant"])
@pytest.mark.parametrize(("load", "limit"), [(2.0, 2), (8.0, 10), (20.0, 20)])
def test_throttled_share_is_erlang_b_and_busy_environments_are_the_carried_load(load, limit, distribution):
    """Erlang's loss formula knows only the mean of the service time: constant service must give the same."""
    traffic = poisson_traffic(load / 2.0, 20_000, io_s=2.0, io_distribution=distribution)
    lost, busy = replicate(
        steady_function(account_concurrency=limit), traffic, throttled_share, busy_environments
    )
    assert_theory(
        lost, theory.erlang_b(load, limit), theory.erlang_b(load, limit + 1), theory.erlang_b(load, limit - 1)
    )
    assert_theory(busy, theory.carried_load(load, limit), theory.carried_load(load, limit + 1), load)


def mean_wait_s(result):
    spans = result.of(0)
    return spans["wait_s"][after_warm_up(result)[spans["request"]]].mean()


def one_instance(instance_type, workers=None):
    return Ec2(
        instance_type=instance_type,
        instances=1,
        zones=1,
        workers=workers,
        queue_limit=1_000_000,
        load_balancer=False,
    )


@pytest.mark.parametrize("load", [0.3, 0.6, 0.8])
@pytest.mark.parametrize(("distribution", "cv"), [("constant", 0), ("exponential", 1), ("lognormal", 1.5)])
def test_the_wait_for_one_worker_is_pollaczek_khinchine(load, distribution, cv):
    requests = 60_000 if load * cv > 1 else 20_000  # means of a skewed wait need longer runs
    traffic = poisson_traffic(load, requests, io_s=1.0, io_distribution=distribution, io_cv=1.5)
    (waits,) = replicate(one_instance("m7g.medium"), traffic, mean_wait_s)
    wrong = [theory.pollaczek_khinchine_wait_s(load, 1.0, other) for other in (0, 1, 1.5) if other != cv]
    assert_theory(waits, theory.pollaczek_khinchine_wait_s(load, 1.0, cv), *wrong)


def test_the_wait_for_one_vcpu_stays_the_same_with_eight_workers():
    """CPU work alone is M/G/1 on the vCPU, however many workers stand in line for it."""
    traffic = poisson_traffic(0.6, 20_000, work_vcpu_s=1.0)
    (waits,) = replicate(one_instance("m7g.medium", workers=8), traffic, mean_wait_s)
    assert_theory(
        waits, theory.pollaczek_khinchine_wait_s(0.6, 1.0, 0), theory.pollaczek_khinchine_wait_s(0.6, 1.0, 1)
    )


@pytest.mark.parametrize("load", [1.2, 2.4, 3.2])
def test_the_wait_for_four_workers_is_erlang_c(load):
    """M/M/4: those who wait (Erlang C) wait 1 / (4 - load) service times on average."""
    traffic = poisson_traffic(load, 20_000, work_vcpu_s=1.0, work_distribution="exponential")

    def waiting_share(result):
        spans = result.of(0)
        return (spans["wait_s"][after_warm_up(result)[spans["request"]]] > 0).mean()

    waits, waiting = replicate(one_instance("c7g.xlarge"), traffic, mean_wait_s, waiting_share)
    assert_theory(waits, theory.erlang_c(load, 4) / (4 - load), theory.erlang_c(load, 5) / (5 - load))
    assert_theory(waiting, theory.erlang_c(load, 4), theory.erlang_c(load, 5), theory.erlang_c(load, 3))


@pytest.mark.parametrize("rate_rps", [0.0005, 0.002, 0.005])
def test_the_cold_share_at_low_rate_is_the_chance_of_a_long_gap(rate_rps):
    """Idle expiry after 600 s: exp(-0.3), exp(-1.2) and exp(-3), told apart from an expiry 5 % longer."""
    traffic = poisson_traffic(rate_rps, 15_000, io_s=0.001)

    def cold_share(result):
        spans = result.of(0)
        return spans["cold"][after_warm_up(result)[spans["request"]]].mean()

    (shares,) = replicate(steady_function(keep_alive_s=600), traffic, cold_share)
    assert_theory(
        shares,
        theory.cold_share_at_low_rate(rate_rps, 600),
        theory.cold_share_at_low_rate(rate_rps, 630),
        theory.cold_share_at_low_rate(rate_rps, 570),
    )
