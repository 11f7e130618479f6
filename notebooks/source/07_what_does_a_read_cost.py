# ---
# jupyter:
#   lesson:
#     minutes: 35
#     title:
#       en: "What does a read cost?"
#       ko: "읽기 한 번은 얼마일까요?"
# ---

# %% question [markdown] lang="en"
# ## 1. Question
#
# At 20:00 {{lesson.BUYERS:,}} buyers open the page of one concert, and each page asks DynamoDB for its {{lesson.TICKETS_EACH}} tickets. The table
# holds {{lesson.TICKETS:,}} tickets of {{lesson.CONCERTS}} concerts. One colleague wrote a Scan with a filter, another a Query. Both give the same
# {{lesson.TICKETS_EACH}} tickets. Do both cost the same?
#
# After this lesson you can
# - **work out** the read and write units (RCU, WCU) of a request by hand, in both capacity modes,
# - **choose** between GetItem, BatchGetItem, Query, Scan and transactions by what they cost,
# - **explain** why filters, projections and failed conditions save nothing.

# %% question [markdown] lang="ko"
# ## 1. 질문
#
# 20:00에 구매자 {{lesson.BUYERS:,}}명이 한 공연의 페이지를 열고, 페이지마다 DynamoDB에 그 공연의 티켓 {{lesson.TICKETS_EACH}}장을 요청합니다. 테이블(table)에는
# 공연 {{lesson.CONCERTS}}개의 티켓 {{lesson.TICKETS:,}}장이 있습니다. 한 동료는 필터를 건 Scan을, 다른 동료는 Query를 썼습니다. 결과는 똑같은 티켓
# {{lesson.TICKETS_EACH}}장입니다. 요금도 같을까요?
#
# 이 수업을 마치면 다음을 할 수 있습니다.
# - 요청 하나의 읽기 용량 단위(read capacity unit, RCU)와 쓰기 용량 단위(write capacity unit, WCU)를 두 용량 모드에서 손으로 **계산하기**
# - GetItem, BatchGetItem, Query, Scan, 트랜잭션을 요금을 보고 **고르기**
# - 필터와 프로젝션, 실패한 조건이 왜 요금을 줄이지 못하는지 **설명하기**

# %% tools
from contextlib import suppress

from IPython.display import display

from simlib import meter
from simlib.lessons import lesson07 as lesson
from simlib.widgets import checks, explore, look_back, note, predict, quiz, reach, seen, write

# %% predict [markdown] lang="en"
# ## 2. Predict
#
# A read unit covers up to {{value("dynamodb.read_unit_bytes") / 1024:.0f}} KB read strongly consistently, or twice that eventually consistently
# (the default).

# %% predict [markdown] lang="ko"
# ## 2. 예측
#
# 읽기 용량 단위 하나로 강력한 일관된 읽기(strongly consistent read)는 {{value("dynamodb.read_unit_bytes") / 1024:.0f}} KB까지, 기본값인
# 최종적 일관된 읽기(eventually consistent read)는 그 두 배까지 읽습니다.

# %% predict-both
display(predict(lesson.QUERY_UNITS), predict(lesson.FILTER_SAVES))

# %% run [markdown] lang="en"
# ## 3. Run
#
# This is real boto3 code. It talks to **moto**, an imitation of AWS inside this process, with made-up keys: no account, no network, no bill. The
# units come from the course's own **meter**, which follows AWS's published rules; moto does not count them so. That moto accepts a request
# does not prove that AWS does. Change the requests and run them again.
#
# 1. **Query:** the tickets of one partition key.
# 2. **Scan:** the whole table, page after page, then the filter.
# 3. **Asking for less:** a filter, a projection, a count, a page of ten. Which of them saves units? (With Limit, reading on would cost the rest.)
# 4. **Single items:** eventually and strongly consistent, one that does not exist, a batch, a transaction.
# 5. **Writes:** put a new ticket with a photo; change one attribute of it; put a smaller one, which a condition refuses; put the smaller one over
#    the larger, then once more; put it in a transaction; delete it. Guess the units of each line before you look at the table.

