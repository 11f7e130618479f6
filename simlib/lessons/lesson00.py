"""Lesson 00: the ticket storm, what serverless means, a first function, percentiles and seeds."""

from __future__ import annotations

import inspect
import json
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from simlib import i18n
from simlib.compare import interval
from simlib.engine import Result, Scenario, simulate
from simlib.i18n import N_, _, duration, number, percent, usd
from simlib.pricing import Bill, bill
from simlib.services import Client, Ec2, Lambda
from simlib.teach import Check, Condition, Control, Essay, Explorable, Hint, Option, Prediction, Question, Quiz, Target
from simlib.views import Latency, Storm
from simlib.workload import Operation, Steps, Traffic, draw

BUY = Operation(name="buy", work_vcpu_s=0.15, work_distribution="lognormal", work_cv=0.5, io_s=0.1,
                io_distribution="lognormal", io_cv=0.5)
RUSH = ((0.0, 1.0), (2.0, 0.5), (5.0, 0.25), (10.0, 0.1), (20.0, 0.02))
WINDOW_S = 60.0
STORMS_A_MONTH = 4.0
PEOPLE = 300
FLEET = Ec2(instance_type="t3.small", instances=2, zones=2)
FUNCTION = Lambda(memory_mb=1769)


def storm(people: float = PEOPLE) -> Traffic:
    """The first minute of a ticket sale to which about `people` come: most at once, the others ever more slowly.

    Four sales a month; in the quiet hours between them a visitor every two minutes.
    """
    edges = [start for start, _share in RUSH] + [WINDOW_S]
    mass = sum(share * (until - start) for (start, share), until in zip(RUSH, edges[1:]))
    steps = tuple((start, share * people / mass) for start, share in RUSH)
    return Traffic(arrivals=Steps(steps), window_s=WINDOW_S, operations=(BUY,), windows_per_month=STORMS_A_MONTH,
                   quiet_rps=1 / 120)
