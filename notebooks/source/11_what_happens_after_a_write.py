# ---
# jupyter:
#   lesson:
#     minutes: 35
#     title:
#       en: "What happens after a write?"
#       ko: "쓰기 다음에는 무슨 일이 일어날까요?"
# ---

# %% question [markdown] lang="en"
# ## 1. Question
#
# At 20:00 about {{lesson.RATE_RPS:.0f}} seats a second are sold. After each sale a mail with the ticket must go out, the seat map must turn grey, and
# the statistics must count. The team did all this in the buyer's own request. Then the mail server was slow one evening, and nobody could buy.
#
# The idea now: the request writes the ticket and answers. What follows is an **event** of that write. The table itself tells of every change in a
# **stream**, and a function reads it. Seats that are only *held* for {{lesson.HOLD_S // 60}} minutes shall vanish by themselves, by **Time to Live**.
# What happens if one mail cannot be sent? If the function is too slow? If a hold has expired and is still there?
#
# After this lesson you can
# - **read** the records of a stream and **say** what they promise and what not,
# - **choose** batch size, parallelization, retries and failure destination of an event source mapping, and **work out** its throughput,
# - **compare** Lambda, the Kinesis Client Library and Kinesis Data Streams as readers, and **filter** what has expired.

# %% question [markdown] lang="ko"
# ## 1. 질문
#
# 20시에는 초당 약 {{lesson.RATE_RPS:.0f}}석이 팔립니다. 팔릴 때마다 티켓을 메일로 보내고, 좌석표를 회색으로 바꾸고, 통계를 세어야 합니다. 팀은 이 모든
# 일을 구매자의 요청 안에서 처리했습니다. 그러다 어느 날 저녁 메일 서버가 느려지자 아무도 티켓을 살 수 없었습니다.
#
# 그래서 이렇게 바꾸려고 합니다. 요청은 티켓을 쓰고 바로 답합니다. 나머지는 그 쓰기가 일으킨 **이벤트**(event)로 처리합니다. 테이블이 모든 변경을
# **스트림**(stream)으로 알려 주고 함수가 그것을 읽습니다. {{lesson.HOLD_S // 60}}분 동안 *잡아 둔* 좌석은 **TTL**(Time to Live)로 저절로 사라지게 합니다.
# 메일 하나를 도저히 보낼 수 없다면 어떻게 될까요? 함수가 너무 느리다면? 시간이 지난 좌석이 아직 남아 있다면?
#
# 이 수업을 마치면 다음을 할 수 있습니다.
# - 스트림의 레코드(record)를 **읽고**, 무엇이 약속되고 무엇이 약속되지 않는지 **말하기**
# - 이벤트 소스 매핑(event source mapping)의 배치 크기, 병렬 수, 재시도, 실패 대상을 **정하고** 처리량을 **계산하기**
# - Lambda, Kinesis Client Library, Kinesis Data Streams를 **비교하고**, 만료된 항목을 **걸러 내기**

# %% tools
from boto3.dynamodb.conditions import Key
from IPython.display import display

from simlib.lessons import lesson11 as lesson
from simlib.widgets import checks, explore, look_back, note, predict, quiz, reach, seen, write

# %% predict [markdown] lang="en"
# ## 2. Predict
#
# Two guesses before you run anything.

# %% predict [markdown] lang="ko"
# ## 2. 예측
#
# 실행하기 전에 두 가지를 예측해 보세요.

# %% predict-both
display(predict(lesson.THREE_WRITES), predict(lesson.BLOCKED))

# %% run [markdown] lang="en"
# ## 3. Run
#
# Real boto3 again, answered by **moto** in this process, without account or network. The table `tickets` was made with
# `StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}`. Somebody holds a seat; then it is sold; then the same update comes
# once more. After that the cell reads the stream as every reader does: which shards are there, an iterator, the records from the oldest on. Try a
# `delete_item`, or an update of another seat.