# %% run [markdown] lang="ko"
# ## 3. 실행
#
# 실제 boto3 코드입니다. 다만 이 프로세스 안에서 AWS를 흉내 내는 **moto**와 가짜 키로 통신하므로 계정도, 네트워크도, 요금도 필요 없습니다. 용량 단위는
# AWS가 공개한 규칙을 따르는 이 강의의 **미터**(meter)가 셉니다. moto는 그렇게 세지 않습니다. moto가 요청을 받아 주었다고 AWS도 받아 준다는 뜻은
# 아닙니다. 요청을 바꾸고 다시 실행해 보세요.
#
# 1. **Query:** 파티션 키(partition key) 하나의 티켓.
# 2. **Scan:** 테이블 전체를 한 페이지씩 읽고 나서 필터.
# 3. **덜 받기:** 필터, 프로젝션, 개수 세기, 10개짜리 페이지. 용량 단위를 줄이는 것은 무엇일까요? (Limit을 쓰고 나머지 페이지도 읽으면 나머지 요금을 마저 냅니다.)
# 4. **항목 하나씩:** 최종적 일관된 읽기와 강력한 일관된 읽기, 없는 항목, 배치, 트랜잭션.
# 5. **쓰기:** 사진이 든 새 티켓 쓰기, 그 속성 하나만 바꾸기, 조건 때문에 거부되는 작은 티켓 쓰기, 큰 티켓 위에 작은 티켓 쓰기, 한 번 더 쓰기, 트랜잭션으로 쓰기,
#    지우기. 표를 보기 전에 줄마다 몇 단위인지 맞혀 보세요.

# %% run-query tags=["request"]
db = lesson.open_shop()
one_concert = {
    "TableName": "tickets",
    "KeyConditionExpression": "concert = :c",
    "ExpressionAttributeValues": {":c": {"S": "C-007"}},
}
with meter.watch(db) as queried:
    answer = db.query(**one_concert)
display(lesson.counts(answer), lesson.units(queried))
look_back(lesson.QUERY_UNITS, lesson.query_units(), seen=queried.read_units)

# %% run-scan tags=["request"]
whole_table = {
    "TableName": "tickets",
    "FilterExpression": "concert = :c",
    "ExpressionAttributeValues": {":c": {"S": "C-007"}},
}
with meter.watch(db) as scanned:
    pages = list(db.get_paginator("scan").paginate(**whole_table))
display(lesson.counts(*pages), lesson.units(scanned))

# %% run-savings tags=["request"]
with meter.watch(db) as less:
    answers = [
        db.query(**one_concert, FilterExpression="attribute_exists(resale)"),
        db.query(**one_concert, ProjectionExpression="ticket"),
        db.query(**one_concert, Select="COUNT"),
        db.query(**one_concert, Limit=10),
    ]
display(lesson.counts(*answers), lesson.units(less))
look_back(lesson.FILTER_SAVES, lesson.filter_answer(), seen=lesson.filter_choice(queried.read_units, less[0].read_units))

# %% run-reads tags=["request"]
ticket_7 = {"concert": {"S": "C-007"}, "ticket": {"S": "T-00007"}}
nowhere = {"concert": {"S": "C-007"}, "ticket": {"S": "T-99999"}}
with meter.watch(db) as got:
    db.get_item(TableName="tickets", Key=ticket_7)
    db.get_item(TableName="tickets", Key=ticket_7, ConsistentRead=True)
    db.get_item(TableName="tickets", Key=nowhere)
    db.batch_get_item(RequestItems={"tickets": {"Keys": [lesson.key("C-007", place) for place in range(100)]}})
    db.transact_get_items(TransactItems=[{"Get": {"TableName": "tickets", "Key": ticket_7}}])
lesson.units(got)

# %% run-writes tags=["request"]
place = {"concert": {"S": "C-100"}, "ticket": {"S": "T-00001"}}
large, small = place | {"photo": {"B": b"0" * 3500}}, place | {"photo": {"B": b"0" * 500}}
db.delete_item(TableName="tickets", Key=place)
with meter.watch(db) as wrote:
    db.put_item(TableName="tickets", Item=large)
    db.update_item(
        TableName="tickets",
        Key=place,
        UpdateExpression="SET #s = :s",
        ExpressionAttributeNames={"#s": "status"},
        ExpressionAttributeValues={":s": {"S": "sold"}},
    )
    with suppress(db.exceptions.ConditionalCheckFailedException):
        db.put_item(TableName="tickets", Item=small, ConditionExpression="attribute_not_exists(ticket)")
    db.put_item(TableName="tickets", Item=small)
    db.put_item(TableName="tickets", Item=small)
    db.transact_write_items(TransactItems=[{"Put": {"TableName": "tickets", "Item": small}}])
    db.delete_item(TableName="tickets", Key=place)
