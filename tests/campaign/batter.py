# SPDX-License-Identifier: Apache-2.0
"""A finished campaign of any test, damaged in many ways: every report of it ends by a documented status, with figures that can be, and never
with the words that the whole one does not have. ED_TEST_BATTER: how many ways."""

import json
import os
import shutil

from campaign import DOCUMENTED_CODES, check, seeded
from odd import edited, edited_lines, flipped, nonsense, sealed

N = int(os.environ.get("ED_TEST_BATTER", "25"))
# A page has figures, which take seconds: in the long runs alone.
FORMATS = ("json", "json", "json", "table", "junit", "csv", "markdown", *(("html",) if N > 25 else ()))
FILE_MAX_BYTES = 16 << 20


def damage(chance, path, data):
    """The file's new content, what was done, and whether it is a campaign.json that is sealed anew."""
    if path.name == "campaign.json":
        document, done = edited(chance, json.loads(data))
        anew = chance.random() < 0.5
        return (sealed(document) if anew else json.dumps(document)).encode(), done, anew
    if path.name == "journal.jsonl":
        return *edited_lines(chance, data), False
    if path.suffix == ".json":
        document, done = edited(chance, json.loads(data))
        return json.dumps(document).encode(), done, False
    how = chance.randrange(4)
    if how == 0:
        return data[: chance.randrange(len(data) + 1)], "cut", False
    if how == 1:
        return data + bytes(chance.randrange(256) for _ in range(chance.choice((1, 8, 800)))), "longer", False
    return flipped(chance, data), "flipped", False


def batter(room, name, never=(), judged=False, n=N):
    """`never`: statuses that no damage may lead to, but for a plan that was sealed anew. `judged`: a change of the plan is refused."""
    source = room.path / name
    chance = seeded(f"batter {source.name}")
    battered = source.with_name(f"{source.name}.battered")
    shutil.copytree(source, battered)
    files = sorted(p for p in battered.rglob("*") if p.is_file() and not p.is_symlink() and p.stat().st_size <= FILE_MAX_BYTES)
    first = [p for p in files if p.name == "campaign.json"] * 3 + [p for p in files if p.name == "journal.jsonl"] * 5
    codes = {}
    for number in range(n):
        path = chance.choice(first if chance.random() < 0.7 else files)
        data = path.read_bytes()
        content, done, anew = damage(chance, path, data)
        path.write_bytes(content)
        form = chance.choice(FORMATS)
        ended = room.run("report", battered, "--format", form, patience_s=300)
        what = f"{name} {number}: {path.relative_to(battered)} {done} {'sealed ' * anew}{form}"
        check(ended.code in DOCUMENTED_CODES - {130}, f"{what}: status {ended.code}", ended.err)
        check(anew or ended.code not in never, f"{what}: status {ended.code}", ended.err, ended.out[:2000])
        if path.name == "campaign.json" and judged and not anew:
            check(ended.code in (2, 4), f"{what}: another plan than that of the campaign", ended.code, ended.err)
        if form == "json" and ended.out:
            for record in ended.json()["records"]:
                wrong = nonsense(record)
                check(not wrong, f"{what}: {wrong}")
        codes[ended.code] = codes.get(ended.code, 0) + 1
        path.write_bytes(data)
    print(f"{name}: {n} times damaged; statuses: {dict(sorted(codes.items()))}")
    check(n < 20 or len(codes) > 1, f"{name}: some damage was noticed", codes)
    shutil.rmtree(battered)
