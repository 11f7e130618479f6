# ---
# jupyter:
#   lesson:
#     minutes: 35
#     title:
#       en: "Is a cache worth it?"
#       ko: "캐시를 둘 만할까요?"
# ---

# %% question [markdown] lang="en"
# ## 1. Question
#
# For each ticket that is sold, people look at the seat map a thousand times. A seat map is one item of
# {{lesson.MAP_KB}} KB, and each look costs {{lesson.MAP_KB / 8:.0f}} read units and about 5 milliseconds, for the same bytes as a moment before. A **cache** would keep them
# in memory. “Put **DAX** in front of the table,” says a colleague: “microseconds instead of milliseconds, a smaller bill, and not a line of code.” Another
# would take **ElastiCache**. A third asks whether the sold seats will still be up to date.
#
# After this lesson you can
# - **predict** how popularity, size, memory and time to live make the hit ratio, and what that does to p99 and to stale reads,
# - **work out** from how many hits a second on a cache pays for its nodes, and how large a DAX cluster must be,
# - **choose** between DAX, ElastiCache and nothing, and **tell** how each of them breaks.

# %% question [markdown] lang="ko"
# ## 1. 질문
#
# 티켓이 한 장 팔릴 때마다 사람들은 좌석표를 천 번 봅니다. 좌석표는 {{lesson.MAP_KB}} KB 항목 하나입니다. 한 번 볼 때마다 읽기 단위 {{lesson.MAP_KB / 8:.0f}}개와 약 5밀리초가
# 드는데, 내용은 조금 전과 똑같은 바이트입니다. **캐시**(cache)는 그 바이트를 메모리에 담아 둡니다. 한 동료는 “테이블 앞에 **DAX**를 두세요. 밀리초가 마이크로초가 되고,
# 요금은 줄고, 코드는 한 줄도 안 바꿔요.”라고 합니다. 다른 동료는 **ElastiCache**를 고르겠다고 합니다. 또 다른 동료는 팔린 좌석이 제때 보일지 묻습니다.
#
# 이 수업을 마치면 다음을 할 수 있습니다.
# - 인기, 크기, 메모리, 유지 시간이 적중률(hit ratio)을 어떻게 정하고, 그것이 p99와 오래된 읽기를 어떻게 바꾸는지 **예측하기**
# - 캐시가 초당 몇 번 적중해야 노드 요금만큼 아끼는지, DAX 클러스터가 얼마나 커야 하는지 **계산하기**
# - DAX, ElastiCache, 캐시 없음 가운데 **고르고**, 각각 어떻게 무너지는지 **설명하기**

# %% tools
from IPython.display import display

from simlib import Dax, DynamoDb, ElastiCache, Scenario, simulate
from simlib.lessons import lesson12 as lesson
from simlib.widgets import checks, explore, look_back, note, predict, quiz, reach, seen, write

# %% predict [markdown] lang="en"
# ## 2. Predict
#
# Nobody sets a hit ratio. It follows from what people look at.

# %% predict [markdown] lang="ko"
# ## 2. 예측
#
# 적중률은 설정하는 값이 아닙니다. 사람들이 무엇을 보느냐에 따라 정해집니다.

# %% predict-both
display(predict(lesson.HOW_MANY_HITS), predict(lesson.WHEN_IT_PAYS))

# %% run [markdown] lang="en"
# ## 3. Run
#
# The same {{lesson.RATE_RPS}} requests a second, on {{lesson.SHOWS}} shows, go to the table three ways: directly, through DAX, through ElastiCache; a month of them is billed.
# **DAX** (DynamoDB Accelerator) is a cluster that speaks DynamoDB's own API: the code only takes another client. **ElastiCache** is memory that the code uses itself, *cache-aside*:
# look there, on a miss read the table and put the answer in, after a write delete the entry. Compare p50, p99 and what each costs. Then pass another share of writes, as in
# `lesson.seat_maps(0.2)`, or other nodes, as in `Dax(node_type="dax.t3.small")`.

