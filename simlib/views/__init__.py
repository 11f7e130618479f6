"""Tables to figures: one function per picture, the same for a static cell and for a live explorable.

A picture is a matplotlib figure that is laid out once; `show` only moves its artists, so that a slider
redraws it in a few hundredths of a second. No pyplot, no global state. Colours are Okabe and Ito's, and every
colour comes with a dash, a hatch or a label of its own. `alt` says in words what is drawn. Only computed
points are drawn; the pinned run A is dashed grey.
"""

from __future__ import annotations

import base64
import html
import io
import logging
import math
from functools import lru_cache

import matplotlib
import numpy as np
from matplotlib import font_manager
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter, NullLocator

from simlib import i18n
from simlib.i18n import N_, _, duration, number, percent, usd

ORANGE, SKY, GREEN, YELLOW, BLUE, RED, PURPLE = (
    "#E69F00",
    "#56B4E9",
    "#009E73",
    "#F0E442",
    "#0072B2",
    "#D55E00",
    "#CC79A7",
)
INK, DIM, GREY, FAINT = "#333333", "#666666", "#888888", "#DDDDDD"
DPI = 110
logging.getLogger("matplotlib.font_manager").setLevel(
    logging.ERROR
)  # a font's missing weight is no news to learners
KOREAN_FONTS = ("NanumGothic", "Malgun Gothic", "Apple SD Gothic Neo", "Noto Sans CJK KR", "Noto Sans KR")
SIDES = {  # how each kind of stack is drawn everywhere: colour, dash, marker
    "Lambda": (RED, "-", "o"),
    "EC2": (BLUE, (0, (5, 1.5)), "s"),
}
PARTS = {  # where the time went, in the order in which it passes
    "retries": (RED, N_("failed attempts")),
    "network": (FAINT, N_("network")),
    "queue": (SKY, N_("queue")),
    "init": (PURPLE, N_("cold start")),
    "work": (GREEN, N_("work")),
    "downstream": (YELLOW, N_("downstream")),
}


@lru_cache(maxsize=1)
def korean_font() -> str | None:
    """The first installed font that can write Hangul, or None."""
    installed = {font.name for font in font_manager.fontManager.ttflist}
    return next((name for name in KOREAN_FONTS if name in installed), None)


def label(message: str, **values) -> str:
    """A message for use inside a figure: English where the machine has no font for the language in use."""
    if i18n.language() == "ko" and korean_font() is None:
        return message.format(**values) if values else message
    return _(message, **values)


def _style():
    families = ["DejaVu Sans"] + ([korean_font()] if korean_font() else [])
    return matplotlib.rc_context(
        {
            "font.family": families,
            "font.size": 10.5,
            "axes.titlesize": 11,
            "axes.titlelocation": "left",
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.edgecolor": GREY,
            "axes.labelcolor": INK,
            "text.color": INK,
            "xtick.color": INK,
            "ytick.color": INK,
            "legend.frameon": False,
            "legend.fontsize": 9.5,
            "hatch.linewidth": 0.6,
            "axes.unicode_minus": True,
        }
    )


def nice_top(value: float) -> float:
    """The next round number (1, 1.2, 1.5, 2, 3, 5, 8 times a power of ten) from `value` on: for steady axes."""
    if value <= 0 or not math.isfinite(value):
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 1.2, 1.5, 2, 3, 5, 8, 10) if step * power >= value * (1 - 1e-9))


def _compact(value, _position=None) -> str:
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{number(value / size)}{letter}"
    return number(value)


def _money_tick(value, _position=None) -> str:
    return f"${_compact(value)}"


def _few_ticks(axis, log=False, formatter=_compact):
    axis.set_major_locator(LogLocator(numticks=5) if log else MaxNLocator(4, steps=[1, 2, 5, 10]))
    axis.set_major_formatter(FuncFormatter(formatter))
    if log:
        axis.set_minor_formatter(NullFormatter())
        axis.set_minor_locator(NullLocator())


class Picture:
    """A figure laid out once. Subclasses make artists in `build`; `update` moves them and returns the alt."""

    size = (7.2, 4.2)

    def __init__(self):
        self.alt = ""
        self._png: bytes | None = None
        self._laid_out = False
        with _style():
            self.figure = Figure(figsize=self.size, dpi=DPI, layout="constrained")
            FigureCanvasAgg(self.figure)
            self.build()

    def build(self) -> None:
        """Makes axes and artists."""

    def update(self, found, pinned) -> str:
        """Moves the artists and returns what is to be seen in words."""
        raise NotImplementedError

    def show(self, found, pinned=None) -> Picture:
        """Draws `found`, with `pinned` (or None) in dashed grey behind it."""
        with _style():
            self.alt = self.update(found, pinned)
            self._png = None
            if not self._laid_out:
                self.figure.canvas.draw()
                self.figure.set_layout_engine("none")
                self._laid_out = True
        return self

    def png(self) -> bytes:
        """The picture as a PNG file."""
        if self._png is None:
            from PIL import Image

            with _style():
                self.figure.canvas.draw()
            pixels = np.asarray(self.figure.canvas.buffer_rgba())
            file = io.BytesIO()
            Image.fromarray(pixels).convert("RGB").save(file, "PNG", compress_level=1)
            self._png = file.getvalue()
        return self._png

    def img(self, style: str = "") -> str:
        """An HTML image with its text alternative."""
        data = base64.b64encode(self.png()).decode("ascii")
        width = round(self.size[0] * 100)
        return (
            f'<img src="data:image/png;base64,{data}" alt="{html.escape(self.alt, quote=True)}" '
            f'style="width:{width}px;max-width:100%;{style}">'
        )

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/html": self.img(), "text/plain": self.alt}


# The ticket storm ----------------------------------------------------


def storm_table(result, horizon_s: float, step_s: float = 0.5) -> dict[str, np.ndarray]:
    """What has become of everybody who came: arrays by time of the edges `edge_s` (one more than the others).

    arrivals: requests per second in the bin; served, waiting, refused: people at the end of the bin.
    """
    edges = np.arange(0.0, horizon_s + step_s / 2, step_s)
    came = result.workload.arrival_s
    done = came + result.latency_s
    until = edges[1:]
    arrived = np.searchsorted(came, until, side="right")
    served = np.searchsorted(np.sort(done[result.ok]), until, side="right")
    refused = np.searchsorted(np.sort(done[~result.ok]), until, side="right")
    return {
        "edge_s": edges,
        "arrivals": np.histogram(came, edges)[0] / step_s,
        "served": served,
        "refused": refused,
        "waiting": arrived - served - refused,
    }


