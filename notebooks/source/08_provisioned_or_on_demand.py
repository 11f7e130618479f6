# ---
# jupyter:
#   lesson:
#     minutes: 35
#     title:
#       en: "Which capacity mode?"
#       ko: "어떤 용량 모드를 고를까요?"
# ---

# %% question [markdown] lang="en"
# ## 1. Question
#
# For weeks the team's table takes an order every ten seconds. At 20:00 sales open, and for two minutes 50 orders arrive every second. An
# order with its signed ticket weighs 20 KB: 20 write units. That is 2 units a second all month, and 1,000 at 20:00.
#
# **Amazon DynamoDB** is fully managed: nobody chooses a machine, patches it or restarts it, and every item is always kept in three Availability
# Zones. One choice is left, how throughput is paid: **provisioned** (so many units a second by the hour, used or not) or **on demand** (each
# request). “On demand is two to three times dearer,” says a colleague, “and auto scaling follows the sale anyway.”
#
# After this lesson you can
# - **work out** from the average utilisation which capacity mode is cheaper, with today's prices,
# - **predict** what auto scaling, burst capacity and on-demand mode do in a storm, and when each of them throttles,
# - **choose** a mode and settings for a sale, and **cure** a hot key.

# %% question [markdown] lang="ko"
# ## 1. 질문
#
# 팀의 테이블에는 몇 주 동안 10초에 한 번꼴로 주문이 들어옵니다. 20:00에 판매가 열리면 2분 동안 주문이 초당 50건씩 몰립니다. 서명한 티켓이 든 주문
# 하나는 20 KB, 곧 쓰기 단위 20개입니다. 한 달 내내 초당 2단위이던 것이 20:00에는 1,000단위가 됩니다.
#
# **Amazon DynamoDB**는 완전관리형(fully managed)입니다. 기계를 고르거나 패치하거나 다시 켜는 사람이 없고, 모든 항목은 언제나
# 가용 영역(Availability Zone) 세 곳에 보관됩니다. 남은 선택은 처리량의 요금을 내는 방법 하나입니다. **프로비저닝**(provisioned)은 초당 몇 단위를 쓰든 쓰지 않든 시간마다,
# **온디맨드**(on-demand)는 요청마다 냅니다. 동료가 말합니다. “온디맨드는 두세 배 비싸요. 게다가 판매 때는 Auto Scaling이 따라갑니다.”
#
# 이 수업을 마치면 다음을 할 수 있습니다.
# - 평균 사용률을 보고 지금 요금에서 어느 용량 모드가 싼지 **계산하기**
# - 사람이 몰릴 때 Auto Scaling과 버스트 용량, 온디맨드가 무엇을 하고 언제 스로틀링(throttling)이 생기는지 **예측하기**
# - 판매에 맞는 모드와 설정을 **고르고**, 핫 키(hot key)를 **해결하기**

# %% tools
from IPython.display import display

from simlib import Client, DynamoDb, Lambda, Scenario, capacity_plan, simulate
from simlib.lessons import lesson08 as lesson
from simlib.widgets import checks, explore, look_back, note, predict, quiz, reach, seen, write

# %% predict [markdown] lang="en"
# ## 2. Predict
#
# Auto scaling aims at 70 % utilisation. Before the sale the table stands at its minimum of 5 write units a second.

# %% predict [markdown] lang="ko"
# ## 2. 예측
#
# Auto Scaling의 목표는 사용률 70 %입니다. 판매 전 테이블의 쓰기 용량은 최솟값인 초당 5단위입니다.

# %% predict-both
display(predict(lesson.FIRST_HELP), predict(lesson.HOW_MUCH_DEARER))

# %% run [markdown] lang="en"
# ## 3. Run
#
# The same orders go through both modes: a client that tries once, a Lambda function that stores the order, the table. The AWS SDK in the function
# repeats a throttled call, by default in all up to {{value("sdk.max_attempts_dynamodb"):.0f}} times, with growing random pauses. Meanwhile the
# function waits, and **Lambda bills the waiting**. Compare the billed time in both columns, and ask what the cheaper table has stored; the month
# has four sales and no free tier.