lesson.units(wrote)

# %% observe [markdown] lang="en"
# ## 4. Observe
#
# **One slider: the size of an item.** Find the cliffs: what does the byte after {{lesson.WRITE_BYTES:,}} cost a writer, and the byte after
# {{lesson.READ_BYTES:,}} a reader? Pin one side of a cliff as A and step over it with the arrow keys.
#
# **Second figure, new: the number of items.** GetItem and BatchGetItem round each item, a Query rounds the sum. At which sizes do both cost nearly the
# same, and at which does reading one by one cost most?
#
# **Third figure, new: the consistency.** Which one halves, which one doubles the units? There is no transactional Query on AWS: the dashed line is only
# for comparison there.

# %% observe [markdown] lang="ko"
# ## 4. 관찰
#
# **슬라이더는 하나, 항목의 크기입니다.** 절벽을 찾아보세요. {{lesson.WRITE_BYTES:,}}바이트 다음의 한 바이트는 쓰기에, {{lesson.READ_BYTES:,}}바이트 다음의
# 한 바이트는 읽기에 얼마를 더하나요? 절벽의 한쪽을 A로 고정하고 화살표 키로 넘어가 보세요.
#
# **둘째 그림에서 새로 조절할 것은 항목의 수입니다.** GetItem과 BatchGetItem은 항목마다 올리고, Query는 합을 한 번 올립니다. 둘의 요금이 거의 같은 크기는
# 얼마이고, 하나씩 읽을 때 가장 비싼 크기는 얼마일까요?
#
# **셋째 그림에서는 일관성입니다.** 용량 단위를 절반으로 줄이는 것은 무엇이고, 두 배로 늘리는 것은 무엇일까요? AWS에 트랜잭션 Query는 없습니다. 그때 점선은
# 비교를 위한 것입니다.

# %% observe-items
display(explore(lesson.SIZE_EXPLORER), explore(lesson.ITEMS_EXPLORER), explore(lesson.CONSISTENCY_EXPLORER))

# %% explain [markdown] lang="en"
# ## 5. Explain
#
# - **Read:** bytes / {{value("dynamodb.read_unit_bytes"):,.0f}}, rounded up, times {{value("dynamodb.read_strong"):.0f}} (strong),
#   {{value("dynamodb.read_eventual"):.1f}} (eventual) or {{value("dynamodb.read_transactional"):.0f}} (transactional).
# - **Write:** bytes / {{value("dynamodb.write_unit_bytes"):,.0f}}, rounded up; in a transaction times {{value("dynamodb.write_transactional"):.0f}}. The larger of
#   the item before and after counts, even if one attribute changes, and a write whose condition fails is charged like one that succeeds.
# - **GetItem, BatchGetItem, transactions** round each item. A missing item counts as the smallest read.
# - **Query and Scan** add up what they *read*, page by page, then round. A page ends with the item with which it reaches {{lesson.PAGE_BYTES / 1024**2:.0f}} MB. Filters, projections and COUNT come after.
# - **On demand** you pay per unit: a million cost {{price("dynamodb.read_request.standard") * 1e6:.3f}} dollars (reads) and
#   {{price("dynamodb.write_request.standard") * 1e6:.3f}} dollars (writes). **Provisioned:** one RCU or WCU serves one unit a second and is paid by the hour, used
#   or not. RCU to provision = reads a second × units of one read, each read rounded first.
#
# | Older notes say | Today | In the exam |
# |---|---|---|
# | a million on-demand writes: {{price("dynamodb.write_request.standard", "2024-10-31") * 1e6:.2f}} dollars, reads {{price("dynamodb.read_request.standard", "2024-10-31") * 1e6:.2f}} (until 2024-10-31) | half, since 2024-11-01 | unpredictable load: on demand; steady load: provisioned |
# | a transaction holds 25 items | {{value("dynamodb.transaction_max"):.0f}} | transactions cost twice |
#
# *What the meter leaves out:* storage, backups, streams, indexes (lesson 09) and throttling. All tickets of one concert have one partition key, and
# its partition serves at most {{lesson.PARTITION_READS:,}} read units a second, while {{lesson.BUYERS:,}} buyers × {{lesson.query_units():.0f}} units = {{lesson.BUYERS * lesson.query_units():,.0f}} arrive at once: what is beyond
# is refused until it is tried again (lesson 08). Reading eventually consistently, as here, halves the units already; a cache (lesson 12) answers most
# buyers without any. The cell below works out the Query and the Scan by hand, then a month at a steady rate.
# Sources: {{page("dynamodb-read-write")}}, {{page("dynamodb-provisioned")}}, {{page("dynamodb-transactions")}}, {{page("dynamodb-burst")}}, {{page("dynamodb-pricing")}},
# {{page("dynamodb-price-cut")}} (checked on {{as_of}}).
#
# <details><summary>What rounding costs on average, and where the modes cross</summary>
#
# Let sizes be spread evenly over whole steps of $u$ bytes. An item of $s$ bytes then takes on average $s/u + 1/2$ units: rounding wastes half a step,
# {{lesson.WRITE_BYTES / 2:.0f}} bytes of a write and {{lesson.READ_BYTES / 2:,.0f}} of a read, whatever the size. For large items that hardly matters; a small one
# of {{lesson.TICKET_BYTES}} bytes lies within the first step, and a strong read of it is billed as {{lesson.READ_BYTES / lesson.TICKET_BYTES:.1f}} times its size. $n$ items read one by one
# waste $n/2$ steps, a Query half a step: it saves about $(n-1)/2$ of them.
#
# One provisioned unit costs $p$ an hour and serves at most {{value("dynamodb.unit_hour"):,.0f}} units in it; used to a share $v$, a unit costs
# $p / ({{value("dynamodb.unit_hour"):.0f}}\,v)$. On demand it costs $d$. Both are equal at $v = p / ({{value("dynamodb.unit_hour"):.0f}}\,d)$: for writes
# {{price("dynamodb.write_capacity.standard"):.5f}} / ({{value("dynamodb.unit_hour"):,.0f}} × {{price("dynamodb.write_request.standard"):.9f}}) =
# {{lesson.break_even():.1%}}. A table that is used less on average is cheaper on demand.
# </details>

