"""Pictures of limits and growth: throttled shares, functions that share a quota, ramps, Auto Scaling groups."""

from __future__ import annotations

import numpy as np
from matplotlib.ticker import FuncFormatter

from simlib.i18n import _, number, percent
from simlib.views import BLUE, GREEN, GREY, INK, ORANGE, PURPLE, RED, SKY, Picture, _few_ticks, label, nice_top


def _percent_ticks(axis):
    axis.set_major_formatter(FuncFormatter(lambda value, _place: f"{100 * value:g} %"))


class Throttling(Picture):
    """Requests in progress over time under a dotted limit; below, the throttled share over the rate.

    found: {"levels": (times, amounts), "limit", "asked": rate x duration, "rate_rps", "share",
    "curve": (rates, Erlang's shares), "until_s": the end of the time axis}.
    """

    size = (7.2, 5.0)

    def build(self):
        self.top, self.below = self.figure.subplots(2, 1)
        self.top.set_title(label("Requests in progress"))
        self.top.set_xlabel(label("seconds"))
        (self.before,) = self.top.plot([], [], color=GREY, ls="--", lw=1.2, drawstyle="steps-post")
        (self.line,) = self.top.plot(
            [], [], color=RED, lw=1.8, drawstyle="steps-post", label=label("requests in progress")
        )
        self.asked = self.top.axhline(0, color=ORANGE, ls="-.", lw=1.4, label=label("rate × duration"))
        self.limit = self.top.axhline(0, color=INK, ls=":", lw=1.6, label=label("the limit"))
        self.top.legend(loc="upper left", ncols=3)
        self.below.set_title(label("Throttled share"))
        self.below.set_xlabel(label("requests per second"))
        (self.curve,) = self.below.plot([], [], color=INK, lw=1.2, label=label("Erlang B, closed form"))
        self.corner = self.below.axvline(0, color=INK, ls=":", lw=1.2, label=label("limit ÷ duration"))
        (self.then,) = self.below.plot([], [], color=GREY, marker="o", mfc="white", ms=9, ls="none")
        (self.now,) = self.below.plot(
            [], [], color=RED, marker="o", ms=9, ls="none", label=label("your run"), clip_on=False
        )
        self.below.legend(loc="upper left")
        for axis in (self.top, self.below):
            _few_ticks(axis.xaxis)
            _few_ticks(axis.yaxis)
        _percent_ticks(self.below.yaxis)

    def update(self, found, pinned):
        self.line.set_data(*found["levels"])
        self.before.set_visible(pinned is not None)
        self.then.set_visible(pinned is not None)
        if pinned is not None:
            self.before.set_data(*pinned["levels"])
            self.then.set_data([pinned["rate_rps"]], [pinned["share"]])
        self.asked.set_ydata([found["asked"]] * 2)
        self.limit.set_ydata([found["limit"]] * 2)
        rates, shares = found["curve"]
        self.curve.set_data(rates, shares)
        corner_rps = found["limit"] * found["rate_rps"] / found["asked"]
        self.corner.set_xdata([corner_rps] * 2)
        self.now.set_data([found["rate_rps"]], [found["share"]])
        self.top.set_xlim(0, found["until_s"])
        self.top.set_ylim(0, 2.3 * found["limit"])
        self.below.set_xlim(0, rates[-1])
        self.below.set_xticks(np.arange(0, rates[-1] + 1, 100))
        self.below.set_ylim(0, 0.6)
        return _(
            "At {rate} requests per second {asked} are wanted at once, the limit is {limit}, and {share} are "
            "throttled. The curve is flat up to {corner} per second and rises beyond.",
            rate=number(found["rate_rps"]),
            asked=number(found["asked"]),
            limit=f"{found['limit']:,}",
            share=percent(found["share"]),
            corner=number(corner_rps),
        )