# %% run [markdown] lang="ko"
# ## 3. 실행
#
# 공연 {{lesson.SHOWS}}개에 대한 초당 {{lesson.RATE_RPS}}건의 같은 요청을 세 가지 길로 보냅니다. 테이블로 바로, DAX를 거쳐서, ElastiCache를 거쳐서입니다. 요금은 한 달 치입니다.
# **DAX**(DynamoDB Accelerator)는 DynamoDB의 API를 그대로 쓰는 클러스터라서 코드에서는 클라이언트만 바꾸면 됩니다. **ElastiCache**는 코드가 직접 쓰는 메모리 캐시이며 쓰는 방법은
# *캐시 어사이드*(cache-aside)입니다. 먼저 캐시를 보고, 없으면 테이블을 읽어 캐시에 넣고, 쓴 다음에는 캐시의 값을 지웁니다. p50과 p99, 그리고 각각의 요금을 비교해 보세요. 이어서
# `lesson.seat_maps(0.2)`처럼 쓰기 비율을 바꾸거나 `Dax(node_type="dax.t3.small")`처럼 노드를 바꾸어 보세요.

# %% run-three
traffic = lesson.seat_maps()
stacks = {lesson.NONE: (), lesson.DAX: (Dax(),), lesson.ELASTICACHE: (ElastiCache(),)}
results = {way: simulate(Scenario((*cache, DynamoDb()), traffic), 1) for way, cache in stacks.items()}
lesson.compared(results)

# %% observe [markdown] lang="en"
# ## 4. Observe
#
# **One slider: how steep popularity is.** {{lesson.CATALOGUE_RPS}} looks a second at {{lesson.CATALOGUE:,}} shows, whose seat maps with the drawing of the hall weigh {{lesson.DRAWN_KB}} KB, and a node of
# ElastiCache with room for 2,048 of them. It was empty when the sale opened; the second half of a minute is counted. At 0 all shows are alike. The line is a closed form, the point is simulated. How high is
# the hit ratio at 0, and why just so? From 0.7 on p50 is about a millisecond; why does p99 stay at 9 ms and more, even when 19 of 20 reads are hits?
#
# **In the second figure the new control is the size of a seat map.** Why does it stop mattering below some size, and why is the hit ratio still not 100 % then? At which steepness does size matter least?

# %% observe [markdown] lang="ko"
# ## 4. 관찰
#
# **슬라이더는 하나, 인기가 쏠리는 정도입니다.** 공연 {{lesson.CATALOGUE:,}}개의 좌석표를 초당 {{lesson.CATALOGUE_RPS}}번 봅니다. 공연장 그림이 든 좌석표는 {{lesson.DRAWN_KB}} KB이며,
# ElastiCache 노드 하나에 그중 2,048개가 들어갑니다. 판매가 열릴 때 캐시는 비어 있었고, 1분의 뒤쪽 절반을 셉니다. 0이면 모든 공연의 인기가 같습니다. 선은 수식으로 구한 값이고 점은
# 시뮬레이션한 값입니다. 0일 때 적중률은 얼마이고 왜 그만큼인가요? 0.7부터 p50은 1밀리초 안팎이거나 더 짧습니다. 그런데 스무 번에 열아홉 번이 적중해도 p99는 왜 9밀리초 아래로 내려가지 않나요?
#
# **둘째 그림에서 새로 조절할 것은 좌석표의 크기입니다.** 어느 크기부터는 왜 더 줄여도 소용이 없고, 그래도 적중률은 왜 100 %가 아닌가요? 쏠림이 얼마일 때 크기의 영향이 가장 작나요?

# %% observe-popularity
display(explore(lesson.EXPONENT_EXPLORER), look_back(lesson.HOW_MANY_HITS, lesson.hits_percent()))
explore(lesson.SIZE_EXPLORER)

