# ---
# jupyter:
#   lesson:
#     minutes: 40
#     title:
#       en: "When do two writes belong together?"
#       ko: "두 쓰기는 언제 함께여야 할까요?"
# ---

# %% question [markdown] lang="en"
# ## 1. Question
#
# It is 20:00 and seat A-12 is the last one in row A. Haneul and Jiwoo press *Buy* in the same tenth of a second. A sale is three
# writes in three DynamoDB tables: the **seat** gets a buyer, an **order** is noted, and ₩110,000 leave an **account**. Last week the team
# found two orders for one seat, a seat that nobody had paid for, and a buyer who was charged twice because the answer was lost and the app
# sent the sale again. “From now on everything goes into a transaction, and fans in America get a copy of the tables in N. Virginia.” What does
# that cure, what does it cost, and what does the copy break?
#
# After this lesson you can
# - **choose** between a plain write, a conditional write and a transaction,
# - **work out** the units of a transaction, also when it is cancelled or repeated,
# - **make** a sale that is applied exactly once, also with buyers in two Regions, and **tell** who must try again after a conflict.

# %% question [markdown] lang="ko"
# ## 1. 질문
#
# 20시, A열에 남은 좌석은 A-12 하나입니다. 하늘과 지우가 같은 0.1초에 *구매*를 누릅니다. 판매 한 건은 DynamoDB 테이블 세 개에 쓰는 일입니다.
# **좌석**에 산 사람을 적고, **주문**을 남기고, **계좌**에서 ₩110,000을 뺍니다. 지난주에 팀은 좌석 하나에 주문이 둘인 경우, 아무도 돈을 내지 않은
# 좌석, 그리고 응답을 받지 못한 앱이 판매를 다시 보내 돈을 두 번 낸 손님을 발견했습니다. “이제부터 모두 트랜잭션(transaction)에 넣고, 미국 팬을 위해
# 테이블을 버지니아 북부에도 둡시다.” 무엇이 고쳐지고, 얼마가 들고, 사본 때문에 무엇이 깨질까요?
#
# 이 수업을 마치면 다음을 할 수 있습니다.
# - 그냥 쓰기, 조건부 쓰기, 트랜잭션 가운데 알맞은 것을 **고르기**
# - 트랜잭션의 단위를 취소되거나 되풀이될 때까지 **계산하기**
# - 구매자가 두 리전(Region)에 있어도 판매가 정확히 한 번만 적용되게 **만들고**, 충돌한 뒤 누가 다시 시도해야 하는지 **설명하기**

# %% tools
from time import sleep

from IPython.display import display

from simlib import meter
from simlib.lessons import lesson10 as lesson
from simlib.widgets import checks, explore, look_back, note, predict, quiz, reach, seen, write

# %% predict [markdown] lang="en"
# ## 2. Predict
#
# Two questions about the storm of last week, and one about the copy in N. Virginia.

# %% predict [markdown] lang="ko"
# ## 2. 예측
#
# 지난주의 혼란에 대한 질문 두 가지와 버지니아 북부의 사본에 대한 질문 하나입니다.

# %% predict-all
display(predict(lesson.RACE), predict(lesson.SALE_UNITS), predict(lesson.REGIONS))

# %% run [markdown] lang="en"
# ## 3. Run
#
# Real boto3 again: **moto** answers in this process, without account, network or bill, and our **meter** counts the units by AWS's rules.
# That moto takes a request is no proof that AWS does. `open_shop()` gives fresh tables `seats`, `orders` (with a global index
# `by-buyer`) and `accounts`; `db` is the client of a boto3 resource, so that items are written in Python's own types. Change the cells as you like.
#
# 1. **Read, then write.** Both programs read before either writes. Who owns A-12, and who has an order for it?
# 2. **Condition.** The seat is taken only if nobody has it. Check and write are one step. But Bora has only ₩50,000: what becomes of A-13?
# 3. **Transaction.** Seat, order and money together or not at all. Compare the units with those before, line by line.

# %% run [markdown] lang="ko"
# ## 3. 실행
#
# 이번에도 진짜 boto3입니다. 이 프로세스 안의 **moto**가 답하므로 계정도, 네트워크도, 요금도 필요 없고, 단위는 이 강의의 **미터**(meter)가 AWS의 규칙대로
# 셉니다. moto가 요청을 받아 주었다고 AWS도 받아 준다는 뜻은 아닙니다. `open_shop()`은 새 테이블 `seats`, `orders`(글로벌 인덱스 `by-buyer`가 있습니다),
# `accounts`를 줍니다. `db`는 boto3 리소스의 클라이언트라서 항목을 파이썬의 타입으로 씁니다. 셀을 마음껏 바꿔 보세요.
#
# 1. **읽고 나서 쓰기.** 두 프로그램이 모두 읽은 다음에 씁니다. A-12는 누구 것이고, 주문은 누가 가지고 있나요?
# 2. **조건.** 아무도 갖지 않은 좌석일 때만 씁니다. 확인과 쓰기가 한 단계입니다. 그런데 보라에게는 ₩50,000뿐입니다. A-13은 어떻게 되나요?
# 3. **트랜잭션.** 좌석과 주문과 돈이 함께 바뀌거나 아무것도 바뀌지 않습니다. 앞의 단위와 한 줄씩 비교해 보세요.

