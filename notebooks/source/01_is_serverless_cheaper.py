# ---
# jupyter:
#   lesson:
#     minutes: 35
#     title:
#       en: "Lambda or EC2: which is cheaper?"
#       ko: "Lambda와 EC2, 어느 쪽이 더 쌀까요?"
# ---

# %% question [markdown] lang="en"
# ## 1. Question
#
# The ticket site has grown. Beside the storms at 20:00 there is now a list of all concerts that people call up day and
# night. In the storm the function won easily: nothing is paid for while nobody comes. But what if somebody always comes?
#
# On one side stands a function with 1,024 MB. On the other a **fair** fleet: two t3.small servers in two Availability
# Zones, behind a load balancer that shares the requests out. A single server would be cheaper, and gone with its
# zone; the function already runs in several.
#
# After this lesson you can
# - **work out** both monthly bills by hand,
# - **find** the break-even, as requests per second and as utilisation,
# - **weigh** waiting time and idle hours against dollars.

# %% question [markdown] lang="ko"
# ## 1. 질문
#
# 티켓 사이트가 커졌습니다. 저녁 8시에 몰리는 예매 말고도, 이제 사람들이 밤낮없이 찾는 공연 목록이 있습니다. 예매가 몰릴 때는
# 함수가 쉽게 이겼습니다. 아무도 오지 않는 동안에는 요금이 없기 때문입니다. 그런데 언제나 누군가 온다면 어떨까요?
#
# 한쪽에는 메모리 1,024 MB짜리 함수가 있습니다. 다른 쪽에는 **공정한** 상대가 있습니다. 두 가용 영역(Availability Zone)에 놓인
# t3.small 서버 두 대와, 요청을 나누어 주는 로드 밸런서(load balancer)입니다. 서버 한 대는 더 싸지만 그 영역이 멈추면 함께
# 사라집니다. 함수는 이미 여러 영역에서 실행됩니다.
#
# 이 수업을 마치면 다음을 할 수 있습니다.
# - 두 설계의 한 달 요금을 손으로 **계산하기**
# - 손익분기점(break-even)을 초당 요청 수와 사용률로 **찾기**
# - 대기 시간과 노는 시간을 달러와 함께 **저울질하기**

# %% tools
from IPython.display import display

from simlib import Client, Lambda, Scenario, bill, compare, simulate
from simlib.lessons import lesson01 as lesson
from simlib.views import comparison_table, plot_bill, plot_paid_and_used, side_by_side
from simlib.widgets import checks, explore, look_back, note, predict, quiz, reach, seen, write

# %% predict [markdown] lang="en"
# ## 2. Predict
#
# Listing the concerts takes 50 ms of computing on a full vCPU and 30 ms of waiting. Prices:
# {{price("lambda.requests") * 1e6:.2f}} dollars per million requests and {{price("lambda.duration.x86_64"):.10f}} dollars
# per GB-second for the function, {{price("ec2.instance.t3.small"):.4f}} dollars per hour for each server. The next cell
# tells how long the function takes with its share of a vCPU; then commit to two numbers.

# %% predict [markdown] lang="ko"
# ## 2. 예측
#
# 공연 목록을 만드는 데는 온전한 vCPU에서 계산 50 ms와 대기 30 ms가 듭니다. 요금은 함수가 요청 백만 건에
# {{price("lambda.requests") * 1e6:.2f}}달러, GB-초당 {{price("lambda.duration.x86_64"):.10f}}달러이고, 서버가 한 대에 시간당
# {{price("ec2.instance.t3.small"):.4f}}달러입니다. 다음 셀은 함수가 제 몫의 vCPU로 얼마나 걸리는지 알려 줍니다. 그다음 숫자 두 개를
# 정해 보세요.

# %% predict-break-even
display(note(lesson.how_long_it_takes()), predict(lesson.CROSSING), predict(lesson.BUSY))

# %% run [markdown] lang="en"
# ## 3. Run
#
# Start small: one request per second, day and night. `compare` plays the *same* requests through both designs, eight
# times with eight seeds, and looks at the differences. Then the bill of one run, by line.

