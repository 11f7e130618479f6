"""A real Chromium runs lessons in JupyterLab, in both languages: keys move sliders, texts are typed and checked."""

import contextlib
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SHOTS = ROOT / "test-output"
TOKEN = "a-token-for-this-test-only"
KERNEL = "window.jupyterapp?.shell?.currentWidget?.context?.sessionContext?.session?.kernel"
pytestmark = [pytest.mark.browser, pytest.mark.slow]


def a_free_port():
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """The address of a JupyterLab that serves a copy of the notebooks, with settings of its own."""
    home = tmp_path_factory.mktemp("lab 한글")
    served = home / "notebooks"
    (served / "ko").mkdir(parents=True)
    for path in (ROOT / "notebooks").rglob("[0-9][0-9]_*.ipynb"):
        (served / path.relative_to(ROOT / "notebooks")).write_bytes(path.read_bytes())
    settings = home / "config" / "lab" / "user-settings" / "@jupyterlab" / "notebook-extension"
    settings.mkdir(parents=True)
    (settings / "tracker.jupyterlab-settings").write_text('{"windowingMode": "none"}', encoding="utf-8")
    news = settings.parent / "apputils-extension"
    news.mkdir()
    (news / "notification.jupyterlab-settings").write_text(
        '{"fetchNews": "false", "checkForUpdates": false}', encoding="utf-8"
    )
    port = a_free_port()
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "config" / "lab" / "user-settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
        "IPYTHONDIR": str(home / "ipython"),
    }
    command = [
        sys.executable,
        "-m",
        "jupyterlab",
        "--no-browser",
        "--ip=127.0.0.1",
        f"--port={port}",
        "--ServerApp.port_retries=0",
        f"--IdentityProvider.token={TOKEN}",
        f"--ServerApp.root_dir={served}",
        "--LabApp.expose_app_in_browser=True",
    ]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")
    log = open(home / "lab.log", "w", encoding="utf-8")
    server = subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT, cwd=served)
    try:
        wait_for(f"http://127.0.0.1:{port}/api", server, home / "lab.log")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        try:
            server.wait(15)
        except subprocess.TimeoutExpired:
            server.kill()
        log.close()


def wait_for(address, server, log, most_s=60):
    deadline = time.monotonic() + most_s
    while time.monotonic() < deadline:
        if server.poll() is not None:
            break
        try:
            urllib.request.urlopen(address, timeout=2).read()
            return
        except OSError:
            time.sleep(0.2)
    pytest.fail(f"JupyterLab did not answer: {log.read_text(encoding='utf-8')[-800:]}", pytrace=False)


@pytest.fixture(scope="module")
def browser(chromium):
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(
            executable_path=chromium,
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
            ],
        )
        yield opened
        opened.close()


def open_notebook(page, address, path):
    page.goto(f"{address}/doc/tree/{path}?token={TOKEN}", wait_until="domcontentloaded")
    page.wait_for_function(f"() => {KERNEL}?.status === 'idle'", timeout=90_000)


def run_all(page):
    """Runs every cell and waits until all have run and late outputs no longer move the page."""
    page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")
    page.wait_for_function(
        """() => {
            const shown = window.jupyterapp.shell.currentWidget;
            const cells = shown.content.widgets.filter(cell => cell.model.type === 'code');
            return cells.length && cells.every(cell => cell.model.executionCount > 0)
                && shown.context.sessionContext.session.kernel.status === 'idle';
        }""",
        timeout=120_000,
    )
    page.wait_for_selector(".widget-slider .noUi-handle", timeout=60_000)
    page.wait_for_function(
        """() => {
            const parts = [...document.querySelectorAll('.jp-NotebookPanel *')];
            const tall = Math.max(...parts.map(part => part.scrollHeight));
            if (!window.kept || window.kept.tall !== tall) window.kept = {tall, since: Date.now()};
            return Date.now() - window.kept.since > 1000;
        }""",
        timeout=30_000,
        polling=100,
    )


def errors_of(page):
    return page.eval_on_selector_all(
        "[data-mime-type='application/vnd.jupyter.error'], [data-mime-type='application/vnd.jupyter.stderr']",
        "found => found.map(each => each.innerText)",
    )


def explorers(page, control=".widget-slider"):
    """The explorables that stand on the page: outputs that hold a control, by default a slider, and a picture."""
    return page.locator(".jp-OutputArea-output", has=page.locator(control)).filter(
        has=page.locator("img[src^='data:image/png']")
    )


