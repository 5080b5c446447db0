"""A store with 10,000 checkpoints in 100 runs: the panel opens at once and stays smooth."""

from __future__ import annotations

import pytest
from checkpoints_panel import CheckpointsPanel
from many_checkpoints import write_many
from training_notebook import training_notebook

FIRST_ROWS = 1000  # milliseconds
LONGEST_TASK = 200

# Until rows are painted, and the foot says how many there are: the frame after the one that they were put in.
PAINTED = """
([action, rows, count]) => new Promise((done, fail) => {
  const asked = performance.now();
  const there = () => {
    const found = [...document.querySelectorAll('#jp-ckpt-panel .jp-ckpt-Row[data-ref]')];
    const foot = document.querySelector('#jp-ckpt-panel .jp-ckpt-Foot');
    return found.length >= rows && !!foot && foot.innerText.replace(/,/g, '').startsWith(count);
  };
  const look = () => there()
    ? requestAnimationFrame(() => setTimeout(() => done(performance.now() - asked)))
    : performance.now() - asked > 20000 ? fail(new Error('no rows after 20 s')) : requestAnimationFrame(look);
  new Function(action)();
  look();
})
"""
CHOOSE = """
  const select = document.querySelector('#jp-ckpt-panel .jp-ckpt-RunSelect select');
  Object.getOwnPropertyDescriptor(HTMLSelectElement.prototype, 'value').set.call(select, select.options[%s].value);
  select.dispatchEvent(new Event('change', { bubbles: true }));
"""
WATCH = """
() => {
  window.longTasks = [];
  new PerformanceObserver(list => list.getEntries().forEach(e => window.longTasks.push(Math.round(e.duration))))
    .observe({ type: 'longtask', buffered: false });
  // one on purpose, so that silence afterwards means something
  setTimeout(() => { const end = performance.now() + 120; while (performance.now() < end); }, 50);
}
"""


SHOW = "window.jupyterapp.commands.execute('jupyter-ckpt:show-panel')"


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """The store and the notebook of its newest run, in one folder; nobody has read the store yet."""
    folder = tmp_path_factory.mktemp("year")
    write_many(folder / "training-checkpoints", folder / "year.ipynb")
    return folder


def open_server(serve, store):
    server = serve(notebooks=store)
    server.write("year.ipynb", training_notebook())
    return server


def first_rows(page):
    """Milliseconds from the command that shows the panel to the painting of its first rows."""
    return page.page.evaluate(PAINTED, [SHOW, 5, "100 "])


def test_first_rows_and_smoothness(serve, store, visit):
    lab = open_server(serve, store)
    page = visit(lab, "year.ipynb", kernel=False)
    never_read = first_rows(page)
    page.close()
    lab.stop()

    lab = open_server(serve, store)
    before = lab.memory()
    page = visit(lab, "year.ipynb", kernel=False)
    panel = CheckpointsPanel(page)
    page.page.locator(".jp-ckpt-Status").first.wait_for()  # the page stands: the server has said where it saves
    started = first_rows(page)
    assert len(panel.run_names()) >= 100
    page.command("application:toggle-left-area")
    page.page.wait_for_timeout(600)  # the workspace is remembered after half a second
    page.reload(kernel=False)
    warm = first_rows(page)
    print(
        f"first rows painted: {never_read:.0f} ms of a store that was never read, "
        f"{started:.0f} ms after the server's start, {warm:.0f} ms after a reload"
    )

    page.page.evaluate(WATCH)
    page.wait(lambda: page.page.evaluate("() => window.longTasks.length > 0"), "the long task made on purpose")
    page.page.evaluate("() => window.longTasks.splice(0)")
    everything = page.page.evaluate(PAINTED, [CHOOSE % "select.options.length - 1", 5, "10000 "])
    print(f"all runs: first rows of 10,000 painted after {everything:.0f} ms")

    box = panel.root.locator(".jp-ckpt-List-box")
    box.hover()
    for _ in range(60):
        page.page.mouse.wheel(0, 900)
        page.page.wait_for_timeout(16)
    page.wait(lambda: len(panel.rows()) >= 5, "rows where the wheel stopped")
    for part in (0.25, 0.5, 0.75, 1, 0):  # drags of the scroll bar
        box.evaluate("(node, part) => { node.scrollTop = part * (node.scrollHeight - node.clientHeight); }", part)
        page.wait(
            lambda: page.page.locator("#jp-ckpt-panel .jp-mod-missing").count() == 0 and len(panel.rows()) >= 5,
            f"rows at {part:.0%} of the list",
        )
    scrolled = page.page.evaluate("() => window.longTasks.splice(0)")

    filter_box = panel.root.locator(".jp-ckpt-Filter-input")
    filter_box.click()
    page.page.keyboard.type("epoch-0042 acc>0.5", delay=40)
    page.wait(lambda: (rows := panel.rows()) and all("epoch-0042" in row.ref for row in rows), "the filtered rows")
    filter_box.fill("tag:best")
    page.wait(lambda: (rows := panel.rows()) and all("epoch-0090" in row.ref for row in rows), "the tagged rows")
    filter_box.fill("")
    page.wait(lambda: panel.count().replace(",", "").startswith("10000 "), "all of them again")
    panel.root.locator(".jp-ckpt-List-metric .jp-ckpt-Sort").click()
    page.page.wait_for_timeout(500)
    filtered = page.page.evaluate("() => window.longTasks.splice(0)")
    grown = lab.memory() - before
    print(f"long tasks: scrolling {scrolled} ms, filtering and sorting {filtered} ms")
    print(f"the server grew by {grown / 1e6:.0f} MB to {lab.memory() / 1e6:.0f} MB")
    page.picture("ten thousand")
    assert started < FIRST_ROWS
    assert warm < FIRST_ROWS
    assert everything < FIRST_ROWS
    assert max([0, *scrolled, *filtered]) < LONGEST_TASK
    assert grown < 200e6
    assert page.page.locator("#jp-ckpt-panel .jp-ckpt-Row").count() < 120, "only what is in view is drawn"
    assert not page.noise
