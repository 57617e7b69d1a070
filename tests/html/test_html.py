# SPDX-License-Identifier: Apache-2.0
"""The HTML report in a real browser, with figures by the real gnuplot: nothing is fetched, nothing is said on the console, tables sort
and filter by keyboard, the dark scheme and paper work, accessibility rules hold, and every csv is one. Without the script the tables
are there as well.

    test_html.py [KEEP]    with a folder, pages and pictures of them stay there"""

import base64
import csv
import gzip
import io
import json
import os
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import urllib.parse
import xml.etree.ElementTree

import campaigns
import chromium

PROGRAM = os.environ["ED_TEST_PROGRAM"]
BUILD = os.environ["ED_TEST_BUILD"]
HERE = pathlib.Path(__file__).resolve().parent
# What the tests of a page do before anything else.
TABLES = "Array.from(document.querySelectorAll('table.data'), t => t.id)"

failures = 0


def check(holds, what, *details):
    global failures
    if not holds:
        failures += 1
        print("FAILED:", what, *(str(detail)[:1500] for detail in details), sep="\n    ", flush=True)
    return bool(holds)


def report(campaign, page, code, **environment):
    done = subprocess.run(
        [PROGRAM, "report", campaign, "--format", "html"], capture_output=True, env={**os.environ, **environment}, timeout=120, check=False
    )
    check(done.returncode == code, f"{campaign.name}: status {done.returncode}, expected {code}", done.stderr.decode())
    page.write_bytes(done.stdout)
    return done.stdout


def quiet(browser, name):
    check(browser.requests() == [], f"{name}: something is asked for", browser.requests())
    check(browser.complaints() == [], f"{name}: the console says something", browser.complaints())


def open_page(browser, page):
    browser.open(page)
    check(browser.evaluate("document.title").endswith("edgedyno"), f"{page.name}: a wrong title", browser.evaluate("document.title"))
    ids = browser.evaluate("Array.from(document.querySelectorAll('[id]'), e => e.id)")
    check(len(ids) == len(set(ids)), f"{page.name}: an id is there twice", [i for i in set(ids) if ids.count(i) > 1])
    quiet(browser, page.name)


def column(browser, table, number):
    return browser.evaluate(
        f"Array.from(document.getElementById('{table}').tBodies[0].rows).filter(r => !r.hidden)"
        f".map(r => r.cells[{number}].dataset.v !== undefined ? Number(r.cells[{number}].dataset.v) : r.cells[{number}].textContent)"
    )


def head_number(browser, table, words):
    heads = browser.evaluate(f"Array.from(document.getElementById('{table}').tHead.rows[0].cells, c => c.textContent)")
    return next(i for i, head in enumerate(heads) if head.startswith(words))


def sorts(browser, name):
    """By keyboard, as whoever has no mouse does."""
    at = head_number(browser, "cases", "latency p50")
    head = f"document.getElementById('cases').tHead.rows[0].cells[{at}]"
    before = column(browser, "cases", at)
    browser.evaluate(f"{head}.querySelector('button').focus()")
    browser.key("Enter")
    numbers = [v for v in column(browser, "cases", at) if isinstance(v, (int, float))]
    check(numbers == sorted(numbers) and len(numbers) > 3, f"{name}: not sorted", numbers)
    check(before != column(browser, "cases", at), f"{name}: it was sorted before, so that this shows nothing")
    check(browser.evaluate(f"{head}.getAttribute('aria-sort')") == "ascending", f"{name}: the order is not told")
    browser.key("Enter")
    values = column(browser, "cases", at)
    numbers = [v for v in values if isinstance(v, (int, float))]
    check(numbers == sorted(numbers, reverse=True), f"{name}: not sorted the other way", numbers)
    check(values[: len(numbers)] == numbers, f"{name}: empty cells are not last", values)
    check(browser.evaluate(f"{head}.getAttribute('aria-sort')") == "descending", f"{name}: the order is not told")
    check(
        browser.evaluate("document.querySelectorAll('#cases [aria-sort]').length") == 1, f"{name}: two columns claim the order"
    )


