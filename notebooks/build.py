"""Builds the notebooks: one py:percent source per lesson, one notebook per language, always the same bytes.

    python notebooks/build.py            write notebooks/NN_*.ipynb and notebooks/ko/NN_*.ipynb
    python notebooks/build.py --check    write nothing; fail when a notebook differs from its source
    python notebooks/build.py --words    bring the Korean catalogue in step with the messages in the code

A source holds each text cell twice, tagged `lang="en"` and `lang="ko"`, under one name; code cells are
shared. Text may hold figures as `{{value("lambda.memory_max_mb"):,.0f}}` (a fact in force) or
`{{price("lambda.requests") * 1e6:.2f}}` (a list price in the course's Region); they come from `data/`
when the notebooks are built, so that no figure is typed twice. `{{lesson.BUYERS:,}}` takes a number from the
lesson's own module. Code cells have one to five lines; a cell tagged `request` shows requests of boto3 and may have 20.
"""

from __future__ import annotations

import argparse
import ast
import datetime
import importlib
import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = ROOT / "notebooks"
SOURCE = NOTEBOOKS / "source"
REGION, REGION_WORDS = "us-east-1", {"en": "US East (N. Virginia)", "ko": "미국 동부(버지니아 북부)"}
HEADINGS = {
    "en": (
        "1. Question",
        "2. Predict",
        "3. Run",
        "4. Observe",
        "5. Explain",
        "6. Break it",
        "7. Exercises",
        "8. Check",
        "9. Recap",
    ),
    "ko": (
        "1. 질문",
        "2. 예측",
        "3. 실행",
        "4. 관찰",
        "5. 설명",
        "6. 한계까지 밀어붙이기",
        "7. 연습 문제",
        "8. 확인",
        "9. 정리",
    ),
}
MOST_CELLS, MOST_LINES, MOST_REQUEST_LINES = 25, 5, 25
_HANGUL = re.compile(r"[가-힣]")
_LETTERS = re.compile(r"[A-Za-z]{2,} +[A-Za-z]{2,}")
_EXPRESSION = re.compile(r"(?:SET|REMOVE|ADD|DELETE) ")  # DynamoDB's UpdateExpression is no prose

sys.path.insert(0, str(ROOT))


@dataclass(frozen=True)
class Lesson:
    """One source: its file name without ending, titles, minutes, and its cells as jupytext reads them."""

    stem: str
    titles: dict
    minutes: int
    cells: list

    @property
    def number(self) -> str:
        """The two digits it starts with."""
        return self.stem[:2]

    def path(self, language: str) -> Path:
        """The notebook it is built into, relative to the notebooks folder."""
        return Path(f"{self.stem}.ipynb") if language == "en" else Path(language, f"{self.stem}.ipynb")


def read(path: Path) -> Lesson:
    """Reads a source through jupytext."""
    import jupytext

    source = jupytext.read(path, fmt="py:percent")
    told = source.metadata["lesson"]
    return Lesson(path.stem, dict(told["title"]), int(told["minutes"]), source.cells)


def lessons() -> list[Lesson]:
    """All lessons in order."""
    return [read(path) for path in sorted(SOURCE.glob("[0-9][0-9]_*.py"))]


def fill_in(text: str, number: str = "") -> str:
    """The text with its `{{...}}` figures looked up in the data, and in the module of the lesson of this number."""
    from simlib import facts, pricing

    names = {
        "value": facts.value,
        "fact": facts.fact,
        "instance": facts.instance_type,
        "as_of": facts.AS_OF,
        "region": REGION,
        "price": lambda sku, date=None: pricing.price_book(REGION, date).usd(sku),
        "page": _page,
    }
    if "{{lesson." in text:
        names["lesson"] = importlib.import_module(f"simlib.lessons.lesson{number}")

    def look_up(found):
        return eval("f'''{" + found.group(1) + "}'''", {"__builtins__": {}}, names)

    return re.sub(r"\{\{(.+?)\}\}", look_up, text)