# %% run [markdown] lang="ko"
# ## 3. 실행
#
# 같은 주문을 두 모드에 보냅니다. 한 번만 시도하는 클라이언트, 주문을 저장하는 Lambda 함수, 테이블 순서입니다. 함수 안의 AWS SDK는 스로틀링된 호출을
# 기본으로 모두 {{value("sdk.max_attempts_dynamodb"):.0f}}번까지, 점점 길어지는 무작위 간격을 두고 다시 보냅니다. 그동안 함수는 기다리고,
# **Lambda는 기다린 시간도 청구합니다**. 두 열의 청구 시간을 비교하고, 더 싼 테이블이 주문을 얼마나 저장했는지도 살펴보세요. 한 달에 판매는 네 번이고
# 프리 티어(free tier)는 뺐습니다.

# %% run-both
stack = Client(max_attempts=1), Lambda(memory_mb=1024, timeout_s=30)
tables = {lesson.PROVISIONED: DynamoDb(capacity_mode="provisioned", auto_scaling=True), lesson.ON_DEMAND: DynamoDb()}
results = {mode: simulate(Scenario((*stack, table), lesson.sale(50)), 1) for mode, table in tables.items()}
lesson.compared(results)

# %% observe [markdown] lang="en"
# ## 4. Observe
#
# **One slider: the average utilisation** of 100 write capacity units (WCU) under a steady load. The level line is provisioned, the rising one on demand.
# Where do they cross? How many times dearer is on demand at 70 %, and at full use?
#
# **In the second figure the new control is the date of the prices.** What is left of the colleague's sentence?

# %% observe [markdown] lang="ko"
# ## 4. 관찰
#
# **슬라이더는 하나, 평균 사용률입니다.** 부하가 꾸준할 때 쓰기 용량 단위(write capacity unit, WCU) 100개를 얼마나 쓰는지를 뜻합니다. 수평선은
# 프로비저닝, 올라가는 선은 온디맨드입니다. 어디에서 만나나요? 70 %일 때와 다 쓸 때 온디맨드는 몇 배 비싼가요?
#
# **둘째 그림에서 새로 조절할 것은 요금의 날짜입니다.** 동료의 말은 어디까지 맞나요?

# %% observe-share
display(explore(lesson.SHARE_EXPLORER), look_back(lesson.HOW_MUCH_DEARER, lesson.ratio()))
explore(lesson.DATE_EXPLORER)

# %% sale [markdown] lang="en"
# **The sale. The new control is its height**; press *Run* after moving it. Both panels show the same orders, minute by minute and without retries, on a
# log scale: what is wanted, consumed and throttled; the dotted line is the capacity that stands, or the limit of on-demand mode. When does
# the dotted line rise, and how far? At which height does on demand throttle?
#
# **In the second figure the new control is a scheduled action** that raises the capacity from 19:50 to 20:50. How little is enough for 50 orders a
# second? Why is it less than 1,000? And why does 400 not save 90 orders, 1,800 units?

# %% sale [markdown] lang="ko"
# **판매입니다. 새로 조절할 것은 그 높이입니다.** 움직인 다음 *실행*을 누르세요. 두 칸은 같은 주문을 재시도 없이 1분 단위로, 로그 눈금에 보여 줍니다.
# 필요한 양, 소비한 양, 스로틀링된 양이 있고, 점선은 준비된 용량 또는 온디맨드의 한도입니다. 점선은 언제 얼마나 올라가나요? 온디맨드는
# 어느 높이부터 스로틀링하나요?
#
# **둘째 그림에서 새로 조절할 것은 예약된 작업**(scheduled action)입니다. 19:50부터 20:50까지 용량을 올려 둡니다. 초당 주문 50건에는 얼마면
# 충분한가요? 왜 1,000보다 적나요? 주문 90건, 곧 1,800단위에는 왜 400으로 모자라나요?