# %% run-race tags=["request"]
db = lesson.open_shop()
with meter.watch(db) as raced:
    looked = {buyer: db.get_item(TableName="seats", Key=lesson.seat_key("A-12")) for buyer in ("haneul", "jiwoo")}
    for buyer, answer in looked.items():
        if "buyer" not in answer["Item"]:
            db.update_item(
                TableName="seats",
                Key={"show": "SHOW#1224", "seat": "A-12"},
                UpdateExpression="SET buyer = :buyer",
                ExpressionAttributeValues={":buyer": buyer},
            )
            db.put_item(TableName="orders", Item={"order_id": f"{buyer}/A-12", "buyer": buyer, "seat": "A-12"})
            db.update_item(
                TableName="accounts",
                Key={"buyer": buyer},
                UpdateExpression="SET balance = balance - :price",
                ExpressionAttributeValues={":price": 110000},
            )
display(lesson.books(db), note(lesson.audit(db)), note(lesson.total(raced)), look_back(lesson.RACE, lesson.TWO_ORDERS, seen=lesson.race_choice(db)))

# %% run-condition tags=["request"]
db, told = lesson.open_shop(), []
with meter.watch(db) as guarded:
    for buyer, seat in (("haneul", "A-12"), ("jiwoo", "A-12"), ("bora", "A-13")):
        with lesson.refusals(told, buyer):
            db.update_item(
                TableName="seats",
                Key={"show": "SHOW#1224", "seat": seat},
                UpdateExpression="SET buyer = :buyer",
                ConditionExpression="attribute_not_exists(buyer)",
                ExpressionAttributeValues={":buyer": buyer},
            )
            db.update_item(
                TableName="accounts",
                Key={"buyer": buyer},
                UpdateExpression="SET balance = balance - :price",
                ConditionExpression="balance >= :price",
                ExpressionAttributeValues={":price": 110000},
            )
            db.put_item(TableName="orders", Item={"order_id": f"{buyer}/{seat}", "buyer": buyer, "seat": seat})
display(note("\n".join(told)), lesson.books(db), note(lesson.audit(db)), lesson.units(guarded))

# %% run-transaction tags=["request"]
db, told = lesson.open_shop(), []
with meter.watch(db) as together:
    for buyer, seat in (("haneul", "A-12"), ("jiwoo", "A-12"), ("bora", "A-13")):
        take = {
            "TableName": "seats",
            "Key": {"show": "SHOW#1224", "seat": seat},
            "UpdateExpression": "SET buyer = :buyer",
            "ConditionExpression": "attribute_not_exists(buyer)",
            "ExpressionAttributeValues": {":buyer": buyer},
        }
        order = {"TableName": "orders", "Item": {"order_id": f"{buyer}/{seat}", "buyer": buyer, "seat": seat}}
        pay = {
            "TableName": "accounts",
            "Key": {"buyer": buyer},
            "UpdateExpression": "SET balance = balance - :price",
            "ConditionExpression": "balance >= :price",
            "ExpressionAttributeValues": {":price": 110000},
        }
        with lesson.refusals(told, buyer):
            db.transact_write_items(TransactItems=[{"Update": take}, {"Put": order}, {"Update": pay}])
display(note("\n".join(told)), lesson.books(db), note(lesson.audit(db)), lesson.units(together))
look_back(lesson.SALE_UNITS, lesson.sale_units(), seen=lesson.at_tables(together))

# %% observe [markdown] lang="en"
# ## 4. Observe
#
# A hundred buyers come in the same second. **One slider: how many of them want the same seat**; the others want a seat each. All read before
# anybody writes. Above: write units for each ticket sold in the three designs. Below: dollars for a million tickets by our meter, split into those for buyers
# who get a ticket and for those who get none. Which design pays least for the disappointed, and why? Which one cannot refuse anybody?
#
# **Second figure, new: the number of items in a sale.** Take a basket of ten. **Third figure, new: the size of each item.** Pin A at 1,000 bytes and
# go just over {{value("dynamodb.write_unit_bytes"):,.0f}}. The figures leave the index out; the dollars of the first design hold its reads.

