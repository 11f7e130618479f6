"""Browser tests need Chromium, a file's tests stay on one worker, and `--no-skips` allows no skip."""

import os
import shutil
import sys

import pytest
from hypothesis import settings

# The same examples each time, and no time limit per example: two workers share two cores.
settings.register_profile("lab", deadline=None, derandomize=True)
settings.load_profile("lab")

CHROMIUM_NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Microsoft/Edge/Application/msedge.exe",
)


def find_chromium():
    """Path of a Chromium or None. Where the environment variable CHROMIUM is set, only it counts."""
    named = os.environ.get("CHROMIUM")
    found = (shutil.which(name) for name in ([named] if named else CHROMIUM_NAMES))
    return next((path for path in found if path), None)


@pytest.fixture(scope="session")
def chromium():
    """Path of Chromium for playwright's `launch(executable_path=...)`, in tests marked `browser`."""
    return find_chromium()


@pytest.fixture(autouse=True, scope="module")
def shops_close_with_their_tests():
    """A lesson's moto stays on for the learner's session; here it would answer the tests of other files as well."""
    yield
    for name, module in list(sys.modules.items()):
        if name.startswith("simlib.lessons.") and hasattr(module, "close_shop"):
            module.close_shop()


def pytest_addoption(parser):
    parser.addoption("--no-skips", action="store_true", help="a test that skips counts as failed")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config, items):
    """Skip browser tests without a browser; keep those on one worker, other tests with their file."""
    has_browser = find_chromium() is not None
    for item in items:
        browser = item.get_closest_marker("browser")
        if browser and not has_browser:
            item.add_marker(pytest.mark.skip(reason="no Chromium here: install it, or name it in CHROMIUM"))
        if config.pluginmanager.hasplugin("xdist"):
            item.add_marker(pytest.mark.xdist_group("browser" if browser else item.path.stem))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.skipped and not hasattr(report, "wasxfail"):
        fail_if_skips_are_not_allowed(item.config, report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    report = yield
    if report.skipped:
        fail_if_skips_are_not_allowed(collector.config, report)
    return report


def fail_if_skips_are_not_allowed(config, report):
    if config.getoption("--no-skips"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{report.nodeid} may not skip here, and did: {reason}"