# %% observe-sale
display(explore(lesson.HEIGHT_EXPLORER), look_back(lesson.FIRST_HELP, lesson.first_help_minutes()))
explore(lesson.READY_EXPLORER)

# %% explain [markdown] lang="en"
# ## 5. Explain
#
# - **The price ratio** on demand ÷ provisioned = utilisation ÷ break-even. The break-even lies at
#   {{100 * price("dynamodb.write_capacity.standard") / 3600 / price("dynamodb.write_request.standard"):.1f}} %. Average over *all* hours of the month, not the busy ones.
# - **Partitions.** A table lies on partitions. Each takes {{value("dynamodb.partition_read_units"):,.0f}} read and
#   {{value("dynamodb.partition_write_units"):,.0f}} write units a second and {{value("dynamodb.partition_gb"):.0f}} GB. Provisioned capacity is divided among
#   them. **Burst capacity:** a partition saves up to {{value("dynamodb.burst_s"):.0f}} s of what it did not use, best effort. **Adaptive
#   capacity:** what others leave unused goes to a hot partition at once, in both modes. A **hot key** gets at most one whole partition; its cure is **write
#   sharding**: a suffix on the key, and a query for each suffix.
# - **Auto scaling** (target tracking) needs {{value("dynamodb.scale_out_minutes"):.0f}} minutes in a row above the target, then CloudWatch, then
#   UpdateTable: minutes in which the excess is throttled. It asks for consumed ÷ target, and what was throttled was not consumed: it climbs in small
#   steps. Down it goes after {{value("dynamodb.scale_in_minutes"):.0f}} low minutes in a row; a day (UTC) begins with {{value("dynamodb.decreases_at_once"):.0f}} decreases, each hour
#   adds {{value("dynamodb.decreases_per_hour"):.0f}}, and {{value("dynamodb.decreases_per_day"):.0f}} a day are the most. Without any consumption nothing goes down.
# - **On demand** serves at once twice the previous peak; a new table {{value("dynamodb.on_demand_initial_write"):,.0f}} writes and
#   {{value("dynamodb.on_demand_initial_read"):,.0f}} reads a second. More than doubling within {{value("dynamodb.on_demand_growth_s") / 60:.0f}} minutes may throttle. An optional
#   maximum caps the bill. The quota of a table is {{value("dynamodb.table_quota_units"):,.0f}} reads and as many writes, in both modes; it can be raised.
# - **Also:** reserved capacity (one or three years; provisioned mode, class Standard only), the class Standard-IA (cheap storage, dearer units), and a free tier of
#   25 RCU and 25 WCU in provisioned mode.
#
# | Older notes say | Today | In the exam |
# |---|---|---|
# | on demand is two to three times dearer, or five to seven (a million writes {{price("dynamodb.write_request.standard", "2024-10-31") * 1e6:.2f}} USD until 2024-10-31) | {{price("dynamodb.write_request.standard") * 1e6:.3f}} USD since 2024-11-01: {{3600 * price("dynamodb.write_request.standard") / price("dynamodb.write_capacity.standard"):.1f}}x at full use, {{0.7 * 3600 * price("dynamodb.write_request.standard") / price("dynamodb.write_capacity.standard"):.1f}}x at 70 %, cheaper below the break-even | unpredictable or unknown: on demand; steady: provisioned, reserved |
# | a hot partition has only its share and waits minutes for more | adaptive capacity at once, since {{fact("dynamodb.adaptive_capacity").effective}} | a good partition key first |
# | the mode may be changed once in 24 hours | to on demand four times in 24 hours (since about 2025), back at any time | new or changing load: start on demand |
#
# *What the model leaves out:* AWS promises no exact delays and no exact burst; one minute each for CloudWatch and UpdateTable is our assumption. Raising warm
# throughput is charged once and not on the bills here. Sources: {{page("dynamodb-provisioned")}}, {{page("dynamodb-on-demand")}}, {{page("dynamodb-burst")}},
# {{page("dynamodb-auto-scaling")}}, {{page("dynamodb-quotas")}}, {{page("dynamodb-price-cut")}}, {{page("dynamodb-pricing")}} (checked on {{as_of}}).
#
# <details><summary>How long a burst lasts</summary>
#
# With $P$ units provisioned and $L$ wanted, a full bucket of ${{value("dynamodb.burst_s"):.0f}} \cdot P$ lasts $t = {{value("dynamodb.burst_s"):.0f}} P / (L - P)$ seconds, if no partition is beyond its own limit:
# a small table lies on one partition, and that takes {{value("dynamodb.partition_write_units"):,.0f}} writes a second, whatever was saved.
# For $t \ge 120$ s at $L = 1000$, $P \ge {{1000 * 120 / (120 + value("dynamodb.burst_s")):.0f}}$ is enough.
# </details>

