# ---
# jupyter:
#   lesson:
#     minutes: 35
#     title:
#       en: "What is this, and what is serverless?"
#       ko: "이 과정은 무엇이고, 서버리스란 무엇일까요?"
# ---

# %% question [markdown] lang="en"
# ## 1. Question
#
# Saturday, 20:00 in Seoul (KST). A small team starts to sell tickets for a concert. For weeks hardly anybody visited
# their site: one visitor every two minutes, whose requests are on the bill too. Now, within seconds, 300 people press
# **Buy**; one minute later nearly everything is over.
#
# Two designs could serve them. The first is two rented servers (**EC2**) that stand ready all month. The second is a
# function (**Lambda**): code that AWS runs when a request arrives, and only then. This is called **serverless**.
#
# Nothing here runs in the cloud. A simulator plays every single request, so you need no AWS account, and no mistake
# costs money. Run the next cell (Shift + Enter), **move the slider**, and watch what becomes of the people.
#
# Below the picture is the map of the whole course. AWS has **Regions** such as Seoul or N. Virginia. A Region
# has several **Availability Zones**, separate data centres (zones for short). A user's **request** arrives at an address in
# a Region, a **function** answers it, and what must be remembered lies in a **table**.
#
# After this lesson you can
# - **explain** what serverless means, and what remains your own job,
# - **write** a handler and call it with the event that AWS would hand to it,
# - **judge** with percentiles and several runs whether a difference is more than luck.

# %% question [markdown] lang="ko"
# ## 1. 질문
#
# 토요일 저녁 8시(KST)입니다. 작은 팀이 공연 티켓을 팔기 시작합니다. 지난 몇 주 동안 사이트를 찾는 사람은 거의
# 없었습니다. 2분에 한 명꼴이고, 이들의 요청도 청구서에 들어갑니다. 그런데 지금 단 몇 초 사이에 300명이 **구매** 버튼을
# 누릅니다. 1분만 지나면 거의 다 끝납니다.
#
# 이 사람들을 맞이할 설계는 두 가지입니다. 하나는 한 달 내내 대기하는 서버 두 대를 빌리는 것(**EC2**)입니다. 다른 하나는
# 함수(**Lambda**)입니다. 요청이 올 때만 AWS가 실행해 주는 코드입니다. 이런 방식을 **서버리스**(serverless)라고 부릅니다.
#
# 여기서는 아무것도 클라우드에서 실행하지 않습니다. 시뮬레이터가 요청을 하나하나 재현하므로 AWS 계정도 필요 없고, 실수해도
# 요금이 나오지 않습니다. 다음 셀을 실행하고(Shift + Enter) **슬라이더를 움직여** 사람들이 어떻게 되는지 살펴보세요.
#
# 그림 아래에는 이 과정 전체의 지도가 있습니다. AWS에는 서울, 버지니아 북부 같은 **리전**(Region)이 있습니다. 리전 하나에는
# 서로 떨어진 데이터 센터인 **가용 영역**(Availability Zone)이 여러 개 있습니다. 사용자의 **요청**은 리전 안의 주소에
# 도착하고, **함수**가 여기에 답하며, 기억해야 할 것은 **테이블**에 남습니다.
#
# 이 수업을 마치면 다음을 할 수 있습니다.
# - 서버리스가 무엇이고 무엇이 여전히 내 일인지 **설명하기**
# - 핸들러(handler)를 **작성하고** AWS가 넘겨줄 이벤트로 호출하기
# - 백분위수(percentile)와 여러 번의 실행을 근거로, 차이가 운인지 아닌지 **판단하기**

# %% storm
from IPython.display import display

from simlib.lessons import lesson00 as lesson
from simlib.views import plot_map
from simlib.widgets import checks, explore, fold, look_back, note, predict, quiz, reach, seen, write

display(explore(lesson.STORM), plot_map())

# %% predict [markdown] lang="en"
# ## 2. Predict
#
# For the next concert 600 people come instead of 300. One server works on two requests at a time, and a purchase takes a
# quarter of a second: 0.15 s of computing and 0.1 s of waiting for the bank.
#
# Commit to a number before you run anything. It is kept, and you will see it again beside the result.

