"""The lesson pipeline: one source, two languages, always the same bytes, and the rules of a lesson."""

import json
import sys
from pathlib import Path

import nbformat
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "notebooks"))

import build as pipeline  # noqa: E402

HEAD = """# ---
# jupyter:
#   lesson:
#     minutes: 30
#     title:
#       en: "A question"
#       ko: "질문 하나"
# ---
"""


def text_cell(name, language, text):
    body = "\n".join(f"# {line}" for line in text.splitlines())
    return f'\n# %% {name} [markdown] lang="{language}"\n{body}\n'


def code_cell(name, code, tags=""):
    return f"\n# %% {name}{tags}\n{code}\n"


def sections():
    both = zip(pipeline.HEADINGS["en"], pipeline.HEADINGS["ko"])
    return "".join(
        text_cell(f"part-{k}", "en", f"## {english}") + text_cell(f"part-{k}", "ko", f"## {korean}")
        for k, (english, korean) in enumerate(both, 1)
    )


def lesson(tmp_path, text, name="07_what_if.py"):
    path = tmp_path / name
    path.write_text(HEAD + text, encoding="utf-8")
    return pipeline.read(path)


def the_problem(tmp_path, text, name="07_what_if.py"):
    found = pipeline.problems(lesson(tmp_path, sections() + text, name))
    assert len(found) == 1, found
    assert found[0].endswith(".")
    return found[0]


def test_a_well_formed_source_has_no_problems(tmp_path):
    assert pipeline.problems(lesson(tmp_path, sections() + code_cell("run", "1 + 1"))) == []


@pytest.mark.parametrize(("present", "missing"), [("en", "ko"), ("ko", "en")])
def test_a_text_cell_that_lacks_one_language_is_named(tmp_path, present, missing):
    said = the_problem(tmp_path, text_cell("lonely", present, "text"))
    assert "lonely" in said and f"lacks {missing}" in said


def test_a_text_cell_without_a_language_tag_is_named(tmp_path):
    found = pipeline.problems(lesson(tmp_path, sections() + "\n# %% untagged [markdown]\n# text\n"))
    assert any("untagged has no language" in said for said in found)


def test_a_name_used_twice_is_named(tmp_path):
    assert "two cells are called run" in the_problem(tmp_path, code_cell("run", "1") + code_cell("run", "2"))


def test_a_cell_without_a_name_is_named(tmp_path):
    assert "cell name ''" in the_problem(tmp_path, "\n# %%\n1\n")


def test_more_than_five_lines_of_code_are_too_many(tmp_path):
    assert "6 lines" in the_problem(tmp_path, code_cell("much", "\n".join(f"a{k} = {k}" for k in range(6))))


def test_five_lines_of_code_and_blank_lines_are_allowed(tmp_path):
    assert (
        pipeline.problems(
            lesson(tmp_path, sections() + code_cell("ok", "a = 1\n\nb = 2\nc = 3\nd = 4\ne = 5"))
        )
        == []
    )


def test_long_code_is_allowed_in_lesson_00_only(tmp_path):
    long = code_cell("process", "def handler(event, context):\n    return 1", ' tags=["long"]')
    assert pipeline.problems(lesson(tmp_path, sections() + long, "00_start.py")) == []
    assert "only lesson 00" in the_problem(tmp_path, long)


def test_a_request_may_be_longer_but_defines_nothing_and_holds_no_prose(tmp_path):
    lines = "\n".join(f'table.update_item(UpdateExpression="SET seen = :{k}")' for k in "abcdef")
    request = code_cell("request", lines, ' tags=["request"]')
    assert pipeline.problems(lesson(tmp_path, sections() + request)) == []
    assert "6 lines" in the_problem(tmp_path, code_cell("request", lines))
    assert "defines f" in the_problem(tmp_path, code_cell("function", "def f():\n    return 1", ' tags=["request"]'))
    assert "prose" in the_problem(tmp_path, code_cell("words", 'a = "Set things right"', ' tags=["request"]'))


def test_requests_of_boto3_may_have_twenty_five_lines_and_define_nothing(tmp_path):
    def request(count):
        return code_cell("ask", "\n".join(f"a{k} = {k}" for k in range(count)), ' tags=["request"]')

    assert pipeline.problems(lesson(tmp_path, sections() + request(25))) == []
    assert "1 to 25 are allowed" in the_problem(tmp_path, request(26))
    assert "move it" in the_problem(tmp_path, code_cell("ask", "def f():\n    return 1", ' tags=["request"]'))


@pytest.mark.parametrize("code", ["def f():\n    return 1", "class A:\n    pass"])
def test_definitions_belong_to_exercises(tmp_path, code):
    assert "move it to the library" in the_problem(tmp_path, code_cell("define", code))
    assert (
        pipeline.problems(lesson(tmp_path, sections() + code_cell("define", code, ' tags=["exercise"]')))
        == []
    )


def test_a_request_may_be_longer_and_its_update_expression_is_no_prose(tmp_path):
    expression = "UpdateExpression='SET buyer = :b, paid = :p'"
    request = f"table.update_item(\n    Key=key,\n    {expression},\n" + "    a=1,\n" * 4 + ")"
    assert "1 to 5 are allowed" in the_problem(tmp_path, code_cell("request", request))
    tagged = code_cell("request", request, ' tags=["request"]')
    assert pipeline.problems(lesson(tmp_path, sections() + tagged)) == []