# %% ttl [markdown] lang="en"
# **The new control is the time to live**: how long an entry may stay, counted from its insertion. The drawing now lies in S3, the seat map has {{lesson.MAP_KB}} KB, and DAX holds those of all {{lesson.SHOWS}} shows, for
# {{lesson.TTL_RPS}} requests a second. But the box office has a program of its own that writes each sale to the table directly, *around* the cache: one request in a hundred. A read is **stale** if it shows the seats as they
# were before a sale. Pin 300 s as A, then shorten. What do you pay for fresher answers? Where would you stop for “at most one read in twenty is stale”?

# %% ttl [markdown] lang="ko"
# **새로 조절할 것은 유지 시간(TTL)입니다.** 캐시에 넣은 때부터 얼마나 두는지를 뜻합니다. 이제 그림은 S3에 있고 좌석표는 {{lesson.MAP_KB}} KB라서 공연 {{lesson.SHOWS}}개가 DAX에 모두 들어갑니다.
# 요청은 초당 {{lesson.TTL_RPS}}건입니다. 그런데 매표소 프로그램은 판매를 캐시를 *거치지 않고* 테이블에 바로 씁니다. 요청 백 건 중 한 건입니다. 판매되기 전의 좌석을 보여 주는 읽기를 **오래된 읽기**(stale read)라고 합니다.
# 300초를 A로 고정하고 줄여 보세요. 더 새로운 값을 얻는 대가는 무엇인가요? “오래된 읽기는 스무 번에 한 번까지”라면 어디에서 멈추겠나요?

# %% observe-ttl
explore(lesson.TTL_EXPLORER)

# %% writes [markdown] lang="en"
# **The new control is the share of writes** among the {{lesson.RATE_RPS}} requests a second of section 3; press *Run*. All writes go through the cache here: DAX writes *through* (the table first, then the item's entry), the code with
# ElastiCache deletes the entry. DAX has three small nodes, so that both caches cost little. From which share on are writes more than half of every bill? Try 30 and 40 %: from which on do DAX's nodes cost more
# than their hits save? Why is its bill lower again at 50 %? What do many writes do to the hit ratio of a cache whose code deletes?
#
# **Then the whole path**: API Gateway and a function stand in front of the table, and **API Gateway has a cache of its own**, which never hears of writes. *In the third figure, ten minutes of a sale, the new control is how long it keeps an answer.* Why is its p50
# lower than that of the others although all hit equally often? What does its freshness cost? *The fourth figure* plays {{lesson.MAP_SHOWS}} shows at every steepness and size of the map, with a sale in a hundred requests and {{lesson.MAP_TTL_S:.0f}} s in the API's cache: how many
# requests a second does it take until a cache pays for small maps? Then allow 5 % of stale reads only: which way wins where, and why never DAX?

# %% writes [markdown] lang="ko"
# **새로 조절할 것은 쓰기의 비율입니다.** 3절의 초당 요청 {{lesson.RATE_RPS}}건 가운데 쓰기가 차지하는 몫입니다. 움직인 다음 *실행*을 누르세요. 여기서는 모든 쓰기가 캐시를 거칩니다. DAX는 라이트 스루(write-through)로 테이블에 먼저 쓰고 항목의 값을 바꾸며, ElastiCache를 쓰는 코드는
# 값을 지웁니다. 두 캐시가 모두 싸도록 DAX도 작은 노드 세 개로 했습니다. 어느 비율부터 쓰기가 모든 요금의 절반을 넘나요? 30 %와 40 %를 넣어 보세요. 몇 %부터 DAX 노드 요금이 적중으로 아끼는 돈보다 많나요?
# 50 %에서는 DAX의 요금이 왜 다시 낮아지나요? 코드가 값을 지우는 캐시에서 쓰기가 많으면 적중률은 어떻게 되나요?
#
# **이제 전체 경로입니다.** 테이블 앞에 API Gateway와 함수가 있고, **API Gateway에는 쓰기를 알지 못하는 자체 캐시**가 있습니다. *판매 10분을 담은 셋째 그림에서 새로 조절할 것은 그 캐시가 답을 두는 시간입니다.* 적중률은 모두 비슷한데 왜 이 캐시의 p50이 가장
# 낮나요? 새로운 답을 얻는 데 얼마가 더 드나요? *넷째 그림*은 공연 {{lesson.MAP_SHOWS}}개를 인기의 쏠림과 좌석표 크기마다 시뮬레이션합니다. 요청 백 건 중 한 건이 판매이고, API 캐시는 답을 {{lesson.MAP_TTL_S:.0f}}초 동안 둡니다. 작은 좌석표에서 캐시가
# 이득이 되려면 초당 요청이 몇 건이어야 하나요? 그다음 오래된 읽기를 5 %까지만 허용해 보세요. 어디에서 무엇이 가장 싸고, DAX는 왜 한 번도 가장 싸지 않나요?

