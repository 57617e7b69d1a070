# SPDX-License-Identifier: Apache-2.0
"""A device that lies on the wire: a clear error and status 4, no crash, no file outside of the campaign, bounded memory and disk."""

import argparse
import os
import pathlib
import re
import resource
import shutil
import stat
import sys
import threading

from campaign import DOCUMENTED_CODES, PROGRAM, RUNNER, SETTLED, TARGET, Device, Room, check, finish, kill, wait_for

MEMORY_MAX_BYTES = 300 << 20
DISK_MAX_BYTES = 100 << 20

# Lie -> words that the message has. Each of these must end with status 4.
LIES = {
    "version_2": "wire version 2.0",
    "version_garbage": "reply",
    "version_flood": "limit",
    "version_err_flood": "without a reply",
    "version_half": "reply",
    "version_array": "not a message of the wire",
    "version_deep": "reply",
    "version_two": "reply",
    "version_number": "not a message of the wire",
    "version_signal": "signal 9",
    "version_terminal": "all is well",
    "start_other": "'stopping'",
    "start_usage": "I will not",
    "start_silent": "without a reply",
    "status_unknown_state": "'asleep'",
    "status_negative": "journal_bytes",
    "status_beyond_int": "journal_bytes",
    "status_text": "journal_bytes",
    "status_hollow": "missing",
    "status_done": "missing",
    "status_bored": "",
    "status_error": "gave up",
    "status_died": "died",
    "status_backwards": "missing",
    "status_unknown_job": "does not know the job",
    "status_huge_numbers": "missing",
    "journal_garbage": "journal",
    "journal_not_json": "journal",
    "journal_array": "journal",
    "journal_deep": "journal",
    "journal_nul": "journal",
    "journal_no_type": "type",
    "journal_attach": "attach",
    "journal_long_line": "journal line",
    "journal_endless_line": "journal line",
    "journal_flood": "limit",
    "journal_half": "missing",
    "block_twice": "came twice",
    "block_unknown": "was not asked for",
    "block_path": "was not asked for",
    "lease_word": "lease",
    "lease_no_token": "token",
    "lease_huge": "lease",
    "lease_negative": "lease",
    "lease_denied": "x1B[2Jsomebody holds the device",
    "case_unknown": "missing",
    "outcome_unknown": "missing",
    "samples_missing": "samples.bin that it does not have",
    "samples_huge_count": "samples",
    "samples_negative_count": "samples",
    "samples_negative_offset": "samples",
    "samples_odd_offset": "samples",
    "samples_huge_offset": "samples",
    "samples_beyond_int": "samples",
    "samples_text": "samples",
    "samples_too_many_bytes": "",
    "timeline_missing": "timeline.bin that it does not have",
    "timeline_huge": "timeline",
    "timeline_negative": "timeline",
    "timeline_gap": "timeline.bin does not follow",
    "timeline_text": "timeline",
    "timeline_too_many_bytes": "",
    "output_dotdot": "no file name",
    "output_absolute": "no file name",
    "output_slash": "no file name",
    "output_dot": "no file name",
    "output_empty": "output_files",
    "output_long": "no file name",
    "output_number": "output_files",
    "output_breaks_off": "large.npy",
}
# Two gigabytes go over the wire before these are found out.
LONG_LIES = {"output_endless": "endless.npy"}


def make_prefix(room):
    """An installation of links, with the liar in the place of the runner."""
    prefix = room.path / "prefix"
    (prefix / "bin").mkdir(parents=True)
    shutil.copy2(PROGRAM, prefix / "bin" / "edgedyno")
    library = prefix / "lib" / "edgedyno" / TARGET
    library.mkdir(parents=True)
    (library / "adapters").symlink_to(RUNNER.parent / "adapters")
    liar = (pathlib.Path(__file__).parent / "lying_runner.py").read_text().splitlines(keepends=True)
    runner = library / RUNNER.name
    runner.write_text(f"#!{sys.executable} -B\n" + "".join(liar[1:]))
    runner.chmod(runner.stat().st_mode | stat.S_IXUSR)
    room.program = prefix / "bin" / "edgedyno"


def has_sanitizer():
    return b"__asan_init" in PROGRAM.read_bytes() or b"__tsan_init" in PROGRAM.read_bytes()


def listing(room, campaign):
    """Everything but the campaign, the caches and the work directories, which are the controller's and the device's own."""
    own = ("cache", "state", "lies", campaign)
    return sorted(
        str(path.relative_to(room.path))
        for path in room.path.rglob("*")
        if path.relative_to(room.path).parts[0] not in own
    )