class Storm(Picture):
    """Arrivals per second above; below, for each stack, how many are served, waiting and refused by then."""

    size = (7.2, 4.8)
    HORIZON_S = 60.0
    BANDS = (
        ("served", GREEN, "", N_("served")),
        ("waiting", SKY, "////", N_("still waiting")),
        ("refused", RED, "xxxx", N_("refused")),
    )

    def __init__(self, names: tuple[str, ...] = ("EC2", "Lambda")):
        self.names = names
        super().__init__()

    def build(self):
        axes = self.figure.subplot_mosaic(
            [["top"] * len(self.names), list(self.names)], gridspec_kw={"height_ratios": (1, 2)}
        )
        edges = np.arange(0, self.HORIZON_S + 0.25, 0.5)
        nothing = np.zeros(edges.size - 1)
        self.top, self.below = axes["top"], [axes[name] for name in self.names]
        self.top.set_title(label("People who press Buy, per second"))
        self.arrivals = self.top.stairs(nothing, edges, fill=True, color=ORANGE, alpha=0.85)
        self.before_top = self.top.stairs(nothing, edges, color=GREY, ls="--", lw=1.2)
        self.bands, self.before = [], []
        for axis in self.below:
            self.bands.append(
                [
                    axis.stairs(
                        nothing,
                        edges,
                        fill=True,
                        facecolor=colour,
                        edgecolor="white",
                        hatch=hatch,
                        lw=0,
                        label=label(words),
                    )
                    for _key, colour, hatch, words in self.BANDS
                ]
            )
            self.before.append(axis.stairs(nothing, edges, color=GREY, ls="--", lw=1.4))
            axis.set_xlabel(label("seconds after sales open"))
        self.below[0].set_ylabel(label("people so far"))
        self.figure.legend(handles=self.bands[0], loc="outside lower center", ncols=3)
        for axis in (self.top, *self.below):
            axis.set_xlim(0, self.HORIZON_S)
            _few_ticks(axis.xaxis)
            _few_ticks(axis.yaxis)

    def update(self, found, pinned):
        tables = [storm_table(found[name], self.HORIZON_S) for name in self.names]
        before = [storm_table(pinned[name], self.HORIZON_S) for name in self.names] if pinned else None
        peak = max(table["arrivals"].max() for table in [tables[0], *(before or [])][:2])
        self.arrivals.set_data(tables[0]["arrivals"])
        self.before_top.set_data(before[0]["arrivals"] if before else np.zeros_like(tables[0]["arrivals"]))
        self.before_top.set_visible(bool(before))
        self.top.set_ylim(0, nice_top(peak))
        everybody = nice_top(max(result.n for result in [*found.values(), *(pinned or {}).values()]))
        words = []
        for k, name in enumerate(self.names):
            table, base = tables[k], np.zeros(len(tables[k]["served"]))
            for (key, _colour, _hatch, _words), band in zip(self.BANDS, self.bands[k]):
                band.set_data(values=base + table[key], baseline=base)
                base = base + table[key]
            self.before[k].set_visible(bool(before))
            if before:
                self.before[k].set_data(before[k]["served"].astype(float))
            axis, result = self.below[k], found[name]
            axis.set_ylim(0, everybody)
            if k:
                axis.tick_params(labelleft=False)
            axis.set_title(
                label(
                    "{side}: {served} served, {refused} refused",
                    side=name,
                    served=f"{int(result.ok.sum()):,}",
                    refused=f"{int((~result.ok).sum()):,}",
                )
            )
            words.append(
                _(
                    "{side}: {served} served, {refused} refused; at most {waiting} are waiting at once.",
                    side=name,
                    served=f"{int(result.ok.sum()):,}",
                    refused=f"{int((~result.ok).sum()):,}",
                    waiting=f"{int(table['waiting'].max(initial=0)):,}",
                )
            )
        return (
            _(
                "{people} people come, at most {peak} per second.",
                people=f"{found[self.names[0]].n:,}",
                peak=number(peak),
            )
            + " "
            + " ".join(words)
        )


def plot_storm(results: dict, picture: Storm | None = None) -> Storm:
    """The ticket storm: {name of the stack: Result}, all of the same requests."""
    return (picture or Storm(tuple(results))).show(results)


# How long people wait ----------------------------------------------------


def waited_ms(result) -> np.ndarray:
    """Sorted waiting times (ms) of the requests that were served."""
    return np.sort(result.latency_s[result.ok]) * 1000


