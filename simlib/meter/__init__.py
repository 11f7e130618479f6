"""What a DynamoDB item weighs and what a call costs, on real boto3 code.

    import boto3
    from moto import mock_aws
    from simlib import meter

    with mock_aws():
        client = boto3.client("dynamodb", "us-east-1")
        ...
        with meter.watch(client) as ledger:
            client.put_item(TableName="users", Item={"pk": {"S": "ada"}}, ReturnConsumedCapacity="INDEXES")
        print(ledger.write_units, ledger.on_demand_usd)

    meter.item_size({"pk": {"S": "ada"}})    # 5 bytes

Models item sizes, the units of every data operation but PartiQL, secondary indexes, transactions and repeated
request tokens, DynamoDB's limits, and both capacity modes' prices. Leaves out storage, backups, streams, global
tables' replicated writes, DAX, throttling, and latency. moto in this process is the default; on DynamoDB Local or
AWS the figures are the server's own. Where moto differs from DynamoDB, CONTRIBUTING.md says which of the two you get.

| module | its one idea |
|---|---|
| `size` | bytes of an item |
| `capacity` | bytes to units; what a write costs an index |
| `consumed` | AWS's ConsumedCapacity |
| `ledger` | calls, units, dollars |
| `wire` | a request's attribute values; legacy parameters |
| `limits` | what DynamoDB refuses |
| `expressions` | what expressions say, and whether DynamoDB takes them |
| `moto_state` | moto's tables, read in process |
| `operations` | what each operation consumes on moto |
| `hook` | `watch` |
"""

from simlib.meter.capacity import EVENTUAL, STRONG, TRANSACTIONAL_READ, TRANSACTIONAL_WRITE, read_units, write_units
from simlib.meter.hook import watch
from simlib.meter.ledger import Ledger, Line
from simlib.meter.operations import MeterError
from simlib.meter.size import ItemError, item_size, number_size, number_size_documented, value_size

__all__ = [
    "EVENTUAL",
    "ItemError",
    "Ledger",
    "Line",
    "MeterError",
    "STRONG",
    "TRANSACTIONAL_READ",
    "TRANSACTIONAL_WRITE",
    "item_size",
    "number_size",
    "number_size_documented",
    "read_units",
    "value_size",
    "watch",
    "write_units",
]
