# SPDX-License-Identifier: Apache-2.0
"""The table of builds in docs/engines.md against engines.json: a row for every build and target, with the C library and the size
that are true; and that engines.json states every archive's size. The C libraries of engines.json themselves are held against the files at every fetch (devices/engine_abi.c), and of
the packs by pack_files.py."""
import json
import os
import re

from supply import Checks

SOURCE = os.environ['ED_SOURCE_DIR']
TRIED = ('CI', 'by hand', 'fetched', 'needs hardware', 'long')
check = Checks()


def table():
    """(build, target) -> (C library, MB, how it was tried); an empty first cell is the one above."""
    with open(os.path.join(SOURCE, 'docs/engines.md'), encoding='utf-8') as file:
        part = file.read().partition('\n## Builds\n')[2].partition('\n## ')[0]
    rows, build = {}, ''
    for line in part.splitlines():
        cells = [cell.strip() for cell in line.strip('|').split('|')]
        if not line.startswith('| ') or len(cells) != 6 or cells[0] == 'build':
            continue
        build = cells[0].strip('`') or build
        check((build, cells[1]) not in rows, 'one row for %s on %s' % (build, cells[1]))
        rows[build, cells[1]] = cells[3:]
    return rows


def main():
    rows = table()
    with open(os.path.join(SOURCE, 'engines.json'), encoding='utf-8') as file:
        engines = json.load(file)['engines']
    for engine in engines:
        for build in engine['builds']:
            what = (engine['name'] + '@' + engine['version'], build['target'])
            libc, size, tried = rows.pop(what, (None, None, None))
            for package in build.get('packages', [build]):
                if 'archive_sha256' in package:
                    check(package.get('archive_bytes', 0) > 0, '%s on %s: the size of its archive' % what, package['package'])
            files = build.get('files') or [file for package in build.get('packages', ()) for file in package['files']]
            megabytes = sum(file['bytes'] for file in files) / 1e6
            check(libc == build.get('libc', 'bionic'), '%s on %s: its C library' % what, (libc, build.get('libc')))
            if files:
                check(size and re.fullmatch(r'\d+ MB', size) and abs(int(size[:-3]) - megabytes) <= 1, '%s on %s: its size' % what,
                      (size, megabytes))
            check(tried and tried.startswith(TRIED), '%s on %s: how it was tried' % what, tried)
            if what[1].startswith('android-'):
                check(tried == 'needs hardware' and build['note'].startswith(tried), '%s on %s needs hardware' % what, tried)
    check(not rows, 'no row without a build', rows)
    check.end()


main()
