"""The Korean side: particles, catalogue, termbase and tone, over every text that a learner sees."""

import csv
import re
import string
import sys
from functools import lru_cache
from pathlib import Path

import pytest

from simlib import facts, i18n
from simlib.i18n import josa, resolve_particles

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "notebooks"))

import build as pipeline  # noqa: E402


@pytest.fixture(autouse=True)
def english():
    i18n.use("en")
    yield
    i18n.use("en")


# Particles ----------------------------------------------------


@pytest.mark.parametrize(
    ("word", "pair", "said"),
    [
        ("표", "을/를", "표를"),
        ("청구서", "이/가", "청구서가"),
        ("동시성", "은/는", "동시성은"),
        ("요청", "과/와", "요청과"),
        ("서울", "으로/로", "서울로"),
        ("부산", "으로/로", "부산으로"),
        ("밖", "으로/로", "밖으로"),
        ("람다", "이라/라", "람다라"),
    ],
)
def test_particles_after_hangul_are_exact(word, pair, said):
    assert josa(word, pair) == said


@pytest.mark.parametrize(
    ("number", "with_object", "with_direction"),
    [
        (0, "0을", "0으로"),
        (1, "1을", "1로"),
        (2, "2를", "2로"),
        (3, "3을", "3으로"),
        (4, "4를", "4로"),
        (6, "6을", "6으로"),
        (7, "7을", "7로"),
        (10, "10을", "10으로"),
        (100, "100을", "100으로"),
        ("1,000", "1,000을", "1,000으로"),
        ("10,000", "10,000을", "10,000으로"),
        (10**12, "1000000000000를", "1000000000000로"),
        ("0.5", "0.5를", "0.5로"),
        ("1.20", "1.20을", "1.20으로"),
        ("1,201", "1,201을", "1,201로"),
    ],
)
def test_numbers_are_read_aloud_in_korean(number, with_object, with_direction):
    assert (josa(number, "을/를"), josa(number, "으로/로")) == (with_object, with_direction)


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("Lambda", "Lambda를"),
        ("EC2", "EC2를"),
        ("S3", "S3를"),
        ("ALB", "ALB를"),
        ("SQL", "SQL을"),
        ("Python", "Python을"),
        ("p50", "p50을"),
        ("p95", "p95를"),
        ("30 %", "30 %를"),
        ("120 ms", "120 ms를"),
        ("$12.30", "$12.30를"),
        ("₩1,300", "₩1,300을"),
        ("t3.small", "t3.small을"),
        ("Amazon EC2", "Amazon EC2를"),
        ("2 vCPU", "2 vCPU를"),
        ("128 MB", "128 MB를"),
        ("사용자(user)", "사용자(user)를"),
        ("‘서울’", "‘서울’을"),
        ("<b>표</b>", "<b>표</b>를"),
    ],
)
def test_latin_words_money_and_units_are_read_aloud_too(word, said):
    assert josa(word, "을/를") == said


def test_marks_in_a_text_follow_what_stands_before_them():
    assert resolve_particles("Lambda[과/와] EC2[은/는] 10[을/를] p50[이/가]") == "Lambda와 EC2는 10을 p50이"
    assert resolve_particles("[링크](주소)와 [1]은 그대로") == "[링크](주소)와 [1]은 그대로"


def test_an_unknown_pair_is_refused():
    with pytest.raises(i18n.LanguageError, match="은/는"):
        josa("표", "을를")


# The catalogue ----------------------------------------------------


@lru_cache(maxsize=1)
def catalogue():
    return {message.id: message for message in i18n.catalogue("ko") if message.id}


def placeholders(text):
    return sorted(
        name for _literal, name, _spec, _conversion in string.Formatter().parse(text) if name is not None
    )


def test_every_message_has_a_korean_text():
    missing = [
        message
        for message in pipeline.messages()
        if not (catalogue().get(message) and catalogue()[message].string)
    ]
    assert missing == [], "run python notebooks/build.py --words and translate"


def test_no_korean_text_is_unused():
    assert sorted(set(catalogue()) - set(pipeline.messages())) == []


def test_no_message_is_fuzzy_or_empty():
    assert [
        message.id for message in catalogue().values() if message.fuzzy or not message.string.strip()
    ] == []


def test_korean_texts_have_the_placeholders_of_the_english():
    wrong = [
        message.id
        for message in catalogue().values()
        if placeholders(message.id) != placeholders(message.string)
    ]
    assert wrong == []


def test_whatever_a_service_leaves_off_its_bill_has_a_korean_text():
    from simlib.services import ALL

    said = {remark for service in ALL.values() for remark in service.not_billed}
    assert said and said <= set(catalogue())


def test_every_unit_of_the_price_list_has_a_korean_text_where_a_service_uses_it():
    from simlib.views import ITEMS

    units = {row["unit"] for row in facts.table("prices") if any(row["sku"].startswith(sku) for sku in ITEMS)}
    assert units and units <= set(catalogue())


