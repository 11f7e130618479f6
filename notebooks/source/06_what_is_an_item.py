# ---
# jupyter:
#   lesson:
#     minutes: 35
#     title:
#       en: "What does a table hold?"
#       ko: "테이블에는 무엇이 들어 있을까요?"
# ---

# %% question [markdown] lang="en"
# ## 1. Question
#
# The team stores every sold seat in **Amazon DynamoDB**: one *table* called `tickets`, one *item* per seat. At 20:00 a thousand
# items a second are written. Next year there will be a QR code in every ticket, and somebody suggests one item per show with a list of
# all its seats. “It is a NoSQL table, it has no schema, everything fits.”
#
# DynamoDB bills a write per {{value("dynamodb.write_unit_bytes") / 1024:.0f}} KB of the item and a read per
# {{value("dynamodb.read_unit_bytes") / 1024:.0f}} KB, both rounded up. So what is in an item, and what does it weigh?
#
# After this lesson you can
# - **name** what a table holds: items, partition and sort keys, attributes and their types,
# - **work out** the bytes of an item and its read and write units by hand,
# - **squeeze** an item below the edge of a unit, and **tell** what DynamoDB refuses and what to do instead.

# %% question [markdown] lang="ko"
# ## 1. 질문
#
# 팀은 팔린 좌석을 **Amazon DynamoDB**에 저장합니다. `tickets`라는 *테이블*(table)이 하나 있고, 좌석마다 *항목*(item)이 하나입니다. 20시에는 항목을
# 초당 천 개씩 씁니다. 내년에는 티켓마다 QR 코드를 넣으려고 합니다. 누군가는 공연마다 항목을 하나만 두고 모든 좌석을 리스트로 넣자고 합니다.
# “NoSQL 테이블이라 스키마가 없으니 뭐든 들어가요.”
#
# DynamoDB는 쓰기를 항목의 {{value("dynamodb.write_unit_bytes") / 1024:.0f}} KB마다, 읽기를 {{value("dynamodb.read_unit_bytes") / 1024:.0f}} KB마다
# 한 단위로, 끝수는 올려서 청구합니다. 그렇다면 항목에는 무엇이 들어 있고 몇 바이트일까요?
#
# 이 수업을 마치면 다음을 할 수 있습니다.
# - 테이블에 든 것, 곧 항목, 파티션 키(partition key)와 정렬 키(sort key), 속성(attribute)과 그 타입을 **말하기**
# - 항목의 바이트 수와 읽기 용량 단위(read capacity unit)와 쓰기 용량 단위(write capacity unit)를 손으로 **계산하기**
# - 항목을 한 단위 안으로 **줄이고**, DynamoDB가 무엇을 거부하며 대신 무엇을 해야 하는지 **설명하기**

# %% tools
from boto3.dynamodb.conditions import Key
from IPython.display import display

from simlib import meter
from simlib.lessons import lesson06 as lesson
from simlib.widgets import checks, explore, look_back, note, predict, quiz, reach, seen, write

# %% predict [markdown] lang="en"
# ## 2. Predict
#
# The table has a million tickets. Each carries the name of its buyer.

# %% predict [markdown] lang="ko"
# ## 2. 예측
#
# 테이블에는 티켓이 백만 장 있고, 티켓마다 산 사람의 이름이 들어 있습니다.

# %% predict-both
display(predict(lesson.HOW_MANY_BYTES), predict(lesson.LONG_NAMES))

# %% run [markdown] lang="en"
# ## 3. Run
#
# This is real boto3, the code you would run against AWS. Here **moto** answers in this process: no account, no network, made-up
# credentials, and `open_shop()` gives a fresh table with six tickets. Moto stores items but does not count units as DynamoDB does; that is our
# **meter**'s work: whatever happens inside `meter.watch(...)` is listed with the units that DynamoDB's rules give. That moto lets something through is
# no proof that AWS does. Change the item and run the cell again. Numbers that are not whole must be `Decimal`, as `fee_percent` is.