# %% explain [markdown] lang="ko"
# ## 5. 설명
#
# - **읽기:** 바이트 / {{value("dynamodb.read_unit_bytes"):,.0f}}을 올린 다음, 강력한 일관된 읽기는 {{value("dynamodb.read_strong"):.0f}}, 최종적 일관된 읽기는
#   {{value("dynamodb.read_eventual"):.1f}}, 트랜잭션은 {{value("dynamodb.read_transactional"):.0f}}를 곱합니다.
# - **쓰기:** 바이트 / {{value("dynamodb.write_unit_bytes"):,.0f}}를 올리고, 트랜잭션은 {{value("dynamodb.write_transactional"):.0f}}를 곱합니다. 속성(attribute) 하나만 바꾸어도
#   쓰기 전과 후의 항목 가운데 큰 쪽으로 세고, 조건이 실패한 쓰기도 성공한 쓰기처럼 청구합니다.
# - **GetItem, BatchGetItem, 트랜잭션**은 항목마다 올립니다. 없는 항목은 가장 작은 읽기로 셉니다.
# - **Query와 Scan**은 페이지마다 *읽은* 크기를 더한 다음 올립니다. 페이지는 더한 크기가 {{lesson.PAGE_BYTES / 1024**2:.0f}} MB에 이르는 항목에서 끝납니다. 필터와 프로젝션, COUNT는 그 뒤의 일입니다.
# - **온디맨드**는 단위마다 냅니다. 백만 단위는 읽기 {{price("dynamodb.read_request.standard") * 1e6:.3f}}달러, 쓰기
#   {{price("dynamodb.write_request.standard") * 1e6:.3f}}달러입니다. **프로비저닝**은 RCU나 WCU 하나가 1초에 단위 하나를 처리하며, 쓰든 쓰지 않든 시간당 요금을
#   냅니다. 프로비저닝할 RCU = 초당 읽기 수 × 읽기 한 번의 단위이고, 읽기마다 먼저 올립니다.
#
# | 예전 자료 | 지금 | 시험에서는 |
# |---|---|---|
# | 온디맨드 백만 건: 쓰기 {{price("dynamodb.write_request.standard", "2024-10-31") * 1e6:.2f}}달러, 읽기 {{price("dynamodb.read_request.standard", "2024-10-31") * 1e6:.2f}}달러(2024-10-31까지) | 2024-11-01부터 절반 | 예측할 수 없으면 온디맨드, 꾸준하면 프로비저닝 |
# | 트랜잭션 하나에 항목 25개 | {{value("dynamodb.transaction_max"):.0f}}개 | 트랜잭션은 두 배로 셉니다 |
#
# *미터가 생략한 것:* 스토리지, 백업, 스트림, 인덱스(09 수업), 스로틀링(throttling). 한 공연의 티켓은 모두 파티션 키가 같고 그 파티션은 읽기 용량 단위를 초당
# {{lesson.PARTITION_READS:,}}개까지 처리하는데, 구매자 {{lesson.BUYERS:,}}명 × {{lesson.query_units():.0f}}개 = {{lesson.BUYERS * lesson.query_units():,.0f}}개가 한꺼번에 옵니다. 넘치는 요청은 다시 시도할 때까지 거부됩니다(08 수업).
# 여기서 쓰는 최종적 일관된 읽기가 이미 단위를 절반으로 줄였고, 캐시(12 수업)를 두면 대부분의 구매자에게 단위 없이 답합니다. 아래는 Query와 Scan을 손으로 계산한 것과, 속도가 일정한 한 달의 표입니다. 출처: {{page("dynamodb-read-write")}},
# {{page("dynamodb-provisioned")}}, {{page("dynamodb-transactions")}}, {{page("dynamodb-burst")}}, {{page("dynamodb-pricing")}},
# {{page("dynamodb-price-cut")}}({{as_of}} 확인).
#
# <details><summary>올림에 드는 평균 비용, 두 모드가 만나는 곳</summary>
#
# 크기가 $u$바이트 단위 여러 개에 고르게 퍼져 있다고 가정해 보겠습니다. $s$바이트 항목은 평균 $s/u + 1/2$ 단위를 씁니다. 올림은 크기와 상관없이 단위의 절반, 곧 쓰기에서
# {{lesson.WRITE_BYTES / 2:.0f}}바이트, 읽기에서 {{lesson.READ_BYTES / 2:,.0f}}바이트를 낭비합니다. 큰 항목이라면 거의 문제가 되지 않지만, 첫 단위 안에 드는
# {{lesson.TICKET_BYTES}}바이트 항목을 강력한 일관된 읽기로 읽으면 크기의 {{lesson.READ_BYTES / lesson.TICKET_BYTES:.1f}}배로 청구됩니다. 항목 $n$개를 하나씩 읽으면 단위 $n/2$개를, Query는 절반만
# 낭비합니다. 그러므로 약 $(n-1)/2$개를 아낍니다.
#
# 프로비저닝한 단위 하나는 한 시간에 $p$이고 그동안 최대 {{value("dynamodb.unit_hour"):,.0f}} 단위를 처리합니다. 사용률이 $v$이면 한 단위는
# $p / ({{value("dynamodb.unit_hour"):.0f}}\,v)$입니다. 온디맨드에서는 $d$입니다. 둘은 $v = p / ({{value("dynamodb.unit_hour"):.0f}}\,d)$에서 같습니다. 쓰기라면
# {{price("dynamodb.write_capacity.standard"):.5f}} / ({{value("dynamodb.unit_hour"):,.0f}} × {{price("dynamodb.write_request.standard"):.9f}}) =
# {{lesson.break_even():.1%}}입니다. 평균 사용률이 이보다 낮은 테이블은 온디맨드가 쌉니다.
# </details>