class Latency(Picture):
    """Above, the share answered within a time (p50, p95, p99 dotted); below, where the time went."""

    size = (7.2, 4.8)
    SHARES = (0.5, 0.95, 0.99)

    def __init__(self, names: tuple[str, ...] = ("Lambda", "EC2")):
        self.names = names
        super().__init__()

    def build(self):
        self.top, self.below = self.figure.subplots(2, 1, height_ratios=(2.2, 1))
        self.top.set_xscale("log")
        self.top.set_title(label("Share of requests answered within a time"))
        self.top.set_xlabel(label("milliseconds, log scale"))
        self.curves, self.before = [], []
        for name in self.names:
            colour, dash, marker = SIDES.get(name, (INK, "-", "o"))
            self.before += self.top.plot([], [], color=GREY, ls="--", lw=1.2)
            self.curves += self.top.plot([], [], color=colour, ls=dash, lw=2, marker=marker, ms=5, label=name)
        for share in self.SHARES:
            self.top.axhline(share, color=GREY, ls=":", lw=1)
            self.top.annotate(
                f"p{share * 100:g}",
                (1.005, share),
                xycoords=("axes fraction", "data"),
                fontsize=9,
                va="center" if share != 0.99 else "bottom",
                color=INK,
                annotation_clip=False,
            )
        self.top.set_ylim(0, 1.03)
        self.top.set_yticks([0, 0.25, 0.5, 0.75, 1])
        self.top.yaxis.set_major_formatter(FuncFormatter(lambda value, _p: f"{100 * value:g} %"))
        _few_ticks(self.top.xaxis, log=True)
        self.top.legend(loc="upper left", bbox_to_anchor=(0.0, 0.92))
        self.below.set_title(label("Where the mean time went"))
        self.below.set_xlabel(label("milliseconds"))
        rows = np.arange(len(self.names))[::-1]
        self.bars = {
            part: self.below.barh(
                rows, np.zeros(len(rows)), color=colour, edgecolor="white", height=0.62, label=label(words)
            )
            for part, (colour, words) in PARTS.items()
        }
        self.below.set_yticks(rows, self.names)
        self.below.tick_params(axis="y", length=0)
        _few_ticks(self.below.xaxis)
        self.legend, self.named = None, ()
        self._name_parts(tuple(PARTS))

    def _name_parts(self, parts):
        """A legend of these parts, on the place that the layout has kept for it."""
        if parts == self.named:
            return
        if self.legend is not None:
            self.legend.remove()
        self.named = parts
        self.legend = self.figure.legend(
            handles=[self.bars[part] for part in parts],
            loc="outside lower center",
            ncols=len(parts),
            columnspacing=1.2,
            handlelength=1.2,
        )

    def update(self, found, pinned):
        lowest, highest, longest, words = [], [], [], []
        steps = np.concatenate([np.linspace(0, 0.9, 46), np.linspace(0.902, 0.998, 49), [0.999, 1.0]])
        for k, name in enumerate(self.names):
            for results, line in ((found, self.curves[k]), (pinned, self.before[k])):
                waited = waited_ms(results[name]) if results else np.array([])
                line.set_visible(waited.size > 0)
                if waited.size:
                    times = np.quantile(waited, steps, method="higher")
                    line.set_data(times, steps)
                    line.set_markevery([int(np.abs(steps - share).argmin()) for share in self.SHARES])
                    lowest.append(times[0])
                    highest.append(times[-1])
            summary, left = found[name].summary(), 0.0
            for part, bars in self.bars.items():
                width = summary[f"{part}_ms"] if math.isfinite(summary[f"{part}_ms"]) else 0.0
                width = width if width > 1e-6 else 0.0
                bars[k].set_x(left)
                bars[k].set_width(width)
                left += width
            longest.append(left)
            if math.isfinite(summary["p99_ms"]):
                words.append(
                    _(
                        "{side}: half within {p50}, 95 % within {p95}, 99 % within {p99}.",
                        side=name,
                        p50=duration(summary["p50_ms"]),
                        p95=duration(summary["p95_ms"]),
                        p99=duration(summary["p99_ms"]),
                    )
                )
            else:
                words.append(_("{side}: nobody was served.", side=name))
        if lowest:
            low = 10 ** math.floor(math.log10(max(min(lowest), 1)))
            high = 10 ** math.ceil(math.log10(max(max(highest), 10 * low)) - 1e-9)
            self.top.set_xlim(low, high)
        self.below.set_xlim(0, nice_top(max(longest)))
        self._name_parts(
            tuple(
                part
                for part, bars in self.bars.items()
                if any(bar.get_width() > 0.004 * max(longest) for bar in bars)
            )
            or tuple(PARTS)
        )
        return " ".join(words)


def plot_latency(results: dict, picture: Latency | None = None) -> Latency:
    """How long people waited and where the time went: {name: Result}."""
    return (picture or Latency(tuple(results))).show(results)


# Work in progress over time ----------------------------------------------------


class Concurrency(Picture):
    """Requests in progress over time, the environments that stood ready, and the limit as a dotted line."""

    size = (7.2, 3.4)

    def build(self):
        self.axes = self.figure.subplots()
        self.axes.set_title(label("Requests in progress"))
        self.axes.set_xlabel(label("seconds"))
        colour, _dash, _marker = SIDES["Lambda"]
        (self.ready,) = self.axes.plot(
            [], [], color=GREY, lw=1.2, drawstyle="steps-post", label=label("environments that exist")
        )
        (self.line,) = self.axes.plot(
            [], [], color=colour, lw=1.6, drawstyle="steps-post", label=label("requests in progress")
        )
        (self.before,) = self.axes.plot([], [], color=GREY, ls="--", lw=1.2, drawstyle="steps-post")
        self.limit = self.axes.axhline(0, color=INK, ls=":", lw=1.4, label=label("limit"))
        self.axes.legend(loc="upper right")
        _few_ticks(self.axes.xaxis)
        _few_ticks(self.axes.yaxis)

    def update(self, found, pinned):
        times, levels = found["levels"]
        self.line.set_data(times, levels)
        stood = found.get("standing")
        self.ready.set_visible(stood is not None)
        if stood is not None:
            self.ready.set_data(*stood)
        self.before.set_visible(pinned is not None)
        if pinned is not None:
            self.before.set_data(*pinned["levels"])
        limit, peak = found.get("limit"), max(levels.max(initial=0), stood[1].max(initial=0) if stood else 0)
        near = limit is not None and limit <= 3 * max(peak, 1)
        self.limit.set_visible(near)
        if near:
            self.limit.set_ydata([limit, limit])
        drawn = [line for line in (self.ready, self.line, self.limit) if line.get_visible()]
        self.axes.legend(handles=drawn, loc="upper right")
        self.axes.set_xlim(0, float(times.max(initial=1.0)))
        self.axes.set_ylim(0, nice_top(max(peak, limit if near else 0) * 1.05))
        words = _("At most {peak} requests are in progress at once.", peak=f"{levels.max(initial=0):,}")
        return words + (" " + _("The limit is {limit}.", limit=f"{limit:,}") if near else "")


def standing_levels(result, position: int) -> tuple[np.ndarray, np.ndarray]:
    """Capacity that stood ready at a service, as a step function within the window: times (s) and amounts."""
    rows = result.capacity_of(position)
    start, end = rows["start_s"], np.minimum(rows["end_s"], result.workload.window_s)
    times = np.concatenate([start, end])
    steps = np.concatenate([rows["amount"], -rows["amount"]])
    order = np.lexsort((steps, times))
    return times[order], np.cumsum(steps[order])


def plot_concurrency(result, service: str = "Lambda", picture: Concurrency | None = None) -> Concurrency:
    """Requests in progress at a service of a Result, environments and limit."""
    position = result.position(service)
    limit = getattr(result.scenario.stack[position], "concurrency_limit", None)
    found = {"levels": result.in_use(position), "standing": standing_levels(result, position), "limit": limit}
    return (picture or Concurrency()).show(found)