# %% predict [markdown] lang="ko"
# ## 2. 예측
#
# 다음 공연에는 300명이 아니라 600명이 옵니다. 서버 한 대는 요청을 한 번에 두 개씩 처리하고, 구매 한 건에는 0.25초가 걸립니다.
# 0.15초는 계산에, 0.1초는 은행의 응답을 기다리는 데 씁니다.
#
# 실행하기 전에 숫자를 하나 정해 보세요. 예측은 저장되고, 나중에 결과와 나란히 보여 줍니다.

# %% predict-servers
predict(lesson.SERVERS_NEEDED)

# %% run [markdown] lang="en"
# ## 3. Run
#
# A **scenario** says what arrives (the traffic) and what it goes through (the stack): here a client who retries when
# refused, and a fleet of servers. `simulate` plays it and keeps one row, a *span*, for every visit of a request to a
# part of the stack.
#
# The first table shows three spans, the second one compares fleets of four sizes on the same evening. **p99** is the
# waiting time that 99 of 100 people do not exceed.

# %% run [markdown] lang="ko"
# ## 3. 실행
#
# **시나리오**는 무엇이 들어오는지(트래픽)와 무엇을 거치는지(스택)를 말해 줍니다. 여기서는 거절당하면 재시도하는
# 클라이언트와 서버 여러 대로 이루어진 스택입니다. `simulate`는 시나리오를 재현하고, 요청이 스택의 각 부분에 들를 때마다
# *스팬*(span)이라는 행을 하나씩 남깁니다.
#
# 첫 번째 표는 스팬 세 개를 보여 주고, 두 번째 표는 같은 저녁을 서버 수 네 가지로 비교합니다. **p99**는 100명 가운데 99명이
# 넘기지 않는 대기 시간입니다.

# %% run-fleets
from simlib import Client, Scenario, simulate

evening = Scenario((Client(), lesson.servers(2)), lesson.storm(600))
result = simulate(evening, seed=0)
display(result.spans.head(3), lesson.fleets([2, 4, 8, 12]))
look_back(lesson.SERVERS_NEEDED, lesson.servers_needed())

# %% observe [markdown] lang="en"
# ## 4. Observe
#
# The mean has misled many teams: a few people who wait very long hardly move it. A **percentile** says it plainly. Half
# of the people wait no longer than the p50, 95 of 100 no longer than the p95, 99 of 100 no longer than the p99.
#
# Another evening brings other people at other moments. The **seed** fixes this luck: the same seed gives the same
# people, so that both designs face the same evening. Pin seed 0 as A, then move the seed. How far does the p99 of the
# servers swing, and how far does that of Lambda?
#
# One evening is therefore not enough. The second cell plays eight evenings through both designs and looks at the
# *differences*, evening by evening. Only where the 95 % interval does not contain zero is the difference more than luck.

# %% observe [markdown] lang="ko"
# ## 4. 관찰
#
# 평균에 속은 팀이 많습니다. 아주 오래 기다린 몇 사람은 평균을 거의 움직이지 못하기 때문입니다. **백분위수**는 이를 분명히
# 보여 줍니다. 절반은 p50보다 오래 기다리지 않고, 100명 중 95명은 p95보다, 99명은 p99보다 오래 기다리지 않습니다.
#
# 다른 날 저녁에는 다른 사람이 다른 순간에 옵니다. **시드**(seed)는 이 운을 고정합니다. 시드가 같으면 같은 사람들이 오므로 두
# 설계가 같은 저녁을 맞이합니다. 시드 0을 A로 고정한 다음 시드를 움직여 보세요. 서버의 p99는 얼마나 흔들리고, Lambda의 p99는
# 얼마나 흔들리나요?
#
# 그래서 하루 저녁만으로는 부족합니다. 두 번째 셀은 여덟 번의 저녁을 두 설계에 똑같이 흘려보내고, 저녁마다 그 *차이*를
# 봅니다. 95% 신뢰 구간에 0이 들어 있지 않을 때에만 운을 넘어선 차이라고 말할 수 있습니다.

