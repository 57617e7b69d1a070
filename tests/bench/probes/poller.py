# SPDX-License-Identifier: Apache-2.0
"""What somebody would write to watch a device: reads each file at its own period and keeps the number, until it is ended.

    poller.py LIST    LIST: lines of a period in nanoseconds, a space and a path
"""

import sys
import time


def main():
    due = []
    for line in open(sys.argv[1]):
        period, path = line.rstrip("\n").split(" ", 1)
        due.append([time.monotonic_ns(), int(period), path])
    readings = []
    print("ready", flush=True)
    while True:
        for entry in due:
            now = time.monotonic_ns()
            if now < entry[0]:
                continue
            try:
                with open(entry[2]) as file:
                    readings.append((now, entry[2], file.read()))
            except OSError:
                pass
            entry[0] = max(entry[0] + entry[1], now)
        if len(readings) > 100_000:
            readings.clear()
        left = min(entry[0] for entry in due) - time.monotonic_ns()
        if left > 0:
            time.sleep(left * 1e-9)


main()