# %% run [markdown] lang="ko"
# ## 3. 실행
#
# 이번에도 진짜 boto3이고, 이 프로세스 안의 **moto**가 계정도 네트워크도 없이 답합니다. 테이블 `tickets`는
# `StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}`로 만들었습니다. 누군가 좌석을 잡고, 그 좌석이 팔리고, 같은 업데이트가 한 번 더
# 옵니다. 이어서 셀은 모든 소비자가 하는 방식으로 스트림을 읽습니다. 어떤 샤드(shard)가 있는지 묻고, 반복자(iterator)를 받고, 가장 오래된 레코드부터
# 읽습니다. `delete_item`이나 다른 좌석의 업데이트도 넣어 보세요.

# %% run-records tags=["request"]
tickets, mails, streams = lesson.open_shop()
tickets.put_item(Item=lesson.hold("A-12", "haneul"))
for state in ("sold", "sold"):
    tickets.update_item(
        Key={"show": "SHOW#1224", "seat": "A-12"},
        UpdateExpression="SET #state = :state REMOVE hold_until",
        ExpressionAttributeNames={"#state": "state"},
        ExpressionAttributeValues={":state": state},
    )
stream = streams.describe_stream(StreamArn=tickets.latest_stream_arn)["StreamDescription"]
place = streams.get_shard_iterator(
    StreamArn=stream["StreamArn"], ShardId=stream["Shards"][0]["ShardId"], ShardIteratorType="TRIM_HORIZON"
)
answer = streams.get_records(ShardIterator=place["ShardIterator"])
display(lesson.records(answer), note(lesson.left_out(answer)))
display(look_back(lesson.THREE_WRITES, len(lesson.changes(answer))))

# %% observe [markdown] lang="en"
# ## 4. Observe
#
# Now a storm, in the simulator. For a minute seats are sold; the stream has {{lesson.SHARDS}} **shards**. An **event source mapping** (the part of Lambda
# that reads) looks into each shard {{lesson.POLLS_PER_S:.0f}} times a second and hands the function **batches**. The mail function takes
# {{lesson.OPENING_S * 1000:.0f}} ms to reach the mail server and {{lesson.MAIL_S * 1000:.0f}} ms for each mail.
#
# **One control: BatchSize.** Above, the line is the closed form and the diamond the simulated minute. Start at 1. At which size does the age stop growing? What
# happens to the number of invocations, and to their price?

# %% observe [markdown] lang="ko"
# ## 4. 관찰
#
# 이제 시뮬레이터에서 폭주를 일으킵니다. 1분 동안 좌석이 팔리고 스트림에는 **샤드**가 {{lesson.SHARDS}}개 있습니다. Lambda에서 스트림을 읽는 부분인
# **이벤트 소스 매핑**은 샤드마다 초당 {{lesson.POLLS_PER_S:.0f}}번 들여다보고 함수에 **배치**(batch)를 건넵니다. 메일 함수는 메일 서버에 접속하는 데
# {{lesson.OPENING_S * 1000:.0f}} ms, 메일마다 {{lesson.MAIL_S * 1000:.0f}} ms를 씁니다.
#
# **조절할 것은 하나, BatchSize입니다.** 위 그림의 선은 공식이고 마름모는 시뮬레이션한 1분입니다. 1부터 시작해 보세요. 크기가 얼마일 때 나이가 더 자라지
# 않나요? 호출 수와 요금은 어떻게 바뀌나요?

# %% observe-batch
explore(lesson.BATCH_EXPLORER)

# %% poison [markdown] lang="en"
# **The new control is the share of poisonous records**: mails that no attempt will ever send, say because an address cannot be read. A batch with
# one of them fails as a whole. Each line is a shard. Set it to 0, press *Run* and pin that as A, then go back to the smallest share. Which shards stand still,
# and which go on? What is lost a day later?
#
# **In the second picture the new control is what the mapping does about it.** Pin the defaults as A, then try each policy. Which one loses nothing that is
# healthy, stays young, and tells somebody?

# %% poison [markdown] lang="ko"
# **새로 조절할 것은 처리할 수 없는 레코드의 비율입니다.** 주소를 읽을 수 없는 메일처럼 몇 번을 시도해도 실패하는 레코드입니다. 이런 레코드가 하나라도
# 든 배치는 통째로 실패합니다. 선 하나가 샤드 하나입니다. 먼저 0으로 *실행*하고 A로 고정한 다음 가장 작은 비율로 돌아와 보세요. 어느 샤드가 멈추고 어느
# 샤드가 계속 가나요? 하루 뒤에 무엇이 사라졌나요?
#
# **두 번째 그림에서 새로 조절할 것은 이에 대한 설정입니다.** 기본값을 A로 고정하고 설정을 하나씩 골라 보세요. 정상 레코드를 잃지 않고, 나이가 적고,
# 누군가에게 알려 주는 것은 무엇일까요?