# %% observe-chance
explore(lesson.CHANCE)

# %% eight-evenings
lesson.eight_evenings()

# %% explain [markdown] lang="en"
# ## 5. Explain
#
# **Serverless** does not mean that there are no servers. It means that there is no server for you to *manage*. With
# **function as a service** (FaaS) you hand over nothing but code and a few settings.
#
# | | servers (EC2) | function (Lambda) |
# |---|---|---|
# | you deploy | machines with your program | code and settings |
# | the operating system is patched by | you | AWS |
# | capacity is added by | you, or a rule that needs minutes | AWS, one execution environment per request in progress |
# | nobody comes | you pay | you do not pay |
# | longest run of a request | as long as you like | {{value("lambda.timeout_max_s"):,.0f}} s |
# | what sets the limit | the size of the fleet | a concurrency quota, {{value("lambda.account_concurrency"):,.0f}} per account and Region at first |
#
# AWS runs your code in an **execution environment**: a small machine of its own that works on one request at a time. If
# none is idle, a new one is started, and this request waits for it: a **cold start**. Afterwards the environment stays
# for a while and serves others. How long, AWS does not promise.
#
# The code itself is a **handler**: a function of two arguments. `event` is what happened, here the HTTP request as API
# Gateway passes it on; `context` says who is running and how much time is left. What it returns becomes the answer.
#
# *What the simulator leaves out here:* API Gateway itself, the rate at which AWS adds environments ({{value("lambda.scale_environments_burst"):,.0f}} every
# ten seconds), and servers that are added during the rush. More in AWS's words:
# {{page("lambda-environment")}}, {{page("lambda-concurrency")}} (checked on {{as_of}}).

# %% explain [markdown] lang="ko"
# ## 5. 설명
#
# **서버리스**는 서버가 없다는 뜻이 아닙니다. 내가 *관리할* 서버가 없다는 뜻입니다. **서비스형 함수**(function as a service,
# FaaS)에서는 코드와 몇 가지 설정만 넘겨줍니다.
#
# | | 서버(EC2) | 함수(Lambda) |
# |---|---|---|
# | 배포하는 것 | 프로그램이 설치된 서버 | 코드와 설정 |
# | 운영 체제 패치 | 사용자 | AWS |
# | 용량을 늘리는 주체 | 사용자, 또는 몇 분이 걸리는 규칙 | AWS. 진행 중인 요청마다 실행 환경(execution environment) 하나 |
# | 아무도 오지 않을 때 | 요금을 냅니다 | 요금을 내지 않습니다 |
# | 요청 하나의 최대 실행 시간 | 제한 없음 | {{value("lambda.timeout_max_s"):,.0f}}초 |
# | 한계를 정하는 것 | 서버 수 | 동시성(concurrency) 할당량. 처음에는 계정과 리전마다 {{value("lambda.account_concurrency"):,.0f}} |
#
# AWS는 코드를 **실행 환경**에서 돌립니다. 실행 환경은 한 번에 요청 하나만 처리하는 작은 컴퓨터입니다. 쉬는 실행 환경이 없으면
# 새로 하나를 시작하고, 그 요청은 그동안 기다립니다. 이것이 **콜드 스타트**(cold start)입니다. 일을 마친 실행 환경은 한동안 남아
# 다른 요청을 처리합니다. 얼마나 오래 남는지는 AWS가 약속하지 않습니다.
#
# 코드는 **핸들러**라고 하며, 인수가 두 개인 함수입니다. `event`는 일어난 일입니다. 여기서는 API Gateway가 넘겨준 HTTP 요청입니다.
# `context`는 누가 실행 중이고 시간이 얼마나 남았는지 알려 줍니다. 핸들러가 돌려준 값이 응답이 됩니다.
#
# *시뮬레이터가 여기서 생략한 것:* API Gateway 자체, AWS가 실행 환경을 늘리는 속도(10초마다 {{value("lambda.scale_environments_burst"):,.0f}}개), 몰리는 동안 추가되는 서버.
# AWS의 설명은 다음 문서를 보세요. {{page("lambda-environment")}}, {{page("lambda-concurrency")}}({{as_of}} 확인).