def filters(browser, name, word, least, most):
    browser.evaluate("document.getElementById('cases-filter').focus()")
    browser.type(word)
    shown = column(browser, "cases", 0)
    said = browser.evaluate("document.querySelector('#cases-tools [role=status]').textContent")
    check(least <= len(shown) <= most, f"{name}: the filter '{word}' shows {len(shown)} rows")
    check(said.startswith(f"{len(shown)} of "), f"{name}: the filter says '{said}'")
    filter_by(browser, "cases", "")
    check(len(column(browser, "cases", 0)) > len(shown), f"{name}: an empty filter hides rows")


def files(browser, name):
    """Every link that carries a file: csv files parse, have a row for each of the table's, and no cell that a spreadsheet would run."""
    links = browser.evaluate("Array.from(document.querySelectorAll('a.file'), a => [a.download, a.href])")
    check(len(links) >= len(browser.evaluate(TABLES)), f"{name}: a table without a file")
    for file, address in links:
        kind, _, rest = address.partition(",")
        data = base64.b64decode(rest) if kind.endswith(";base64") else urllib.parse.unquote_to_bytes(rest)
        text = (gzip.decompress(data) if file.endswith(".gz") else data).decode()
        file = file.removesuffix(".gz")
        if not file.endswith(".csv"):
            continue
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
        check(len({len(row) for row in rows}) == 1, f"{name}: {file} is not as wide everywhere", rows[:3])
        for cell in (cell for row in rows for cell in row):
            check(
                cell[:1] not in tuple("=+@\t\r") and (cell[:1] != "-" or re.fullmatch(r"-?[0-9.e+-]+( \[.*\])?", cell)),
                f"{name}: {file} has a cell that a spreadsheet takes for a formula",
                cell,
            )
        table = file.removesuffix(".csv")
        n = browser.evaluate(f"document.getElementById('{table}')?.tBodies[0].rows.length ?? -1")
        check(n in (-1, len(rows) - 1), f"{name}: {file} has {len(rows) - 1} rows, its table {n}")


def saves(browser, name, here):
    """A long file is carried packed and saved as it is: by a click, without a word on the console."""
    folder = here / "saved"
    folder.mkdir()
    page, browser.session = browser.session, None
    browser.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(folder))
    browser.session = page
    link = "document.querySelector('a.file[download=\"records.json.gz\"]')"
    check(browser.evaluate(f"{link}?.textContent") == "records.json", f"{name}: the records are no packed file")
    browser.evaluate(f"{link}?.click()")
    wanted, end = folder / "records.json", time.monotonic() + chromium.PATIENCE_S
    while not wanted.exists() and time.monotonic() < end:
        time.sleep(0.05)
    packed = base64.b64decode(browser.evaluate(f"{link}.href").partition(",")[2])
    saved = wanted.read_bytes() if check(wanted.exists(), f"{name}: nothing was saved", os.listdir(folder)) else b""
    check(saved == gzip.decompress(packed), f"{name}: what was saved is not what the page has", len(saved))
    check(isinstance(json.loads(saved or "null"), dict), f"{name}: what was saved is no JSON", saved[:200])
    shutil.rmtree(folder)
    quiet(browser, f"{name} after saving")


def has_row(rows, number):
    parts = [[int(n) for n in part.split("-")] for part in rows.split(", ")] if rows != "all" else [[number]]
    return any(part[0] <= number <= part[-1] for part in parts)


def filter_by(browser, table, word):
    browser.evaluate(
        f"(() => {{ const i = document.getElementById('{table}-filter'); i.value = '{word}'; i.dispatchEvent(new Event('input')); }})()"
    )


