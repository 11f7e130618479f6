"""Plays a run: opens the services of the stack, lets the kernels run, and answers whenever they stop.

What decides about capacity (auto scaling, provisioned concurrency, failures) is the services' own code, the same that
runs on SimPy; its moments are events of the kernels' queue like all others.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from simlib import facts
from simlib.activity import Activity, Moment
from simlib.fast import setup
from simlib.fast.columns import Columns
from simlib.fast.compiling import compiled
from simlib.fast.flow import (
    COLD,
    DONE,
    FULL,
    IDLE,
    LAST_LEFT,
    MORE_REQUESTS,
    OUTSIDE,
    PING_DICE,
    RING,
    hash_die,
    push,
)
from simlib.fast.loop import advance
from simlib.fast.state import State
from simlib.fast.world import NONE
from simlib.scenario import Scenario
from simlib.services.base import depths, first_call
from simlib.workload import Workload, hash_uniform, stream_id

_ROOM_COMPILED, _ROOM_PLAIN = 1 << 13, 1 << 9
_RESERVE = 64


class View:
    """One service's view of a run: what `services.base.Run` offers to those who decide about capacity."""

    def __init__(self, player: Player, level: int, depth: int):
        self.player = player
        self.level = level
        self.workload = player.workload
        self.window_s = player.workload.window_s
        self.region = player.scenario.region
        self.date = player.scenario.date
        self.first_call = first_call(depth)
        self.endings = []
        self.at_end = self.endings.append

    @property
    def now(self) -> float:
        return float(self.player.state.view.run[0].now_s)

    def at(self, time_s, kind, request, call):
        return self.player.at(time_s, kind, request, call)

    def start(self, activity):
        Activity(activity)

    def uniform(self, die, request, call):
        return hash_uniform(self.workload.seed, stream_id(die), request, call)

    def capacity(self, resource, start_s, end_s, amount):
        self.player.capacity(self.level, resource, start_s, end_s, amount)