# %% observe-writes
display(explore(lesson.WRITES_EXPLORER), explore(lesson.PATH_EXPLORER), explore(lesson.PAYS_EXPLORER))
seen(lesson.watched())

# %% explain [markdown] lang="en"
# ## 5. Explain
#
# **The hit ratio is a result**: of popularity, size, memory and time to live. It moves the mean and p50 at once; p99 remains near that of a miss until fewer than one read in a hundred misses, and is then that of the slowest hits and the quickest misses. A hit takes microseconds *within* a DAX
# cluster; the caller sees the network too, here about 0.4 ms.
#
# | | DAX | ElastiCache |
# |---|---|---|
# | who keeps it | the cluster: *item cache* for gets, *query cache* for results of Query, Scan and index reads | the code, cache-aside |
# | what it holds | what DynamoDB answered, also that there is nothing (*negative caching*) | anything: aggregates, joined or computed answers, other databases |
# | after a write | write-through refreshes the item, **never results of queries** | the code deletes or replaces the entries it knows of |
# | ends after | {{value("dax.default_ttl_s"):.0f}} s by default, from insertion | what the code says |
# | hands on | strongly consistent and transactional reads: not answered, not kept | what the code does not look up |
# | engines, nodes | 1 to {{value("dax.nodes_max"):.0f}} nodes; three or more, in different zones, for safety | Valkey, Redis OSS, Memcached, whose nodes share the data here; or serverless |
# | costs | {{price("dax.node.dax.t3.small"):.2f}} USD (dax.t3.small) to {{price("dax.node.dax.r5.24xlarge"):.2f}} USD a node-hour | {{price("elasticache.node.valkey.cache.t4g.small"):.4f}} USD a node-hour (cache.t4g.small, Valkey); serverless {{price("elasticache.serverless_data.valkey"):.3f}} USD per GB-hour and {{1e6 * price("elasticache.serverless_ecpu.valkey"):.4f}} USD a million ECPU |
#
# **Both** leave an old entry when a write goes around them, until its time ends. Neither is a place to decide whether a seat is free: that is a condition at the table.
#
# **How large must DAX be?** AWS counts *normalized requests*: a KB of a hit {{value("dax.hit_cost"):.0f}}, of a miss {{value("dax.miss_cost"):.0f}}, of a write
# {{value("dax.write_cost"):.0f}} **on every node**, times the larger of {{value("dax.target_utilization_factor")}} (70 % utilisation) and n ÷ (n − 1) (a node is lost). Beyond what its nodes offer it answers with a ThrottlingException.
#
# **When does it pay?** hits a month × read units of one × price of a unit = nodes × hours × price of a node-hour. Writes save nothing. Often money is the weaker reason: the better ones are latency, and a hot key that its partition
# ({{value("dynamodb.partition_read_units"):,.0f}} read units a second) would throttle. And a cache nearer to the user spares the way as well: CloudFront and API Gateway's cache answer before a function
# even starts; DAX and ElastiCache see only what the function asks.
#
# | Older notes say | Today | In the exam |
# |---|---|---|
# | ElastiCache is Redis or Memcached, on nodes | serverless since {{fact("elasticache.ecpu_kb").effective}}; Valkey since {{fact("elasticache.serverless_least_gb.valkey").effective}}, nodes 20 % cheaper | DynamoDB in microseconds: DAX; rankings, sessions, computed answers: ElastiCache |
# | a million read units cost {{1e6 * price("dynamodb.read_request.standard", "2024-10-31"):.2f}} USD, so a cache soon pays | {{1e6 * price("dynamodb.read_request.standard"):.3f}} USD since 2024-11-01: twice as many hits are needed | read-heavy, repeated: a cache; write-heavy or strongly consistent: none |
#
# **In the cell below:** what each cache answers itself, with a write in every twenty requests, and the sums by hand. Why are results of queries so often stale, with both caches?
#
# *What the model leaves out:* single steps of replication and failover, limits of ElastiCache nodes, the memory that engines keep for themselves, network beyond a zone. Latencies of hits are assumptions.
# Sources: {{page("dax-intro")}}, {{page("dax-concepts")}}, {{page("dax-sizing")}}, {{page("elasticache-intro")}}, {{page("elasticache-serverless")}}, {{page("dynamodb-price-cut")}} (checked on {{as_of}}).
#
# <details><summary>The closed forms behind the points</summary>
#
# *Memory only* (Che's approximation, 2002): with rate $a_i$ for item $i$ and room for $C$ items, find $T$ with $\sum_i (1 - e^{-a_i T}) = C$; item $i$ hits with $1 - e^{-a_i T}$. A cache that was empty $t$ seconds ago has $\min(T, t)$ instead of $T$.
# *Time to live only*: a filling, then $a T$ hits on average: $a T / (1 + a T)$. With writes at rate $b$ around the cache, a hit is stale with $1 - (1 - e^{-bT}) / (bT)$.
# </details>