def reasons(browser, name, number):
    """A reason stands once, with its rows; a number in the filter finds what a row has."""
    def shown():
        return list(zip(*(column(browser, "reasons", i) for i in range(4))))

    found = shown()
    check(len(found) == len({row[:3] for row in found}), f"{name}: a reason is there twice", found)
    wanted = [row for row in found if has_row(row[3], number) or str(number) in "".join(row[:3])]
    check(0 < len(wanted) < len(found), f"{name}: every row has the same reasons, so that this shows nothing")
    filter_by(browser, "reasons", number)
    check(shown() == wanted, f"{name}: the reasons of row {number}", shown(), wanted)
    filter_by(browser, "reasons", "")


def figures(browser, name, least):
    check(browser.evaluate("document.querySelectorAll('svg.plot').length") >= least, f"{name}: figures are missing")
    check(browser.evaluate("document.querySelectorAll('.nofigure').length") == 0, f"{name}: a figure was not drawn")
    unnamed = browser.evaluate(
        "Array.from(document.querySelectorAll('svg.plot')).filter(s => s.getAttribute('role') !== 'img' || !s.getAttribute('aria-label')).length"
    )
    check(unnamed == 0, f"{name}: {unnamed} figures have no name")
    lost = browser.evaluate(
        "Array.from(document.querySelectorAll('use')).filter(u => !document.querySelector(u.getAttribute('href'))).length"
    )
    check(lost == 0, f"{name}: {lost} points have no form")
    # A colour that is not a variable would be the same in the dark.
    fixed = browser.evaluate(
        "Array.from(document.querySelectorAll('svg.plot [stroke], svg.plot [fill], svg.plot [color]')).flatMap(e =>"
        "['stroke', 'fill', 'color'].map(a => e.getAttribute(a))).filter(v => v && !/^(var\\(--|none|currentColor)/.test(v))"
    )
    check(not fixed, f"{name}: figures have colours of their own", fixed[:5] if fixed else "")
    out = browser.evaluate(
        "Array.from(document.querySelectorAll('svg.plot')).flatMap(s => { const b = s.getBoundingClientRect();"
        "return Array.from(s.querySelectorAll('text')).filter(t => { const r = t.getBoundingClientRect();"
        "return r.width && (r.left < b.left - 2 || r.right > b.right + 2 || r.top < b.top - 2 || r.bottom > b.bottom + 2); })"
        ".map(t => s.parentNode.id + ': ' + t.textContent); })"
    )
    check(not out, f"{name}: words of figures are cut off", out[:8] if out else "")


def colour(browser, expression):
    return [float(part) for part in re.findall(r"[0-9.]+", browser.evaluate(expression))[:3]]


def schemes(browser, name):
    background = "getComputedStyle(document.body).backgroundColor"
    ink = "getComputedStyle(document.querySelector('svg.plot text') ?? document.querySelector('h2')).fill"
    seen = {}
    for scheme in ("light", "dark"):
        browser.media(scheme)
        seen[scheme] = sum(colour(browser, background)), sum(colour(browser, ink))
    check(seen["light"][0] > 600 and seen["dark"][0] < 150, f"{name}: the background does not follow the scheme", seen)
    if browser.evaluate("document.querySelectorAll('svg.plot text').length"):
        check(seen["light"][1] < 200 and seen["dark"][1] > 500, f"{name}: figures do not follow the scheme", seen)
    # Paper is white, whatever the screen is.
    browser.media("dark", "print")
    check(sum(colour(browser, background)) > 600, f"{name}: prints on black")
    check(browser.evaluate("getComputedStyle(document.querySelector('nav')).display") == "none", f"{name}: prints its menu")
    browser.media()


def prints(browser, name, keep, least):
    pdf = base64.b64decode(browser.call("Page.printToPDF", preferCSSPageSize=True)["data"])
    pages = len(re.findall(rb"/Type\s*/Page\b", pdf))
    check(pages >= least, f"{name}: {pages} printed pages")
    sizes = set(re.findall(rb"/MediaBox\s*\[0 0 ([0-9.]+) ([0-9.]+)\]", pdf))
    check(all(590 < min(float(a), float(b)) < 600 for a, b in sizes), f"{name}: not A4", sizes)
    if keep:
        (keep / f"{name}.pdf").write_bytes(pdf)
    return pages