# %% run [markdown] lang="ko"
# ## 3. 실행
#
# 작게 시작합니다. 밤낮으로 초당 요청 하나입니다. `compare`는 *똑같은* 요청을 두 설계에 흘려보내기를 시드(seed) 여덟 개로 여덟 번
# 되풀이하고 그 차이를 봅니다. 이어서 한 번 실행한 결과의 청구서를 항목별로 봅니다.

# %% run-compare
function = Scenario((Client(), lesson.FUNCTION), lesson.steady(1.0), name="Lambda")
servers = Scenario((Client(), lesson.FLEET), lesson.steady(1.0), name="EC2")
comparison_table(compare(function, servers, seeds=range(8)))

# %% run-bill
bills = {side.name: bill(simulate(side, lesson.SEED)) for side in (function, servers)}
plot_bill(bills)

# %% observe [markdown] lang="en"
# ## 4. Observe
#
# **Money.** One slider: the rate. The lines are the closed-form bills, the two markers are your simulated month. As
# the rate grows, servers are added so that none is more than 60 % busy. Where do the lines cross? Pin a run as A,
# move on, and read the change. *Show the sum* unfolds unit prices, sources and dates.
#
# **Waiting.** The second picture has one control more: the number of servers, now fixed by you. At 10 per second,
# which side makes people wait longer, and where does its time go? And at 60 per second with two servers? (A stretch
# of the month is played; the sentence says how long it is.)

# %% observe [markdown] lang="ko"
# ## 4. 관찰
#
# **비용.** 슬라이더는 하나, 요청 빈도입니다. 선은 공식으로 구한 요금이고, 표식 두 개는 방금 시뮬레이션한 한 달입니다. 요청이 늘면
# 어느 서버도 60% 넘게 바쁘지 않도록 서버를 늘립니다. 두 선은 어디에서 만나나요? 실행 하나를 A로 고정하고 슬라이더를 움직여 변화를
# 읽어 보세요. *계산 보기*를 누르면 단가와 출처, 날짜가 펼쳐집니다.
#
# **대기 시간.** 두 번째 그림에는 조절할 것이 하나 더 있습니다. 이번에는 서버 수를 여러분이 정합니다. 초당 10건일 때 어느 쪽이 더 오래
# 기다리게 하나요? 그 시간은 어디에 쓰이나요? 서버 두 대로 초당 60건이면 어떻게 되나요? (한 달 가운데 일부만 재현하며, 그
# 길이는 문장에 나옵니다.)

# %% observe-money
display(explore(lesson.RATE_EXPLORER), look_back(lesson.CROSSING, lesson.crossing().rate_rps))

# %% observe-waiting
explore(lesson.WAIT_EXPLORER)

# %% real-days [markdown] lang="en"
# **A real day is not steady.** Below are two days of April 2014 at a real load balancer of somebody unknown, with twice
# as many requests, each rendering a ticket (400 ms of computing). Even the busiest minute leaves more than half of
# the two servers idle: it is the two zones that ask for two. Both are paid for all the time, also at night. Function
# and servers answer the same requests; compare dollars *and* waiting.

# %% real-days [markdown] lang="ko"
# **실제 하루는 고르지 않습니다.** 아래는 어느 실제 로드 밸런서가 2014년 4월 이틀 동안 받은 요청입니다. 요청 수를 두 배로 늘렸고,
# 요청마다 티켓을 한 장 그립니다(계산 400 ms). 가장 바쁜 1분에도 서버 두 대의 절반 이상이 쉽니다. 두 대가 필요한
# 까닭은 영역이 둘이기 때문입니다. 두 대 모두 밤에도 내내 요금을 냅니다. 함수와 서버가 같은 요청에 답합니다. 달러*와* 대기 시간을 함께 비교해 보세요.

# %% play-real-days
days, day_bills = lesson.real_days()
display(side_by_side(days, day_bills), plot_paid_and_used(days["EC2"]))
note(lesson.days_in_use(days["EC2"]))