# %% explain [markdown] lang="ko"
# ## 5. 설명
#
# **적중률은 결과입니다.** 인기, 크기, 메모리, 유지 시간이 정합니다. 평균과 p50은 바로 좋아지지만, 놓친 읽기가 백 번에 한 번보다 적어질 때까지 p99는 놓친 읽기의 시간에 가깝고, 그다음에는 가장 느린 적중과 가장 빠른 놓침의 시간입니다. 적중은 DAX 클러스터
# *안에서* 마이크로초가 걸립니다. 부르는 쪽에는 네트워크도 더해져 여기서는 약 0.4 ms로 보입니다.
#
# | | DAX | ElastiCache |
# |---|---|---|
# | 관리 | 클러스터. 가져오기는 *항목 캐시*(item cache), Query와 Scan과 인덱스 읽기의 결과는 *쿼리 캐시*(query cache) | 코드가 캐시 어사이드로 |
# | 담는 것 | DynamoDB의 답. 없다는 답도 담음(*네거티브 캐싱*, negative caching) | 무엇이든. 집계, 조인하거나 계산한 답, 다른 데이터베이스의 답 |
# | 쓴 다음 | 라이트 스루로 항목을 새로 고침. **쿼리 결과는 새로 고치지 않음** | 코드가 아는 값만 지우거나 바꿈 |
# | 만료 | 기본은 넣은 때부터 {{value("dax.default_ttl_s"):.0f}}초 | 코드가 정한 때 |
# | 넘기는 것 | 강력한 일관된 읽기(strongly consistent read)와 트랜잭션 읽기. 답하지도 담지도 않음 | 코드가 찾아보지 않는 것 |
# | 엔진과 노드 | 노드 1~{{value("dax.nodes_max"):.0f}}개. 안전하려면 서로 다른 가용 영역(Availability Zone)에 세 개 이상 | Valkey, Redis OSS, Memcached(여기서는 노드들이 데이터를 나누어 가짐), 또는 서버리스(serverless) |
# | 요금 | 노드 한 시간에 {{price("dax.node.dax.t3.small"):.2f}}달러(dax.t3.small)부터 {{price("dax.node.dax.r5.24xlarge"):.2f}}달러까지 | 노드 한 시간에 {{price("elasticache.node.valkey.cache.t4g.small"):.4f}}달러(cache.t4g.small, Valkey). 서버리스는 GB-시간에 {{price("elasticache.serverless_data.valkey"):.3f}}달러와 ECPU 백만 개에 {{1e6 * price("elasticache.serverless_ecpu.valkey"):.4f}}달러 |
#
# **둘 다** 캐시를 거치지 않은 쓰기가 있으면 유지 시간이 끝날 때까지 옛 값을 들고 있습니다. 좌석이 비었는지는 어느 캐시에서도 결정하지 않습니다. 그 일은 테이블의 조건이 합니다.
#
# **DAX는 얼마나 커야 할까요?** AWS는 *정규화된 요청*(normalized request)으로 셉니다. 1 KB마다 적중은 {{value("dax.hit_cost"):.0f}}, 놓친 읽기는 {{value("dax.miss_cost"):.0f}}, 쓰기는
# **모든 노드에서** {{value("dax.write_cost"):.0f}}입니다. 여기에 {{value("dax.target_utilization_factor")}}(사용률 70 %)와 n ÷ (n − 1)(노드 하나를 잃을 때) 가운데 큰 값을 곱합니다. 노드가 감당하는 양을 넘으면 ThrottlingException으로 답합니다.
#
# **언제 이득일까요?** 한 달의 적중 수 × 한 번의 읽기 단위 × 단위의 단가 = 노드 수 × 시간 × 노드의 시간당 요금이 되는 때부터입니다. 쓰기에서는 아끼는 것이 없습니다. 돈보다 나은 이유가 있을 때가 많습니다. 지연 시간, 그리고 파티션 하나의 한도
# (초당 읽기 {{value("dynamodb.partition_read_units"):,.0f}}단위)를 넘겨 스로틀링(throttling)될 핫 키(hot key)입니다. 사용자에게 더 가까운 캐시는 오가는 길까지 줄입니다. CloudFront와 API Gateway의 캐시는 함수가
# 시작되기도 전에 답합니다. DAX와 ElastiCache에는 함수가 묻는 것만 보입니다.
#
# | 예전 자료 | 지금 | 시험에서는 |
# |---|---|---|
# | ElastiCache는 노드에서 도는 Redis나 Memcached | {{fact("elasticache.ecpu_kb").effective}}부터 서버리스도 있음. {{fact("elasticache.serverless_least_gb.valkey").effective}}부터 Valkey, 노드가 20 % 쌈 | DynamoDB를 마이크로초로: DAX. 순위표, 세션, 계산한 답: ElastiCache |
# | 읽기 단위 백만 개에 {{1e6 * price("dynamodb.read_request.standard", "2024-10-31"):.2f}}달러라서 캐시가 곧 이득 | 2024-11-01부터 {{1e6 * price("dynamodb.read_request.standard"):.3f}}달러라서 적중이 두 배 필요 | 같은 것을 자주 읽으면 캐시. 쓰기가 많거나 강력한 일관된 읽기면 캐시 없음 |
#
# **아래 셀에는** 요청 스무 건에 한 건이 쓰기일 때 캐시가 스스로 답하는 읽기와, 손으로 하는 계산이 있습니다. 왜 두 캐시 모두 쿼리 결과가 그렇게 자주 오래되었나요?
#
# *모델이 생략한 것:* 복제와 장애 조치의 세부 과정, ElastiCache 노드의 처리량 한도, 엔진이 스스로 쓰는 메모리, 가용 영역 밖의 네트워크. 적중의 지연 시간은 가정한 값입니다.
# 출처: {{page("dax-intro")}}, {{page("dax-concepts")}}, {{page("dax-sizing")}}, {{page("elasticache-intro")}}, {{page("elasticache-serverless")}}, {{page("dynamodb-price-cut")}}({{as_of}} 확인).
#
# <details><summary>점 뒤의 수식</summary>
#
# *메모리만 있을 때*(체의 근사, Che's approximation, 2002): 항목 $i$를 초당 $a_i$번 읽고 $C$개가 들어가면 $\sum_i (1 - e^{-a_i T}) = C$인 $T$를 찾습니다. 항목 $i$는 $1 - e^{-a_i T}$의 확률로 적중합니다. $t$초 전에 비어 있던 캐시에는 $T$ 대신 $\min(T, t)$를 씁니다.
# *유지 시간만 있을 때*: 한 번 채우면 평균 $a T$번 적중하므로 $a T / (1 + a T)$입니다. 캐시를 거치지 않는 쓰기가 초당 $b$번이면 적중한 값이 오래되었을 확률은 $1 - (1 - e^{-bT}) / (bT)$입니다.
# </details>