def paper(browser, name):
    """Nothing is wider than the sheet: 182 mm upright, 273 mm across."""
    wide = []
    for width, across in ((688, False), (1032, True)):
        browser.size(width, 1000)
        browser.media("light", "print")
        wide += browser.evaluate(
            "Array.from(document.querySelectorAll('main table, main figure, main p')).filter(e => {"
            f"const across = getComputedStyle(e.closest('section') ?? e).page === 'wide'; const box = e.getBoundingClientRect();"
            f"return across === {str(across).lower()} && box.width && box.right > {width} + 1; }})"
            ".map(e => (e.id || e.closest('[id]').id || e.tagName) + ' ' + Math.round(e.getBoundingClientRect().right))"
        )
    check(not wide, f"{name}: cut off on paper", wide)
    browser.media()
    browser.size(1280, 900)


def accessible(browser, name, axe):
    browser.evaluate("delete window.axe; 0")
    browser.evaluate(axe + "; 0")
    # The scheme changes nothing but colours.
    for scheme, rules in (("light", ""), ("dark", ", runOnly: ['color-contrast']")):
        browser.media(scheme)
        found = browser.evaluate(
            f"axe.run(document, {{resultTypes: ['violations']{rules}}})"
            ".then(r => r.violations.map(v => v.id + ': ' + v.help + ' '"
            " + v.nodes.slice(0, 3).map(n => n.target + ' ' + n.failureSummary).join(' | ')))",
            wait=True,
        )
        check(found == [], f"{name}, {scheme}: accessibility", "\n    ".join(found))
    browser.media()


def narrow(browser, name):
    browser.size(360, 800)
    wide = browser.evaluate("document.documentElement.scrollWidth")
    check(wide <= 360, f"{name}: is {wide} wide on a phone of 360")
    browser.size(1280, 900)


def keyboard(browser, name):
    browser.evaluate("document.activeElement?.blur(); window.scrollTo(0, 0); 0")
    browser.key("Tab")
    check(browser.evaluate("document.activeElement.className") == "skip", f"{name}: the first stop is not the way past the menu")
    browser.key("Enter")
    check(browser.evaluate("location.hash") == "#main", f"{name}: the way past the menu leads nowhere")
    unreachable = browser.evaluate(
        "Array.from(document.querySelectorAll('.scroll')).filter(s => s.tabIndex !== 0).length + "
        "Array.from(document.querySelectorAll('button, input, a[href], summary')).filter(e => e.tabIndex < 0).length"
    )
    check(unreachable == 0, f"{name}: {unreachable} parts cannot be reached by keyboard")


def without_script(browser, page):
    browser.call("Emulation.setScriptExecutionDisabled", value=True)
    browser.open(page)
    check(len(column(browser, "cases", 0)) > 1, f"{page.name}: no rows without the script")
    check(browser.evaluate("document.querySelectorAll('button, input').length") == 0, f"{page.name}: buttons that do nothing")
    browser.call("Emulation.setScriptExecutionDisabled", value=False)


def picture(browser, keep, name):
    if not keep:
        return
    height = min(browser.evaluate("document.documentElement.scrollHeight"), 15000)
    data = browser.call(
        "Page.captureScreenshot", captureBeyondViewport=True, clip={"x": 0, "y": 0, "width": browser.evaluate("innerWidth"), "height": height, "scale": 1}
    )
    (keep / f"{name}.png").write_bytes(base64.b64decode(data["data"]))


def pictures(browser, keep, name):
    picture(browser, keep, name)
    browser.media("dark")
    picture(browser, keep, f"{name}-dark")
    browser.media()
    browser.size(400, 800)
    picture(browser, keep, f"{name}-narrow")
    browser.size(1280, 900)


