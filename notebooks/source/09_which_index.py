# ---
# jupyter:
#   lesson:
#     minutes: 35
#     title:
#       en: "GSI or LSI?"
#       ko: "GSI일까요, LSI일까요?"
# ---

# %% question [markdown] lang="en"
# ## 1. Question
#
# The table `tickets` has the partition key `show` and the sort key `seat`. At 20:00 sales open, and a thousand buyers a minute open the page “My
# tickets”. It is found by `buyer`, which is no key. Before anybody builds anything, the team writes down its **access patterns**:
#
# | who | asks for |
# |---|---|
# | the door | one seat of one show |
# | the seat map | all seats of one show, in order |
# | “My tickets” | all tickets of one buyer, in order of purchase |
# | the box office | the seats of one show by price, the sale a moment ago included |
# | accounting | the tickets that wait for a refund |
#
# The table's key answers the first two. An **index** is a second, sorted copy of the table's items, or of parts of them, that DynamoDB keeps in step
# with every write. So which index, with what in it, and what does it cost?
#
# After this lesson you can
# - **choose** between a global secondary index (GSI) and a local one (LSI), or none,
# - **work out** what one write costs a table with indexes,
# - **design** a projection and a sparse index that cost little, and **explain** when an index throttles the table.

# %% question [markdown] lang="ko"
# ## 1. 질문
#
# 테이블 `tickets`의 파티션 키(partition key)는 `show`, 정렬 키(sort key)는 `seat`입니다. 20시에 판매가 열리면 1분에 구매자 천 명이 ‘내 티켓’ 화면을
# 엽니다. 이 화면은 `buyer`로 찾는데, `buyer`는 키가 아닙니다. 팀은 무엇을 만들기 전에 **액세스 패턴**(access pattern)부터 적습니다.
#
# | 누가 | 무엇을 묻나 |
# |---|---|
# | 입구 | 한 공연의 좌석 하나 |
# | 좌석표 | 한 공연의 모든 좌석, 좌석 순서로 |
# | ‘내 티켓’ | 한 구매자의 모든 티켓, 산 순서로 |
# | 매표소 | 한 공연의 좌석을 가격 순서로, 방금 팔린 것까지 |
# | 회계 | 환불을 기다리는 티켓 |
#
# 앞의 둘은 테이블의 키로 답할 수 있습니다. **인덱스**(index)는 테이블의 항목이나 그 일부를 다른 순서로 담은 사본이고, DynamoDB가 쓰기마다
# 맞추어 줍니다. 그렇다면 어떤 인덱스에 무엇을 담아야 하고, 얼마가 들까요?
#
# 이 수업을 마치면 다음을 할 수 있습니다.
# - 글로벌 보조 인덱스(global secondary index, GSI)와 로컬 보조 인덱스(local secondary index, LSI) 가운데 **고르기**, 또는 만들지 않기로 하기
# - 인덱스가 있는 테이블에 한 번 쓰는 데 드는 단위를 **계산하기**
# - 적게 드는 프로젝션과 희소 인덱스(sparse index)를 **설계하고**, 인덱스 때문에 언제 테이블에 스로틀링(throttling)이 걸리는지 **설명하기**

# %% tools
from boto3.dynamodb.conditions import Attr, Key
from IPython.display import display

from simlib import meter
from simlib.lessons import lesson09 as lesson
from simlib.widgets import checks, explore, look_back, note, predict, quiz, reach, seen, write

# %% predict [markdown] lang="en"
# ## 2. Predict
#
# A write takes one unit for each started {{value("dynamodb.write_unit_bytes") / 1024:.0f}} KB of the item. The *projection* says what an index holds
# besides its keys: nothing (`KEYS_ONLY`), some attributes (`INCLUDE`), or everything (`ALL`).

# %% predict [markdown] lang="ko"
# ## 2. 예측
#
# 쓰기는 항목의 {{value("dynamodb.write_unit_bytes") / 1024:.0f}} KB마다 한 단위이고 끝수는 올립니다. *프로젝션*(projection)은 인덱스가 키 말고 무엇을 더
# 담는지를 정합니다. 아무것도 담지 않거나(`KEYS_ONLY`), 속성 몇 개를 담거나(`INCLUDE`), 모두 담습니다(`ALL`).

