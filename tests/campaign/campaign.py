# SPDX-License-Identifier: Apache-2.0
"""What the tests of whole campaigns share: a room of one's own, the program in it, its processes, and what a campaign must be on disk.

Nothing here waits for a fixed time and hopes: everything waits for a state, with a limit that only a broken program reaches.
"""

import contextlib
import json
import os
import pathlib
import random
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time

PROGRAM = pathlib.Path(os.environ["ED_TEST_PROGRAM"])
RUNNER = pathlib.Path(os.environ["ED_TEST_RUNNER"])
SOURCE = pathlib.Path(os.environ["ED_SOURCE_DIR"])
TARGET = RUNNER.parent.name
PATIENCE_S = 120  # of anything that must happen
SPEECH_PARTS = 5  # of a transcription; the first is the whole (include/edgedyno/workload.h)
DOCUMENTED_CODES = {0, 1, 2, 3, 4, 5, 130}
# Short blocks, so that a campaign has many of them.
# Warm-up by rule takes longer the noisier the machine is. Of inferences this slow it wants two, and a block takes 0.6 s anywhere.
SETTLED = {"ns": [270_000_000, 270_000_000]}
SHORT_BLOCK = {"min_time": "10 ms", "max_time": "50 ms", "min_inferences": 5}

failures = 0


def check(holds, what, *details):
    """A check that fails is told and the test goes on, so that one run shows all that is wrong."""
    global failures
    if not holds:
        failures += 1
        print("FAILED:", what, flush=True)
        for detail in details:
            text = detail if isinstance(detail, str) else repr(detail)
            print("    " + text[-3000:].replace("\n", "\n    "), flush=True)
    return bool(holds)


def finish(name):
    print(f"{name}: {'failed, ' + str(failures) + ' checks' if failures else 'all checks hold'}")
    sys.exit(1 if failures else 0)


def wait_for(condition, what, patience_s=PATIENCE_S):
    end = time.monotonic() + patience_s
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.002)
    raise AssertionError(f"not within {patience_s} s: {what}")


class Ended:
    """A program that has ended. A message of a sanitizer is a failure wherever it appears."""

    def __init__(self, words, code, out, err, seconds, peak_bytes):
        self.words, self.code, self.out, self.err = words, code, out, err
        self.seconds, self.peak_bytes = seconds, peak_bytes
        check("Sanitizer" not in err and "runtime error:" not in err, "a sanitizer has something to say", err)
        check(code >= 0, f"the program was ended by signal {-code}", " ".join(map(str, words)), err)

    def expect(self, code, *texts):
        """Exit status and words on standard error."""
        told = f"`edgedyno {' '.join(map(str, self.words))}`: status {self.code}"
        check(self.code == code, f"status {code} was expected", told, self.err)
        for text in texts:
            check(text in self.err, f"{text!r} was expected on standard error", told, self.err)
        return self

    def json(self):
        return json.loads(self.out)