# %% explain [markdown] lang="en"
# ## 5. Explain
#
# **Always on** costs by the clock, **on demand** costs by the request:
#
# - servers: instances × hours × price, and the same for load balancer, addresses and disks; whether anybody comes or not;
# - function: requests × (price of a request + GB × billed seconds × price of a GB-second), after the free tier of
#   {{value("free_tier.lambda.requests"):,.0f}} requests and {{value("free_tier.lambda.duration"):,.0f}} GB-seconds.
#
# So the **break-even** is a question of **utilisation**: how busy the servers would be. The next cell works both sums by
# hand, with the numbers just seen.
#
# | Older notes say | Today | In the exam |
# |---|---|---|
# | Lambda rounds up to 100 ms | to {{value("lambda.billing_granularity_ms"):.0f}} ms, since {{fact("lambda.billing_granularity_ms").effective}} | duration and memory decide |
# | the INIT of a cold start is free | it is billed, since {{fact("lambda.init_billed").effective}} | cold starts cost time and a little money |
# | EC2 bills every started hour | by the second, at least {{value("ec2.billing_minimum_s"):.0f}} s, since {{fact("ec2.billing_granularity_s").effective}} | per second for Linux |
# | at most {{value("lambda.memory_max_mb", "2020-01-01"):,.0f}} MB and {{value("lambda.timeout_max_s", "2018-01-01"):.0f}} s | {{value("lambda.memory_max_mb"):,.0f}} MB and {{value("lambda.timeout_max_s"):.0f}} s | longer than 15 minutes: not Lambda |
#
# *What the model leaves out:* Auto Scaling, and on the bill logs, traffic to the internet and the people who patch and
# watch the servers. Such costs can be added as lines of your own (`costs=` of a Scenario). Sources:
# {{page("lambda-pricing")}}, {{page("ec2-on-demand")}}, {{page("elb-pricing")}}, {{page("lambda-init-billing")}}
# (checked on {{as_of}}).
#
# <details><summary>The break-even as a formula</summary>
#
# With $C$ dollars a month for the fleet, $T$ seconds in a month, $p_r$ per request, $p_d$ per GB-second, $m$ GB and $d$
# billed seconds, the rate is $\lambda^* = C / \big(T (p_r + m\, d\, p_d)\big)$. If a request holds one of $k$ workers for $s$
# seconds, the utilisation there is $u^* = \lambda^* s / k$. Twice the memory price or twice the duration halves both
# (nearly: $p_r$ stays).
# </details>