# Paid for and used ----------------------------------------------------


class PaidAndUsed(Picture):
    """Hour by hour: requests per second above; below, the vCPUs that are paid for and those in use."""

    size = (7.2, 4.4)

    def build(self):
        self.top, self.below = self.figure.subplots(2, 1, sharex=True)
        edges = np.arange(25.0)
        nothing = np.zeros(24)
        self.top.set_title(label("Requests per second"))
        self.rate = self.top.stairs(nothing, edges, fill=True, color=ORANGE, alpha=0.85)
        self.below.set_title(label("vCPUs of the fleet"))
        self.paid = self.below.stairs(
            nothing,
            edges,
            fill=True,
            facecolor=FAINT,
            edgecolor="white",
            hatch="///",
            lw=0,
            label=label("paid for and idle"),
        )
        self.used = self.below.stairs(nothing, edges, fill=True, color=BLUE, label=label("in use"))
        self.below.set_xlabel(label("hours"))
        self.figure.legend(handles=[self.paid, self.used], loc="outside lower center", ncols=2)
        for axis in (self.top, self.below):
            _few_ticks(axis.yaxis)

    def update(self, found, pinned):
        self.rate.set_data(found["rps"], found["edge_h"])
        self.paid.set_data(found["paid"], found["edge_h"])
        self.used.set_data(found["used"], found["edge_h"])
        self.top.set_ylim(0, nice_top(found["rps"].max()))
        self.below.set_ylim(0, nice_top(found["paid"].max()))
        hours = float(found["edge_h"][-1])
        self.below.set_xlim(0, hours)
        self.below.set_xticks(np.arange(0, hours + 1e-9, 4 if hours <= 24 else 6))
        share = float(found["used"].mean() / found["paid"].mean())
        return _(
            "Requests per second move between {low} and {high}; of the {paid} vCPUs that are paid for, "
            "{share} are in use on average.",
            low=number(found["rps"].min()),
            high=number(found["rps"].max()),
            paid=number(found["paid"].mean()),
            share=percent(share),
        )


def paid_and_used(result, bins: int = 96) -> dict[str, np.ndarray]:
    """Requests per second, vCPUs paid for and vCPUs at work over the window, from a Result with an Ec2."""
    position = result.position("Ec2")
    window_s = result.workload.window_s
    edges = np.linspace(0, window_s, bins + 1)
    spans = result.of(position)
    took = spans["status"] != 503
    busy = result.workload.work_vcpu_s[spans["request"][took].astype(int)]
    used = np.histogram(spans["start_s"][took], edges, weights=busy)[0] / (window_s / bins)
    rows = result.capacity_of(position)
    middle = (edges[1:] + edges[:-1]) / 2
    stands = (rows["start_s"][:, None] <= middle) & (middle < rows["end_s"][:, None])
    return {
        "edge_h": edges / 3600,
        "rps": np.histogram(result.workload.arrival_s, edges)[0] / (window_s / bins),
        "paid": (stands * rows["amount"][:, None]).sum(axis=0),
        "used": used,
    }


def plot_paid_and_used(result, picture: PaidAndUsed | None = None) -> PaidAndUsed:
    """What an always-on fleet is paid for and what it uses, from a Result whose stack has an Ec2."""
    return (picture or PaidAndUsed()).show(paid_and_used(result))


# What it costs ----------------------------------------------------

ITEMS = {  # bill lines in words, by sku or the beginning of one
    "lambda.requests": N_("requests"),
    "lambda.duration.x86_64": N_("duration, x86"),
    "lambda.duration.arm64": N_("duration, arm"),
    "lambda.ephemeral_storage": N_("temporary storage above 512 MB"),
    "lambda.provisioned_concurrency": N_("provisioned concurrency, kept ready"),
    "lambda.snapstart.cache": N_("SnapStart snapshots kept"),
    "lambda.snapstart.restore": N_("SnapStart restores"),
    "lambda.provisioned_duration": N_("duration on provisioned concurrency"),
    "ec2.instance": N_("instance hours"),
    "ec2.ebs": N_("EBS disks"),
    "ec2.public_ipv4": N_("public IPv4 addresses"),
    "ec2.surplus_credits": N_("surplus CPU credits"),
    "alb.hours": N_("load balancer hours"),
    "alb.lcu": N_("load balancer capacity units"),
    "cloudwatch_logs.ingestion": N_("logs taken in"),
    "cloudwatch_logs.storage": N_("logs stored"),
    "nat_gateway.hours": N_("NAT gateway hours"),
    "nat_gateway.processing": N_("NAT gateway data"),
    "data_transfer.out": N_("data out to the internet"),
    "data_transfer.cross_az": N_("data between zones"),
    "dynamodb.write_request": N_("write request units"),
    "dynamodb.read_request": N_("read request units"),
    "dynamodb.write_capacity": N_("write capacity units, by the hour"),
    "dynamodb.read_capacity": N_("read capacity units, by the hour"),
    "dynamodb.reserved_write_upfront": N_("reserved writes, paid upfront"),
    "dynamodb.reserved_read_upfront": N_("reserved reads, paid upfront"),
    "dynamodb.reserved_write_capacity": N_("reserved writes, by the hour"),
    "dynamodb.reserved_read_capacity": N_("reserved reads, by the hour"),
    "dynamodb.storage": N_("table storage"),
    "apigateway.rest_request": N_("requests to the REST API"),
    "apigateway.http_request": N_("requests to the HTTP API"),
    "apigateway.cache": N_("cache of the API, by the hour"),
    "dax.node": N_("node hours"),
    "elasticache.node": N_("node hours"),
    "elasticache.serverless_data": N_("data in the serverless cache"),
    "elasticache.serverless_ecpu": N_("requests to the serverless cache"),
}
NOT_MODELLED = (  # what the services say they leave off their bill
    N_("CloudWatch Logs, unless added"),
    N_("data transfer out, unless added"),
    N_("X-Ray, KMS, VPC add-ons"),
    N_("people who patch and watch the servers, unless added"),
    N_("traffic between zones"),
    N_("monitoring, backups, images"),
    N_("other Regions' own DynamoDB prices (those of the stack's Region stand in)"),
    N_("adding a replica, unless as restored data"),
    N_("raising warm throughput"),
    N_("exports to S3"),
    N_("servers of a KCL application"),
    N_("CPU credits of T nodes"),
    N_("data transfer between zones"),
    N_("backups"),
)
UNITS = (
    N_("request"),
    N_("GB-second"),
    N_("instance-hour"),
    N_("GB-month"),
    N_("hour"),
    N_("address-hour"),
    N_("LCU-hour"),
    N_("vCPU-hour"),
    N_("GB"),
    N_("USD"),
    N_("month"),
    N_("million requests"),
    N_("your own figure"),
    N_("write request unit"),
    N_("read request unit"),
    N_("WCU-hour"),
    N_("RCU-hour"),
    N_("node-hour"),
    N_("GB-hour"),
    N_("ECPU"),
)
ENGINES = {"valkey": "Valkey", "redis": "Redis OSS", "memcached": "Memcached"}
TIERS = {"free": N_("free tier"), "discount": N_("discount")}