# %% run [markdown] lang="ko"
# ## 3. 실행
#
# AWS에서 그대로 실행할 수 있는 진짜 boto3 코드입니다. 여기서는 이 프로세스 안의 **moto**가 답합니다. 계정도 네트워크도 필요 없고 자격 증명은
# 지어낸 것이며, `open_shop()`은 티켓 여섯 장이 든 새 테이블을 줍니다. moto는 항목을 저장하지만 DynamoDB처럼 단위를 세지는 않습니다. 그 일은 이
# 강의의 **미터**(meter)가 합니다. `meter.watch(...)` 안에서 일어난 호출마다 DynamoDB의 규칙으로 센 단위를 보여 줍니다. moto가 받아 주었다고 AWS도
# 받아 준다는 뜻은 아닙니다. 항목을 바꾸고 셀을 다시 실행해 보세요. 정수가 아닌 수는 `fee_percent`처럼 `Decimal`이어야 합니다.

# %% run-put-and-get tags=["request"]
from decimal import Decimal

tickets, bucket = lesson.open_shop()
with meter.watch(tickets) as ledger:
    tickets.put_item(Item={"show": "SHOW#1224", "seat": "C-05", "buyer": "Haneul", "price": 110000, "fee_percent": Decimal("1.5")})
    answer = tickets.get_item(Key={"show": "SHOW#1224", "seat": "C-05"})
display(lesson.found(answer), lesson.units(ledger))

# %% observe [markdown] lang="en"
# ## 4. Observe
#
# **One field: the value of `buyer`, a text.** Above lies the whole item, below a bar for each attribute: its name, its value, and overhead if there
# is any. Type letters, then Hangul, then an emoji. How many bytes does each take? How long must the text be for a second
# write unit?

# %% observe [markdown] lang="ko"
# ## 4. 관찰
#
# **입력란은 하나, 텍스트인 `buyer`의 값입니다.** 위는 항목 전체이고, 아래는 속성마다 막대가 하나씩 있어 이름과 값, 그리고 있으면 추가 바이트를
# 보여 줍니다. 영문자, 한글, 이모지를 차례로 입력해 보세요. 하나에 몇 바이트씩 쓰나요? 쓰기 용량 단위가 둘이 되려면 텍스트가 얼마나 길어야 하나요?

# %% observe-value
display(explore(lesson.VALUE_EXPLORER), look_back(lesson.HOW_MANY_BYTES, lesson.predicted_bytes()))

# %% types [markdown] lang="en"
# **The new control is the type.** *Scalar* types hold one value: S, N, B, BOOL, NULL. *Document* types hold others, also nested: lists (L)
# and maps (M). *Sets* (SS, NS, and BS for binary) hold different values of one type, in no order. Pin 110000 as a text as A, then make it a
# number. Then try 110001, and `7, 12, 31` as a set and as a list: which of the two has overhead?
#
# **In the second picture the new control is the name.** Shorten it, then make it long. Then write it in Hangul.

# %% types [markdown] lang="ko"
# **새로 조절할 것은 타입입니다.** *스칼라*(scalar) 타입 S, N, B, BOOL, NULL은 값을 하나 담습니다. *문서*(document) 타입인 리스트(L)와 맵(M)은
# 다른 값을 담고, 겹칠 수도 있습니다. *집합*(set)인 SS, NS와 이진 값의 집합 BS는 한 타입의 서로 다른 값들을 순서 없이 담습니다. 110000을 텍스트인 채로
# A로 고정하고 숫자로 바꾸어 보세요. 이어서 110001을, 그리고 `7, 12, 31`을 집합과 리스트로 넣어 보세요. 둘 중 어느 쪽에 추가 바이트가 있나요?
#
# **두 번째 그림에서 새로 조절할 것은 이름입니다.** 짧게, 길게, 그리고 한글로도 써 보세요.

# %% observe-type
display(explore(lesson.TYPE_EXPLORER))

# %% observe-name
display(explore(lesson.NAME_EXPLORER), look_back(lesson.LONG_NAMES, lesson.names_choice()))