def _page(key: str) -> str:
    """A Markdown link to a source of the data."""
    from simlib import facts

    source = facts.sources()[key]
    return f"[{source.title}]({source.url})"


def navigation(lesson: Lesson, all_lessons: list[Lesson], language: str) -> str:
    """The line at the top: previous, contents, next, minutes and how old the prices are."""
    from simlib import facts

    korean = language == "ko"
    position = [other.stem for other in all_lessons].index(lesson.stem)
    links = []
    if position:
        previous = all_lessons[position - 1]
        links.append(
            f"[← {'이전' if korean else 'Previous'}: {previous.titles[language]}]({previous.stem}.ipynb)"
        )
        links.append(f"[{'차례' if korean else 'Contents'}]({all_lessons[0].stem}.ipynb)")
    if position + 1 < len(all_lessons):
        following = all_lessons[position + 1]
        links.append(
            f"[{'다음' if korean else 'Next'}: {following.titles[language]} →]({following.stem}.ipynb)"
        )
    other = "en" if korean else "ko"
    up = "../" if korean else "ko/"
    links.append(f"[{'English' if korean else '한국어'}]({up}{lesson.path(other).name})")
    if korean:
        facts_line = f"약 {lesson.minutes}분 · 요금 기준: {facts.AS_OF}, {REGION_WORDS['ko']} {REGION}"
    else:
        facts_line = (
            f"about {lesson.minutes} minutes · prices as of {facts.AS_OF}, {REGION_WORDS['en']} {REGION}"
        )
    lines = [" · ".join(links), "", f"*{facts_line}*", "", f"# {lesson.number} {lesson.titles[language]}"]
    if not position:
        lines += ["", f"**{'차례' if korean else 'Contents'}**", ""]
        lines += [f"- [{other.number} {other.titles[language]}]({other.stem}.ipynb)" for other in all_lessons]
    return "\n".join(lines)