# %% explain [markdown] lang="ko"
# ## 5. 설명
#
# - **요금의 비율**은 온디맨드 ÷ 프로비저닝 = 사용률 ÷ 손익분기점(break-even)입니다. 손익분기점은
#   {{100 * price("dynamodb.write_capacity.standard") / 3600 / price("dynamodb.write_request.standard"):.1f}} %입니다. 바쁜 시간이 아니라 한 달의 *모든* 시간을 평균합니다.
# - **파티션**(partition). 테이블은 파티션에 나뉘어 놓입니다. 파티션 하나는 초당 읽기 {{value("dynamodb.partition_read_units"):,.0f}}단위와 쓰기
#   {{value("dynamodb.partition_write_units"):,.0f}}단위, {{value("dynamodb.partition_gb"):.0f}} GB까지 받습니다. 프로비저닝한 용량은 파티션에 나누어집니다.
#   **버스트 용량**(burst capacity)은 파티션이 쓰지 않은 용량을 {{value("dynamodb.burst_s"):.0f}}초분까지 최선을 다해 모아 둔 것입니다. **적응형
#   용량**(adaptive capacity)은 다른 파티션이 남긴 용량을 몰린 파티션에 곧바로 주는 것으로, 두 모드에 모두 있습니다. **핫 키**는 많아야 파티션 하나를
#   통째로 얻습니다. 해결책은 키에 접미사를 붙이고 접미사마다 쿼리하는 **쓰기 샤딩**(write sharding)입니다.
# - **Auto Scaling**(대상 추적)은 목표를 넘는 1분이 {{value("dynamodb.scale_out_minutes"):.0f}}번 이어지고 CloudWatch와 UpdateTable을 거쳐야 용량을 올립니다.
#   그 몇 분 동안 넘치는 요청은 스로틀링됩니다. 요청하는 용량은 소비량 ÷ 목표인데, 스로틀링된 것은 소비량이 아니므로 조금씩만 올라갑니다. 내릴 때는 낮은
#   1분이 {{value("dynamodb.scale_in_minutes"):.0f}}번 이어져야 합니다. 줄일 수 있는 횟수는 하루(UTC)를 시작할 때 {{value("dynamodb.decreases_at_once"):.0f}}번이고 한 시간마다
#   {{value("dynamodb.decreases_per_hour"):.0f}}번씩 늘어 하루 {{value("dynamodb.decreases_per_day"):.0f}}번까지입니다. 소비가 전혀 없으면 내려가지 않습니다.
# - **온디맨드**는 지금까지 최고치의 두 배를 곧바로 받습니다. 새 테이블은 초당 쓰기 {{value("dynamodb.on_demand_initial_write"):,.0f}}단위와 읽기
#   {{value("dynamodb.on_demand_initial_read"):,.0f}}단위입니다. {{value("dynamodb.on_demand_growth_s") / 60:.0f}}분 안에 두 배를 넘으면 스로틀링될 수 있습니다. 요금을 막을
#   최대치를 정할 수도 있습니다. 테이블의 할당량은 두 모드 모두 읽기와 쓰기 각각 {{value("dynamodb.table_quota_units"):,.0f}}단위이고 올릴 수 있습니다.
# - **그 밖에** 예약 용량(reserved capacity, 1년이나 3년, 프로비저닝 모드의 Standard 클래스만), 스토리지가 싸고 단위가 비싼 Standard-IA 클래스, 프로비저닝
#   모드의 프리 티어 25 RCU와 25 WCU가 있습니다.
#
# | 예전 자료 | 지금 | 시험에서는 |
# |---|---|---|
# | 온디맨드는 두세 배, 또는 다섯에서 일곱 배 비쌈(쓰기 백만 건에 {{price("dynamodb.write_request.standard", "2024-10-31") * 1e6:.2f}}달러, 2024-10-31까지) | 2024-11-01부터 {{price("dynamodb.write_request.standard") * 1e6:.3f}}달러. 다 쓰면 {{3600 * price("dynamodb.write_request.standard") / price("dynamodb.write_capacity.standard"):.1f}}배, 70 %면 {{0.7 * 3600 * price("dynamodb.write_request.standard") / price("dynamodb.write_capacity.standard"):.1f}}배, 손익분기점 아래에서는 더 쌈 | 예측할 수 없거나 모르면 온디맨드, 꾸준하면 프로비저닝과 예약 |
# | 몰린 파티션은 제 몫만 쓰고 몇 분을 기다려야 더 받음 | {{fact("dynamodb.adaptive_capacity").effective}}부터 적응형 용량이 곧바로 | 파티션 키부터 잘 고르기 |
# | 모드는 24시간에 한 번 바꿈 | 2025년 무렵부터 온디맨드로는 24시간에 네 번, 프로비저닝으로는 언제든지 | 새롭거나 변하는 부하는 온디맨드로 시작 |
#
# *모델이 생략한 것:* AWS는 지연과 버스트를 정확히 약속하지 않습니다. CloudWatch와 UpdateTable에 1분씩 걸린다는 것은 이 강의의 가정입니다. 웜 처리량(warm throughput)을
# 올리는 요금은 한 번 내며 여기의 청구서에는 없습니다. 출처: {{page("dynamodb-provisioned")}}, {{page("dynamodb-on-demand")}}, {{page("dynamodb-burst")}},
# {{page("dynamodb-auto-scaling")}}, {{page("dynamodb-quotas")}}, {{page("dynamodb-price-cut")}}, {{page("dynamodb-pricing")}}({{as_of}} 확인).
#
# <details><summary>버스트는 얼마나 갈까요?</summary>
#
# 프로비저닝한 단위가 $P$, 필요한 단위가 $L$이면 가득 찬 $300 \cdot P$는 $t = 300 P / (L - P)$초 동안 갑니다. 어느 파티션도 자신의 한도를 넘지 않을 때의
# 이야기입니다. 작은 테이블은 파티션 하나에 놓이고, 얼마를 모아 두었든 파티션 하나는 초당 쓰기 {{value("dynamodb.partition_write_units"):,.0f}}건까지 받습니다. $L = 1000$에서 $t \ge 120$초가 되려면 $P \ge {{1000 * 120 / (120 + value("dynamodb.burst_s")):.0f}}$이면 충분합니다.
# </details>

