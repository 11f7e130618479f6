# ---
# jupyter:
#   lesson:
#     minutes: 35
#     title:
#       en: "Why are some requests slow?"
#       ko: "왜 어떤 요청은 느릴까요?"
# ---

# %% question [markdown] lang="en"
# ## 1. Question
#
# The ticket site is written in Java now, with a framework that the team likes. Most purchases are answered within 0.2 s.
# Some take nearly 4 s. Same code, same data, same hour: what do the slow ones have in common? And what will happen at 20:00
# (KST), when 50 people press **Buy** within the same tenth of a second?
#
# A request runs in an **execution environment**, one at a time. If none is free, Lambda must make one first: the request
# meets a **cold start**. How many requests are in progress at one moment is called **concurrency**.
#
# After this lesson you can
# - **take apart** a cold start into its pieces and say which of them are yours,
# - **work out** how often it happens at a low rate, and **explain** why a crowd brings it too,
# - **choose** between SnapStart, pings and provisioned concurrency, and **price** them.

# %% question [markdown] lang="ko"
# ## 1. 질문
#
# 이제 티켓 사이트는 팀이 좋아하는 프레임워크를 써서 Java로 작성되어 있습니다. 구매 요청은 대부분 0.2초 안에 응답을 받습니다. 그런데
# 몇몇은 거의 4초가 걸립니다. 코드도, 데이터도, 시간대도 같습니다. 느린 요청의 공통점은 무엇일까요? 그리고 저녁 8시(KST)에 50명이
# 0.1초 안에 한꺼번에 **구매** 버튼을 누르면 어떻게 될까요?
#
# 요청은 **실행 환경**(execution environment) 안에서 한 번에 하나씩 처리됩니다. 비어 있는 환경이 없으면 Lambda가 먼저 하나를 만들어야
# 합니다. 이때 요청은 **콜드 스타트**(cold start)를 겪습니다. 어느 순간에 처리 중인 요청의 수를 **동시성**(concurrency)이라고 합니다.
#
# 이 수업을 마치면 다음을 할 수 있습니다.
# - 콜드 스타트를 부분으로 **나누고** 그중 무엇이 내 몫인지 말하기
# - 요청이 드물 때 얼마나 자주 일어나는지 **계산하고**, 사람이 몰릴 때도 일어나는 까닭을 **설명하기**
# - SnapStart, 핑(ping), 프로비저닝된 동시성(provisioned concurrency) 가운데 **고르고** 그 **요금을 계산하기**

# %% tools
from IPython.display import display

from simlib import Client, Scenario, simulate
from simlib.lessons import lesson03 as lesson
from simlib.views.life import plot_waterfall
from simlib.widgets import checks, explore, look_back, note, predict, quiz, reach, write

# %% predict [markdown] lang="en"
# ## 2. Predict
#
# Today Lambda keeps an idle environment for a little over five minutes, as measured; nobody promises it. Visitors come
# independently of one another. Commit to two answers.

# %% predict [markdown] lang="ko"
# ## 2. 예측
#
# 요즘 Lambda는 쉬는 실행 환경을 5분 남짓 남겨 둡니다. 측정한 값일 뿐 아무도 보장하지 않습니다. 방문자는 서로 상관없이 옵니다. 두
# 가지를 예측해 보세요.

# %% predict-cold
display(predict(lesson.RARE), predict(lesson.ONE_PING))

# %% run [markdown] lang="en"
# ## 3. Run
#
# The same purchase twice through a new function, a minute apart: first cold, then warm. The bars are the two lives of the
# request. Before your handler works, three things may happen:
#
# - the **platform's part**: Lambda finds a place, fetches the code, boots a small virtual machine,
# - **INIT**: the runtime starts and your code outside the handler runs (imports, framework, connections),
# - the **first call's extra**: what the code loads only when it is called for the first time.