# %% explain [markdown] lang="en"
# ## 5. Explain
#
# A **table** holds **items**. An item is a set of **attributes**, each a name and a value. Only the **key** is declared; all else
# may differ from item to item. The key has one part or two:
#
# - The **partition key** (here `show`) is hashed, and the hash decides on which partition the item lies. Items with the same partition key
#   lie together. To get or query them you must give it exactly.
# - The **sort key** (here `seat`) orders the items under one partition key. A Query may ask for a range of it: equal, less, between, begins with.
#   With a sort key the two together must be unique; a second put with the same key replaces the item.
#
# **The weight** of an item is the bytes of all names and all values. A name counts in every item. A text (S) weighs its UTF-8 bytes, binary its raw bytes,
# true, false and null one byte. A list or map has {{value("dynamodb.document_overhead_bytes"):.0f}} bytes of its own and
# {{value("dynamodb.element_overhead_bytes"):.0f}} per element. A number takes, *approximately* says AWS's page, one byte per two significant digits and one
# more. Our meter counts pairs from the decimal point outwards, and one byte for a minus, as numbers measured at the limit of an item do; the cell
# below shows both. KB means 1,024 bytes.
#
# **Units:** a write takes one unit per {{value("dynamodb.write_unit_bytes"):,.0f}} bytes, a strongly consistent read
# one per {{value("dynamodb.read_unit_bytes"):,.0f}} bytes, both rounded up; an eventually consistent read takes half of that.
#
# **In the cell below:** a Query for row A of one show, the partitions of three partition keys, some numbers, and the sum of one ticket. Change
# the sort key's condition, the keys and the numbers.
#
# | Older notes say | Today | In the exam |
# |---|---|---|
# | an item of at most {{value("dynamodb.item_max_bytes", "2014-10-07") / 1024:.0f}} KB, no lists or maps | {{value("dynamodb.item_max_bytes") / 1024:.0f}} KB, lists and maps, since {{fact("dynamodb.item_max_bytes").effective}} | larger: S3, and the key in the item |
# | empty texts are refused | allowed since {{fact("dynamodb.empty_text").effective}}, but not in a key | the key needs a value |
# | a million writes on demand cost {{price("dynamodb.write_request.standard", "2024-10-01") * 1e6:.2f}} USD | {{price("dynamodb.write_request.standard") * 1e6:.3f}} USD, since 2024-11-01 | small items, fewer units |
#
# *What the model leaves out:* the bytes that storage billing adds to each item, indexes, and how DynamoDB splits partitions. The hash below is
# an illustration: AWS does not publish its own. Sources: {{page("dynamodb-sizes")}}, {{page("dynamodb-constraints")}}, {{page("dynamodb-read-write")}},
# {{page("dynamodb-conformance")}}, {{page("dynamodb-larger-items")}}, {{page("dynamodb-empty-text")}} (checked on {{as_of}}).
#
# <details><summary>Pairs of digits</summary>
#
# Write the number around its point in groups of two: 1|10|00|0 is wrong, 11|00|00 is right. Pairs of zeros at either end do not count, so
# 110000 has one pair and 110001 three. $1 + \text{pairs} + [\text{negative}]$ bytes, at most {{value("dynamodb.number_max_bytes"):.0f}}; zero takes one.
# </details>