def seen(explorer):
    """What a learner sees: the picture, its words, the sentence, and the bill where there is one."""
    picture = explorer.locator("img[src^='data:image/png']").first
    shown = {
        "picture": picture.get_attribute("src"),
        "alt": picture.get_attribute("alt"),
        "sentence": explorer.locator("[role=status]").first.inner_text(),
    }
    if explorer.locator("table").count():
        shown["bill"] = explorer.locator("table").first.inner_text()
    return shown


def unchanged(before, after):
    """What still looks as before."""
    return [name for name in before if before[name] == after[name]]


def all_change(page, explorer, before):
    """Whether picture, words and all else that is seen change within a while."""
    deadline = time.monotonic() + 20
    while unchanged(before, seen(explorer)) and time.monotonic() < deadline:
        page.wait_for_timeout(100)
    return unchanged(before, seen(explorer)) == []


def cards(page, question):
    """The smallest card that asks this."""
    return page.locator(".widget-vbox", has=page.locator("button")).filter(has_text=question).last


def answer(page, card, typed, button, words):
    """Types an answer into a card, presses its button and waits for the words of the verdict.

    While the kernel is busy, a typed value waits in the browser and a pressed button does not.
    """
    page.wait_for_function(f"() => {KERNEL}?.status === 'idle'", timeout=20_000)
    card.locator("input[type=text]").fill(typed)
    card.get_by_role("button", name=button, exact=True).click()
    card.get_by_text(words).first.wait_for(timeout=20_000)


def keep_picture(page, name, thing):
    """A screenshot with this on it."""
    SHOTS.mkdir(exist_ok=True)
    thing.scroll_into_view_if_needed()
    page.screenshot(path=SHOTS / f"{name}.png")


@pytest.mark.parametrize(
    ("language", "path", "word"),
    [
        ("en", "01_is_serverless_cheaper.ipynb", "per second Lambda costs"),
        ("ko", "ko/01_is_serverless_cheaper.ipynb", "초당 요청"),
    ],
)
def test_a_slider_moved_by_keyboard_changes_picture_sentence_and_bill(lab, browser, language, path, word):
    page = browser.new_page(viewport={"width": 1280, "height": 1000})
    open_notebook(page, lab, path)
    run_all(page)
    assert errors_of(page) == []
    explorer = explorers(page).first
    explorer.scroll_into_view_if_needed()
    before = seen(explorer)
    assert word in before["sentence"]
    handle = explorer.locator(".widget-slider .noUi-handle").first
    for _ in range(6):
        handle.press("ArrowRight")
    assert all_change(page, explorer, before)
    SHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SHOTS / f"lesson_01_{language}.png")
    page.close()


def test_nonsense_typed_into_a_field_is_answered_in_words(lab, browser):
    page = browser.new_page(viewport={"width": 1280, "height": 1000})
    open_notebook(page, lab, "ko/01_is_serverless_cheaper.ipynb")
    run_all(page)
    explorer = explorers(page).first
    field = explorer.locator("input[type=text]").first
    field.fill("아주 많이")
    field.press("Enter")
    explorer.get_by_text("숫자가 아닙니다").wait_for(timeout=20_000)
    assert "opacity" in explorer.locator("img[src^='data:image/png']").first.get_attribute("style")
    SHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SHOTS / "nonsense_ko.png")
    field.fill("13")
    field.press("Enter")
    explorer.get_by_text("초당 요청 13건").wait_for(timeout=20_000)
    page.wait_for_timeout(1000)
    assert field.input_value() == "13", "the slider's steps must not change what was typed"
    page.close()


def test_the_first_lesson_opens_with_the_storm_on_one_slider(lab, browser):
    page = browser.new_page(viewport={"width": 1280, "height": 1000})
    open_notebook(page, lab, "00_start_here.ipynb")
    run_all(page)
    assert errors_of(page) == []
    explorer = explorers(page).first
    assert explorer.locator(".widget-slider").count() == 1
    assert re.search(r"EC2: \d+ served", seen(explorer)["sentence"])
    SHOTS.mkdir(exist_ok=True)
    explorer.scroll_into_view_if_needed()
    page.screenshot(path=SHOTS / "lesson_00_en.png")
    page.close()


def test_a_text_typed_into_the_item_builder_changes_picture_and_sentence(lab, browser):
    page = browser.new_page(viewport={"width": 1280, "height": 1000})
    open_notebook(page, lab, "ko/06_what_is_an_item.ipynb")
    run_all(page)
    assert errors_of(page) == []
    builder = explorers(page, ".widget-text").first
    before = seen(builder)
    builder.locator("input[type=text]").first.fill("김하늘 🎵")
    assert all_change(page, builder, before)
    assert "5글자이고 UTF-8로 14바이트" in seen(builder)["sentence"]
    keep_picture(page, "lesson_06_ko", builder)
    card = cards(page, "쓰기 용량 단위가 몇 개 드나요?")
    answer(page, card, "2", "채점", "4 KB")
    answer(page, card, "5", "채점", "맞습니다")
    page.close()


