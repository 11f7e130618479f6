"""The picture of an item: what the whole weighs against the edges of a unit, and which attribute weighs what."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from matplotlib import font_manager
from matplotlib.patches import Patch, Rectangle

from simlib.i18n import N_, _
from simlib.views import BLUE, GREY, INK, ORANGE, PURPLE, Picture, _few_ticks, korean_font, label, nice_top

TITLE, TITLE_WITH_EDGES = (
    N_("The whole item, in bytes"),
    N_("The whole item, in bytes (dotted: the edge of a unit, the limit)"),
)
PIECES = ((BLUE, "", N_("name")), (ORANGE, "////", N_("value")), (PURPLE, "xxxx", N_("overhead")))


@lru_cache(maxsize=1)
def _glyphs() -> frozenset[int]:
    """What the fonts of the figures can write."""
    families = ["DejaVu Sans"] + ([korean_font()] if korean_font() else [])
    fonts = [font_manager.get_font(font_manager.findfont(family)) for family in families]
    return frozenset(code for font in fonts for code in font.get_charmap())


def drawable(text: str, most: int = 14) -> str:
    """A text as a figure can write it: cut where it is long, with a box for what no font has."""
    shown = "".join(
        letter if ord(letter) in _glyphs() and unicodedata.category(letter)[0] != "C" else "□" for letter in text
    )
    return shown if len(shown) <= most else shown[: most - 1] + "…"


class ItemBars(Picture):
    """Above, the bytes of the whole item and the edges of the units (dotted); below, a bar for each attribute.

    found: {"rows": ((name, bytes of the name, of the value, of the overhead), ...), "size": bytes,
    "edges": ((bytes, words), ...)}; at most MOST_ROWS rows are drawn.
    """

    size = (7.2, 4.6)
    MOST_ROWS = 6

    def build(self):
        self.figure.get_layout_engine().set(rect=(0, 0, 0.96, 1))
        self.top, self.below = self.figure.subplots(2, 1, height_ratios=(1, 3.4))
        self.axes = (self.top, self.below)
        self.whole = [self._piece(self.top, 0.0, *piece[:2]) for piece in PIECES]
        self.rows = [[self._piece(self.below, row, *piece[:2]) for piece in PIECES] for row in range(self.MOST_ROWS)]
        self.before = self.top.plot([], [], color=GREY, ls="--", lw=2)[0]
        self.before_rows = [self.below.plot([], [], color=GREY, ls="--", lw=2)[0] for _row in range(self.MOST_ROWS)]
        self.edges = [self.top.axvline(0, color=INK, ls=":", lw=1.3) for _edge in range(3)]
        words = {"fontsize": 9.5, "parse_math": False, "va": "center"}
        boxed = {"bbox": {"fc": "white", "ec": "none", "pad": 1}}
        self.edge_words = [self.top.text(0, 0.62, "", ha="right", **words, **boxed) for _edge in range(3)]
        self.names = [
            self.below.text(-0.012, row, "", ha="right", transform=self.below.get_yaxis_transform(), **words)
            for row in range(self.MOST_ROWS)
        ]
        self.weights = [self.below.text(0, row, "", **words) for row in range(self.MOST_ROWS)]
        self.top.set_title(label(TITLE_WITH_EDGES))
        self.below.set_title(label("Each attribute, in bytes"))
        self.top.set_ylim(-0.45, 0.85)
        self.below.set_yticks(range(self.MOST_ROWS), ["m" * 12] * self.MOST_ROWS)
        self.below.tick_params(axis="y", length=0)
        self.top.set_yticks([])
        for axis in self.axes:
            _few_ticks(axis.xaxis, formatter=lambda value, _position: f"{value:,.0f}")
        handles = [
            Patch(fc=colour, hatch=hatch, ec="white", lw=0, label=label(words)) for colour, hatch, words in PIECES
        ]
        self.figure.legend(handles=handles, loc="outside lower center", ncols=3)

    def _piece(self, axis, row, colour, hatch):
        return axis.add_patch(Rectangle((0, row - 0.34), 0, 0.68, fc=colour, hatch=hatch, ec="white", lw=0))

    def show(self, found, pinned=None) -> ItemBars:
        """Draws `found`; the room for the names is kept by labels that are emptied after the layout."""
        super().show(found, pinned)
        self.below.set_yticklabels([""] * self.MOST_ROWS)
        return self

    @staticmethod
    def _lay(pieces, widths):
        left = 0.0
        for piece, width in zip(pieces, widths):
            piece.set_x(left)
            piece.set_width(width)
            left += width
        return left

    def update(self, found, pinned):
        rows = found["rows"][: self.MOST_ROWS]
        before = pinned["rows"][: self.MOST_ROWS] if pinned else ()
        self._lay(self.whole, [sum(row[k] for row in found["rows"]) for k in (1, 2, 3)])
        for place, pieces in enumerate(self.rows):
            row = rows[place] if place < len(rows) else ("", 0, 0, 0)
            right = self._lay(pieces, row[1:])
            self.names[place].set_text(drawable(row[0]))
            self.weights[place].set_position((right, place))
            self.weights[place].set_text(f" {right:,.0f}" if place < len(rows) else "")
            shown = place < len(before)
            self.before_rows[place].set_visible(shown)
            if shown:
                self.before_rows[place].set_data([sum(before[place][1:])] * 2, [place - 0.42, place + 0.42])
        self.before.set_visible(pinned is not None)
        if pinned is not None:
            self.before.set_data([pinned["size"]] * 2, [-0.42, 0.42])
        self.below.set_ylim(max(len(rows), len(before)) - 0.4, -0.6)
        self._scale(found, pinned)
        return _(
            "The item weighs {size} bytes. Its attributes, in bytes of name, value and overhead: {rows}.",
            size=f"{found['size']:,}",
            rows="; ".join(f"{name[:24]} {one:,} + {two:,} + {three:,}" for name, one, two, three in found["rows"]),
        )

    def _scale(self, found, pinned):
        """Axes on round numbers that hold both items; an edge is drawn where it is in view."""
        both = [found] + ([pinned] if pinned else [])
        total = nice_top(1.05 * max(found["edges"][0][0], *(each["size"] for each in both)))
        largest = max(sum(row[1:]) for each in both for row in each["rows"])
        self.top.set_xlim(0, total)
        self.below.set_xlim(0, nice_top(1.12 * largest))
        for k, (line, words) in enumerate(zip(self.edges, self.edge_words)):
            place, said = found["edges"][k] if k < len(found["edges"]) else (0, "")
            seen = total / 4 <= place <= total
            line.set_visible(seen)
            words.set_visible(seen)
            line.set_xdata([place, place])
            words.set_x(place - total / 150)
            words.set_text(said)
        self.top.set_title(label(TITLE_WITH_EDGES if any(line.get_visible() for line in self.edges) else TITLE))


def plot_item(found: dict, picture: ItemBars | None = None) -> ItemBars:
    """The bytes of an item; `found` as ItemBars describes it."""
    return (picture or ItemBars()).show(found)
