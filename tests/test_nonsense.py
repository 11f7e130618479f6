"""What a hurried user may type is answered in one sentence that says what is wrong and what to write."""

import pytest

from simlib import (
    Dax,
    DynamoDb,
    GlobalIndex,
    Lambda,
    Operation,
    ParamError,
    Poisson,
    Scenario,
    Traffic,
    bill,
    compare,
    simulate,
    sweep,
)
from simlib.compare import side_by_side, where_it_pays

TRAFFIC = Traffic(arrivals=Poisson(1.0), window_s=10.0)
FUNCTION, TABLE = (Scenario((service,), TRAFFIC) for service in (Lambda(), DynamoDb()))


@pytest.mark.parametrize(("attempt", "words"), [
    (lambda: simulate("ticket_storm"), "plays a Scenario"),
    (lambda: bill(3), "what simulate returns"),
    (lambda: compare(FUNCTION, FUNCTION, seeds=3), r"seeds is 3, .* range\(8\)"),
    (lambda: sweep(FUNCTION, seeds=3), r"seeds is 3, .* range\(8\)"),
    (lambda: sweep(FUNCTION, seeds=()), "one value or more"),
    (lambda: DynamoDb(wcu=5), "DynamoDb has no field 'wcu'; allowed are"),
    (lambda: Lambda(memory=512), "Lambda has no field 'memory'; did you mean memory_mb"),
    (lambda: Operation(items_bytes=5), "did you mean item_bytes"),
    (lambda: side_by_side("seats"), "is not a Scenario"),
    (lambda: side_by_side(TABLE, [Dax()]), "not a mapping of names to caches"),
    (lambda: where_it_pays(TABLE, 1.0, (4,)), "exponents is 1.0"),
    (lambda: where_it_pays("seats", (1.0,), (4,)), "is not a Scenario"),
])
def test_it_is_refused_in_a_sentence(attempt, words):
    with pytest.raises(ParamError, match=words) as refused:
        attempt()
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", ["", None, 3])
def test_an_index_needs_a_name(name):
    with pytest.raises(ParamError, match="GlobalIndex.name is .* must be a text"):
        GlobalIndex(name)