class Room:
    """A temporary directory with its own XDG folders. All processes that belong to it end with it."""

    def __init__(self, fetched_engines=False, program=PROGRAM):
        self.path = pathlib.Path(os.path.realpath(tempfile.mkdtemp(prefix="edgedyno-test-")))
        self.program = pathlib.Path(program)
        self.followed = 0
        self.environment = {
            k: v for k, v in os.environ.items() if not k.startswith(("XDG_", "COLUMNS", "NO_COLOR", "TERM"))
        }
        self.environment.update(
            XDG_STATE_HOME=str(self.path / "state"),
            XDG_CACHE_HOME=str(self.path / "cache"),
            XDG_CONFIG_HOME=str(self.path / "config"),
            TERM="xterm",
        )
        if not fetched_engines:
            self.environment["XDG_DATA_HOME"] = str(self.path / "data")
        self.work = self.path / "state" / "edgedyno" / "work"

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        # Whatever still runs here is a failure of the test or of the program; it shall not outlive this.
        for _ in range(200):
            left = self.supervisors() + self.children_of_room()
            if not left:
                break
            for pid in left:
                kill(pid)
            time.sleep(0.01)
        shutil.rmtree(self.path, ignore_errors=True)

    def quiet(self):
        """Probes see a machine that tells nothing: what else this one does shall not make a verdict invalid."""
        root = self.path / "quiet"
        root.mkdir(exist_ok=True)
        self.environment["EDGEDYNO_PROBE_ROOT"] = str(root)

    # --- files

    def write(self, name, content):
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    def script(self, name, **keys):
        return self.write(name, {"type": "edgedyno-script", **keys})

    def suite(self, name, models, **keys):
        """`models`: {model: {variant: file}}."""
        keys.setdefault("on", ["scripted/cpu"])
        keys.setdefault("block", SHORT_BLOCK)
        # What else this machine does shall not make more blocks.
        keys.setdefault("on_invalid", "mark")
        listed = [
            {"name": model, "variants": [{"name": v, "file": f} for v, f in variants.items()]}
            for model, variants in models.items()
        ]
        return self.write(name, {"name": pathlib.Path(name).stem, "models": listed, **keys})

    # --- the program

    def start(self, *words, **popen):
        popen.setdefault("stdout", subprocess.PIPE)
        popen.setdefault("stderr", subprocess.PIPE)
        popen.setdefault("env", self.environment)
        return subprocess.Popen(
            [str(self.program), *map(str, words)], cwd=self.path, stdin=subprocess.DEVNULL, **popen
        )

    def end(self, process, words=(), patience_s=PATIENCE_S, since=None):
        """Both streams to their ends, then the status and what it took."""
        since = time.monotonic() if since is None else since
        try:
            out, err = process.communicate(timeout=patience_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise AssertionError(
                f"edgedyno {' '.join(map(str, words))} did not end within {patience_s} s"
            ) from None
        return Ended(
            words,
            process.returncode,
            (out or b"").decode(errors="replace"),
            (err or b"").decode(errors="replace"),
            time.monotonic() - since,
            0,
        )

    def run(self, *words, patience_s=PATIENCE_S, **popen):
        since = time.monotonic()
        return self.end(self.start(*words, **popen), words, patience_s, since)

    # --- processes

    def supervisors(self):
        """Pids of the detached runners of this room's work directory: they lead their sessions."""
        found = []
        for pid, words in processes():
            if (
                len(words) >= 4
                and words[1:3] == ["start", "--work"]
                and words[3].startswith(str(self.path))
                and session_of(pid) == pid
            ):
                found.append(pid)
        return found

    def children_of_supervisor(self):
        """Of the supervisor that is there now. One that has ended can still be seen, without any, until somebody reaps it."""
        with contextlib.suppress(OSError):
            if not is_gone(self.followed):
                return pathlib.Path(f"/proc/{self.followed}/task/{self.followed}/children").read_text().split()
        self.followed = next(iter(self.supervisors()), 0)
        return []

    def workers(self):
        parents = set(self.supervisors())
        return [
            pid
            for pid, words in processes()
            if words[:2] == ["edgedyno-runner", "worker"] and parent_of(pid) in parents
        ]

    def children_of_room(self):
        """Runners' short commands and orphaned workers: whatever stands in this directory."""
        found = []
        for pid, words in processes():
            if words and "edgedyno-runner" in words[0]:
                with contextlib.suppress(OSError):
                    if os.readlink(f"/proc/{pid}/cwd").startswith(str(self.path)):
                        found.append(pid)
        return found


def processes():
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError):
                words = (
                    pathlib.Path("/proc", name, "cmdline")
                    .read_bytes()
                    .decode(errors="replace")
                    .split("\0")[:-1]
                )
                if words:
                    yield int(name), words