# %% explain [markdown] lang="ko"
# ## 5. 설명
#
# **테이블**에는 **항목**이 들어 있습니다. 항목은 **속성**의 모음이고, 속성은 이름과 값입니다. 미리 정해 두는 것은 **키**뿐이고
# 나머지는 항목마다 달라도 됩니다. 키는 한 부분이거나 두 부분입니다.
#
# - **파티션 키**(여기서는 `show`)는 해시되고, 그 해시가 항목이 놓일 파티션을 정합니다. 파티션 키가 같은 항목은 함께
#   놓입니다. 가져오거나 쿼리(Query)하려면 정확한 값을 주어야 합니다.
# - **정렬 키**(여기서는 `seat`)는 파티션 키가 같은 항목들의 순서를 정합니다. 쿼리는 같음, 작음, 사이, 시작 문자열처럼 그 범위를 물을 수
#   있습니다. 정렬 키가 있으면 둘을 합친 것이 하나뿐이어야 하고, 같은 키로 다시 쓰면 항목이 바뀝니다.
#
# **항목의 크기**는 모든 이름과 모든 값의 바이트 수입니다. 이름은 항목마다 다시 셉니다. 텍스트(S)는 UTF-8 바이트, 이진 값은 그대로의 바이트, 참과
# 거짓과 NULL은 1바이트입니다. 리스트와 맵은 자신이 {{value("dynamodb.document_overhead_bytes"):.0f}}바이트, 원소마다
# {{value("dynamodb.element_overhead_bytes"):.0f}}바이트를 더 씁니다. 숫자는 AWS 문서에 따르면 *대략* 유효 숫자 두 자리에 1바이트와 1바이트를 더한
# 크기입니다. 이 강의의 미터는 소수점에서 바깥쪽으로 두 자리씩 세고 음수에 1바이트를 더합니다. 항목의 한계에서 재어 본 숫자들이 그랬습니다. 아래 셀에서 둘을 함께
# 보여 줍니다. KB는 1,024바이트입니다.
#
# **단위:** 쓰기는 {{value("dynamodb.write_unit_bytes"):,.0f}}바이트마다 한 단위이고 끝수는 올립니다.
# 강력한 일관된 읽기(strongly consistent read)는 {{value("dynamodb.read_unit_bytes"):,.0f}}바이트마다 한 단위,
# 최종적 일관된 읽기(eventually consistent read)는 그 절반입니다.
#
# **아래 셀에는** 한 공연의 A열을 찾는 쿼리, 파티션 키 세 개의 파티션, 숫자 몇 개, 티켓 한 장의 계산이 차례로 있습니다. 정렬 키의 조건, 키,
# 숫자를 바꾸어 보세요.
#
# | 예전 자료 | 지금 | 시험에서는 |
# |---|---|---|
# | 항목은 최대 {{value("dynamodb.item_max_bytes", "2014-10-07") / 1024:.0f}} KB, 리스트와 맵은 없음 | {{fact("dynamodb.item_max_bytes").effective}}부터 {{value("dynamodb.item_max_bytes") / 1024:.0f}} KB, 리스트와 맵도 있음 | 더 크면 S3에 두고 항목에는 그 키를 |
# | 빈 텍스트는 거부됨 | {{fact("dynamodb.empty_text").effective}}부터 허용, 키에는 안 됨 | 키에는 값이 있어야 합니다 |
# | 온디맨드 쓰기 백만 번에 {{price("dynamodb.write_request.standard", "2024-10-01") * 1e6:.2f}}달러 | 2024-11-01부터 {{price("dynamodb.write_request.standard") * 1e6:.3f}}달러 | 항목이 작으면 단위가 적습니다 |
#
# *모델이 생략한 것:* 저장 요금이 항목마다 더하는 바이트, 인덱스, DynamoDB가 파티션을 나누는 방법. 아래의 해시는 예시입니다. AWS는 자신의
# 해시를 공개하지 않습니다. 출처: {{page("dynamodb-sizes")}}, {{page("dynamodb-constraints")}}, {{page("dynamodb-read-write")}},
# {{page("dynamodb-conformance")}}, {{page("dynamodb-larger-items")}}, {{page("dynamodb-empty-text")}}({{as_of}} 확인).
#
# <details><summary>두 자리씩 세기</summary>
#
# 소수점을 기준으로 두 자리씩 묶습니다. 1|10|00|0이 아니라 11|00|00입니다. 양 끝에 있는 00은 세지 않으므로 110000은 한 쌍, 110001은 세 쌍입니다.
# $1 + \text{쌍} + [\text{음수}]$ 바이트이고 최대 {{value("dynamodb.number_max_bytes"):.0f}}바이트이며, 0은 1바이트입니다.
# </details>

# %% by-hand
answer = tickets.query(KeyConditionExpression=Key("show").eq("SHOW#1224") & Key("seat").begins_with("A-"))
display(lesson.found(answer), lesson.partitions("SHOW#1224", "SHOW#1225", "SHOW#1231", count=3))
display(lesson.numbers_weighed("7", "99", "110000", "110001", "-0.5", "3.14159"), note(lesson.by_hand()))

# %% break-it [markdown] lang="en"
# ## 6. Break it
#
# 1. **One item for a whole show.** Move the number of tickets. How many write units does it take to change one of 1,000? At how many tickets does DynamoDB
#    refuse the item?
# 2. **Limits.** The cell below sends five requests, each one step too far: an item over {{value("dynamodb.item_max_bytes") / 1024:.0f}} KB, a partition key
#    over {{value("dynamodb.partition_key_max_bytes"):,.0f}} bytes (how many Hangul syllables are that?), a sort key over
#    {{value("dynamodb.sort_key_max_bytes"):,.0f}}, more than {{value("dynamodb.nesting_max"):.0f}} levels, and a get without the sort key. The errors are DynamoDB's,
#    given by our meter before moto is asked. Change each line until it is taken. Before each put the cell
#    deletes what lies under the same key, so that the units are those of the item alone (lesson 07 says why).
# 3. **The cure.** The last cell keeps a poster of 1.2 MB in two ways: in S3 with a pointer in the item, and in pieces. Compare the units. What
#    is the smallest number of pieces you can reach with `size_bytes`?

