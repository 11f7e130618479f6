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
# At 20:00 a thousand buyers open the page of one concert, and each page asks DynamoDB for its 200 tickets. The table holds
# 3,000 tickets of 15 concerts. One colleague wrote a Scan with a filter, another a Query. Both give the same 200
# tickets. Do both cost the same?
#
# After this lesson you can
# - **work out** the read and write units (RCU, WCU) of a request by hand,
# - **choose** between GetItem, BatchGetItem, Query and Scan by what they cost,
# - **explain** why filters, projections and failed conditions save nothing.

# %% question [markdown] lang="ko"
# ## 1. 질문
#
# 20:00에 구매자 천 명이 한 공연의 페이지를 열고, 페이지마다 DynamoDB에 티켓 200장을 요청합니다. 테이블(table)에는 공연 15개의 티켓
# 3,000장이 있습니다. 한 동료는 필터를 건 Scan을, 다른 동료는 Query를 썼습니다. 결과는 똑같은 티켓 200장입니다. 요금도 같을까요?
#
# 이 수업을 마치면 다음을 할 수 있습니다.
# - 요청 하나의 읽기 용량 단위(read capacity unit, RCU)와 쓰기 용량 단위(write capacity unit, WCU)를 손으로 **계산하기**
# - GetItem, BatchGetItem, Query, Scan을 요금을 보고 **고르기**
# - 필터와 프로젝션, 실패한 조건이 왜 요금을 줄이지 못하는지 **설명하기**

# %% tools
from contextlib import suppress

from IPython.display import display

from simlib import meter
from simlib.lessons import lesson07 as lesson
from simlib.widgets import checks, explore, look_back, note, predict, quiz, reach, write

# %% predict [markdown] lang="en"
# ## 2. Predict
#
# A read unit covers up to 4 KB read strongly consistently, or twice that eventually consistently (the default).

# %% predict [markdown] lang="ko"
# ## 2. 예측
#
# 읽기 용량 단위 하나로 강력한 일관된 읽기(strongly consistent read)는 4 KB까지, 기본값인 최종적 일관된 읽기(eventually consistent read)는
# 그 두 배까지 읽습니다.

# %% predict-both
display(predict(lesson.QUERY_UNITS), predict(lesson.FILTER_SAVES))

# %% run [markdown] lang="en"
# ## 3. Run
#
# This is real boto3 code. It talks to moto, an imitation of AWS inside this process, with made-up keys: no account, no
# network, no bill. The units come from the course's own meter, which follows AWS's published rules; moto does not count
# them so. That moto accepts a request does not prove that AWS does.
#
# Five cells: the Query, the Scan, single reads (one of a ticket that does not exist), four ways to ask for less (a filter, a
# projection, a count, a page of ten), and a write whose condition fails. Who saves units? With Limit, reading on would cost the rest.

# %% run [markdown] lang="ko"
# ## 3. 실행
#
# 실제 boto3 코드입니다. 다만 이 프로세스 안에서 AWS를 흉내 내는 moto와 가짜 키로 통신하므로 계정도, 네트워크도, 요금도 필요 없습니다. 용량 단위는
# AWS가 공개한 규칙을 따르는 이 수업의 측정기(meter)가 셉니다. moto가 요청을 받아 주었다고 AWS도 받아 준다는 뜻은 아닙니다.
#
# 셀은 다섯 개입니다. Query, Scan, 한 장씩 읽기(하나는 없는 티켓), 덜 받는 네 가지 방법(필터, 프로젝션, 개수 세기, 10개짜리 페이지), 그리고 조건이 실패하는
# 쓰기입니다. 용량 단위를 줄이는 것은 무엇일까요? Limit을 쓰고 나머지 페이지도 읽으면 나머지 요금을 마저 냅니다.

# %% run-query
db = lesson.open_shop()
with meter.watch(db) as queried:
    found = lesson.all_pages(db.query, lesson.ONE_CONCERT)
display(lesson.ONE_CONCERT, len(found), note(lesson.dollars(queried)))
look_back(lesson.QUERY_UNITS, queried.read_units)

# %% run-scan
with meter.watch(db) as scanned:
    found = lesson.all_pages(db.scan, lesson.SCAN_CONCERT)
display(lesson.SCAN_CONCERT, len(found), scanned.table()[["operation", "read_units"]], note(lesson.dollars(scanned)))

# %% run-gets
with meter.watch(db) as got:
    db.get_item(TableName="tickets", Key=lesson.key(7))
    db.get_item(TableName="tickets", Key=lesson.key(99999), ConsistentRead=True)
    db.batch_get_item(RequestItems={"tickets": {"Keys": [lesson.key(place) for place in range(100)]}})
got.table()[["operation", "read_units", "on_demand_usd"]]