# %% explain [markdown] lang="ko"
# ## 5. 설명
#
# **늘 켜 두는 것**은 시간에 따라, **필요할 때만 쓰는 것**은 요청에 따라 요금이 듭니다.
#
# - 서버: 인스턴스 수 × 시간 × 단가. 로드 밸런서, 주소, 디스크도 마찬가지입니다. 누가 오든 오지 않든 같습니다.
# - 함수: 요청 수 × (요청 단가 + GB × 청구된 초 × GB-초 단가). 먼저 프리 티어(free tier)로 요청
#   {{value("free_tier.lambda.requests"):,.0f}}건과 {{value("free_tier.lambda.duration"):,.0f}} GB-초를 뺍니다.
#
# 그래서 **손익분기점**은 **사용률**, 곧 서버가 얼마나 바쁜가의 문제입니다. 다음 셀에서는 방금 본 숫자로 두 식을 손으로 풀어
# 봅니다.
#
# | 예전 자료 | 지금 | 시험에서는 |
# |---|---|---|
# | Lambda는 100 ms 단위로 올림 | {{fact("lambda.billing_granularity_ms").effective}}부터 {{value("lambda.billing_granularity_ms"):.0f}} ms 단위 | 실행 시간과 메모리가 요금을 정합니다 |
# | 콜드 스타트(cold start)의 INIT은 무료 | {{fact("lambda.init_billed").effective}}부터 청구 | 콜드 스타트에는 시간과 약간의 비용이 듭니다 |
# | EC2는 시작한 한 시간을 통째로 청구 | {{fact("ec2.billing_granularity_s").effective}}부터 초 단위, 최소 {{value("ec2.billing_minimum_s"):.0f}}초 | Linux는 초 단위 |
# | 최대 {{value("lambda.memory_max_mb", "2020-01-01"):,.0f}} MB, {{value("lambda.timeout_max_s", "2018-01-01"):.0f}}초 | {{value("lambda.memory_max_mb"):,.0f}} MB, {{value("lambda.timeout_max_s"):.0f}}초 | 15분을 넘으면 Lambda는 답이 아닙니다 |
#
# *모델이 생략한 것:* Auto Scaling, 그리고 청구서에서는 로그, 인터넷으로 나가는 트래픽, 서버를 패치하고 지켜보는 사람. 이런
# 비용은 항목으로 직접 더할 수 있습니다(Scenario의 `costs=`). 출처: {{page("lambda-pricing")}}, {{page("ec2-on-demand")}},
# {{page("elb-pricing")}}, {{page("lambda-init-billing")}}({{as_of}} 확인).
#
# <details><summary>손익분기점 공식</summary>
#
# 서버 요금이 한 달에 $C$달러, 한 달이 $T$초, 요청 단가가 $p_r$, GB-초 단가가 $p_d$, 메모리가 $m$ GB, 청구된 시간이 $d$초이면
# 손익분기점은 $\lambda^* = C / \big(T (p_r + m\, d\, p_d)\big)$입니다. 요청 하나가 작업자 $k$개 가운데 하나를 $s$초 동안 차지하면
# 그때의 사용률은 $u^* = \lambda^* s / k$입니다. 메모리 단가나 실행 시간이 두 배가 되면 둘 다 거의 절반이 됩니다($p_r$는
# 그대로이므로 정확히 절반은 아닙니다).
# </details>

# %% by-hand
display(*[note(lesson.worked_sum(bills[name])) for name in bills])
display(note(lesson.break_even_sum()), look_back(lesson.BUSY, lesson.crossing_busy_percent()))

# %% break-it [markdown] lang="en"
# ## 6. Break it
#
# The new control is the work of a request. The map shows for every rate and every request which side is cheaper.
#
# 1. Stay at one request per second. How heavy must a request be before the servers are cheaper?
# 2. Go to the upper right until Lambda works on more than {{value("lambda.account_concurrency"):,.0f}} requests at once.
#    Money no longer matters then: what lies above the quota is throttled.
# 3. Along the line of break-even, how busy are the servers? Read it in the sentence at three places.
# 4. Up there, which line of the servers' bill grows fastest? A t3.small may use only
#    {{instance("t3.small").baseline * 100:.0f}} % of each vCPU for good and pays for more as *surplus CPU credits*. For steady
#    heavy work a type without credits is the fairer rival.

# %% break-it [markdown] lang="ko"
# ## 6. 한계까지 밀어붙이기
#
# 새로 조절할 것은 요청 하나의 계산량입니다. 지도는 모든 빈도와 계산량에서 어느 쪽이 더 싼지 보여 줍니다.
#
# 1. 초당 요청 하나에 머무르세요. 요청이 얼마나 무거워야 서버가 더 싸지나요?
# 2. Lambda가 동시에 {{value("lambda.account_concurrency"):,.0f}}건 넘게 처리할 때까지 오른쪽 위로 가 보세요. 이제 비용은 문제가
#    아닙니다. 할당량을 넘는 요청은 스로틀링(throttling)됩니다.
# 3. 손익분기점 선을 따라가면 서버는 얼마나 바쁜가요? 세 곳에서 문장을 읽어 보세요.
# 4. 그 위쪽에서는 서버 청구서의 어느 항목이 가장 빨리 늘어나나요? t3.small은 vCPU마다
#    {{instance("t3.small").baseline * 100:.0f}}%까지만 계속 쓸 수 있고, 더 쓰면 *초과 CPU 크레딧* 요금을 냅니다. 무거운 일을 꾸준히
#    한다면 크레딧이 없는 인스턴스가 더 공정한 상대입니다.

# %% break-map
display(explore(lesson.MAP_EXPLORER), seen(lesson.breaking()))