# %% handler tags=["long"]
import json


def handler(event, context):
    order = json.loads(event["body"])
    ticket = {"show": order["show"], "seats": order["seats"], "number": context.aws_request_id[:8]}
    return {
        "statusCode": 200,
        "headers": {"content-type": "application/json"},
        "body": json.dumps(ticket),
    }

# %% call
event = lesson.purchase_event(seats=2)
print(json.dumps(event, indent=1))
lesson.answer(handler, event)

# %% template [markdown] lang="en"
# You have just called the handler as Lambda would: with the event of an API Gateway HTTP API. Compare the `body` of
# the event with the `body` of the answer: both are text, so the handler unpacks and packs JSON.
#
# Try it: change `seats`, or break the handler on purpose. An exception becomes a 500 for the user, and the reason goes
# to the log.
#
# To deploy it, you would keep the handler in `src/app.py` and describe everything else in a template for **AWS SAM**. The
# template below is complete. No server appears in it: memory, time limit and the address are all you choose.

# %% template [markdown] lang="ko"
# 방금 Lambda가 하는 방식 그대로, API Gateway HTTP API의 이벤트로 핸들러를 호출했습니다. 이벤트의 `body`와 응답의 `body`를 비교해
# 보세요. 둘 다 문자열이므로 핸들러가 JSON을 풀고 다시 묶습니다.
#
# `seats`를 바꾸거나 핸들러를 일부러 망가뜨려 보세요. 예외가 나면 사용자는 500을 받고, 이유는 로그에 남습니다.
#
# 배포하려면 핸들러를 `src/app.py`에 두고 나머지는 모두 **AWS SAM** 템플릿에 적습니다. 아래 템플릿은 이것으로 완전합니다. 서버는
# 어디에도 나오지 않습니다. 메모리와 제한 시간, 주소만 정하면 됩니다.

# %% show-template
print(lesson.TEMPLATE)

# %% break-it [markdown] lang="en"
# ## 6. Break it
#
# Both designs have a limit. The servers have their number. The function has the **concurrency** quota: at most so many
# requests in progress at once. Whoever comes beyond it is refused with status 429, which is called **throttling**. A new
# AWS account may start with a quota far below {{value("lambda.account_concurrency"):,.0f}}.
#
# 1. Leave 300 people and two servers. Lower the quota until Lambda refuses somebody. Why not earlier? (The client tries
#    up to three times.)
# 2. Reset. How many expected people (the slider's number) do two servers stand without refusing anybody?
# 3. With 1,000 people: what does it cost a month to serve everybody within seconds on servers?

# %% break-it [markdown] lang="ko"
# ## 6. 한계까지 밀어붙이기
#
# 두 설계 모두 한계가 있습니다. 서버는 대수가 한계입니다. 함수는 **동시성** 할당량, 곧 동시에 진행할 수 있는 요청 수가
# 한계입니다. 이를 넘어서 온 사람은 상태 코드 429로 거절당합니다. 이것을 **스로틀링**(throttling)이라고 합니다. 새 AWS 계정의
# 할당량은 {{value("lambda.account_concurrency"):,.0f}}보다 훨씬 작을 수 있습니다.
#
# 1. 300명과 서버 두 대는 그대로 두고, Lambda가 누군가를 거절할 때까지 할당량을 낮춰 보세요. 왜 더 일찍 거절하지 않았을까요?
#    (클라이언트는 세 번까지 시도합니다.)
# 2. 초기화하세요. 서버 두 대는 예상 방문자(슬라이더의 숫자) 몇 명까지 아무도 거절하지 않고 버티나요?
# 3. 1,000명일 때 서버로 모두를 몇 초 안에 처리하려면 한 달에 얼마가 드나요?

# %% break-quota
display(explore(lesson.BREAK), seen(lesson.breaking()))

