# ---
# jupyter:
#   lesson:
#     minutes: 35
#     title:
#       en: "What happens at 1,000?"
#       ko: "1,000건에 이르면 어떻게 될까요?"
# ---

# %% question [markdown] lang="en"
# ## 1. Question
#
# The team has grown: tonight at 20:00 (KST) a stadium concert goes on sale. A purchase now takes two seconds on average: the
# personal ticket is drawn, then the bank answers. All that time it occupies one execution environment by itself.
#
# AWS starts environments on its own, but not without end. A new account may have about
# {{value("lambda.account_concurrency"):,.0f}} requests in progress at once in a Region. What becomes of number
# {{value("lambda.account_concurrency") + 1:,.0f}}? Who decides whose turn it is? And would servers that multiply by
# themselves (an Auto Scaling group) do better?
#
# After this lesson you can
# - **work out** how much concurrency a rate needs, and which limit stops it first,
# - **protect** one function from another with a reservation, and say what it costs the others,
# - **choose** between target tracking and a schedule for a storm whose hour is known.

# %% question [markdown] lang="ko"
# ## 1. 질문
#
# 팀이 커졌습니다. 오늘 저녁 8시(KST)에는 경기장 공연의 예매가 열립니다. 이제 구매 한 건에는 평균 2초가 걸립니다. 개인 티켓을 그린
# 다음 은행의 응답을 기다립니다. 그동안 구매 한 건이 실행 환경(execution environment) 하나를 혼자 차지합니다.
#
# 실행 환경은 AWS가 알아서 시작하지만, 끝없이 늘리지는 않습니다. 새 계정은 리전(Region) 하나에서 요청을 동시에
# {{value("lambda.account_concurrency"):,.0f}}건 정도까지 처리할 수 있습니다.
# {{value("lambda.account_concurrency") + 1:,.0f}}번째 요청은 어떻게 될까요? 누구 차례인지는 누가 정할까요? 스스로 늘어나는
# 서버(Auto Scaling 그룹)라면 더 나을까요?
#
# 이 수업을 마치면 다음을 할 수 있습니다.
# - 요청 빈도에 필요한 동시성(concurrency)과 먼저 걸리는 한도를 **계산하기**
# - 예약으로 한 함수를 다른 함수로부터 **보호하고**, 다른 함수가 치르는 대가를 말하기
# - 시각을 아는 예매에 대상 추적(target tracking)과 예약된 조정 가운데 무엇을 쓸지 **고르기**

# %% tools
from IPython.display import display

from simlib import Scenario, simulate
from simlib.lessons import lesson04 as lesson
from simlib.views import side_by_side
from simlib.widgets import checks, explore, look_back, note, predict, quiz, reach, write

# %% predict [markdown] lang="en"
# ## 2. Predict
#
# Three numbers to commit to: when the function turns people away, what a neighbour in the same account does to it, and how
# quickly servers come to help.

# %% predict [markdown] lang="ko"
# ## 2. 예측
#
# 세 가지를 정해 보세요. 함수가 언제 사람들을 돌려보내는지, 같은 계정의 이웃 함수가 무슨 영향을 주는지, 서버가 얼마나 빨리 도우러
# 오는지입니다.

# %% predict-three
display(predict(lesson.FIRST_429), predict(lesson.FLOOD), predict(lesson.HELP))

# %% run [markdown] lang="en"
# ## 3. Run
#
# Three rates for a few seconds, all on warm environments (cold starts are the subject of lesson 03, and are set to zero
# here). Nobody tries again. Compare *served* and *refused*, and look at the percentiles: does being near the limit make anybody
# wait? What does a function do instead of a queue?

