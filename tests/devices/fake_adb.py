#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The two ends of adb that a real one cannot be made to play.

    fake_adb.py server MODE    an adb server on a loopback port of its own, which is printed. MODE says what it does with
                               a connection: devices (serves the list LISTED below, each serial with a fault of its own),
                               list FILE (devices-l is that file's text), restarted (a network device that adb still
                               calls connected, and shows as offline, until it is let go), close, stall, http, badlength,
                               cut, drip
    fake_adb.py phone PORT MODE    a phone's end on that port: auth (asks for a key for ever), mute (never answers)
"""
import socket
import struct
import sys
import threading
import time

LISTED = ["good", "old", "shell-endless", "shell-kind", "shell-exit", "shell-cut", "shell-noexit", "shell-stall",
          "shell-drip", "shell-refused", "gone", "noreason", "sync-word", "sync-piece", "sync-fail", "sync-cut",
          "sync-space", "sync-early", "sync-short", "sync-deaf", "sync-slow", "sync-refused", "sync-stat"]


def take(link, n):
    data = b""
    while len(data) < n:
        piece = link.recv(n - len(data))
        if not piece:
            raise EOFError
        data += piece
    return data


def framed(text):
    return b"%04x" % len(text) + text


def fail(link, text):
    link.sendall(b"FAIL" + framed(text))


def packet(kind, data):
    return struct.pack("<BI", kind, len(data)) + data


def hold(link):
    """Keeps the connection open without reading until the other side leaves."""
    link.settimeout(60)
    try:
        while link.recv(1, socket.MSG_PEEK):
            time.sleep(0.05)
    except OSError:
        pass


def shell(link, serial):
    if serial == "shell-endless":
        link.sendall(struct.pack("<BI", 1, 0xFFFFFFFF))
        while True:
            link.sendall(bytes(65536))
    elif serial == "shell-kind":
        link.sendall(packet(9, b"what is this"))
    elif serial == "shell-exit":
        link.sendall(packet(3, b"\0\0\0\0\0"))
    elif serial == "shell-cut":
        link.sendall(struct.pack("<BI", 1, 100) + b"only this")
    elif serial == "shell-noexit":
        link.sendall(packet(1, b"all of it"))
    elif serial == "shell-stall":
        link.sendall(b"\1\5\0")
        hold(link)
    elif serial == "shell-drip":
        for byte in packet(1, b"slow but ") + packet(2, b"error") + packet(1, b"") + packet(1, b"sure") + packet(3, b"\7"):
            link.sendall(bytes([byte]))
            time.sleep(0.002)
        hold(link)
    else:
        link.sendall(packet(1, b"fine") + packet(3, b"\0"))
        hold(link)


def stat(link, word, size, mode):
    if word == b"STA2":
        link.sendall(struct.pack("<4sIQQIIIIQQQQ", b"STA2", 0, 1, 2, mode, 1, 0, 0, size, 0, 0, 0))
    else:
        link.sendall(struct.pack("<4sIII", b"STAT", mode, size & 0xFFFFFFFF, 0))


def receive(link, serial):
    """A push: what it takes; returns the bytes of the file."""
    size = 0
    if serial == "sync-space":
        take(link, 200000)
        link.sendall(b"FAIL" + struct.pack("<I", 37) + b"write failed: No space left on device")
        while link.recv(1 << 20):
            pass
    if serial == "sync-early":
        link.sendall(b"OKAY\0\0\0\0")
    if serial == "sync-deaf":
        hold(link)
    while True:
        word, n = struct.unpack("<4sI", take(link, 8))
        if word == b"DONE":
            link.sendall(b"OKAY\0\0\0\0")
            return size
        if serial == "sync-slow":
            time.sleep(0.05)
        size += len(take(link, n))


def sync(link, serial):
    pushed, mode = 0, 0o100644
    while True:
        word, n = struct.unpack("<4sI", take(link, 8))
        path = take(link, n)
        if word == b"QUIT":
            return
        if word in (b"STAT", b"STA2"):
            if serial == "sync-stat":
                link.sendall(b"NOPE" + bytes(80))
                return
            if path == b"/d":
                stat(link, word, 0, 0o40700)
            else:
                stat(link, word, pushed - (1 if serial == "sync-short" else 0), mode)
        elif word == b"SEND":
            pushed = receive(link, serial)
        elif serial == "sync-word":
            link.sendall(b"WHAT" + bytes(100))
        elif serial == "sync-piece":
            link.sendall(b"DATA" + struct.pack("<I", 0x7FFFFFFF))
            while True:
                link.sendall(bytes(65536))
        elif serial == "sync-fail":
            link.sendall(b"FAIL" + struct.pack("<I", 0xFFFFFFF0))
            while True:
                link.sendall(b"x" * 65536)
        elif serial == "sync-cut":
            link.sendall(b"DATA" + struct.pack("<I", 1000) + b"abc")
            return
        else:
            link.sendall(b"DATA" + struct.pack("<I", 5) + b"hello" + b"DONE" + bytes(4))


NETWORK = {"state": b"offline"}


def network(link, request):
    """A device over the network that was restarted."""
    if request == "host:devices-l":
        listed = b"" if NETWORK["state"] is None else b"10.9.8.7:5555          %s transport_id:1\n" % NETWORK["state"]
        link.sendall(b"OKAY" + framed(listed))
    elif request == "host:disconnect:10.9.8.7:5555":
        NETWORK["state"] = None
        link.sendall(b"OKAY" + framed(b"disconnected 10.9.8.7:5555"))
    elif request == "host:connect:10.9.8.7:5555":
        word = b"already connected to " if NETWORK["state"] else b"connected to "
        NETWORK["state"] = NETWORK["state"] or b"device"
        link.sendall(b"OKAY" + framed(word + b"10.9.8.7:5555"))
    else:
        link.sendall(b"OKAY" + framed(b"shell_v2"))


def serve(link, mode, text):
    serial = ""
    if mode == "close":
        return
    if mode == "stall":
        hold(link)
        return
    while True:
        n = int(take(link, 4), 16)
        request = take(link, n).decode()
        if mode == "restarted":
            return network(link, request)
        if mode == "http":
            link.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            return
        if mode == "badlength":
            link.sendall(b"OKAY-001")
            return
        if mode == "cut":
            link.sendall(b"OKAY" + b"ffff" + b"half of it")
            return
        if mode == "drip":
            for byte in b"OKAY" + framed(b"slow    device model:Slow_Phone\n"):
                link.sendall(bytes([byte]))
                time.sleep(0.002)
            return
        if request == "host:devices-l":
            link.sendall(b"OKAY" + framed(text))
            return
        if request.startswith("host-serial:"):
            features = b"cmd,stat_v2" if ":old:" in request else b"cmd,shell_v2" if "short" in request else b"shell_v2,stat_v2"
            link.sendall(b"OKAY" + framed(features))
            return
        if request.startswith("host:transport:"):
            serial = request[15:]
            if serial == "gone":
                return fail(link, b"device 'gone' not found")
            if serial == "noreason":
                return fail(link, b"")
            link.sendall(b"OKAY")
        elif request.startswith("shell,v2,raw:"):
            if serial == "shell-refused":
                return fail(link, b"closed")
            link.sendall(b"OKAY")
            return shell(link, serial)
        elif request == "sync:":
            if serial == "sync-refused":
                return fail(link, b"device offline (transport)\x1b[31m\n")
            link.sendall(b"OKAY")
            return sync(link, serial)
        else:
            return fail(link, b"unknown host service")


def run_server(mode, argument):
    text = b"".join(b"%-22s device product:p model:Fake_%d device:d transport_id:%d\n" % (name.encode(), i, i)
                    for i, name in enumerate(LISTED))
    if mode == "list":
        with open(argument, "rb") as file:
            text = file.read()
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(16)
    print(listener.getsockname()[1], flush=True)

    def guarded(link):
        with link:
            try:
                serve(link, mode, text)
            except (EOFError, OSError):
                pass

    while True:
        link, _ = listener.accept()
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=guarded, args=(link,), daemon=True).start()


def message(word, first, second, data=b""):
    number = struct.unpack("<I", word)[0]
    return struct.pack("<6I", number, first, second, len(data), sum(data), number ^ 0xFFFFFFFF) + data


def run_phone(port, mode):
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(4)
    print(port, flush=True)

    def phone(link):
        try:
            while True:
                head = take(link, 24)
                take(link, struct.unpack("<6I", head)[3])
                # A signature (2) is refused by a new token; a key (3) waits for a person.
                if mode == "auth" and struct.unpack("<6I", head)[1] != 3:
                    link.sendall(message(b"AUTH", 1, 0, b"T" * 20))
        except (EOFError, OSError):
            pass

    while True:
        threading.Thread(target=phone, args=(listener.accept()[0],), daemon=True).start()


if __name__ == "__main__":
    if sys.argv[1] == "server":
        run_server(sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else "")
    else:
        run_phone(int(sys.argv[2]), sys.argv[3])
