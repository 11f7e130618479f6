"""Closed forms against scipy's distributions, printed tables and textbook examples."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import expon, poisson

from simlib import theory

LOADS = st.floats(0.01, 150)
SERVERS = st.integers(1, 200)


@given(LOADS, SERVERS)
def test_erlang_b_is_a_poisson_distribution_cut_off_at_the_servers(load, servers):
    """M/G/c/c: the number busy is Poisson with mean `load`, given that it is at most c."""
    assert theory.erlang_b(load, servers) == pytest.approx(
        poisson.pmf(servers, load) / poisson.cdf(servers, load), rel=1e-9, abs=1e-300
    )


@pytest.mark.parametrize(
    ("servers", "load"), [(1, 0.0101), (5, 1.361), (10, 4.461), (20, 12.03), (50, 37.90), (100, 84.06)]
)
def test_erlang_b_reproduces_the_one_percent_column_of_the_printed_tables(servers, load):
    """Erlang B table as printed in teletraffic handbooks: offered load at which 1 % of the calls are lost."""
    assert theory.erlang_b(load, servers) == pytest.approx(0.01, rel=2e-3)


def test_nothing_is_lost_without_load_and_everything_without_servers():
    assert theory.erlang_b(0, 3) == 0
    assert theory.erlang_b(5, 0) == 1
    assert theory.carried_load(5, 0) == 0


@given(LOADS, SERVERS)
def test_carried_load_is_the_mean_of_that_distribution(load, servers):
    mean = sum(busy * poisson.pmf(busy, load) for busy in range(servers + 1)) / poisson.cdf(servers, load)
    assert theory.carried_load(load, servers) == pytest.approx(mean, rel=1e-9)


@given(st.floats(0.01, 0.99), SERVERS)
def test_erlang_c_is_the_share_of_time_all_servers_are_busy(per_server, servers):
    """M/M/c: weights a^k/k! below c servers, and a geometric tail from c on."""
    load = per_server * servers
    tail = poisson.pmf(servers, load) / (1 - per_server)
    assert theory.erlang_c(load, servers) == pytest.approx(
        tail / (poisson.cdf(servers - 1, load) + tail), rel=1e-9
    )


def test_a_call_centre_of_fourteen_keeps_17_percent_waiting_7_8_seconds():
    """Call-centre planning's standard example: 100 calls of 180 s in half an hour (10 erlangs), 14 agents."""
    waiting = theory.erlang_c(10, 14)
    assert round(waiting * 100, 1) == 17.4
    assert round(waiting * 180 / (14 - 10), 1) == 7.8


def test_without_spare_capacity_everybody_waits():
    assert theory.erlang_c(3, 3) == 1
    assert theory.erlang_c(4, 3) == 1


@given(st.floats(0.01, 0.99), st.floats(0.001, 100))
def test_pollaczek_khinchine_contains_m_m_1_and_half_of_it_for_m_d_1(load, mean_s):
    """M/M/1: load / (service rate - arrival rate); constant service halves the wait."""
    rate_rps = load / mean_s
    waits = load / (1 / mean_s - rate_rps)
    assert theory.pollaczek_khinchine_wait_s(rate_rps, mean_s, 1) == pytest.approx(waits)
    assert theory.pollaczek_khinchine_wait_s(rate_rps, mean_s, 0) == pytest.approx(waits / 2)


def test_twice_the_variation_means_two_and_a_half_times_the_wait():
    """(1 + cv^2) / 2: 0.5, 1 and 2.5 times 4 s at load 0.8 and 1 s of service."""
    assert [round(theory.pollaczek_khinchine_wait_s(0.8, 1.0, cv), 9) for cv in (0, 1, 2)] == [2, 4, 10]


def test_the_wait_is_endless_from_full_load_on():
    assert theory.pollaczek_khinchine_wait_s(1.0, 1.0, 0) == math.inf
    assert theory.pollaczek_khinchine_wait_s(2.0, 1.0, 1) == math.inf


@given(st.floats(0, 10), st.floats(0, 3600))
def test_the_cold_share_at_low_rate_is_the_tail_of_an_exponential_gap(rate_rps, keep_alive_s):
    expected = expon.sf(keep_alive_s, scale=1 / rate_rps) if rate_rps else 1.0
    assert theory.cold_share_at_low_rate(rate_rps, keep_alive_s) == pytest.approx(
        expected, rel=1e-9, abs=1e-300
    )


@given(st.floats(0, 1e5), st.floats(0, 100))
def test_the_quota_needed_is_never_below_the_requests_in_progress(rate_rps, duration_s):
    needed = theory.required_quota(rate_rps, duration_s, rps_per_concurrency=10)
    assert needed == max(theory.concurrency(rate_rps, duration_s), rate_rps / 10)