def lie(room, name, text):
    environment = {**room.environment, "ED_LIE": name, "ED_LIE_STATE": str(room.path / "lies" / name)}
    campaign = f"campaign_{name}"
    before = listing(room, campaign)
    ended = room.run("run", "m.json", "--on", "scripted/cpu", "-r", "2", "--out", campaign, env=environment)
    ended.expect(4, text)
    check("error: " in ended.err, f"{name}: it is called an error", ended.err)
    longest = max(map(len, ended.err.splitlines()))
    check(longest < 2500, f"{name}: the message is short ({longest} characters)")
    check(
        not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", ended.err),
        f"{name}: no control character of the device's reaches the terminal",
        ended.err,
    )
    check(
        listing(room, campaign) == before,
        f"{name}: files outside of the campaign",
        sorted(set(listing(room, campaign)) - set(before)),
    )
    directory = room.path / campaign
    size = (
        sum(path.stat().st_size for path in directory.rglob("*") if path.is_file())
        if directory.exists()
        else 0
    )
    check(size < DISK_MAX_BYTES, f"{name}: {size >> 20} MiB on disk")
    if directory.exists():
        # What is left can be reported: with a documented status, and without figures that nobody measured.
        ended = room.run("report", campaign, "--format", "json", env=environment)
        check(ended.code in (0, 1, 2, 3, 4, 5), f"{name}: the report's status is {ended.code}", ended.err)
        kept = [line["block"] for line in Device(directory).blocks()]
        check(len(kept) == len(set(kept)), f"{name}: a block was kept twice", kept)
        shutil.rmtree(directory)
    if not has_sanitizer():
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
        check(peak < MEMORY_MAX_BYTES, f"{name}: a process of {peak >> 20} MiB")


def huge_batches(room):
    """Figures that no clock can have are no figures; what must not happen is an overflow."""
    environment = {
        **room.environment,
        "ED_LIE": "batch_huge",
        "ED_LIE_STATE": str(room.path / "lies" / "batch_huge"),
    }
    ended = room.run(
        "run",
        "m.json",
        "--on",
        "scripted/cpu",
        "-r",
        "2",
        "--out",
        "batches",
        "--format",
        "json",
        env=environment,
    )
    check(ended.code in (0, 1, 3, 4, 5), "huge batches", ended.code, ended.err)


def edited(room, n):
    """Replies and journals of the real runner, with changes of structure: no harm, and a status that is documented."""
    codes = {}
    for day in range(n):
        campaign = f"edited_{day}"
        environment = {
            **room.environment,
            "ED_LIE": f"edited:{(4, 12)[day % 2]}:{os.environ.get('ED_TEST_SEED', '1')}.{day}",
            "ED_LIE_STATE": str(room.path / "lies" / campaign),
            "ED_LIE_TRUTH": str(RUNNER),
            "ED_LIE_HELPERS": str(pathlib.Path(__file__).parent),
        }
        before = listing(room, campaign)
        for words in (("run", "m.json", "--on", "scripted/cpu", "-r", "2", "--max-time", "20 s", "--out", campaign), ("report", campaign)):
            ended = room.run(*words, env=environment)
            check(ended.code in DOCUMENTED_CODES - {130}, f"{campaign}: {words[0]}: status {ended.code}", ended.err)
            check(not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", ended.err), f"{campaign}: no control character", ended.err)
            codes[words[0], ended.code] = codes.get((words[0], ended.code), 0) + 1
        check(listing(room, campaign) == before, f"{campaign}: files outside of the campaign")
        for pid in room.supervisors():
            kill(pid)
        wait_for(lambda: not room.supervisors(), f"{campaign}: the end of its runner")
    print(f"{n} devices with edited replies; statuses: {codes}")


def hang(room, results):
    environment = {
        **room.environment,
        "ED_LIE": "version_hang",
        "ED_LIE_STATE": str(room.path / "lies" / "version_hang"),
    }
    results.append(
        room.run("run", "m.json", "--on", "scripted/cpu", "--out", "campaign_hang", env=environment)
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", nargs="?", choices=("short", "long"), default="short")
    lies = LIES if parser.parse_args().part == "short" else LONG_LIES
    with Room() as room:
        make_prefix(room)
        room.script("m.json", run={"ns": 400_000}, warmup=SETTLED)
        (room.path / "lies").mkdir()
        results = []
        waiting = threading.Thread(target=hang, args=(room, results))
        waiting.start()
        for name, text in lies.items():
            lie(room, name, text)
        huge_batches(room)
        check(not list(room.path.rglob("escaped*")), "a file was written where the device wanted it")
        waiting.join()
        results[0].expect(4, "did not end in time")
        edited(room, int(os.environ.get("ED_TEST_BATTER", "2")))
        check(results[0].seconds < 60, f"a hanging runner was waited for {results[0].seconds:.0f} s")
    finish("hostile_device")


main()
