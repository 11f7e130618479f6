"""The power-tuning picture: how long a request takes and what it costs, over the memory of the function."""

from __future__ import annotations

import math

from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter, NullLocator

from simlib.i18n import _, duration, usd
from simlib.views import GREY, INK, RED, YELLOW, Picture, _few_ticks, _money_tick, label, nice_top

TICKS_MB = (128, 256, 512, 1024, 2048, 4096, 10240)


class PowerTuning(Picture):
    """Duration above (log scale), dollars below (from zero), over memory (log scale); no twin axes.

    found: {"mb", "ms", "usd": the simulated sizes, "law": (mb, ms, usd) of the closed form behind them,
    "now": (mb, ms, usd), "vcpu_mb": memory that buys one vCPU, "least_mb", "most_mb": the limits, optional
    "timeout_ms"}.
    """

    size = (7.2, 4.9)
    TIMEOUT_IN_VIEW = 12

    def build(self):
        self.top, self.below = self.figure.subplots(2, 1, sharex=True)
        self.axes = (self.top, self.below)
        self.laws, self.points, self.now, self.before, self.then, self.limits = [], [], [], [], [], []
        for axis in self.axes:
            self.limits += [axis.axvline(1, color=INK, ls=":", lw=1.3) for _k in range(3)]
            self.before += axis.plot([], [], color=GREY, ls="--", lw=1.2)
            self.laws += axis.plot([], [], color=RED, lw=1.3, alpha=0.55, label=label("the rule"))
            self.points += axis.plot([], [], color=RED, marker="o", ms=5, ls="none", label=label("simulated"))
            self.then += axis.plot([], [], color=GREY, marker="o", mfc="white", ms=8, ls="none", label="A")
            self.now += axis.plot(
                [], [], color=INK, marker="D", mfc=YELLOW, ms=9, ls="none", label=label("your setting"), zorder=5
            )
        self.timeout = self.top.axhline(1, color=INK, ls=":", lw=1.3)
        self.timeout_words = self.top.annotate(
            "",
            (1, 1),
            xycoords=("axes fraction", "data"),
            xytext=(-4, -3),
            textcoords="offset points",
            ha="right",
            va="top",
            fontsize=9.5,
            bbox={"fc": "white", "ec": "none", "pad": 1},
        )
        self.vcpu_words = self.below.annotate(
            "",
            (1, 1),
            xycoords=("data", "axes fraction"),
            xytext=(5, -3),
            textcoords="offset points",
            va="top",
            fontsize=9.5,
            bbox={"fc": "white", "ec": "none", "pad": 1},
        )
        self.top.set_title(label("Mean billed duration (log scale)"))
        self.below.set_title(label("Dollars for a million requests"))
        self.below.set_xlabel(label("memory in MB (log scale), dotted: 1 vCPU and the limits"))
        self.top.set_yscale("log")
        self.below.set_xscale("log")
        self.below.xaxis.set_major_locator(FixedLocator(TICKS_MB))
        self.below.xaxis.set_major_formatter(FuncFormatter(lambda mb, _position: f"{mb:,.0f}"))
        self.below.xaxis.set_minor_locator(NullLocator())
        _few_ticks(self.top.yaxis, log=True, formatter=lambda ms, _position: duration(ms))
        self.top.yaxis.set_minor_formatter(NullFormatter())
        _few_ticks(self.below.yaxis, formatter=_money_tick)
        self.figure.legend(
            handles=[self.laws[0], self.points[0], self.now[0], self.then[0]],
            loc="outside lower center",
            ncols=4,
        )

    def update(self, found, pinned):
        mb, ms, dollars = found["mb"], found["ms"], found["usd"]
        law_mb, law_ms, law_usd = found["law"]
        for k, (law, seen) in enumerate(((law_ms, ms), (law_usd, dollars))):
            self.laws[k].set_data(law_mb, law)
            self.points[k].set_data(mb, seen)
            self.now[k].set_data([found["now"][0]], [found["now"][1 + k]])
            moved = pinned is not None and list(pinned["ms"]) != list(ms)
            self.before[k].set_visible(moved)
            if moved:
                self.before[k].set_data(pinned["mb"], pinned["ms" if k == 0 else "usd"])
            self.then[k].set_visible(pinned is not None)
            if pinned is not None:
                self.then[k].set_data([pinned["now"][0]], [pinned["now"][1 + k]])
        for line, place in zip(self.limits, 2 * (found["least_mb"], found["vcpu_mb"], found["most_mb"])):
            line.set_xdata([place, place])
        self.vcpu_words.xy = (found["vcpu_mb"], 1)
        self.vcpu_words.set_text(label("1 vCPU: {mb} MB", mb=f"{found['vcpu_mb']:,.0f}"))
        self.below.set_xlim(found["least_mb"] / 1.12, found["most_mb"] * 1.12)
        self._scale(found, pinned)
        at, took, cost = found["now"]
        return _(
            "Mean duration above and dollars for a million requests below, over memory. At {least} MB a "
            "request takes {slow} and a million cost {low}; at {most} MB {fast} and {high}. The marker stands "
            "at {now} MB: {took} and {cost}.",
            least=f"{mb[0]:,}",
            slow=duration(ms[0]),
            low=usd(dollars[0]),
            most=f"{mb[-1]:,}",
            fast=duration(ms[-1]),
            high=usd(dollars[-1]),
            now=f"{at:,}",
            took=duration(took),
            cost=usd(cost),
        )

    def _scale(self, found, pinned):
        """Axes on round numbers that hold both runs; the timeout is drawn where it is near."""
        runs = [found] + ([pinned] if pinned else [])
        times = [value for run in runs for value in (*run["ms"], run["now"][1])]
        limit = found.get("timeout_ms")
        near = limit is not None and limit <= self.TIMEOUT_IN_VIEW * max(times)
        self.timeout.set_visible(near)
        self.timeout_words.set_visible(near)
        if near:
            times.append(limit)
            self.timeout.set_ydata([limit, limit])
            self.timeout_words.xy = (1, limit)
            self.timeout_words.set_text(label("timeout: {limit}", limit=duration(limit)))
        self.top.set_ylim(10 ** math.floor(math.log10(min(times))), 10 ** math.ceil(math.log10(max(times)) - 1e-9))
        self.below.set_ylim(0, nice_top(max(value for run in runs for value in (*run["usd"], run["now"][2]))))


def plot_power_tuning(found: dict, picture: PowerTuning | None = None) -> PowerTuning:
    """Duration and cost over memory; `found` as PowerTuning describes it."""
    return (picture or PowerTuning()).show(found)
