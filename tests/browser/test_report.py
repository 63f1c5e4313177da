"""The report in Chromium: three widths, light and dark, by keyboard, printed, and as axe sees it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from clients.insight.overview import Gathering
from clients.insight.quality import Branch, Quality
from clients.render.report import report_page
from models.traffic import Totals
from perf.data.stories import tell

WIDTHS = (375, 820, 1400)
STRANGE = "<script>alert(1)</script>"  # a title and a branch that must stay texts

# What sticks out of the page, or of a box that does not scroll; charts draw within their own bounds.
STICKS_OUT = """() => [...document.querySelectorAll('body *')].filter(one => {
  if (one.closest('.scroll, .chart, .skip, script, style')) return false;
  const box = one.getBoundingClientRect();
  return box.width && (box.right > document.documentElement.clientWidth + 1 || box.left < -1);
}).map(one => one.outerHTML.slice(0, 80))"""

# Texts of a chart that lie outside the chart: cut off.
CUT_OFF = """() => [...document.querySelectorAll('.chart svg text')].filter(text => {
  const box = text.getBoundingClientRect(), all = text.closest('svg').getBoundingClientRect();
  return box.left < all.left - 2 || box.right > all.right + 2
    || box.top < all.top - 2 || box.bottom > all.bottom + 2;
}).map(text => text.textContent)"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, as Debian packages it."""
    program = shutil.which("chromium")
    assert program, "no Chromium: apt-get install chromium"
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture(scope="module", params=["a month", "six days"])
def report(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page about a made-up month with stories, and about next to nothing."""
    if request.param == "a month":
        histories = tell(3).histories
    else:
        days = ("2019-11-11", "2019-11-12", "2019-11-20")
        histories = {"paris/10.0.0.1>10.0.0.2": {day: Totals(10**9, 5, 2) for day in days}}
    gathering = Gathering()
    for pair, history in histories.items():
        gathering.take(pair, history)
    branches = [
        Branch(STRANGE, 3, 1, 1000, 20, "2022-10-01", "2022-10-09"),
        Branch("rom", 9, 0, 5, 0, "a", ""),
    ]
    branches[1].first_day, branches[1].last_day = "2022-10-01", "2022-12-02"
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(report_page(gathering.overview(Quality(branches, gathering.days[-2:-1]), 12.5), STRANGE))
    return path


def opened(
    browser: Browser, report: Path, width: int = 1400, scheme: str = "light"
) -> tuple[Page, list[str]]:
    """The page with its charts drawn, and what it complained of or asked for."""
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: said.append(request.url))
    page.goto(report.as_uri())
    page.wait_for_selector("html[data-drawn]")
    return page, [one for one in said if one != report.as_uri()]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_missing_or_cut_off(browser: Browser, report: Path, width: int, scheme: str) -> None:
    """Every chart is drawn, nothing sticks out, and nothing is asked of anybody."""
    page, said = opened(browser, report, width, scheme)
    assert said == []
    assert page.locator(".chart").count() == page.locator(".chart svg").count() > 0
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert page.evaluate(STICKS_OUT) == []
    assert page.evaluate(CUT_OFF) == []
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert background == ("rgb(255, 255, 255)" if scheme == "light" else "rgb(16, 22, 28)")
    page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(browser: Browser, report: Path, scheme: str) -> None:
    """axe finds no barrier, in either colours, with all tables open."""
    page, _ = opened(browser, report, 820, scheme)
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    found = Axe().run(page).response["violations"]
    assert [(one["id"], one["impact"], one["nodes"][0]["html"][:120]) for one in found] == []
    page.context.close()


def test_everything_is_reached_by_keyboard(browser: Browser, report: Path) -> None:
    """Tab leads to the skip link, the sections and the tables; Enter skips, and opens a table."""
    page, _ = opened(browser, report)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "report"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
    page.keyboard.press("Enter")
    details = page.locator("details").first
    assert details.evaluate("one => one.open")
    assert details.locator("tbody tr").first.is_visible()
    page.context.close()


def test_tooltips_tell_the_figures(browser: Browser, report: Path) -> None:
    """Pointing at a day of the first chart tells the day and its load."""
    page, _ = opened(browser, report)
    box = page.locator("#load").bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    tooltip = page.locator("#load > div", has_text="20").last
    tooltip.wait_for()
    assert any(words in tooltip.inner_text() for words in ("flows open at once", "no flows"))
    page.context.close()


def test_it_prints(browser: Browser, report: Path, tmp_path: Path) -> None:
    """On paper the charts are as wide as their place, in light colours, and folded tables are left out."""
    page, _ = opened(browser, report, scheme="dark")
    page.emulate_media(media="print", color_scheme="light")
    assert page.locator("nav").is_hidden()
    fits = "one => one.getBoundingClientRect().width <= one.parentElement.parentElement.clientWidth + 1"
    for chart in page.locator(".chart svg").all():
        assert chart.evaluate(fits)
    page.emulate_media(media="screen")
    printed = tmp_path / "report.pdf"
    page.pdf(path=printed, format="A4")
    assert printed.read_bytes().startswith(b"%PDF")
    page.context.close()


def test_names_stay_texts(browser: Browser, report: Path) -> None:
    """A title or branch that looks like HTML is shown as it is."""
    page, said = opened(browser, report)
    assert page.locator("h1").inner_text() == f"Traffic report: {STRANGE}"
    assert STRANGE in page.locator("table").last.inner_text()
    assert said == []
    page.context.close()


def test_the_page_is_small(report: Path) -> None:
    """It stays below 3 MB."""
    assert report.stat().st_size < 3_000_000