def notebook(lesson: Lesson, all_lessons: list[Lesson], language: str) -> str:
    """The text of the notebook file: format 4.5, no outputs, ids made of the lesson and the cell's name."""

    def cell(name: str, kind: str, source: str, metadata: dict) -> dict:
        made = {"cell_type": kind, "id": f"{lesson.number}-{name}", "metadata": metadata}
        if kind == "code":
            made |= {"execution_count": None, "outputs": []}
        return made | {"source": source.splitlines(keepends=True)}

    cells = [
        cell("navigation", "markdown", navigation(lesson, all_lessons, language), {}),
        cell("language", "code", f'from simlib import i18n\n\ni18n.use("{language}")', {}),
    ]
    for made_of in lesson.cells:
        if made_of.metadata.get("lang", language) != language:
            continue
        kept = {
            key: value
            for key, value in made_of.metadata.items()
            if key not in ("title", "lang", "lines_to_next_cell")
        }
        text = fill_in(made_of.source, lesson.number) if made_of.cell_type == "markdown" else made_of.source
        cells.append(cell(made_of.metadata["title"], made_of.cell_type, text, kept))
    metadata = {
        "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    whole = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(whole, ensure_ascii=False, indent=1) + "\n"


def problems(lesson: Lesson) -> list[str]:
    """What breaks the rules of a lesson, one sentence each; empty when it is well formed."""
    where, found, names = lesson.stem, [], {}
    for language in ("en", "ko"):
        if not lesson.titles.get(language):
            found.append(f"{where}: the title in {language} is missing; add it to the header.")
        headings = tuple(
            line[3:].strip()
            for made_of in lesson.cells
            if made_of.metadata.get("lang") == language
            for line in made_of.source.splitlines()
            if line.startswith("## ")
        )
        if headings != HEADINGS[language]:
            found.append(
                f"{where}: the {language} headings are {', '.join(headings) or 'missing'}; they must be "
                f"{', '.join(HEADINGS[language])}."
            )
        shown = 2 + sum(made_of.metadata.get("lang", language) == language for made_of in lesson.cells)
        if shown > MOST_CELLS:
            found.append(
                f"{where}: {shown} cells in {language}; at most {MOST_CELLS} are allowed, merge some."
            )
    for made_of in lesson.cells:
        name, language = made_of.metadata.get("title", ""), made_of.metadata.get("lang")
        if not re.fullmatch(r"[a-z][a-z0-9-]{1,50}", name):
            found.append(
                f"{where}: the cell name {name!r} is not usable; give each cell a name of small letters, "
                "digits and hyphens."
            )
            continue
        if made_of.cell_type == "markdown":
            if language not in ("en", "ko"):
                found.append(f'{where}: the text cell {name} has no language; tag it lang="en" or lang="ko".')
            found += [f"{where}: the text cell {name} is empty in {language}; write it."] * (
                not made_of.source.strip()
            )
        else:
            found += _code_problems(f"{where}: the code cell {name}", made_of)
        key = (made_of.cell_type, language)
        if key in names.setdefault(name, []):
            found.append(f"{where}: two cells are called {name}; names must differ within a lesson.")
        names[name].append(key)
    for name, kinds in names.items():
        spoken = {language for kind, language in kinds if kind == "markdown"}
        if spoken and spoken != {"en", "ko"}:
            found.append(
                f"{where}: the text cell {name} lacks {'ko' if 'en' in spoken else 'en'}; write both "
                "languages side by side."
            )
        if len({kind for kind, _language in kinds}) > 1:
            found.append(f"{where}: two cells are called {name}; names must differ within a lesson.")
    return found


def _code_problems(where: str, made_of) -> list[str]:
    found, tags = [], made_of.metadata.get("tags", [])
    lines = [line for line in made_of.source.splitlines() if line.strip()]
    if "long" in tags and not where.startswith("00"):
        found.append(f"{where} is tagged long; only lesson 00 may show long code.")
    most = MOST_REQUEST_LINES if "request" in tags else MOST_LINES
    if not {"long", "exercise"} & set(tags) and not 1 <= len(lines) <= most:
        found.append(f"{where} has {len(lines)} lines; 1 to {most} are allowed.")
    if made_of.outputs:
        found.append(f"{where} holds outputs; sources are kept without.")
    try:
        tree = ast.parse(made_of.source)
    except SyntaxError as error:
        return found + [f"{where} is no Python: {error.msg} in line {error.lineno}."]
    if not {"long", "exercise"} & set(tags):
        for node in ast.walk(tree):
            if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef)):
                found.append(f"{where} defines {node.name}; move it to the library or tag the cell exercise.")
    if _HANGUL.search(made_of.source):
        found.append(f"{where} holds Korean; code is shared by both languages, so use gettext: _(...).")
    translated = {
        id(argument)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "_"
        for argument in node.args
    }
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in translated
            and _LETTERS.search(node.value)
            and not _EXPRESSION.match(node.value)
        ):
            found.append(f"{where} holds prose ({node.value[:30]!r}); use gettext: _(...).")
    if re.search(r"^\s*#|\s#\s", made_of.source, re.MULTILINE):
        found.append(f"{where} holds a comment; say it in a text cell, in both languages.")
    return found


def build(all_lessons: list[Lesson] | None = None) -> dict[Path, str]:
    """Every notebook's text by its path under the notebooks folder."""
    all_lessons = lessons() if all_lessons is None else all_lessons
    return {
        lesson.path(language): notebook(lesson, all_lessons, language)
        for lesson in all_lessons
        for language in ("en", "ko")
    }