# %% observe [markdown] lang="ko"
# ## 4. 관찰
#
# 같은 1초에 구매자 백 명이 옵니다. **슬라이더는 하나, 그 가운데 같은 좌석을 원하는 사람의 비율입니다.** 나머지는 저마다 다른 좌석을 원합니다. 모두 읽은
# 다음에야 쓰기가 시작됩니다. 위는 팔린 티켓 한 장에 드는 쓰기 용량 단위(write capacity unit)를 세 설계로 보여 줍니다. 아래는 미터로 센 티켓 백만 장의 요금을 티켓을 얻은 사람과 얻지
# 못한 사람의 몫으로 나눕니다. 얻지 못한 사람에게 가장 적게 쓰는 설계는 무엇이고, 왜 그럴까요? 아무도 거절하지 못하는 설계는 무엇일까요?
#
# **둘째 그림에서 새로 조절할 것은 판매 한 건의 항목 수입니다.** 항목 열 개를 담아 보세요. **셋째 그림에서는 항목 하나의 크기입니다.** 1,000바이트를 A로
# 고정하고 {{value("dynamodb.write_unit_bytes"):,.0f}}바이트를 조금 넘겨 보세요. 그림은 인덱스를 셈에 넣지 않고, 첫째 설계의
# 요금에는 읽기도 들어 있습니다.

# %% observe-designs
display(explore(lesson.SHARE_EXPLORER), explore(lesson.ITEMS_EXPLORER), explore(lesson.SIZE_EXPLORER))

# %% observe-regions [markdown] lang="en"
# **Two Regions.** A *global table* has a replica in each of several Regions, and each takes writes. moto cannot show what that means in time, so
# this is our simulated table; its lag is assumed, laid through what AWS says of it.
#
# 1. **In pieces.** A transaction in Seoul writes seat, order and account. When does each arrive in N. Virginia?
# 2. **One seat, two buyers.** Each condition is checked in the buyer's own Region. Who has the seat in the end? Try `gap_s=0.05`, 0.7 and 0.
# 3. **Fourth figure, new: the time between the buyers**, one in Seoul and one in Tokyo, for two kinds of table. *MREC* (multi-Region eventual
#    consistency) answers and replicates afterwards; *MRSC* (multi-Region strong consistency) answers when another Region has it, too. From what time on
#    do fewer than 10 of 100 seats go to both? Go down to 20 ms: who refuses now? What does MRSC cost in milliseconds?

# %% observe-regions [markdown] lang="ko"
# **두 리전.** *글로벌 테이블*(global table)은 여러 리전에 복제본(replica)을 두고, 복제본마다 쓰기를 받습니다. moto로는 그 시간 흐름을 볼 수 없어서 여기서는 이 과정의
# 시뮬레이션 테이블을 씁니다. 복제 지연은 AWS가 밝힌 말에 맞춘 가정입니다.
#
# 1. **조각조각 도착하기.** 서울의 트랜잭션 하나가 좌석, 주문, 계좌를 씁니다. 저마다 언제 버지니아 북부에 도착하나요?
# 2. **좌석 하나, 구매자 둘.** 조건은 구매자가 있는 리전에서 확인합니다. 좌석은 결국 누구 것이 되나요? `gap_s=0.05`, 0.7, 0으로 바꿔 보세요.
# 3. **넷째 그림에서 새로 조절할 것은 두 구매자 사이의 시간입니다.** 한 사람은 서울, 한 사람은 도쿄에 있고, 테이블은 두 가지입니다. *MREC*(다중 리전 최종적 일관성)는
#    먼저 답하고 나중에 복제합니다. *MRSC*(다중 리전 강력한 일관성)는 다른 리전 하나에도 기록된 다음에 답합니다. 시간이 얼마나 벌어져야 좌석 백 개 가운데
#    둘에게 팔리는 것이 열 개보다 적어지나요? 20 ms까지 줄여 보세요. 이제 누가 거부하나요? MRSC는 몇 밀리초가 더 드나요?

# %% two-regions
display(lesson.in_pieces(), note(lesson.half_a_sale()), lesson.one_seat(gap_s=0.3))
display(look_back(lesson.REGIONS, lesson.regions_choice(gap_s=0.3)), explore(lesson.GAP_EXPLORER))