class Sharing(Picture):
    """Two functions of one account: requests in progress over time, and who is served.

    found: {"names": two, "levels": {name: (times, amounts)}, "limit", "reserved": environments of the second
    or None, "throttled": {name: share}, "until_s"}.
    """

    size = (7.2, 4.9)
    COLOURS = ((BLUE, "-"), (ORANGE, (0, (5, 1.5))))

    def build(self):
        self.top, self.below = self.figure.subplots(2, 1, height_ratios=(2, 1))
        self.top.set_title(label("Requests in progress, by function"))
        self.top.set_xlabel(label("seconds"))
        self.before = [
            self.top.plot([], [], color=GREY, ls="--", lw=1.1, drawstyle="steps-post")[0] for _side in range(2)
        ]
        self.lines = [
            self.top.plot([], [], color=colour, ls=dash, lw=1.8, drawstyle="steps-post")[0]
            for colour, dash in self.COLOURS
        ]
        self.limit = self.top.axhline(0, color=INK, ls=":", lw=1.6)
        self.reserved = self.top.axhline(0, color=ORANGE, ls=":", lw=1.6)
        self.rest = self.top.axhline(0, color=BLUE, ls=":", lw=1.6)
        self.words = [
            self.top.annotate(
                "", (place, 0), xycoords=("axes fraction", "data"), xytext=(0, 4), textcoords="offset points",
                ha="right", va="bottom", fontsize=9, color=colour,
                bbox={"fc": "white", "ec": "none", "pad": 0.3, "alpha": 0.8},
            )
            for colour, place in ((INK, 1.0), (ORANGE, 1.0), (BLUE, 0.66))
        ]
        _few_ticks(self.top.xaxis)
        _few_ticks(self.top.yaxis)
        self.below.set_title(label("What becomes of the requests"))
        rows = np.array([1, 0])
        self.bars = [
            self.below.barh(rows, [0, 0], color=colour, edgecolor="white", hatch=hatch, height=0.6, label=words)
            for colour, hatch, words in ((GREEN, "", label("served")), (RED, "xxxx", label("throttled")))
        ]
        self.shares = [self.below.annotate("", (0, row), va="center", fontweight="bold") for row in rows]
        self.below.set_yticks(rows, ["", ""])
        self.below.tick_params(axis="y", length=0)
        self.below.set_xlim(0, 1)
        self.below.set_xticks([0, 0.25, 0.5, 0.75, 1])
        _percent_ticks(self.below.xaxis)
        self.figure.legend(handles=[bar[0] for bar in self.bars], labels=[label("served"), label("throttled")],
                           loc="outside lower center", ncols=2)

    def update(self, found, pinned):
        names, limit, reserved = found["names"], found["limit"], found["reserved"]
        highest = limit
        for k, name in enumerate(names):
            self.lines[k].set_data(*found["levels"][name])
            self.lines[k].set_label(name)
            self.before[k].set_visible(pinned is not None)
            if pinned is not None:
                self.before[k].set_data(*pinned["levels"][name])
            share = found["throttled"][name]
            self.bars[0][k].set_width(1 - share)
            self.bars[1][k].set_x(1 - share)
            self.bars[1][k].set_width(share)
            self.shares[k].set_text(label("throttled: {share}", share=percent(share)))
            self.shares[k].xy = self.shares[k].xyann = (0.02, 1 - k)
            self.shares[k].set_color("white")
        self.below.set_yticks([1, 0], names)
        lines = (
            (self.limit, limit, label("quota of the account")),
            (self.reserved, reserved, label("reserved for {name}", name=names[1])),
            (self.rest, limit - reserved if reserved else None, label("left for {name}", name=names[0])),
        )
        for (line, height, words), text in zip(lines, self.words, strict=True):
            line.set_visible(height is not None)
            text.set_visible(height is not None)
            if height is not None:
                line.set_ydata([height] * 2)
                text.xy = (text.xy[0], height)
                text.set_text(f"{words}: {height:,}")
        self.top.set_xlim(0, found["until_s"])
        self.top.set_ylim(0, 1.35 * highest)
        self.top.legend(handles=self.lines, labels=list(names), loc="upper left", ncols=2)
        words = [
            _(
                "{name}: at most {peak} in progress, {share} throttled.",
                name=name,
                peak=f"{int(np.max(found['levels'][name][1], initial=0)):,}",
                share=percent(found["throttled"][name]),
            )
            for name in names
        ]
        return " ".join([*words, _("The limit is {limit}.", limit=f"{limit:,}")])