# %% predict-both
display(predict(lesson.HAND_OVER), predict(lesson.STRONG_READ))

# %% run [markdown] lang="en"
# ## 3. Run
#
# This is real boto3. **moto** answers in this process, with made-up credentials: no account, no network. Units are counted by the course's **meter**,
# by DynamoDB's published rules; moto does not count them so, and that moto takes a request is no proof that AWS does. The table holds 300 tickets of
# 2,500 bytes and one local index, `by-price`.
#
# 1. **Without an index:** a Query by buyer is refused, so a Scan reads all tickets to find four.
# 2. **With one:** `update` adds the global index `by-buyer` to the living table. Change the `Projection` and run the cell again. On AWS filling the
#    index takes minutes and is charged as writes to it, and `AttributeDefinitions` gives the types of its keys.
# 3. **Five writes** to one ticket: new, another buyer, another gate, another receipt, deleted. Who pays, and when does nobody?
# 4. **A work queue:** only a ticket that waits for a refund has the attribute `refund`, so only such a ticket is in the *sparse* index `by-refund`. On
#    AWS a global index follows the table a moment later; moto's follows at once.

# %% run [markdown] lang="ko"
# ## 3. 실행
#
# 진짜 boto3 코드입니다. 이 프로세스 안의 **moto**가 지어낸 자격 증명으로 답하므로 계정도 네트워크도 필요 없습니다. 단위는 이 강의의
# **미터**(meter)가 DynamoDB의 공개된 규칙으로 셉니다. moto는 그렇게 세지 않으며, moto가 요청을 받아 주었다고 AWS도 받아 준다는 뜻은 아닙니다.
# 테이블에는 2,500바이트짜리 티켓 300장과 로컬 인덱스 `by-price`가 있습니다.
#
# 1. **인덱스 없이:** 구매자로 Query하면 거부되므로 Scan이 넉 장을 찾으려고 모든 티켓을 읽습니다.
# 2. **인덱스와 함께:** `update`가 쓰고 있는 테이블에 글로벌 인덱스 `by-buyer`를 더합니다. `Projection`을 바꾸고 셀을 다시 실행해 보세요. AWS에서는 인덱스를
#    채우는 데 몇 분이 걸리고 그 쓰기도 청구됩니다. `AttributeDefinitions`에는 새 인덱스 키의 타입을 적습니다.
# 3. 티켓 한 장에 **다섯 번 쓰기:** 새 티켓, 다른 구매자, 다른 게이트, 다른 영수증, 삭제입니다. 누가 내고, 언제 아무도 내지 않나요?
# 4. **작업 대기열:** 환불을 기다리는 티켓에만 속성 `refund`가 있으므로 *희소* 인덱스 `by-refund`에는 그런 티켓만 들어갑니다.
#    AWS의 글로벌 인덱스는 테이블보다 조금 늦게 따라오지만 moto의 인덱스는 곧바로 따라옵니다.

# %% run-scan tags=["request"]
tickets = lesson.open_shop()
refusal = lesson.attempt(tickets.query, KeyConditionExpression=Key("buyer").eq("U-042"))
with meter.watch(tickets) as ledger:
    answer = tickets.scan(FilterExpression=Attr("buyer").eq("U-042"))
display(note(refusal), lesson.found(answer), lesson.units(ledger))

