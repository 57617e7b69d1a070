# SPDX-License-Identifier: Apache-2.0
"""A room for tests of the engine supply: own home, own engines.json, own store, and the real program."""
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile

PROGRAM = os.environ['ED_TEST_PROGRAM']


def user_store():
    return os.path.join(os.environ.get('XDG_DATA_HOME') or os.path.expanduser('~/.local/share'), 'edgedyno/engines')


def need_engines(*builds, target='linux-x86_64'):
    """Where builds (NAME@VERSION) lie. Ends the test where one is missing: failed after `./bootstrap test` fetched what
    tests/engines.txt names, else skipped."""
    places = {build: os.path.join(user_store(), build, target) for build in builds}
    missing = [build for build, place in places.items() if not os.path.isdir(place)]
    if missing:
        print('needs: edgedyno engines fetch --target %s %s' % (target, ' '.join(missing)))
        sys.exit(1 if os.environ.get('EDGEDYNO_TESTS_FETCHED') else 77)
    return places


def sha256(data):
    return hashlib.sha256(data).hexdigest()


class Room:
    def __init__(self):
        self.path = tempfile.mkdtemp(prefix='edgedyno-supply-')
        self.environment = {key: value for key, value in os.environ.items() if not key.startswith(('EDGEDYNO_', 'XDG_'))}
        for key, name in (('HOME', 'home'), ('XDG_CONFIG_HOME', 'config'), ('XDG_DATA_HOME', 'data'), ('XDG_STATE_HOME', 'state'),
                          ('XDG_CACHE_HOME', 'cache')):
            self.environment[key] = self.file(name)
            os.makedirs(self.file(name), exist_ok=True)
        self.store = self.file('data/edgedyno/engines')

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.path, ignore_errors=True)

    def file(self, name):
        return os.path.join(self.path, name)

    def write(self, name, data):
        os.makedirs(os.path.dirname(self.file(name)), exist_ok=True)
        with open(self.file(name), 'wb') as opened:
            opened.write(data if isinstance(data, bytes) else data.encode())
        return self.file(name)

    def engines(self, *engines):
        self.write('config/edgedyno/engines.json', json.dumps({'engines': engines}))

    def run(self, *words, **environment):
        done = subprocess.run([PROGRAM, *words], env={**self.environment, **environment}, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True, timeout=600)
        return done.returncode, done.stdout, done.stderr

    def stored(self):
        """What is in the store, without its lock."""
        return sorted(name for name in os.listdir(self.store) if name != '.lock') if os.path.isdir(self.store) else []


class Checks:
    def __init__(self):
        self.n, self.failures = 0, 0

    def __call__(self, ok, what, detail=''):
        self.n += 1
        self.failures += not ok
        print('%sok %d - %s%s' % ('' if ok else 'not ', self.n, what, '' if ok or not detail else ': %s' % (detail,)), flush=True)

    def end(self):
        sys.exit(1 if self.failures or not self.n else 0)