# %% run-savings
with meter.watch(db) as saved:
    for less in ({"FilterExpression": "attribute_exists(resale)"}, {"ProjectionExpression": "ticket"},
                 {"Select": "COUNT"}, {"Limit": 10}):
        db.query(**lesson.ONE_CONCERT, **less)
display(saved.table()[["operation", "read_units"]], look_back(lesson.FILTER_SAVES, 1))

# %% run-condition
with meter.watch(db) as failed, suppress(db.exceptions.ConditionalCheckFailedException):
    taken = lesson.ticket("C-007", 7, size_bytes=3000)
    db.put_item(TableName="tickets", Item=taken, ConditionExpression="attribute_not_exists(ticket)")
failed.table()[["operation", "write_units", "error"]]

# %% observe [markdown] lang="en"
# ## 4. Observe
#
# **One slider: the size of an item.** Find the cliffs: what does the byte after 1,024 cost a writer, and the byte after 4,096 a reader?
#
# **Second figure, new: the number of items.** GetItem and BatchGetItem round each item, a Query rounds the sum. At which sizes do
# both cost nearly the same? **Third figure, new: the consistency.** Which one halves, which one doubles the units?

# %% observe [markdown] lang="ko"
# ## 4. 관찰
#
# **슬라이더는 하나, 항목의 크기입니다.** 절벽을 찾아보세요. 1,024바이트 다음의 한 바이트는 쓰기에, 4,096바이트 다음의 한 바이트는 읽기에 얼마를
# 더하나요?
#
# **둘째 그림에서 새로 조절할 것은 항목의 수입니다.** GetItem과 BatchGetItem은 항목마다 올리고, Query는 합을 한 번 올립니다. 둘의 요금이 거의 같은 크기는
# 얼마일까요? **셋째 그림에서는 일관성입니다.** 용량 단위를 절반으로 줄이는 것은 무엇이고, 두 배로 늘리는 것은 무엇일까요?

# %% observe-items
display(explore(lesson.SIZE_EXPLORER), explore(lesson.ITEMS_EXPLORER), explore(lesson.CONSISTENCY_EXPLORER))

# %% explain [markdown] lang="en"
# ## 5. Explain
#
# - **Read:** bytes / {{value("dynamodb.read_unit_bytes"):,.0f}}, rounded up, times {{value("dynamodb.read_strong"):.0f}} (strong),
#   {{value("dynamodb.read_eventual"):.1f}} (eventual) or {{value("dynamodb.read_transactional"):.0f}} (transactional).
# - **Write:** bytes / {{value("dynamodb.write_unit_bytes"):,.0f}}, rounded up; in a transaction twice. The larger of the item before
#   and after counts, and a write whose condition fails is charged like one that succeeds.
# - **Query and Scan** add up what they *read* in a page of at most 1 MB, then round. Filters, projections and COUNT come after.
# - **Provisioned:** one RCU or WCU serves one unit a second and is paid by the hour, used or not. A million units on demand cost
#   {{price("dynamodb.read_request.standard") * 1e6:.3f}} dollars (reads) and {{price("dynamodb.write_request.standard") * 1e6:.3f}} dollars (writes).
#
# | Older notes say | Today | In the exam |
# |---|---|---|
# | a million on-demand writes: {{price("dynamodb.write_request.standard", "2024-10-31") * 1e6:.2f}} dollars, reads {{price("dynamodb.read_request.standard", "2024-10-31") * 1e6:.2f}} (until 2024-10-31) | half, since 2024-11-01 | unpredictable load: on demand; steady load: provisioned |
# | a transaction holds 25 items | {{value("dynamodb.transaction_max"):.0f}} | transactions cost twice |
#
# *What the meter leaves out:* storage, backups, streams and throttling. Sources: {{page("dynamodb-read-write")}},
# {{page("dynamodb-provisioned")}}, {{page("dynamodb-pricing")}}, {{page("dynamodb-price-cut")}} (checked on {{as_of}}).

