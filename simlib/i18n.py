"""Words in the learner's language: gettext for English msgids, Korean particles that fit, quantities to read.

English is the language of the msgids and the fallback. Translations are text catalogues,
`data/locale/<language>/*.po`, read with babel at run time, so that no compiled file has to be kept in step.
"""

from __future__ import annotations

import gettext
import io
import math
import re
from functools import cache
from pathlib import Path

LANGUAGES = {"en": "English", "ko": "한국어"}
_language = "en"


class LanguageError(ValueError):
    """A language that the course does not speak. The message is one sentence."""


def use(language: str) -> None:
    """Sets the language of everything that is shown from now on: "en" or "ko"."""
    global _language
    if language not in LANGUAGES:
        raise LanguageError(f"The language {language!r} is unknown; use one of {', '.join(LANGUAGES)}.")
    _language = language


def language() -> str:
    """The language in use."""
    return _language


def catalogue_folder(language: str) -> Path:
    """Where the translations of `language` are kept: one file per lesson, `simlib.po` for everything else."""
    from simlib import facts

    return Path(facts.DATA) / "locale" / language


def catalogue(language: str):
    """All translations of `language` as one babel Catalog."""
    from babel.messages.catalog import Catalog
    from babel.messages.pofile import read_po

    merged = Catalog(locale=language, charset="utf-8")
    for path in sorted(catalogue_folder(language).glob("*.po")):
        with open(path, encoding="utf-8") as lines:
            for message in read_po(lines, locale=language):
                if message.id:
                    merged.add(message.id, message.string, flags=message.flags)
    return merged


@cache
def _translations(language: str) -> gettext.NullTranslations:
    if language == "en":
        return gettext.NullTranslations()
    from babel.messages.mofile import write_mo

    compiled = io.BytesIO()
    write_mo(compiled, catalogue(language))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def _(message: str, **values) -> str:
    """`message` in the language in use, with `{name}` placeholders filled in.

    A translation may write a pair of Korean particles such as [을/를] after a placeholder; the one that fits
    the word before it is kept. A message that has no translation is shown in English.
    """
    text = _translations(_language).gettext(message)
    if values:
        text = text.format(**values)
    return resolve_particles(text) if _language == "ko" else text


def N_(message: str) -> str:
    """Marks a message for translation where it is declared; `_` translates it where it is shown."""
    return message


# Particles ----------------------------------------------------

PARTICLES = (
    "은/는",
    "이/가",
    "을/를",
    "과/와",
    "으로/로",
    "이나/나",
    "이라/라",
    "이란/란",
    "이며/며",
    "이고/고",
    "이면/면",
    "이어야/여야",
)
_MARK = re.compile(r"(?P<before>\S*?)\[(?P<pair>" + "|".join(PARTICLES) + r")\]")

_FINALS = (
    "",
    "ㄱ",
    "ㄲ",
    "ㄳ",
    "ㄴ",
    "ㄵ",
    "ㄶ",
    "ㄷ",
    "ㄹ",
    "ㄺ",
    "ㄻ",
    "ㄼ",
    "ㄽ",
    "ㄾ",
    "ㄿ",
    "ㅀ",
    "ㅁ",
    "ㅂ",
    "ㅄ",
    "ㅅ",
    "ㅆ",
    "ㅇ",
    "ㅈ",
    "ㅊ",
    "ㅋ",
    "ㅌ",
    "ㅍ",
    "ㅎ",
)
_DIGIT = dict(
    zip("0123456789", ("ㅇ", "ㄹ", "", "ㅁ", "", "", "ㄱ", "ㄹ", "ㄹ", ""))
)  # 영 일 이 삼 사 오 육 칠 팔 구
_ENGLISH_DIGIT = dict(
    zip("0123456789", ("", "ㄴ", "", "", "", "", "", "ㄴ", "", "ㄴ"))
)  # S3 is read 에스쓰리
_PLACE = ((16, ""), (12, ""), (8, "ㄱ"), (4, "ㄴ"), (3, "ㄴ"), (2, "ㄱ"), (1, "ㅂ"))  # 경 조 억 만 천 백 십
_LETTER = {"L": "ㄹ", "M": "ㅁ", "N": "ㄴ", "R": "ㄹ"}
_VOWEL_UNITS = ("%", "ms", "s", "MB", "GB", "KB", "rps")
_WORD = {  # Latin words of the course whose ending misleads
    "bucket": "ㅅ",
    "template": "ㅅ",
    "ticket": "ㅅ",
    "snapshot": "ㅅ",
    "table": "ㄹ",
    "handle": "ㄹ",
    "throttle": "ㄹ",
    "role": "ㄹ",
    "scale": "ㄹ",
    "simple": "ㄹ",
    "web": "ㅂ",
    "traffic": "ㄱ",
    "zone": "ㄴ",
    "time": "ㅁ",
    "warm": "ㅁ",
}
_ENDING = (("ng", "ㅇ"), ("l", "ㄹ"), ("m", "ㅁ"), ("n", "ㄴ"), ("ck", "ㄱ"), ("p", "ㅂ"))