# %% by-hand
note(lesson.by_hand())

# %% metrics [markdown] lang="en"
# **Bring your own metrics.** The next cell writes one day of a busier shop to a file, as CloudWatch exports it; the day is made up by this simulator, not measured. Then
# `capacity_plan` plays it against each mode. For a table of your own, export ConsumedWriteCapacityUnits and ConsumedReadCapacityUnits with the statistic Sum and a
# period of 60 seconds (console: *Graphed metrics*, then download as CSV; or `aws cloudwatch get-metric-data`, as JSON), put the file beside this notebook and give its name to
# `read_metrics("my_table.csv")`. The file stays on this machine; on the command line it is `python -m simlib capacity my_table.csv`. Take at least a week: one day hides weekends.

# %% metrics [markdown] lang="ko"
# **내 지표로 해 보기.** 다음 셀은 더 바쁜 가게의 하루를 CloudWatch가 내보내는 형식의 파일로 씁니다. 이 하루는 잰 것이 아니라 이 시뮬레이터가 지어낸 것입니다. 이어서
# `capacity_plan`이 하루를 모드마다 돌려 봅니다. 내 테이블로 해 보려면 ConsumedWriteCapacityUnits와 ConsumedReadCapacityUnits를 통계 Sum, 기간 60초로 내보내세요(콘솔의
# *그래프로 표시된 지표*에서 CSV로 다운로드하거나 `aws cloudwatch get-metric-data`의 JSON). 파일을 이 노트북 옆에 두고 `read_metrics("my_table.csv")`처럼 이름을
# 주면 됩니다. 파일은 이 컴퓨터를 떠나지 않습니다. 명령줄에서는 `python -m simlib capacity my_table.csv`입니다. 하루로는 주말을 알 수 없으니 적어도 일주일을 내보내세요.