# %% by-hand
display(lesson.what_is_held(), note(lesson.by_hand()), look_back(lesson.WHEN_IT_PAYS, lesson.pays_rps()))

# %% break-it [markdown] lang="en"
# ## 6. Break it
#
# 1. **A hot entry ends.** All readers look at one seat map, whose entry lives one second. Move the readers and press *Run*: how many reach the table each time the entry is missing? Work out
#    how many it would be if the answer took a second to compute. This is a *stampede*.
# 2. **Writes around the cache.** One request in a hundred is a write. How many reads are stale when half of the writes go around, or all? Does the bill show it? Why are a few stale with
#    ElastiCache even when none goes around?
# 3. **A cluster that is too small.** Move the nodes: why do eleven not help? Up to which share of writes do three refuse nothing, and up to which does AWS's formula call them enough?

# %% break-it [markdown] lang="ko"
# ## 6. 한계까지 밀어붙이기
#
# 1. **인기 있는 값이 만료되는 순간.** 모두가 좌석표 하나를 보고, 그 값은 1초 동안 유지됩니다. 읽는 사람 수를 움직이고 *실행*을 누르세요. 값이 없을 때마다 몇 명이 테이블까지 가나요? 답을 계산하는 데 1초가
#    걸린다면 몇 명일지 계산해 보세요. 이것이 *스탬피드*(stampede)입니다.
# 2. **캐시를 거치지 않는 쓰기.** 요청 백 건 중 한 건이 쓰기입니다. 쓰기의 절반이, 또는 모두가 캐시를 거치지 않으면 오래된 읽기가 얼마나 되나요? 요금에서 그것이 보이나요?
#    모든 쓰기가 캐시를 거쳐도 ElastiCache에는 왜 오래된 읽기가 조금 있나요?
# 3. **너무 작은 클러스터.** 노드 수를 움직여 보세요. 열한 개로도 왜 나아지지 않나요? 쓰기 비율이 얼마일 때까지 노드 세 개가 아무것도 거부하지 않나요? AWS의 계산식으로는 얼마까지 충분한가요?