# %% exercises [markdown] lang="en"
# ## 7. Exercises
#
# 1. **Apply.** At most four seats per order. Change `my_handler` so that a wrong order gets a 400 with a reason
#    and never a 500. Run the cell again after each change.
# 2. **Reach a target.** Choose the fleet in the cell after it. The controls of section 6 help.
# 3. **Explain.** Answer a colleague in words, below the fleet.

# %% exercises [markdown] lang="ko"
# ## 7. 연습 문제
#
# 1. **적용하기.** 주문 한 건에 네 자리까지만 팝니다. 잘못된 주문에는 이유와 함께 400을 돌려주고 500은 절대 나오지 않도록
#    `my_handler`를 고쳐 보세요. 고칠 때마다 셀을 다시 실행하세요.
# 2. **목표 달성하기.** 그다음 셀에서 서버를 골라 보세요. 6절의 조절 막대가 도움이 됩니다.
# 3. **설명하기.** 서버 문제 아래에서 동료에게 말로 답해 보세요.

# %% my-handler tags=["exercise"]
def my_handler(event, context):
    return handler(event, context)


reach(lesson.REFUSES, my_handler)

# %% my-fleet tags=["exercise"]
my_fleet = lesson.servers(2)

display(reach(lesson.CALM, my_fleet), write(lesson.WHY_SERVERS))

# %% check [markdown] lang="en"
# ## 8. Check
#
# Three questions, marked at once. The answers are computed by the simulator, now, on your machine. Every number can be
# found with the controls above or with a line of code.

# %% check [markdown] lang="ko"
# ## 8. 확인
#
# 문제 세 개를 바로 채점합니다. 정답은 지금 이 컴퓨터에서 시뮬레이터가 계산합니다. 모든 숫자는 위의 조절 막대나 코드 한 줄로 찾을
# 수 있습니다.

# %% check-questions
checks(*lesson.CHECKS)

# %% recap [markdown] lang="en"
# ## 9. Recap
#
# - Serverless: there are servers, and AWS manages them. You deploy code and settings.
# - A handler takes an event and a context. Lambda starts as many execution environments as requests are in progress.
# - Servers cost by the clock, functions by the request. In a storm servers queue and then refuse.
# - Look at percentiles, not at the mean. Compare designs on the same requests and over several seeds.
# - A function has limits too: above its concurrency quota requests are throttled.
#
# > **Card.** No request, no bill · one request, one environment · p99 = what one in 100 exceeds · 429 = throttled ·
# > same seed, same evening.
#
# **Next:** is serverless also cheaper when people come all day? Below is the quiz and, folded, the process that plays a
# Lambda function, as it runs in the simulator.

# %% recap [markdown] lang="ko"
# ## 9. 정리
#
# - 서버리스: 서버는 있지만 AWS가 관리합니다. 우리는 코드와 설정을 배포합니다.
# - 핸들러는 이벤트와 컨텍스트를 받습니다. Lambda는 진행 중인 요청 수만큼 실행 환경을 시작합니다.
# - 서버는 시간만큼, 함수는 요청만큼 요금을 냅니다. 한꺼번에 몰리면 서버는 대기열에 세우다가 결국
#   거절합니다.
# - 평균이 아니라 백분위수를 보세요. 같은 요청과 여러 시드로 설계를 비교하세요.
# - 함수에도 한계가 있습니다. 동시성 할당량을 넘는 요청은 스로틀링됩니다.
#
# > **카드.** 요청이 없으면 요금도 없음 · 요청 하나에 실행 환경 하나 · p99 = 100명 중 한 명이 넘기는 시간 · 429 = 스로틀링 ·
# > 같은 시드는 같은 저녁
#
# **다음:** 하루 종일 사람이 올 때에도 서버리스가 더 쌀까요? 아래에는 퀴즈가 있고, 그 밑에는 시뮬레이터 안에서 Lambda 함수를
# 재현하는 프로세스가 접혀 있습니다.

# %% quiz
from simlib.i18n import _

display(note(lesson.how_busy()), quiz(lesson.QUIZ))
fold(_("The Lambda process, read line by line"), lesson.guide(), lesson.read_aloud())