# %% explain [markdown] lang="en"
# ## 5. Explain
#
# - **One item needs no transaction.** A single write is all or nothing, and its condition is checked in the same step. It costs its ordinary units, also
#   when the condition fails.
# - **TransactWriteItems** does up to {{value("dynamodb.transaction_max"):.0f}} actions (Put, Update, Delete, ConditionCheck) on different items, of any tables of one account and
#   one Region, {{value("dynamodb.transaction_max_bytes") / 1024 / 1024:.0f}} MB together, or none of them. A *ConditionCheck* looks at an item that is not changed.
# - **Twice the units.** Each item is prepared and committed: × {{value("dynamodb.write_transactional"):.0f}} at the table. Entries of indexes are not doubled: AWS's
#   page does not say so, it was measured on DynamoDB by others, and our meter assumes it. We also assume that a transaction which a condition
#   cancels is charged at the tables as if it had been done.
# - **Reads.** Eventually consistent (× {{value("dynamodb.read_eventual"):.1f}}) may miss the last write; a strongly consistent read
#   (× {{value("dynamodb.read_strong"):.0f}}) sees it. TransactGetItems (× {{value("dynamodb.read_transactional"):.0f}}) sees up to {{value("dynamodb.transaction_max"):.0f}} items,
#   {{value("dynamodb.transaction_max_bytes") / 1024 / 1024:.0f}} MB, at one moment, never half a sale.
# - **Idempotency** means: sent twice, applied once. With a `ClientRequestToken` a repeat within {{value("dynamodb.token_lifetime_s") / 60:.0f}} minutes changes nothing and costs
#   reads; the same token with another request is refused. boto3 makes a token for each call, which covers only its own retries: if your code may
#   send a sale again, keep a token with the sale.
# - **Conflicts.** If two transactions want one item at once, one is cancelled, with the reason `TransactionConflict` at that item's place in the
#   list of reasons; a single write that meets a transaction gets a `TransactionConflictException`. The SDK retries neither: your code must, after a pause.
# - **Optimistic locking** is for read, think, write: keep a `version` in the item, write on the condition that it is still the one you read, and
#   add 1. Whoever is refused reads again.
# - **In a global table (MREC)** a transaction is all or nothing in the Region where it is called. It is replicated item by item, each with a lag of its own, usually within
#   a second: elsewhere one may see half a sale. Conditions and strongly consistent reads know what has arrived in their own Region, no more.
# - **The last writer wins.** Two Regions that write one item before they have seen each other both answer “done”; the later write stays everywhere and nobody is
#   told. Haneul's order and payment are other items and stay, too: paid for, and no seat. It happens as often as a lag is longer than the time between the
#   buyers; distance hardly matters. Cure: one Region takes all sales of a seat (a buyer in N. Virginia then waits a round trip of {{lesson.OCEAN_TRIP_MS:.0f}} ms
#   more to Seoul), or MRSC.
# - **MRSC**: {{value("dynamodb.mrsc_region_count"):.0f}} Regions of one set, one of which may be a mere witness. Writes and strongly consistent reads wait a round trip to the nearest other
#   Region (from Seoul {{lesson.NEAREST_TRIP_MS:.0f}} ms), see every confirmed write, and lose none with a Region (RPO 0). A write that meets one in another Region gets a
#   `ReplicatedWriteConflictException`: your code tries again. No transactions, no TTL, no local indexes.
# - **What copies cost.** A write takes replicated write units in every Region, at the price of ordinary ones; index entries are ordinary writes in every Region.
#
# | Older notes say | Today | In the exam |
# |---|---|---|
# | DynamoDB has no transactions; use SQL or a library | since {{fact("dynamodb.token_lifetime_s").effective}} it has | several items, all or nothing: TransactWriteItems |
# | at most 25 items (2018) | {{value("dynamodb.transaction_max"):.0f}} items, {{value("dynamodb.transaction_max_bytes") / 1024 / 1024:.0f}} MB | more: split, or another design |
# | a million writes: {{price("dynamodb.write_request.standard", "2024-10-31") * 1e6:.2f}} dollars, in a transaction {{price("dynamodb.write_request.standard", "2024-10-31") * 2e6:.2f}} | {{price("dynamodb.write_request.standard") * 1e6:.3f}} and {{price("dynamodb.write_request.standard") * 2e6:.2f}}, since 2024-11-01 | transactions cost twice |
# | global tables: strong reads only of one's own Region's writes | MRSC since {{lesson.MRSC_DAY}} | RPO 0 or strong reads everywhere: MRSC; fast local writes: MREC |
# | a million replicated writes: {{price("dynamodb.replicated_write_request.standard", "2024-10-31") * 1e6:.3f}} dollars in each Region | {{price("dynamodb.replicated_write_request.standard") * 1e6:.3f}} since 2024-11-01 | writes times Regions |
#
# **The cell below:** first the sale by hand, a table of who tries again, the same sale in several Regions, and a sale that meets two conflicts and tries again after
# ever longer pauses; what happens with `times=4`? Then three kinds of reads, and two top-ups that both start from version 1.
#
# *What the model leaves out:* moto does one call after the other and knows no conflicts, so `lesson.conflicts` stages them with the error that DynamoDB would
# give; there is no throttling either. The simulated replicas have clocks that agree, a transaction is replicated at single cost (assumed), and dollars
# are N. Virginia's in every Region. Sources: {{page("dynamodb-transactions")}}, {{page("dynamodb-read-write")}}, {{page("dynamodb-conformance")}},
# {{page("dynamodb-price-cut")}}, {{page("dynamodb-global-tables")}}, {{page("dynamodb-global-billing")}} (checked on {{as_of}}).
#
# <details><summary>The curves of section 4</summary>
#
# If $k$ of $N$ buyers want the same seat, $N - k + 1$ get a ticket. With $n$ items of one unit each, a ticket takes $\frac{nN}{N-k+1}$ write units by reading
# first, $\frac{2nN}{N-k+1}$ by transactions, and $n + \frac{k-1}{N-k+1}$ by a condition: there each of the disappointed takes one unit, however many items a sale has.
# </details>