# %% run [markdown] lang="ko"
# ## 3. 실행
#
# 세 가지 빈도를 몇 초 동안 실행합니다. 실행 환경은 모두 준비되어 있습니다(콜드 스타트(cold start)는 03의 주제이므로 여기서는
# 0으로 두었습니다). 아무도 다시 시도하지 않습니다. *처리*와 *거절*을 비교하고 백분위수(percentile)도 보세요. 한도에 가까워지면 누군가 더
# 기다리나요? 함수는 대기열에 세우는 대신 무엇을 하나요?

# %% run-rates
rates = {
    f"{rate}/s": simulate(Scenario((lesson.WARM,), lesson.buyers(rate)), lesson.SEED)
    for rate in (300, 500, 700)
}
side_by_side(rates).iloc[:-1]

# %% observe [markdown] lang="en"
# ## 4. Observe
#
# **One function.** One slider: the rate. Above, the requests in progress grow until the dotted limit; dash-dotted is what
# would be needed, *rate × duration*. Below, the share that is **throttled** (refused at once with status 429). The curve is
# a formula of the telephone engineer A. K. Erlang from 1917, the dot is your run, a few seconds long, so it scatters a
# little. Find the rate at which it leaves zero.

# %% observe [markdown] lang="ko"
# ## 4. 관찰
#
# **함수 하나.** 슬라이더는 하나, 요청 빈도입니다. 위에서는 진행 중인 요청이 점선 한도까지 늘어납니다. 일점쇄선은 필요한 양, 곧
# *빈도 × 걸리는 시간*입니다. 아래는 **스로틀링**(throttling)되는 비율, 곧 상태 코드 429로 곧바로 거절되는 비율입니다. 곡선은 전화
# 기술자 A. K. 얼랑이 1917년에 발표한 공식이고, 점은 방금 실행한 결과입니다. 몇 초뿐이라 조금
# 흩어집니다. 점이 0에서 떠오르는 빈도를 찾아보세요.

# %% observe-rate
display(explore(lesson.RATE_EXPLORER), look_back(lesson.FIRST_429, lesson.first_429_rps()))

# %% observe-shared [markdown] lang="en"
# **Two functions.** The quota belongs to the *account*, not to a function. Beside 100 purchases per second another function
# draws posters. Raise the posters to 300 per second and watch the purchases. Then use the new control, a **reservation** for
# the greedy function: 600, then 900, then 0. It is a floor *and* a ceiling, and it is cut out of the common pool.

# %% observe-shared [markdown] lang="ko"
# **함수 둘.** 할당량은 함수가 아니라 *계정*의 것입니다. 초당 구매 100건 옆에서 다른 함수가 포스터를 그립니다. 포스터를 초당
# 300건으로 올리고 구매가 어떻게 되는지 보세요. 그런 다음 새 조절 항목인 **예약**을 욕심 많은 함수에 걸어 보세요. 600, 900, 0의
# 순서입니다. 예약은 바닥*이자* 천장이며, 공동 몫에서 떼어 냅니다.

# %% play-shared
display(explore(lesson.SHARE_EXPLORER), look_back(lesson.FLOOD, lesson.flooded()))

# %% observe-group [markdown] lang="en"
# **Servers that multiply.** A smaller sale, 1,200 people, on an **Auto Scaling group**: two t3.small in two zones, at most
# twelve. The new controls are the two ways to grow: **target tracking** reacts to the CPU, a **schedule** knows the hour.
# (A month of such evenings fits into Lambda's free tier; hence its bill of nothing.)
#
# | Who chooses ... | Lambda | EC2 with Auto Scaling |
# |---|---|---|
# | how many are needed | AWS: one environment per request in progress | your rule: target tracking, steps or a schedule |
# | when to add | at once, up to quota and scaling rate | after the alarm, then a boot |
# | size, zones, image, patches | memory is yours, the rest AWS | you |
# | bounds | quota and reservation | minimum and maximum of the group |
# | what is refused | 429 above the limit | what overflows the queues of busy servers (503, 504) |