def item_words(line) -> str:
    """A bill line's item in the language in use; the type of an instance or a node is kept."""
    known = next((words for prefix, words in ITEMS.items() if line.sku.startswith(prefix)), None)
    words = _(known) if known else _(line.item)
    if line.sku.startswith("ec2.instance."):
        words = f"{line.sku.removeprefix('ec2.instance.')}, {words}"
    if line.sku.startswith("dax.node."):
        words = f"{line.sku.removeprefix('dax.node.')}, {words}"
    if line.sku.startswith("elasticache.node."):
        engine, node = line.sku.removeprefix("elasticache.node.").split(".", 1)
        words = f"{node} ({ENGINES[engine]}), {words}"
    return words


def unit_words(line) -> str:
    """The unit of a bill line as it follows its quantity."""
    plural = (
        i18n.language() == "en" and line.quantity != 1 and line.unit[-1:].islower() and line.unit[-1] != "s"
    )
    return _(line.unit) + ("s" if plural else "")


def merged_lines(bill) -> list[tuple[str, float]]:
    """A bill's lines as (item in words, dollars), the tiers of one sku added up, in the bill's order."""
    sums: dict[str, float] = {}
    for line in bill.lines:
        words = item_words(line)
        sums[words] = sums.get(words, 0.0) + line.usd
    return list(sums.items())


class BillBars(Picture):
    """Monthly bills as stacked horizontal bars, one per side, a segment and a label per line."""

    size = (7.2, 2.9)
    COLOURS = (ORANGE, SKY, GREEN, BLUE, PURPLE, YELLOW, RED, GREY)

    def build(self):
        self.axes = self.figure.subplots()

    def update(self, found, pinned):
        axis = self.axes
        axis.clear()
        items = list(
            dict.fromkeys(item for bill in found.values() for item, dollars in merged_lines(bill) if dollars)
        )
        totals = {name: bill.total_usd for name, bill in found.items()}
        words = []
        for row, (name, bill) in enumerate(found.items()):
            left = 0.0
            lines = {item: dollars for item, dollars in merged_lines(bill) if dollars}
            for item, dollars in lines.items():
                k = items.index(item)
                axis.barh(
                    row,
                    dollars,
                    left=left,
                    height=0.6,
                    color=self.COLOURS[k % len(self.COLOURS)],
                    hatch=("", "//", "..")[k // len(self.COLOURS) % 3],
                    edgecolor="white",
                    label=item if item not in axis.get_legend_handles_labels()[1] else "_",
                )
                left += dollars
            axis.annotate(
                usd(totals[name]),
                (max(left, 0), row),
                xytext=(6, 0),
                textcoords="offset points",
                va="center",
                fontweight="bold",
            )
            largest = sorted(lines.items(), key=lambda line: -line[1])[:3]
            words.append(
                _(
                    "{side}: {total} a month, of which {parts}.",
                    side=name,
                    total=usd(totals[name]),
                    parts=", ".join(f"{item} {usd(dollars)}" for item, dollars in largest),
                )
            )
        axis.set_yticks(range(len(found)), list(found))
        axis.invert_yaxis()
        axis.set_xlim(0, nice_top(1.12 * max(totals.values(), default=1.0)))
        _few_ticks(axis.xaxis, formatter=_money_tick)
        axis.set_title(label("Dollars a month, by line"))
        axis.tick_params(axis="y", length=0)
        axis.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), borderaxespad=0)
        return " ".join(words)


def plot_bill(bills: dict) -> BillBars:
    """Monthly bills side by side: {name: Bill}."""
    return BillBars().show(bills)


