"""The HTML report in a real browser: opened, clicked through, by keyboard, in the dark, without scripts, and long."""

from __future__ import annotations

import copy
import re

import pytest
from normalised import kept_report

from pytest_migcheck.report.html import html_report

SERIOUS = ("serious", "critical")


@pytest.fixture(scope="module")
def text() -> str:
    report = kept_report()
    _with_rows(report)
    return html_report(report)


def _with_rows(report: dict) -> None:
    """What other checks add: rows that make an upgrade fail, and findings that are ignored."""
    template = next(f for f in report["findings"] if f["check"] == "stairway")
    rows = {"id": "MC401", "rule": "upgrade-fails-on-rows", "check": "data", "headline": "upgrading fails", "difference": None}
    details = [["rows", "orders (id, email)\n0, NULL"], ["insert", "INSERT INTO orders (id, email)\nVALUES (0, NULL)"]]
    report["findings"].append({**template, **rows, "details": details})
    for by, reason in (("comment", "a small table"), ("baseline", "")):
        suppressed = {"suppressed": {"by": by, "reason": reason}}
        report["findings"].append({**template, **suppressed})


def long(report: dict, times: int) -> dict:
    """The history, one after the other as many times."""
    made = copy.deepcopy(report)
    history = made["histories"][0]
    graph, last = [], "9d0c13"
    for kind in ("checks", "findings", "statements"):
        made[kind] = [e for e in made[kind] if e["revision"] is None]
    for n in range(times):
        for revision in report["histories"][0]["graph"]:
            parents = [f"{p}-{n}" for p in revision["parents"]] or ([f"{last}-{n - 1}"] if n else [])
            graph.append({**revision, "id": f"{revision['id']}-{n}", "parents": parents})
        for kind in ("checks", "findings", "statements"):
            made[kind] += [{**e, "revision": f"{e['revision']}-{n}"} for e in report[kind] if e["revision"]]
    history.update(graph=graph, revisions=len(graph))
    return made


@pytest.mark.parametrize("script", [True, False], ids=["scripts", "no scripts"])
def test_a_click_in_the_graph_opens_the_revision(open_page, text: str, script: bool) -> None:
    page = open_page(text, script=script)
    passed = page.locator("#r0-8e55aa")
    assert not passed.is_visible()
    page.locator('.graph a[href="#r0-8e55aa"]').click()
    passed.wait_for(state="visible")
    for _ in range(200):
        if 0 <= passed.evaluate("step => step.getBoundingClientRect().top") < 200:
            break
        page.wait_for_timeout(50)
    else:
        pytest.fail("the revision is not in sight")
    page.locator('#findings a[href="#r0-3f2a1c"]').first.click()
    assert "building ix_orders_email blocks writes" in page.locator("#r0-3f2a1c").inner_text()


@pytest.mark.parametrize("script", [True, False], ids=["scripts", "no scripts"])
def test_only_those_with_findings(open_page, text: str, script: bool) -> None:
    page = open_page(text, script=script)
    every = page.locator("details.step").count()
    page.get_by_label("only those with findings").check()
    shown = page.locator("details.step:visible")
    assert 0 < shown.count() < every
    assert "passed" not in shown.locator("summary .badge").all_inner_texts()


def test_the_filter_and_opening_and_closing_all(open_page, text: str) -> None:
    page = open_page(text)
    page.get_by_label("filter").fill("IX_ORDERS_EMAIL")
    assert page.locator("details.step:visible").count() == page.locator("details.step", has_text="ix_orders_email").count()
    assert re.fullmatch(r"\d of 9", page.locator("#shown").inner_text())
    page.get_by_label("filter").fill("")
    page.get_by_role("button", name="Open all").click()
    assert page.locator("details.step:not([open])").count() == 0
    page.get_by_role("button", name="Close all").click()
    assert page.locator("details.step[open]").count() == 0


def test_what_needs_scripts_is_hidden_without_them(open_page, text: str) -> None:
    page = open_page(text, script=False)
    assert page.get_by_role("button").count() == 0
    assert not page.locator("#filter").is_visible()


def test_a_link_from_elsewhere_opens_its_revision(open_page, text: str) -> None:
    assert open_page(text, fragment="#r0-8e55aa").locator("#r0-8e55aa").is_visible()


