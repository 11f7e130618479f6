"""AWS's and Infracost's own sums, to the precision in which they were published."""

import pytest

from simlib import theory
from simlib.pricing import price, price_book
from simlib.services import Ec2, Lambda

LAMBDA_PRICING = "https://aws.amazon.com/lambda/pricing/"


def lines_of(quantities, free_tier, date=None):
    return price(quantities, price_book("us-east-1", date), free_tier)


def usd(lines, sku_prefix):
    return sum(line.usd for line in lines if line.sku.startswith(sku_prefix))


def test_three_million_mobile_calls_cost_2_73_dollars():
    """AWS Lambda pricing page: 3 M calls of 120 ms at 1,536 MB, x86, free tier: 2.33 + 0.40 = 2.73 USD."""
    used = Lambda(memory_mb=1536).quantities(3e6, 3e6 * 0.120)
    assert used["lambda.duration.x86_64"] == pytest.approx(540_000)
    lines = lines_of(used, free_tier=True)
    assert round(usd(lines, "lambda.duration"), 2) == 2.33
    assert round(usd(lines, "lambda.requests"), 2) == 0.40
    assert round(usd(lines, "lambda"), 2) == 2.73


def test_a_hundred_thousand_calls_at_128_mb_cost_nine_cents():
    """Infracost, lambda_function_test: 100,000 calls of 350 ms at 128 MB without free tier."""
    used = Lambda(memory_mb=128).quantities(1e5, 1e5 * 0.350)
    assert used["lambda.duration.x86_64"] == pytest.approx(4375)
    lines = lines_of(used, free_tier=False)
    assert round(usd(lines, "lambda.requests"), 2) == 0.02
    assert round(usd(lines, "lambda.duration"), 2) == 0.07


def test_eleven_billion_arm_calls_reach_the_second_tier():
    """Infracost, lambda_function_test: 11.25 G calls of 1,024 ms at 1 GB on arm: 7.5 G GB-s, then 4.02 G."""
    used = Lambda(memory_mb=1024, architecture="arm64").quantities(11.25e9, 11.25e9 * 1.024)
    tiers = [line for line in lines_of(used, free_tier=False) if line.sku == "lambda.duration.arm64"]
    assert [line.quantity for line in tiers] == [pytest.approx(7.5e9), pytest.approx(4.02e9)]
    assert round(tiers[0].usd, 2) == 100_000.50
    assert round(tiers[1].usd, 2) == 48_240.40


def test_three_million_streamed_calls_cost_30_83_dollars_of_duration():
    """AWS Lambda pricing page, response streaming: 3 M calls of 500 ms at 1,536 MB, free tier: 30.83 + 0.40 USD.

    The streamed bytes of that example are a line of their own and not part of synchronous calls.
    """
    lines = lines_of(Lambda(memory_mb=1536).quantities(3e6, 3e6 * 0.5), free_tier=True)
    assert round(usd(lines, "lambda.duration"), 2) == 30.83
    assert round(usd(lines, "lambda.requests"), 2) == 0.40


def test_the_tenant_isolation_example_rounds_each_line_up():
    """AWS Lambda pricing page: 10 M calls of 2 s at 1 GB: AWS prints 333.34 + 2.00; exactly it is 333.33."""
    lines = lines_of(Lambda(memory_mb=1024).quantities(10e6, 20e6), free_tier=False)
    assert usd(lines, "lambda.duration") == pytest.approx(333.334)
    assert round(usd(lines, "lambda.duration"), 2) == 333.33
    assert round(usd(lines, "lambda.requests"), 2) == 2.00


def test_thirty_million_calls_of_the_event_source_example():
    """AWS Lambda pricing page, SQS with provisioned pollers: compute 500.00, requests 6.00 USD.

    The pollers' 74.00 USD belong to the event source and are not part of a synchronous call.
    """
    lines = lines_of(Lambda(memory_mb=1024).quantities(30e6, 30e6), free_tier=False)
    assert round(usd(lines, "lambda.duration"), 2) == 500.00
    assert round(usd(lines, "lambda.requests"), 2) == 6.00


@pytest.mark.parametrize(("rate_rps", "duration_s", "environments"), [(100, 1.0, 100), (30_000, 0.02, 600)])
def test_concurrency_is_rate_times_duration(rate_rps, duration_s, environments):
    """AWS Lambda developer guide, 'Understanding Lambda function scaling'."""
    assert theory.concurrency(rate_rps, duration_s) == environments


def test_twenty_thousand_short_calls_need_a_quota_of_two_thousand():
    """AWS Lambda developer guide: 20,000 rps of 50 ms: the 10 x rps quota asks for 2,000, concurrency for 1,000."""
    assert theory.concurrency(20_000, 0.05) == 1000
    assert theory.required_quota(20_000, 0.05, rps_per_concurrency=10) == 2000


def test_two_reservations_of_400_leave_a_pool_of_200():
    """AWS Lambda developer guide: 1,000 in the account, 400 + 400 reserved; 900 is the most one can reserve."""
    assert Lambda(account_concurrency=1000, reserved_elsewhere=800).concurrency_limit == 200
    assert Lambda(account_concurrency=1000, reserved_concurrency=900).concurrency_limit == 900
    with pytest.raises(ValueError, match="at least 100 unreserved"):
        Lambda(account_concurrency=1000, reserved_concurrency=901)


def test_a_load_balancer_with_1000_gb_costs_16_43_and_8_dollars():
    """Infracost, lb_test: 730 h, 1,000 GB, 0.0038 new connections/s, 300 rule evaluations a second."""
    hours = 730
    lcu = float(Ec2.lcu_hours(0.00380517503805175 * 3600, 0, 1000 / hours, 300 * 3600))
    assert round(lcu, 4) == 1.3699  # Infracost cuts to 1.3698
    lines = lines_of({"alb.hours": hours, "alb.lcu": lcu * hours}, free_tier=False)
    assert round(usd(lines, "alb.hours"), 3) == 16.425  # printed as 16.43
    assert round(usd(lines, "alb.lcu"), 2) == 8.00


@pytest.mark.parametrize(("instance_type", "usd_per_hour"), [
    ("t3.nano", 0.0052), ("t3.small", 0.0208), ("t4g.medium", 0.0336), ("m5.large", 0.096),
    ("m7g.medium", 0.0408), ("m7i.large", 0.1008), ("c5.large", 0.085), ("c7g.large", 0.0725), ("r7g.large", 0.1071)])
def test_instance_hours_cost_what_the_price_list_says(instance_type, usd_per_hour):
    """On-demand Linux prices of us-east-1 as generated from the AWS Price List on 2026-07-20 (karpenter)."""
    used = Ec2(instance_type=instance_type, instances=3, zones=1).standing(730)
    assert usd(lines_of(used, False), "ec2.instance") == pytest.approx(3 * 730 * usd_per_hour, abs=1e-9)
