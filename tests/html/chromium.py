# SPDX-License-Identifier: Apache-2.0
"""Headless Chromium by the DevTools protocol over a pipe (JSON messages that end with NUL), with the standard library alone. One
browser, one page; what it may use of memory and how long a call may take are limited."""

import contextlib
import fcntl
import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time

PATIENCE_S = 120  # of a single answer, which only a broken browser takes
DATA_LIMIT_BYTES = 6 << 30
WORDS = [
    "--headless=new",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--no-first-run",
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--force-color-profile=srgb",
    "--remote-debugging-pipe",
]


def find():
    return shutil.which("chromium") or shutil.which("chromium-browser")


class Failed(Exception):
    pass


class Browser:
    def __init__(self, program=None, words=()):
        self.home = tempfile.mkdtemp(prefix="edgedyno-chromium-")
        to_read, self.to_browser = os.pipe()
        self.from_browser, to_write = os.pipe()
        # The browser wants them as 3 and 4.
        theirs = [fcntl.fcntl(fd, fcntl.F_DUPFD, 20) for fd in (to_read, to_write)]
        os.close(to_read)
        os.close(to_write)
        # Its sandbox is refused to root alone.
        words = [program or find(), *WORDS, f"--user-data-dir={self.home}/profile", *words] + (["--no-sandbox"] if os.geteuid() == 0 else [])
        line = f'ulimit -d {DATA_LIMIT_BYTES >> 10}; exec "$@" 3<&{theirs[0]} 4>&{theirs[1]} {theirs[0]}<&- {theirs[1]}>&-'
        self.log = open(f"{self.home}/log", "w+b")
        self.process = subprocess.Popen(
            ["bash", "-c", line, "bash", *words, "about:blank"],
            pass_fds=theirs,
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=self.log,
            env={**os.environ, "HOME": self.home, "XDG_CONFIG_HOME": self.home, "XDG_CACHE_HOME": self.home},
            start_new_session=True,
        )
        for fd in theirs:
            os.close(fd)
        self.buffer, self.number, self.session, self.events = b"", 0, None, []
        targets = self.call("Target.getTargets")["targetInfos"]
        page = next(target for target in targets if target["type"] == "page")
        self.session = self.call("Target.attachToTarget", targetId=page["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        with contextlib.suppress(Exception):
            self.session = None
            self.call("Browser.close", patience_s=5)
        for fd in (self.to_browser, self.from_browser):
            os.close(fd)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.log.close()
        shutil.rmtree(self.home, ignore_errors=True)

    def said(self):
        self.log.seek(0)
        return self.log.read()[-2000:].decode(errors="replace")

    def message(self, end):
        while b"\0" not in self.buffer:
            left = end - time.monotonic()
            ready = select.select([self.from_browser], [], [], max(left, 0))[0] if left > 0 else []
            if not ready:
                raise Failed(f"the browser does not answer; it said {self.said()}")
            piece = os.read(self.from_browser, 1 << 20)
            if not piece:
                raise Failed(f"the browser has gone; it said {self.said()}")
            self.buffer += piece
        text, _, self.buffer = self.buffer.partition(b"\0")
        return json.loads(text)

    def call(self, method, patience_s=PATIENCE_S, **parameters):
        self.number += 1
        sent = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            sent["sessionId"] = self.session
        os.write(self.to_browser, json.dumps(sent).encode() + b"\0")
        end = time.monotonic() + patience_s
        while True:
            message = self.message(end)
            if message.get("id") == self.number:
                if "error" in message:
                    raise Failed(f"{method}: {message['error']}")
                return message["result"]
            if "method" in message:
                self.events.append(message)

    def wait_event(self, name):
        end = time.monotonic() + PATIENCE_S
        while True:
            for i, event in enumerate(self.events):
                if event["method"] == name:
                    return self.events.pop(i)
            message = self.message(end)
            if "method" in message:
                self.events.append(message)

    def open(self, path):
        """Loads a file; what it did on the way is in `events` from here on."""
        self.events = []
        self.call("Page.navigate", url=f"file://{path}")
        self.wait_event("Page.loadEventFired")

    def evaluate(self, expression, wait=False):
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=wait)
        if "exceptionDetails" in result:
            raise Failed(f"{expression[:200]}: {result['exceptionDetails']}")
        return result["result"].get("value")

    def media(self, scheme="light", medium=""):
        self.call("Emulation.setEmulatedMedia", media=medium, features=[{"name": "prefers-color-scheme", "value": scheme}])

    def size(self, width, height):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def key(self, name, text=None):
        code = {"Tab": 9, "Enter": 13, " ": 32}.get(name, 0)
        parameters = {"key": name, "code": name, "windowsVirtualKeyCode": code}
        if name == "Enter":
            text = "\r"
        self.call("Input.dispatchKeyEvent", type="keyDown", **parameters, **({"text": text} if text else {}))
        self.call("Input.dispatchKeyEvent", type="keyUp", **parameters)

    def type(self, text):
        self.call("Input.insertText", text=text)

    def requests(self):
        """Every address that was asked for since the last `open`, but the file itself and what addresses carry themselves."""
        return [
            event["params"]["request"]["url"]
            for event in self.events
            if event["method"] == "Network.requestWillBeSent"
            and not event["params"]["request"]["url"].startswith(("file:", "data:"))
        ]

    def complaints(self):
        """What the console said, what was thrown, what the policy refused."""
        found = []
        for event in self.events:
            if event["method"] == "Runtime.consoleAPICalled":
                found.append(str(event["params"].get("args")))
            elif event["method"] == "Runtime.exceptionThrown":
                found.append(str(event["params"]["exceptionDetails"]))
            elif event["method"] == "Log.entryAdded":
                found.append(event["params"]["entry"]["text"])
        return found