class Ramp(Picture):
    """Requests in progress after a sudden start, under what the scaling rate allows, today and before.

    found: {"levels": (times, amounts), "wanted", "allowed": {rule: (times, amounts)}, "rule": the one in force,
    "until_s"}.
    """

    size = (7.2, 4.2)
    TOP = 5500
    STYLES = ((RED, ":"), (PURPLE, (0, (1, 3))))

    def __init__(self, rules: tuple[str, ...]):
        self.rules = rules
        super().__init__()

    def build(self):
        axis = self.axes = self.figure.subplots()
        axis.set_title(label("Requests in progress"))
        axis.set_xlabel(label("seconds after the start"))
        self.wanted = axis.axhline(0, color=ORANGE, ls="-.", lw=1.4, label=label("wanted at once"))
        self.allowed = {
            rule: axis.plot([], [], color=colour, ls=dash, lw=2, label=label("allowed {rule}", rule=label(rule)))[0]
            for rule, (colour, dash) in zip(self.rules, self.STYLES, strict=True)
        }
        (self.before,) = axis.plot([], [], color=GREY, ls="--", lw=1.2, drawstyle="steps-post")
        (self.line,) = axis.plot(
            [], [], color=INK, lw=2.2, drawstyle="steps-post", label=label("requests in progress")
        )
        self.figure.legend(loc="outside lower center", ncols=2)
        _few_ticks(axis.xaxis)
        _few_ticks(axis.yaxis)

    def update(self, found, pinned):
        self.line.set_data(*found["levels"])
        self.before.set_visible(pinned is not None)
        if pinned is not None:
            self.before.set_data(*pinned["levels"])
        self.wanted.set_ydata([found["wanted"]] * 2)
        for rule, line in self.allowed.items():
            line.set_data(*found["allowed"][rule])
            line.set_alpha(1.0 if rule == found["rule"] else 0.35)
        self.axes.set_xlim(0, found["until_s"])
        self.axes.set_ylim(0, self.TOP)
        return _(
            "{wanted} requests are wanted at once; at most {reached} are in progress within {until} s.",
            wanted=f"{found['wanted']:,}",
            reached=f"{int(np.max(found['levels'][1], initial=0)):,}",
            until=number(found["until_s"]),
        )


