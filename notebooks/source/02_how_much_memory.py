# ---
# jupyter:
#   lesson:
#     minutes: 35
#     title:
#       en: "How much memory should a function get?"
#       ko: "함수에 메모리를 얼마나 주어야 할까요?"
# ---

# %% question [markdown] lang="en"
# ## 1. Question
#
# Tickets are sold, and every buyer gets a PDF. The function that draws it was created without naming a size, so it has
# Lambda's default of {{value("lambda.memory_default_mb"):.0f}} MB, and buyers wait more than five seconds. The team argues.
# “More memory costs more, leave it.” “More memory is faster *and* cheaper, take 10 GB.”
#
# Memory is the one dial of a function that also sets its CPU: {{value("lambda.mb_per_vcpu"):,.0f}} MB buy one vCPU, less buys
# a part of one, more buys several. Who is right?
#
# After this lesson you can
# - **work out** GB-seconds and their price by hand,
# - **predict** for three kinds of work what more memory does to time and price,
# - **tune** a function to a target, and **name** the limits that memory does not move.

# %% question [markdown] lang="ko"
# ## 1. 질문
#
# 티켓이 팔리면 산 사람마다 PDF를 한 장씩 받습니다. PDF를 그리는 함수는 크기를 정하지 않고 만들어서 Lambda의 기본값인
# {{value("lambda.memory_default_mb"):.0f}} MB입니다. 산 사람들은 5초 넘게 기다립니다. 팀의 의견이 갈립니다. “메모리를 늘리면 비싸지니
# 그대로 둡시다.” “메모리를 늘리면 빨라지고 *게다가* 싸지니 10 GB로 합시다.”
#
# 메모리는 함수의 CPU까지 함께 정하는 하나뿐인 설정입니다. {{value("lambda.mb_per_vcpu"):,.0f}} MB면 vCPU 하나, 그보다 적으면 그 일부,
# 많으면 여러 개를 받습니다. 누구 말이 맞을까요?
#
# 이 수업을 마치면 다음을 할 수 있습니다.
# - GB-초와 그 요금을 손으로 **계산하기**
# - 세 가지 일에서 메모리를 늘리면 시간과 요금이 어떻게 되는지 **예측하기**
# - 함수를 목표에 맞게 **조정하고**, 메모리로는 바꿀 수 없는 한계를 **말하기**

# %% tools
from IPython.display import display

from simlib import Client, Lambda, Scenario, bill, simulate
from simlib.lessons import lesson02 as lesson
from simlib.views import side_by_side
from simlib.widgets import checks, explore, look_back, note, predict, quiz, reach, write

# %% predict [markdown] lang="en"
# ## 2. Predict
#
# A ticket PDF takes 400 ms of computing on a full vCPU, in one thread, and 30 ms of waiting for storage. A GB-second
# costs {{price("lambda.duration.x86_64"):.10f}} dollars.

# %% predict [markdown] lang="ko"
# ## 2. 예측
#
# 티켓 PDF 한 장에는 온전한 vCPU에서 스레드(thread) 하나로 계산하는 400 ms와 저장소를 기다리는 30 ms가 듭니다. GB-초 하나는
# {{price("lambda.duration.x86_64"):.10f}}달러입니다.

# %% predict-both
display(predict(lesson.HOW_LONG), predict(lesson.HOW_DEAR))

# %% run [markdown] lang="en"
# ## 3. Run
#
# The same requests through two sizes; a month has a million of them, 1,000 are played. All dollars in this lesson are without
# the free tier, so that sizes compare cleanly. The sentence below the table is how people who tune functions report: “31 % cheaper, 44 %
# faster”, where *faster* means that the duration is shorter by that share.

# %% run [markdown] lang="ko"
# ## 3. 실행
#
# 똑같은 요청을 두 크기의 함수에 흘려보냅니다. 요청은 한 달에 백만 건이고, 그 가운데 1,000건을 실행합니다. 크기끼리 바로 비교할 수 있도록, 이 수업의 요금은 모두
# 프리 티어(free tier)를 빼지 않은 금액입니다. 표 아래 문장은 함수를 조정하는 사람들이 쓰는 방식입니다. “시간 44% 감소, 요금 31%
# 감소”처럼, 기준에 비해 실행 시간과 요금이 얼마나 달라졌는지를 말합니다.