def test_keys_choices_and_checks_of_lesson_07_answer(lab, browser):
    page = browser.new_page(viewport={"width": 1280, "height": 1000})
    open_notebook(page, lab, "07_what_does_a_read_cost.ipynb")
    run_all(page)
    assert errors_of(page) == []
    size, items, consistency = (explorers(page).nth(place) for place in range(3))
    before = seen(size)
    size.get_by_role("button", name="Pin as A").click()
    size.locator(".widget-slider .noUi-handle").first.press("ArrowRight")
    assert all_change(page, size, before)
    said = seen(size)["sentence"]
    assert "1,025 B – write units: 2" in said and "A has 1,024 B – write units: 1" in said
    keep_picture(page, "lesson_07_size_en", size)
    before = seen(items)
    items.locator("input[type=text]").nth(1).fill("100")
    items.locator("input[type=text]").nth(1).press("Enter")
    assert all_change(page, items, before)
    before = seen(consistency)
    consistency.locator("select").first.select_option(label="transactional")
    assert all_change(page, consistency, before)
    keep_picture(page, "lesson_07_consistency_en", consistency)
    card = cards(page, "One strongly consistent GetItem of a 9 KB item")
    answer(page, card, "many", "Check", "is not a number")
    answer(page, card, "9", "Check", "Reads go by 4 KB")
    answer(page, card, "3", "Check", "rounded up 3")
    keep_picture(page, "lesson_07_check_en", card)
    page.close()


def test_two_buyers_of_lesson_10_answer(lab, browser):
    page = browser.new_page(viewport={"width": 1280, "height": 1000})
    open_notebook(page, lab, "10_all_or_nothing.ipynb")
    run_all(page)
    assert errors_of(page) == []
    gap = explorers(page).nth(3)
    before = seen(gap)
    gap.get_by_role("button", name="Pin as A").click()
    gap.locator("input[type=text]").first.fill("20")
    gap.locator("input[type=text]").first.press("Enter")
    assert all_change(page, gap, before)
    said = seen(gap)["sentence"]
    assert "refused with ReplicatedWriteConflictException: 100" in said and "At A, 300 ms apart" in said
    keep_picture(page, "lesson_10_regions_en", gap)
    card = cards(page, "A global table has replicas in three Regions")
    answer(page, card, "1.25", "Check", "That is one Region")
    answer(page, card, "3.75", "Check", "2 units in each of 3 Regions")
    card = cards(page, "somebody in N. Virginia reads all three")
    card.locator("input[type=radio]").nth(1).click()
    card.get_by_role("button", name="Check", exact=True).click()
    card.get_by_text("replicated item by item").first.wait_for(timeout=20_000)


@pytest.mark.parametrize(
    ("language", "path", "run", "queue", "check", "nonsense", "hint"),
    [
        ("en", "11_what_happens_after_a_write.ipynb", "Run", "sent to the queue 3", "Check", "is not a number",
         "DynamoDB Streams has one fixed time"),
        ("ko", "ko/11_what_happens_after_a_write.ipynb", "실행", "대기열로 3", "채점", "숫자가 아닙니다",
         "DynamoDB Streams의 시간은 정해져"),
    ],
)
def test_batches_bad_records_and_policies_of_lesson_11_answer(
    lab, browser, language, path, run, queue, check, nonsense, hint
):
    page = browser.new_page(viewport={"width": 1280, "height": 1000})
    open_notebook(page, lab, path)
    run_all(page)
    assert errors_of(page) == []
    batch, poison, policy = (explorers(page).nth(place) for place in range(3))
    before = seen(batch)
    batch.locator("input[type=text]").first.fill("1")
    batch.locator("input[type=text]").first.press("Enter")
    assert all_change(page, batch, before)
    keep_picture(page, f"lesson_11_batch_{language}", batch)
    before = seen(poison)
    poison.locator("input[type=text]").nth(1).fill("0.5")
    poison.locator("input[type=text]").nth(1).press("Enter")
    poison.get_by_role("button", name=run, exact=True).click()
    assert all_change(page, poison, before)
    keep_picture(page, f"lesson_11_poison_{language}", poison)
    before = seen(policy)
    policy.locator("select").first.select_option(index=4)
    policy.get_by_role("button", name=run, exact=True).click()
    assert all_change(page, policy, before)
    assert queue in seen(policy)["sentence"]
    keep_picture(page, f"lesson_11_policy_{language}", policy)
    card = cards(page, {"en": "block its shard", "ko": "최대 몇 시간 동안 막나요"}[language])
    answer(page, card, "?", check, nonsense)
    answer(page, card, "8760", check, hint)
    keep_picture(page, f"lesson_11_check_{language}", card)
    page.close()