class BreakEven(Picture):
    """Dollars a month over requests per second for both sides, on logarithmic axes, the crossing marked.

    found: {"rps": rates, "usd": {name: dollars}, optional "points": {name: (rps, usd, low, high)} from runs,
    "crossing_rps", "now_rps", "most_rps": the rate at which the fleet is full}.
    """

    size = (7.2, 4.2)
    LEAST_USD = 0.1

    def build(self):
        axis = self.axes = self.figure.subplots()
        axis.set_xscale("log")
        axis.set_yscale("log")
        axis.set_title(label("Dollars a month (log scale)"))
        axis.set_xlabel(label("requests per second, all month (log scale)"))
        self.lines, self.points, self.before = {}, {}, {}
        for name, (colour, dash, marker) in SIDES.items():
            self.before[name] = axis.plot([], [], color=GREY, ls="--", lw=1.1)[0]
            self.lines[name] = axis.plot([], [], color=colour, ls=dash, lw=2, label=name)[0]
            self.points[name] = axis.errorbar(
                [], [], yerr=[[], []], color=colour, marker=marker, ms=6, ls="none", capsize=3
            )
        (self.then,) = axis.plot(
            [], [], color=GREY, marker="o", mfc="white", ms=8, ls="none", label=label("A")
        )
        self.now = axis.axvline(1, color=INK, lw=1.2, label=label("your rate"))
        self.full = axis.axvline(1, color=BLUE, ls=":", lw=1.4, label=label("the fleet is full"))
        (self.cross,) = axis.plot(
            [], [], marker="D", ms=9, color=INK, mfc=YELLOW, ls="none", label=label("break-even")
        )
        self.cross_words = axis.annotate(
            "",
            (1, 1),
            xytext=(-10, 12),
            textcoords="offset points",
            ha="right",
            bbox={"fc": "white", "ec": "none", "pad": 1.5},
        )
        axis.legend(loc="lower right")
        _few_ticks(axis.xaxis, log=True)
        _few_ticks(axis.yaxis, log=True, formatter=_money_tick)

    def update(self, found, pinned):
        axis, rps = self.axes, found["rps"]
        values = []
        for name, line in self.lines.items():
            line.set_data(rps, found["usd"][name])
            values.append(found["usd"][name])
            moved = pinned is not None and not np.array_equal(pinned["usd"][name], found["usd"][name])
            self.before[name].set_visible(moved)
            if moved:
                self.before[name].set_data(pinned["rps"], pinned["usd"][name])
                values.append(pinned["usd"][name])
            self._place_points(self.points[name], found.get("points", {}).get(name))
        earlier = list((pinned or {}).get("points", {}).values())
        self.then.set_visible(bool(earlier))
        self.then.set_data([point[0] for point in earlier], [point[1] for point in earlier])
        for line, key in ((self.now, "now_rps"), (self.full, "most_rps")):
            place = found.get(key)
            line.set_visible(place is not None)
            if place is not None:
                line.set_xdata([place, place])
        crossing = found.get("crossing_rps")
        visible = crossing is not None and rps[0] <= crossing <= rps[-1]
        self.cross.set_visible(visible)
        self.cross_words.set_visible(visible)
        if visible:
            height = float(np.interp(np.log(crossing), np.log(rps), found["usd"]["EC2"]))
            self.cross.set_data([crossing], [height])
            self.cross_words.xy = (crossing, height)
            self.cross_words.set_text(label("break-even: {rate} per second", rate=number(crossing)))
        axis.set_xlim(rps[0], rps[-1])
        low = min(max(float(value.min()), self.LEAST_USD) for value in values)
        high = max(float(value.max()) for value in values)
        axis.set_ylim(10 ** math.floor(math.log10(low)), 10 ** math.ceil(math.log10(high) - 1e-9))
        handles = [self.lines["Lambda"], self.lines["EC2"]]
        handles += [artist for artist in (self.cross, self.now, self.full) if artist.get_visible()]
        handles += [self.then] if self.then.get_visible() else []
        axis.legend(handles=handles, loc="lower right")
        return self._words(found, visible)

    @staticmethod
    def _place_points(container, points):
        line, caps, bars = container
        rps, dollars, low, high = points if points is not None else ([], [], [], [])
        line.set_data(rps, dollars)
        for cap, ends in zip(caps, (low, high)):
            cap.set_data(rps, ends)
        bars[0].set_segments([[(x, a), (x, b)] for x, a, b in zip(rps, low, high)])

    @staticmethod
    def _words(found, visible) -> str:
        ends = [
            _(
                "{side} costs {low} a month at a rate of {slow} per second and {high} at {fast}.",
                side=name,
                low=usd(float(values[0])),
                high=usd(float(values[-1])),
                slow=number(found["rps"][0]),
                fast=number(found["rps"][-1]),
            )
            for name, values in found["usd"].items()
        ]
        crossing = (
            _("The lines cross at {rate} requests per second.", rate=number(found["crossing_rps"]))
            if visible
            else _("The lines do not cross in this range.")
        )
        here = []
        if found.get("points"):
            costs = ", ".join(f"{name} {usd(float(point[1][0]))}" for name, point in found["points"].items())
            here = [_("At a rate of {rate} per second: {costs}.", rate=number(found["now_rps"]), costs=costs)]
        return " ".join([*here, *ends, crossing])


def plot_break_even(found: dict, picture: BreakEven | None = None) -> BreakEven:
    """Monthly cost over the request rate for both sides; `found` as BreakEven describes it."""
    return (picture or BreakEven()).show(found)


class BreakEvenMap(Picture):
    """Which side is cheaper over request rate and duration, with the line where both cost the same.

    found: {"rps": rates, "duration_ms": durations, "ratio": Lambda dollars / EC2 dollars [duration, rate],
    optional "now": (rps, ms), "limit": (rates, durations) of a dotted line}.
    """

    size = (7.2, 4.2)

    def build(self):
        axis = self.axes = self.figure.subplots()
        axis.set_xscale("log")
        axis.set_yscale("log")
        axis.set_title(label("Which is cheaper?"))
        axis.set_xlabel(label("requests per second, all month (log scale)"))
        axis.set_ylabel(label("milliseconds of computing (log scale)"))
        self.colours = LinearSegmentedColormap.from_list("sides", (RED, "#FFFFFF", BLUE))
        self.drawn = []
        _few_ticks(axis.xaxis, log=True)
        _few_ticks(axis.yaxis, log=True)
        self.scale = None

    def update(self, found, pinned):
        axis = self.axes
        for artist in self.drawn:
            artist.remove()
        rps, took, ratio = found["rps"], found["duration_ms"], np.log10(found["ratio"])
        mesh = axis.pcolormesh(rps, took, ratio, cmap=self.colours, vmin=-1.5, vmax=1.5, shading="gouraud")
        line = axis.contour(rps, took, ratio, levels=[0.0], colors=[INK], linewidths=2)
        self.drawn = [mesh, line]
        if pinned is not None and not np.array_equal(pinned["ratio"], found["ratio"]):
            self.drawn.append(
                axis.contour(
                    pinned["rps"],
                    pinned["duration_ms"],
                    np.log10(pinned["ratio"]),
                    levels=[0.0],
                    colors=[GREY],
                    linewidths=1.2,
                    linestyles="--",
                )
            )
        if found.get("limit"):
            self.drawn += axis.plot(*found["limit"], color=INK, ls=":", lw=2)
            inside = np.argmin(np.abs(found["limit"][0] - rps[-1]))
            self.drawn.append(
                axis.annotate(
                    label("concurrency quota"),
                    (rps[-1], found["limit"][1][inside]),
                    xytext=(-22, 4),
                    textcoords="offset points",
                    ha="right",
                )
            )
        axis.set_xlim(rps[0], rps[-1])
        axis.set_ylim(took[0], took[-1])
        if pinned is not None and pinned.get("now"):
            self.drawn += axis.plot(
                *[[value] for value in pinned["now"]], marker="*", ms=13, color=GREY, mfc="white", ls="none"
            )
            self.drawn.append(axis.annotate("A", pinned["now"], xytext=(9, 5), textcoords="offset points"))
        for words, place, edge in (
            (label("Lambda is cheaper"), (0.03, 0.06), "left"),
            (label("EC2 is cheaper"), (0.97, 0.45), "right"),
        ):
            self.drawn.append(axis.text(*place, words, transform=axis.transAxes, ha=edge, fontweight="bold"))
        if found.get("now"):
            x, y = found["now"]
            self.drawn += axis.plot(
                x, y, marker="*", ms=15, color=INK, mfc=YELLOW, ls="none", clip_on=False, zorder=5
            )
            right, high = x**2 > rps[0] * rps[-1], y > 0.5 * took[-1]
            self.drawn.append(
                axis.annotate(
                    label("you are here"),
                    (x, y),
                    xytext=(-10 if right else 10, -2 if high else 6),
                    textcoords="offset points",
                    ha="right" if right else "left",
                    bbox={"fc": "white", "ec": "none", "pad": 1, "alpha": 0.7},
                )
            )
        if self.scale is None:
            self.scale = self.figure.colorbar(mesh, ax=axis, ticks=[-1, 0, 1])
            self.scale.ax.set_yticklabels(
                [label("Lambda costs a tenth"), label("the same"), label("Lambda costs 10 times")]
            )
            self.scale.outline.set_visible(False)
        cheaper = percent(float((ratio < 0).mean()))
        words = _(
            "A map over requests per second and milliseconds per request. Lambda is cheaper towards the "
            "lower left, on {share} of the map; EC2 towards the upper right.",
            share=cheaper,
        )
        if found.get("now"):
            rate, work_ms = found["now"]
            words += " " + _(
                "The star stands at a rate of {rate} per second and {work} of computing.",
                rate=number(rate),
                work=duration(work_ms),
            )
        return words


