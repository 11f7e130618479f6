"""The data tables: complete, dated, sourced, and equal to what AWS and others published."""

import csv
import datetime
import re
from collections import defaultdict
from itertools import product
from pathlib import Path
from statistics import median

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simlib import facts

MEASURED = Path(__file__).parent / "data"
LAMBDA_SKUS = [row["sku"] for row in facts.table("prices") if row["sku"].startswith("lambda.")]


def rows_of(name):
    with open(MEASURED / name, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def schedule(sku, region="us-east-1", date=facts.AS_OF):
    """(from_quantity, usd) tiers of a sku in force on a date, read from the table without pricing.py."""
    rows = [row for row in facts.table("prices")
            if row["sku"] == sku and row["region"] == region and row["effective"] <= date]
    newest = max(row["effective"] for row in rows)
    return [(float(row["from_quantity"]), float(row["usd"])) for row in rows if row["effective"] == newest]


def is_a_sentence(error):
    text = str(error)
    return "\n" not in text and text[0].isupper() and text[-1] in ".?" and ". " not in text


# -- every row


@pytest.mark.parametrize("name", ["facts", "prices", "cold_starts", "keep_alive", "region_rtt",
                                  "ec2_instance_types", "latencies", "cache_nodes"])
def test_every_row_names_a_source_that_exists(name):
    assert {row["source"] for row in facts.table(name)} <= set(facts.sources())


def test_every_source_is_used_and_is_a_public_page_with_a_title():
    used = {row["source"] for name in ("facts", "prices", "cold_starts", "keep_alive", "region_rtt",
                                       "ec2_instance_types", "latencies", "cache_nodes")
            for row in facts.table(name)}
    assert used == set(facts.sources())
    for source in facts.sources().values():
        assert re.fullmatch(r"https://[a-z0-9.-]+\.[a-z]+(/\S*)?", source.url), source
        assert source.title and re.fullmatch(r"(\d{4}(-\d{2}){0,2})?", source.published), source


@pytest.mark.parametrize("name", ["facts", "prices"])
def test_every_row_has_a_date_a_unit_and_a_day_of_checking(name):
    for row in facts.table(name):
        effective = datetime.date.fromisoformat(row["effective"])
        checked = datetime.date.fromisoformat(row["checked_on"])
        assert datetime.date(2006, 1, 1) <= effective <= checked <= datetime.date.fromisoformat(facts.AS_OF)
        assert None not in row.values() and None not in row
    assert facts.AS_OF == "2026-11-23"


def test_every_fact_has_a_kind_and_every_assumption_says_how_it_came_about():
    for row in facts.table("facts"):
        assert row["kind"] in facts.KINDS
        assert row["unit"] or isinstance(facts.value(row["name"]), str) or row["name"] == "sdk.backoff_growth"
        if row["kind"] == "assumed":
            assert len(row["note"]) > 30, row["name"]


def test_no_fact_or_price_is_entered_twice_for_one_date():
    for name, key in (("facts", ("name", "effective")),
                      ("prices", ("sku", "region", "effective", "from_quantity"))):
        keys = [tuple(row[column] for column in key) for row in facts.table(name)]
        assert len(keys) == len(set(keys))


def test_a_name_ends_in_its_unit():
    """A fact called `_s` is in seconds, `_mb` in MB, and so on; a share lies between 0 and 1."""
    units = {"_s": {"s", "vCPU-second"}, "_ms": {"ms"}, "_mb": {"MB"}, "_h": {"hours", "GB/h"},
             "_bytes": {"bytes"}, "_tokens": {"tokens"}, "_share": {"share"}}
    for name in facts.names():
        row = facts.fact(name)
        for suffix, allowed in units.items():
            if name.endswith(suffix) and not name.endswith("_per_s"):
                assert row.unit in allowed, name
        if row.unit == "share":
            assert 0 <= row.value <= 1


def test_price_tiers_start_at_zero_and_rise_while_prices_fall():
    tiers = defaultdict(list)
    for row in facts.table("prices"):
        tiers[row["sku"], row["region"], row["effective"]].append(
            (float(row["from_quantity"]), float(row["usd"]), row["unit"]))
    for key, steps in tiers.items():
        starts, usd, units = zip(*steps, strict=True)
        assert starts[0] == 0 and list(starts) == sorted(set(starts)), key
        assert list(usd) == sorted(usd, reverse=True) and min(usd) >= 0, key
        assert len(set(units)) == 1, key


def test_one_sku_has_one_unit_in_every_region_and_time():
    units = defaultdict(set)
    for row in facts.table("prices"):
        units[row["sku"]].add(row["unit"])
    assert all(len(found) == 1 for found in units.values())


def test_seoul_has_no_price_that_us_east_1_lacks():
    skus = {region: {row["sku"] for row in facts.table("prices") if row["region"] == region}
            for region in ("us-east-1", "ap-northeast-2")}
    assert skus["ap-northeast-2"] < skus["us-east-1"]


def test_every_instance_type_has_a_price_and_every_price_a_type():
    priced = {row["sku"].removeprefix("ec2.instance.") for row in facts.table("prices")
              if row["sku"].startswith("ec2.instance.")}
    assert priced == set(facts.instance_types())


def test_instance_sizes_double_in_price_vcpus_and_memory():
    """EC2 sells fixed-performance sizes in proportion: from large up each step doubles all three."""
    sizes = ("large", "xlarge", "2xlarge", "4xlarge")
    steps = 0
    for family in {name.split(".")[0] for name in facts.instance_types()} - {"t2", "t3", "t3a", "t4g"}:
        for small, big in zip(sizes, sizes[1:], strict=False):
            a, b = (facts.instance_type(f"{family}.{size}") for size in (small, big))
            assert (b.vcpu, b.memory_gib, b.architecture) == (2 * a.vcpu, 2 * a.memory_gib, a.architecture)
            usd = [schedule(f"ec2.instance.{kind.name}")[0][1] for kind in (a, b)]
            assert usd[1] == pytest.approx(2 * usd[0], rel=0.002)
            steps += 1
    assert steps == 3 * 24


def test_only_the_t_families_have_a_baseline_below_one():
    for name, kind in facts.instance_types().items():
        assert (kind.baseline < 1) == name.startswith("t"), name
        assert 0 < kind.baseline <= 1


# -- the value in force


def test_billing_was_rounded_to_100_ms_until_november_2020():
    """AWS News Blog, 2020-12-01: 1 ms billing granularity."""
    assert facts.value("lambda.billing_granularity_ms", "2020-11-30") == 100
    assert facts.value("lambda.billing_granularity_ms", "2020-12-01") == 1


def test_init_is_billed_since_august_2025():
    """AWS Compute Blog, 2025-04-29: INIT of zip functions on managed runtimes is billed from 2025-08-01."""
    assert facts.value("lambda.init_billed", "2025-07-31") == 0
    assert facts.value("lambda.init_billed", "2025-08-01") == 1
    assert facts.value("lambda.init_billed_other", "2020-01-01") == 1


def test_public_addresses_cost_nothing_until_february_2024():
    """AWS News Blog, 2023-07-28: 0.005 USD an hour from 2024-02-01."""
    assert schedule("ec2.public_ipv4", date="2024-01-31") == [(0, 0)]
    assert schedule("ec2.public_ipv4", date="2024-02-01") == [(0, 0.005)]


def test_sdks_wait_less_after_failures_since_november_2026():
    """AWS SDKs reference guide, retry behavior: 50 ms for transient errors, 1,000 ms when throttled."""
    assert facts.value("sdk.backoff_base_transient_s", "2026-11-09") == 1
    assert facts.value("sdk.backoff_base_transient_s") == 0.05
    assert facts.value("sdk.backoff_base_throttling_s") == 1
    assert facts.value("sdk.retry_mode", "2026-11-09") == "legacy"
    assert facts.value("sdk.retry_mode") == "standard"


@given(st.sampled_from(facts.names()), st.dates(datetime.date(2006, 1, 1), datetime.date(2027, 12, 31)))
def test_a_fact_is_the_newest_row_that_is_not_later_than_the_date(name, day):
    dated = [(row.effective, row) for row in facts.history(name)]
    known = [row for effective, row in dated if effective <= day.isoformat()]
    if known:
        assert facts.fact(name, day.isoformat()) == facts.fact(name, day) == known[-1]
    else:
        with pytest.raises(facts.FactError, match=f"first date known is {dated[0][0]}"):
            facts.value(name, day.isoformat())


def test_the_default_date_is_the_newest_day_of_checking():
    assert facts.value("lambda.memory_max_mb") == facts.value("lambda.memory_max_mb", facts.AS_OF) == 10240
    assert facts.value("lambda.memory_max_mb", "2020-11-30") == 3008


def test_names_are_sorted_and_begin_with_the_prefix():
    found = facts.names("alb.lcu_")
    assert found == sorted(found) and len(found) == 6 and all(name.startswith("alb.lcu_") for name in found)
    assert facts.names("no such") == []


# -- errors


@pytest.mark.parametrize(("wrong", "hint"), [
    (lambda: facts.value("lambda.memory_max"), "lambda.memory_max_mb"),
    (lambda: facts.value("lambda.init_bild"), "lambda.init_billed"),
    (lambda: facts.value("lambda.duration", "2020-01-01"), "lambda."),
    (lambda: facts.value("lambda.memory_max_mb", "2020-1-31"), "YYYY-MM-DD"),
    (lambda: facts.value("lambda.memory_max_mb", "2021-02-29"), "YYYY-MM-DD"),
    (lambda: facts.value("lambda.memory_max_mb", 20210228), "YYYY-MM-DD"),
    (lambda: facts.value("lambda.scale_rps_per_10s", "2020-01-01"), "2023-11-26"),
    (lambda: facts.history("alb.lcu"), "alb.lcu_"),
    (lambda: facts.instance_type("t3.smal"), "t3.small"),
    (lambda: facts.cold_start("python3.9"), "python3."),
    (lambda: facts.cold_start("python3.13", "x86"), "x86_64"),
    (lambda: facts.cold_start("python3.13", "x86_64", "Zip"), "zip"),
    (lambda: facts.keep_alive("2024"), "2025"),
    (lambda: facts.round_trip_ms("us-east1", "us-east-1"), "us-east-1"),
    (lambda: facts.round_trip_ms("eu-west-1", "eu-west-9"), "eu-west-"),
    (lambda: facts.table("price"), "prices"),
])
def test_an_error_is_one_sentence_with_a_way_out(wrong, hint):
    with pytest.raises(facts.FactError) as raised:
        wrong()
    assert hint in str(raised.value) and is_a_sentence(raised.value)


@given(st.text(min_size=1, max_size=30).filter(lambda text: text not in facts.names()))
def test_any_unknown_name_is_named_in_the_error(name):
    with pytest.raises(facts.FactError) as raised:
        facts.value(name)
    assert repr(name) in str(raised.value)


# -- numbers typed from AWS's pages, not copied from the tables


@pytest.mark.parametrize(("name", "published"), [
    ("lambda.memory_max_mb", 10_240),  # Lambda quotas
    ("lambda.timeout_max_s", 15 * 60),
    ("lambda.timeout_default_s", 3),
    ("lambda.account_concurrency", 1_000),
    ("lambda.unreserved_minimum", 100),
    ("lambda.rps_per_concurrency", 10),  # understanding Lambda function scaling
    ("lambda.mb_per_vcpu", 1_769),  # configure Lambda function memory
    ("lambda.init_limit_s", 10),
    ("free_tier.lambda.requests", 1e6),  # Lambda pricing
    ("free_tier.lambda.duration", 400_000),
    ("ec2.billing_minimum_s", 60),
    ("alb.lcu_new_connections_per_s", 25),  # Elastic Load Balancing pricing
    ("alb.lcu_active_connections_per_min", 3_000),
    ("alb.lcu_rule_evaluations_per_s", 1_000),
    ("alb.idle_timeout_s", 60),
    ("sdk.max_attempts", 3),  # AWS SDKs reference guide, retry behavior
    ("sdk.max_attempts_dynamodb", 4),
    ("sdk.backoff_max_s", 20),
    ("sdk.retry_quota_tokens", 500),
    ("sdk.retry_cost_transient_tokens", 14),
    ("sdk.retry_cost_throttling_tokens", 5),
    ("sdk.read_timeout_s", 60),  # botocore config reference
    ("hours_per_month", 730),
])
def test_a_fact_is_what_aws_publishes(name, published):
    assert facts.value(name) == published


@pytest.mark.parametrize(("sku", "region", "per", "published"), [
    ("lambda.requests", "us-east-1", 1e6, 0.20),
    ("lambda.duration.x86_64", "us-east-1", 1e6, 16.6667),
    ("lambda.duration.arm64", "us-east-1", 1e6, 13.3334),
    ("lambda.duration.x86_64", "ap-northeast-2", 1e6, 16.6667),
    ("lambda.durable.operations", "us-east-1", 1e6, 8.00),
    ("ec2.instance.t3.micro", "us-east-1", 1, 0.0104),
    ("ec2.instance.t3.medium", "us-east-1", 730, 30.368),
    ("ec2.instance.m5.large", "us-east-1", 1, 0.096),
    ("ec2.instance.m7g.large", "ap-northeast-2", 1, 0.1003),
    ("alb.hours", "us-east-1", 730, 16.425),
    ("alb.lcu", "us-east-1", 730, 5.84),
    ("nat_gateway.hours", "us-east-1", 730, 32.85),
    ("cloudwatch_logs.ingestion", "us-east-1", 1, 0.50),
    ("data_transfer.out", "us-east-1", 1024, 92.16),
])
def test_a_price_is_what_aws_publishes(sku, region, per, published):
    assert schedule(sku, region)[0][1] * per == pytest.approx(published, rel=1e-9)


@pytest.mark.parametrize(("sku", "quantity", "usd"), [
    ("ec2.instance.t3.medium", 82.124, 4.2705),
    ("nat_gateway.hours", 44.000, 2.5960),
    ("nat_gateway.processing", 1.691, 0.0998),
    ("ec2.public_ipv4", 43.148, 0.2157),
    ("ec2.ebs.gp3", 2.282, 0.2081),
    ("alb.hours", 514, 11.57),
])
def test_prices_of_seoul_agree_with_published_bills(sku, quantity, usd):
    """Lines of two bills that their owners published in 2026: hours and GB-months with their dollars."""
    assert schedule(sku, "ap-northeast-2")[0][1] * quantity == pytest.approx(usd, rel=0.001)


def test_sixty_terabytes_of_lambda_logs_cost_12_500_dollars():
    """Duckbill Group, May 2025: 60 TB of Lambda logs fall from 30,000 to 12,500 USD (decimal TB)."""
    tiers = schedule("cloudwatch_logs.ingestion.lambda")
    decimal = [(start / 1.024, usd) for start, usd in tiers] + [(60_000, None)]
    cost = sum((end - start) * usd for (start, usd), (end, _) in zip(decimal, decimal[1:], strict=False))
    assert cost == pytest.approx(12_500)
    assert schedule("cloudwatch_logs.ingestion.lambda", date="2025-04-30")[0][1] * 60_000 == 30_000


def test_arm_is_a_fifth_cheaper_than_x86_in_every_tier():
    x86, arm = (schedule(f"lambda.duration.{name}") for name in ("x86_64", "arm64"))
    assert [usd for _, usd in arm] == pytest.approx([0.8 * usd for _, usd in x86], rel=1e-4)
    assert [start for start, _ in arm] == [1.25 * start for start, _ in x86]


def test_provisioned_concurrency_breaks_even_at_60_percent():
    """AWS Compute Blog, 2025-04-29: provisioned concurrency pays from about 60 % utilisation."""
    on_demand, standing, running = (schedule(f"lambda.{item}.x86_64")[0][1] for item in
                                    ("duration", "provisioned_concurrency", "provisioned_duration"))
    assert standing / (on_demand - running) == pytest.approx(0.60, abs=0.001)


def test_every_lambda_price_is_known():
    assert {"lambda.ephemeral_storage", "lambda.snapstart.cache", "lambda.snapstart.restore",
            "lambda.response_streaming", "lambda.event_poller.kafka", "lambda.event_poller.sqs",
            "lambda.tenant_isolation.x86_64", "lambda.tenant_isolation.arm64", "lambda.durable.written",
            "lambda.durable.retained"} <= set(LAMBDA_SKUS)


@pytest.mark.parametrize(("name", "vcpu", "memory_gib", "baseline"), [
    ("t3.nano", 2, 0.5, 0.05), ("t3.micro", 2, 1, 0.10), ("t3.small", 2, 2, 0.20), ("t3.large", 2, 8, 0.30),
    ("t4g.xlarge", 4, 16, 0.40), ("t2.xlarge", 4, 16, 0.225), ("t2.2xlarge", 8, 32, 0.17),
    ("m5.large", 2, 8, 1), ("c7g.medium", 1, 2, 1), ("r7g.large", 2, 16, 1),
])
def test_an_instance_type_is_what_aws_documents(name, vcpu, memory_gib, baseline):
    """EC2 user guide, key concepts for burstable performance instances, and the instance type pages."""
    kind = facts.instance_type(name)
    assert (kind.vcpu, kind.memory_gib, kind.baseline) == (vcpu, memory_gib, baseline)


def test_t3_passes_m5_at_the_published_utilisation():
    """EC2 user guide, unlimited mode: t3.xlarge and t3.2xlarge cost what M5 costs at 52.5 % CPU."""
    credit = schedule("ec2.surplus_credits.t3")[0][1]
    for size in ("xlarge", "2xlarge"):
        kind = facts.instance_type(f"t3.{size}")
        dearer = schedule(f"ec2.instance.m5.{size}")[0][1] - schedule(f"ec2.instance.t3.{size}")[0][1]
        # AWS rounds the gap per vCPU: 0.0256 / 4 / 0.05 is 12.8 %
        assert kind.baseline + dearer / (kind.vcpu * credit) == pytest.approx(0.525, abs=0.004)


def test_earned_credits_are_what_aws_tabulates():
    """EC2 user guide: credits earned per hour = baseline x vCPUs x 60."""
    published = {"t3.nano": 6, "t3.micro": 12, "t3.small": 24, "t3.large": 36, "t3.xlarge": 96,
                 "t3.2xlarge": 192, "t2.micro": 6, "t2.xlarge": 54, "t2.2xlarge": 81.6}
    for name, credits_per_h in published.items():
        kind = facts.instance_type(name)
        earned = kind.baseline * kind.vcpu * 3600 / facts.value("ec2.credit_vcpu_s")
        assert earned == pytest.approx(credits_per_h)


# -- measured tables


def every_cold_start():
    return [(row["runtime"], row["architecture"], row["package"]) for row in facts.table("cold_starts")]


@pytest.mark.parametrize("key", every_cold_start(), ids=" ".join)
def test_cold_start_quantiles_rise(key):
    start = facts.cold_start(*key)
    assert len(start.probability) == len(start.init_ms) == 21
    assert (np.diff(start.probability) > 0).all() and 0 < start.probability[0] and start.probability[-1] < 1
    assert (np.diff(start.init_ms) >= 0).all() and start.init_ms[0] > 0
    assert 1 < start.first_p90_ratio <= start.first_p99_ratio
    assert start.first_fixed_ms >= 0 and start.first_work_vcpu_ms >= 0


def test_both_architectures_and_packages_were_measured_for_every_runtime():
    runtimes = facts.cold_start_choices()
    assert {"python3.13", "nodejs22.x", "java21", "dotnet8", "ruby3.4", "go", "rust"} <= set(runtimes)
    restores = {("java17-snapstart", "x86_64", "zip"), ("java21-snapstart", "x86_64", "zip")}
    assert set(every_cold_start()) - restores == set(product(runtimes, ("x86_64", "arm64"), ("zip", "image")))


def test_custom_runtimes_are_told_from_managed_ones():
    custom = {name for name in facts.cold_start_choices() if not facts.cold_start(name).managed}
    assert custom == {"go", "rust", "cpp", "dotnet8-aot", "dotnet10-aot", "java-graalvm"}


def test_init_hardly_depends_on_the_memory_size():
    """The pooled median is within 6 % of each median measured at 128 to 1,024 MB, of half of them within 1 %.
    """
    deviations = []
    for row in rows_of("first_handler_medians.csv"):
        start = facts.cold_start(row["runtime"], row["architecture"], row["package"])
        pooled_ms = np.interp(0.5, start.probability, start.init_ms)
        deviations.append(abs(pooled_ms / float(row["init_p50_ms"]) - 1))
    assert len(deviations) == 320
    assert max(deviations) < 0.06
    assert median(deviations) < 0.01


def test_first_handler_calls_fit_the_four_measured_sizes():
    """Median INIT plus fitted first call, against the measured sum: 1 % for half of the sizes, 14 % at worst.

    The worst is Java 25, whose compiler threads work beside the handler where there is more than half a vCPU.
    """
    errors, fresh_period = [], []
    for row in rows_of("first_handler_medians.csv"):
        start = facts.cold_start(row["runtime"], row["architecture"], row["package"])
        share = int(row["memory_mb"]) / 1769
        first_ms = float(row["first_p50_ms"])
        whole_ms = float(row["init_p50_ms"]) + first_ms
        errors.append(abs(start.first_handler_ms(share) - first_ms) / whole_ms)
        waits = np.ceil(start.first_work_vcpu_ms / (20 * share)) - 1 if start.first_work_vcpu_ms else 0
        whole_periods_ms = 20 * waits + start.first_work_vcpu_ms - waits * 20 * share
        fresh_period.append(abs(start.first_fixed_ms + whole_periods_ms - first_ms) / whole_ms)
    assert max(errors) < 0.14
    assert median(errors) < 0.01
    assert np.mean(errors) < 0.7 * np.mean(fresh_period)


@given(st.sampled_from(every_cold_start()), st.floats(0.05, 3), st.floats(0.05, 3))
def test_more_cpu_never_slows_the_first_call(key, a, b):
    start = facts.cold_start(*key)
    less, more = sorted((a, b))
    assert start.first_handler_ms(more) <= start.first_handler_ms(less) + 1e-9


@given(st.sampled_from(every_cold_start()), st.floats(0.05, 0.99))
def test_a_first_call_runs_ahead_of_its_share_by_less_than_30_ms(key, share):
    """It has a full quota at the start and the next one after 10 ms: 10 + 20 ms of head start at most."""
    start = facts.cold_start(*key)
    fluid_ms = start.first_fixed_ms + start.first_work_vcpu_ms / share
    assert fluid_ms - 30 <= start.first_handler_ms(share) <= fluid_ms + 1e-9
    assert start.first_handler_ms(share) >= start.first_handler_ms(1) - 1e-9


@pytest.mark.parametrize("policy", facts.keep_alive_policies())
def test_idle_environments_expire_with_rising_probability_and_age(policy):
    p_expired, idle_s = facts.keep_alive(policy)
    assert p_expired[0] == 0 and p_expired[-1] == 1
    assert (np.diff(p_expired) > 0).all() and (np.diff(idle_s) >= 0).all() and idle_s[0] >= 0
    assert not p_expired.flags.writeable and not idle_s.flags.writeable


@pytest.mark.parametrize(("policy", "idle_s", "share", "within"), [
    ("2025", 315, 0.43, 0.001), ("2025", 345, 0.94, 0.001), ("2025", 240, 0.01, 0.001),
    ("2021-01", 360, 0.406, 0.001), ("2021-01", 300, 0.003, 0.001),
    ("2020-05", 645, 0.75, 0.001),
    ("2020-01", 420, 0.492, 0.02), ("2020-01", 780, 0.733, 0.02), ("2020-01", 1320, 0.851, 0.03),
    ("2019-08", 659, 0.9, 0.01),
])
def test_drawn_idle_limits_reproduce_the_measured_shares(policy, idle_s, share, within):
    u = (np.arange(200_000) + 0.5) / 200_000
    limits = np.interp(u, *facts.keep_alive(policy))
    assert np.mean(limits <= idle_s) == pytest.approx(share, abs=within)


def test_sebs_halves_the_idle_environments_every_380_seconds():
    """SeBS (2021): warm environments = initial ones x 2^-floor(t / 380 s)."""
    u = (np.arange(1 << 16) + 0.5) / (1 << 16)
    limits = np.interp(u, *facts.keep_alive("2020-01"))
    for t in (379, 381, 759, 761, 1139, 1141, 1900.5):
        assert np.mean(limits > t) == pytest.approx(2.0 ** -np.floor(t / 380), abs=1e-4)


def test_round_trips_are_known_between_the_two_regions_and_all_others_both_ways():
    regions = {row["to_region"] for row in facts.table("region_rtt")}
    assert len(regions) == 21
    for hub in ("us-east-1", "ap-northeast-2"):
        for region in regions:
            there = facts.round_trip_ms(hub, region)
            assert there == facts.round_trip_ms(region, hub) > 0
            assert there > facts.round_trip_ms(hub, hub) or region == hub
    assert facts.round_trip_ms("us-east-1", "eu-west-1") == pytest.approx(70, abs=2)
    assert facts.round_trip_ms("us-east-1", "ap-northeast-2") == 174


def test_round_trips_are_known_between_any_two_regions():
    """21 Regions have 210 pairs; where both ways were measured, as between the two hubs, they agree within 1 ms."""
    rows = {(row["from_region"], row["to_region"]): float(row["rtt_avg_ms"]) for row in facts.table("region_rtt")}
    regions = {region for pair in rows for region in pair}
    pairs = [(one, other) for one in regions for other in regions if one < other]
    assert len(pairs) == 210
    for one, other in pairs:
        assert facts.round_trip_ms(one, other) == facts.round_trip_ms(other, one) > 0
        if (one, other) in rows and (other, one) in rows:
            assert abs(rows[one, other] - rows[other, one]) < 1


def test_round_trips_respect_the_speed_of_light():
    """Light in glass covers about 200 km/ms; great-circle distances in km between the cities."""
    km = {("us-east-1", "eu-west-1"): 5_460, ("us-east-1", "ap-northeast-2"): 11_150,
          ("us-east-1", "us-west-2"): 3_700, ("ap-northeast-2", "ap-northeast-1"): 1_150,
          ("ap-northeast-2", "ap-southeast-1"): 4_680, ("us-east-2", "us-west-2"): 3_300,
          ("eu-west-1", "eu-central-1"): 1_090, ("ap-northeast-1", "ap-northeast-3"): 400,
          ("eu-west-2", "ap-southeast-2"): 16_990, ("sa-east-1", "af-south-1"): 6_430}
    for pair, distance in km.items():
        assert facts.round_trip_ms(*pair) > 2 * distance / 200


def test_the_measured_memory_curve_has_195_sizes():
    rows = rows_of("memory_cpu_curve.csv")
    sizes = [int(row["memory_mb"]) for row in rows]
    assert len(rows) == 195 and sizes == sorted(set(sizes)) and min(sizes) == 128
    assert float(rows[0]["p50_ms"]) == 221.14
