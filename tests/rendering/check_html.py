#!/usr/bin/env python3
"""Opens HTML reports in a headless Chromium and uses them as a person would.

    check_html.py FOLDER [--shots FOLDER]

FOLDER holds the pages that `cargo test --test rendering html` writes. Needs `chromium` and
`chromedriver` on the PATH, and nothing beyond Python's own library. Exit code 0: all is well.
"""

import argparse
import base64
import json
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

SECONDS_TO_OPEN = 2.0
KEYS = {"down": "\ue015", "right": "\ue014", "left": "\ue012", "enter": "\ue007", "escape": "\ue00c", "end": "\ue010"}


def find_browser():
    return next(filter(None, map(shutil.which, ("chromium", "google-chrome"))), None)


class Browser:
    """One session of chromedriver, over the WebDriver protocol."""

    def __init__(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.profile = tempfile.TemporaryDirectory()
        self.driver = subprocess.Popen(
            ["chromedriver", f"--port={port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self.base = f"http://127.0.0.1:{port}"
        # Loopback only: no proxy of the environment may stand between.
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        for _ in range(100):
            try:
                self.call("GET", "/status")
                break
            except OSError:
                time.sleep(0.1)
        arguments = [
            "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
            "--window-size=1280,1500", f"--user-data-dir={self.profile.name}",
        ]
        options = {"args": arguments, "binary": find_browser()}
        wanted = {"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
        answer = self.call("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
        self.base += "/session/" + answer["sessionId"]

    def call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data, {"Content-Type": "application/json"}, method=method)
        with self.opener.open(request, timeout=60) as answer:
            return json.load(answer)["value"]

    def open(self, path):
        """Opens a page; gives the seconds until it says that it is ready."""
        start = time.monotonic()
        self.call("POST", "/url", {"url": path.as_uri()})
        while self.run("return document.documentElement.dataset.ready") != "true":
            if time.monotonic() - start > 20:
                raise AssertionError(f"{path.name} is never ready: {self.console()}")
            time.sleep(0.02)
        return time.monotonic() - start

    def run(self, script, *arguments):
        return self.call("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def press(self, *keys):
        actions = []
        for key in keys:
            value = KEYS.get(key, key)
            actions += [{"type": "keyDown", "value": value}, {"type": "keyUp", "value": value}]
        self.call("POST", "/actions", {"actions": [{"type": "key", "id": "keys", "actions": actions}]})

    def click(self, x, y):
        actions = [
            {"type": "pointerMove", "duration": 0, "x": int(x), "y": int(y)},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerUp", "button": 0},
        ]
        mouse = {"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}, "actions": actions}
        self.call("POST", "/actions", {"actions": [mouse]})

    def console(self):
        return [e["message"] for e in self.call("POST", "/se/log", {"type": "browser"}) if e["level"] in ("SEVERE", "WARNING")]

    def shot(self, folder, name):
        if folder:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{name}.png").write_bytes(base64.b64decode(self.call("GET", "/screenshot")))

    def close(self):
        try:
            self.call("DELETE", "")
        finally:
            self.driver.terminate()
            self.driver.wait(10)
            self.profile.cleanup()


ROWS = "return [...document.querySelectorAll('#tree tbody tr[data-index]')].map(r => r.cells[0].innerText.replace(/[▾▸]/, '').trim())"
CRUMBS = "return [...document.querySelectorAll('#crumbs button')].map(b => b.textContent)"
SEARCH = "const s = document.getElementById('search'); s.value = arguments[0]; s.dispatchEvent(new Event('input'))"
CENTRE = """const t = [...document.querySelectorAll('.tile[data-zoom]')].find(t => t.node.name === arguments[0]);
const b = t.getBoundingClientRect(); return [b.left + b.width / 2, b.top + 9]"""


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def search(browser, text):
    browser.run(SEARCH, text)
    time.sleep(0.25)
    return browser.run("return document.getElementById('hits').textContent"), browser.run(ROWS)


def transfer(browser, shots):
    rows = browser.run(ROWS)
    check(rows[0].startswith("transfer"), rows)
    spoken(browser, shots)
    check(len(rows) == 7, f"the root and its children are shown: {rows}")
    hits, rows = search(browser, "moving_mean")
    check(hits == "2 matches", hits)
    check(any("bn_Conv1/moving_mean" in row for row in rows), rows)
    hits, rows = search(browser, "no such thing")
    check(hits == "0 matches" and not rows, (hits, rows))
    search(browser, "")

    browser.run("document.getElementById('map').scrollIntoView({block: 'center'})")
    browser.click(*browser.run(CENTRE, "encoder"))
    check(browser.run(CRUMBS) == ["transfer", "encoder"], browser.run(CRUMBS))
    browser.run("document.querySelector('.tile').focus()")
    browser.press("escape")
    check(browser.run(CRUMBS) == ["transfer"], "Escape zooms out")
    areas = browser.run(
        "return [...document.querySelectorAll('#map > .tile')].filter(t => t.node.parent === t.node.parent && t.node.parent.name === 'transfer')"
        ".map(t => [t.node.name, t.node.weight])")
    check(sum(weight for _, weight in areas) >= 78577 - 7, f"tiles add up: {areas}")
    check("encoder_again" not in dict(areas), "shared weights take one place")

    # The keyboard: into the tree, open, down, close.
    browser.run("document.querySelector('#tree tbody tr[tabindex=\"0\"]').focus()")
    browser.press("down", "down", "right", "down")
    focus = "return document.activeElement.cells ? document.activeElement.cells[0].innerText.trim() : ''"
    check("input_1" in browser.run(focus), browser.run(focus))
    browser.press("left", "left")
    check("mobilenetv2" in browser.run(focus), browser.run(focus))
    check(browser.run("return document.activeElement.getAttribute('aria-expanded')") == "false", "Left closes")
    browser.press("enter")
    check(browser.run(CRUMBS) == ["transfer", "mobilenetv2_1.00_224"], "Enter shows a row in the treemap")

    # Sorting says what it does.
    browser.run("document.querySelector('#tree th button[data-key=params]').click()")
    sort = "return document.querySelector('#tree th button[data-key=params]').closest('th').getAttribute('aria-sort')"
    check(browser.run(sort) == "descending", browser.run(sort))
    check(browser.run(ROWS)[1].startswith("encoder"), browser.run(ROWS))
    before = browser.run("return getComputedStyle(document.body).backgroundColor")
    browser.run("document.getElementById('theme').click()")
    check(browser.run("return getComputedStyle(document.body).backgroundColor") != before, "the theme changes")
    browser.run("scrollTo(0, 0)")
    browser.shot(shots, "transfer-dark")


def heard(browser):
    """What a screen reader is told: role and name of everything that it would stop at."""
    command = lambda name: browser.call("POST", "/goog/cdp/execute", {"cmd": f"Accessibility.{name}", "params": {}})
    command("enable")
    nodes = command("getFullAXTree")["nodes"]
    return [(n["role"]["value"], n.get("name", {}).get("value", "")) for n in nodes if not n.get("ignored")]


def spoken(browser, shots):
    said = heard(browser)
    for expected in [
        ("RootWebArea", "transfer – 78,577 parameters"),
        ("heading", "transfer"),
        ("region", "Totals"),
        ("StaticText", "78,577"),
        ("StaticText", "✓ verified"),
        ("combobox", "Colour"),
        ("searchbox", "Search names, types and checkpoint keys"),
        ("treegrid", "Layers and variables"),
        ("button", "encoder (Sequential), 64,128 parameters, 81.6 %, zoom in"),
        ("table", "Witnesses"),
        ("table", "Totals"),
        ("rowheader", "runtime"),
        ("cell", "✓ agrees"),
    ]:
        check(expected in said, f"nobody hears {expected}: {said}")
    nameless = [role for role, name in said if role in ("button", "combobox", "searchbox", "heading", "table", "region") and not name]
    check(not nameless, f"without a name: {nameless}")


def hostile(browser, shots):
    check(browser.run("return document.images.length") == 0, "names make no images")
    check(browser.run("return document.scripts.length") == 2, "names make no scripts")
    hits, rows = search(browser, "onerror")
    check(any("</script><img src=x onerror=alert(1)>" in row for row in rows), rows)
    browser.shot(shots, "hostile")


def encoder(browser, shots):
    browser.shot(shots, "encoder-light")
    ground = "return getComputedStyle(document.body).backgroundColor"
    light = browser.run(ground)
    media(browser, scheme="dark")
    check(browser.run(ground) != light, "follows the system's dark scheme")
    media(browser, media="print")
    shown = "return getComputedStyle(document.querySelector(arguments[0])).display"
    check(browser.run(shown, "table.paper") == "table", "paper has a table of its own")
    check(browser.run(shown, "#scroll") == "none", "paper has no scrolling table")
    browser.run("scrollTo(0, 0)")
    browser.shot(shots, "encoder-print")
    media(browser)
    browser.run("document.getElementById('theme').click()")
    browser.shot(shots, "encoder-dark")
    tree = "document.getElementById('tree')"
    check(browser.run(f"return {tree}.getAttribute('role')") == "treegrid", "role")
    roles = browser.run(f"return [...{tree}.querySelectorAll('tbody tr[data-index]')].every(r => r.getAttribute('role') === 'row' && r.getAttribute('aria-level'))")
    check(roles, "rows have roles and levels")
    unnamed = browser.run("return [...document.querySelectorAll('button,input,select')].filter(e => !(e.textContent.trim() || e.getAttribute('aria-label') || (e.labels && e.labels.length))).length")
    check(unnamed == 0, f"{unnamed} controls have no name")


def large(browser, shots):
    browser.run("document.getElementById('expand').click()")
    count = int(browser.run("return document.getElementById('tree').getAttribute('aria-rowcount')"))
    check(count > 15_000, f"{count} rows")
    drawn = len(browser.run(ROWS))
    check(drawn < 120, f"only rows in sight exist, not {drawn}")
    start = time.monotonic()
    browser.run("document.getElementById('scroll').scrollTop = 200000")
    time.sleep(0.1)
    hits, _ = search(browser, "layer_777_output_dense")
    check(hits == "2 matches", hits)
    check(time.monotonic() - start < 2, "search and scrolling are quick")
    browser.run("document.querySelector('#tree tbody tr[tabindex=\"0\"]').focus()")
    search(browser, "")
    browser.run("document.querySelector('#tree tbody tr[tabindex=\"0\"]').focus()")
    browser.press("end")
    last = browser.run("return document.activeElement.cells[0].innerText")
    check("pooler_transform/kernel" in last, f"End goes to the last row, not {last}")
    browser.shot(shots, "large")


def media(browser, **features):
    listed = [{"name": "prefers-color-scheme", "value": features.get("scheme", "light")}]
    wanted = {"media": features.get("media", ""), "features": listed}
    browser.call("POST", "/goog/cdp/execute", {"cmd": "Emulation.setEmulatedMedia", "params": wanted})


def empty(browser, shots):
    check("Nothing to draw" in browser.run("return document.getElementById('map').textContent"), "says that there is nothing")
    browser.shot(shots, "empty")


def wide(browser, shots):
    tiles = browser.run("return document.querySelectorAll('.tile').length")
    check(tiles == 1200, f"{tiles} tiles")
    check("too small" not in browser.run("return document.getElementById('legend').textContent"), "all are drawn")
    merged = "[...document.querySelectorAll('.tile')].find(t => t.node.merged)"
    # 1 + ... + 8801: all but the 1,199 largest of 10,000 layers.
    weight = browser.run(f"return {merged}.node.weight")
    check(weight == 8801 * 8802 // 2, weight)
    browser.run(f"{merged}.click()")
    check(browser.run(CRUMBS) == ["flat", "… 8,801 smaller"], browser.run(CRUMBS))
    browser.shot(shots, "wide")


def chain(browser, shots):
    browser.run("document.getElementById('expand').click()")
    check(browser.run(ROWS)[3].startswith("level_3"), browser.run(ROWS)[:5])
    browser.run("document.querySelector('#tree tbody tr').focus()")
    hits, rows = search(browser, "leaf")
    check(hits == "2 matches", (hits, len(rows)))
    browser.shot(shots, "chain")


def values(browser, shots):
    browser.run("document.getElementById('expand').click()")
    heads = browser.run("return [...document.querySelectorAll('#tree th')].map(th => th.innerText.trim())")
    check(heads[-1] == "Values", heads)
    hits, _ = search(browser, "bn_Conv1/gamma")
    cell = browser.run("return [...document.querySelectorAll('#tree tbody tr[data-index]')].pop().cells[6].innerText")
    check(cell == "75.0 % NaN, 25.0 % Inf", f"{hits}: {cell}")
    browser.shot(shots, "values")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--shots", type=pathlib.Path)
    arguments = parser.parse_args()
    if not shutil.which("chromedriver") or not find_browser():
        sys.exit("chromium and chromedriver are needed")
    browser = Browser()
    failed = False
    try:
        for name, steps in {"transfer": transfer, "hostile": hostile, "encoder": encoder, "large": large, "empty": empty, "wide": wide, "chain": chain, "values": values}.items():
            try:
                seconds = browser.open((arguments.folder / f"{name}.html").resolve())
                steps(browser, arguments.shots)
                # A busy machine is not the page's fault: the best of a few counts.
                for _ in range(3):
                    if seconds < SECONDS_TO_OPEN:
                        break
                    seconds = min(seconds, browser.open((arguments.folder / f"{name}.html").resolve()))
                check(seconds < SECONDS_TO_OPEN, f"took {seconds:.1f} s to open")
                errors = browser.console()
                check(not errors, f"the console says: {errors}")
                print(f"ok      {name}: open in {seconds:.2f} s")
            except AssertionError as problem:
                failed = True
                print(f"FAILED  {name}: {problem}")
    finally:
        browser.close()
    sys.exit(failed)


if __name__ == "__main__":
    main()
