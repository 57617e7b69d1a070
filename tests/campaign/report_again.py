# SPDX-License-Identifier: Apache-2.0
"""A report made again, later and elsewhere, has the bytes of the first: in every format, from the campaign's directory alone."""

import shutil

from campaign import SETTLED, Room, check, finish
from tensors import write_npy

FORMATS = {"table": "txt", "markdown": "md", "csv": "csv", "json": "json", "jsonl": "jsonl"}


def make_suite(room):
    """Everything that a report takes from elsewhere than the journal: labels, outputs, samples, requirements."""
    samples = 50
    write_npy(
        room.path / "data.npy",
        "<f4",
        (samples, 4),
        [value for i in range(samples) for value in (i % 3, 0.5, i, 1)],
    )
    write_npy(room.path / "labels.npy", "<i8", (samples,), [i % 3 for i in range(samples)])
    for name, share in (("good", 0), ("bad", 0.4)):
        room.script(
            f"{name}.json",
            run={"ns": 400_000},
            warmup=SETTLED,
            inputs=[{"name": "x", "shape": [1, 4]}],
            outputs=[{"name": "y", "shape": [1, 3]}],
            argmax_wrong_share=share,
            engine_memory={"weights_bytes": 1000},
            placement={"total": 1, "places": [{"name": "scripted", "processor": "cpu", "count": 1}]},
        )
    models = [
        {
            "name": "m",
            "variants": [{"name": n, "file": f"{n}.json"} for n in ("good", "bad")],
            "tasks": [{"name": "t", "data": "data.npy", "labels": "labels.npy"}],
        }
    ]
    room.write(
        "suite.json",
        {
            "models": models,
            "on": ["scripted/cpu"],
            "blocks": 2,
            "label": {"place": "here"},
            "block": {"min_time": "10 ms", "max_time": "50 ms", "min_inferences": 5},
            "require": ["accuracy_drop <= 5 %", "latency_p50_ns <= 1 s"],
        },
    )


def main():
    with Room() as room:
        room.quiet()
        make_suite(room)
        exports = [
            word for name, suffix in FORMATS.items() for word in ("--export", f"{name}=first.{suffix}")
        ]
        first = room.run("run", "suite.json", "--out", "campaign", *exports).expect(1)
        printed = {"table": first.out}
        exported = {name: (room.path / f"first.{suffix}").read_bytes() for name, suffix in FORMATS.items()}
        check(
            all(len(text) > 300 for text in exported.values()),
            "the exports hold something",
            {n: len(t) for n, t in exported.items()},
        )
        for name in FORMATS:
            printed.setdefault(name, None)

        def compare(label, campaign):
            for name, suffix in FORMATS.items():
                again = room.run(
                    "report", campaign, "--format", name, "--export", f"{name}=again.{suffix}"
                ).expect(1)
                check(
                    (room.path / f"again.{suffix}").read_bytes() == exported[name],
                    f"{label}: the {name} file differs from the first",
                )
                check(
                    again.out.encode() == exported[name],
                    f"{label}: the {name} on standard output differs from the first file",
                    again.out[-500:],
                    exported[name].decode()[-500:],
                )
                check(
                    printed[name] is None or again.out == printed[name],
                    f"{label}: the {name} differs from what run printed",
                )

        compare("in place", "campaign")
        # With a resume that has nothing to do in between.
        resumed = room.run("run", "--resume", "campaign").expect(1)
        check(resumed.out == first.out, "a resume that has nothing to do prints the same")
        compare("after a resume", "campaign")
        elsewhere = room.path / "else where" / "moved"
        elsewhere.parent.mkdir()
        (room.path / "campaign").rename(elsewhere)
        compare("moved", "else where/moved")
        for name in ("state", "cache", "config", "data"):
            shutil.rmtree(room.path / name, ignore_errors=True)
        for name in ("good.json", "bad.json", "data.npy", "labels.npy", "suite.json"):
            (room.path / name).unlink()
        room.environment.update(
            LC_ALL="de_DE.UTF-8", TZ="Asia/Kolkata", LANG="tr_TR.UTF-8", HOME="/nonexistent"
        )
        compare("models, data and XDG folders gone, another locale and time zone", "else where/moved")
        # Read-only, as from an archive: the directory is only read.
        for path in [*elsewhere.rglob("*"), elsewhere]:
            path.chmod(0o555 if path.is_dir() else 0o444)
        compare("read-only", "else where/moved")
        for path in [*elsewhere.rglob("*"), elsewhere]:
            path.chmod(0o755 if path.is_dir() else 0o644)
    finish("report_again")


main()
