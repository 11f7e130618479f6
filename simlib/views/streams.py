"""Pictures of what follows a write: what a mapping can process, how old its records get, and what becomes of them."""

from __future__ import annotations

from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle

from simlib.i18n import N_, _, number
from simlib.views import BLUE, GREEN, GREY, INK, ORANGE, RED, SKY, YELLOW, Picture, _few_ticks, label, nice_top

SHARD_LINES = ((BLUE, "-"), (RED, (0, (5, 1.5))), (GREEN, "-."), (ORANGE, ":"))
FATES = (  # how records are drawn by what has become of them: colour, hatch, words
    (GREEN, "", N_("processed")),
    (SKY, "....", N_("sent to the queue")),
    (RED, "xxxx", N_("discarded, gone")),
    (YELLOW, "////", N_("still waiting")),
)


class BatchRate(Picture):
    """Above, records a second that a mapping can process over its batch size, and how many it did; below, ages.

    found: {"sizes": batch sizes, "can": records a second by the closed form, "writes": records written a second,
    "now": (batch size, records processed a second), "time": seconds, "age": greatest age at each of them}.
    """

    size = (7.2, 5.2)

    def build(self):
        self.top, self.below = self.figure.subplots(2, 1)
        self.top.set_xscale("log")
        self.top.set_title(label("Records a second that the mapping can process"))
        self.top.set_xlabel(label("batch size (log scale)"))
        self.below.set_title(label("Iterator age: how long the oldest unfinished record has been waiting, in seconds"))
        self.below.set_xlabel(label("seconds after sales open"))
        self.curves = [self.top.plot([], [], color=color, ls=style, lw=width)[0]
                       for color, style, width in ((GREY, "--", 1.2), (BLUE, "-", 2))]
        self.writes = self.top.axhline(0, color=INK, ls=":", lw=2)
        self.now = self.top.plot([], [], color=INK, marker="D", mfc=YELLOW, ms=8, ls="none", zorder=5, clip_on=False)[0]
        self.then = self.top.plot([], [], color=GREY, marker="o", mfc="none", mew=2, ms=13, ls="none", clip_on=False)[0]
        self.ages = [self.below.plot([], [], color=color, ls=style, lw=width)[0]
                     for color, style, width in ((GREY, "--", 1.4), (RED, "-", 2))]
        for axis in (self.top, self.below):
            _few_ticks(axis.yaxis)
            axis.text(-0.015, 0.5, "8.88k", alpha=0, ha="right", transform=axis.transAxes)
        _few_ticks(self.top.xaxis, log=True)
        _few_ticks(self.below.xaxis)
        names = (label("closed form"), label("written"), label("processed, simulated"), "A")
        dashed = Line2D([], [], color=GREY, ls="--", marker="o", mfc="none")
        self.figure.legend([self.curves[1], self.writes, self.now, dashed], names, loc="outside lower center", ncols=4)

    def update(self, found, pinned):
        shown = [found] + ([pinned] if pinned is not None else [])
        self.curves[1].set_data(found["sizes"], found["can"])
        self.ages[1].set_data(found["time"], found["age"])
        self.now.set_data([found["now"][0]], [found["now"][1]])
        self.writes.set_ydata([found["writes"]] * 2)
        for artist in (self.curves[0], self.ages[0], self.then):
            artist.set_visible(pinned is not None)
        if pinned is not None:
            self.curves[0].set_data(pinned["sizes"], pinned["can"])
            self.ages[0].set_data(pinned["time"], pinned["age"])
            self.then.set_data([pinned["now"][0]], [pinned["now"][1]])
        self.top.set_xlim(found["sizes"][0], found["sizes"][-1])
        self.top.set_ylim(0, nice_top(1.05 * max(max(*each["can"], each["writes"]) for each in shown)))
        self.below.set_xlim(0, found["time"][-1])
        oldest_s = max(found["age"])
        self.below.set_ylim(0, nice_top(max(1.0, 1.05 * max(max(each["age"]) for each in shown))))
        return _(
            "Records a second that a mapping can process over its batch size, and the iterator age over time. With "
            "batches of at most {batch}, {processed} of {written} records a second are processed while sales are open; "
            "the greatest age is {age} s.",
            batch=number(found["now"][0], 4), processed=number(found["now"][1]), written=number(found["writes"]),
            age=number(oldest_s),
        )