# %% run-two-sizes
small = Scenario((Client(), Lambda(memory_mb=128)), lesson.million(), name="128 MB")
large = Scenario((Client(), Lambda(memory_mb=1024)), lesson.million(), name="1,024 MB")
results = {each.name: simulate(each, lesson.SEED) for each in (small, large)}
bills = {name: bill(result, free_tier=False) for name, result in results.items()}
display(side_by_side(results, bills), note(lesson.in_words(results["1,024 MB"], results["128 MB"])))

# %% observe [markdown] lang="en"
# ## 4. Observe
#
# **One slider: memory.** The picture is called *power tuning*: duration above, price below, one point for each size
# played. The faint line is the rule of thumb (waiting + computing / vCPUs); dotted lines mark one vCPU and the smallest and
# largest size. Where does the ticket PDF stop getting faster? What does the price do up to there, and beyond?

# %% observe [markdown] lang="ko"
# ## 4. 관찰
#
# **슬라이더는 하나, 메모리입니다.** 이런 그림을 *파워 튜닝*(power tuning)이라고 합니다. 위는 실행 시간, 아래는 요금이고 점 하나가
# 실행해 본 크기 하나입니다. 흐린 선은 어림 규칙(기다림 + 계산 / vCPU)이고, 점선은 vCPU 하나가 되는 곳과 가장 작은 크기, 가장 큰
# 크기입니다. 티켓 PDF는 어디에서 더 빨라지지 않나요? 요금은 거기까지 어떻게 변하고, 그 뒤에는 어떻게 되나요?

# %% observe-memory
display(explore(lesson.MEMORY_EXPLORER), look_back(lesson.HOW_LONG, lesson.large_ms()))
look_back(lesson.HOW_DEAR, lesson.price_choice())

# %% kinds [markdown] lang="en"
# **The new control is the kind of work.** Two more functions of the ticket site: one draws posters in six threads, one
# asks a payment service and mostly waits. For each kind, find the size you would choose, and pin it as A before you change
# the kind. Are there three answers or one?

# %% kinds [markdown] lang="ko"
# **새로 조절할 것은 일의 종류입니다.** 티켓 사이트에는 함수가 두 개 더 있습니다. 하나는 스레드 여섯 개로 포스터를 그리고, 하나는 결제
# 서비스에 물어보고 대부분 기다립니다. 종류마다 알맞은 크기를 찾아 A로 고정한 다음 종류를 바꾸어 보세요. 답은 하나일까요, 셋일까요?

# %% observe-kinds
explore(lesson.KIND_EXPLORER)

# %% explain [markdown] lang="en"
# ## 5. Explain
#
# A request is billed **GB × seconds**: the memory you *configured* (used or not) times the duration, rounded up to
# {{value("lambda.billing_granularity_ms"):.0f}} ms. CPU comes in proportion to memory, and one thread uses at most one vCPU. So:
#
# - **It computes in many threads:** twice the memory halves the time, GB × seconds stay. Larger is faster at nearly the same price.
# - **It computes in one thread:** the same, but only up to one vCPU. Beyond it the price grows and the time stays.
# - **It waits:** the time stays, the price grows with the memory. Smaller is cheaper.
#
# “More memory is faster *and* cheaper” is therefore no law. It does happen: when a small size runs into its timeout, and
# when a request is so short that the kernel's periods count (last lines below). Measure each function; tools such as AWS
# Lambda Power Tuning do it on the real one.
#
# **arm or x86?** A GB-second on arm costs {{(1 - price("lambda.duration.arm64") / price("lambda.duration.x86_64")) * 100:.0f}} % less.
# Whether your code runs as fast there, slower or faster, depends on the code; the simulator gives both the same speed.
#
# | Older notes say | Today | In the exam |
# |---|---|---|
# | at most {{value("lambda.memory_max_mb", "2020-01-01"):,.0f}} MB | {{value("lambda.memory_max_mb"):,.0f}} MB, since {{fact("lambda.memory_max_mb").effective}} | too slow and computing: more memory |
# | /tmp has {{value("lambda.ephemeral_storage_max_mb", "2021-01-01"):.0f}} MB | {{value("lambda.ephemeral_storage_min_mb"):.0f}} to {{value("lambda.ephemeral_storage_max_mb"):,.0f}} MB, since {{fact("lambda.ephemeral_storage_max_mb").effective}} | scratch files: /tmp; shared files: EFS; to keep: S3 |
# | at most {{value("lambda.timeout_max_s", "2018-01-01"):.0f}} s | {{value("lambda.timeout_max_s"):.0f}} s, since {{fact("lambda.timeout_max_s").effective}} | longer than 15 minutes: not Lambda |
# | an event of at most {{value("lambda.payload_event_mb", "2025-01-01") * 1024:.0f}} KB | {{value("lambda.payload_event_mb"):.0f}} MB, since about October 2025 | large data: put it into S3, pass the key |
#
# *What the model leaves out:* memory that the code itself needs (too little ends in an error or in long garbage collection),
# neighbours on the same machine, and any difference in speed between processors. INIT of a cold start does not depend on
# memory here. Sources: {{page("lambda-memory")}}, {{page("lambda-pricing")}}, {{page("lambda-quotas")}},
# {{page("lambda-cpu-study")}} (checked on {{as_of}}).
#
# <details><summary>Less than one vCPU: a quota of milliseconds</summary>
#
# Linux gives a function with the share $s = m / {{value("lambda.mb_per_vcpu"):.0f}}$ of a vCPU $s \times {{value("lambda.scheduler_period_ms"):.0f}}$ ms
# of CPU in every period of {{value("lambda.scheduler_period_ms"):.0f}} ms, and then stops it until the next. It looks only every
# {{value("lambda.scheduler_tick_ms"):.0f}} ms, so a run may exceed its quota and starts the next period in debt. Long work averages
# this out and takes $w / s$. Short work jumps: it ends in this period or in the next. Period and tick are inferred from
# measurements; AWS does not publish them.
# </details>

