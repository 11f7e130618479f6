"""Query and Scan: what a page reads, where it ends, and what filters and projections do not make cheaper."""

import pytest
from boto3.dynamodb.types import Binary
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st
from tables import INDEXES, item, laboratory, make, of_key, padded, parts, total

KB = 1024
MB = 1024 * 1024


@pytest.fixture
def client():
    with laboratory() as lab:
        yield lab.client


def fill(client, sizes, name="t", **more):
    """Items a/0000, a/0001 and so on of the given sizes."""
    for number, size in enumerate(sizes):
        client.put_item(TableName=name, Item=padded(size, pk="a", sk=f"{number:04}", **more))


def units(size_bytes):
    """Eventually consistent units of a page."""
    return max(1, -(-size_bytes // 4096)) / 2


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"Select": "COUNT"},
        {"ProjectionExpression": "pk"},
        {"AttributesToGet": ["pk"]},
        {"FilterExpression": "attribute_exists(nowhere)"},
        {"FilterExpression": "attribute_exists(nowhere)", "Select": "COUNT"},
    ],
)
def test_filters_projections_and_counts_cost_what_was_read(client, asked):
    """Developer Guide, Query: the same units whether all, some or none of the attributes are asked for."""
    make(client, keys="pk sk")
    fill(client, [3000, 3000, 3000])
    for call, which in ((client.query, of_key()), (client.scan, {})):
        if "AttributesToGet" in asked and which:
            which = {"KeyConditions": {"pk": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "a"}]}}}
        for consistent, factor in ((True, 2), (False, 1)):
            found = call(TableName="t", ConsistentRead=consistent, **which, **asked, **INDEXES)
            assert parts(found) == (1.5 * factor, 1.5 * factor, {}, {})
            assert found["ScannedCount"] == 3
            assert found["Count"] == (0 if "FilterExpression" in asked else 3)


def test_an_empty_result_costs_the_least(client):
    make(client, keys="pk sk", near=("pk r", "ALL"), far=("r", "ALL"))
    for more in ({}, {"IndexName": "near"}):
        for call, which in ((client.query, of_key()), (client.scan, {})):
            assert total(call(TableName="t", **which, **more, **INDEXES)) == 0.5
            assert total(call(TableName="t", ConsistentRead=True, **which, **more, **INDEXES)) == 1
    assert parts(client.query(TableName="t", IndexName="far", **of_key("r"), **INDEXES)) == (0.5, 0, {"far": 0.5}, {})
    assert parts(client.scan(TableName="t", IndexName="far", **INDEXES)) == (0.5, 0, {"far": 0.5}, {})


def test_a_page_is_rounded_once_and_pages_of_the_same_items_each(client):
    make(client, keys="pk sk")
    fill(client, [1000] * 8)
    assert total(client.query(TableName="t", **of_key(), **INDEXES)) == 1.0
    pages = client.get_paginator("query").paginate(
        TableName="t", **of_key(), **INDEXES, PaginationConfig={"PageSize": 1}
    )
    assert [total(page) for page in pages if page["Items"]] == [0.5] * 8


@pytest.mark.parametrize("forward", [True, False])
@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
def test_limit_start_key_and_direction_choose_what_is_read(client, forward, limit):
    """Eight items of 1, 2, 3, ... KB; the sums are added up here."""
    make(client, keys="pk sk")
    sizes = [KB * (number + 1) for number in range(8)]
    fill(client, sizes)
    order = sizes if forward else sizes[::-1]
    start, read = {}, 0
    while True:
        found = client.query(TableName="t", **of_key(), Limit=limit, ScanIndexForward=forward, **start, **INDEXES)
        page = order[read : read + limit]
        assert total(found) == units(sum(page))
        assert found["ScannedCount"] == len(page)
        read += len(page)
        if "LastEvaluatedKey" not in found:
            break
        start = {"ExclusiveStartKey": found["LastEvaluatedKey"]}
    assert read == 8