def plot_break_even_map(found: dict, picture: BreakEvenMap | None = None) -> BreakEvenMap:
    """Which side is cheaper over rate and duration; `found` as BreakEvenMap describes it."""
    return (picture or BreakEvenMap()).show(found)


_CELL = "padding:2px 10px 2px 0;text-align:{align};border:none;white-space:nowrap"


def bill_html(bills: dict, detailed: bool = False) -> str:
    """Monthly bills by line as HTML, side by side; `detailed` adds quantity, unit price and numbered sources."""
    grow = "1 1 100%" if detailed else "0 1 auto"
    used = list(dict.fromkeys(line.source for bill in bills.values() for line in bill.lines)) if detailed else []
    places = {key: place for place, key in enumerate(used, 1)}
    blocks = "".join(
        f'<div style="flex:{grow};min-width:0">{_one_bill(name, bill, places)}</div>'
        for name, bill in bills.items()
    )
    missing = dict.fromkeys(remark for bill in bills.values() for remark in bill.not_modelled)
    remarks = []
    if missing:
        remarks.append(_("Not on these bills: {items}.", items="; ".join(_(remark) for remark in missing)))
    dated = next(iter(bills.values()))
    remarks.append(_("Prices of {date}, {region}.", date=dated.date, region=dated.region))
    return (
        f'<div style="display:flex;flex-wrap:wrap;gap:4px 48px;line-height:1.5">{blocks}</div>'
        f'<div style="color:{DIM};font-size:12px;line-height:1.5;white-space:normal">'
        f"{' '.join(remarks)}{_sources(places)}</div>"
    )


def _sources(places: dict) -> str:
    """The numbered pages that a detailed bill refers to, each with its own date where it is known."""
    from simlib import facts

    lines = []
    for key, place in places.items():
        source = facts.sources().get(key)
        if source is None:
            lines.append(f"[{place}] {html.escape(_(key))}")
            continue
        dated = f" ({html.escape(source.published)})" if source.published else ""
        lines.append(
            f'[{place}] <a href="{html.escape(source.url)}" target="_blank" rel="noopener">'
            f"{html.escape(source.title)}</a>{dated}"
        )
    return "".join(f"<div>{line}</div>" for line in lines)


def _one_bill(name: str, bill, places: dict) -> str:
    """One bill as a table; `places` numbers the sources of a detailed one, empty for a short one."""
    detailed, tiered = bool(places), any(line.tier != "1" for line in bill.lines)
    left, right = _CELL.format(align="left"), _CELL.format(align="right")
    rows = []
    if detailed:
        heads = (
            (_("item"), left),
            (_("quantity a month"), right),
            (_("unit price"), right),
            *([(_("tier"), left)] if tiered else []),
            (_("dollars a month"), right),
            (_("source"), left),
        )
        rows.append("<tr>" + "".join(f'<th style="{style}">{words}</th>' for words, style in heads) + "</tr>")
        for line in bill.lines:
            tier = _(TIERS.get(line.tier, line.tier))
            cells = (
                (html.escape(item_words(line)), left),
                (f"{number(line.quantity, 6)} {unit_words(line)}", right),
                (_unit_price(line.price_usd), right),
                *([(html.escape(tier), left)] if tiered else []),
                (usd(line.usd), right),
                (f"[{places[line.source]}]", left),
            )
            rows.append(
                "<tr>" + "".join(f'<td style="{style}">{text}</td>' for text, style in cells) + "</tr>"
            )
    else:
        for item, dollars in merged_lines(bill):
            amount = "&lt;$0.01" if 0 < dollars < 0.005 else usd(dollars)
            cells = f'<td style="{left}">{html.escape(item)}</td><td style="{right}">{amount}</td>'
            rows.append(f"<tr>{cells}</tr>")
    span, together = 3 + tiered if detailed else 1, _("total")
    tail = f'<td style="{left}"></td>' if detailed else ""
    rows.append(
        f'<tr style="border-top:1px solid {GREY}"><td style="{left}" colspan="{span}"><b>{together}</b></td>'
        f'<td style="{right}"><b>{usd(bill.total_usd)}</b></td>{tail}</tr>'
    )
    return (
        f'<div style="overflow-x:auto"><b>{html.escape(name)}</b><table style="border-collapse:collapse;'
        f'font-size:13px;margin:2px 0"><tbody>{"".join(rows)}</tbody></table></div>'
    )