# %% break-it [markdown] lang="ko"
# ## 6. 한계까지 밀어붙이기
#
# 1. **공연 전체를 항목 하나에.** 티켓 수를 움직여 보세요. 1,000장 가운데 한 장을 바꾸는 데 쓰기 용량 단위가 몇 개 드나요? DynamoDB는 몇 장부터
#    항목을 거부하나요?
# 2. **한계.** 아래 셀은 한 걸음씩 지나친 요청 다섯 개를 보냅니다. {{value("dynamodb.item_max_bytes") / 1024:.0f}} KB가 넘는 항목,
#    {{value("dynamodb.partition_key_max_bytes"):,.0f}}바이트가 넘는 파티션 키(한글로 몇 글자일까요?), {{value("dynamodb.sort_key_max_bytes"):,.0f}}바이트가 넘는 정렬 키,
#    {{value("dynamodb.nesting_max"):.0f}}단계보다 깊은 값, 정렬 키 없이 가져오기입니다. 오류는 DynamoDB의 것이며, moto에 묻기 전에 이 강의의 미터가 돌려줍니다.
#    모두 받아들여질 때까지 줄마다 고쳐 보세요. 셀은 쓰기 전마다 같은 키의 항목을 지우므로 단위는 그 항목만의 것입니다(까닭은 07 수업에 있습니다).
# 3. **해결책.** 마지막 셀은 1.2 MB 포스터를 두 가지로 보관합니다. S3에 두고 항목에 위치를 적거나, 조각으로 나눕니다. 단위를 비교해 보세요.
#    `size_bytes`를 바꾸면 조각을 몇 개까지 줄일 수 있나요?

# %% break-large
explore(lesson.ORDER_EXPLORER)

# %% break-refused
display(note(lesson.attempt_fresh(tickets.put_item, Item=lesson.ticket(seat="Z-01", photo=b"0" * 409_600))))
display(note(lesson.attempt_fresh(tickets.put_item, Item=lesson.ticket(show=lesson.SYLLABLE * 683))))
display(note(lesson.attempt_fresh(tickets.put_item, Item=lesson.ticket(seat="A" * 1_025))))
display(note(lesson.attempt_fresh(tickets.put_item, Item=lesson.ticket(seat="Z-02", route=lesson.nested(33)))))
note(lesson.attempt(tickets.get_item, Key={"show": "SHOW#1224"}))

# %% break-cure tags=["request"]
lesson.clear_posters(tickets)
with meter.watch(tickets) as ledger:
    bucket.put_object(Key="1224.png", Body=lesson.POSTER)
    tickets.put_item(Item={"show": "SHOW#1224", "seat": "#POSTER", "image": "s3://posters/1224.png"})
    pieces = [tickets.put_item(Item=each) for each in lesson.chunks(lesson.POSTER, size_bytes=250_000)]
display(lesson.units(ledger), seen(lesson.breaking()))

# %% exercises [markdown] lang="en"
# ## 7. Exercises
#
# 1. **Apply.** Weigh an item by hand: `my_bytes`.
# 2. **Reach a target.** Squeeze `my_ticket` far below one write unit: shorter names, numbers instead of texts, nothing that the key already says, and
#    `lesson.QR` (bytes) instead of `lesson.QR_TEXT` (base64). The time of purchase is {{lesson.BOUGHT_UNIX}} in seconds since 1970. The key must stay.
# 3. **Explain.** Answer the colleague with the one large item, in words.

# %% exercises [markdown] lang="ko"
# ## 7. 연습 문제
#
# 1. **적용하기.** 항목의 크기를 손으로 계산해 `my_bytes`에 넣으세요.
# 2. **목표 달성하기.** `my_ticket`을 쓰기 용량 단위 하나보다 훨씬 작게 줄이세요. 이름은 짧게, 텍스트 대신 숫자로, 키가 이미 말해 주는 것은 빼고, `lesson.QR_TEXT`(base64)
#    대신 `lesson.QR`(바이트)을 씁니다. 산 시각은 1970년부터 센 초로 {{lesson.BOUGHT_UNIX}}입니다. 키는 그대로 두어야 합니다.
# 3. **설명하기.** 큰 항목 하나로 하자는 동료에게 말로 답해 보세요.