# %% run-index tags=["request"]
lesson.drop_index(tickets, "by-buyer")
tickets.update(
    AttributeDefinitions=[
        {"AttributeName": "buyer", "AttributeType": "S"},
        {"AttributeName": "bought", "AttributeType": "S"},
    ],
    GlobalSecondaryIndexUpdates=[
        {
            "Create": {
                "IndexName": "by-buyer",
                "KeySchema": [
                    {"AttributeName": "buyer", "KeyType": "HASH"},
                    {"AttributeName": "bought", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["price", "gate"]},
            }
        }
    ],
)
with meter.watch(tickets) as ledger:
    answer = tickets.query(IndexName="by-buyer", KeyConditionExpression=Key("buyer").eq("U-042"))
display(lesson.found(answer), lesson.units(ledger))

# %% run-writes tags=["request"]
key = {"show": "SHOW#1224", "seat": "F-01"}
tickets.delete_item(Key=key)
with meter.watch(tickets) as ledger:
    tickets.put_item(Item=lesson.ticket(seat="F-01"))
    tickets.update_item(Key=key, UpdateExpression="SET buyer = :b", ExpressionAttributeValues={":b": "U-099"})
    tickets.update_item(Key=key, UpdateExpression="SET gate = :g", ExpressionAttributeValues={":g": "G9"})
    tickets.update_item(Key=key, UpdateExpression="SET receipt = :r", ExpressionAttributeValues={":r": "r" * 2300})
    tickets.delete_item(Key=key)
lesson.units(ledger)

# %% run-sparse tags=["request"]
lesson.drop_index(tickets, "by-refund")
lesson.forget(tickets, "refund")
tickets.update(**lesson.new_index("by-refund", "refund", "bought", "KEYS_ONLY"))
mark = {"UpdateExpression": "SET refund = :day", "ExpressionAttributeValues": {":day": "2026-12-02"}}
with meter.watch(tickets) as ledger:
    tickets.update_item(Key={"show": "SHOW#1224", "seat": "A-12"}, **mark)
    tickets.update_item(Key={"show": "SHOW#1225", "seat": "C-03"}, **mark)
    waiting = tickets.query(IndexName="by-refund", KeyConditionExpression=Key("refund").eq("2026-12-02"))
    tickets.update_item(Key=lesson.key_of(waiting["Items"][0]), UpdateExpression="REMOVE refund")
    tickets.put_item(Item=lesson.ticket(seat="F-02"))
tickets.delete_item(Key={"show": "SHOW#1224", "seat": "F-02"})
display(lesson.found(waiting), lesson.units(ledger))

# %% observe [markdown] lang="en"
# ## 4. Observe
#
# Each move plays one real write on a fresh table, and the meter counts it. **First picture, one list: the projection.** A new ticket is put into a
# table with the index by-buyer. What does ALL cost more than INCLUDE? **Second picture, new: the write.** Which writes does which projection not
# notice? Which one costs more than a new ticket? **Third picture, new: the number of indexes**, each on another attribute. Hand a ticket over with
# ALL and with KEYS_ONLY, and pin one as A: why do the others pay, too?

# %% observe [markdown] lang="ko"
# ## 4. 관찰
#
# 움직일 때마다 새 테이블에 실제로 한 번 쓰고 미터가 셉니다. **첫째 그림의 목록은 하나, 프로젝션입니다.** 인덱스 by-buyer가 있는 테이블에 새 티켓을
# 넣습니다. ALL은 INCLUDE보다 얼마나 더 드나요? **둘째 그림에서 새로 조절할 것은 쓰기의 종류입니다.** 어떤 프로젝션이 어떤 쓰기를 알아채지 못하나요? 새
# 티켓보다 더 드는 쓰기는 무엇일까요? **셋째 그림에서는 인덱스의 수입니다.** 인덱스마다 키가 되는 속성이 다릅니다. ALL과 KEYS_ONLY로 티켓을 넘겨 보고 하나를 A로
# 고정해 보세요. 왜 다른 인덱스도 단위를 쓰나요?

# %% observe-writes
display(explore(lesson.PROJECTION_EXPLORER), explore(lesson.CHANGE_EXPLORER), explore(lesson.INDEXES_EXPLORER))
look_back(lesson.HAND_OVER, lesson.write_cost("ALL", "buyer", 1).total)

# %% explain [markdown] lang="en"
# ## 5. Explain
#
# | | global secondary index (GSI) | local secondary index (LSI) |
# |---|---|---|
# | made | at any time, and deleted at any time | with the table, and for good |
# | keys | any attributes | the table's partition key, another sort key |
# | reads | eventually consistent only | strongly or eventually consistent |
# | capacity | its own; on demand: its own units | the table's |
# | what it does not hold | must be read from the table by you | is fetched by DynamoDB, at a read for each item |
# | size | no limit | {{value("dynamodb.item_collection_max_gb"):.0f}} GB for an *item collection*: all items of one partition key with their entries |
# | quota per table | {{value("dynamodb.gsi_max"):.0f}}, can be raised | {{value("dynamodb.lsi_max"):.0f}} |
#
# INCLUDE may name {{value("dynamodb.projected_attributes_max"):.0f}} attributes over all indexes of a table. Every entry also holds the table's key.
#
# **What a write costs an index**, for each started KB of an entry: an entry that comes or goes, 1; a changed **key**, 2 (delete and put); a changed
# attribute that it holds, 1; a change that it does not hold, 0; an item without the index's key, 0 (*sparse*). It comes on top of the table's units: **write
# amplification**. **Back-pressure:** what an index cannot take for want of write capacity (too little provisioned, an on-demand maximum, a
# hot partition) throttles the *table's* write, so give a GSI as many WCU as the table, and more if keys change. A later lesson plays it.
#
# The team's answer: the door and the seat map use the table, “My tickets” the GSI `by-buyer`, the box office the LSI `by-price`, accounting the sparse
# GSI `by-refund`. **The cell below:** the sums; one Query of `by-price` without and with `receipt`, which it does not hold; and the same of `by-buyer`.
#
# | Older notes say | Today | In the exam |
# |---|---|---|
# | {{value("dynamodb.gsi_max", "2018-06-01"):.0f}} GSIs and {{value("dynamodb.projected_attributes_max", "2018-06-01"):.0f}} projected attributes (until 2018) | {{value("dynamodb.gsi_max"):.0f}} and {{value("dynamodb.projected_attributes_max"):.0f}}, since the end of 2018 | {{value("dynamodb.gsi_max"):.0f}} GSIs, {{value("dynamodb.lsi_max"):.0f}} LSIs |
# | a key of several attributes is glued into one, such as `2026#G1` | up to {{value("dynamodb.gsi_key_attributes_max"):.0f}} attributes each for a GSI's partition and sort key, since November 2025 | both are seen |
# | a million on-demand writes: {{price("dynamodb.write_request.standard", "2024-10-31") * 1e6:.2f}} USD (until 2024-10-31) | {{price("dynamodb.write_request.standard") * 1e6:.3f}} USD, since 2024-11-01 | fewer and smaller indexes |
#
# *What the model leaves out:* storage (each entry is billed with {{value("dynamodb.index_entry_overhead_bytes"):.0f}} bytes beside its attributes), filling
# a new index, and the moment by which a GSI follows. Sources: {{page("dynamodb-gsi")}}, {{page("dynamodb-lsi")}},
# {{page("dynamodb-quotas")}}, {{page("dynamodb-gsi-keys")}}, {{page("dynamodb-conformance")}} (checked on {{as_of}}).
#
# <details><summary>As a formula</summary>
#
# Let $u(b) = \max(1, \lceil b / 1024 \rceil)$, and let a write turn an item of $o$ bytes into one of $n$, and its entry of $o_i$ bytes in index $i$ into one
# of $n_i$. The table takes $u(\max(o, n))$. The index takes $u(n_i)$ or $u(o_i)$ when the entry comes or goes, $u(o_i) + u(n_i)$ when its key changes,
# $u(\max(o_i, n_i))$ when something else in it changes, and otherwise 0. In a transaction only the table's part is doubled.
# </details>

# %% explain [markdown] lang="ko"
# ## 5. 설명
#
# | | 글로벌 보조 인덱스(GSI) | 로컬 보조 인덱스(LSI) |
# |---|---|---|
# | 만드는 때 | 언제든지, 지우는 것도 언제든지 | 테이블과 함께, 지울 수 없음 |
# | 키 | 어떤 속성이든 | 테이블의 파티션 키와 다른 정렬 키 |
# | 읽기 | 최종적 일관된 읽기(eventually consistent read)만 | 강력한 일관된 읽기(strongly consistent read)도 |
# | 용량 | 따로 있음, 온디맨드도 따로 셈 | 테이블의 용량을 씀 |
# | 담지 않은 속성 | 테이블에서 직접 읽어야 함 | DynamoDB가 항목마다 한 번씩 테이블에서 읽어 옴 |
# | 크기 | 제한 없음 | *항목 컬렉션*(item collection)에 {{value("dynamodb.item_collection_max_gb"):.0f}} GB: 파티션 키가 같은 모든 항목과 그 인덱스 항목 |
# | 테이블마다 할당량 | {{value("dynamodb.gsi_max"):.0f}}개, 올릴 수 있음 | {{value("dynamodb.lsi_max"):.0f}}개 |
#
# INCLUDE에는 한 테이블의 모든 인덱스를 합쳐 속성을 {{value("dynamodb.projected_attributes_max"):.0f}}개까지 적을 수 있습니다. 인덱스 항목에는 테이블의 키도 늘 들어 있습니다.
#
# **쓰기 한 번에 인덱스가 쓰는 단위**는 인덱스 항목의 1 KB마다 이렇습니다. 항목이 생기거나 없어지면 1, **키**가 바뀌면 2(삭제와 쓰기), 담고 있는 속성이 바뀌면 1,
# 담지 않은 것이 바뀌면 0, 인덱스의 키가 없는 항목이면 0입니다(*희소*). 이것이 테이블의 단위에 더해지는 것을 **쓰기 증폭**(write amplification)이라고 합니다.
# **역압**(back-pressure): 인덱스의 쓰기 용량이 모자라면(적게 프로비저닝했거나, 온디맨드의 최댓값에 닿았거나, 한 파티션에 몰렸을 때) *테이블*의
# 쓰기에 스로틀링이 걸립니다. 그러므로 GSI에는 테이블만큼, 키가 바뀐다면 그보다 많은
# WCU를 주어야 합니다. 나중 수업에서 직접 돌려 봅니다.
#
# 팀의 답은 이렇습니다. 입구와 좌석표는 테이블을, ‘내 티켓’은 GSI `by-buyer`를, 매표소는 LSI `by-price`를, 회계는 희소 GSI `by-refund`를 씁니다. **아래 셀은**
# 계산을 보여 주고 `by-price`를 두 번 Query합니다. 담지 않은 `receipt`를 한 번은 빼고 한 번은 넣어 묻습니다. 끝으로 `by-buyer`에도 `receipt`를 물어봅니다.
#
# | 예전 자료 | 지금 | 시험에서는 |
# |---|---|---|
# | GSI {{value("dynamodb.gsi_max", "2018-06-01"):.0f}}개, 프로젝션 속성 {{value("dynamodb.projected_attributes_max", "2018-06-01"):.0f}}개(2018년까지) | 2018년 말부터 {{value("dynamodb.gsi_max"):.0f}}개와 {{value("dynamodb.projected_attributes_max"):.0f}}개 | GSI {{value("dynamodb.gsi_max"):.0f}}개, LSI {{value("dynamodb.lsi_max"):.0f}}개 |
# | 여러 속성으로 된 키는 `2026#G1`처럼 하나로 이어 붙임 | 2025년 11월부터 GSI의 파티션 키와 정렬 키에 속성을 {{value("dynamodb.gsi_key_attributes_max"):.0f}}개씩 | 둘 다 나옵니다 |
# | 온디맨드 쓰기 백만 번에 {{price("dynamodb.write_request.standard", "2024-10-31") * 1e6:.2f}}달러(2024-10-31까지) | 2024-11-01부터 {{price("dynamodb.write_request.standard") * 1e6:.3f}}달러 | 인덱스는 적고 작게 |
#
# *모델이 생략한 것:* 스토리지(인덱스 항목마다 속성 말고 {{value("dynamodb.index_entry_overhead_bytes"):.0f}}바이트를 더 청구), 새 인덱스를 채우는 쓰기, GSI가 뒤따르는
# 시간. 출처: {{page("dynamodb-gsi")}}, {{page("dynamodb-lsi")}}, {{page("dynamodb-quotas")}},
# {{page("dynamodb-gsi-keys")}}, {{page("dynamodb-conformance")}}({{as_of}} 확인).
#
# <details><summary>식으로 쓰면</summary>
#
# $u(b) = \max(1, \lceil b / 1024 \rceil)$로 둡니다. 쓰기 한 번이 $o$바이트 항목을 $n$바이트로, 인덱스 $i$에 있는 $o_i$바이트 항목을 $n_i$바이트로 바꿀 때,
# 테이블은 $u(\max(o, n))$단위를 씁니다. 인덱스는 항목이 생기거나 없어지면 $u(n_i)$ 또는 $u(o_i)$, 키가 바뀌면 $u(o_i) + u(n_i)$, 담고 있는 다른 것이 바뀌면
# $u(\max(o_i, n_i))$, 그 밖에는 0단위입니다. 트랜잭션에서는 테이블의 몫만 두 배가 됩니다.
# </details>

# %% by-hand tags=["request"]
by_price = {"IndexName": "by-price", "KeyConditionExpression": Key("show").eq("SHOW#1224")}
by_buyer = {"IndexName": "by-buyer", "KeyConditionExpression": Key("buyer").eq("U-042")}
with meter.watch(tickets) as ledger:
    tickets.query(**by_price, ProjectionExpression="seat, price", ConsistentRead=True)
    tickets.query(**by_price, ProjectionExpression="seat, price, receipt", ConsistentRead=True)
display(note(lesson.by_hand()), lesson.units(ledger))
note(lesson.attempt(tickets.query, **by_buyer, ProjectionExpression="seat, receipt"))

# %% break-it [markdown] lang="en"
# ## 6. Break it
#
# 1. **A strong read.** The first cell asks `by-buyer` with `ConsistentRead`. Change the request until it is taken; then ask `by-price` the same way.
# 2. **A key that never rests.** Somebody wants the tickets of a show by the second at which the page last saw them, so `seen` changes with every write.
#    The second cell adds an index on it. Compare table and index, change the projection, and look for the smallest `index_wcu` that no longer holds up
#    the table. The sum is the meter's units divided into the capacity, without burst.
# 3. **A local index, later.** The first cell's second request adds one to the living table. Who refuses it, and what can be done instead?

# %% break-it [markdown] lang="ko"
# ## 6. 한계까지 밀어붙이기
#
# 1. **강력한 읽기.** 첫째 셀은 `by-buyer`를 `ConsistentRead`로 묻습니다. 받아들여질 때까지 요청을 고쳐 보고, `by-price`에도 같은 것을 물어보세요.
# 2. **쉬지 않는 키.** 누군가 한 공연의 티켓을 화면이 마지막으로 본 시각 순서로 보고 싶어 합니다. 그러면 `seen`은 쓸 때마다 바뀝니다. 둘째 셀은 거기에
#    인덱스를 더합니다. 테이블과 인덱스를 비교하고, 프로젝션을 바꾸고, 테이블을 더는 막지 않는 가장 작은 `index_wcu`를 찾아보세요. 용량을 미터의 단위로 나눈
#    값이고, 버스트는 세지 않습니다.
# 3. **나중에 만드는 로컬 인덱스.** 첫째 셀의 둘째 요청은 쓰고 있는 테이블에 로컬 인덱스를 더합니다. 누가 거부하고, 대신 무엇을 할 수 있나요?

# %% break-strong tags=["request"]
display(note(lesson.attempt(tickets.query, **by_buyer, ConsistentRead=True)))
late = {"IndexName": "by-gate", "KeySchema": [{"AttributeName": "show", "KeyType": "HASH"}, {"AttributeName": "gate", "KeyType": "RANGE"}]}
display(note(lesson.attempt(tickets.update, LocalSecondaryIndexUpdates=[{"Create": late}])))
look_back(lesson.STRONG_READ, lesson.strong_choice())

# %% break-churn tags=["request"]
lesson.drop_index(tickets, "by-seen")
lesson.forget(tickets, "seen")
tickets.update(**lesson.new_index("by-seen", "show", "seen", "ALL"))
with meter.watch(tickets) as ledger:
    for second in ("20:00:01", "20:00:02", "20:00:03"):
        change = {"UpdateExpression": "SET seen = :now", "ExpressionAttributeValues": {":now": second}}
        tickets.update_item(Key={"show": "SHOW#1224", "seat": "A-12"}, **change)
display(lesson.units(ledger), note(lesson.pressure(ledger, table_wcu=3000, index_wcu=1000)), seen(lesson.breaking()))

# %% exercises [markdown] lang="en"
# ## 7. Exercises
#
# 1. **Apply.** Count the units of one update over three indexes by hand: `my_units`.
# 2. **Reach a target.** Change `my_index` until the page is answered cheaply.
# 3. **Explain.** Answer the colleague in words.

# %% exercises [markdown] lang="ko"
# ## 7. 연습 문제
#
# 1. **적용하기.** 인덱스 세 개가 있을 때 한 번 바꾸는 데 드는 단위를 손으로 세어 `my_units`에 넣으세요.
# 2. **목표 달성하기.** 화면에 적은 비용으로 답할 때까지 `my_index`를 바꾸세요.
# 3. **설명하기.** 동료에게 말로 답해 보세요.

# %% my-index tags=["exercise"]
my_units = 0

my_index = {
    "IndexName": "my-index",
    "KeySchema": [
        {"AttributeName": "buyer", "KeyType": "HASH"},
        {"AttributeName": "seat", "KeyType": "RANGE"},
    ],
    "Projection": {"ProjectionType": "ALL"},
}

display(reach(lesson.BY_HAND, my_units), reach(lesson.LEAN, my_index), write(lesson.ADVICE))

# %% check [markdown] lang="en"
# ## 8. Check
#
# Four numbers and two choices, metered on your machine when you press *Check*. Use the pictures above, or code.

# %% check [markdown] lang="ko"
# ## 8. 확인
#
# 숫자 네 개와 선택 두 개입니다. *채점*을 누르면 이 컴퓨터에서 미터가 셉니다. 위의 그림이나 코드를 사용하세요.

# %% check-questions
checks(*lesson.CHECKS)

# %% recap [markdown] lang="en"
# ## 9. Recap
#
# - Write down the access patterns first. Build an index only for a question that the table's key cannot answer.
# - GSI: at any time, any keys, eventually consistent, capacity of its own. LSI: with the table, same partition key, strong reads,
#   {{value("dynamodb.item_collection_max_gb"):.0f}} GB for each partition key.
# - Each index adds to each write that touches it: come or go 1, changed key 2, what it does not hold 0, for each started KB.
# - Project what the page shows. A GSI refuses what it lacks; an LSI fetches it, item by item.
# - A sparse index is a cheap work queue. An index short of write capacity throttles the table.
#
# > **Card.** GSI: later, anywhere, eventual · LSI: first day, same partition key, strong, {{value("dynamodb.item_collection_max_gb"):.0f}} GB · key changed = 2 · not held = 0 · index throttled =
# > table throttled.
#
# **Next:** two writes that belong together, all or nothing.

# %% recap [markdown] lang="ko"
# ## 9. 정리
#
# - 액세스 패턴부터 적습니다. 인덱스는 테이블의 키로 답할 수 없는 질문에만 만듭니다.
# - GSI는 언제든지, 어떤 키로든 만들고 최종적 일관된 읽기만 하며 용량이 따로 있습니다. LSI는 테이블과 함께, 같은 파티션 키로 만들고 강력한 일관된 읽기를 하며 파티션 키마다
#   {{value("dynamodb.item_collection_max_gb"):.0f}} GB까지입니다.
# - 인덱스는 자신에게 닿는 쓰기마다 단위를 더합니다. 1 KB마다 생기거나 없어지면 1, 키가 바뀌면 2, 담지 않은 것이면 0입니다.
# - 화면에 보일 것만 담습니다. 담지 않은 것을 GSI는 거부하고, LSI는 항목마다 테이블에서 읽어 옵니다.
# - 희소 인덱스는 값싼 작업 대기열입니다. 인덱스의 쓰기 용량이 모자라면 테이블에 스로틀링이 걸립니다.
#
# > **카드.** GSI: 나중에도, 어떤 키든, 최종적 · LSI: 첫날부터, 같은 파티션 키, 강력함, {{value("dynamodb.item_collection_max_gb"):.0f}} GB · 키가 바뀌면 2 · 담지 않으면 0 · 인덱스의 스로틀링은 테이블의
# > 스로틀링
#
# **다음:** 함께 이루어지거나 함께 취소되어야 하는 두 쓰기입니다.

# %% quiz
quiz(lesson.QUIZ)