@pytest.mark.parametrize(
    ("condition", "matched"),
    [("sk = :r", 1), ("sk < :r", 3), ("sk <= :r", 4), ("sk > :r", 4), ("sk >= :r", 5), ("begins_with(sk, :b)", 8)],
)
def test_only_what_the_key_condition_matches_is_read(client, condition, matched):
    make(client, keys="pk sk")
    fill(client, [5000] * 8)
    client.put_item(TableName="t", Item=padded(90_000, pk="b", sk="0003"))
    values = item(**{":p": "a", ":r": "0003", ":b": "000"})
    used = {name: value for name, value in values.items() if name in (":p", condition.split()[-1].rstrip(")"))}
    found = client.query(
        TableName="t", KeyConditionExpression=f"pk = :p AND {condition}", ExpressionAttributeValues=used, **INDEXES
    )
    assert found["Count"] == matched and total(found) == units(5000 * matched)
    between = {":p": {"S": "a"}, ":r": {"S": "0003"}, ":b": {"S": "0005"}}
    found = client.query(
        TableName="t",
        KeyConditionExpression="pk = :p AND sk BETWEEN :r AND :b",
        ExpressionAttributeValues=between,
        **INDEXES,
    )
    assert found["Count"] == 3 and total(found) == units(15_000)


@pytest.mark.parametrize("index", [{}, {"IndexName": "near"}, {"IndexName": "far"}])
def test_a_page_that_ends_at_its_limit_has_a_key_to_go_on_with_even_if_nothing_follows(client, index):
    """DynamoDB does not look ahead (as DynamoDB Local, too): the next page is empty, and costs the least."""
    make(client, keys="pk sk", near=("pk l", "ALL"), far=("g", "ALL"))
    for number in range(4):
        client.put_item(TableName="t", Item=item(pk="a", sk=str(number), l="l", g="a"))
    which = of_key("g" if index.get("IndexName") == "far" else "pk")
    for call, more in ((client.query, which), (client.scan, {})):
        last = call(TableName="t", Limit=4, **more, **index, **INDEXES)
        wanted = {"pk", "sk"} | {"near": {"l"}, "far": {"g"}}.get(index.get("IndexName"), set())
        assert last["Count"] == 4 and last["LastEvaluatedKey"].keys() == wanted
        start = {"ExclusiveStartKey": last["LastEvaluatedKey"]}
        after = call(TableName="t", Limit=4, **more, **index, **start, **INDEXES)
        assert after["Count"] == 0 and "LastEvaluatedKey" not in after and total(after) == 0.5
        assert "LastEvaluatedKey" not in call(TableName="t", Limit=5, **more, **index)


# --- 1 MB -------------------------------------------------------------------------------------------------


