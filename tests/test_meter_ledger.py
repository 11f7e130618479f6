"""What units cost: AWS's prices by date and Region, both capacity modes, Infracost's sums."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tables import INDEXES, item, laboratory, make, of_key, padded, shared_client

from simlib import meter
from simlib.meter.consumed import Consumption
from simlib.pricing import PriceError, price_book


def ledger_of(writes=0.0, reads=0.0, **prices):
    ledger = meter.Ledger(**prices)
    for units, is_read in ((writes, False), (reads, True)):
        if units:
            ledger.record("Any", [Consumption("t", is_read, units)])
    return ledger


def test_three_million_writes_and_eight_million_reads_cost_1_88_and_1_00_dollars():
    """Infracost, dynamodb_table_test (2024-11-15): 3 M write request units 1.88 USD, 8 M read request units 1.00."""
    assert round(ledger_of(writes=3e6).on_demand_usd, 2) == 1.88
    assert round(ledger_of(reads=8e6).on_demand_usd, 2) == 1.00


@pytest.mark.parametrize(
    ("prices", "write_usd", "read_usd"),
    [
        ({"date": "2024-10-31"}, 1.25, 0.25),
        ({"date": "2024-11-01"}, 0.625, 0.125),
        ({"date": "2024-11-01", "table_class": "STANDARD_INFREQUENT_ACCESS"}, 0.78, 0.155),
        ({"date": "2024-11-01", "region": "ap-northeast-2"}, 0.68, 0.1355),
    ],
)
def test_a_million_request_units_cost_what_the_price_list_says(prices, write_usd, read_usd):
    """DynamoDB pricing, N. Virginia and Seoul; request units were halved on 2024-11-01."""
    assert ledger_of(writes=1e6, **prices).on_demand_usd == pytest.approx(write_usd)
    assert ledger_of(reads=1e6, **prices).on_demand_usd == pytest.approx(read_usd)


def test_one_provisioned_unit_busy_for_an_hour_is_worth_its_price():
    """DynamoDB pricing, N. Virginia: 0.00065 USD for a WCU-hour and 0.00013 for an RCU-hour; 3,600 units are one."""
    assert ledger_of(writes=3600.0).provisioned_usd == pytest.approx(0.00065)
    assert ledger_of(reads=3600.0).provisioned_usd == pytest.approx(0.00013)
    (line,) = ledger_of(writes=5400.0)
    assert line.provisioned_hours == 1.5


def test_on_demand_costs_three_and_a_half_times_fully_used_provisioned_capacity():
    """0.625 USD a million against 0.00065 / 3,600 each: 3.46, so provisioned pays off above 29 % utilisation."""
    ledger = ledger_of(writes=1e6)
    assert ledger.on_demand_usd / ledger.provisioned_usd == pytest.approx(0.625e-6 / (0.00065 / 3600))


def test_prices_come_from_the_client_s_region_unless_told(monkeypatch):
    with laboratory() as lab:
        make(lab.client)
        with (
            meter.watch(lab.client, region="ap-northeast-2", date="2025-01-01") as seoul,
            meter.watch(lab.client, date="2024-01-01") as old,
            meter.watch(lab.client, table_class="STANDARD_INFREQUENT_ACCESS") as rare,
        ):
            lab.client.put_item(TableName="t", Item=padded(3000, pk="a"))
        here = lab.ledger
    assert {line.region for line in here} == {"us-east-1"}
    book = price_book("ap-northeast-2", "2025-01-01")
    assert seoul.on_demand_usd == pytest.approx(3 * book.usd("dynamodb.write_request.standard"))
    assert old.on_demand_usd == pytest.approx(2 * here.on_demand_usd)
    assert rare.on_demand_usd > here.on_demand_usd


def test_a_class_that_does_not_exist_is_refused_and_a_price_that_is_not_known_says_so():
    with pytest.raises(meter.MeterError, match="no table class 'GLACIER'"):
        with meter.watch(shared_client(), table_class="GLACIER"):
            pass
    with pytest.raises(PriceError):
        _ = ledger_of(writes=1.0, region="mars-north-1").on_demand_usd
    assert ledger_of(writes=1.0, region="mars-north-1").write_units == 1.0


def test_the_ledger_reads_like_a_list_and_as_a_table():
    with laboratory() as lab:
        make(lab.client, by_g=("g", "ALL"))
        lab.client.put_item(TableName="t", Item=item(pk="a", g="g"))
        lab.client.query(TableName="t", IndexName="by_g", **of_key("g", "g"), **INDEXES)
        ledger = lab.ledger
    assert len(ledger) == len(list(ledger)) == 3 and ledger[0].operation == "PutItem" and ledger.calls == 2
    assert repr(ledger) == "<Ledger of 2 calls: 0.5 read units, 2 write units>"
    table = ledger.table()
    assert list(table["index"].fillna("")) == ["", "by_g", "by_g"]
    assert table["write_units"].sum() == 2 and table["read_units"].sum() == 0.5
    assert table["on_demand_usd"].sum() == pytest.approx(ledger.on_demand_usd)
    assert table["provisioned_usd"].sum() == pytest.approx(ledger.provisioned_usd)


@given(st.lists(st.tuples(st.integers(1, 400), st.booleans()), max_size=20))
def test_sums_are_the_sums_of_the_lines(calls):
    ledger = meter.Ledger()
    for units, reads in calls:
        ledger.record("Any", [Consumption("t", reads, units / 2)])
    assert ledger.calls == len(ledger) == len(calls)
    assert ledger.read_units == sum(units / 2 for units, reads in calls if reads)
    assert ledger.write_units == sum(units / 2 for units, reads in calls if not reads)
    assert ledger.on_demand_usd == pytest.approx(sum(line.on_demand_usd for line in ledger))
    assert 0 <= ledger.provisioned_usd <= ledger.on_demand_usd or not calls