# %% observe-poison
explore(lesson.POISON_EXPLORER)

# %% observe-policy
display(explore(lesson.POLICY_EXPLORER), look_back(lesson.BLOCKED, lesson.blocked_choice()))

# %% explain [markdown] lang="en"
# ## 5. Explain
#
# **A record** tells of one change of one item: `INSERT`, `MODIFY` or `REMOVE`, the key, and by the view type the item before and after. Each change is in the
# stream **exactly once**, in the order of the item's changes, for {{lesson.KEPT_HOURS:.0f}} hours. A write that changes nothing leaves no record. Records lie in
# shards, and an item stays in its own; between shards there is no order. At most {{lesson.MOST_READERS}} readers per shard; a GetRecords call gives up to
# {{lesson.MOST_RECORDS:,.0f}} records or {{lesson.MOST_READ_MB:.0f}} MB.
#
# **Lambda** reads for you. At once run shards × ParallelizationFactor (1 to {{lesson.PARAMETERS["parallelization_factor"].hi}}) invocations; a key stays in one
# lane, so its order holds. BatchSize is at most {{lesson.PARAMETERS["batch_size"].hi:,}} records (default {{lesson.PARAMETERS["batch_size"].default}}),
# {{value("lambda.payload_request_mb"):.0f}} MB at most; a batching window of up to {{lesson.PARAMETERS["maximum_batching_window_in_seconds"].hi}} s gathers more
# records where few come. Delivery is **at least once**: a batch that fails, or whose answer is lost, comes again as a whole. So the
# function must be *idempotent*: doing it twice is as doing it once.
#
# **A batch that fails** is tried again, and its shard waits, since order would be lost otherwise. The settings, all off at first:
# `BisectBatchOnFunctionError` cuts it in two, `MaximumRetryAttempts` and `MaximumRecordAgeInSeconds` (from
# {{lesson.PARAMETERS["maximum_record_age_in_seconds"].lo}} s) end the attempts, an on-failure destination (SQS, SNS or S3) is told about what was discarded.
# CloudWatch's `IteratorAge` shows the age of a batch's last record; set an alarm on it. Our picture shows the oldest record that is unfinished.
#
# **Other readers.** The *Kinesis Client Library* (KCL) reads through the *DynamoDB Streams Kinesis Adapter*: your own workers lease shards, and when one is
# lost, the others take its leases over after {{value("kcl.failover_s"):.0f}} s. **Kinesis Data Streams for DynamoDB** is another path altogether: the table
# sends its changes into a data stream of yours. It keeps them up to {{lesson.YEAR_DAYS}} days and serves more readers, but a change may come twice or behind
# a later one, and you pay for each. Choose it to replay, to join other Kinesis tools, or for many readers; else Streams with Lambda.
#
# **Time to Live** deletes items whose time (a number: seconds since 1970) has passed, at no write units, *some time* later. Until then they are read, counted and
# billed as ever: filter them, and compare in conditions. The delete is in the stream, with the service as `userIdentity`.
#
# **In the cells below:** throughput by hand, what each path costs a month, the three readers on the same night, deletes that come late (an hour in which a seat is held for ten minutes every two seconds, and a hold is read as often). Then a mail is noted
# under the record's eventID before it is sent, and the first record comes twice.
#
# | Older notes say | Today | In the exam |
# |---|---|---|
# | expired items go within {{value("dynamodb.ttl_delete_within_s", "2020-01-01") / 3600:.0f}} hours | “within a few days”, since about 2022 | never on time: filter |
# | a failing batch blocks its shard, and nothing helps | bisect, attempts, age and destination, since 2019-11-25 | still the *default*: set them |
# | one invocation per shard at once | up to {{lesson.PARAMETERS["parallelization_factor"].hi}}, since 2019-11-25 | order holds for each key |
# | only DynamoDB Streams, {{lesson.KEPT_HOURS:.0f}} hours | Kinesis Data Streams as well, since {{fact("kinesis.change_weight").effective}} | longer, or replay: Kinesis |
#
# *What the model leaves out:* partial batch responses, event filters, shards that split, the lease table of KCL, on-demand data streams. How long Lambda pauses
# between attempts is assumed (from {{value("lambda.stream_backoff_base_s"):.0f}} s, doubling, to {{value("lambda.stream_backoff_max_s"):.0f}} s), so are the shares
# of late and doubled changes in Kinesis. Events of S3 uploads come with a later lesson. Sources:
# {{page("dynamodb-streams")}}, {{page("dynamodb-streams-cost")}}, {{page("lambda-stream-errors")}}, {{page("dynamodb-kinesis")}}, {{page("kcl-configuration")}},
# {{page("dynamodb-ttl")}}, {{page("dynamodb-ttl-delay")}} (checked on {{as_of}}).
#
# <details><summary>How large do batches get?</summary>
#
# A lane gets λ records a second. While one batch takes $a + r n$ seconds, λ(a + r n) new records come, and they are the next batch. So it settles at
# $n = \lambda a / (1 - \lambda r)$, if that is below BatchSize. Beyond it, batches are full and the lane takes $b / (a + r b)$ records a second, never more than $1 / r$.
# </details>