# %% explain [markdown] lang="ko"
# ## 5. 설명
#
# - **항목 하나에는 트랜잭션이 필요 없습니다.** 쓰기 하나는 그 자체로 전부 아니면 전무이고, 조건도 같은 단계에서 확인합니다. 조건이 실패해도 보통의
#   단위를 냅니다.
# - **TransactWriteItems**는 한 계정, 한 리전(Region)의 어느 테이블에서든 서로 다른 항목에 작업(Put, Update, Delete, ConditionCheck)을
#   {{value("dynamodb.transaction_max"):.0f}}개까지, 합쳐서 {{value("dynamodb.transaction_max_bytes") / 1024 / 1024:.0f}} MB까지 모두 하거나 하나도 하지 않습니다. *ConditionCheck*는 바꾸지 않는 항목을 살펴봅니다.
# - **단위는 두 배입니다.** 항목마다 준비(prepare)하고 커밋(commit)하므로 테이블에서 × {{value("dynamodb.write_transactional"):.0f}}입니다. 인덱스에 쓰는 것은 두 배가 아닙니다. AWS 문서에는
#   없는 내용으로, 다른 사람들이 DynamoDB에서 측정했고 이 강의의 미터는 그렇다고 가정합니다. 조건 때문에 취소된 트랜잭션도 테이블에서는 성공한 것처럼
#   청구된다고 가정합니다.
# - **읽기.** 최종적 일관된 읽기(eventually consistent read, × {{value("dynamodb.read_eventual"):.1f}})는 마지막 쓰기를 놓칠 수 있고, 강력한 일관된 읽기(strongly consistent read,
#   × {{value("dynamodb.read_strong"):.0f}})는 놓치지 않습니다. TransactGetItems(× {{value("dynamodb.read_transactional"):.0f}})는 항목 {{value("dynamodb.transaction_max"):.0f}}개,
#   {{value("dynamodb.transaction_max_bytes") / 1024 / 1024:.0f}} MB까지를 한순간의 모습으로 보며, 절반만 된 판매를 보는 일이 없습니다.
# - **멱등성**(idempotency)은 두 번 보내도 한 번만 적용된다는 뜻입니다. `ClientRequestToken`을 주면 {{value("dynamodb.token_lifetime_s") / 60:.0f}}분 안에 되풀이한 요청은 아무것도 바꾸지 않고
#   읽기 용량 단위(read capacity unit)를 냅니다. 같은 토큰에 다른 요청을 실으면 거부됩니다. boto3는 호출마다 토큰을 만들지만 그것은 자신의 재시도에만 통합니다. 코드가 판매를 다시
#   보낼 수 있다면 판매마다 토큰을 정해 함께 보관하세요.
# - **충돌.** 두 트랜잭션이 같은 항목을 동시에 원하면 하나가 취소되고, 이유 목록에서 그 항목의 자리에 `TransactionConflict`가 적힙니다. 트랜잭션과 마주친 단일
#   쓰기는 `TransactionConflictException`을 받습니다. 둘 다 SDK는 재시도하지 않습니다. 잠시 쉬었다가 코드가 다시 보내야 합니다.
# - **낙관적 잠금**(optimistic locking)은 읽고, 생각하고, 쓸 때 씁니다. 항목에 `version`을 두고, 읽었던 버전 그대로라는 조건으로 쓰면서 1을 더합니다.
#   거부된 쪽은 다시 읽습니다.
# - **글로벌 테이블**(MREC)에서 트랜잭션은 호출한 리전에서만 전부 아니면 전무입니다. 복제는 항목마다 따로, 저마다의 지연으로, 보통 1초 안에 이루어집니다. 다른 리전에서는 절반만
#   된 판매가 보일 수 있습니다. 조건도 강력한 일관된 읽기도 자기 리전에 도착한 것까지만 압니다.
# - **마지막 쓰기가 이깁니다**(last writer wins). 두 리전이 서로의 쓰기를 보기 전에 같은 항목을 쓰면 둘 다 “완료”라고 답합니다. 나중 쓰기가 모든 리전에 남고, 아무도 그 사실을 듣지
#   못합니다. 하늘의 주문과 결제는 다른 항목이라 그대로 남습니다. 돈을 냈는데 좌석이 없습니다. 복제 지연이 두 구매자 사이의 시간보다 긴 만큼 자주 일어나고, 거리는 거의 상관없습니다.
#   해결책은 좌석의 판매를 리전 한 곳에서만 받거나(버지니아 북부의 구매자는 서울까지 왕복 {{lesson.OCEAN_TRIP_MS:.0f}} ms를 더 기다립니다) MRSC를 쓰는 것입니다.
# - **MRSC**는 정해진 묶음에 속한 리전 {{value("dynamodb.mrsc_region_count"):.0f}}개로 만들고, 그 가운데 하나는 데이터 없는 증인(witness)이어도 됩니다. 쓰기와 강력한 일관된 읽기는 가장 가까운 다른
#   리전까지 왕복(서울에서 {{lesson.NEAREST_TRIP_MS:.0f}} ms)을 기다리고, 확인된 쓰기를 모두 보며, 리전을 잃어도 확인된 쓰기를 잃지 않습니다(RPO 0). 다른 리전의 쓰기와 마주친 쓰기는
#   `ReplicatedWriteConflictException`을 받고, 코드가 다시 시도합니다. 트랜잭션, TTL, 로컬 인덱스는 쓸 수 없습니다.
# - **사본의 요금.** 쓰기 하나는 모든 리전에서 복제된 쓰기 용량 단위(replicated write unit)를 내고, 그 가격은 보통 쓰기 용량 단위와 같습니다. 인덱스 쓰기는 리전마다 보통 쓰기입니다.
#
# | 예전 자료 | 지금 | 시험에서는 |
# |---|---|---|
# | DynamoDB에는 트랜잭션이 없으니 SQL이나 라이브러리를 쓸 것 | {{fact("dynamodb.token_lifetime_s").effective}}부터 있음 | 여러 항목을 전부 아니면 전무로: TransactWriteItems |
# | 최대 25개(2018년) | 항목 {{value("dynamodb.transaction_max"):.0f}}개, {{value("dynamodb.transaction_max_bytes") / 1024 / 1024:.0f}} MB | 더 많으면 나누거나 설계를 바꿉니다 |
# | 쓰기 백만 번에 {{price("dynamodb.write_request.standard", "2024-10-31") * 1e6:.2f}}달러, 트랜잭션이면 {{price("dynamodb.write_request.standard", "2024-10-31") * 2e6:.2f}}달러 | 2024-11-01부터 {{price("dynamodb.write_request.standard") * 1e6:.3f}}달러와 {{price("dynamodb.write_request.standard") * 2e6:.2f}}달러 | 트랜잭션은 두 배입니다 |
# | 글로벌 테이블의 강력한 읽기는 자기 리전의 쓰기만 봄 | {{lesson.MRSC_DAY}}부터 MRSC | RPO 0이나 모든 리전의 강력한 읽기: MRSC, 가까운 곳에서 빠른 쓰기: MREC |
# | 복제된 쓰기 백만 번에 리전마다 {{price("dynamodb.replicated_write_request.standard", "2024-10-31") * 1e6:.3f}}달러 | 2024-11-01부터 {{price("dynamodb.replicated_write_request.standard") * 1e6:.3f}}달러 | 쓰기 수 곱하기 리전 수 |
#
# **아래 셀에서는** 먼저 판매 한 건을 손으로 계산하고, 누가 다시 시도하는지와 여러 리전에서의 요금을 보고, 충돌을 두 번 만난 판매를 점점 더 오래 쉬면서 다시 시도합니다.
# `times=4`로 바꾸면 어떻게 되나요? 그다음에는 세 가지 읽기와, 둘 다 버전 1에서 시작하는 충전 두 번을 해 봅니다.
#
# *모델이 생략한 것:* moto는 호출을 하나씩 처리해서 충돌이 없습니다. 그래서 `lesson.conflicts`가 DynamoDB라면 돌려줄 오류로 충돌을 흉내 냅니다.
# 스로틀링(throttling)도 없습니다. 시뮬레이션한 복제본들은 시계가 서로 맞고, 트랜잭션은 단일 요금으로 복제되며(가정), 요금은 모든 리전에서 버지니아 북부 기준입니다.
# 출처: {{page("dynamodb-transactions")}}, {{page("dynamodb-read-write")}}, {{page("dynamodb-conformance")}}, {{page("dynamodb-price-cut")}},
# {{page("dynamodb-global-tables")}}, {{page("dynamodb-global-billing")}}({{as_of}} 확인).
#
# <details><summary>4절의 곡선</summary>
#
# 구매자 $N$명 가운데 $k$명이 같은 좌석을 원하면 $N - k + 1$명이 티켓을 얻습니다. 판매 한 건이 한 단위짜리 항목 $n$개라면, 티켓 한 장의 쓰기 용량 단위는 읽고 나서 쓸 때
# $\frac{nN}{N-k+1}$, 트랜잭션일 때 $\frac{2nN}{N-k+1}$, 조건을 걸 때 $n + \frac{k-1}{N-k+1}$입니다. 조건을 걸면 얻지 못한 사람은 항목이 몇 개이든 한 단위씩만 씁니다.
# </details>