def test_a_page_ends_with_the_item_that_reaches_1_mb_and_a_full_scan_page_costs_128_and_a_half_units(client):
    """128.5 units are what full pages of a Scan cost on AWS: 1 MB is 128, and the item that goes beyond is read."""
    make(client, keys="pk sk")
    fill(client, [3000] * 400)
    read = -(-MB // 3000)
    for call, which in ((client.query, of_key()), (client.scan, {})):
        first = call(TableName="t", **which, **INDEXES)
        assert first["Count"] == read == 350 and total(first) == units(3000 * read) == 128.5
        start = first["LastEvaluatedKey"]
        assert start == item(pk="a", sk="0349")
        second = call(TableName="t", ExclusiveStartKey=start, **which, **INDEXES)
        assert second["Count"] == 50 and total(second) == units(150_000) and "LastEvaluatedKey" not in second


@pytest.mark.parametrize("last", [MB - 1000 * KB - 1, MB - 1000 * KB, MB - 1000 * KB + 1])
def test_a_page_of_exactly_1_mb_is_full(client, last):
    """Five items of 200 KB and one that ends just before, at or beyond 1 MB; two of 1 KB follow."""
    make(client, keys="pk sk")
    fill(client, [200 * KB] * 5 + [last, KB, KB])
    found = client.query(TableName="t", **of_key(), **INDEXES)
    below = 1000 * KB + last < MB
    assert found["Count"] == 6 + below and total(found) == units(1000 * KB + last + below * KB)
    rest = client.query(TableName="t", **of_key(), **INDEXES, ExclusiveStartKey=found["LastEvaluatedKey"])
    assert rest["Count"] == 2 - below and "LastEvaluatedKey" not in rest


def test_a_filter_leaves_the_page_where_it_ends_and_may_leave_it_empty(client):
    make(client, keys="pk sk")
    fill(client, [100_000] * 15)
    client.put_item(TableName="t", Item=item(pk="a", sk="9999", wanted="yes"))
    wanted = {"FilterExpression": "attribute_exists(wanted)"}
    first = client.scan(TableName="t", **wanted, **INDEXES)
    assert first["Items"] == [] and first["ScannedCount"] == 11 and "LastEvaluatedKey" in first
    assert total(first) == units(1_100_000)
    pages = list(client.get_paginator("scan").paginate(TableName="t", **wanted, **INDEXES))
    assert [page["Count"] for page in pages] == [0, 1]
    assert [total(page) for page in pages] == [units(1_100_000), units(400_000 + 16)]


def test_pages_of_an_index_end_at_1_mb_of_its_own_entries(client):
    """Entries of 40 bytes of items of 50 KB: one page of the index, five of the table."""
    make(client, keys="pk sk", by_g=("g", "KEYS_ONLY"))
    fill(client, [50_000] * 100, g="g")
    entry = len("pk" + "a" + "sk" + "0000" + "g" + "g")
    found = client.query(TableName="t", IndexName="by_g", **of_key("g", "g"), **INDEXES)
    assert found["Count"] == 100 and parts(found) == (units(100 * entry), 0, {"by_g": units(100 * entry)}, {})
    assert len(list(client.get_paginator("query").paginate(TableName="t", **of_key()))) == 5


def test_fetched_items_count_into_the_1_mb_of_a_page(client):
    """Developer Guide, local indexes: fetched items add their size rounded to 4 KB; 256 KB pages of 40 items."""
    make(client, keys="pk sk", near=("pk sk", "KEYS_ONLY"))
    fill(client, [25_000] * 60)
    asked = {"TableName": "t", "IndexName": "near", **of_key(), **INDEXES}
    narrow = client.query(**asked)
    assert narrow["Count"] == 60 and total(narrow) == 0.5
    first = client.query(Select="ALL_ATTRIBUTES", **asked)
    assert first["Count"] == 37 and "LastEvaluatedKey" in first
    assert parts(first) == (0.5 + 37 * 3.5, 37 * 3.5, {}, {"near": 0.5})


# --- indexes ----------------------------------------------------------------------------------------------


def test_an_index_is_read_by_its_entries(client):
    make(client, keys="pk sk", keys_only=("g", "KEYS_ONLY"), some=("g", ["mid"]), whole=("g", "ALL"))
    for number in range(3):
        new = item(pk="a", sk=str(number), g="g", mid="m" * 3000, big="b" * 9000)
        client.put_item(TableName="t", Item=new)
    client.put_item(TableName="t", Item=item(pk="a", sk="x", big="b" * 90_000))
    for name, held, expected in (
        ("keys_only", {"pk", "sk", "g"}, 0.5),
        ("some", {"pk", "sk", "g", "mid"}, 1.5),
        ("whole", {"pk", "sk", "g", "mid", "big"}, 4.5),
    ):
        for call, which in ((client.query, of_key("g", "g")), (client.scan, {})):
            found = call(TableName="t", IndexName=name, **which, **INDEXES)
            assert parts(found) == (expected, 0, {name: expected}, {})
            assert found["Count"] == 3 and all(each.keys() == held for each in found["Items"])
            counted = call(TableName="t", IndexName=name, Select="COUNT", **which, **INDEXES)
            assert parts(counted) == parts(found)


def test_a_global_index_is_never_read_consistently_and_fetches_nothing(client):
    """API reference, Query: ConsistentRead and unprojected attributes on a global index are refused."""
    make(client, keys="pk sk", far=("g", "KEYS_ONLY"))
    client.put_item(TableName="t", Item=item(pk="a", sk="1", g="g", rest="r"))
    asked = {"TableName": "t", "IndexName": "far", **of_key("g", "g")}
    for refused in (
        {"ConsistentRead": True},
        {"Select": "ALL_ATTRIBUTES"},
        {"ProjectionExpression": "rest"},
    ):
        with pytest.raises(ClientError) as caught:
            client.query(**asked, **refused)
        assert caught.value.response["Error"]["Code"] == "ValidationException"


@pytest.mark.parametrize(
    ("asked", "fetches", "held"),
    [
        ({}, False, {"pk", "sk", "l", "mid"}),
        ({"Select": "ALL_PROJECTED_ATTRIBUTES"}, False, {"pk", "sk", "l", "mid"}),
        ({"Select": "ALL_ATTRIBUTES"}, True, {"pk", "sk", "l", "mid", "big"}),
        ({"ProjectionExpression": "pk, mid"}, False, {"pk", "mid"}),
        ({"ProjectionExpression": "pk,big"}, True, {"pk", "big"}),
        ({"ProjectionExpression": "#b", "ExpressionAttributeNames": {"#b": "big"}}, True, {"big"}),
        ({"AttributesToGet": ["mid", "big"]}, True, {"mid", "big"}),
        ({"Select": "COUNT"}, False, None),
        ({"FilterExpression": "attribute_exists(mid)"}, False, {"pk", "sk", "l", "mid"}),
    ],
)
def test_a_local_index_fetches_what_it_does_not_hold(client, asked, fetches, held):
    """Four items of about 6 KB, each fetched at 8 KB; the index reads 4 entries of about 40 bytes."""
    make(client, keys="pk sk", near=("pk l", ["mid"]))
    for number in range(4):
        new = item(pk="a", sk=str(number), l=str(number), mid="m" * 20, big="b" * 6000)
        client.put_item(TableName="t", Item=new)
    client.put_item(TableName="t", Item=item(pk="a", sk="not in the index", big="b" * 6000))
    for consistent, factor in ((True, 2), (False, 1)):
        which = {
            "KeyConditionExpression": "pk = :value",
            "ExpressionAttributeValues": item(**{":value": "a"}),
        }
        if "AttributesToGet" in asked:
            which = {"KeyConditions": {"pk": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "a"}]}}}
        for call in (client.query, client.scan):
            if call == client.scan:
                which = {}
            found = call(TableName="t", IndexName="near", ConsistentRead=consistent, **which, **asked, **INDEXES)
            table = 4 * factor if fetches else 0
            assert parts(found) == (table + factor / 2, table, {}, {"near": factor / 2})
            assert found["Count"] == found["ScannedCount"] == 4
            assert held is None or all(each.keys() == held for each in found["Items"])
            assert held is not None or "Items" not in found