# %% explain [markdown] lang="ko"
# ## 5. 설명
#
# 요청 하나의 요금은 **GB × 초**로 정해집니다. 쓰든 쓰지 않든 *설정한* 메모리에, {{value("lambda.billing_granularity_ms"):.0f}} ms 단위로
# 올린 실행 시간을 곱합니다. CPU는 메모리에 비례하고, 스레드 하나는 vCPU를 하나까지만 씁니다. 그래서 다음과 같습니다.
#
# - **여러 스레드로 계산하는 일:** 메모리가 두 배면 시간은 절반이고 GB × 초는 그대로입니다. 크게 하면 거의 같은 요금으로 빨라집니다.
# - **스레드 하나로 계산하는 일:** 같지만 vCPU 하나까지만 그렇습니다. 그 뒤로는 요금만 늘고 시간은 그대로입니다.
# - **기다리는 일:** 시간은 거의 그대로인데 요금은 메모리만큼 늘어납니다. 작을수록 쌉니다.
#
# 따라서 “메모리를 늘리면 빨라지고 싸진다”는 법칙이 아닙니다. 그런 일이 있기는 합니다. 크기가 작아 제한 시간에 걸릴 때, 그리고
# 요청이 너무 짧아 커널의 주기가 드러날 때입니다(아래 마지막 줄들). 함수마다 재어 보세요. AWS Lambda Power Tuning 같은 파워 튜닝 도구가
# 실제 함수에서 재어 줍니다.
#
# **arm과 x86 가운데 무엇을?** arm의 GB-초는 {{(1 - price("lambda.duration.arm64") / price("lambda.duration.x86_64")) * 100:.0f}}% 더 쌉니다.
# 코드가 거기서 똑같이 빠른지, 느린지, 더 빠른지는 코드에 달려 있습니다. 시뮬레이터는 둘의 속도를 같게 둡니다.
#
# | 예전 자료 | 지금 | 시험에서는 |
# |---|---|---|
# | 최대 {{value("lambda.memory_max_mb", "2020-01-01"):,.0f}} MB | {{fact("lambda.memory_max_mb").effective}}부터 {{value("lambda.memory_max_mb"):,.0f}} MB | 계산이 느리면 메모리를 늘립니다 |
# | /tmp는 {{value("lambda.ephemeral_storage_max_mb", "2021-01-01"):.0f}} MB | {{fact("lambda.ephemeral_storage_max_mb").effective}}부터 {{value("lambda.ephemeral_storage_min_mb"):.0f}}~{{value("lambda.ephemeral_storage_max_mb"):,.0f}} MB | 임시 파일은 /tmp, 함께 쓰는 파일은 EFS, 보관할 파일은 S3 |
# | 최대 {{value("lambda.timeout_max_s", "2018-01-01"):.0f}}초 | {{fact("lambda.timeout_max_s").effective}}부터 {{value("lambda.timeout_max_s"):.0f}}초 | 15분보다 길면 Lambda가 아닙니다 |
# | 이벤트는 최대 {{value("lambda.payload_event_mb", "2025-01-01") * 1024:.0f}} KB | 2025년 10월 무렵부터 {{value("lambda.payload_event_mb"):.0f}} MB | 큰 데이터는 S3에 두고 키를 넘깁니다 |
#
# *모델이 생략한 것:* 코드 자체가 쓰는 메모리(모자라면 오류가 나거나 가비지 컬렉션이 길어집니다), 같은 컴퓨터를 쓰는 이웃, 프로세서
# 사이의 속도 차이. 여기서 콜드 스타트(cold start)의 INIT 시간은 메모리와 상관없습니다. 출처: {{page("lambda-memory")}},
# {{page("lambda-pricing")}}, {{page("lambda-quotas")}}, {{page("lambda-cpu-study")}}({{as_of}} 확인).
#
# <details><summary>vCPU 하나보다 작을 때: 밀리초로 주는 할당량</summary>
#
# vCPU의 $s = m / {{value("lambda.mb_per_vcpu"):.0f}}$만큼을 받은 함수에 Linux는 {{value("lambda.scheduler_period_ms"):.0f}} ms 주기마다 CPU를
# $s \times {{value("lambda.scheduler_period_ms"):.0f}}$ ms씩 주고, 다 쓰면 다음 주기까지 멈춥니다. 그런데 {{value("lambda.scheduler_tick_ms"):.0f}} ms마다
# 한 번씩만 살펴보므로 할당량을 넘겨 쓸 수 있고, 넘긴 만큼 다음 주기에서 갚습니다. 긴 일에서는 고르게 섞여 $w / s$가 걸립니다. 짧은
# 일에서는 이번 주기에 끝나느냐 다음 주기에 끝나느냐에 따라 시간이 껑충 달라집니다. 주기와 확인 간격은 측정에서 짐작한 값이며, AWS가
# 공개한 것은 아닙니다.
# </details>