# %% explain [markdown] lang="ko"
# ## 5. 설명
#
# **레코드**는 항목 하나의 변경 하나를 알려 줍니다. `INSERT`, `MODIFY`, `REMOVE` 가운데 무엇인지, 키, 그리고 보기 유형에 따라 변경 전과 후의 항목이 들어 있습니다. 변경은
# 스트림에 **정확히 한 번**, 그 항목이 바뀐 순서대로 {{lesson.KEPT_HOURS:.0f}}시간 동안 남습니다. 아무것도 바꾸지 않은 쓰기는 레코드를 남기지 않습니다. 레코드는 샤드에
# 있고 한 항목은 늘 같은 샤드에 있으며, 샤드끼리는 순서가 없습니다. 샤드마다 소비자는 최대 {{lesson.MOST_READERS}}개이고, GetRecords 한 번은 레코드
# {{lesson.MOST_RECORDS:,.0f}}개나 {{lesson.MOST_READ_MB:.0f}} MB까지 줍니다.
#
# **Lambda**가 대신 읽어 줍니다. 샤드 수 × ParallelizationFactor(1~{{lesson.PARAMETERS["parallelization_factor"].hi}})만큼 동시에 호출합니다. 한 키는 늘 같은 줄로 가므로
# 순서가 지켜집니다. BatchSize는 최대 {{lesson.PARAMETERS["batch_size"].hi:,}}개(기본 {{lesson.PARAMETERS["batch_size"].default}}개)이고
# {{value("lambda.payload_request_mb"):.0f}} MB를 넘지 않습니다. 드물게 올 때는 최대 {{lesson.PARAMETERS["maximum_batching_window_in_seconds"].hi}}초의 배치 기간(batching window)
# 동안 모을 수 있습니다. 전달은 **최소 한 번**(at least once)입니다. 실패하거나 응답이 사라진 배치는 통째로 다시 옵니다. 그래서 함수에는
# **멱등성**(idempotency)이 있어야 합니다. 두 번 해도 한 번 한 것과 같아야 한다는 뜻입니다.
#
# **실패한 배치**는 다시 시도하고 그동안 샤드는 기다립니다. 그러지 않으면 순서가 깨지기 때문입니다. 설정은 처음에 모두 꺼져 있습니다.
# `BisectBatchOnFunctionError`는 배치를 둘로 나누고, `MaximumRetryAttempts`와 `MaximumRecordAgeInSeconds`({{lesson.PARAMETERS["maximum_record_age_in_seconds"].lo}}초부터)는 시도를
# 끝냅니다. 버려진 것은 실패 대상(on-failure destination: SQS, SNS, S3)에 알립니다. CloudWatch의 `IteratorAge`는 배치의 마지막 레코드의 나이입니다. 여기에 경보를 거세요. 이
# 과정의 그림은 아직 끝나지 않은 가장 오래된 레코드를 보여 줍니다.
#
# **다른 소비자.** *Kinesis Client Library*(KCL)는 *DynamoDB Streams Kinesis Adapter*로 읽습니다. 직접 띄운 작업자들이 샤드를 임대하고, 하나가 사라지면
# {{value("kcl.failover_s"):.0f}}초 뒤에 나머지가 그 임대를 넘겨받습니다. **Kinesis Data Streams for DynamoDB**는 아예 다른 길입니다. 테이블이 변경을 여러분의 데이터
# 스트림으로 보냅니다. 최대 {{lesson.YEAR_DAYS}}일 보관하고 소비자도 더 많이 둘 수 있지만, 변경이 두 번 오거나 나중 것보다 늦게 올 수 있고 변경마다 요금을 냅니다. 다시
# 재생해야 하거나, 다른 Kinesis 도구와 잇거나, 소비자가 많으면 이쪽을, 아니면 Streams와 Lambda를 고르세요.
#
# **TTL**은 시각(1970년부터 센 초, 숫자)이 지난 항목을 쓰기 단위 없이, *얼마 뒤에* 삭제합니다. 그때까지는 예전과 똑같이 읽히고 저장되고 청구됩니다. 걸러 내고, 조건에서도
# 비교하세요. 삭제는 스트림에 나타나며 `userIdentity`가 서비스로 적힙니다.
#
# **아래 셀에는** 손으로 계산한 처리량, 길마다 드는 한 달 요금, 같은 밤을 읽는 세 소비자, 늦게 오는 삭제(한 시간 동안 2초마다 좌석 하나를 10분씩 잡아 두고, 그만큼 자주 읽음)가 차례로 있습니다. 그다음 셀은 메일을 보내기 전에 레코드의
# eventID를 적어 두는데, 첫 레코드가 두 번 옵니다.
#
# | 예전 자료 | 지금 | 시험에서는 |
# |---|---|---|
# | 만료된 항목은 {{value("dynamodb.ttl_delete_within_s", "2020-01-01") / 3600:.0f}}시간 안에 삭제됨 | 2022년 무렵부터 “며칠 안에” | 제때 삭제되지 않으므로 걸러 냅니다 |
# | 실패한 배치가 샤드를 막으면 방법이 없음 | 2019-11-25부터 이등분, 재시도 횟수, 나이, 실패 대상 | 지금도 *기본값*은 막히므로 설정해야 합니다 |
# | 샤드마다 한 번에 호출 하나 | 2019-11-25부터 최대 {{lesson.PARAMETERS["parallelization_factor"].hi}} | 키마다 순서가 지켜집니다 |
# | DynamoDB Streams뿐, {{lesson.KEPT_HOURS:.0f}}시간 | {{fact("kinesis.change_weight").effective}}부터 Kinesis Data Streams도 | 더 오래, 또는 다시 재생: Kinesis |
#
# *모델이 생략한 것:* 부분 배치 응답, 이벤트 필터, 나뉘는 샤드, KCL의 임대 테이블, 온디맨드 데이터 스트림. Lambda가 다시 시도하기 전에 쉬는 시간은
# 가정한 값이고({{value("lambda.stream_backoff_base_s"):.0f}}초부터 두 배씩 {{value("lambda.stream_backoff_max_s"):.0f}}초까지), Kinesis에서 늦거나 겹치는 변경의 비율도
# 그렇습니다. S3 업로드의 이벤트는 나중 수업에 나옵니다. 출처: {{page("dynamodb-streams")}}, {{page("dynamodb-streams-cost")}}, {{page("lambda-stream-errors")}},
# {{page("dynamodb-kinesis")}}, {{page("kcl-configuration")}}, {{page("dynamodb-ttl")}}, {{page("dynamodb-ttl-delay")}}({{as_of}} 확인).
#
# <details><summary>배치는 얼마나 커질까요?</summary>
#
# 한 줄에 초당 λ개가 옵니다. 배치 하나에 $a + r n$초가 걸리는 동안 새 레코드가 λ(a + r n)개 오고, 그것이 다음 배치입니다. 그래서 BatchSize보다 작다면
# $n = \lambda a / (1 - \lambda r)$에 머무릅니다. 그보다 많으면 배치가 가득 차고 한 줄은 초당 $b / (a + r b)$개를 처리하며 $1 / r$개를 넘지 못합니다.
# </details>

