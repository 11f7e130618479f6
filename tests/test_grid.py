"""Scenarios made from one by varying its fields, against scenarios written out by hand."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simlib import (
    Client,
    CloudWatchLogs,
    Constant,
    Ec2,
    FactError,
    Functions,
    Lambda,
    Operation,
    ParamError,
    Poisson,
    Scenario,
    Traffic,
    vary,
)
from simlib.compare.grid import grid_of

TRAFFIC = Traffic(arrivals=Poisson(2.0), window_s=60, operations=(Operation(), Operation(name="write")))
BASE = Scenario((Client(), Lambda()), TRAFFIC, (CloudWatchLogs(),), name="base")


def with_traffic(**fields):
    fields = {"arrivals": TRAFFIC.arrivals, "operations": TRAFFIC.operations, **fields}
    return Scenario(BASE.stack, Traffic(window_s=60, **fields), BASE.costs)


def unnamed(scenario):
    return Scenario(scenario.stack, scenario.traffic, scenario.costs, scenario.region, scenario.date)


def test_every_combination_is_there_once_the_last_field_changing_fastest():
    grid = vary(BASE, {"Lambda.memory_mb": [128, 512], "traffic.arrivals.rate_rps": [1, 10, 100]})
    written_out = {
        f"base: memory_mb={memory_mb}, rate_rps={rate_rps}": Scenario(
            (Client(), Lambda(memory_mb=memory_mb)),
            Traffic(arrivals=Poisson(rate_rps), window_s=60, operations=TRAFFIC.operations),
            (CloudWatchLogs(),), name=f"base: memory_mb={memory_mb}, rate_rps={rate_rps}")
        for memory_mb, rate_rps in [(128, 1), (128, 10), (128, 100), (512, 1), (512, 10), (512, 100)]}
    assert list(grid.items()) == list(written_out.items())
    assert grid.varied["base: memory_mb=512, rate_rps=1"] == {"Lambda.memory_mb": 512, "traffic.arrivals.rate_rps": 1}


@pytest.mark.parametrize("path, value, expected", [
    ("Client.max_attempts", 1, Scenario((Client(max_attempts=1), Lambda()), TRAFFIC, BASE.costs)),
    ("CloudWatchLogs.kb_per_request", 2, Scenario(BASE.stack, TRAFFIC, (CloudWatchLogs(kb_per_request=2),))),
    ("Lambda", Ec2(), Scenario((Client(), Ec2()), TRAFFIC, BASE.costs)),
    ("stack", (Ec2(),), Scenario((Ec2(),), TRAFFIC, BASE.costs)),
    ("stack[1].timeout_s", 5, Scenario((Client(), Lambda(timeout_s=5)), TRAFFIC, BASE.costs)),
    ("costs", (), Scenario(BASE.stack, TRAFFIC)),
    ("region", "ap-northeast-2", Scenario(BASE.stack, TRAFFIC, BASE.costs, "ap-northeast-2")),
    ("date", "2025-01-01", Scenario(BASE.stack, TRAFFIC, BASE.costs, date="2025-01-01")),
    ("traffic", Traffic(), Scenario(BASE.stack, Traffic(), BASE.costs)),
    ("traffic.arrivals", Constant(3), with_traffic(arrivals=Constant(3))),
    ("traffic.operations[1].io_s", 0.5, with_traffic(operations=(Operation(), Operation(name="write", io_s=0.5)))),
], ids=lambda value: value if isinstance(value, str) else None)
def test_a_path_leads_to_services_costs_traffic_and_fields_of_the_scenario(path, value, expected):
    (name, scenario), = vary(BASE, {path: [value]}).items()
    assert unnamed(scenario) == expected
    assert scenario.name == name and name.startswith(f"base: {path.rsplit('.', 1)[-1]}=")


def test_one_of_two_services_of_a_kind_is_told_by_its_number():
    chain = Scenario((Client(), Lambda(), Lambda()), TRAFFIC)
    (scenario,) = vary(chain, {"Lambda[1].memory_mb": [256]}).values()
    assert scenario.stack == (Client(), Lambda(), Lambda(memory_mb=256))
    with pytest.raises(ParamError, match=r"2 times Lambda; write Lambda\[0\], Lambda\[1\]\."):
        vary(chain, {"Lambda.memory_mb": [256]})


def test_a_function_within_functions_can_be_varied():
    (scenario,) = vary(Scenario((Functions(),), TRAFFIC), {"Functions.functions[1].memory_mb": [256]}).values()
    assert scenario.stack == (Functions((Lambda(), Lambda(memory_mb=256))),)


@pytest.mark.parametrize("turned", [False, True])
def test_fields_that_fit_only_together_change_at_once(turned):
    """950 of 1,000 cannot be reserved, and 950 of 2,000 can, whichever of the two fields is named first."""
    fields = {"Lambda.reserved_concurrency": [950], "Lambda.account_concurrency": [2000]}
    fields = dict(reversed(fields.items())) if turned else fields
    (scenario,) = vary(BASE, fields).values()
    assert scenario.stack[1] == Lambda(reserved_concurrency=950, account_concurrency=2000)


def test_a_part_replaced_whole_may_be_varied_further():
    (scenario,) = vary(BASE, {"traffic.arrivals": [Constant(1)], "traffic.arrivals.rate_rps": [7]}).values()
    assert scenario.traffic.arrivals == Constant(7)


def test_paths_that_end_alike_are_named_whole():
    assert list(vary(BASE, {"Client.timeout_s": [9], "Lambda.timeout_s": [3], "Lambda.memory_mb": [256]})) == [
        "base: Client.timeout_s=9, Lambda.timeout_s=3, memory_mb=256"]


def test_long_values_that_look_alike_are_numbered():
    stacks = [(Client(), Lambda(savings_plan=plan)) for plan in ("none", "compute_1y_no_upfront")]
    grid = vary(BASE, {"stack": stacks})
    assert [scenario.stack for scenario in grid.values()] == stacks
    assert [name[-3:] for name in grid] == [" #1", " #2"]


def test_a_base_without_a_name_goes_by_its_services():
    assert list(vary(unnamed(BASE), {"Lambda.memory_mb": [256]})) == ["Lambda: memory_mb=256"]


values = st.lists(st.integers(128, 10240), min_size=1, max_size=4, unique=True)


@given(values, st.lists(st.floats(0.001, 1e3), min_size=1, max_size=4, unique=True),
       st.lists(st.integers(512, 10240), min_size=1, max_size=4, unique=True))
def test_the_grid_is_the_product_of_its_values(memories_mb, rates_rps, storages_mb):
    grid = vary(BASE, {"Lambda.memory_mb": memories_mb, "traffic.arrivals.rate_rps": rates_rps,
                       "Lambda.ephemeral_storage_mb": storages_mb})
    found = [(scenario.stack[1].memory_mb, scenario.traffic.arrivals.rate_rps, scenario.stack[1].ephemeral_storage_mb)
             for scenario in grid.values()]
    assert found == list(itertools.product(memories_mb, rates_rps, storages_mb))
    assert found == [tuple(grid.varied[name].values()) for name in grid]


@pytest.mark.parametrize("fields, words", [
    ({"Lambda.memory_gb": [1]}, "Lambda has no field 'memory_gb'; did you mean memory_mb?"),
    ({"Lamda.memory_mb": [128]}, "Lamda.memory_mb: the scenario has no Lamda; did you mean Lambda?"),
    ({"Ec2.instances": [2]}, "no Ec2; allowed are Client, Lambda, CloudWatchLogs, stack, traffic,"),
    ({"name": ["x"]}, "no name; allowed are"),
    ({"traffic.arrivals.rate": [1]}, "Poisson has no field 'rate'; did you mean rate_rps?"),
    ({"traffic.operations[2].io_s": [1]}, "no member 2 among 2; write a number from 0 to 1 in brackets."),
    ({"traffic.operations.io_s": [1]}, "no member 'io_s' among 2;"),
    ({"Lambda.memory_mb.more": [1]}, "int has no field 'more'; end the path before it."),
    ({"Lambda[0]memory_mb ": [1]}, "cannot be read"),
    ({".Lambda": [1]}, "cannot be read"),
    ({3: [1]}, "The path 3 cannot be read"),
    ({"Lambda.memory_mb": [128, 64]}, "base: memory_mb=64: Lambda.memory_mb is 64, but it must be between 128 and"),
    ({"Lambda.memory_mb": [128, 128]}, "The value 128 of Lambda.memory_mb is there twice; give each value once."),
    ({"Lambda.memory_mb": []}, "no values for Lambda.memory_mb"),
    ({"Lambda.memory_mb": "128"}, "The values of Lambda.memory_mb are '128', but they must be a list"),
    ({"Lambda.memory_mb": 128}, "must be a list"),
    ({}, "The fields to vary are {}"),
    (["Lambda.memory_mb"], "The fields to vary are ['Lambda.memory_mb']"),
])
def test_what_cannot_be_varied_is_told_in_one_sentence(fields, words):
    with pytest.raises(ParamError) as caught:
        vary(BASE, fields)
    assert words in str(caught.value) and "\n" not in str(caught.value)
    assert str(caught.value)[-1] in ".?"


def test_a_region_and_a_date_that_the_data_does_not_know_are_refused():
    for fields in ({"region": ["us-east-9"]}, {"date": ["tomorrow"]}):
        with pytest.raises(FactError):
            vary(BASE, fields)


# --- grids put together -----------------------------------------------------------------------------------


def test_two_grids_become_one_and_keep_what_was_varied():
    fleet = Scenario((Client(), Ec2()), TRAFFIC, name="fleet")
    functions, fleets = vary(BASE, {"Lambda.memory_mb": [128]}), vary(fleet, {"Ec2.instances": [2, 3]})
    both = functions | fleets | {"as it is": BASE}
    assert list(both) == ["base: memory_mb=128", "fleet: instances=2", "fleet: instances=3", "as it is"]
    assert list(both.varied.values()) == [{"Lambda.memory_mb": 128}, {"Ec2.instances": 2}, {"Ec2.instances": 3}, {}]
    with pytest.raises(ParamError, match="Both grids have a scenario named 'base: memory_mb=128'"):
        functions | functions


def test_scenarios_go_by_their_names_or_else_by_their_services():
    fleet = Scenario((Client(), Ec2()), TRAFFIC)
    assert dict(grid_of([BASE, fleet])) == {"base": BASE, "Ec2": fleet}
    assert dict(grid_of(iter([BASE]))) == dict(grid_of(BASE)) == {"base": BASE}
    assert dict(grid_of({"mine": BASE})) == {"mine": BASE}


@pytest.mark.parametrize("grid, words", [
    ([BASE, BASE], "two scenarios named 'base'"),
    ([], "The grid is empty"),
    ({}, "The grid is empty"),
    (7, "The grid is 7"),
    ([BASE, 7], "The grid has 7 under the name"),
    ({"a": None}, "The grid has None under the name 'a'"),
    ({1: BASE}, "under the name 1, but it may hold scenarios under texts only"),
])
def test_what_is_no_grid_is_told_in_one_sentence(grid, words):
    with pytest.raises(ParamError) as caught:
        grid_of(grid)
    assert words in str(caught.value) and "\n" not in str(caught.value)