# %% break-stampede
explore(lesson.HERD_EXPLORER)

# %% break-writes
display(explore(lesson.BYPASS_EXPLORER), explore(lesson.CROWD_EXPLORER), seen(lesson.breaking()))

# %% exercises [markdown] lang="en"
# ## 7. Exercises
#
# 1. **Apply.** AWS's sizing formula by hand or in code: `my_rate`.
# 2. **Reach a target.** Change `my_cache`: `Dax(node_type=..., nodes=..., item_ttl_s=...)` or `ElastiCache(node_type=..., nodes=..., ttl_s=..., on_write=...)`. Node types are `dax.t3.small`, `dax.r5.large`, `cache.t4g.micro`,
#    `cache.t4g.small` and larger ones.
# 3. **Explain.** Answer the colleague in words.

# %% exercises [markdown] lang="ko"
# ## 7. 연습 문제
#
# 1. **적용하기.** AWS의 크기 계산식을 손이나 코드로 계산해 `my_rate`에 넣으세요.
# 2. **목표 달성하기.** `my_cache`를 바꾸세요. `Dax(node_type=..., nodes=..., item_ttl_s=...)` 또는 `ElastiCache(node_type=..., nodes=..., ttl_s=..., on_write=...)`입니다. 노드 타입에는 `dax.t3.small`, `dax.r5.large`,
#    `cache.t4g.micro`, `cache.t4g.small`과 더 큰 것들이 있습니다.
# 3. **설명하기.** 동료에게 말로 답해 보세요.