# %% by-hand tags=["request"]
display(note(lesson.by_hand()), lesson.who_retries(), note(lesson.regions_by_hand()))
db, told, doubted = lesson.open_shop(), [], []
with lesson.conflicts(db, times=2):
    for pause_s in (0, 0.05, 0.1, 0.2):
        sleep(pause_s)
        with lesson.refusals(told, f"{pause_s} s"):
            db.transact_write_items(TransactItems=lesson.sale("haneul", "A-12"))
            break
display(note("\n".join(told)), note(lesson.audit(db)))

mine = {"TableName": "accounts", "Key": {"buyer": "haneul"}}
with meter.watch(db) as read:
    db.get_item(**mine)
    account = db.get_item(**mine, ConsistentRead=True)["Item"]
    db.transact_get_items(TransactItems=[{"Get": mine}, {"Get": {"TableName": "seats", "Key": lesson.seat_key("A-12")}}])
    for top_up in (50000, 20000):
        new = {":new": account["balance"] + top_up, ":next": account["version"] + 1, ":seen": account["version"]}
        with lesson.refusals(doubted, f"+{top_up}"):
            db.update_item(
                **mine,
                UpdateExpression="SET balance = :new, version = :next",
                ConditionExpression="version = :seen",
                ExpressionAttributeValues=new,
            )