# %% observe-group [markdown] lang="ko"
# **늘어나는 서버.** 조금 작은 예매에 1,200명이 **Auto Scaling 그룹**으로 옵니다. 두 영역의 t3.small 서버 두 대로 시작하고, 최대
# 열두 대입니다. 새로 조절할 것은 늘어나는 두 가지 방법입니다. **대상 추적**은 CPU를 보고 반응하고, **예약된 조정**은 시각을 압니다.
# (이런 저녁 한 달 치는 Lambda의 프리 티어(free tier) 안에 들어가서 0달러입니다.)
#
# | 누가 정하나 | Lambda | Auto Scaling을 쓰는 EC2 |
# |---|---|---|
# | 몇 개가 필요한지 | AWS. 진행 중인 요청마다 실행 환경 하나 | 우리의 규칙. 대상 추적, 단계, 또는 예약 |
# | 언제 더하는지 | 곧바로. 할당량과 확장 속도까지 | 경보가 울리고 서버가 부팅한 뒤 |
# | 크기, 영역, 이미지, 패치 | 메모리는 우리가, 나머지는 AWS가 | 우리 |
# | 한계 | 할당량과 예약 | 그룹의 최소와 최대 |
# | 거절되는 것 | 한도를 넘는 요청(429) | 바쁜 서버의 대기열에서 넘치는 요청(503, 504) |

# %% play-group
display(explore(lesson.GROUP_EXPLORER), look_back(lesson.HELP, lesson.help_minutes()))

# %% explain [markdown] lang="en"
# ## 5. Explain
#
# **Little's law:** requests in progress = requests per second × seconds each takes. It holds for shops, motorways and Lambda
# alike. At two seconds, 500 per second fill {{value("lambda.account_concurrency"):,.0f}} environments; at 0.2 s it takes 5,000.
#
# - **Quota of the Region:** {{value("lambda.account_concurrency"):,.0f}} at once for all functions together. It can be raised,
#   but on request and not within minutes. Synchronous requests also stop at
#   {{value("lambda.rps_per_concurrency"):.0f}} × quota per second.
# - **Reserved concurrency** is free: always available, never exceeded, 0 stops the function. At least
#   {{value("lambda.unreserved_minimum"):.0f}} stay unreserved. **Provisioned concurrency** (lesson 03) is paid for, takes from
#   the same pool, and is no ceiling.
# - **Scaling rate:** each function gets {{value("lambda.scale_environments_burst"):,.0f}} new environments at once, and
#   {{value("lambda.scale_environments_per_s"):.0f}} more per second.
# - **After a 429**, somebody must try again. A synchronous client does, with growing pauses and a little chance (back-off). An
#   **asynchronous** event waits in Lambda's own queue: throttled, it is tried for up to
#   {{value("lambda.async_event_age_max_s") / 3600:.0f}} h; after an *error*, twice, after {{value("lambda.async_first_retry_s"):.0f}} and
#   {{value("lambda.async_second_retry_s"):.0f}} s. A queue of your own (SQS) comes in a later lesson.
#
# | Older notes say | Today | In the exam |
# |---|---|---|
# | {{value("lambda.scale_environments_burst", "2023-10-01"):,.0f}} at once for the whole Region, then {{value("lambda.scale_environments_per_s", "2023-10-01") * 60:.0f}} a minute | {{value("lambda.scale_environments_burst"):,.0f}} per function, then {{value("lambda.scale_environments_per_s"):.0f}} a second, since {{fact("lambda.scale_environments_per_s").effective}} | it scales fast, not without limit |
# | cooldown decides how fast a group grows | only under simple scaling; target tracking waits for warm-up | a known hour: scheduled action |
#
# *The model leaves out:* environments AWS prepares on its own, the request quota's own growth, zones inside Lambda, rebalancing
# and cooldowns of a group; its boot time is assumed, as AWS publishes none. {{page("lambda-concurrency")}}, {{page("lambda-scaling")}},
# {{page("lambda-reserved")}}, {{page("lambda-async-errors")}},
# [Target tracking](https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-scaling-target-tracking.html) (checked on {{as_of}}).
#
# <details><summary>Erlang's formula</summary>
#
# With $a = \lambda s$ wanted and $c$ allowed, requests in random order and nobody trying again, the throttled share is
# $B(c) = \dfrac{a\,B(c-1)}{c + a\,B(c-1)}$, $B(0) = 1$. Only the mean duration $s$ counts, not how durations vary. For
# large $a$ it approaches $1 - c/a$: what is too much, no more. Retries raise $a$, so the formula then says too little.
# </details>