def stat_of(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None


def session_of(pid):
    fields = stat_of(pid)
    return int(fields[3]) if fields else -1


def parent_of(pid):
    fields = stat_of(pid)
    return int(fields[1]) if fields else -1


def is_gone(pid):
    fields = stat_of(pid)
    return fields is None or fields[0] in "ZX"


def kill(pid, number=signal.SIGKILL):
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def kill_and_wait(pids):
    for pid in pids:
        kill(pid)
    for pid in pids:
        wait_for(lambda: is_gone(pid), f"the end of process {pid}")


# --- a campaign on disk


class Device:
    """The files of one device as they are, read by nobody else's code."""

    def __init__(self, campaign, name="local"):
        self.path = pathlib.Path(campaign) / "devices" / name
        self.journal_path = self.path / "journal.jsonl"
        self.samples_path = self.path / "samples.bin"

    def planned(self):
        """Without the spare ones, which run only in place of others."""
        most = json.loads((self.path.parent.parent / "campaign.json").read_text())["blocks"]
        return [
            block["id"]
            for block in json.loads((self.path / "job.json").read_text())["blocks"]
            if block["pass"] != "timing" or block["repetition"] <= most
        ]

    def lines(self):
        """Whole lines only."""
        try:
            text = self.journal_path.read_bytes()
        except FileNotFoundError:
            return []
        return [json.loads(line) for line in text[: text.rfind(b"\n") + 1].splitlines()]

    def blocks(self):
        """Block lines, each with `at`, the place of its samples in samples.bin."""
        base, found = 0, []
        for line in self.lines():
            if line["type"] == "attach":
                base = line["samples_base"]
            elif line["type"] == "block":
                line["at"] = base + line.get("samples", {}).get("offset", 0)
                found.append(line)
        return found

    def samples(self, block):
        count = block.get("samples", {}).get("count", 0)
        with open(self.samples_path, "rb") as file:
            file.seek(block["at"])
            return struct.unpack(f"<{count}q", file.read(8 * count))

    def n_done(self):
        return len(self.blocks())


def check_whole(campaign, label, least_ns=None, name="local"):
    """Every planned block once; samples of every block there, its own, one after the other. `least_ns`: case -> shortest possible sample."""
    device = Device(campaign, name)
    planned, blocks = device.planned(), device.blocks()
    ids = [block["block"] for block in blocks]
    check(len(planned) == len(set(planned)), f"{label}: the plan has a block twice")
    check(
        len(ids) == len(set(ids)),
        f"{label}: a block is in the journal twice",
        sorted(i for i in set(ids) if ids.count(i) > 1),
    )
    check(
        set(ids) == set(planned),
        f"{label}: the blocks are not those of the plan",
        f"missing {sorted(set(planned) - set(ids))}",
        f"unplanned {sorted(set(ids) - set(planned))}",
    )
    size, at = device.samples_path.stat().st_size, 0
    for block in blocks:
        count = block.get("samples", {}).get("count", 0)
        if not count:
            continue
        check(
            block["at"] == at,
            f"{label}: the samples of {block['block']} do not follow those before",
            block["at"],
            at,
        )
        at = block["at"] + 8 * count
        if not check(
            at <= size, f"{label}: samples.bin ends before the samples of {block['block']}", at, size
        ):
            continue
        samples, timed = device.samples(block), block["timed"]
        if "speech" in block.get("evidence", {}):
            samples = samples[::SPEECH_PARTS]
        # Of all runs of samples only a block's own surely fits into its window.
        check(
            0 < sum(samples) <= timed["end_raw_ns"] - timed["begin_raw_ns"],
            f"{label}: the samples of {block['block']} are not its own",
        )
        if least_ns:
            check(
                min(samples) >= least_ns[block["case"]],
                f"{label}: a sample of {block['block']} is shorter than its script",
                min(samples),
            )
    check(at == size, f"{label}: samples.bin has bytes of no block", at, size)
    lines = device.lines()
    jobs = [line["job"] for line in lines if line["type"] == "attach"]
    check(len(jobs) == len(set(jobs)), f"{label}: a job was attached twice", jobs)
    check(device.journal_path.read_bytes().endswith(b"\n"), f"{label}: the journal ends in half a line")


def structure(record):
    """A record without its figures: what is there, what is not, and why."""
    shape = {
        key: (
            value
            if key in ("case", "model", "variant", "backend", "blocks", "outcome", "verdict")
            else value is None
        )
        for key, value in record.items()
        if key not in ("reasons", "campaign", "seed")
    }
    # Whether a block settled, and what else ran meanwhile, is the machine's doing.
    doing = ("busy", "memory_pressure", "clocks_unstable", "page_cache_cold", "throttled", "clock_stepped")
    shape["reasons"] = sorted(
        (r["key"], r["code"])
        for r in record["reasons"]
        if r["key"] not in ("steady", "warmup_inferences") and r["code"].removeprefix("invalid_") not in doing
    )
    return shape


def seeded(text):
    """A generator of its own for each test; the seed is told, so that a failure can be had again."""
    seed = int(os.environ.get("ED_TEST_SEED", "1"))
    print(f"{text}: ED_TEST_SEED={seed}")
    return random.Random(f"{text} {seed}")