# %% by-hand
display(note(lesson.by_hand()), lesson.price_of_paths(changes=10_000_000, shards=4, kinesis_shards=1))
display(lesson.readers())
display(lesson.late_deletes())

# %% once tags=["request"]
changed = lesson.changes(answer)
tries = [
    lesson.attempt(
        mails.put_item,
        Item={"event": record["eventID"]},
        ConditionExpression="attribute_not_exists(event)",
    )
    for record in [*changed, changed[0]]
]
note("\n".join(tries))

# %% break-it [markdown] lang="en"
# ## 6. Break it
#
# 1. **One poisonous record with the defaults.** A quiet day and a half, a seat every hundred seconds, one bad address. How often is it tried? How long does its shard
#    wait? Pin it as A and choose what you would set.
# 2. **A consumer slower than the writes.** Sell {{lesson.BUSY_RPS}} seats a second with batches of {{lesson.MAPPING.batch_size}}. Which batch size is enough? Is there
#    one for 100 seats a second?
# 3. **A hold that has expired and is sold all the same.** Jiwoo's hold on B-02 ended ten minutes ago, and Time to Live has not come yet. The last cell lists
#    the seats and lets her pay. Add `AND hold_until > :now` to the condition, and `":now": lesson.NOW_S` to the values. Then hide the hold from the Query, too, but not
#    the seat that is sold and has no `hold_until` any more: `FilterExpression=Attr("hold_until").not_exists() | Attr("hold_until").gt(lesson.NOW_S)`,
#    with `Attr` from where `Key` comes from.