# %% explain [markdown] lang="ko"
# ## 5. 설명
#
# **리틀의 법칙**(Little's law): 진행 중인 요청 = 초당 요청 수 × 한 건에 걸리는 초. 가게에도 고속도로에도 Lambda에도 들어맞습니다. 한
# 건이 2초이면 초당 500건이 실행 환경 {{value("lambda.account_concurrency"):,.0f}}개를 채우고, 0.2초이면 초당 5,000건이 되어야 채웁니다.
#
# - **리전의 할당량:** 모든 함수를 합쳐 동시에 {{value("lambda.account_concurrency"):,.0f}}건입니다. 신청하면 늘려 주지만 몇 분 만에 되지는
#   않습니다. 동기 요청은 초당 할당량의 {{value("lambda.rps_per_concurrency"):.0f}}배에서도 멈춥니다.
# - **예약된 동시성**(reserved concurrency)은 무료입니다. 언제나 쓸 수 있고 절대 넘지 않으며, 0이면 함수가 멈춥니다. 적어도
#   {{value("lambda.unreserved_minimum"):.0f}}은 예약하지 않은 채 남습니다. **프로비저닝된 동시성**(provisioned concurrency, 03)은 요금을
#   내고, 같은 몫에서 빠지며, 천장이 아닙니다.
# - **확장 속도**(scaling rate): 함수마다 새 실행 환경을 한꺼번에 {{value("lambda.scale_environments_burst"):,.0f}}개, 그 뒤로 초당
#   {{value("lambda.scale_environments_per_s"):.0f}}개씩 더 받습니다.
# - **429를 받으면** 누군가 재시도해야 합니다. 동기 클라이언트는 조금씩 무작위로 늘어나는 간격을 두고 재시도합니다(백오프(back-off)).
#   **비동기** 이벤트는 Lambda 자체의 대기열에서 기다립니다. 스로틀링되면 최대
#   {{value("lambda.async_event_age_max_s") / 3600:.0f}}시간까지, *오류*가 나면 {{value("lambda.async_first_retry_s"):.0f}}초와
#   {{value("lambda.async_second_retry_s"):.0f}}초 뒤에 두 번 재시도합니다. 직접 두는 대기열(SQS)은 뒤의 수업에서 다룹니다.
#
# | 예전 자료 | 지금 | 시험에서는 |
# |---|---|---|
# | 리전 전체가 한꺼번에 {{value("lambda.scale_environments_burst", "2023-10-01"):,.0f}}개, 그 뒤로 분당 {{value("lambda.scale_environments_per_s", "2023-10-01") * 60:.0f}}개 | {{fact("lambda.scale_environments_per_s").effective}}부터 함수마다 {{value("lambda.scale_environments_burst"):,.0f}}개, 그 뒤로 초당 {{value("lambda.scale_environments_per_s"):.0f}}개 | 빠르게 늘지만 한도가 있습니다 |
# | 휴지 기간(cooldown)이 그룹의 확장 속도를 정함 | 단순 조정에서만 그렇습니다. 대상 추적은 준비 시간(warm-up)을 기다립니다 | 시각을 알면 예약된 작업 |
#
# *모델이 생략한 것:* AWS가 알아서 미리 준비하는 실행 환경, 요청 할당량 자체의 증가 속도, Lambda 안의 영역, 그룹의 재분배와 휴지
# 기간. 부팅 시간은 AWS가 공개하지 않으므로 가정한 값입니다. {{page("lambda-concurrency")}}, {{page("lambda-scaling")}},
# {{page("lambda-reserved")}}, {{page("lambda-async-errors")}},
# [대상 추적](https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-scaling-target-tracking.html)({{as_of}} 확인).
#
# <details><summary>얼랑의 공식</summary>
#
# 필요한 양이 $a = \lambda s$이고 $c$까지 허용되며, 요청이 무작위로 오고 아무도 재시도하지 않으면 스로틀링되는 비율은
# $B(c) = \dfrac{a\,B(c-1)}{c + a\,B(c-1)}$, $B(0) = 1$입니다. 걸리는 시간의 평균 $s$만 중요하고, 시간이 얼마나 들쭉날쭉한지는 상관이
# 없습니다. $a$가 크면 $1 - c/a$, 곧 딱 넘치는 만큼에 가까워집니다. 재시도는 $a$를 키우므로 그때는 공식이 실제보다 작게 나옵니다.
# </details>