def test_everything_is_reached_by_keyboard(open_page, text: str) -> None:
    page = open_page(text)
    focused = "document.activeElement"
    page.keyboard.press("Tab")
    assert page.evaluate(f"{focused}.textContent") == "Skip to the content"
    assert page.evaluate(f"getComputedStyle({focused}).outlineStyle") != "none"
    page.keyboard.press("Enter")
    assert page.evaluate(f"{focused}.id") == "content"
    page.locator('.graph a[href="#r0-8e55aa"]').focus()
    page.keyboard.press("Enter")
    page.locator("#r0-8e55aa").wait_for(state="visible")
    assert page.evaluate(f"{focused}.id") == "r0-8e55aa"
    summary = page.locator("details.step summary").first
    was_open = summary.locator("..").get_attribute("open")
    summary.focus()
    page.keyboard.press("Space")
    assert summary.locator("..").get_attribute("open") != was_open


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 400])
def test_a_checker_finds_no_serious_fault(open_page, text: str, scheme: str, width: int) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page = open_page(text, scheme=scheme, width=width)
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    found = Axe().run(page).response["violations"]
    serious = [(v["id"], [n["html"][:150] for n in v["nodes"][:3]]) for v in found if v["impact"] in SERIOUS]
    assert serious == []
    # Nothing but what scrolls in itself is wider than the window.
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_dark_is_dark(open_page, text: str) -> None:
    def brightness(page) -> int:
        return sum(map(int, re.findall(r"\d+", page.evaluate("getComputedStyle(document.body).backgroundColor"))))

    assert brightness(open_page(text, scheme="dark")) < 150
    assert brightness(open_page(text)) > 600


def test_the_graph_shows_every_revision_with_its_result(open_page, text: str) -> None:
    page = open_page(text)
    nodes = page.locator(".graph a.node")
    assert nodes.count() == 9
    assert page.locator(".graph .ring").count() == 1
    assert "irreversible" in nodes.filter(has_text="7c1e42").text_content()
    assert _outside(page, ".graph") == []


def test_bars_begin_at_their_statement_and_say_what_they_block(open_page, text: str) -> None:
    page = open_page(text)
    picture = page.locator("#r0-6b31f0 svg.timeline").first
    boxes = picture.evaluate(
        """svg => {
            const left = (e) => e.getBBox().x, all = (q) => [...svg.querySelectorAll(q)];
            return { bubbles: all("circle.bubble").map(e => e.cx.baseVal.value), writes: all("rect.bar.writes").map(left),
                     both: all("rect.bar.all").map(left), fills: all("rect.bar").map(e => getComputedStyle(e).fill),
                     texts: all("text.mode").map(e => e.textContent) };
        }"""
    )
    first, second, _ = boxes["bubbles"]
    assert boxes["writes"] == pytest.approx([first, first], abs=1)
    assert boxes["both"] == pytest.approx([second], abs=1)
    assert len(set(boxes["fills"])) == 2
    assert sorted(boxes["texts"]) == ["ACCESS EXCLUSIVE", "SHARE ROW EXCLUSIVE", "SHARE ROW EXCLUSIVE"]
    assert _outside(page, "svg.timeline") == []


def _outside(page, pictures: str) -> list[str]:
    """The texts that run out of their picture, or over another one."""
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    return page.evaluate(
        """pictures => [...document.querySelectorAll(pictures)].flatMap(svg => {
            const frame = svg.viewBox.baseVal;
            const texts = [...svg.querySelectorAll("text")].map(e => [e.textContent, e.getBBox()]);
            const out = texts.filter(([t, b]) => b.x < -1 || b.y < -1 || b.x + b.width > frame.width + 1 || b.y + b.height > frame.height + 1);
            const over = texts.filter(([t, a], i) => texts.some(([u, b], j) => i < j && a.x < b.x + b.width - 2 && b.x < a.x + a.width - 2
                && a.y < b.y + b.height - 2 && b.y < a.y + a.height - 2));
            return [...out, ...over].map(([t]) => t);
        })""",
        pictures,
    )


def test_five_hundred_revisions_weigh_little_and_open_at_once(open_page, tmp_path) -> None:
    page_text = html_report(long(kept_report(), 56))
    assert len(page_text.encode()) < 5_000_000
    page = open_page("")
    session = page.context.new_cdp_session(page)
    # The time of the page's thread, which other programs on the machine do not lengthen.
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    (tmp_path / "long.html").write_text(page_text, encoding="utf-8")
    page.goto((tmp_path / "long.html").as_uri())
    metrics = {m["name"]: m["value"] for m in session.send("Performance.getMetrics")["metrics"]}
    assert page.locator(".graph a.node").count() == 504
    assert 0 < metrics["TaskDuration"] < 2, metrics