# %% my-items tags=["exercise"]
my_bytes = 0

my_ticket = {
    "show": "SHOW#1224",
    "seat": "A-12",
    "identifier_of_the_show": "SHOW#1224",
    "row_of_the_seat_in_the_hall": "A",
    "number_of_the_seat_in_the_row": "12",
    "price_of_the_ticket_in_korean_won": "110000",
    "time_at_which_the_ticket_was_bought": "2026-12-01T20:00:07+09:00",
    "name_of_the_person_who_bought_it": "Haneul",
    "picture_of_the_qr_code_in_base64": lesson.QR_TEXT,
}

display(reach(lesson.BY_HAND, my_bytes), reach(lesson.SQUEEZE, my_ticket), write(lesson.ADVICE))

# %% check [markdown] lang="en"
# ## 8. Check
#
# Four numbers, computed by the meter on your machine when you press *Check*. Use the controls above, or code.

# %% check [markdown] lang="ko"
# ## 8. 확인
#
# 숫자 네 개입니다. *채점*을 누르면 미터가 이 컴퓨터에서 계산합니다. 위의 입력란이나 코드를 사용하세요.

# %% check-questions
checks(*lesson.CHECKS)

# %% recap [markdown] lang="en"
# ## 9. Recap
#
# - A table holds items, an item attributes. Only the key is declared: a partition key, perhaps a sort key.
# - The partition key decides where an item lies; the sort key orders what lies together and can be asked for in ranges.
# - An item weighs all names and values: UTF-8 bytes for text, pairs of digits for numbers, overhead for lists and maps.
# - A write counts per {{value("dynamodb.write_unit_bytes") / 1024:.0f}} KB, a read per {{value("dynamodb.read_unit_bytes") / 1024:.0f}} KB, rounded up. Short names
#   and the right type can save a unit.
# - {{value("dynamodb.item_max_bytes") / 1024:.0f}} KB is the end. Large content goes to S3, with its key in the item; growing lists become items of their own.
#
# > **Card.** item = names + values · {{value("dynamodb.item_max_bytes") / 1024:.0f}} KB · write 1 KB, read 4 KB, rounded up · partition key: where; sort key: in which
# > order · large: S3.
#
# **Next:** the same item can be read in very different ways. What does a read cost?

# %% recap [markdown] lang="ko"
# ## 9. 정리
#
# - 테이블에는 항목이, 항목에는 속성이 있습니다. 미리 정하는 것은 키뿐입니다. 파티션 키가 있고, 정렬 키도 둘 수 있습니다.
# - 파티션 키는 항목이 놓일 곳을, 정렬 키는 함께 놓인 항목들의 순서를 정하며 범위로 물을 수 있습니다.
# - 항목의 크기는 모든 이름과 값입니다. 텍스트는 UTF-8 바이트, 숫자는 두 자리씩, 리스트와 맵에는 추가 바이트가 있습니다.
# - 쓰기는 {{value("dynamodb.write_unit_bytes") / 1024:.0f}} KB마다, 읽기는 {{value("dynamodb.read_unit_bytes") / 1024:.0f}} KB마다 한 단위이고 끝수는 올립니다. 짧은 이름과
#   알맞은 타입이 한 단위를 아껴 주기도 합니다.
# - {{value("dynamodb.item_max_bytes") / 1024:.0f}} KB가 끝입니다. 큰 내용은 S3에 두고 항목에는 그 키를 적습니다. 자라는 리스트는 저마다의 항목으로 나눕니다.
#
# > **카드.** 항목 = 이름 + 값 · {{value("dynamodb.item_max_bytes") / 1024:.0f}} KB · 쓰기 1 KB, 읽기 4 KB, 올림 · 파티션 키는 어디에, 정렬 키는 어떤 순서로 ·
# > 크면 S3
#
# **다음:** 같은 항목도 읽는 방법은 여러 가지입니다. 읽기에는 얼마가 들까요?

# %% quiz
quiz(lesson.QUIZ)