display(lesson.units(read), note("\n".join(doubted)), db.get_item(**mine)["Item"])

# %% break-it [markdown] lang="en"
# ## 6. Break it
#
# 1. **Limits.** 101 items, one item twice, and more than {{value("dynamodb.transaction_max_bytes") / 1024 / 1024:.0f}} MB. The refusals are our meter's, by DynamoDB's rules. Change each line until
#    it is taken. What do 100 glances cost?
# 2. **A token.** The answer of the first sale was lost, so it is sent again; then somebody uses the token for another seat. Which of the three calls
#    changes anything, and what does each cost? Then give each call a token of its own with `lesson.new_token()`.
# 3. **Cancelled and charged.** One seat is taken, one buyer lacks the money. Read the reasons, item by item, and the units.
# 4. **A Region is lost.** Seoul goes after ten seconds of sales; Tokyo and Osaka stand. How many confirmed sales are gone? Below, what each kind of
#    table takes, tried on the simulated one. Could the team have MRSC in Seoul and N. Virginia?

# %% break-it [markdown] lang="ko"
# ## 6. 한계까지 밀어붙이기
#
# 1. **한계.** 항목 101개, 같은 항목 두 번, {{value("dynamodb.transaction_max_bytes") / 1024 / 1024:.0f}} MB가 넘는 트랜잭션입니다. DynamoDB의 규칙에 따라 이 강의의 미터가 거부합니다. 모두 받아들여질 때까지
#    줄마다 고쳐 보세요. 백 번 살펴보는 데는 얼마가 드나요?
# 2. **토큰.** 첫 판매의 응답이 사라져 다시 보냅니다. 그다음에는 누군가 그 토큰을 다른 좌석에 씁니다. 세 호출 가운데 무언가를 바꾸는 것은 어느 것이고, 저마다
#    얼마가 드나요? 그런 다음 `lesson.new_token()`으로 호출마다 토큰을 따로 주어 보세요.
# 3. **취소되어도 청구됩니다.** 한 번은 좌석이 이미 팔렸고, 한 번은 돈이 모자랍니다. 항목별 이유와 단위를 읽어 보세요.
# 4. **리전을 잃습니다.** 10초 동안 판매하던 서울이 멈추고 도쿄와 오사카는 남아 있습니다. 확인된 판매 가운데 몇 건이 사라지나요? 아래는 테이블마다 무엇을
#    받아 주는지 시뮬레이션 테이블에 시도한 결과입니다. 서울과 버지니아 북부를 MRSC로 묶을 수 있나요?

# %% break-transactions tags=["request"]
db, told, token = lesson.open_shop(), [], lesson.new_token()
look = {"TableName": "seats", "Key": lesson.seat_key("A-12"), "ConditionExpression": "attribute_not_exists(buyer)"}
twice = [{"ConditionCheck": look}, *lesson.sale("haneul", "A-12")]
for actions in (lesson.looks(101), twice, lesson.large_orders(11, size_bytes=400_000)):
    display(note(lesson.attempt(db.transact_write_items, TransactItems=actions)))

with meter.watch(db) as repeated:
    for seat in ("A-13", "A-13", "A-14"):
        with lesson.refusals(told, seat):
            db.transact_write_items(TransactItems=lesson.sale("jiwoo", seat), ClientRequestToken=token)
display(lesson.units(repeated), note("\n".join(told)), note(lesson.audit(db)))

refused = []
with meter.watch(db) as cancelled:
    for buyer, seat in (("haneul", "A-13"), ("bora", "A-15")):
        with lesson.refusals(refused, buyer):
            db.transact_write_items(TransactItems=lesson.sale(buyer, seat))
display(note("\n".join(refused)), lesson.units(cancelled), note(lesson.total(cancelled)))

# %% break-regions
display(lesson.loss(sales_per_s=20), lesson.offers(), seen(lesson.breaking()))

# %% exercises [markdown] lang="en"
# ## 7. Exercises
#
# 1. **Apply.** Work out the units of a basket by hand or in code: `my_units`.
# 2. **Reach a target.** `my_request` sells two seats together, but takes them from whoever has them, and takes no money. Add what is missing. It is played
#    five times in shops of its own: when all is well, when is taken, when the money is ₩1 short, and when it is exactly there. The actions of section 3 show the form.
# 3. **Explain.** Answer the colleague in words.

# %% exercises [markdown] lang="ko"
# ## 7. 연습 문제
#
# 1. **적용하기.** 장바구니의 단위를 손이나 코드로 계산해 `my_units`에 넣으세요.
# 2. **목표 달성하기.** `my_request`는 좌석 두 개를 함께 팔지만, 이미 팔린 좌석도 빼앗고 돈도 받지 않습니다. 빠진 것을 채우세요. 요청은 따로 마련한 가게에서
#    다섯 번 실행됩니다. 모두 괜찮을 때, A-14나 A-15가 이미 팔렸을 때, 돈이 ₩1 모자랄 때, 그리고 돈이 꼭 맞을 때입니다. 작업의 모양은 3절에 있습니다.
# 3. **설명하기.** 동료에게 말로 답해 보세요.