@pytest.mark.parametrize("code", ["print('two words')", "x = '한글'", "x = 1  # why"])
def test_prose_in_code_goes_through_gettext(tmp_path, code):
    assert "the code cell prose holds" in the_problem(tmp_path, code_cell("prose", code))


def test_prose_inside_gettext_is_allowed(tmp_path):
    assert pipeline.problems(lesson(tmp_path, sections() + code_cell("prose", "print(_('two words'))"))) == []


def test_headings_are_fixed_in_both_languages(tmp_path):
    found = pipeline.problems(
        lesson(tmp_path, sections().replace("## 3. Run", "## 3. Try").replace("## 3. 실행", ""))
    )
    assert len(found) == 3, found
    assert any("the en headings" in said for said in found) and any(
        "the ko headings" in said for said in found
    )


def test_more_than_25_cells_are_too_many(tmp_path):
    cells = "".join(code_cell(f"run-{k}", "1") for k in range(15))
    found = pipeline.problems(lesson(tmp_path, sections() + cells))
    assert len(found) == 2 and all("at most 25" in said for said in found)


def test_building_twice_gives_the_same_bytes(tmp_path):
    made = [lesson(tmp_path, sections() + code_cell("run", "1 + 1"))]
    assert pipeline.build(made) == pipeline.build(made)


def test_both_languages_share_code_and_ids_and_differ_in_text(tmp_path):
    made = [lesson(tmp_path, sections() + code_cell("run", "1 + 1"))]
    english, korean = (nbformat.reads(text, as_version=4) for text in pipeline.build(made).values())
    for notebook in (english, korean):
        nbformat.validate(notebook)
    assert [cell.id for cell in english.cells] == [cell.id for cell in korean.cells]
    assert [cell.source for cell in english.cells if cell.cell_type == "code"][1:] == [
        cell.source for cell in korean.cells if cell.cell_type == "code"
    ][1:]
    assert "## 1. Question" in english.cells[2].source and "## 1. 질문" in korean.cells[2].source
    assert [cell.cells[1].source.count('use("ko")') for cell in (english, korean)] == [0, 1]


def test_the_navigation_line_links_neighbours_and_says_how_old_prices_are(tmp_path):
    from simlib import facts

    made = [lesson(tmp_path, sections(), f"0{k}_step.py") for k in range(3)]
    line = pipeline.navigation(made[1], made, "en")
    assert "(00_step.ipynb)" in line and "(02_step.ipynb)" in line and "(ko/01_step.ipynb)" in line
    assert f"prices as of {facts.AS_OF}" in line and "us-east-1" in line and "30 minutes" in line
    assert "Previous" not in pipeline.navigation(made[0], made, "en")
    assert "다음" not in pipeline.navigation(made[2], made, "ko")


def test_figures_in_text_come_from_the_data():
    from simlib import facts

    said = pipeline.fill_in(
        "at most {{value('lambda.memory_max_mb'):,.0f}} MB, {{price('lambda.requests') * 1e6:.2f}}"
    )
    assert said == "at most 10,240 MB, 0.20"
    with pytest.raises(facts.FactError):
        pipeline.fill_in("{{value('no.such.fact')}}")


def test_figures_in_text_come_from_the_lessons_own_module():
    from simlib.lessons import lesson07

    assert pipeline.fill_in("{{lesson.TICKETS_EACH:,}} tickets", "07") == f"{lesson07.TICKETS_EACH} tickets"


def test_a_changed_notebook_is_reported(tmp_path, monkeypatch):
    made = [lesson(tmp_path, sections())]
    built = pipeline.build(made)
    monkeypatch.setattr(pipeline, "NOTEBOOKS", tmp_path)
    assert all("is missing" in said for said in pipeline.differing(built))
    for path, text in built.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(text.encode("utf-8"))
    assert pipeline.differing(built) == []
    target = tmp_path / "07_what_if.ipynb"
    target.write_bytes(target.read_bytes().replace(b"Question", b"question"))
    (tmp_path / "99_stray.ipynb").write_text("{}", encoding="utf-8")
    assert [said.split()[0] for said in pipeline.differing(built)] == [
        "notebooks/07_what_if.ipynb",
        "notebooks/99_stray.ipynb",
    ]


# The real lessons ----------------------------------------------------

LESSONS = pipeline.lessons()


def test_there_are_lessons():
    assert [made.number for made in LESSONS][:2] == ["00", "01"]


@pytest.mark.parametrize("made", LESSONS, ids=lambda made: made.stem)
def test_a_lesson_keeps_the_rules(made):
    assert pipeline.problems(made) == []


@pytest.mark.slow
def test_the_notebooks_do_not_differ_from_their_sources():
    """Not among the quick tests: whoever works in the notebooks changes them, and that is no fault."""
    assert pipeline.differing(pipeline.build(LESSONS)) == []


@pytest.mark.parametrize("path", [made.path(language) for made in LESSONS for language in ("en", "ko")], ids=str)
def test_a_notebook_is_made_without_outputs(path):
    cells = json.loads(pipeline.build(LESSONS)[path])["cells"]
    assert len(cells) <= pipeline.MOST_CELLS
    assert all(not cell.get("outputs") and cell.get("execution_count") is None for cell in cells)


def test_links_of_every_notebook_lead_somewhere():
    import re

    for made in LESSONS:
        for language in ("en", "ko"):
            folder = (pipeline.NOTEBOOKS / made.path(language)).parent
            for target in re.findall(
                r"\]\(([^)#]+?\.ipynb)", pipeline.build([*LESSONS])[made.path(language)]
            ):
                assert (folder / target).resolve().is_file(), (made.stem, language, target)