# %% own-metrics
consumption = capacity_plan.read_metrics(lesson.export_metrics())
lesson.options(capacity_plan.what_if(consumption, targets=(0.5, 0.7, 0.9), least=5))

# %% break-it [markdown] lang="en"
# ## 6. Break it
#
# 1. **A hot key.** All buyers of one show update one seat map, 1,500 times a second. The table has 10,000 units in either mode. How much is lost? Why do
#    the first seconds lie above the line? Press *Run* with two suffixes.
# 2. **More than twice the peak.** 300 orders a second are 6,000 units. Which previous peak lets them all in on demand? Try exactly half.
# 3. **Auto scaling against two minutes.** Move the target utilisation. Which target saves the storm?

# %% break-it [markdown] lang="ko"
# ## 6. 한계까지 밀어붙이기
#
# 1. **핫 키.** 한 공연의 구매자가 모두 같은 좌석표를 초당 1,500번 고칩니다. 테이블은 두 모드 모두 10,000단위입니다. 얼마나 잃나요? 처음 몇 초는 왜 선보다 위에
#    있나요? 접미사를 두 개로 하고 *실행*을 눌러 보세요.
# 2. **최고치의 두 배보다 많이.** 초당 주문 300건은 6,000단위입니다. 온디맨드가 모두 받으려면 이전 최고치가 얼마여야 하나요? 정확히 절반도 넣어 보세요.
# 3. **2분에 맞선 Auto Scaling.** 목표 사용률을 움직여 보세요. 어떤 목표라면 몰린 2분을 넘길 수 있나요?

# %% break-hot
explore(lesson.HOT_EXPLORER)

# %% break-storms
display(explore(lesson.PEAK_EXPLORER), explore(lesson.TARGET_EXPLORER), seen(lesson.breaking()))

# %% exercises [markdown] lang="en"
# ## 7. Exercises
#
# 1. **Apply.** Provisioned units for a given load, by hand or in code: `my_wcu`.
# 2. **Reach a target.** Change the fields of `my_table`. Useful are `capacity_mode`, `write_capacity`, `auto_scaling`, `target_utilization`, `max_write_capacity`,
#    `previous_peak_writes` (what a load test the day before has served), `warm_writes` and `max_write_request_units`.
# 3. **Explain.** Answer the colleague in words.

# %% exercises [markdown] lang="ko"
# ## 7. 연습 문제
#
# 1. **적용하기.** 주어진 부하에 프로비저닝할 단위를 손이나 코드로 계산해 `my_wcu`에 넣으세요.
# 2. **목표 달성하기.** `my_table`의 필드를 바꾸세요. `capacity_mode`, `write_capacity`, `auto_scaling`, `target_utilization`, `max_write_capacity`,
#    `previous_peak_writes`(전날 부하 테스트가 받은 양), `warm_writes`, `max_write_request_units`가 쓸모 있습니다.
# 3. **설명하기.** 동료에게 말로 답해 보세요.