def test_a_fetch_brings_back_binary_values_and_filters_what_it_fetched(client):
    make(client, keys="pk sk", near=("pk l", "KEYS_ONLY"), types={"l": "B"})
    for number in range(3):
        new = item(pk="a", sk=str(number), l=bytes([number]), blob=b"\xff" * 5, tags={"BS": [b"\x00", b"\x01"]})
        client.put_item(TableName="t", Item=new)
    found = client.query(
        TableName="t",
        IndexName="near",
        Select="ALL_ATTRIBUTES",
        KeyConditionExpression="pk = :p AND l > :low",
        FilterExpression="sk <> :two",
        ExpressionAttributeValues={":p": {"S": "a"}, ":low": {"B": b"\x00"}, ":two": {"S": "2"}},
        **INDEXES,
    )
    assert found["ScannedCount"] == 2 and found["Count"] == 1
    assert found["Items"] == [
        item(pk="a", sk="1", l=b"\x01", blob=b"\xff" * 5, tags={"BS": found["Items"][0]["tags"]["BS"]})
    ]
    assert set(found["Items"][0]["tags"]["BS"]) == {b"\x00", b"\x01"}
    assert parts(found) == (1.5, 1, {}, {"near": 0.5})


def test_indexes_with_two_keys_of_any_type_are_paged_through(client):
    make(client, keys="pk", types={"h": "N", "r": "B"}, two=("h r", ["p"]))
    for number in range(7):
        new = item(pk=str(number), h=5, r=bytes([number // 2]), p="p" * 2000, rest="r" * 9000)
        client.put_item(TableName="t", Item=new)
    asked = {
        "TableName": "t",
        "IndexName": "two",
        "KeyConditionExpression": "h = :h",
        "ExpressionAttributeValues": item(**{":h": 5}),
        **INDEXES,
    }
    seen, start = [], {}
    while True:
        found = client.query(**asked, Limit=2, **start)
        entry = sum(map(len, ("pk", "0", "h", "r", "p"))) + 2 + 1 + 2000
        assert parts(found) == (units(entry * found["Count"]), 0, {"two": units(entry * found["Count"])}, {})
        seen += [each["pk"]["S"] for each in found["Items"]]
        if "LastEvaluatedKey" not in found:
            break
        assert found["LastEvaluatedKey"].keys() == {"pk", "h", "r"}
        start = {"ExclusiveStartKey": found["LastEvaluatedKey"]}
    assert seen == list("0123456")


@pytest.mark.parametrize("forward", [True, False])
@pytest.mark.parametrize("keys", ["pk sk", "pk"])
def test_an_index_without_a_sort_key_is_paged_through_in_both_directions(client, keys, forward):
    """Each entry once, at its own size, whatever order the items have that share the key of the index."""
    make(client, keys=keys, far=("g", "ALL"))
    sizes = {}
    for number in range(12):
        new = padded(
            1000 + 700 * number, pk=f"{number % 3}{number if keys == 'pk' else ''}", sk=f"{11 - number}", g="g"
        )
        client.put_item(TableName="t", Item=new)
        sizes[new["pk"]["S"], new["sk"]["S"]] = 1000 + 700 * number
    seen, start = [], {}
    for _ in range(4):
        asked = {"TableName": "t", "IndexName": "far", **of_key("g", "g"), "ScanIndexForward": forward, "Limit": 3}
        found = client.query(**asked, **start, **INDEXES)
        page = [(each["pk"]["S"], each["sk"]["S"]) for each in found["Items"]]
        assert parts(found)[2] == {"far": units(sum(sizes[key] for key in page))}
        seen += page
        start = {"ExclusiveStartKey": found["LastEvaluatedKey"]}
        assert all(found["Items"][-1][name] == value for name, value in found["LastEvaluatedKey"].items())
    assert len(seen) == len(set(seen)) == 12


def test_a_start_key_of_another_shape_is_refused(client):
    make(client, keys="pk sk", far=("g", "ALL"))
    for start, index in ((item(pk="a"), {}), (item(pk="a", sk=5), {}), (item(pk="a", sk="b"), {"IndexName": "far"})):
        with pytest.raises(ClientError, match="The provided starting key is invalid"):
            client.scan(TableName="t", ExclusiveStartKey=start, **index)


# --- parallel scans ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["S", "N", "B"])
@pytest.mark.parametrize("segments", [1, 2, 5])
def test_segments_together_read_each_item_once(client, kind, segments):
    make(client, types={"pk": kind})
    for number in range(30):
        key = {"S": str(number), "N": str(number), "B": bytes([number])}[kind]
        client.put_item(TableName="t", Item={"pk": {kind: key}, **item(x="x" * 4000)})
    seen = []
    for segment in range(segments):
        pages = client.get_paginator("scan").paginate(
            TableName="t", Segment=segment, TotalSegments=segments, **INDEXES, PaginationConfig={"PageSize": 4}
        )
        for page in pages:
            size = sum(3 + 4000 + key_bytes(each["pk"]) for each in page["Items"])
            assert total(page) == units(size)
            seen += [repr(each["pk"]) for each in page["Items"]]
    assert len(seen) == len(set(seen)) == 30


def key_bytes(value):
    ((kind, content),) = value.items()
    if kind == "N":
        return 2 if int(content) else 1
    return len(content.value if isinstance(content, Binary) else content)


# --- any pages --------------------------------------------------------------------------------------------


@settings(max_examples=25)
@given(
    st.lists(st.sampled_from([10, 1000, 4090, 5000, 60_000, 300_000]), min_size=1, max_size=12),
    st.none() | st.integers(1, 8),
    st.booleans(),
)
def test_pages_partition_the_items_and_each_costs_its_sum(sizes, limit, forward):
    with laboratory() as lab:
        make(lab.client, keys="pk sk")
        sizes = [max(size, 10) for size in sizes]
        fill(lab.client, sizes)
        order = sizes if forward else sizes[::-1]
        more = {} if limit is None else {"Limit": limit}
        read, start = 0, {}
        while True:
            found = lab.client.query(TableName="t", **of_key(), ScanIndexForward=forward, **more, **start, **INDEXES)
            page, size = 0, 0
            while read + page < len(order) and page != limit and size < MB:
                size += order[read + page]
                page += 1
            assert found["Count"] == page and total(found) == units(size)
            read += page
            if "LastEvaluatedKey" not in found:
                break
            start = {"ExclusiveStartKey": found["LastEvaluatedKey"]}
        assert read == len(order)