def whole_page(browser, page, axe, keep, least_figures):
    name = page.stem
    open_page(browser, page)
    figures(browser, name, least_figures)
    files(browser, name)
    schemes(browser, name)
    narrow(browser, name)
    keyboard(browser, name)
    accessible(browser, name, axe)
    prints(browser, name, keep, 2 if least_figures else 1)
    pictures(browser, keep, name)
    quiet(browser, name)


def figure_files(campaign, here):
    """SVG and PNG files of the same figures as the page has, the same every time, and a list of them."""
    made = {}
    for attempt in range(2):
        folders = {kind: here / f"{kind}-{attempt}" for kind in ("svg", "png")}
        words = [word for kind, folder in folders.items() for word in ("--export", f"{kind}={folder}")]
        subprocess.run([PROGRAM, "report", campaign, "-q", *words], stdout=subprocess.DEVNULL, timeout=120, check=False)
        for kind, folder in folders.items():
            files = {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
            check(made.setdefault(kind, files) == files, f"the same campaign gives other {kind} files")
    for kind, files in made.items():
        listed = [row[0] for row in csv.reader(files.pop("figures.csv").decode().splitlines())][1:]
        check(sorted(listed) == sorted(files) and len(listed) >= 8, f"the list is not of the {kind} files", listed, sorted(files))
    check({name[:-4] for name in made["svg"]} == {name[:-4] for name in made["png"]}, "SVG and PNG are not of the same figures")
    for name, data in made["svg"].items():
        check(xml.etree.ElementTree.fromstring(data).tag.endswith("}svg"), f"{name}: no SVG")
    for name, data in made["png"].items():
        width, height = struct.unpack(">II", data[16:24])
        check(data[:8] == b"\x89PNG\r\n\x1a\n" and width == 1520 and height > 200, f"{name}: {width} x {height}")
    refused = subprocess.run([PROGRAM, "report", campaign, "--format", "svg"], capture_output=True, check=False)
    check(refused.returncode == 2 and b"svg=DIR" in refused.stderr, "several files on standard output", refused.stderr)


def decisions(browser, here, axe, keep):
    """The pages of a choice and of a gate."""
    page = here / "choice.html"
    report(campaigns.choice(here / "choice", devices=2, crash=(1, 4)), page, 0)
    whole_page(browser, page, axe, keep, 8)
    paper(browser, "choice")
    table = "choice-latency_p50_ns"
    check(table in browser.evaluate(TABLES), "choice: no table of what there was to choose from", browser.evaluate(TABLES))
    states = column(browser, table, head_number(browser, table, "state"))
    check(sum(state.endswith("chosen") for state in states) == 2 and len(states) == 10, "choice: the states of every configuration", states)
    why = browser.evaluate("Array.from(document.querySelectorAll('#choice .headline'), e => e.innerText)")
    check(len(why) == 2 and all("pruned" in text for text in why), "choice: a sentence a device", why)

    page = here / "gate.html"
    report(campaigns.gate(here / "gate", slower=(0, 0.08), require=["latency_p50_ns <= 3 ms"], absent=[("pixel-8", "offline")]), page, 1)
    whole_page(browser, page, axe, keep, 3)
    paper(browser, "gate")
    found = [verdict.split()[-1] for verdict in column(browser, "comparisons", 0)]
    check(found.count("fail") == 2 and found.count("pass") == 6, "gate: the verdicts of every comparison", found)

    names = [name.replace("/", "|") for name in campaigns.HOSTILE[:5]]
    for made, code in ((campaigns.choice(here / "odd", names=names, suite="<i>s</i>"), 0), (campaigns.gate(here / "odder", (0,), names=names[:2]), 0)):
        page = here / f"{made.name}.html"
        report(made, page, code)
        open_page(browser, page)
        check(browser.evaluate("document.querySelectorAll('main script, img, iframe, b, i').length") == 0, f"{made.name}: names became markup")
        files(browser, made.name)


def main():
    keep = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else None
    if not chromium.find():
        sys.exit("chromium is missing: ./bootstrap test installs it")
    axe = pathlib.Path(subprocess.run([HERE / "axe.sh", BUILD], capture_output=True, text=True, check=True).stdout.strip()).read_text()
    since = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="edgedyno-html-") as folder, chromium.Browser() as browser:
        here = pathlib.Path(folder)
        os.chdir(here)
        (here / "bin").mkdir()
        one = campaigns.make(
            here / "one", variants=("fp32", "fp16", "int8"), threads=(1, 2), require=["latency_p90_ns <= 1.5 ms"], crash=(0, 5)
        )
        fleet = campaigns.make(
            here / "fleet", devices=6, variants=("fp32", "fp16", "int8"), absent=[("pixel-8", "unauthorized <b>")], crash=(3, 1), blocks=3
        )
        warm = campaigns.make(here / "warm", devices=2, blocks=8, channels=campaigns.CHANNELS)
        hostile, none = campaigns.hostile(here / "hostile"), campaigns.make(here / "none", devices=0, absent=[("a", "offline")])
        browser.size(1280, 900)

        page = here / "one.html"
        check(report(one, page, 1) == report(one, page, 1), "the same campaign gives two pages")
        whole_page(browser, page, axe, keep, 8)
        sorts(browser, "one")
        filters(browser, "one", "int8", 2, 2)
        quiet(browser, "one after all")
        reasons(browser, "one", 6)
        saves(browser, "one", here)
        without_script(browser, page)

        page = here / "fleet.html"
        report(fleet, page, 4)
        whole_page(browser, page, axe, keep, 12)
        check("matrix-1" in browser.evaluate(TABLES), "no table of devices and variants")
        check("unauthorized <b>" in browser.evaluate("document.body.innerText"), "the absent device is not told")
        sorts(browser, "fleet")
        filters(browser, "fleet", "int8 device-02", 1, 1)

        page = here / "hostile.html"
        report(hostile, page, 1)
        whole_page(browser, page, axe, keep, 6)
        check(browser.evaluate("document.querySelectorAll('main script, img, iframe, b, i').length") == 0, "names became markup")
        check(sorted(os.listdir(here)) == sorted({"bin", "one", "fleet", "warm", "hostile", "none", "one.html", "fleet.html", "hostile.html"}),
              "a name was run", os.listdir(here))

        # Blocks that throttling voids, of devices with sensors.
        page = here / "warm.html"
        report(warm, page, 0)
        whole_page(browser, page, axe, keep, 7)
        found = list(zip(*(column(browser, "blocks", head_number(browser, "blocks", head)) for head in ("valid", "reasons"))))
        check(sorted(found) == [("no", "throttled")] * 8 + [("yes", "")] * 24, "blocks that throttled are told", found)
        check("2 of 8 blocks left out" in browser.evaluate("document.body.textContent"), "that figures leave them out is not told")

        paper(browser, "hostile")

        # What rows have in common is there once: a row takes some kilobytes.
        many = campaigns.make(here / "many", variants=("fp32", "int8"), threads=tuple(range(1, 76)), blocks=3, samples=20)
        size = len(report(many, here / "many.html", 0))
        check(size < 150 * 20_000, f"a page of 150 cases has {size} bytes")

        page = here / "none.html"
        report(none, page, 4)
        whole_page(browser, page, axe, keep, 0)

        decisions(browser, here, axe, keep)

        figure_files(one, here)

        # Without gnuplot the tables say it all, and the page says why there is no figure.
        page = here / "bare.html"
        report(one, page, 1, PATH=str(here / "bin"))
        open_page(browser, page)
        check("gnuplot is not installed" in browser.evaluate("document.body.innerText"), "it is not told that gnuplot is missing")
        check(browser.evaluate("document.querySelectorAll('svg.plot').length") == 0, "figures without gnuplot")
        accessible(browser, "bare", axe)
    print(f"{'failed: ' + str(failures) + ' checks' if failures else 'all checks hold'}, {time.monotonic() - since:.1f} s")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