# %% by-hand
display(note(lesson.worked_sums()), note(lesson.sweet_spots()), note(lesson.quota_sum()))

# %% break-it [markdown] lang="en"
# ## 6. Break it
#
# Memory is not the only limit. The new control is the **timeout**: Lambda stops a handler that takes longer, and bills the
# time all the same. It begins at {{value("lambda.timeout_default_s"):.0f}} s, Lambda's default.
#
# 1. How many of 1,000 tickets fail at 128 MB, and what does a ticket that arrives cost then? Cure it twice: with a longer
#    timeout, and with more memory. Which cure is faster, and which is cheaper? (Nobody failed in section 4,
#    where the timeout was long enough.)
# 2. Go to the largest size. What do you pay for that does nothing?
# 3. No memory helps against the limits in the table below. Change the numbers in its cell until every row fits. They
#    are sizes as sent: a binary file is a third larger, since an event carries it as base64 text. For data that is simply larger,
#    the cure is S3: put it there and pass the key.
# 4. Give /tmp {{value("lambda.ephemeral_storage_max_mb"):,.0f}} MB. What does that add to a million tickets?

# %% break-it [markdown] lang="ko"
# ## 6. 한계까지 밀어붙이기
#
# 한계는 메모리만이 아닙니다. 새로 조절할 것은 **제한 시간**(timeout)입니다. Lambda는 이보다 오래 걸리는 핸들러(handler)를 멈추고,
# 그때까지의 시간은 그대로 청구합니다. 처음 값은 Lambda의 기본값인 {{value("lambda.timeout_default_s"):.0f}}초입니다.
#
# 1. 128 MB에서 티켓 1,000장 가운데 몇 장이 실패하나요? 그러면 도착한 티켓 한 장에 얼마가 든 셈일까요? 두 가지로 고쳐 보세요. 한 번은
#    제한 시간을 늘리고, 한 번은 메모리를 늘립니다. 어느 쪽이 더 빠르고, 어느 쪽이 더 싼가요? (4절에서는 제한 시간이
#    넉넉해서 아무도 실패하지 않았습니다.)
# 2. 가장 큰 크기로 가 보세요. 아무 일도 하지 않는 무엇에 요금을 내나요?
# 3. 아래 표의 한계에는 메모리가 도움이 되지 않습니다. 모든 줄이 한계 안에 들 때까지 그 셀의 숫자를 바꾸어 보세요. 숫자는
#    보낼 때의 크기입니다. 이진 파일은 이벤트에 base64 텍스트로 실리므로 3분의 1만큼 더 큽니다. 그래도 큰 데이터는 S3에 두고 키를
#    넘깁니다.
# 4. /tmp를 {{value("lambda.ephemeral_storage_max_mb"):,.0f}} MB로 늘려 보세요. 티켓 백만 장에 얼마가 더 드나요?

