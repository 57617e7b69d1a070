# SPDX-License-Identifier: Apache-2.0
# Takes named members out of an archive (zip, tar, Debian package) or files out of a directory: ARCHIVE [MEMBER PATH BYTES]...
# Part of the controller, which runs it with `python3 -I -c`. Only regular files, only those asked for, never more bytes than stated.
# Exit status: 3 the archive is not what it should be, 5 input or output, 6 damaged, 28 no space.
import bz2, errno, gzip, lzma, os, resource, stat, subprocess, sys, tarfile, zipfile, zlib

READ_MAX, READ_MAX_RATIO = 1 << 30, 20  # what an archive may unfold to: this, and so many times its own size
MEMORY_MAX = 4 << 30


def stop(code, words):
    print(words, file=sys.stderr)
    sys.exit(code)


class Counted:
    """A stream that ends the program when an archive unfolds to more than any engine has."""

    def __init__(self, stream, archive):
        self.stream, self.left = stream, READ_MAX + READ_MAX_RATIO * os.path.getsize(archive)

    def read(self, size=-1):
        piece = self.stream.read(size)
        self.left -= len(piece)
        if self.left < 0:
            stop(3, 'the archive unfolds to more than any engine has')
        return piece


def copy(source, member, path, size):
    left = size
    with open(path, 'xb') as target:
        while True:
            piece = source.read(1 << 20)
            if not piece:
                break
            left -= len(piece)
            if left < 0:
                stop(3, '%s is larger than %d bytes' % (member, size))
            target.write(piece)
    if left:
        stop(3, '%s is smaller than %d bytes' % (member, size))


def from_zip(archive, wanted):
    with zipfile.ZipFile(archive) as opened:
        for member, (path, size) in wanted.items():
            info = opened.NameToInfo.get(member)
            if info is None:
                stop(3, 'the archive has no member ' + member)
            if info.is_dir() or stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG):
                stop(3, member + ' is not a regular file')
            with opened.open(info) as source:
                copy(source, member, path, size)


def from_tar(stream, archive, wanted):
    left = dict(wanted)
    with tarfile.open(fileobj=Counted(stream, archive), mode='r|') as opened:
        for info in opened:
            name = info.name[2:] if info.name.startswith('./') else info.name
            if name not in left:
                continue
            if not info.isreg():
                stop(3, name + ' is not a regular file')
            path, size = left.pop(name)
            copy(opened.extractfile(info), name, path, size)
            if not left:
                return
    stop(3, 'the archive has no member ' + next(iter(left)))


def from_directory(directory, wanted):
    for member, (path, size) in wanted.items():
        try:
            number = os.open(os.path.join(directory, member), os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            stop(3, 'there is no file %s in %s' % (member, directory))
        if not stat.S_ISREG(os.fstat(number).st_mode):
            stop(3, member + ' is not a regular file')
        with open(number, 'rb') as source:
            copy(source, member, path, size)


def main():
    archive, rest = sys.argv[1], sys.argv[2:]
    wanted = {member: (path, int(size)) for member, path, size in zip(rest[0::3], rest[1::3], rest[2::3])}
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MAX, MEMORY_MAX))
    if os.path.isdir(archive):
        return from_directory(archive, wanted)
    with open(archive, 'rb') as opened:
        head = opened.read(8)
    if head.startswith(b'PK'):
        return from_zip(archive, wanted)
    if head.startswith(b'!<arch>'):
        with subprocess.Popen(['dpkg-deb', '--fsys-tarfile', archive], stdout=subprocess.PIPE) as unpacked:
            from_tar(unpacked.stdout, archive, wanted)
            unpacked.kill()
        return None
    kinds = ((b'\x1f\x8b', gzip.open), (b'\xfd7zXZ', lzma.open), (b'BZh', bz2.open), (b'', open))
    with next(kind for magic, kind in kinds if head.startswith(magic))(archive, 'rb') as stream:
        return from_tar(stream, archive, wanted)


try:
    main()
except gzip.BadGzipFile as e:
    stop(6, 'the archive is damaged: %s' % e)
except OSError as e:
    stop(28 if e.errno in (errno.ENOSPC, errno.EDQUOT) else 5, str(e))
except (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, NotImplementedError, RuntimeError,
        ValueError, MemoryError) as e:
    stop(6, 'the archive is damaged: %s' % (e or type(e).__name__))