class Group(Picture):
    """An Auto Scaling group beside a function in one evening: who is served, what stands, how busy it is.

    found: {"share": {name: not served}, "edge_min": edges, "served" and "lost": {name: people per second between
    the edges}, "paid" and "serving": (minutes, servers), "cpu": (minutes, shares), "target": share or None,
    "environments": (minutes, amounts)}. Minutes count from 20:00.
    """

    size = (7.2, 5.6)
    FROM_MIN, UNTIL_MIN = -8.0, 24.0

    def build(self):
        axes = self.figure.subplot_mosaic([["EC2", "Lambda"], ["servers", "environments"], ["cpu", "environments"]])
        self.axes = axes
        edges, nothing = np.array([0.0, 1.0]), np.zeros(1)
        self.bands, self.before = {}, {}
        for name in ("EC2", "Lambda"):
            self.bands[name] = [
                axes[name].stairs(
                    nothing, edges, fill=True, facecolor=colour, edgecolor="white", hatch=hatch, lw=0, label=words
                )
                for colour, hatch, words in (
                    (GREEN, "", label("served")),
                    (RED, "xxxx", label("not served")),
                )
            ]
            self.before[name] = axes[name].stairs(nothing, edges, color=GREY, ls="--", lw=1.1)
        axes["EC2"].set_ylabel(label("people per second"), fontsize=9.5)
        axes["servers"].set_title(label("Servers"))
        self.paid = axes["servers"].fill_between([0], [0], step="post", color=SKY, alpha=0.6)
        (self.serving,) = axes["servers"].plot([], [], color=BLUE, lw=1.8, drawstyle="steps-post")
        (self.serving_before,) = axes["servers"].plot([], [], color=GREY, ls="--", lw=1.1, drawstyle="steps-post")
        axes["cpu"].set_title(label("Mean CPU utilisation of the servers"))
        (self.cpu,) = axes["cpu"].plot([], [], color=BLUE, lw=1.4, marker="s", ms=3, drawstyle="default")
        self.target = axes["cpu"].axhline(0, color=INK, ls=":", lw=1.4)
        axes["environments"].set_title(label("Requests in progress on Lambda"))
        (self.used,) = axes["environments"].plot([], [], color=RED, lw=1.2, drawstyle="steps-post")
        for name in ("cpu", "environments"):
            axes[name].set_xlabel(label("minutes after 20:00"))
        from matplotlib.lines import Line2D
        from matplotlib.patches import Patch

        self.figure.legend(
            handles=[
                *self.bands["EC2"],
                Patch(color=SKY, alpha=0.6, label=label("paid for")),
                Line2D([], [], color=BLUE, lw=1.8, label=label("in service")),
                Line2D([], [], color=INK, ls=":", label=label("target")),
            ],
            loc="outside lower center", ncols=5, columnspacing=1.2, handlelength=1.6,
        )
        for axis in axes.values():
            axis.set_xlim(self.FROM_MIN, self.UNTIL_MIN)
            _few_ticks(axis.xaxis)
            _few_ticks(axis.yaxis)
        axes["cpu"].set_ylim(0, 1.09)
        axes["cpu"].set_yticks([0, 0.5, 1])
        _percent_ticks(axes["cpu"].yaxis)
        for name in ("EC2", "Lambda", "servers"):
            axes[name].tick_params(labelbottom=False)
        axes["Lambda"].tick_params(labelleft=False)

    def update(self, found, pinned):
        axes, words = self.axes, []
        top = nice_top(max(float((found["served"][name] + found["lost"][name]).max()) for name in found["served"]))
        for name in ("EC2", "Lambda"):
            served, lost = found["served"][name], found["lost"][name]
            self.bands[name][0].set_data(served, found["edge_min"], np.zeros_like(served))
            self.bands[name][1].set_data(served + lost, found["edge_min"], served)
            self.before[name].set_visible(pinned is not None)
            if pinned is not None:
                self.before[name].set_data(pinned["served"][name], pinned["edge_min"])
            axes[name].set_ylim(0, top)
            share = percent(found["share"][name])
            axes[name].set_title(label("{side}: {share} not served", side=name, share=share))
            words.append(_("{side}: {share} not served.", side=name, share=share))
        minutes, paid = found["paid"]
        self.paid.remove()
        self.paid = axes["servers"].fill_between(minutes, paid, step="post", color=SKY, alpha=0.6, lw=0)
        self.serving.set_data(*found["serving"])
        self.serving_before.set_visible(pinned is not None)
        if pinned is not None:
            self.serving_before.set_data(*pinned["serving"])
        axes["servers"].set_ylim(0, nice_top(float(np.max(paid)) * 1.15))
        self.cpu.set_data(*found["cpu"])
        self.target.set_visible(found["target"] is not None)
        if found["target"] is not None:
            self.target.set_ydata([found["target"]] * 2)
        self.used.set_data(*found["environments"])
        axes["environments"].set_ylim(0, nice_top(float(np.max(found["environments"][1], initial=1)) * 1.05))
        words.append(
            _(
                "At most {paid} servers are paid for at once; Lambda works on at most {used} requests at once.",
                paid=number(float(np.max(paid))),
                used=f"{int(np.max(found['environments'][1], initial=0)):,}",
            )
        )
        return " ".join(words)