def differing(built: dict[Path, str]) -> list[str]:
    """One sentence for each notebook that is missing, differs from its source or has none."""
    found = []
    for path, text in built.items():
        on_disk = NOTEBOOKS / path
        if not on_disk.is_file():
            found.append(f"notebooks/{path.as_posix()} is missing; run python notebooks/build.py.")
        elif on_disk.read_bytes() != text.encode("utf-8"):
            found.append(
                f"notebooks/{path.as_posix()} differs from its source; change notebooks/source and run "
                "python notebooks/build.py."
            )
    for on_disk in [*NOTEBOOKS.glob("*.ipynb"), *NOTEBOOKS.glob("ko/*.ipynb")]:
        if on_disk.relative_to(NOTEBOOKS) not in built:
            found.append(f"notebooks/{on_disk.relative_to(NOTEBOOKS).as_posix()} has no source; delete it.")
    return found


# Words ----------------------------------------------------


def messages() -> dict[str, list[str]]:
    """Every message that goes through gettext, with the files that use it, as babel extracts them."""
    import io

    from babel.messages.extract import extract

    used: dict[str, list[str]] = {}
    files = [*(ROOT / "simlib").rglob("*.py")]
    texts = [(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")) for path in sorted(files)]
    texts += [
        (f"notebooks/source/{lesson.stem}.py", made_of.source)
        for lesson in lessons()
        for made_of in lesson.cells
        if made_of.cell_type == "code"
    ]
    for name, text in texts:
        found = extract(
            "python",
            io.BytesIO(text.encode("utf-8")),
            keywords=dict.fromkeys(("_", "N_", "label")),
            options={"encoding": "utf-8"},
        )
        for _line, message, _comments, _context in found:
            used.setdefault(message, [])
            if name not in used[message]:
                used[message].append(name)
    return used


def catalogue_file(message_file: str) -> str:
    """The catalogue that keeps the messages of a file: a lesson has its own, everything else shares one."""
    lesson = re.search(r"(?:lessons/lesson|source/)(\d\d)", message_file)
    return f"lesson{lesson.group(1)}.po" if lesson else "simlib.po"


def update_words() -> tuple[int, int]:
    """Adds new messages to the Korean catalogues, untranslated, and drops unused ones; counts of both."""
    from babel.messages.catalog import Catalog
    from babel.messages.pofile import write_po

    from simlib import i18n

    old, used = i18n.catalogue("ko"), messages()
    undated = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    new: dict[str, Catalog] = {}
    added = 0
    for message, files in sorted(used.items(), key=lambda item: (item[1][0], item[0])):
        kept = old.get(message)
        added += kept is None or not kept.string
        name = min((catalogue_file(file) for file in files), key=lambda name: (name != "simlib.po", name))
        if name not in new:
            new[name] = Catalog(
                locale="ko", project="serverless-lab", version="1", charset="utf-8",
                header_comment="# Korean words of the course. Rewritten by: python notebooks/build.py --words",
                creation_date=undated, revision_date=undated, fuzzy=False,
            )
        new[name].add(message, kept.string if kept else "", locations=[(files[0], None)])
    folder = i18n.catalogue_folder("ko")
    folder.mkdir(parents=True, exist_ok=True)
    for stale in {path.name for path in folder.glob("*.po")} - set(new):
        (folder / stale).unlink()
    for name, catalogue in new.items():
        with open(folder / name, "wb") as file:
            write_po(file, catalogue, width=110, include_lineno=False, sort_by_file=False, omit_header=False)
    return added, sum(1 for message in old if message.id and message.id not in used)


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns 1 when something is wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a notebook differs")
    parser.add_argument(
        "--words", action="store_true", help="bring the Korean catalogue in step with the code"
    )
    chosen = parser.parse_args(arguments)
    if chosen.words:
        added, dropped = update_words()
        print(f"{added} messages without Korean, {dropped} unused dropped.")
        return 0
    all_lessons = lessons()
    faults = [fault for lesson in all_lessons for fault in problems(lesson)]
    if not faults:
        built = build(all_lessons)
        if chosen.check:
            faults = differing(built)
        else:
            for path, text in built.items():
                (NOTEBOOKS / path).parent.mkdir(parents=True, exist_ok=True)
                (NOTEBOOKS / path).write_bytes(text.encode("utf-8"))
            faults = differing(built)
            print(f"{len(built)} notebooks written.")
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