# %% run [markdown] lang="ko"
# ## 3. 실행
#
# 새로 배포한 함수에 똑같은 구매 요청을 1분 간격으로 두 번 보냅니다. 처음은 콜드, 다음은 웜입니다. 막대는 두 요청이 거친 시간입니다.
# 핸들러(handler)가 일하기 전에 세 가지 일이 일어날 수 있습니다.
#
# - **플랫폼 몫**: Lambda가 자리를 찾고 코드를 가져오고 작은 가상 머신을 켭니다.
# - **INIT**: 런타임이 시작되고 핸들러 바깥의 코드(import, 프레임워크, 연결)가 실행됩니다.
# - **첫 호출의 추가 시간**: 처음 호출될 때에야 불러오는 것들입니다.

# %% run-twice
function = lesson.function("shop")
purchases = simulate(Scenario((Client(), function), lesson.TWICE), lesson.typical_seed())
plot_waterfall(purchases, lesson.cold_and_warm())

# %% observe [markdown] lang="en"
# ## 4. Observe
#
# **Runtime and package.** Pin our shop as A and choose other code. INIT and first call of empty functions were measured, every day
# for a year; the picture adds the work of our purchase to each. The 3 s of INIT and 0.5 s of first call are our shop's own. Which matters more, the
# language, the package, or what your code loads?

# %% observe [markdown] lang="ko"
# ## 4. 관찰
#
# **런타임과 패키지.** 우리 쇼핑몰을 A로 고정하고 다른 코드를 골라 보세요. 빈 함수의 INIT과 첫 호출은 다른 사람들이 1년 동안 날마다
# 측정한 값이고, 그림에는 우리 구매 처리 시간을 똑같이 더했습니다. INIT 3초와 첫 호출의 0.5초는 우리 코드의 몫입니다. 언어, 패키지, 코드가 불러오는 것 가운데 무엇이 더
# 중요한가요?

# %% observe-code
display(explore(lesson.CODE_EXPLORER), lesson.measured())

# %% quiet [markdown] lang="en"
# **A quiet site.** The new control is the rate. An environment that stays idle for longer than the **keep-alive** is gone, and
# the next visitor waits. Look at the lanes: where does a new one begin? The line is exp(−rate × keep-alive). The dots were
# simulated with several seeds; their bars are 95 % intervals.
#
# **A crowd.** Then people press *Buy* at once. Raise the rate before 20:00 until the site is never cold. Does it help?

# %% quiet [markdown] lang="ko"
# **조용한 사이트.** 새로 조절할 것은 요청 빈도입니다. **유휴 유지 시간**(keep-alive)보다 오래 쉰 환경은 사라지고, 다음 방문자는
# 기다립니다. 줄을 살펴보세요. 새 줄은 어디에서 시작되나요? 선은 exp(−빈도 × 유휴 유지 시간)입니다. 점은 여러 시드로 시뮬레이션한
# 값이고, 점의 막대는 95% 신뢰 구간입니다.
#
# **몰리는 사람들.** 이번에는 여러 사람이 한꺼번에 *구매*를 누릅니다. 저녁 8시 전의 요청 빈도를 올려 사이트가 식을 틈이 없게 해 보세요.
# 도움이 되나요?

# %% observe-rate-and-crowd
display(explore(lesson.RATE_EXPLORER), look_back(lesson.RARE, lesson.rare_of_100()))
display(explore(lesson.BURST_EXPLORER))

# %% remedies [markdown] lang="en"
# **Remedies.** The new control is what you do about it; pin *none* as A and read waiting time *and* bill.
# *Pings*: a timer calls the function, here one call every four minutes. *SnapStart*: Lambda restores a snapshot that was
# taken after INIT. *Provisioned concurrency*: 50 environments are started beforehand and stand ready.

# %% remedies [markdown] lang="ko"
# **대책.** 새로 조절할 것은 대책입니다. *없음*을 A로 고정하고 대기 시간*과* 요금을 함께 읽어 보세요. *핑*은 타이머가 함수를 부르는
# 것으로, 여기서는 4분마다 한 번입니다. *SnapStart*는 INIT이 끝난 뒤에 찍어 둔 스냅샷(snapshot)을 복원합니다.
# *프로비저닝된 동시성*은 환경 50개를 미리 시작해 대기시킵니다.

