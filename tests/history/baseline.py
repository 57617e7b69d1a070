# SPDX-License-Identifier: Apache-2.0
"""Kept baselines through the real program: files and an engine, what happens to them, and a gate that uses them."""

import hashlib
import json
import os
import pathlib
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "campaign"))
from campaign import SETTLED, TARGET, Room, check, finish  # noqa: E402


def kept(room):
    listed = room.run("baseline", "list", "--format", "json").expect(0).json()["baselines"]
    return {item["name"]: item for item in listed}


def sets(room):
    return sorted(p.name for p in (room.path / "data/edgedyno/baselines/sets").iterdir())


def files(room):
    check(room.run("baseline").expect(0).out.startswith("NAME"), "nothing is kept yet, and that is fine")
    model = room.script("m.json", run={"ns": 400_000}, warmup=SETTLED)
    weights = room.write("m <script>.bin", "weights")
    room.run("baseline", "set", "v1", "m.json").expect(0, "v1 is kept")
    room.run("baseline", "set", "both", "m.json", "m <script>.bin").expect(0)
    room.run("baseline", "set", "again", "m.json").expect(0)
    item = kept(room)["v1"]
    check(item["files"][0]["sha256"] == hashlib.sha256(model.read_bytes()).hexdigest(), "the digest is the file's", item)
    check(len(sets(room)) == 2, "the same file is kept once", sets(room))
    copy = pathlib.Path(item["files"][0]["path"])
    check(copy.read_bytes() == model.read_bytes() and copy.stat().st_ino != model.stat().st_ino, "it is a copy")
    check(copy.stat().st_mode & 0o777 == 0o400, "that is not to be written", oct(copy.stat().st_mode))
    table = room.run("baseline", env={**room.environment, "COLUMNS": "80"}).expect(0).out
    check(all(len(line) <= 80 for line in table.splitlines()), "the table has 80 columns", table)

    room.run("baseline", "remove", "v1").expect(0)
    check(copy.exists(), "what another name has stays")
    room.run("baseline", "remove", "again").expect(0)
    check(not copy.exists() and len(sets(room)) == 1, "and goes with the last name", sets(room))
    room.script("m.json", run={"ns": 500_000}, warmup=SETTLED)
    room.run("baseline", "set", "both", "m.json").expect(0, "in place of")
    check(len(sets(room)) == 1 and len(kept(room)["both"]["files"]) == 1, "a name set again has the new files alone")
    check(weights.exists() and model.exists(), "the models themselves are untouched")

    room.run("baseline", "set", "../x", "m.json").expect(2, "is no name")
    room.run("baseline", "set", "x", "none.json").expect(2, "none.json")
    room.run("baseline", "set", "x").expect(2, "a name and a model's files")
    room.run("baseline", "remove", "bot").expect(2, "did you mean both")
    room.run("baseline", "sett", "x", "m.json").expect(2, "did you mean `edgedyno baseline set`")
    room.run("baseline", "set", "x", "on=null").expect(2, "built in")
    room.run("baseline", "set", "x", "on=nul").expect(2, "null")
    check(list(kept(room)) == ["both"], "what was refused is not there", kept(room))

    # Many at once: each name whole, each file once.
    processes = [room.start("baseline", "set", f"n{i % 4}", "m.json") for i in range(12)]
    for process in processes:
        room.end(process, ("baseline", "set")).expect(0)
    check(len(kept(room)) == 5 and len(sets(room)) == 1, "twelve at once", kept(room), sets(room))


def gate(room):
    """A gate takes the name, refuses what was changed, and says what it takes."""
    room.script("old.json", run={"ns": 400_000}, warmup=SETTLED)
    room.script("new.json", run={"ns": 400_000, "note": 1}, warmup=SETTLED)
    room.run("baseline", "set", "released", "old.json").expect(0)
    words = ("gate", "--baseline", "released", "--candidate", "new.json", "--on", "scripted/cpu", "--dry-run")
    os.rename(room.path / "old.json", room.path / "moved.json")
    ended = room.run(*words)
    check(ended.code == 0 and "baseline" in ended.out + ended.err, "a gate finds the kept file", ended.out, ended.err)
    room.run("gate", "--baseline", "releasd", "--candidate", "new.json", "--on", "scripted/cpu", "--dry-run").expect(2, "releasd")
    path = pathlib.Path(kept(room)["released"]["files"][0]["path"])
    path.chmod(0o600)
    path.write_text(path.read_text() + " ")
    room.run(*words).expect(4, "not what was kept", "released")
    path.unlink()
    room.run(*words).expect(4, "is not there")
    # A record that points elsewhere is refused, and removing it removes nothing but itself.
    victim = room.write("victim/file", "precious")
    record = room.path / "data/edgedyno/baselines/names/released.json"
    honest = json.loads(record.read_text())
    for key, value in (("set", "../../../../victim"), ("set", "a" * 63), ("files", [{**honest["files"][0], "name": "../../x"}]),
                       ("files", [{**honest["files"][0], "name": "/etc/passwd"}]), ("format", 2), ("files", [])):  # fmt: skip
        record.write_text(json.dumps({**honest, key: value}))
        ended = room.run(*words)
        check(ended.code in (2, 4), f"a doctored {key} is refused", ended.err)
    record.write_text(json.dumps({**honest, "set": "../../../../victim"}))
    room.run("baseline", "remove", "released").expect(0)
    check(victim.exists(), "nothing outside was removed")


def engine(room):
    """A build of the user's own: a folder of files that may change under its name."""
    store = pathlib.Path(os.environ.get("XDG_DATA_HOME", pathlib.Path.home() / ".local/share")) / "edgedyno/engines"
    found = sorted(store.glob(f"onnxruntime@1.27.0/{TARGET}/libonnxruntime.so*"))
    if not found:
        print("SKIP of the engine's part: onnxruntime@1.27.0 is not here (./bootstrap test fetches it)")
        return
    own = room.path / "data/edgedyno/engines/onnxruntime@1.27.0" / found[0].parent.name
    own.parent.mkdir(parents=True)
    shutil.copytree(found[0].parent, own)
    room.run("baseline", "set", "ort", "on=onnxruntime@1.27.0/cpu").expect(0)
    item = kept(room)["ort"]
    check(item["on"] == "onnxruntime@1.27.0/cpu" and len(item["files"]) >= 1, "an engine is kept", item)
    example = pathlib.Path(os.environ["ED_SOURCE_DIR"]) / "examples/digits/models/digits-fp32.onnx"
    words = ("gate", example, "--baseline", "ort", "--candidate", "on=onnxruntime@1.27.0/cpu", "--dry-run")
    room.run(*words).expect(0)
    library = own / found[0].name
    with open(library, "r+b") as file:
        file.seek(-1, os.SEEK_END)
        last = file.read(1)
        file.seek(-1, os.SEEK_END)
        file.write(bytes([last[0] ^ 1]))
    ended = room.run(*words)
    check(ended.code == 4 and "ort" in ended.err and "kept files lie in" in ended.err, "another build of that name is refused", ended.err)


def main():
    with Room() as room:
        files(room)
        gate(room)
        engine(room)
    finish("baseline")


if __name__ == "__main__":
    main()
