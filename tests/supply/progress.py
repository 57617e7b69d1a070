# SPDX-License-Identifier: Apache-2.0
"""What `engines fetch` shows while pip downloads from an index of this test, which holds an archive back in the middle: share, bytes and
time left on a terminal, plain lines elsewhere, nothing with -q; Ctrl-C ends the client and leaves nothing."""
import fcntl
import hashlib
import http.server
import io
import os
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
import zipfile

from supply import PROGRAM, Checks, Room, sha256

TARGET = 'linux-aarch64'
PATIENCE_S = 120
check = Checks()


class Index(http.server.ThreadingHTTPServer):
    """A package index with one wheel a package, and whoever wants one gets its first half until `go` is set."""

    daemon_threads = True

    def __init__(self, wheels):
        super().__init__(('127.0.0.1', 0), Handler)
        self.wheels, self.go, self.gone = wheels, threading.Event(), threading.Event()
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        name = self.path.strip('/').split('/')[-1]
        if name.endswith('.whl'):
            return self.wheel(self.server.wheels[name.split('-')[0]])
        text = b'<a href="/%s-1-py3-none-any.whl">%s-1-py3-none-any.whl</a>' % (name.encode(), name.encode())
        self.send_response(200)
        self.send_header('Content-Type', 'text/html')
        self.send_header('Content-Length', str(len(text)))
        self.end_headers()
        self.wfile.write(text)
        return None

    def wheel(self, data):
        self.send_response(200)
        self.send_header('Content-Length', str(len(data)))
        self.end_headers()
        self.wfile.write(data[: len(data) // 2])
        while not self.server.go.wait(0.05):
            # What can be read here is the end: nobody asks for more.
            if select.select([self.connection], [], [], 0)[0]:
                self.server.gone.set()
                return
        self.wfile.write(data[len(data) // 2:])


def wheel(name, data):
    out = io.BytesIO()
    with zipfile.ZipFile(out, 'w') as archive:
        archive.writestr('libzz.so', data)
        archive.writestr(name + '-1.dist-info/METADATA', 'Metadata-Version: 2.1\nName: %s\nVersion: 1\n' % name)
        archive.writestr(name + '-1.dist-info/WHEEL', 'Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n')
        archive.writestr(name + '-1.dist-info/RECORD', '')
    return out.getvalue()


def engine(name, archive, data, **changes):
    build = {'target': TARGET, 'client': 'pip', 'package': name + '==1', 'python': '3.11', 'platforms': ['any'],
             'archive_sha256': sha256(archive), 'archive_bytes': len(archive),
             'files': [{'member': 'libzz.so', 'name': 'libzz.so', 'sha256': sha256(data), 'bytes': len(data), 'library': True}]}
    return {'name': name, 'version': '1', 'licence': 'MIT', 'builds': [{**build, **changes}]}


def fetch(room, index, words, seen, then, terminal=True):
    """Runs it; calls `then` with the process once what it said matches `seen`. (exit status, all that it said)."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack('4H', 24, 80, 0, 0))
    environment = {**room.environment, 'TERM': 'xterm' if terminal else 'dumb', 'PIP_INDEX_URL': 'http://127.0.0.1:%d/simple' % index.server_port,
                   'PIP_CONFIG_FILE': os.devnull, 'no_proxy': '*'}
    for name in ('http_proxy', 'https_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'all_proxy', 'PIP_PROXY'):
        environment.pop(name, None)
    process = subprocess.Popen([PROGRAM, 'engines', 'fetch', '--target', TARGET, *words], env=environment, stdin=subprocess.DEVNULL,
                               stdout=theirs, stderr=theirs)
    os.close(theirs)
    said, called, end = '', False, time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        try:
            piece = os.read(ours, 4096) if select.select([ours], [], [], 0.05)[0] else b''
        except OSError:  # the other end is closed
            break
        said += piece.decode(errors='replace')
        if not called and re.search(seen, said):
            called = True
            then(process)
    if process.poll() is None and time.monotonic() >= end:
        process.kill()
    os.close(ours)
    check(called, 'what was waited for came: ' + seen, said[-2000:])
    return process.wait(), said


def main():
    data = {name: hashlib.shake_256(name.encode()).digest(4 << 20) for name in ('zz', 'yy')}
    wheels = {name: wheel(name, content) for name, content in data.items()}
    index = Index(wheels)
    with Room() as room:
        room.engines(engine('zz', wheels['zz'], data['zz']), engine('yy', wheels['yy'], data['yy'], archive_bytes=len(wheels['yy']) + 1))
        store = room.file('data/edgedyno/engines')
        # On a terminal, stopped in the middle.
        half = r'zz@1 +(4\d|50) %  downloading, (1|2)\.\d+ MiB of 4\.\d+ MiB'
        code, said = fetch(room, index, ['zz'], half, lambda process: process.send_signal(signal.SIGINT))
        check(code == 130 and 'stopped' in said, 'Ctrl-C ends it', (code, said))
        check(index.gone.wait(PATIENCE_S), 'and its package client')
        check(not [name for name in os.listdir(store) if name != '.lock'], 'and nothing of it is left', os.listdir(store))
        # Elsewhere: what is brought and how large it is, a line each.
        code, said = fetch(room, index, ['zz'], r'downloading zz==1, 4\.\d+ MiB, from PyPI', lambda _: index.go.set(), terminal=False)
        check(code == 0 and '\x1b' not in said and '\r' not in said.replace('\r\n', ''), 'plain lines where there is no terminal', (code, said))
        check('is present now in' in said, 'it is there', said)
        shutil.rmtree(os.path.join(store, 'zz@1'))
        # Two, with the sum of both; one of them is not what was stated.
        index.go.clear()
        code, said = fetch(room, index, ['zz', 'yy'], r'all +2\d %  (1|2)\.\d+ MiB of 8\.\d+ MiB[^\n]*\n *zz@1 +(4\d|50) %',
                           lambda _: index.go.set())
        check(code == 4 and 'it has %d bytes, but engines.json says %d for yy@1' % (len(wheels['yy']), len(wheels['yy']) + 1) in
              said.replace('\r\n', ''), 'an archive of another size is refused', (code, said))
        check(re.search(r'all +-  not all of them', said), 'the sum says so', said[-800:])
        check(re.search(r'yy@1 +-  not fetched', said) and re.search(r'zz@1 +100 %  (\x1b\[32m)?done', said), 'each line says how it ended', said[-800:])
        check(os.path.isfile(os.path.join(store, 'zz@1', TARGET, 'libzz.so')) and not os.path.exists(os.path.join(store, 'yy@1')),
              'the other one is there', os.listdir(store))
        shutil.rmtree(os.path.join(store, 'zz@1'))
        code, said = fetch(room, index, ['-q', 'zz'], '', lambda _: None)
        check(code == 0 and not said, 'nothing with -q', (code, said))
    check.end()


if not shutil.which('python3') or subprocess.run(['python3', '-m', 'pip', '--version'], stdout=subprocess.DEVNULL,
                                                stderr=subprocess.DEVNULL).returncode:
    print('no pip here')
    sys.exit(77)
main()