@pytest.mark.parametrize(
    ("language", "path", "pin", "run", "node", "refused", "check", "nonsense", "hint", "right", "outside", "waits"),
    [
        ("en", "12_is_a_cache_worth_it.ipynb", "Pin as A", "Run", "cache.t4g.small (Valkey), node hours",
         "throttled: not done", "Check", "is not a number", "nodes add reads", "as many as one",
         "80 is outside what is allowed here", "Nothing runs until"),
        ("ko", "ko/12_is_a_cache_worth_it.ipynb", "A로 고정", "실행", "cache.t4g.small (Valkey), 노드 시간",
         "스로틀링: 처리되지", "채점", "숫자가 아닙니다", "노드는 읽기를 늘려", "한 대만큼만",
         "80은 범위를 벗어났습니다", "고칠 때까지"),
    ],
)
def test_times_to_live_writes_and_nodes_of_lesson_12_answer(
    lab, browser, language, path, pin, run, node, refused, check, nonsense, hint, right, outside, waits
):
    page = browser.new_page(viewport={"width": 1280, "height": 1000})
    open_notebook(page, lab, path)
    run_all(page)
    assert errors_of(page) == []
    life, writes, path, pays, crowd = (explorers(page).nth(place) for place in (2, 3, 4, 5, 8))
    before = seen(life)
    life.get_by_role("button", name=pin).click()
    life.locator("input[type=text]").nth(1).fill("10")
    life.locator("input[type=text]").nth(1).press("Enter")
    assert all_change(page, life, before)
    assert "(A: " in seen(life)["sentence"]
    keep_picture(page, f"lesson_12_life_{language}", life)
    before = seen(writes)
    writes.locator("input[type=text]").first.fill("50")
    writes.locator("input[type=text]").first.press("Enter")
    writes.get_by_role("button", name=run, exact=True).click()
    assert all_change(page, writes, before)
    assert refused in seen(writes)["sentence"] and node in writes.inner_text()
    keep_picture(page, f"lesson_12_writes_{language}", writes)
    before = seen(writes)
    for typed, warned in (("80", outside), ("many", nonsense)):
        writes.locator("input[type=text]").first.fill(typed)
        writes.get_by_role("button", name=run, exact=True).click()
        writes.get_by_text(waits).wait_for(timeout=20_000)
        page.wait_for_timeout(500)
        assert warned in writes.get_by_text(waits).inner_text()
        assert writes.locator("input[type=text]").first.input_value() == typed
    assert "picture" in unchanged(before, seen(writes)), "no run was started"
    keep_picture(page, f"lesson_12_refused_{language}", writes)
    writes.locator("input[type=text]").first.fill("20")
    writes.get_by_role("button", name=run, exact=True).click()
    assert all_change(page, writes, before)
    assert writes.get_by_text("⚠").count() == 0
    before = seen(path)
    path.locator("input[type=text]").first.fill("10")
    path.locator("input[type=text]").first.press("Enter")
    assert all_change(page, path, before)
    keep_picture(page, f"lesson_12_path_{language}", path)
    before = seen(pays)
    pays.locator("input[type=text]").nth(0).fill("40")
    pays.locator("input[type=text]").nth(1).fill("5")
    pays.locator("input[type=text]").nth(1).press("Enter")
    pays.get_by_role("button", name=run, exact=True).click()
    assert all_change(page, pays, before)
    keep_picture(page, f"lesson_12_map_{language}", pays)
    before = seen(crowd)
    crowd.locator(".widget-slider .noUi-handle").nth(1).press("ArrowRight")
    assert all_change(page, crowd, before)
    assert "150,000" in seen(crowd)["sentence"]
    keep_picture(page, f"lesson_12_crowd_{language}", crowd)
    card = cards(page, {"en": "How many writes of 1 KB", "ko": "1 KB 쓰기를 초당 몇 건"}[language])
    answer(page, card, "?", check, nonsense)
    answer(page, card, "440,000", check, hint)
    answer(page, card, "40,000", check, right)
    keep_picture(page, f"lesson_12_check_{language}", card)
    page.close()