# %% by-hand
display(note(lesson.worked_sums()), lesson.modes(units_per_s=100))

# %% break-it [markdown] lang="en"
# ## 6. Break it
#
# 1. **A report against buyers.** A nightly report scans the whole table, which is now provisioned. How large must `table_rcu` be so that the Scan
#    occupies it for less than a second? With 25 RCU, how long must the table have been quiet so that *burst capacity*, up to {{lesson.BURST_S}} s of unused
#    units, carries the Scan?
# 2. **One byte too long.** The second cell puts items at the edge of a step and of DynamoDB itself. Change the sizes: where does the next unit
#    begin, and what does a refused request cost?

# %% break-it [markdown] lang="ko"
# ## 6. 한계까지 밀어붙이기
#
# 1. **보고서와 구매자.** 이번에는 프로비저닝한 테이블입니다. 밤마다 도는 보고서가 테이블 전체를 Scan합니다. Scan이 테이블을 1초 미만으로 차지하려면
#    `table_rcu`가 얼마나 커야 하나요? 25 RCU라면 테이블이 얼마 동안 한가해야 *버스트 용량*(burst capacity), 곧 최대 {{lesson.BURST_S}}초 동안 쓰지 않은 단위로 Scan을
#    감당할 수 있나요?
# 2. **한 바이트 넘치기.** 둘째 셀은 단위의 경계와 DynamoDB의 한계에 걸친 항목을 넣습니다. 크기를 바꾸어 보세요. 다음 단위는 어디서 시작하고, 거부된 요청의 요금은
#    얼마일까요?