# %% observe-remedies
display(explore(lesson.REMEDY_EXPLORER), look_back(lesson.ONE_PING, lesson.one_ping()))

# %% explain [markdown] lang="en"
# ## 5. Explain
#
# A request meets a cold start when **no environment is free**. There are two reasons. Either all have *expired*: at a low rate
# that is the chance of a gap longer than the keep-alive, exp(−rate × keep-alive). Or all are *busy*: environments serve one
# request at a time, so N people at once need N of them, however warm the site is.
#
# - **SnapStart** replaces INIT by a restore. It helps where INIT is longer than the restore, as in our shop; an empty
#   Java function gets slower, as measured. It is free for Java; Python and .NET pay for snapshots and restores.
# - **Provisioned concurrency** costs ${{price("lambda.provisioned_concurrency.x86_64"):.10f}} per GB-second while it stands
#   ready, in steps of {{value("lambda.provisioned_billing_step_s") / 60:.0f}} minutes. Requests beyond it *spill over* to
#   ordinary environments, cold. It belongs to a version or alias, and excludes SnapStart there.
#
# The picture below is why no keep-alive may be relied on: others measured it five times, and it changed.
#
# | Older notes say | Today | In the exam |
# |---|---|---|
# | the INIT of zip packages is free | billed since {{fact("lambda.init_billed").effective}} | cold starts cost latency first |
# | environments stay for 10 minutes or longer | 5 to 6 minutes as measured in 2025, never promised | do not rely on it |
# | a ping every 5 minutes keeps the function warm | it keeps *one* environment warm, if at all | provisioned concurrency |
# | SnapStart is for Java only | Python 3.12 and .NET 8 as well, and later | less INIT without paying for idle time |
#
# *What the model leaves out:* environments that AWS starts ahead of time or replaces after hours, the first call's extra on
# provisioned environments, priming of snapshots, VPC. For Python and .NET it borrows Java's restore time.
# Sources: {{page("lambda-environment")}}, {{page("lambda-init-billing")}}, {{page("lambda-provisioned")}}, {{page("lambda-pricing")}};
# measured: {{page("lambda-perf")}}, {{page("lambda-cpu-study")}} (checked on {{as_of}}).
#
# <details><summary>Where the formula comes from</summary>
#
# If visitors come independently at rate $\lambda$, the gap $G$ between two of them is exponential:
# $P(G > K) = e^{-\lambda K}$. A visitor is cold when the gap before is longer than the keep-alive $K$. It holds while requests
# hardly overlap ($\lambda s \ll 1$ for $s$ seconds of work). If $K$ varies, the share is $E[e^{-\lambda K}]$, a little more than
# with the mean of $K$.
# </details>