def test_the_language_switches_and_falls_back_to_english():
    assert i18n._("served") == "served"
    i18n.use("ko")
    assert re.search("[가-힣]", i18n._("served"))
    assert i18n._("a message nobody has translated") == "a message nobody has translated"
    with pytest.raises(i18n.LanguageError, match="one of en, ko"):
        i18n.use("fr")


# Terms and tone ----------------------------------------------------


@lru_cache(maxsize=1)
def terms():
    with open(facts.DATA / "termbase.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@lru_cache(maxsize=1)
def pairs():
    """(where, English, Korean) of every text cell and message."""
    found = [(f"message {message.id[:40]!r}", message.id, message.string) for message in catalogue().values()]
    for lesson in pipeline.lessons():
        cells = {}
        for cell in lesson.cells:
            if cell.cell_type == "markdown":
                cells.setdefault(cell.metadata["title"], {})[cell.metadata["lang"]] = cell.source
        found += [(f"{lesson.stem} {name}", both["en"], both["ko"]) for name, both in cells.items()]
        found.append((f"{lesson.stem} title", lesson.titles["en"], lesson.titles["ko"]))
    return found


def prose(text):
    """The text without code, addresses and figures to be filled in."""
    text = re.sub(r"```.*?```", " ", text, flags=re.DOTALL)
    return re.sub(r"`[^`]*`|\{\{.*?\}\}|\{[a-z_]+\}|https?://\S+|\]\([^)]*\)", " ", text)


@pytest.mark.parametrize("term", terms(), ids=lambda term: term["english"])
def test_a_term_is_always_rendered_alike(term):
    wanted = re.compile(rf"\b(?:{term['match'] or re.escape(term['english']) + 's?'})\b", re.IGNORECASE)
    wrong = [
        f"{where}: {term['korean']} is missing"
        for where, english_text, korean in pairs()
        if wanted.search(prose(english_text)) and term["korean"] not in korean
    ]
    assert wrong == []


@pytest.mark.parametrize(
    "term", [term for term in terms() if term["forbidden"]], ids=lambda term: term["english"]
)
def test_a_forbidden_variant_appears_nowhere(term):
    wrong = [
        f"{where}: {variant}"
        for where, _english, korean in pairs()
        for variant in term["forbidden"].split("|")
        if variant in korean
    ]
    assert wrong == []


@pytest.mark.parametrize("lesson", pipeline.lessons(), ids=lambda lesson: lesson.stem)
def test_a_term_is_introduced_with_its_english_name(lesson):
    text = "\n".join(cell.source for cell in lesson.cells if cell.metadata.get("lang") == "ko")
    text = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    wrong = []
    for term in terms():
        parts = re.split(rf"(?<![가-힣]){term['korean']}", text, maxsplit=1)  # 핑 is no ping in 매핑
        if term["introduce"] != "yes" or len(parts) == 1:
            continue
        after = parts[1][:60]
        name = term["match"] or re.escape(term["english"]) + "s?"
        if not re.match(rf"\**\((?:[A-Za-z ]*, )?(?:{name})\b", after, re.IGNORECASE):
            wrong.append(f"{term['korean']}{after[:20]!r} should be followed by ({term['english']})")
    assert wrong == []


@pytest.mark.parametrize(
    "banned",
    [
        "당신",
        "되어집니다",
        "되어지",
        "하여집니다",
        "을(를)",
        "이(가)",
        "은(는)",
        "(으)로",
        "과(와)",
        "와(과)",
        "  다.",
        "것 입니다",
        "할수",
        "수있",
    ],
)
def test_korean_nobody_would_write_appears_nowhere(banned):
    assert [where for where, _english, korean in pairs() if banned in korean] == []


def test_sentences_are_polite_and_formal():
    plain = re.compile(
        r"[가-힣]*(?<!니)다[.!](?![\"”’'])(?:\s|$)|(?:해요|어요|아요|에요|예요|지요|[가-힣]죠)[.?!]"
    )
    wrong = [
        (where, found.group())
        for where, _english, korean in pairs()
        for found in [plain.search(prose(korean))]
        if found
    ]
    assert wrong == []


def test_korean_texts_are_korean():
    letters = re.compile(r"[A-Za-z]{2,}(?: [a-z]{2,}){4,}")
    wrong = [
        where
        for where, _english, korean in pairs()
        if not re.search("[가-힣]", korean)
        and re.search("[A-Za-z]{4,} [a-z]", korean)
        or letters.search(prose(korean))
    ]
    assert wrong == []


def test_particle_marks_are_of_known_pairs():
    marks = {
        mark
        for _where, _english, korean in pairs()
        for mark in re.findall(r"\[([가-힣]+/[가-힣]+)\]", korean)
    }
    assert marks <= set(i18n.PARTICLES)


def test_marks_in_lesson_text_are_not_needed():
    wrong = [
        lesson.stem
        for lesson in pipeline.lessons()
        for cell in lesson.cells
        if cell.cell_type == "markdown" and re.search(r"\[[가-힣]+/[가-힣]+\]", cell.source)
    ]
    assert wrong == []