class Player:
    """One run of a Scenario on the kernels.

    workload: what stands for all requests (its seed, window and operations); parts: the requests, block by block;
    collect(tables, columns): takes (spans, capacity) of every service in order of their end, and the Columns;
    watched: the level whose peak of visits at once is kept.
    """

    def __init__(self, scenario: Scenario, workload: Workload, parts: Iterator[Workload], block_size: int, collect,
                 watched: int, is_compiled: bool, bar=None):
        self.scenario = scenario
        self.workload = workload
        self.collect = collect
        self.bar = bar
        self._told = 0
        self.advance = compiled(advance) if is_compiled else advance
        self.state = State(is_compiled)
        self.columns = Columns(self.state, parts, block_size)
        self.moments: dict[int, Moment] = {}
        self.groups = []
        self.views = [View(self, *place) for place in enumerate(depths(scenario.stack))]
        self.cold_dice = {}
        self._begin(watched)
        for level in reversed(range(len(scenario.stack))):
            setup.open_service(self, level, scenario.stack[level])
        self.columns.begin()
        self._start()

    def _begin(self, watched):
        state = self.state
        run = {f"{name}_die": hash_die(self.workload.seed, stream_id(die))
               for name, die in (("backoff", "client.backoff"), ("keep_alive", "lambda.keep_alive"),
                                 ("error", "lambda.error"), ("duplicate", "lambda.duplicate"),
                                 ("table_backoff", "dynamodb.backoff"), ("table_latency", "dynamodb.latency"),
                                 ("table_lag", "dynamodb.lag"))}
        state.add("run", **run, free_event=NONE, free_frame=NONE, free_environment=NONE, active=NONE, retiring=NONE,
                  watched=watched, keeper=setup.outermost_keeper(self.scenario.stack),
                  reserve=_RESERVE + setup.most_pings(self.scenario.stack),
                  first_retry_s=facts.value("lambda.async_first_retry_s"),
                  second_retry_s=facts.value("lambda.async_second_retry_s"),
                  async_backoff_s=facts.value("lambda.async_backoff_base_s"),
                  async_backoff_max_s=facts.value("lambda.async_backoff_max_s"),
                  init_limit_s=facts.value("lambda.init_limit_s"))
        state.lengthen("retryable", 1000)
        for status in facts.value("sdk.retryable_statuses", self.scenario.date).split():
            state.view.retryable[int(status)] = 1
        state.lengthen("ready", 256)
        state.lengthen("levels", len(self.scenario.stack))
        self._make_room()

    def _start(self):
        """The arrivals begin: their first event would take its place in the queue now."""
        run = self.state.view.run[0]
        run.first_sequence = run.sequence
        run.sequence += 1

    # Running

    def run(self) -> None:
        """Plays every request out, then has the services note what still stands."""
        self._go_on()
        for view in self.views:
            for ending in view.endings:
                ending()
        self._drain()

    def _go_on(self, nested=False):
        view = self.state.view.run[0]
        view.nested = int(nested)
        answers = {MORE_REQUESTS: self._more_requests, FULL: self._make_room, COLD: self._cold, PING_DICE: self._ping,
                   OUTSIDE: self._outside, RING: self._ring, LAST_LEFT: self._last_left}
        while (reason := self.advance(self.state.world)) not in (DONE, IDLE):
            answers[reason]()
        self.state.view.run[0].nested = 0

    def go_on_with(self, frame: int, cut_off: bool = False) -> None:
        """Lets one visit go on until all wait; `cut_off` answers it with an error first."""
        self._make_room()
        run = self.state.view.run[0]
        run.active, run.cut_off = frame, int(cut_off)
        self._go_on(nested=True)

    def retire(self, unit: int) -> None:
        """Has a function's idle environments expire."""
        self._make_room()
        self.state.view.run[0].retiring = unit
        self._go_on(nested=True)

    def _more_requests(self):
        self._drain()
        self.columns.load()

    def _make_room(self):
        state = self.state
        run = state.view.run[0]
        reserve = int(run.reserve)
        if run.events + run.in_lanes + reserve > state.length("events"):
            more = max(256, 4 * reserve, state.length("events"))
            state.lengthen("heap", more)
            state.lengthen_stack("events", more, "free_event")
            state.view.run[0].event_room = state.length("events")
        if state.view.run[0].free_frames < reserve:
            more = max(256, 4 * reserve, state.length("frames"))
            state.lengthen_stack("frames", more, "free_frame")
            state.view.run[0].free_frames += more
        run = state.view.run[0]
        if run.idle + reserve > state.length("environments"):
            state.lengthen_stack("environments", max(256, 4 * reserve, state.length("environments")),
                                 "free_environment")
            state.view.run[0].environment_room = state.length("environments")
        run = state.view.run[0]
        if run.most_spans + reserve > run.span_room or run.most_rows + run.idle + reserve > run.row_room:
            self._drain()
            room = _ROOM_COMPILED if state.is_compiled else _ROOM_PLAIN
            run.span_room = max(room, 4 * reserve)
            needed = 2 * int(run.idle + reserve)
            if run.row_room < needed or not state.length("rows"):
                run.row_room = max(room // 8, 2 * needed)
                state.emptied("rows", len(self.views) * int(run.row_room))
            if not state.length("spans"):
                state.emptied("spans", len(self.views) * int(run.span_room))

    def _drain(self):
        """Hands the finished rows over."""
        state = self.state
        run = state.view.run[0]
        tables = []
        for number in range(len(self.views)):
            level = state.view.levels[number]
            tables.append((state.taken("spans", number * int(run.span_room), int(level.spans)),
                           state.taken("rows", number * int(run.row_room), int(level.rows))))
            level.spans = level.rows = 0
        if any(len(spans) or len(rows) for spans, rows in tables):
            self.collect(tables, self.columns)
        if self.bar:
            self.bar.update(int(run.arrived) - self._told)
            self._told = int(run.arrived)
        run.most_spans = run.most_rows = 0

    # What the kernels stop for

    def at(self, time_s, kind, request, call) -> Moment:
        """A moment for an activity outside the kernels to wait for."""
        self._make_room()
        moment = Moment(time_s)
        number = len(self.moments) + 1
        while number in self.moments:
            number += 1
        self.moments[number] = moment
        push(self.state.view, time_s, kind, request, call, -number - 1)
        return moment

    def _outside(self):
        moment = self.moments.pop(-int(self.state.view.run[0].trapped) - 1)
        for callback in moment.callbacks:
            callback(moment)
        self._align()

    def _align(self):
        for group in self.groups:
            group.align()

    def capacity(self, level, resource, start_s, end_s, amount) -> None:
        """Records what stood ready, in order with what the kernels record."""
        self._make_room()
        state = self.state
        run, standing = state.view.run[0], state.view.levels[level]
        row = state.view.rows[level * int(run.row_room) + int(standing.rows)]
        row.start_s, row.end_s, row.amount, row.resource = start_s, end_s, amount, resource
        standing.rows += 1
        run.most_rows = max(run.most_rows, standing.rows)

    def _cold(self):
        """Throws the dice of a cold start: for some thousand requests, or for one repeated call."""
        run = self.state.view.run[0]
        number = int(run.trapped)
        frame = self.state.view.frames[number]
        function = self.state.view.functions[frame.unit]
        run.active = number
        if frame.call == function.drawn_call:
            self.columns.fill_late(int(function.known), int(frame.request))
            return
        cold = self._throw(int(frame.unit), int(frame.request), int(frame.call))
        run.answer_a, run.answer_b, run.answer_c = (float(part[0]) for part in (
            cold.platform_s, cold.init_s, cold.first_s))

    def _throw(self, unit, request, call):
        service = self.cold_dice[unit]
        return service.cold_starts(*(np.array([self._uniform(die, request, call)]) for die in setup.COLD_DICE))

    def _uniform(self, die, request, call):
        return hash_uniform(self.workload.seed, stream_id(die), request, call)

    def _ping(self):
        run = self.state.view.run[0]
        number = int(run.trapped)
        frame = self.state.view.frames[number]
        unit, ping = int(frame.unit), int(frame.call)
        run.active = number
        if not frame.j:
            cold = self._throw(unit, ping, setup.PING)
            run.answer_a = float(cold.platform_s[0] + cold.init_s[0])
            run.answer_b = float(cold.first_s[0])
        die = np.array([self._uniform("lambda.keep_alive", ping, setup.PING)])
        run.answer_c = float(self.cold_dice[unit].idle_lifetimes_s(die)[0])

    def _ring(self):
        """A longer ring of minutes for the CPU time that instances have booked."""
        run = self.state.view.run[0]
        number = int(run.trapped)
        unit = int(self.state.view.frames[number].unit)
        next(group for group in self.groups if group.unit == unit).longer_ring(int(run.answer_a))
        self.state.view.run[0].active = number

    def _last_left(self):
        run = self.state.view.run[0]
        number = int(run.trapped)
        frame = self.state.view.frames[number]
        group = next(group for group in self.groups if group.unit == frame.unit)
        group.last_left(int(frame.i))
        self.state.view.run[0].active = number
