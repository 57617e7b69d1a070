# SPDX-License-Identifier: Apache-2.0
"""Archives that mean harm, given to the program that takes files out of packages (devices/extract.py)."""
import gzip
import io
import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile

from supply import Checks

EXTRACT = os.path.join(os.environ['ED_SOURCE_DIR'], 'devices', 'extract.py')
check = Checks()


def tar(path, *members, mode='w:gz'):
    with tarfile.open(path, mode) as opened:
        for name, kind, content in members:
            info = tarfile.TarInfo(name)
            info.type = kind
            if kind == tarfile.REGTYPE:
                info.size = len(content)
                opened.addfile(info, io.BytesIO(content))
            else:
                info.linkname = content
                opened.addfile(info)


def main():
    with tempfile.TemporaryDirectory(prefix='edgedyno-extract-') as directory:
        os.mkdir(os.path.join(directory, 'out'))
        numbers = iter(range(1000))

        def place(name):
            return os.path.join(directory, name)

        def take(archive, member, size=4):
            target = place('out/%d' % next(numbers))
            done = subprocess.run([sys.executable, '-I', EXTRACT, archive, member, target, str(size)], stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, universal_newlines=True, timeout=300)
            whole = os.path.exists(target) and os.path.getsize(target) == size
            return done.returncode, done.stdout, whole

        def refused(what, archive, member, words, size=4):
            code, said, _ = take(archive, member, size)
            check(code in (3, 6) and words in said and 'Traceback' not in said, what, (code, said))

        regular, link, hard = tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE
        tar(place('good.tgz'), ('a/b', regular, b'good'), ('../../evil', regular, b'evil'), ('/evil', regular, b'evil'))
        code, said, whole = take(place('good.tgz'), 'a/b')
        check(code == 0 and whole, 'a regular file is taken, and nothing beside it', (code, said))
        check(sorted(os.listdir(directory)) == ['good.tgz', 'out'] and len(os.listdir(place('out'))) == 1, 'nothing else is written')
        refused('a member that is missing', place('good.tgz'), 'a/c', 'no member')
        refused('more than was stated', place('good.tgz'), 'a/b', 'larger than', 3)
        refused('less than was stated', place('good.tgz'), 'a/b', 'smaller than', 5)

        tar(place('links.tgz'), ('soft', link, '/etc/passwd'), ('hard', hard, 'soft'), ('pipe', tarfile.FIFOTYPE, ''),
            ('device', tarfile.CHRTYPE, ''))
        for name in ('soft', 'hard', 'pipe', 'device'):
            refused('tar: %s' % name, place('links.tgz'), name, 'not a regular file')
        tar(place('twice.tgz'), ('a', link, '/etc/passwd'), ('a', regular, b'good'))
        refused('tar: a link first, the file behind it', place('twice.tgz'), 'a', 'not a regular file')

        with zipfile.ZipFile(place('links.zip'), 'w') as opened:
            info = zipfile.ZipInfo('soft')
            info.external_attr = 0o120777 << 16
            opened.writestr(info, '/etc/passwd')
            opened.writestr('folder/', '')
            opened.writestr('bomb', b'\0' * (64 << 20), zipfile.ZIP_DEFLATED)
            opened.writestr('good', 'good')
        refused('zip: a link', place('links.zip'), 'soft', 'not a regular file')
        refused('zip: a directory', place('links.zip'), 'folder/', 'not a regular file')
        refused('zip: a member that unfolds to more than was stated', place('links.zip'), 'bomb', 'larger than')
        code, said, whole = take(place('links.zip'), 'good')
        check(code == 0 and whole, 'zip: the good one beside them', (code, said))

        for name in ('good.tgz', 'links.zip'):
            with open(place(name), 'rb') as opened:
                data = opened.read()
            for cut in (1, len(data) // 2, len(data) - 10):
                with open(place('cut'), 'wb') as target:
                    target.write(data[:cut])
                refused('%s cut to %d bytes' % (name, cut), place('cut'), 'good' if name == 'links.zip' else 'a/c', '')
        with open(place('empty'), 'wb'):
            pass
        refused('an empty archive', place('empty'), 'a', '')
        with open(place('noise'), 'wb') as target:
            target.write(b'\x1f\x8b' + os.urandom(4096))
        refused('noise', place('noise'), 'a', '')

        # 1.3 GiB of nothing in 6 MB, before the member that is wanted.
        with gzip.open(place('bomb.tgz'), 'wb', compresslevel=1) as target:
            info = tarfile.TarInfo('zeros')
            info.size = 1300 << 20
            target.write(info.tobuf())
            for _ in range(1300):
                target.write(bytes(1 << 20))
        refused('tar: one that unfolds without end', place('bomb.tgz'), 'a', 'unfolds to more')

        os.makedirs(place('tree/sub'))
        with open(place('tree/sub/file'), 'w', encoding='ascii') as target:
            target.write('good')
        os.mkfifo(place('tree/pipe'))
        code, said, whole = take(place('tree'), 'sub/file')
        check(code == 0 and whole, 'a directory: a file', (code, said))
        refused('a directory: a pipe', place('tree'), 'pipe', 'not a regular file')
        refused('a directory: a directory', place('tree'), 'sub', 'not a regular file')
        refused('a directory: nothing', place('tree'), 'none', 'no file')
    check.end()


main()
