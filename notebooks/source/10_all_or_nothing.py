# ---
# jupyter:
#   lesson:
#     minutes: 35
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
# sent the sale again. “From now on everything goes into a transaction.” What does that cure, and what does it cost?
#
# After this lesson you can
# - **choose** between a plain write, a conditional write and a transaction,
# - **work out** the units of a transaction, also when it is cancelled or repeated,
# - **make** a sale that is applied exactly once, and **tell** who must try again after a conflict.

# %% question [markdown] lang="ko"
# ## 1. 질문
#
# 20시, A열에 남은 좌석은 A-12 하나입니다. 하늘과 지우가 같은 0.1초에 *구매*를 누릅니다. 판매 한 건은 DynamoDB 테이블 세 개에 쓰는 일입니다.
# **좌석**에 산 사람을 적고, **주문**을 남기고, **계좌**에서 ₩110,000을 뺍니다. 지난주에 팀은 좌석 하나에 주문이 둘인 경우, 아무도 돈을 내지 않은
# 좌석, 그리고 응답을 받지 못한 앱이 판매를 다시 보내 돈을 두 번 낸 손님을 발견했습니다. “이제부터 모두 트랜잭션(transaction)으로 합시다.”
# 트랜잭션은 무엇을 고치고, 얼마가 들까요?
#
# 이 수업을 마치면 다음을 할 수 있습니다.
# - 그냥 쓰기, 조건부 쓰기, 트랜잭션 가운데 알맞은 것을 **고르기**
# - 트랜잭션의 단위를 취소되거나 되풀이될 때까지 **계산하기**
# - 판매가 정확히 한 번만 적용되게 **만들고**, 충돌한 뒤 누가 다시 시도해야 하는지 **설명하기**

# %% tools
from IPython.display import display

from simlib import meter
from simlib.lessons import lesson10 as lesson
from simlib.widgets import checks, explore, look_back, note, predict, quiz, reach, seen, write

# %% predict [markdown] lang="en"
# ## 2. Predict
#
# Two questions about the storm of last week.

# %% predict [markdown] lang="ko"
# ## 2. 예측
#
# 지난주의 혼란에 대한 질문 두 가지입니다.

# %% predict-both
display(predict(lesson.RACE), predict(lesson.SALE_UNITS))

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
display(lesson.books(db), note(lesson.audit(db)), look_back(lesson.RACE, lesson.race_choice(db)))

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
look_back(lesson.SALE_UNITS, lesson.at_tables(together))