# %% break-it [markdown] lang="ko"
# ## 6. 한계까지 밀어붙이기
#
# 1. **기본값에서 처리할 수 없는 레코드 하나.** 조용한 하루 반 동안 백 초에 한 석씩 팔리고 주소 하나가 잘못되었습니다. 몇 번 시도하나요? 그 샤드는 얼마나
#    기다리나요? A로 고정하고 여러분이라면 어떻게 설정할지 골라 보세요.
# 2. **쓰기보다 느린 소비자.** 배치 크기 {{lesson.MAPPING.batch_size}}개로 초당 {{lesson.BUSY_RPS}}석을 팔아 보세요. 배치 크기가 얼마면 충분한가요? 초당 100석에도 맞는
#    크기가 있나요?
# 3. **만료되었는데도 팔리는 좌석.** 지우 씨가 B-02를 잡아 둔 시간은 10분 전에 끝났지만 TTL은 아직 오지 않았습니다. 마지막 셀은 좌석을 나열하고 결제를
#    받아 줍니다. 조건에 `AND hold_until > :now`를, 값에 `":now": lesson.NOW_S`를 더하세요. 이어서 쿼리에서도 가려 보세요.
#    팔려서 `hold_until`이 없는 좌석은 남아야 하므로
#    `FilterExpression=Attr("hold_until").not_exists() | Attr("hold_until").gt(lesson.NOW_S)`를 쓰고, `Attr`는 `Key`와 같은 곳에서 가져옵니다.

# %% break-limits
display(explore(lesson.DAY_EXPLORER), explore(lesson.RATE_EXPLORER))

# %% break-hold tags=["request"]
tickets.put_item(Item=lesson.hold("B-02", "jiwoo", left_s=-600))
display(lesson.found(tickets.query(KeyConditionExpression=Key("show").eq("SHOW#1224"))))
paid = lesson.attempt(
    tickets.update_item,
    Key={"show": "SHOW#1224", "seat": "B-02"},
    UpdateExpression="SET buyer = holder REMOVE hold_until",
    ConditionExpression="holder = :who",
    ExpressionAttributeValues={":who": "jiwoo"},
)
display(note(paid), seen(lesson.breaking()))

# %% exercises [markdown] lang="en"
# ## 7. Exercises
#
# 1. **Apply.** Work out the throughput of a mapping by hand: `my_records_per_s`.
# 2. **Reach a target.** Change the settings in `my_mapping` until a busier night stays calm: no record old, none lost silently, no healthy one given up.
# 3. **Explain.** Answer the colleague who has got two mails, in words.

