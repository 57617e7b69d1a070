# SPDX-License-Identifier: Apache-2.0
"""A PostgreSQL server of a test's own: in a temporary directory, on a Unix socket alone, gone with the test."""

import contextlib
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import tempfile
import urllib.parse

from campaign import wait_for

PASSWORD = "for-this-test-alone"


def programs():
    """The folder with initdb and postgres of the newest version, or None."""
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: float(p.parts[-3]))
    return found[-1].parent if found else None


def account():
    """PostgreSQL does not run as root: (uid, gid) of who does, or None where this is nobody special."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return entry.pw_uid, entry.pw_gid
    return None


class Server:
    def __init__(self, folder):
        self.folder = folder
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="edgedyno-pg-"))
        self.who = account()
        self.as_who = {"user": self.who[0], "group": self.who[1], "extra_groups": []} if self.who else {}
        self.process = None

    def __enter__(self):
        (self.path / "password").write_text(PASSWORD)
        if self.who:
            for path in (self.path, self.path / "password"):
                os.chown(path, *self.who)
        environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": str(self.path)}
        subprocess.run(
            [self.folder / "initdb", "-D", self.path / "data", "-U", "tester", "-A", "scram-sha-256", "-E", "UTF8",
             "--no-sync", f"--pwfile={self.path}/password"],
            check=True, stdout=subprocess.DEVNULL, cwd=self.path, env=environment, **self.as_who,
        )  # fmt: skip
        self.log = open(self.path / "log", "wb")
        self.process = subprocess.Popen(
            [self.folder / "postgres", "-D", self.path / "data", "-k", self.path, "-c", "listen_addresses=",
             "-c", "fsync=off", "-c", "shared_buffers=16MB"],
            stdout=self.log, stderr=self.log, cwd=self.path, env=environment, **self.as_who,
        )  # fmt: skip
        wait_for(self.answers, "an answer of PostgreSQL")
        self.sql("CREATE DATABASE bench", "postgres")
        return self

    def __exit__(self, *unused):
        if self.process:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.log.close()
        shutil.rmtree(self.path, ignore_errors=True)

    def answers(self):
        if self.process.poll() is not None:
            raise AssertionError("PostgreSQL has ended: " + (self.path / "log").read_text()[-2000:])
        return self.sql("SELECT 1", "postgres", check=False).returncode == 0

    def address(self, database="bench", user="tester"):
        return f"postgresql://{user}@/{database}?host={urllib.parse.quote(str(self.path), safe='')}"

    def sql(self, text, database="bench", check=True):
        return subprocess.run(
            [self.folder / "psql", "-XAtq", "-v", "ON_ERROR_STOP=1", self.address(database), "-c", text],
            capture_output=True, text=True, check=check, env={**os.environ, "PGPASSWORD": PASSWORD},
        )  # fmt: skip