# %% my-cache tags=["exercise"]
my_rate = 0

my_cache = Dax(node_type="dax.r5.large", nodes=3, item_ttl_s=300)

display(reach(lesson.BY_HAND, my_rate), reach(lesson.AFFORDABLE, my_cache), write(lesson.ADVICE))

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
# - The hit ratio follows from popularity, size, memory and time to live. p99 follows the misses until they are rarer than one in a hundred.
# - DAX: DynamoDB's API, write-through, items and query results, {{value("dax.default_ttl_s"):.0f}} s. Strongly consistent and transactional reads are handed on; results of queries are not refreshed by writes.
# - ElastiCache: your code looks, fills and deletes; it holds what DAX cannot, such as aggregates.
# - Writes that go around a cache leave old answers; a hot entry that ends sends a stampede to the table; writes count on every node.
# - Nodes are paid by the hour. Compare them with the read units that hits save; latency or a hot key may be the better reason.
#
# > **Card.** normalized = (hits + {{value("dax.miss_cost"):.0f}} × misses + {{value("dax.write_cost"):.0f}} × n × writes) × max({{value("dax.target_utilization_factor")}}, n ÷ (n − 1)) · pays from nodes a month ÷ (2,628,000 s × units × price) hits a second on ·
# > time to live: fresher against fewer hits · write-heavy or strongly consistent: no cache.
#
# **Next:** anybody can ask for a seat map. Who may buy, and who may change a price?

# %% recap [markdown] lang="ko"
# ## 9. 정리
#
# - 적중률은 인기, 크기, 메모리, 유지 시간에서 나옵니다. 놓친 읽기가 백 번에 한 번보다 드물어질 때까지 p99는 놓친 읽기를 따라갑니다.
# - DAX: DynamoDB의 API, 라이트 스루, 항목과 쿼리 결과, {{value("dax.default_ttl_s"):.0f}}초. 강력한 일관된 읽기와 트랜잭션 읽기는 그대로 넘기고, 쓰기는 쿼리 결과를 새로 고치지 않습니다.
# - ElastiCache: 코드가 찾고 채우고 지웁니다. 집계처럼 DAX가 담지 못하는 것도 담습니다.
# - 캐시를 거치지 않은 쓰기는 옛 값을 남기고, 인기 있는 값이 만료되면 테이블로 스탬피드가 일어나며, 쓰기는 모든 노드에서 셉니다.
# - 노드 요금은 시간마다 냅니다. 적중이 아껴 주는 읽기 단위와 비교하세요. 지연 시간이나 핫 키가 더 나은 이유일 수 있습니다.
#
# > **카드.** 정규화된 요청 = (적중 + {{value("dax.miss_cost"):.0f}} × 놓침 + {{value("dax.write_cost"):.0f}} × n × 쓰기) × max({{value("dax.target_utilization_factor")}}, n ÷ (n − 1)) · 초당 적중이 한 달 노드 요금 ÷ (2,628,000초 × 단위 × 단가)를 넘으면 이득 ·
# > 유지 시간: 새로움과 적중의 맞바꿈 · 쓰기가 많거나 강력한 일관된 읽기: 캐시 없음
#
# **다음:** 좌석표는 누구나 볼 수 있습니다. 그럼 누가 사고, 누가 가격을 바꿀 수 있을까요?

# %% quiz
quiz(lesson.QUIZ)
