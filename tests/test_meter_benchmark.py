"""The benchmark of the meter runs to its end; how fast it is depends on the machine."""

import pytest

from tests.benchmarks.meter import item_of_20_attributes, measure


def test_the_item_that_is_weighed_has_20_attributes_of_its_own():
    one, other = item_of_20_attributes(1), item_of_20_attributes(2)
    assert len(one) == len(other) == 20
    assert sum(one[name] != other[name] for name in one) == 14


@pytest.mark.slow
def test_the_quick_benchmark_measures_sizes_and_five_calls():
    rows = measure(quick=True)
    assert [list(row) for row in rows] == [["what", "ours", "rival", "ratio", "goal", "met"]] * 6
    assert all(row["ours"] > 0 for row in rows) and all(row["rival"] > 0 for row in rows[1:])
    for call in ("put_item", "get_item", "update_item", "query", "transact_write_items"):
        assert any(call in row["what"] for row in rows)