# %% by-hand
display(note(lesson.little_sum()), lesson.tries_again(), note(lesson.delay_sum()))

# %% break-it [markdown] lang="en"
# ## 6. Break it
#
# 1. **Ramp.** A program starts videos of a minute each, within two seconds, under a quota raised to 10,000. Go to 3,000 and press
#    *Run*. Which dotted line holds it back? Then take the rules before November 2023: why is 3,000 easy there, and 4,000 not?
# 2. **Reserved 0.** Back in section 4: set the reservation of the posters to 0. What is this good for on a bad day?
# 3. **Storm against target tracking.** In section 4: does it lose fewer people than the fixed two servers? When does it begin
#    to pay for more, and until when? Now the schedule: how many servers are enough?
# 4. **Loss of a zone.** Below, the first zone fails at 20:01, in the middle of the storm. Put all servers into one zone. Then
#    *two* zones: from which number of scheduled servers on do more of them help no further? Who are the few that are still lost,
#    and why does an odd number lose more?

# %% break-it [markdown] lang="ko"
# ## 6. 한계까지 밀어붙이기
#
# 1. **급상승.** 한 프로그램이 1분짜리 영상 작업을 2초 안에 시작합니다. 할당량은 10,000으로 늘려 두었습니다. 3,000으로 올리고 *실행*을
#    누르세요. 어느 점선이 붙잡고 있나요? 이어서 2023년 11월 이전의 규칙을 고르세요. 3,000은 쉬운데 4,000은 왜 어려울까요?
# 2. **예약 0.** 4절로 돌아가 포스터의 예약을 0으로 두세요. 사고가 난 날에 어디에 쓸 수 있을까요?
# 3. **몰리는 예매와 대상 추적.** 4절에서 보세요. 고정된 서버 두 대보다 적게 잃나요? 언제부터 언제까지 요금을 더 내나요? 이번에는
#    예약된 조정입니다. 서버 몇 대면 충분할까요?
# 4. **가용 영역(Availability Zone) 하나가 멈추면.** 아래에서는 예매가 한창인 20:01에 첫 번째 영역이 멈춥니다. 서버를 모두 한 영역에 두어 보세요. 이번에는 *두*
#    영역입니다. 일정으로 준비하는 서버가 몇 대를 넘으면 더 늘려도 도움이 되지 않나요? 그래도 잃는 요청은 누구의 것이고, 홀수일 때는 왜
#    더 많이 잃나요?

# %% break-ramp
display(explore(lesson.RAMP_EXPLORER), explore(lesson.ZONE_EXPLORER))