# %% explain [markdown] lang="ko"
# ## 5. 설명
#
# 요청은 **비어 있는 실행 환경이 없을 때** 콜드 스타트를 겪습니다. 까닭은 두 가지입니다. 하나는 환경이 모두 *사라진* 경우입니다. 요청이
# 드물 때는 간격이 유휴 유지 시간보다 길 확률, 곧 exp(−빈도 × 유휴 유지 시간)입니다. 다른 하나는 환경이 모두 *바쁜* 경우입니다. 환경은
# 요청을 한 번에 하나씩 처리하므로, N명이 한꺼번에 오면 사이트가 아무리 따뜻해도 N개가 필요합니다.
#
# - **SnapStart**는 INIT을 복원으로 바꿉니다. 우리 쇼핑몰처럼 INIT이 복원보다 길 때 도움이 됩니다. 측정에 따르면 빈 Java 함수는
#   오히려 느려집니다. Java에서는 무료이고, Python과 .NET에서는 스냅샷 보관과 복원에 요금이 듭니다.
# - **프로비저닝된 동시성**은 대기하는 동안 GB-초당 ${{price("lambda.provisioned_concurrency.x86_64"):.10f}}가 들고,
#   {{value("lambda.provisioned_billing_step_s") / 60:.0f}}분 단위로 청구됩니다. 이를 넘는 요청은 보통 환경으로 *넘쳐*(spill over)
#   콜드 스타트를 겪습니다. 버전이나 별칭에 설정하며, 그 버전에서는 SnapStart와 함께 쓸 수 없습니다.
#
# 아래 그림은 유휴 유지 시간을 믿으면 안 되는 까닭입니다. 다섯 번 측정했고, 그때마다 달랐습니다.
#
# | 예전 자료 | 지금 | 시험에서는 |
# |---|---|---|
# | zip 패키지의 INIT은 무료 | {{fact("lambda.init_billed").effective}}부터 청구 | 콜드 스타트의 비용은 먼저 지연 시간(latency)입니다 |
# | 환경은 10분 넘게 남는다 | 2025년 측정으로 5~6분, 보장은 없음 | 여기에 기대지 않습니다 |
# | 5분마다 핑을 보내면 함수가 따뜻하다 | 기껏해야 환경 *하나*만 따뜻함 | 프로비저닝된 동시성 |
# | SnapStart는 Java 전용 | Python 3.12, .NET 8과 그 이후 버전도 지원 | 노는 시간에 요금을 내지 않고 INIT을 줄입니다 |
#
# *모델이 생략한 것:* AWS가 미리 시작하거나 몇 시간마다 바꾸는 환경, 프로비저닝된 환경에서 첫 호출의 추가 시간, 스냅샷 프라이밍, VPC.
# Python과 .NET의 복원 시간은 Java의 값을 빌려 씁니다. 출처: {{page("lambda-environment")}}, {{page("lambda-init-billing")}},
# {{page("lambda-provisioned")}}, {{page("lambda-pricing")}}, 측정: {{page("lambda-perf")}}, {{page("lambda-cpu-study")}}({{as_of}} 확인).
#
# <details><summary>공식은 어디에서 나오나요?</summary>
#
# 방문자가 빈도 $\lambda$로 서로 상관없이 오면 두 방문의 간격 $G$는 지수 분포를 따릅니다. $P(G > K) = e^{-\lambda K}$입니다. 앞의
# 간격이 유휴 유지 시간 $K$보다 길면 콜드 스타트입니다. 요청이 거의 겹치지 않을 때($s$초 동안 일할 때 $\lambda s \ll 1$) 맞습니다.
# $K$가 일정하지 않으면 비율은 $E[e^{-\lambda K}]$이고, $K$의 평균으로 구한 값보다 조금 큽니다.
# </details>

# %% by-hand
display(lesson.keep_alive_years(), note(lesson.share_sum()))
display(note(lesson.init_sum()), note(lesson.provisioned_sum()))

# %% break-it [markdown] lang="en"
# ## 6. Break it
#
# The new control is how many environments the remedy keeps ready; the code is yours to choose again.
#
# 1. **One ping, two people.** Keep one ping and set the buyers to 2. Who waits? Now send two pings at once.
# 2. **Provisioned too small.** Choose provisioned concurrency with 10 ready and 50 buyers. What does the p99 say, and what
#    the bill? With how many ready does the p99 fall below a second?
# 3. **Java at 20:00.** Take every remedy away from our shop with 100 buyers, then choose SnapStart, then empty Python without any
#    remedy. Which change is the largest? Which of them could you make by tomorrow?

# %% break-it [markdown] lang="ko"
# ## 6. 한계까지 밀어붙이기
#
# 새로 조절할 것은 대책이 대기시키는 환경 수입니다. 코드도 다시 고를 수 있습니다.
#
# 1. **핑은 하나, 사람은 둘.** 핑 하나를 그대로 두고 구매자를 2명으로 하세요. 누가 기다리나요? 이제 핑을 한꺼번에 두 개 보내 보세요.
# 2. **너무 작은 프로비저닝.** 프로비저닝된 동시성을 고르고 대기 10개, 구매자 50명으로 하세요. p99와 청구서는 무엇을 말하나요? 몇 개를
#    대기시켜야 p99가 1초 아래로 내려가나요?
# 3. **저녁 8시의 Java.** 구매자를 100명으로 하고 우리 쇼핑몰에서 대책을 모두 빼 보세요. 이어서 SnapStart를 고르고, 다음에는 대책 없이
#    빈 Python을 골라 보세요. 어느 변화가 가장 큰가요? 내일까지 할 수 있는 것은 어느 쪽일까요?