# %% break-timeout
explore(lesson.BREAK_EXPLORER)

# %% break-limits
function = Lambda(memory_mb=1769, ephemeral_storage_mb=512)
display(lesson.limits(function, request_mb=8, answer_mb=2, event_mb=1.5, files_mb=700))
note(lesson.storage_sum(function))

# %% exercises [markdown] lang="en"
# ## 7. Exercises
#
# 1. **Apply.** Work out GB-seconds in code. 1,024 MB are one GB.
# 2. **Reach a target.** Change `my_function`: `memory_mb`, `architecture="arm64"`, `timeout_s`, `ephemeral_storage_mb`.
# 3. **Explain.** Answer the colleague with the 10 GB, in words.

# %% exercises [markdown] lang="ko"
# ## 7. 연습 문제
#
# 1. **적용하기.** GB-초를 코드로 계산해 보세요. 1,024 MB가 1 GB입니다.
# 2. **목표 달성하기.** `my_function`을 바꿔 보세요. `memory_mb`, `architecture="arm64"`, `timeout_s`, `ephemeral_storage_mb`를 바꿀 수 있습니다.
# 3. **설명하기.** 10 GB로 하자는 동료에게 말로 답해 보세요.

# %% my-gb-seconds tags=["exercise"]
requests = 1_000_000
my_gb_seconds = 0.0

reach(lesson.BY_HAND, my_gb_seconds)

# %% my-function tags=["exercise"]
my_function = Lambda(memory_mb=128, timeout_s=30)

display(reach(lesson.FAST_AND_CHEAP, my_function), write(lesson.ADVICE))

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
# - Memory buys CPU: {{value("lambda.mb_per_vcpu"):,.0f}} MB are one vCPU, and one thread uses at most one.
# - Billed are configured GB × seconds. If the time falls as the memory grows, the price stays.
# - Three kinds of work, three optima: waiting – small; one thread – one vCPU; many threads – large.
# - “Faster and cheaper” happens, at a timeout for example, but is no law. Tune with measurements.
# - Timeout, /tmp and payload are limits of their own: {{value("lambda.timeout_max_s"):.0f}} s, {{value("lambda.ephemeral_storage_max_mb"):,.0f}} MB,
#   {{value("lambda.payload_request_mb"):.0f}} MB with a waiting caller, {{value("lambda.payload_event_mb"):.0f}} MB for an event.
#
# > **Card.** GB × seconds · {{value("lambda.mb_per_vcpu"):,.0f}} MB = 1 vCPU · one thread, one vCPU · waiting is billed too · tune,
# > do not guess.
#
# **Next:** some requests take much longer than all others, whatever the memory. Cold starts are why.

# %% recap [markdown] lang="ko"
# ## 9. 정리
#
# - 메모리를 늘리면 CPU도 늘어납니다. {{value("lambda.mb_per_vcpu"):,.0f}} MB가 vCPU 하나이고, 스레드 하나는 하나까지만 씁니다.
# - 설정한 GB × 초만큼 청구됩니다. 메모리가 느는 만큼 시간이 줄면 요금은 그대로입니다.
# - 일이 세 가지면 답도 세 가지입니다. 기다리는 일은 작게, 스레드 하나는 vCPU 하나, 여러 스레드는 크게 합니다.
# - “빨라지고 싸지는” 일은 이를테면 제한 시간에 걸렸을 때 일어나지만, 법칙은 아닙니다. 재어서 조정하세요.
# - 제한 시간, /tmp, 페이로드는 저마다의 한계입니다. {{value("lambda.timeout_max_s"):.0f}}초, {{value("lambda.ephemeral_storage_max_mb"):,.0f}} MB, 호출자가
#   기다리면 {{value("lambda.payload_request_mb"):.0f}} MB, 이벤트는 {{value("lambda.payload_event_mb"):.0f}} MB입니다.
#
# > **카드.** GB × 초 · {{value("lambda.mb_per_vcpu"):,.0f}} MB = vCPU 하나 · 스레드 하나에 vCPU 하나 · 기다림도 청구 · 짐작하지 말고 재기
#
# **다음:** 메모리와 상관없이 어떤 요청은 다른 요청보다 훨씬 오래 걸립니다. 콜드 스타트 때문입니다.

# %% quiz
quiz(lesson.QUIZ)