# %% my-sale tags=["exercise"]
my_units = 0

my_request = {
    "TransactItems": [
        {
            "Update": {
                "TableName": "seats",
                "Key": {"show": "SHOW#1224", "seat": "A-14"},
                "UpdateExpression": "SET buyer = :buyer",
                "ExpressionAttributeValues": {":buyer": "jiwoo"},
            }
        },
        {
            "Update": {
                "TableName": "seats",
                "Key": {"show": "SHOW#1224", "seat": "A-15"},
                "UpdateExpression": "SET buyer = :buyer",
                "ExpressionAttributeValues": {":buyer": "jiwoo"},
            }
        },
        {
            "Put": {
                "TableName": "orders",
                "Item": {"order_id": "jiwoo/A-14+A-15", "buyer": "jiwoo", "seats": ["A-14", "A-15"]},
            }
        },
    ],
}

display(reach(lesson.BY_HAND, my_units), reach(lesson.PAIR_TARGET, my_request), write(lesson.ADVICE))

# %% check [markdown] lang="en"
# ## 8. Check
#
# Six numbers and a choice, computed on your machine when you press *Check*; some of them by making the calls, the choice by the simulated table.

# %% check [markdown] lang="ko"
# ## 8. 확인
#
# 숫자 여섯 개와 고르기 하나입니다. *채점*을 누르면 이 컴퓨터에서 계산합니다. 몇 개는 실제로 호출해 보고, 고르기는 시뮬레이션 테이블이 답합니다.

# %% check-questions
checks(*lesson.CHECKS)

# %% recap [markdown] lang="en"
# ## 9. Recap
#
# - Read, then write loses the race. A condition checks and writes one item in one step, for ordinary units.
# - A transaction writes up to {{value("dynamodb.transaction_max"):.0f}} different items, {{value("dynamodb.transaction_max_bytes") / 1024 / 1024:.0f}} MB, all or none: twice the units at the tables.
# - Failed conditions, cancelled transactions and ConditionChecks are charged.
# - With the same token a repeat is applied once, for {{value("dynamodb.token_lifetime_s") / 60:.0f}} minutes, and costs reads. Another request needs another token.
# - Conflicts are your code's to try again. In a global table the last writer wins, item by item; MRSC sees other Regions' writes, at a round trip each.
#
# > **Card.** one item: condition ×1 · several: transaction ×2 · {{value("dynamodb.transaction_max"):.0f}} items, {{value("dynamodb.transaction_max_bytes") / 1024 / 1024:.0f}} MB, one Region · cancelled is charged ·
# > token: applied once · read ½, 1, 2 · other Regions: in pieces, later (MREC), or a round trip, no transactions (MRSC).
#
# **Next:** a ticket is sold. Who else must hear of it? What happens after a write?

# %% recap [markdown] lang="ko"
# ## 9. 정리
#
# - 읽고 나서 쓰면 경합에서 집니다. 조건은 항목 하나를 한 단계에서 확인하고 쓰며, 단위는 보통과 같습니다.
# - 트랜잭션은 서로 다른 항목 {{value("dynamodb.transaction_max"):.0f}}개, {{value("dynamodb.transaction_max_bytes") / 1024 / 1024:.0f}} MB까지 전부 아니면 전무로 씁니다. 테이블에서 단위가 두 배입니다.
# - 실패한 조건, 취소된 트랜잭션, ConditionCheck도 청구됩니다.
# - 토큰이 같으면 {{value("dynamodb.token_lifetime_s") / 60:.0f}}분 동안 한 번만 적용되고, 되풀이에는 읽기 용량 단위를 냅니다. 다른 요청에는 다른 토큰이 필요합니다.
# - 충돌은 코드가 다시 시도해야 합니다. 글로벌 테이블에서는 항목마다 마지막 쓰기가 이깁니다. MRSC는 다른 리전의 쓰기까지 보는 대신 쓸 때마다 왕복을 기다립니다.
#
# > **카드.** 항목 하나: 조건 ×1 · 여러 개: 트랜잭션 ×2 · {{value("dynamodb.transaction_max"):.0f}}개, {{value("dynamodb.transaction_max_bytes") / 1024 / 1024:.0f}} MB, 한 리전 · 취소되어도 청구 · 토큰: 한 번만
# > 적용 · 읽기 ½, 1, 2 · 다른 리전: 조각조각 나중에(MREC), 또는 왕복을 기다리고 트랜잭션 없음(MRSC)
#
# **다음:** 티켓이 팔렸습니다. 누가 또 알아야 할까요? 쓰기 다음에는 무슨 일이 일어날까요?

# %% quiz
quiz(lesson.QUIZ)