class ShardAges(Picture):
    """Above, the age of the oldest unfinished record of each shard over time, and when records were discarded; below,
    what has become of all records.

    found: {"time": moments, "ages": one row of ages for each shard, "lost": (moments, ages) of discarded records,
    "fates": numbers of records in the order of FATES, "units": (words of the time axis, words of the ages),
    "limit": the age at which records end, or None}.
    """

    size = (7.2, 5.2)

    def build(self):
        self.top, self.below = self.figure.subplots(2, 1, height_ratios=(4, 1))
        self.top.set_title(label("Iterator age of each shard: the wait of its oldest unfinished record"))
        self.before = self.top.plot([], [], color=GREY, ls="--", lw=1.4)[0]
        self.lines = [self.top.plot([], [], color=color, ls=style, lw=2)[0] for color, style in SHARD_LINES]
        self.limit = self.top.axhline(0, color=INK, ls=":", lw=1.6)
        self.lost = self.top.plot([], [], color=INK, marker="x", ms=7, mew=1.8, ls="none", zorder=6)[0]
        self.below.set_title(label("What has become of the records at the end of the picture"))
        self.below.set_ylim(1.5, -0.5)
        self.below.tick_params(axis="y", length=0)
        self.bars = [[self._piece(row, colour, hatch) for colour, hatch, _words in FATES] for row in range(2)]
        for axis in (self.top.yaxis, self.top.xaxis, self.below.xaxis):
            _few_ticks(axis)
        self.top.text(-0.015, 0.5, "8.88k", alpha=0, ha="right", transform=self.top.transAxes)
        self.top.set_xlabel(label("seconds after sales open"))
        self.below.set_xlabel(label("records"))
        self.below.set_yticks((0, 1), (label("now"), "A"))
        self.figure.get_layout_engine().set(rect=(0, 0, 0.985, 1))
        names = [label("shard {number}", number=place + 1) for place in range(len(SHARD_LINES))]
        handles = [*self.lines, self.lost, self.limit, self.before]
        patches = [Patch(fc=colour, hatch=hatch, ec="white", lw=0) for colour, hatch, _words in FATES]
        marks = label("not processed"), label("where records end"), label("A, the oldest shard")
        self.figure.legend([*handles, *patches], [*names, *marks,
                                                  *(label(words) for _c, _h, words in FATES)],
                           loc="outside lower center", ncols=4, columnspacing=1.2)

    def _piece(self, row, colour, hatch):
        return self.below.add_patch(Rectangle((0, row - 0.36), 0, 0.72, fc=colour, hatch=hatch, ec="white", lw=0))

    def update(self, found, pinned):
        for line, ages in zip(self.lines, found["ages"]):
            line.set_data(found["time"], ages)
        self.lost.set_data(*found["lost"])
        self.before.set_visible(pinned is not None)
        if pinned is not None:
            self.before.set_data(pinned["time"], pinned["ages"].max(axis=0))
        most = max(each["ages"].max() for each in (found, pinned or found))
        top = nice_top(max(1.0, 1.05 * most))
        self.top.set_xlim(0, found["time"][-1])
        self.top.set_ylim(0, top)
        self.top.set_xlabel(found["units"][0])
        self.top.set_ylabel(found["units"][1])
        limit = found["limit"]
        self.limit.set_visible(limit is not None and limit <= top)
        if limit is not None:
            self.limit.set_ydata([limit] * 2)
        self._show_fates(found["fates"], pinned and pinned["fates"])
        told = "; ".join(f"{_(words)} {count:,}" for (_c, _h, words), count in zip(FATES, found["fates"]) if count)
        return _("The age of the oldest unfinished record of {shards} shards over time; the greatest is {age} "
                 "({unit}). Records: {told}.",
                 shards=len(found["ages"]), age=number(float(found["ages"].max())), unit=found["units"][1], told=told)

    def _show_fates(self, now, then):
        for row, counts in enumerate((now, then)):
            left = 0
            for piece, count in zip(self.bars[row], counts or (0,) * len(FATES)):
                piece.set_x(left)
                piece.set_width(count)
                left += count
        self.below.set_yticklabels((label("now"), "A" if then else ""))
        self.below.set_xlim(0, nice_top(max(sum(now), sum(then or ()))))
