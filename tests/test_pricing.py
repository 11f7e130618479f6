"""Quantities to dollars: tiers, free allowances, discounts, dates, the month, what no request meets."""

import csv
import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scenes import ONE_VCPU, arriving_at, play, steady_function

from simlib import (
    ApiGateway,
    Client,
    CloudWatchLogs,
    Constant,
    DataTransferOut,
    Dax,
    DynamoDb,
    Ec2,
    ElastiCache,
    Lambda,
    NatGateway,
    Operation,
    OwnLine,
    Scenario,
    Traffic,
    bill,
    draw,
    facts,
    price_book,
    simulate,
)
from simlib.pricing import PriceError, month, price
from simlib.services import ALL, Functions
from simlib.services.api_gateway import CACHE_SIZES_GB
from simlib.services.base import BYTES_PER_GB, Discount
from simlib.services.caches.elasticache import ENGINES
from simlib.services.costs import COSTS, EventPollers
from simlib.services.ec2 import PURCHASES, ManagedInstances

MONTH_S = 730 * 3600
GB = 1024**3


def rows():
    """The price table as written, read without the code under test."""
    with (facts.DATA / "prices.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def newest_tiers(sku, region="us-east-1"):
    """[(from, to, usd)] of the newest schedule, as exact fractions."""
    mine = [row for row in rows() if (row["sku"], row["region"]) == (sku, region)]
    newest = max(row["effective"] for row in mine)
    steps = sorted((Fraction(row["from_quantity"]), Fraction(row["usd"])) for row in mine
                   if row["effective"] == newest)
    tops = [step[0] for step in steps[1:]] + [Fraction(10**30)]
    return [(low, top, usd) for (low, usd), top in zip(steps, tops)]


SKUS = sorted({row["sku"] for row in rows() if row["region"] == "us-east-1"})
TIERED = [sku for sku in SKUS if len(newest_tiers(sku)) > 1]
quantities = st.floats(0, 1e12, allow_nan=False) | st.integers(0, 10**11)


def lines_of(used, **options):
    return price(used, price_book(), **options)


def total(lines):
    return math.fsum(line.usd for line in lines)


def of(lines, sku):
    return {line.tier: (line.quantity, line.usd) for line in lines if line.sku == sku}


# --- tiers ------------------------------------------------------------------------------------------------


@given(st.sampled_from(SKUS), quantities)
def test_a_quantity_costs_what_the_price_table_says_tier_by_tier(sku, quantity):
    """Against exact fractions worked out from the table as written."""
    exact = sum((min(Fraction(quantity), top) - low) * usd for low, top, usd in newest_tiers(sku)
                if quantity > low)
    assert price_book().cost_usd(sku, quantity) == pytest.approx(float(exact), rel=1e-12, abs=1e-12)


@given(st.sampled_from(TIERED), quantities)
def test_the_parts_of_a_quantity_add_up_to_it_and_fill_each_tier_before_the_next(sku, quantity):
    schedule = price_book().schedule(sku)
    parts = schedule.split(quantity)
    assert math.fsum(inside for _, inside, _ in parts) == pytest.approx(quantity)
    edges = [tier.from_quantity for tier in schedule.tiers]
    for number, inside, usd in parts[:-1]:
        assert inside == edges[number] - edges[number - 1]
        assert usd == schedule.tiers[number - 1].usd


@given(st.sampled_from(SKUS), quantities, quantities)
def test_more_never_costs_less(sku, a, b):
    book, (less, more) = price_book(), sorted((a, b))
    assert book.cost_usd(sku, less) <= book.cost_usd(sku, more) * (1 + 1e-12)


@pytest.mark.parametrize("sku", TIERED)
def test_the_cost_does_not_jump_at_a_tier_edge(sku):
    """Only the price of what lies above the edge changes: a unit more costs the higher tier's price."""
    book = price_book()
    for (_, edge, before), (_, _, after) in zip(newest_tiers(sku), newest_tiers(sku)[1:]):
        edge = float(edge)
        at_edge = book.cost_usd(sku, edge)
        assert at_edge - book.cost_usd(sku, edge - 1) == pytest.approx(float(before), rel=1e-3)
        assert book.cost_usd(sku, edge + 1) - at_edge == pytest.approx(float(after), rel=1e-3)


@given(st.dictionaries(st.sampled_from(SKUS), quantities, min_size=1, max_size=6), st.booleans())
def test_lines_hold_every_quantity_and_multiply_to_their_dollars(used, free_tier):
    lines = lines_of(used, free_tier=free_tier)
    for sku, quantity in used.items():
        mine = [line for line in lines if line.sku == sku]
        assert math.fsum(line.quantity for line in mine) == pytest.approx(quantity)
    for line in lines:
        assert line.usd == line.quantity * line.price_usd
        assert line.source in facts.sources()


# --- free allowances --------------------------------------------------------------------------------------


def test_x86_and_arm_share_one_free_allowance():
    """400,000 GB-seconds in all: 300,000 of x86 take three quarters, and 200,000 of 300,000 arm are paid."""
    lines = lines_of({"lambda.duration.x86_64": 300_000, "lambda.duration.arm64": 300_000})
    assert of(lines, "lambda.duration.x86_64") == {"free": (300_000, 0)}
    arm = of(lines, "lambda.duration.arm64")
    assert arm["free"] == (100_000, 0)
    assert arm["1"] == (200_000, pytest.approx(200_000 * 0.0000133334))


def test_a_million_requests_are_free_and_the_next_costs_a_fifth_of_a_millionth():
    assert total(lines_of({"lambda.requests": 1_000_000})) == 0
    assert total(lines_of({"lambda.requests": 1_000_001})) == pytest.approx(0.2e-6)
    assert total(lines_of({"lambda.requests": 1_000_000}, free_tier=False)) == pytest.approx(0.20)


def test_five_gigabytes_of_logs_are_free_whoever_writes_them():
    """8 GB of a function's lines and 2 GB of a server's: 5 free, 3 at 0.50 and 2 at 0.50."""
    lines = lines_of({"cloudwatch_logs.ingestion.lambda": 8, "cloudwatch_logs.ingestion": 2})
    assert of(lines, "cloudwatch_logs.ingestion.lambda") == {"free": (5, 0), "1": (3, 1.5)}
    assert of(lines, "cloudwatch_logs.ingestion") == {"1": (2, 1.0)}


def test_what_has_no_allowance_is_paid_from_the_first_unit():
    lines = lines_of({"ec2.instance.t3.small": 1, "lambda.ephemeral_storage": 1e9})
    assert all(line.tier == "1" for line in lines)
    assert total(lines) == pytest.approx(0.0208 + 30.9)


@given(st.sampled_from(["lambda.requests", "lambda.duration.x86_64", "data_transfer.out",
                        "cloudwatch_logs.storage"]), st.floats(0, 1e7))
def test_the_free_tier_saves_at_most_what_it_would_have_cost(sku, quantity):
    with_it, without = (total(lines_of({sku: quantity}, free_tier=free)) for free in (True, False))
    assert 0 <= with_it <= without


# --- dates, Regions, and what is not known ----------------------------------------------------------------

DATED = [
    ("lambda.duration.x86_64", 7e9, "2022-07-31", 7e9 * 0.0000166667),
    ("lambda.duration.x86_64", 7e9, "2022-08-01", 6e9 * 0.0000166667 + 1e9 * 0.000015),
    ("ec2.public_ipv4", 730, "2024-01-31", 0.0),
    ("ec2.public_ipv4", 730, "2024-02-01", 3.65),
    ("cloudwatch_logs.ingestion.lambda", 61_440, "2025-04-30", 30_720.0),
    ("cloudwatch_logs.ingestion.lambda", 61_440, "2025-05-01",
     10_240 * 0.5 + 20_480 * 0.25 + 20_480 * 0.10 + 10_240 * 0.05),
]


@pytest.mark.parametrize("sku, quantity, date, usd", DATED)
def test_the_price_in_force_on_the_date_counts(sku, quantity, date, usd):
    """Lambda's tiers (AWS, August 2022), public IPv4 (February 2024), tiers for Lambda's logs (May 2025)."""
    assert price_book(date=date).cost_usd(sku, quantity) == pytest.approx(usd)


def test_the_free_gigabytes_of_traffic_grew_from_one_to_a_hundred_in_december_2021():
    for date, free_gb in (("2021-11-30", 1), ("2021-12-01", 100)):
        lines = price({"data_transfer.out": 150}, price_book(date=date))
        assert of(lines, "data_transfer.out")["free"] == (free_gb, 0)
        assert total(lines) == pytest.approx((150 - free_gb) * 0.09)


@given(st.sampled_from(SKUS), st.dates())
def test_a_price_is_the_newest_one_not_later_than_the_date(sku, day):
    dated = sorted({row["effective"] for row in rows() if (row["sku"], row["region"]) == (sku, "us-east-1")})
    in_force = [date for date in dated if date <= day.isoformat()]
    book = price_book(date=day.isoformat())
    if in_force:
        assert book.schedule(sku).effective == in_force[-1]
    else:
        with pytest.raises(PriceError, match=f"the first known one is of {dated[0]}"):
            book.schedule(sku)


UNKNOWN = [
    (lambda: price_book("eu-west-1"), ["'eu-west-1'", "ap-northeast-2, us-east-1"]),
    (lambda: price_book().schedule("lambda.request"), ["lambda.request", "us-east-1", facts.AS_OF]),
    (lambda: price_book("ap-northeast-2").schedule("lambda.durable.operations"),
     ["lambda.durable.operations in ap-northeast-2", "known in us-east-1"]),
    (lambda: price_book(date="2018-01-01").schedule("ec2.instance.t4g.small"),
     ["ec2.instance.t4g.small in us-east-1 on 2018-01-01", "2020-09-11"]),
    (lambda: lines_of({"no.such.sku": 1}), ["no.such.sku"]),
]


@pytest.mark.parametrize("ask, words", UNKNOWN)
def test_a_missing_price_is_one_sentence_with_sku_region_date_and_what_is_known(ask, words):
    with pytest.raises(PriceError) as error:
        ask()
    assert str(error.value).endswith(".") and "\n" not in str(error.value)
    for word in words:
        assert word in str(error.value)


def test_a_date_that_is_none_is_refused():
    with pytest.raises(facts.FactError, match="YYYY-MM-DD"):
        price_book(date="01.02.2024")


EVERYTHING = [
    *(Lambda(architecture=chip, ephemeral_storage_mb=2048) for chip in ("x86_64", "arm64")),
    *(Ec2(instance_type=name) for name in facts.instance_types()),
    *(Lambda(architecture=chip, runtime="python3.13", streaming=True, tenants=2, durable_operations=1, durable_kb=1,
             **more) for chip in ("x86_64", "arm64") for more in ({"snapstart": True}, {"provisioned_concurrency": 1})),
    Functions(functions=(Lambda(),)),
    ManagedInstances(),
    *(DynamoDb(capacity_mode=mode, table_class=kind, point_in_time_recovery=True, backup_gb=1, restored_gb=1)
      for mode in ("on_demand", "provisioned") for kind in ("standard", "standard_ia")),
    DynamoDb(capacity_mode="provisioned", reserved_read_capacity=1, reserved_write_capacity=1),
    *(ApiGateway(cache_gb=size) for size in CACHE_SIZES_GB),
    ApiGateway(api_type="HTTP"),
    *(Dax(node_type=node) for node in facts.cache_nodes("dax")),
    *(ElastiCache(engine=engine, node_type=node) for engine in ENGINES for node in facts.cache_nodes("elasticache")),
    *(ElastiCache(engine=engine, serverless=True) for engine in ENGINES),
    Client(),
]
EVERY_COST = (CloudWatchLogs(), CloudWatchLogs(written_by="lambda"), NatGateway(), DataTransferOut())


@pytest.mark.parametrize("service", EVERYTHING, ids=lambda service: getattr(
    service, "instance_type", getattr(service, "architecture", "client")))
def test_everything_that_a_service_can_meter_has_a_price_in_us_east_1(service):
    behind = (DynamoDb(),) if service.stands_before else ()
    invoice = bill(play(arriving_at([0.0, 1.0]), service, *behind))
    assert invoice.lines or isinstance(service, Client)


def test_no_service_and_no_cost_is_missing_from_the_two_tests_around_this_one():
    assert {type(service) for service in EVERYTHING} == set(ALL.values())
    assert {type(cost) for cost in EVERY_COST} | {OwnLine, EventPollers} == set(COSTS.values())


def test_everything_that_an_added_cost_can_meter_has_a_price_in_us_east_1_and_seoul():
    for region in ("us-east-1", "ap-northeast-2"):
        invoice = bill(play(arriving_at([0.0]), Lambda(), costs=EVERY_COST, region=region))
        assert {line.sku.split(".")[0] for line in invoice.lines} >= {"cloudwatch_logs", "nat_gateway",
                                                                      "data_transfer"}


# --- discounts --------------------------------------------------------------------------------------------


def test_a_discount_takes_its_share_off_what_was_paid_and_off_nothing_else():
    """Of 1,400,000 GB-seconds 400,000 are free, so 12 % of 16.6667 dollars come off; nothing off requests."""
    discount = Discount("lambda.duration.", 0.12, "plan", "price-list")
    used = {"lambda.duration.x86_64": 1_400_000, "lambda.requests": 3_000_000}
    lines = lines_of(used, discounts=[discount])
    reduction, = (line for line in lines if line.tier == "discount")
    assert reduction.usd == pytest.approx(-0.12 * 16.6667)
    assert total(lines) == pytest.approx(0.88 * 16.6667 + 0.40)
    assert lines_of(used) == [line for line in lines if line is not reduction]


def test_a_discount_on_nothing_paid_makes_no_line():
    discount = Discount("lambda.", 0.5, "plan", "price-list")
    lines = lines_of({"lambda.duration.arm64": 1000}, discounts=[discount])
    assert [line.tier for line in lines] == ["free"]


@pytest.mark.parametrize("purchase", PURCHASES[1:])
def test_a_purchase_option_lowers_instance_hours_by_a_sourced_share_and_says_if_it_is_assumed(purchase):
    def line_of(**fields):
        return bill(play(arriving_at([0.0]), Ec2(instance_type="m5.large", **fields)))

    listed, bought = line_of(), line_of(purchase=purchase)
    known = facts.fact(f"ec2.discount.{purchase}")
    reduction, = (line for line in bought.lines if line.tier == "discount")
    assert reduction.usd == pytest.approx(-known.value * 2 * 730 * 0.096)
    assert bought.total_usd == pytest.approx(listed.total_usd + reduction.usd)
    assert reduction.source == known.source
    assert ("assumed" in reduction.item) == (known.kind == "assumed")
    mine = line_of(purchase=purchase, discount=0.1)
    assert mine.total_usd == pytest.approx(listed.total_usd - 0.1 * 2 * 730 * 0.096)
    reduction, = (line for line in mine.lines if line.tier == "discount")
    assert reduction.source == "your own figure" and "assumed" not in reduction.item


def test_a_compute_savings_plan_lowers_duration_but_not_requests():
    traffic = Traffic(arrivals=Constant(1.0), window_s=60, operations=(Operation(work_vcpu_s=0.0, io_s=1.0),))
    listed, planned = (bill(play(traffic, steady_function(savings_plan=plan)), free_tier=False)
                       for plan in ("none", "compute_1y_no_upfront"))
    assert planned.usd_of("lambda.duration.") == pytest.approx(0.88 * listed.usd_of("lambda.duration."))
    assert planned.usd_of("lambda.requests") == listed.usd_of("lambda.requests")


# --- a month ----------------------------------------------------------------------------------------------

LIGHT = Operation(work_vcpu_s=0.05, io_s=0.05)


def test_windows_that_fill_the_month_are_simply_as_many_as_fit():
    """2 requests a second for 730 hours are 5,256,000 requests of 0.1 s at 1,769 MB."""
    traffic = Traffic(arrivals=Constant(2.0), window_s=600, operations=(LIGHT,))
    used = month(play(traffic, steady_function()))
    assert used["lambda.requests"] == pytest.approx(5_256_000)
    assert used["lambda.duration.x86_64"] == pytest.approx(525_600 * ONE_VCPU / 1024)


def test_a_storm_of_two_hours_four_times_a_month_is_billed_four_times_and_the_quiet_rest_once():
    """Worked apart: 4 x 72,000 requests, and of the other 722 hours a sample of about 25,000 requests (500,000 s)."""
    traffic = Traffic(arrivals=Constant(10.0), window_s=7200, windows_per_month=4, quiet_rps=0.05,
                      operations=(LIGHT,))
    result = play(traffic, steady_function(), seed=7)
    sample = draw(traffic.quiet(500_000), 7).n
    assert abs(sample - 25_000) < 4 * math.sqrt(25_000)
    requests = 4 * 72_000 + sample * 722 * 3600 / 500_000
    assert requests == pytest.approx(4 * 72_000 + 0.05 * 722 * 3600, rel=0.01)
    used = month(result)
    assert used["lambda.requests"] == pytest.approx(requests)
    gb_seconds = requests * 0.1 * ONE_VCPU / 1024
    assert used["lambda.duration.x86_64"] == pytest.approx(gb_seconds)
    usd = requests * 0.2e-6 + gb_seconds * 16.6667e-6
    assert bill(result, free_tier=False).total_usd == pytest.approx(usd)
    all_month = play(Traffic(arrivals=Constant(10.0), window_s=7200, operations=(LIGHT,)), steady_function())
    assert month(all_month)["lambda.requests"] == pytest.approx(365 * 72_000)


def test_what_happens_at_a_time_of_the_window_does_not_happen_in_the_quiet_hours():
    """Four windows of an hour in which two servers become four from 600 s on: 4 x (2 + 2 x 5/6) h more than two
    servers all month need for the other 726 hours; and provisioned concurrency of ten minutes, four times."""
    traffic = Traffic(arrivals=Constant(1.0), window_s=3600, windows_per_month=4, quiet_rps=0.01, operations=(LIGHT,))
    fleet = Ec2(instance_type="m5.large", schedule=((600, 4),), max_instances=4)
    assert month(play(traffic, fleet))["ec2.instance.m5.large"] == pytest.approx(2 * 730 + 4 * 2 * 3000 / 3600)
    function = Lambda(memory_mb=1024, provisioned_schedule=((600, 10), (1200, 0)))
    assert month(play(traffic, function))["lambda.provisioned_concurrency.x86_64"] == pytest.approx(4 * 10 * 600)


def test_without_requests_between_the_windows_only_the_windows_count():
    traffic = Traffic(arrivals=Constant(10.0), window_s=7200, windows_per_month=4, operations=(LIGHT,))
    assert month(play(traffic, steady_function()))["lambda.requests"] == 4 * 72_000


def test_a_rest_of_the_month_shorter_than_the_sample_is_played_whole():
    traffic = Traffic(arrivals=Constant(0.1), window_s=3600, windows_per_month=729, quiet_rps=1.0,
                      operations=(LIGHT,))
    sample = draw(traffic.quiet(3600), 0).n
    assert month(play(traffic, steady_function()))["lambda.requests"] == pytest.approx(729 * 360 + sample)


@pytest.mark.parametrize("windows", [None, 4, 100])
def test_a_fleet_stands_all_month_however_many_windows_there_are(windows):
    """Two m5.large: 1,460 instance-hours, two 8 GB disks, 730 load-balancer hours, 4 addresses."""
    traffic = Traffic(arrivals=Constant(1.0), window_s=3600, windows_per_month=windows, operations=(LIGHT,))
    used = month(play(traffic, Ec2(instance_type="m5.large")))
    assert used["ec2.instance.m5.large"] == pytest.approx(1460)
    assert used["ec2.ebs.gp3"] == pytest.approx(16)
    assert used["alb.hours"] == pytest.approx(730)
    assert used["ec2.public_ipv4"] == pytest.approx(4 * 730)


def test_a_fleet_that_stops_after_its_window_is_not_billed_in_the_hours_between():
    """Thirty runs of one hour on two instances: 60 instance-hours, but disks and load balancer all month."""
    traffic = Traffic(arrivals=Constant(1.0), window_s=3600, windows_per_month=30, operations=(LIGHT,))
    used = month(play(traffic, Ec2(instance_type="m5.large", start_s=0, stop_s=3600)))
    assert used["ec2.instance.m5.large"] == pytest.approx(60)
    assert used["ec2.ebs.gp3"] == pytest.approx(16)
    assert used["alb.hours"] == pytest.approx(730)
    assert used["ec2.public_ipv4"] == pytest.approx(2 * 30 + 2 * 730)


def test_quantities_are_scaled_before_they_are_priced():
    """40,000 requests a day are 1.2 million a month, of which 0.2 million are paid; a day alone is free."""
    traffic = Traffic(arrivals=Constant(40_000 / 86_400), window_s=86_400, operations=(LIGHT,))
    invoice = bill(play(traffic, steady_function()))
    monthly = 40_000 * MONTH_S / 86_400
    assert invoice.usd_of("lambda.requests") == pytest.approx((monthly - 1e6) * 0.2e-6)


# --- what no request meets --------------------------------------------------------------------------------


def steady(requests_per_month, **operation):
    """Equally spaced requests, so many a month (a multiple of 720: the window is a 720th of a month)."""
    fields = {"work_vcpu_s": 0.0, "io_s": 0.001, **operation}
    return Traffic(arrivals=Constant(requests_per_month / MONTH_S), window_s=3650,
                   operations=(Operation(**fields),))


def test_logs_are_billed_beyond_five_gigabytes_taken_in_and_stored():
    """7,200,000 requests of 2 KB are 13.73 GB, 8.73 of them paid; three months of 15 % are 6.18 GB-months."""
    gb = 7_200_000 * 2 * 1024 / GB
    logs = CloudWatchLogs(kb_per_request=2, retention_months=3)
    invoice = bill(play(steady(7_200_000), steady_function(), costs=(logs,)))
    assert invoice.usd_of("cloudwatch_logs.ingestion") == pytest.approx((gb - 5) * 0.5)
    assert invoice.usd_of("cloudwatch_logs.storage") == pytest.approx((gb * 0.15 * 3 - 5) * 0.03)


def test_data_out_is_billed_beyond_a_hundred_gigabytes_and_by_what_leaves():
    """7,200,000 answers of 100,000 bytes are 670.6 GB; a cache that keeps three quarters leaves 167.6 GB."""
    traffic = steady(7_200_000, item_bytes=100_000)
    gb = 7_200_000 * 100_000 / GB
    for share in (1.0, 0.25, 0.1):
        invoice = bill(play(traffic, steady_function(), costs=(DataTransferOut(share=share),)))
        assert invoice.usd_of("data_transfer.out") == pytest.approx(max(0, share * gb - 100) * 0.09)


def test_nat_gateways_are_billed_by_the_hour_and_the_gigabyte():
    invoice = bill(play(steady(720_000), Ec2(), costs=(NatGateway(gateways=2, kb_per_request=100),)))
    gb = 720_000 * 100 * 1024 / GB
    assert invoice.usd_of("nat_gateway.") == pytest.approx(2 * 730 * 0.045 + gb * 0.045)


def test_own_lines_are_fixed_or_follow_the_served_requests():
    """Every second request is throttled and costs nothing."""
    traffic = arriving_at([0.0, 0.0], window_s=3600, io_s=1.0)
    function = steady_function(account_concurrency=1)
    costs = (OwnLine(name="database", usd_per_month=40), OwnLine(name="maps", usd_per_million_requests=500))
    lines = {line.item: line for line in bill(play(traffic, function, costs=costs)).lines}
    assert (lines["database"].quantity, lines["database"].usd) == (1, 40)
    assert lines["maps"].usd == pytest.approx(730 / 1e6 * 500)
    assert lines["maps"].source == lines["database"].source == "your own figure"


def test_an_own_line_follows_the_requests_of_the_quiet_hours_too():
    traffic = Traffic(arrivals=Constant(1.0), window_s=3600, windows_per_month=10, quiet_rps=0.1,
                      operations=(LIGHT,))
    result = play(traffic, steady_function(), costs=(OwnLine(name="maps", usd_per_million_requests=1e6),))
    quiet = draw(traffic.quiet(250_000), 0).n * 720 * 3600 / 250_000
    assert bill(result).usd_of("own") == pytest.approx(36_000 + quiet)


def test_what_is_not_modelled_is_listed_until_it_is_added():
    def missing(*costs, service=None):
        return set(bill(play(arriving_at([0.0]), service or Lambda(), costs=costs)).not_modelled)

    everything = missing()
    assert everything == set(Lambda.not_billed)
    assert everything - missing(CloudWatchLogs()) == {"CloudWatch Logs, unless added"}
    assert everything - missing(DataTransferOut(), CloudWatchLogs()) == {"CloudWatch Logs, unless added",
                                                                         "data transfer out, unless added"}
    people = "people who patch and watch the servers, unless added"
    assert people in missing(OwnLine(name="licence", usd_per_month=5), service=Ec2())
    assert people not in missing(OwnLine(name="on call", usd_per_month=5, covers_people=True), service=Ec2())


# --- the bill as a whole ----------------------------------------------------------------------------------


def test_a_bill_adds_up_by_line_by_service_and_by_sku():
    costs = (CloudWatchLogs(kb_per_request=50), OwnLine(name="people", usd_per_month=99))
    invoice = bill(simulate(Scenario((Client(), Ec2(purchase="spot")), steady(5_040_000), costs)))
    table = invoice.table()
    assert list(table) == ["service", "item", "quantity", "unit", "price_usd", "tier", "usd", "source"]
    assert table["usd"].sum() == pytest.approx(invoice.total_usd)
    assert sum(invoice.by_service().values()) == pytest.approx(invoice.total_usd)
    assert sum(invoice.usd_of(sku) for sku in ("ec2.", "alb.", "cloudwatch_logs.", "own")) == pytest.approx(
        invoice.total_usd)
    assert "AWS Lambda" not in invoice.by_service()


def test_two_services_of_a_kind_are_billed_together():
    """A function that calls a function: twice the requests, on one line."""
    function = steady_function()
    alone, nested = (bill(play(steady(2_160_000), *stack), free_tier=False)
                     for stack in ((function,), (function, function)))
    assert nested.usd_of("lambda.requests") == pytest.approx(2 * alone.usd_of("lambda.requests"))
    assert len([line for line in nested.lines if line.sku == "lambda.requests"]) == 1


def test_a_gigabyte_is_1024_megabytes():
    """AWS, Lambda pricing page: 1,536 MB for 120 ms a call and 3 million calls are 540,000 GB-seconds."""
    assert BYTES_PER_GB == GB
    used = Lambda(memory_mb=1536).quantities(3e6, 3e6 * 0.12)
    assert used["lambda.duration.x86_64"] == pytest.approx(540_000)
