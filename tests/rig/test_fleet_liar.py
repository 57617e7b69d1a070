# SPDX-License-Identifier: Apache-2.0
"""A device that lies over SSH about what it stores and what it measured: status 4, one clear line, nothing written
outside of the campaign, bounded memory."""

import os
import re
import resource
import shutil
import sys

import liar
from campaigns import PROGRAM, SOURCE, least
from checks import check, equal, need_root, new_rig, run_all
from fleet import Fleet, Place, together

from devicerig.faults import holder_path

MEMORY_MAX_BYTES = 300 << 20
# Which words of the program meet the lie.
WORDS = {"sets": ("devices", "models"), "clean": ("devices", "clean")}
# What a lie may end in: the device is told to be wrong, or it harms nobody.
HARMLESS = {"have_twice"}
# What the message has to say of some.
TEXTS = {
    "have_unknown": "that nobody offered",
    "have_path": "that nobody offered",
    "have_staged_beyond": "wrong value",
    "have_staged_negative": "wrong value",
    "have_other": "'adopted'",
    "have_control": "all is well",
    "have_flood": "limit",
    "stage_elsewhere": "outside of",
    "stage_dotdot": "outside of",
    "stage_dotdot_end": "outside of",
    "stage_beside": "outside of",
    "stage_relative": "outside of",
    "stage_empty": "outside of",
    "stage_long": "outside of",
    "adopt_other": "'have'",
    "adopt_silent": "without a reply",
    "lease_word": "lease",
    "lease_no_token": "without a token",
    "lease_huge": "lease",
    "lease_denied": "holds the device",
    "sets_many": "5000 sets",
    "job_status_died": "died",
    "job_status_error": "gave up",
    "job_block_twice": "came twice",
    "job_block_path": "was not asked for",
    "job_output_dotdot": "no file name",
    "job_output_absolute": "no file name",
    "job_samples_missing": "samples.bin that it does not have",
}
JOB_LIES = (
    "status_unknown_state status_negative status_beyond_int status_hollow status_done status_error status_died "
    "status_unknown_job journal_garbage journal_array journal_deep journal_attach journal_endless_line journal_flood "
    "block_twice block_path samples_missing samples_huge_count samples_negative_offset samples_too_many_bytes "
    "output_dotdot output_absolute output_long start_other start_usage"
).split()


class Lies:
    """A device whose runner is the liar."""

    def __init__(self, fleet, name):
        self.fleet, self.name, self.place = fleet, name, Place(fleet.rig, name)
        home = self.home = holder_path(fleet.rig.machine(name), fleet.rig.record(name)["home"])
        (runner,) = [path for path in self.place.objects().values() if b"adopt-self" in path.read_bytes()]
        shutil.copy2(runner, home / "true-runner")
        shutil.copy(SOURCE / "tests/campaign/lying_runner.py", home)
        self.runner = runner.name
        runner.unlink()
        shutil.copy(SOURCE / "tests/rig/liar.py", runner)
        runner.chmod(0o555)
        fleet.rig.sh(name, "chown -R bench /home/bench; rm -rf /tmp/*")

    def tell(self, lie):
        """One lie, and what becomes of it."""
        fleet, out = self.fleet, f"{self.name}-{lie}"
        (self.home / "lie").write_text(lie, encoding="utf-8")
        # Everything is to be pushed again.
        others = f"$(ls -d objects/* | grep -v {self.runner})"
        command = f"rm -rf sets staging jobs lease.json tickets {others} /home/bench/lie-state /home/bench/told"
        self.fleet.rig.sh(self.name, f"cd {self.place.work} && {command}")
        kind = lie.partition("_")[0]
        words = [*WORDS[kind], self.name] if kind in WORDS else ["run", "-d", self.name, "--out", out, "suite.json"]
        before = self.listing(out)
        state = fleet.folder / "state" / out
        done = fleet.rig.ctl(
            fleet.words(*words), check=False, timeout=300, cwd=fleet.folder, env={"XDG_STATE_HOME": str(state)}
        )
        check((self.home / "told").exists(), f"{lie}: the lie was told")
        expected = (0, 4) if lie in HARMLESS else (4,)
        check(done.returncode in expected, f"{lie}: status {done.returncode}", done.stderr, done.stdout)
        lines = done.stderr.splitlines()
        if done.returncode:
            check("error: " in done.stderr, f"{lie}: it is called an error", done.stderr)
            check(self.name in done.stderr, f"{lie}: the device is named", done.stderr)
            check(TEXTS.get(lie, "") in done.stderr, f"{lie}: {TEXTS.get(lie)!r} is said", done.stderr)
        check(max(map(len, lines), default=0) < 2500, f"{lie}: the message is short", done.stderr)
        text = done.stderr + done.stdout
        check(not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", text), f"{lie}: no control character", text)
        check("Sanitizer" not in text and "runtime error:" not in text, f"{lie}: a sanitizer speaks", text)
        equal(self.listing(out), before, f"{lie}: files outside of the campaign")
        owned = fleet.rig.sh(self.name, "ls /tmp; ls ~bench/.local/state/edgedyno", check=False).stdout.split()
        equal(sorted(owned), ["work"], f"{lie}: nothing is run or written on the device elsewhere")
        if (fleet.folder / out / "campaign.json").exists():
            told = fleet.rig.ctl([fleet.program, "report", out, "--format", "json"], check=False, cwd=fleet.folder)
            check(told.returncode in (0, 1, 2, 3, 4, 5), f"{lie}: a report of what is left", told.stderr)
        shutil.rmtree(fleet.folder / out, ignore_errors=True)

    def listing(self, out):
        """All files but the campaign, the caches, and what the other device's campaign has."""
        own = {out, "state", "rig"}
        found = []
        for top in self.fleet.folder, self.fleet.rig.home:
            for path, folders, names in os.walk(top):
                folders[:] = [name for name in folders if name not in own and not re.match(r"(one|two)-|.cache", name)]
                found += [f"{path}/{name}" for name in names]
        return sorted(found)


def has_sanitizer():
    return b"__asan_init" in PROGRAM.read_bytes() or b"__tsan_init" in PROGRAM.read_bytes()


def lies():
    with new_rig() as rig:
        rig.up("one:laptop", "two:laptop")
        fleet = Fleet(rig)
        fleet.suite("suite.json", 1)
        fleet.run("run", "-d", "one,two", "--out", "true", "suite.json")
        fleet.check_whole("true", ["one", "two"], least())
        names = [f"{kind}_{lie}" for kind, known in liar.LIES.items() for lie in known]
        names += [f"job_{lie}" for lie in JOB_LIES]
        liars = Lies(fleet, "one"), Lies(fleet, "two")

        def one():
            for name in names[0::2]:
                liars[0].tell(name)

        def two():
            for name in names[1::2]:
                liars[1].tell(name)

        together(one, two)
        if not has_sanitizer():
            peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
            check(peak < MEMORY_MAX_BYTES, f"a process of {peak >> 20} MiB")


TESTS = (lies,)

if __name__ == "__main__":
    need_root()
    run_all(TESTS, sys.argv[1:])