# %% exercises [markdown] lang="ko"
# ## 7. 연습 문제
#
# 1. **적용하기.** 매핑의 처리량을 손으로 계산해 `my_records_per_s`에 넣으세요.
# 2. **목표 달성하기.** 더 바쁜 밤에도 문제가 없도록 `my_mapping`의 설정을 바꾸세요. 오래된 레코드도, 말없이 사라진 레코드도, 버려진 정상 레코드도 없어야 합니다.
# 3. **설명하기.** 메일이 두 번 왔다는 동료에게 말로 답해 보세요.

# %% my-mapping tags=["exercise"]
my_records_per_s = 0

my_mapping = lesson.mail_mapping(
    batch_size=1,
    parallelization_factor=1,
    maximum_batching_window_in_seconds=0,
    maximum_retry_attempts=None,
    maximum_record_age_in_seconds=None,
    bisect_batch_on_function_error=False,
    on_failure="none",
)

display(reach(lesson.BY_HAND, my_records_per_s), reach(lesson.CALM, my_mapping), write(lesson.ADVICE))

# %% check [markdown] lang="en"
# ## 8. Check
#
# Six numbers, worked out on your machine when you press *Check*. Use the controls above, or a sheet of paper.

# %% check [markdown] lang="ko"
# ## 8. 확인
#
# 숫자 여섯 개입니다. *채점*을 누르면 이 컴퓨터에서 계산합니다. 위의 조절 도구나 종이를 사용하세요.

# %% check-questions
checks(*lesson.CHECKS)

# %% recap [markdown] lang="en"
# ## 9. Recap
#
# - What need not be done while the buyer waits follows from an event: the table's stream tells of each change once, in order for each item, for
#   {{lesson.KEPT_HOURS:.0f}} hours.
# - Lambda reads for nothing. Throughput is shards × ParallelizationFactor × batch ÷ duration; if more is written, the iterator age grows.
# - Delivery is at least once. A function behind a stream is idempotent, or it will send two mails.
# - By default one bad record blocks its shard for a day. Set bisect, attempts and a failure destination before the first storm.
# - Time to Live deletes late and costs no write units. What has expired is filtered by you.
#
# > **Card.** stream: once, in order by key, {{lesson.KEPT_HOURS:.0f}} h · Lambda: at least once · lanes = shards × factor · bad record: bisect + attempts + destination ·
# > TTL: late, filter · Kinesis: up to {{lesson.YEAR_DAYS}} days, perhaps twice.
#
# **Next:** not only writes come in storms. Is it worth it to keep what is read again and again in a cache?

# %% recap [markdown] lang="ko"
# ## 9. 정리
#
# - 구매자가 기다리는 동안 하지 않아도 되는 일은 이벤트로 미룹니다. 테이블의 스트림은 변경을 한 번씩, 항목마다 순서대로, {{lesson.KEPT_HOURS:.0f}}시간 동안 알려 줍니다.
# - Lambda의 읽기는 무료입니다. 처리량은 샤드 × ParallelizationFactor × 배치 ÷ 걸린 시간입니다. 쓰기가 그보다 많으면 반복자 나이가 자랍니다.
# - 전달은 최소 한 번입니다. 스트림 뒤의 함수에 멱등성이 없으면 메일이 두 번 갑니다.
# - 기본값에서는 잘못된 레코드 하나가 샤드를 하루 동안 막습니다. 첫 폭주가 오기 전에 이등분, 재시도 횟수, 실패 대상을 설정하세요.
# - TTL은 늦게 삭제하고 쓰기 단위를 쓰지 않습니다. 만료된 것은 직접 걸러 내야 합니다.
#
# > **카드.** 스트림: 한 번, 키마다 순서대로, {{lesson.KEPT_HOURS:.0f}}시간 · Lambda: 최소 한 번 · 줄 = 샤드 × 병렬 수 · 잘못된 레코드: 이등분 + 재시도 횟수 + 실패 대상 ·
# > TTL: 늦으므로 거르기 · Kinesis: 최대 {{lesson.YEAR_DAYS}}일, 두 번 올 수도
#
# **다음:** 폭주는 쓰기에만 오지 않습니다. 거듭 읽는 것을 캐시에 두면 그만한 값을 할까요?

# %% quiz
quiz(lesson.QUIZ)