# %% exercises [markdown] lang="en"
# ## 7. Exercises
#
# 1. **Apply.** Little's law in code, and the second quota. Which of the two asks for more?
# 2. **Reach a target.** Change `my_group`: for example `lesson.group(schedule=((lesson.at("19:50"), 3), (lesson.at("20:20"), 2)))`,
#    `scaling`, `target_cpu`, `instances` or `instance_type`.
# 3. **Explain.** Two questions of a manager, in words.

# %% exercises [markdown] lang="ko"
# ## 7. 연습 문제
#
# 1. **적용하기.** 리틀의 법칙과 두 번째 할당량을 코드로 계산해 보세요. 둘 가운데 어느 쪽이 더 많이 요구하나요?
# 2. **목표 달성하기.** `my_group`을 바꿔 보세요. 예를 들어
#    `lesson.group(schedule=((lesson.at("19:50"), 3), (lesson.at("20:20"), 2)))`처럼 쓰거나 `scaling`, `target_cpu`, `instances`,
#    `instance_type`을 바꿉니다.
# 3. **설명하기.** 관리자의 두 질문에 말로 답해 보세요.

# %% my-quota tags=["exercise"]
my_quota = 0

reach(lesson.BY_HAND, my_quota)

# %% my-group tags=["exercise"]
my_group = lesson.group(scaling="target_tracking")

display(reach(lesson.STAND_THE_STORM, my_group), write(lesson.EXPLAIN))

# %% check [markdown] lang="en"
# ## 8. Check
#
# Three numbers, computed by the simulator on your machine when you press *Check*. All can be found with the controls above.

# %% check [markdown] lang="ko"
# ## 8. 확인
#
# 숫자 세 개입니다. *채점*을 누르면 시뮬레이터가 이 컴퓨터에서 계산합니다. 모두 위의 조절 막대로 찾을 수 있습니다.

# %% check-questions
checks(*lesson.CHECKS)

# %% recap [markdown] lang="en"
# ## 9. Recap
#
# - Concurrency = rate × duration. 1,000 at once is not 1,000 per second.
# - The quota is shared by all functions of the account in a Region. A reservation is floor and ceiling, and shrinks the pool.
# - Above the limit: 429 at once. A client must try again itself; an event is tried again by Lambda.
# - Even under a high quota, a function grows only at its scaling rate.
# - An Auto Scaling group follows what has happened, minutes late. A known hour deserves a schedule; two zones survive one.
#
# > **Card.** rate × duration · quota per Region, raisable · reserved = floor + ceiling, 0 = stop · errors twice, throttles six
# > hours · known hour: schedule
#
# **Next:** the function is fast, but the way to it is long. Should code run closer to the user?

# %% recap [markdown] lang="ko"
# ## 9. 정리
#
# - 동시성 = 빈도 × 걸리는 시간. 동시에 1,000건은 초당 1,000건이 아닙니다.
# - 할당량은 한 리전에서 계정의 모든 함수가 나누어 씁니다. 예약은 바닥이자 천장이며, 공동 몫을 줄입니다.
# - 한도를 넘으면 곧바로 429입니다. 클라이언트는 스스로 재시도해야 하고, 이벤트는 Lambda가 재시도합니다.
# - 할당량이 높아도 함수는 확장 속도만큼만 늘어납니다.
# - Auto Scaling 그룹은 이미 일어난 일을 몇 분 늦게 따라갑니다. 시각을 알면 예약된 조정을 쓰세요. 두 영역이면 한 영역을 잃어도 버팁니다.
#
# > **카드.** 빈도 × 시간 · 할당량은 리전마다, 늘릴 수 있음 · 예약 = 바닥 + 천장, 0 = 멈춤 · 오류는 두 번, 스로틀링은 여섯 시간 ·
# > 시각을 알면 예약된 조정
#
# **다음:** 함수는 빠르지만 함수까지 가는 길이 멉니다. 코드를 사용자 가까이에서 실행해야 할까요?

# %% quiz
quiz(lesson.QUIZ)