def _unit_price(dollars: float) -> str:
    """A unit price with all its digits, as AWS lists it."""
    return f"${dollars:.10f}".rstrip("0").rstrip(".") if dollars else "$0"


# Tables for reading ----------------------------------------------------


def side_by_side(results: dict, bills: dict | None = None):
    """Runs as columns of a DataFrame of text: the numbers read first; {name: Result}, {name: Bill}."""
    import pandas as pd

    columns = {}
    for name, result in results.items():
        summary = result.summary()
        rows = {
            _("requests"): f"{summary['requests']:,}",
            _("served"): f"{summary['served']:,}",
            _("refused"): f"{summary['throttled'] + summary['failed']:,}",
        }
        for words, key in ((_("mean"), "mean_ms"), ("p50", "p50_ms"), ("p95", "p95_ms"), ("p99", "p99_ms")):
            rows[words] = duration(summary[key]) if math.isfinite(summary[key]) else "-"
        rows[_("cold starts")] = f"{summary['cold_starts']:,}"
        if bills:
            rows[_("dollars a month")] = usd(bills[name].total_usd)
        columns[name] = rows
    return pd.DataFrame(columns)


METRICS = {  # what `compare` compares, in words
    "monthly bill": N_("monthly bill"),
    "p50 latency": N_("p50 latency"),
    "p95 latency": N_("p95 latency"),
    "p99 latency": N_("p99 latency"),
    "mean latency": N_("mean latency"),
    "cold starts": N_("cold starts"),
    "throttled": N_("throttled"),
    "failed": N_("failed"),
}


def comparison_table(comparison):
    """A Comparison as a DataFrame of text: both means, the difference with its 95 % interval, the verdict.

    An interval of dollars is written in USD: JupyterLab would set what stands between two $ as mathematics.
    Differences of shares are in percentage points.
    """
    import pandas as pd

    rows = {}
    table = comparison.table
    for row in table.itertuples(index=False):
        metric, unit, a, b, difference, low, high = row[:7]
        show = usd if unit == "USD" else duration if unit == "ms" else percent
        if low <= 0 <= high:
            verdict = _("equal") if low == high else _("too close to call")
        else:
            verdict = _("{side} lower", side=comparison.name_b if high < 0 else comparison.name_a)
        if not math.isfinite(difference):
            verdict = _("nothing served")
        rows[_(METRICS[metric])] = {
            comparison.name_a: show(a),
            comparison.name_b: show(b),
            _("difference"): _signed(_points if show is percent else show, difference),
            _("95 % interval"): _between(show, low, high),
            _("verdict"): verdict,
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def _signed(show, value: float) -> str:
    return ("−" if value < 0 else "+" if value > 0 else "") + show(abs(value))


def _points(share: float) -> str:
    """A difference of two shares: percentage points."""
    return _("{value} points", value=number(100 * share, 2 if share < 0.1 else 3))


def _between(show, low: float, high: float) -> str:
    if show is usd:
        ends = [_signed(usd, value).replace("$", "") for value in (low, high)]
        return _("{low} … {high} USD", low=ends[0], high=ends[1])
    if show is percent:
        ends = [_signed(lambda share: number(100 * share, 2), value) for value in (low, high)]
        return _("{low} … {high} points", low=ends[0], high=ends[1])
    return f"{_signed(show, low)} … {_signed(show, high)}"


# The map ----------------------------------------------------


class Map(Picture):
    """One page of geography: a Region with three Availability Zones, and the way of a request through it."""

    size = (7.2, 3.9)

    def build(self):
        self.axes = self.figure.subplots()
        self.axes.set(xlim=(0, 100), ylim=(0, 54))
        self.axes.axis("off")

    def _box(self, x, y, width, height, colour, words="", dash="-", fill="none", weight="normal"):
        from matplotlib.patches import FancyBboxPatch

        self.axes.add_patch(
            FancyBboxPatch(
                (x, y),
                width,
                height,
                boxstyle="round,pad=0,rounding_size=1.2",
                ec=colour,
                fc=fill,
                lw=1.6,
                ls=dash,
            )
        )
        self.axes.text(
            x + width / 2, y + height / 2, words, ha="center", va="center", fontsize=10, fontweight=weight
        )

    def _arrow(self, start, end):
        self.axes.annotate(
            "",
            end,
            start,
            arrowprops={"arrowstyle": "-|>", "color": INK, "lw": 1.4, "shrinkA": 2, "shrinkB": 2},
        )

    def update(self, found, pinned):
        text = self.axes.text
        self._box(21, 1, 78, 52, GREY, fill="#FAFAFA")
        text(23, 50, label("Region, for example us-east-1 (N. Virginia)"), va="center", fontweight="bold")
        for k, letter in enumerate("abc"):
            self._box(45 + 18 * k, 4, 16, 42, BLUE, dash=(0, (4, 2)))
            text(
                53 + 18 * k, 43.7, label("zone {letter}", letter=letter), ha="center", va="center", color=BLUE
            )
        self._box(1, 22, 11, 10, INK, label("user"), fill="white")
        self._box(24, 20, 15, 14, ORANGE, label("API\n(HTTPS\naddress)"), fill="white")
        for k in range(3):
            self._box(47 + 18 * k, 26, 12, 11, RED, label("function\nλ"), fill="#FFF3EE")
            self._arrow((53 + 18 * k, 25.5), (53 + 18 * k, 17.5))
            self._arrow((53 + 18 * k, 40.5), (53 + 18 * k, 37.5))
        self._box(46, 7, 50, 10, GREEN, label("table: one, kept in three zones"), fill="#EFF8F4")
        self.axes.plot([31.5, 31.5, 89], [34.5, 40.5, 40.5], color=INK, lw=1.4)
        self._arrow((12.5, 27), (23.5, 27))
        text(
            16.8,
            28.3,
            label("request"),
            ha="center",
            va="bottom",
            fontsize=9,
            bbox={"fc": "white", "ec": "none", "pad": 1},
        )
        return _(
            "A user sends a request to an HTTPS address in a Region. The Region has three Availability "
            "Zones, a, b and c. Environments of the function run in several zones; all use one table, which "
            "is kept in three zones."
        )


def plot_map() -> Map:
    """Region, zones, request, function and table on one page."""
    return Map().show(None)