def final_consonant(word: str) -> str:
    """The final consonant (받침) of `word` as it is read aloud in Korean, "" when it ends in a vowel.

    Hangul is exact. Whole numbers are read in Sino-Korean (10 십, 10,000 만), decimals digit by digit, $3 as
    3달러 and ₩3 as 3원. Capitals are spelt out (EC2, ALB); other Latin words follow a short list and the
    commonest endings, which is a guess. A closing parenthesis, quotation mark or HTML tag is looked through.
    """
    bare = re.sub(r"<[^<>]*>", "", word)
    bare = re.sub(r"(?<=.)\([^()]*\)$", "", bare.rstrip("*_`'\"]」』”’.,:;!?")).rstrip("*_`'\")]」』”’.,:;!?")
    last = bare[-1:]
    if "가" <= last <= "힣":
        return _FINALS[(ord(last) - ord("가")) % 28]
    if re.search(r"\$[\d.,]+$", bare):
        return ""
    if re.search(r"₩[\d.,]+$", bare):
        return "ㄴ"
    number = re.search(r"[\d,]*\.?\d+$", bare)
    if number:
        return _number_final(number.group(), attached=bare[: number.start()][-1:].isalpha())
    if re.search(r"(?:\d|^)(?:" + "|".join(_VOWEL_UNITS) + ")$", bare):
        return ""
    latin = re.search(r"[A-Za-z]+$", bare)
    if not latin:
        return ""
    text = latin.group()
    if text.isupper() or len(text) == 1:
        return _LETTER.get(text[-1].upper(), "")
    if text.lower() in _WORD:
        return _WORD[text.lower()]
    return next((final for ending, final in _ENDING if text.lower().endswith(ending)), "")


def _number_final(number: str, attached: bool) -> str:
    digits = number.replace(",", "")
    if attached and len(digits) == 1:
        return _ENGLISH_DIGIT[digits]
    if "." in digits or digits[-1] != "0" or not digits.strip("0"):
        return _DIGIT[digits[-1]]
    zeros = len(digits) - len(digits.rstrip("0"))
    return next(final for place, final in _PLACE if zeros >= place)


def josa(word, pair: str) -> str:
    """`word` followed by the particle of `pair` that fits it: josa("표", "을/를") is 표를.

    `pair` names the form after a final consonant first. After ㄹ, 으로/로 takes 로.
    """
    if pair not in PARTICLES:
        raise LanguageError(f"The particle pair {pair!r} is unknown; use one of {', '.join(PARTICLES)}.")
    after_consonant, after_vowel = pair.split("/")
    final = final_consonant(str(word))
    takes_vowel_form = final == "" or (pair == "으로/로" and final == "ㄹ")
    return f"{word}{after_vowel if takes_vowel_form else after_consonant}"


def resolve_particles(text: str) -> str:
    """`text` with every marked pair such as [을/를] replaced by the particle that fits the word before it."""
    return _MARK.sub(lambda found: josa(found["before"], found["pair"]), text)


# Quantities in words ----------------------------------------------------


def usd(amount: float) -> str:
    """Dollars for reading: cents below $100, whole dollars above, two significant digits below one cent.

    An amount that ends with a third digit after the point is shown with it, $1.875, and so is one below ten cents
    with a fourth: sums of prices for a million calls can be checked by hand.
    """
    size = abs(amount)
    sign = "-" if amount < 0 else ""
    if size >= 99.995:
        return f"{sign}${size:,.0f}"
    if size >= 0.01 or size == 0:
        more = 4 if size < 0.1 else 3
        digits = next((k for k in range(2, more + 1) if math.isclose(size, round(size, k), rel_tol=1e-9)), 2)
        return f"{sign}${size:,.{digits}f}"
    digits = 1 - math.floor(math.log10(size))
    return f"{sign}${size:.{digits}f}"


def number(value: float, digits: int = 3) -> str:
    """A number with `digits` significant digits, thousands separated, and no exponent."""
    value = float(value)
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    text = f"{round(value, digits - 1 - math.floor(math.log10(abs(value)))):,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def duration(milliseconds: float) -> str:
    """A time for reading: milliseconds below one second, seconds above, minutes above 120 s; – for nan."""
    if not math.isfinite(milliseconds):
        return "–"
    if milliseconds < 999.5:
        return _("{value} ms", value=number(milliseconds))
    if milliseconds < 120_000:
        return _("{value} s", value=number(milliseconds / 1000))
    return _("{value} min", value=number(milliseconds / 60_000))


def with_unit(text: str, unit: str) -> str:
    """A number with its unit in the language in use: "3 servers", "3대", "3 ms"."""
    unit = _(unit) if unit else ""
    close = not unit or "가" <= unit[0] <= "힣" or (_language == "ko" and unit == "%")
    return text + ("" if close else " ") + unit


def percent(share: float) -> str:
    """A share between 0 and 1 as a percentage; what is tiny but not zero does not read as zero."""
    if 0 < share < 0.001:
        return _("under 0.1 %")
    return _("{value} %", value=number(100 * share, 2 if share < 0.1 else 3))