# %% my-table tags=["exercise"]
my_wcu = 0

my_table = DynamoDb(
    capacity_mode="provisioned",
    auto_scaling=True,
    write_capacity=5,
    target_utilization=0.7,
)

display(reach(lesson.BY_HAND, my_wcu), reach(lesson.SURVIVE, my_table), write(lesson.ADVICE))

# %% check [markdown] lang="en"
# ## 8. Check
#
# Four numbers and a choice, computed by the simulator when you press *Check*.

# %% check [markdown] lang="ko"
# ## 8. 확인
#
# 숫자 네 개와 선택 하나입니다. *채점*을 누르면 시뮬레이터가 계산합니다.

# %% check-questions
checks(*lesson.CHECKS)

# %% recap [markdown] lang="en"
# ## 9. Recap
#
# - Provisioned is paid by the hour, on demand by the request. The ratio is utilisation ÷ break-even, today
#   {{100 * price("dynamodb.write_capacity.standard") / 3600 / price("dynamodb.write_request.standard"):.1f}} %.
# - Auto scaling follows hours, not minutes. Against a storm of two minutes there are burst capacity, a scheduled action, or on demand.
# - On demand serves twice its previous peak at once, a new table {{value("dynamodb.on_demand_initial_write"):,.0f}} writes a second. It throttles too.
# - One key never gets more than one partition: {{value("dynamodb.partition_write_units"):,.0f}} writes a second. Write sharding spreads it.
# - Throttling is waited out by the SDK, and Lambda bills the waiting.
#
# > **Card.** ratio = utilisation ÷ {{100 * price("dynamodb.write_capacity.standard") / 3600 / price("dynamodb.write_request.standard"):.0f}} % · out after 2 minutes and delays, in after 15 ·
# > burst {{value("dynamodb.burst_s"):.0f}} s · on demand {{value("dynamodb.on_demand_growth"):.0f}} × peak · partition {{value("dynamodb.partition_write_units"):,.0f}} writes, {{value("dynamodb.partition_read_units"):,.0f}} reads.
#
# **Next:** the same orders by buyer, not by show. Which index does that take?

# %% recap [markdown] lang="ko"
# ## 9. 정리
#
# - 프로비저닝은 시간마다, 온디맨드는 요청마다 냅니다. 요금의 비율은 사용률 ÷ 손익분기점이고, 손익분기점은 지금
#   {{100 * price("dynamodb.write_capacity.standard") / 3600 / price("dynamodb.write_request.standard"):.1f}} %입니다.
# - Auto Scaling은 몇 분이 아니라 몇 시간의 변화를 따라갑니다. 2분 동안 몰릴 때는 버스트 용량, 예약된 작업, 온디맨드가 있습니다.
# - 온디맨드는 이전 최고치의 두 배를, 새 테이블은 초당 쓰기 {{value("dynamodb.on_demand_initial_write"):,.0f}}단위를 곧바로 받습니다. 온디맨드도 스로틀링합니다.
# - 키 하나는 파티션 하나, 곧 초당 쓰기 {{value("dynamodb.partition_write_units"):,.0f}}단위보다 많이 얻지 못합니다. 쓰기 샤딩으로 나눕니다.
# - 스로틀링되면 SDK가 기다렸다 재시도하고, Lambda는 기다린 시간을 청구합니다.
#
# > **카드.** 비율 = 사용률 ÷ {{100 * price("dynamodb.write_capacity.standard") / 3600 / price("dynamodb.write_request.standard"):.0f}} % · 올릴 때는 2분과 지연, 내릴 때는 15분 · 버스트 300초 ·
# > 온디맨드는 최고치의 2배 · 파티션은 쓰기 1,000, 읽기 3,000
#
# **다음:** 같은 주문을 공연이 아니라 구매자로 찾으려면 어떤 인덱스가 필요할까요?

# %% quiz
quiz(lesson.QUIZ)