# %% break-scan
note(lesson.eaten(scanned.read_units, table_rcu=25))

# %% break-size
for size_bytes in (1024, 1025, 409_600, 409_601):
    item = lesson.ticket("C-999", 1, size_bytes)
    display(note(f"{size_bytes:,} B: " + lesson.attempt(db.put_item, TableName="tickets", Item=item)))
    db.delete_item(TableName="tickets", Key=lesson.key("C-999", 1))
seen(lesson.breaking())

# %% exercises [markdown] lang="en"
# ## 7. Exercises
#
# 1. **Apply.** Provisioned capacity, by hand or in code.
# 2. **Reach a target.** Change `my_request`, the arguments of a Scan; with a KeyConditionExpression it becomes a Query.
# 3. **Explain.** Answer the colleague in words.

# %% exercises [markdown] lang="ko"
# ## 7. 연습 문제
#
# 1. **적용하기.** 프로비저닝할 용량을 손이나 코드로 계산해 보세요.
# 2. **목표 달성하기.** Scan의 인자인 `my_request`를 바꿔 보세요. KeyConditionExpression이 있으면 Query가 됩니다.
# 3. **설명하기.** 동료에게 말로 답해 보세요.

# %% my-items tags=["exercise"]
my_rcu = 0.0

my_request = {
    "TableName": "tickets",
    "FilterExpression": "concert = :c",
    "ExpressionAttributeValues": {":c": {"S": "C-007"}},
}

display(reach(lesson.BY_HAND, my_rcu), reach(lesson.CHEAP, my_request), write(lesson.ADVICE))

# %% check [markdown] lang="en"
# ## 8. Check
#
# Seven numbers, as in the exam, and a choice. The meter computes them when you press *Check*. A KB has 1,024 bytes.

# %% check [markdown] lang="ko"
# ## 8. 확인
#
# 시험에 나오는 것과 같은 숫자 일곱 개와 선택 하나입니다. *채점*을 누르면 미터가 계산합니다. 1 KB는 1,024바이트입니다.

# %% check-questions
checks(*lesson.CHECKS)

# %% recap [markdown] lang="en"
# ## 9. Recap
#
# - Reads go in steps of {{lesson.READ_BYTES // 1024}} KB, writes in steps of {{lesson.WRITE_BYTES // 1024}} KB, always rounded up. The larger of before and after counts.
# - Eventually consistent reads cost half, transactions twice.
# - A Query rounds the sum, BatchGetItem rounds each item; a Scan pays for the whole table.
# - Filters, projections and COUNT save no units. Missing items and failed conditions are charged.
# - On demand you pay per unit, provisioned per hour, used or not.
#
# > **Card.** {{lesson.READ_BYTES // 1024}} KB read · {{lesson.WRITE_BYTES // 1024}} KB write · eventual ½ · transaction ×2 · paid is what is read, not what returns.
#
# **Next:** which of the two capacity modes suits which load.

# %% recap [markdown] lang="ko"
# ## 9. 정리
#
# - 읽기는 {{lesson.READ_BYTES // 1024}} KB, 쓰기는 {{lesson.WRITE_BYTES // 1024}} KB 단위이고 언제나 올립니다. 쓰기는 전과 후 가운데 큰 쪽으로 셉니다.
# - 최종적 일관된 읽기는 절반, 트랜잭션은 두 배입니다.
# - Query는 합을 올리고 BatchGetItem은 항목마다 올립니다. Scan은 테이블 전체의 요금을 냅니다.
# - 필터, 프로젝션, COUNT는 용량 단위를 줄이지 못합니다. 없는 항목과 실패한 조건도 청구됩니다.
# - 온디맨드는 단위마다, 프로비저닝은 쓰든 쓰지 않든 시간마다 냅니다.
#
# > **카드.** 읽기 {{lesson.READ_BYTES // 1024}} KB · 쓰기 {{lesson.WRITE_BYTES // 1024}} KB · 최종적 일관된 읽기 ½ · 트랜잭션 ×2 · 돌려받은 것이 아니라 읽은 것에 요금을 냅니다.
#
# **다음:** 두 용량 모드는 각각 어떤 부하에 맞을까요?

# %% quiz
quiz(lesson.QUIZ)