# %% break-opening
explore(lesson.BREAK_EXPLORER)

# %% exercises [markdown] lang="en"
# ## 7. Exercises
#
# 1. **Apply.** Work out a cold share: replace the 0 in `math.exp(0)`. Mind the units: an hour has 3,600 s.
# 2. **Reach a target.** Change `my_function`: `remedy` is `"none"`, `"ping"`, `"snapstart"` or `"provisioned"`, `ready` how many
#    environments it keeps, `memory_mb` the memory.
# 3. **Explain.** Answer a colleague, in words.

# %% exercises [markdown] lang="ko"
# ## 7. 연습 문제
#
# 1. **적용하기.** `math.exp(0)`의 0을 바꾸어 콜드 스타트의 비율을 계산해 보세요. 단위에 주의하세요. 한 시간은 3,600초입니다.
# 2. **목표 달성하기.** `my_function`을 바꿔 보세요. `remedy`는 `"none"`, `"ping"`, `"snapstart"`, `"provisioned"` 가운데 하나이고,
#    `ready`는 대기시킬 환경 수, `memory_mb`는 메모리입니다.
# 3. **설명하기.** 동료에게 말로 답해 보세요.

# %% my-share tags=["exercise"]
import math

my_share = math.exp(0)

reach(lesson.BY_HAND, my_share)

# %% my-function tags=["exercise"]
my_function = lesson.function("shop", remedy="none", ready=1, memory_mb=1024)

display(reach(lesson.CALM_OPENING, my_function), write(lesson.ADVICE))

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
# - A cold start is the platform's part, INIT, and a slower first call. INIT is mostly your own code.
# - At a low rate its share is exp(−rate × keep-alive). The keep-alive was measured, changes, and is never promised.
# - At a high rate it returns with every burst: as many environments as requests at once.
# - One ping keeps one environment warm. Several at once keep several, without any promise.
# - SnapStart shortens a long INIT. Provisioned concurrency removes it and is paid for by the clock; use a schedule.
#
# > **Card.** platform + INIT + first call · exp(−rate × keep-alive) · N at once need N environments · one ping, one environment ·
# > ready costs by the clock · INIT is billed.
#
# **Next:** how many requests can be in progress at once, and what happens at 1,000?

# %% recap [markdown] lang="ko"
# ## 9. 정리
#
# - 콜드 스타트는 플랫폼 몫, INIT, 느린 첫 호출로 이루어집니다. INIT은 대부분 내 코드입니다.
# - 요청이 드물 때 그 비율은 exp(−빈도 × 유휴 유지 시간)입니다. 유휴 유지 시간은 측정값이고, 바뀌며, 보장되지 않습니다.
# - 요청이 많아도 한꺼번에 몰리면 다시 나타납니다. 동시에 온 요청 수만큼 환경이 필요합니다.
# - 핑 하나는 환경 하나만 따뜻하게 합니다. 한꺼번에 여러 개를 보내면 여러 환경이 남지만, 역시 보장은 없습니다.
# - SnapStart는 긴 INIT을 줄입니다. 프로비저닝된 동시성은 INIT을 없애는 대신 시간만큼 요금을 냅니다. 일정을 정해 쓰세요.
#
# > **카드.** 플랫폼 + INIT + 첫 호출 · exp(−빈도 × 유휴 유지 시간) · 동시에 N명이면 환경 N개 · 핑 하나에 환경 하나 · 대기는 시간만큼
# > 요금 · INIT도 청구
#
# **다음:** 요청을 한 번에 몇 건까지 처리할 수 있고, 1,000건이 되면 어떻게 될까요?

# %% quiz
quiz(lesson.QUIZ)