# %% explain [markdown] lang="ko"
# ## 5. 설명
#
# - **읽기:** 바이트 / {{value("dynamodb.read_unit_bytes"):,.0f}}을 올린 다음, 강력한 일관된 읽기는 {{value("dynamodb.read_strong"):.0f}}, 최종적 일관된 읽기는
#   {{value("dynamodb.read_eventual"):.1f}}, 트랜잭션은 {{value("dynamodb.read_transactional"):.0f}}를 곱합니다.
# - **쓰기:** 바이트 / {{value("dynamodb.write_unit_bytes"):,.0f}}을 올립니다. 트랜잭션은 두 배입니다. 쓰기 전과 후의 항목 가운데 큰 쪽으로 세고, 조건이 실패한
#   쓰기도 성공한 쓰기처럼 청구합니다.
# - **Query와 Scan**은 최대 1 MB인 페이지에서 *읽은* 크기를 더한 다음 올립니다. 필터와 프로젝션, COUNT는 그 뒤의 일입니다.
# - **프로비저닝:** RCU나 WCU 하나는 1초에 단위 하나를 처리하며, 쓰든 쓰지 않든 시간당 요금을 냅니다. 온디맨드 백만 단위는 읽기
#   {{price("dynamodb.read_request.standard") * 1e6:.3f}}달러, 쓰기 {{price("dynamodb.write_request.standard") * 1e6:.3f}}달러입니다.
#
# | 예전 자료 | 지금 | 시험에서는 |
# |---|---|---|
# | 온디맨드 백만 건: 쓰기 {{price("dynamodb.write_request.standard", "2024-10-31") * 1e6:.2f}}달러, 읽기 {{price("dynamodb.read_request.standard", "2024-10-31") * 1e6:.2f}}달러(2024-10-31까지) | 2024-11-01부터 절반 | 예측할 수 없으면 온디맨드, 꾸준하면 프로비저닝 |
# | 트랜잭션 하나에 항목 25개 | {{value("dynamodb.transaction_max"):.0f}}개 | 트랜잭션은 두 배로 셉니다 |
#
# *측정기가 생략한 것:* 스토리지, 백업, 스트림, 스로틀링(throttling). 출처: {{page("dynamodb-read-write")}}, {{page("dynamodb-provisioned")}},
# {{page("dynamodb-pricing")}}, {{page("dynamodb-price-cut")}}({{as_of}} 확인).

# %% by-hand
display(note(lesson.worked_sums()), lesson.modes(units_per_s=100))

# %% break-it [markdown] lang="en"
# ## 6. Break it
#
# 1. A nightly report scans the whole table. How large must `table_rcu` be so that the Scan occupies the table for less than a second?
# 2. Put an item one byte too long for its step, and one too long for DynamoDB. Change the sizes and look for the edges.

# %% break-it [markdown] lang="ko"
# ## 6. 한계까지 밀어붙이기
#
# 1. 밤마다 도는 보고서가 테이블 전체를 Scan합니다. Scan이 테이블을 1초 미만으로 차지하려면 `table_rcu`가 얼마나 커야 하나요?
# 2. 한 바이트 때문에 다음 단위로 넘어가는 항목과 DynamoDB가 거부하는 항목을 넣어 보세요. 크기를 바꾸며 경계를 찾아보세요.

# %% break-both
display(note(lesson.eaten(scanned.read_units, table_rcu=25)))
for size_bytes in (1024, 1025, 409_600, 409_601):
    display(note(lesson.try_put(db, size_bytes)))

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

# %% my-rcu tags=["exercise"]
my_rcu = 0.0

reach(lesson.BY_HAND, my_rcu)

# %% my-request tags=["exercise"]
my_request = {
    "TableName": "tickets",
    "FilterExpression": "concert = :c",
    "ExpressionAttributeValues": {":c": {"S": "C-007"}},
}

display(reach(lesson.CHEAP, my_request), write(lesson.ADVICE))

# %% check [markdown] lang="en"
# ## 8. Check
#
# Three numbers and a choice, computed by the meter when you press *Check*.

# %% check [markdown] lang="ko"
# ## 8. 확인
#
# 숫자 세 개와 선택 하나입니다. *채점*을 누르면 측정기가 계산합니다.

# %% check-questions
checks(*lesson.CHECKS)

# %% recap [markdown] lang="en"
# ## 9. Recap
#
# - Reads go in steps of 4 KB, writes in steps of 1 KB, always rounded up.
# - Eventually consistent reads cost half, transactions twice.
# - A Query rounds the sum, BatchGetItem rounds each item; a Scan pays for the whole table.
# - Filters, projections and COUNT save no units. Missing items and failed conditions are charged.
# - On demand you pay per unit, provisioned per hour, used or not.
#
# > **Card.** 4 KB read · 1 KB write · eventual ½ · transaction ×2 · paid is what is read, not what returns.
#
# **Next:** which of the two capacity modes suits which load.

# %% recap [markdown] lang="ko"
# ## 9. 정리
#
# - 읽기는 4 KB, 쓰기는 1 KB 단위이고 언제나 올립니다.
# - 최종적 일관된 읽기는 절반, 트랜잭션은 두 배입니다.
# - Query는 합을 올리고 BatchGetItem은 항목마다 올립니다. Scan은 테이블 전체의 요금을 냅니다.
# - 필터, 프로젝션, COUNT는 용량 단위를 줄이지 못합니다. 없는 항목과 실패한 조건도 청구됩니다.
# - 온디맨드는 단위마다, 프로비저닝은 쓰든 쓰지 않든 시간마다 냅니다.
#
# > **카드.** 읽기 4 KB · 쓰기 1 KB · 최종적 일관된 읽기 ½ · 트랜잭션 ×2 · 돌려받은 것이 아니라 읽은 것에 요금을 냅니다.
#
# **다음:** 두 용량 모드는 각각 어떤 부하에 맞을까요?

# %% quiz
quiz(lesson.QUIZ)