# %% exercises [markdown] lang="en"
# ## 7. Exercises
#
# 1. **Apply.** Work out a bill in code. `730 * 3600` seconds are a month, 1,024 MB are one GB.
# 2. **Reach a target.** Change `my_stack`: other memory, `architecture="arm64"`, or servers with `lesson.FLEET`.
# 3. **Explain.** Advise a manager, in words.

# %% exercises [markdown] lang="ko"
# ## 7. 연습 문제
#
# 1. **적용하기.** 요금을 코드로 계산해 보세요. 한 달은 `730 * 3600`초이고, 1,024 MB가 1 GB입니다.
# 2. **목표 달성하기.** `my_stack`을 바꿔 보세요. 메모리를 바꾸거나 `architecture="arm64"`를 넣거나 `lesson.FLEET`로 서버를 쓰세요.
# 3. **설명하기.** 관리자에게 말로 조언해 보세요.

# %% my-bill tags=["exercise"]
requests = 12 * 730 * 3600
my_usd = 0.0

reach(lesson.BY_HAND, my_usd)

# %% my-stack tags=["exercise"]
my_stack = (Client(), Lambda(memory_mb=1024))

display(reach(lesson.UNDER_BUDGET, Scenario(my_stack, lesson.steady(20))), write(lesson.ADVICE))

# %% check [markdown] lang="en"
# ## 8. Check
#
# Three numbers, computed by the simulator on your machine when you press *Check*. Use the controls above, or code.

# %% check [markdown] lang="ko"
# ## 8. 확인
#
# 숫자 세 개입니다. *채점*을 누르면 시뮬레이터가 이 컴퓨터에서 계산합니다. 위의 조절 막대나 코드를 사용하세요.

# %% check-questions
checks(*lesson.CHECKS)

# %% recap [markdown] lang="en"
# ## 9. Recap
#
# - Servers cost by the clock: idle hours are paid for as well. Functions cost by the request and by GB-seconds.
# - A fair rival has two servers in two zones, a load balancer, addresses and disks; not one machine.
# - The break-even is a utilisation. Below it Lambda is cheaper, above it the servers are.
# - Real traffic has quiet nights, and two zones ask for two servers where one would do. Both lower the utilisation; so
#   do peaks, once they are high enough to need more servers.
# - Waiting counts: cold starts and a slower vCPU share on one side, queues and refusals on the other.
#
# > **Card.** idle costs · requests × (price + GB × s × price) · utilisation decides · two zones, or it is not fair · the
# > bill leaves out people.
#
# **Next:** how much memory should a function get? It buys CPU as well, so more can be faster, and sometimes costs no more.

# %% recap [markdown] lang="ko"
# ## 9. 정리
#
# - 서버는 시간만큼 요금을 냅니다. 노는 시간도 냅니다. 함수는 요청과 GB-초만큼 요금을 냅니다.
# - 공정한 상대는 서버 한 대가 아니라, 두 영역의 서버 두 대와 로드 밸런서, 주소, 디스크입니다.
# - 손익분기점은 사용률입니다. 그보다 낮으면 Lambda가, 높으면 서버가 더 쌉니다.
# - 실제 트래픽은 밤에 한산하고, 한 대로 충분해도 두 영역에는 두 대가 필요합니다. 둘 다 사용률을 낮춥니다. 한꺼번에 몰려서
#   서버가 더 필요해지면 사용률은 더 낮아집니다.
# - 대기 시간도 비용입니다. 한쪽은 콜드 스타트와 느린 vCPU 몫, 다른 쪽은 대기열과 거절입니다.
#
# > **카드.** 쉬고 있어도 요금 발생 · 요청 수 × (단가 + GB × 초 × 단가) · 사용률이 결정 · 영역 두 개여야 공정 · 사람은 청구서에 없음
#
# **다음:** 함수에는 메모리를 얼마나 주어야 할까요? 메모리를 늘리면 CPU도 늘어나므로 더 빨라질 수 있고, 때로는 요금이 늘지도
# 않습니다.

# %% quiz
quiz(lesson.QUIZ)
