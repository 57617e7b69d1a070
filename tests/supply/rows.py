# SPDX-License-Identifier: Apache-2.0
"""Every build of the program's engines.json, fetched from where it comes: each library is for its target, asks for no newer C library
than is stated, and finds what it needs beside it or on the device; those for this machine can be loaded. Arguments: builds to look at,
as NAME@VERSION; none: all, about 1.2 GB. What was fetched for nothing but this is removed again."""
import json
import os
import re
import subprocess
import sys

from supply import Checks, Room

MACHINES = {'linux-x86_64': ('ELF64', 'X86-64'), 'linux-aarch64': ('ELF64', 'AArch64'), 'linux-armv7': ('ELF32', 'ARM'),
            'android-aarch64': ('ELF64', 'AArch64'), 'android-armv7': ('ELF32', 'ARM')}
# What Android's NDK lets apps link to ("Native APIs").
NDK = set('aaudio amidi android binder_ndk c camera2ndk dl EGL GLESv1_CM GLESv2 GLESv3 icu jnigraphics log m mediandk nativehelper '
          'nativewindow neuralnetworks OpenMAXAL OpenSLES stdc++ sync vulkan z'.split())
SYSTEM = re.compile(r'^(ld-linux.*|lib(c|m|dl|rt|pthread|stdc\+\+|gcc_s|atomic|log|android|z))\.so(\.[0-9]+)?$')
# Drivers, which are there or not; what an app brings (libfbjni); what halves for a DSP find there (libc++).
DEVICE = re.compile(r'^lib(OpenCL|vulkan|cdsprpc|fbjni|openvino.*|c\+\+|c\+\+abi)\.so(\..*)?$')
check = Checks()


def readelf(path):
    done = subprocess.run(['readelf', '-W', '-h', '-l', '-d', '-V', path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          universal_newlines=True)
    return done.stdout if done.returncode == 0 and 'Class:' in done.stdout else None


def version(text):
    return tuple(int(part) for part in text.split('.'))


def look(build, place):
    target, floor, missing, wrong, n = build['target'], '2.0', set(), [], 0
    needs, align = set(), 1 << 20
    names = set(os.listdir(place))
    for name in sorted(names):
        text = readelf(os.path.join(place, name))
        if not text:
            continue
        if 'QUALCOMM DSP6' in text:
            continue
        n += 1
        if not all(word in text for word in MACHINES[target]):
            wrong.append(name)
        floor = max([floor] + re.findall(r'Name: GLIBC_(2\.\d+)', text), key=version)
        needs |= set(re.findall(r'\(NEEDED\).*\[(.*)\]', text))
        align = min([align] + [int(a, 16) for a in re.findall(r'^ +LOAD .* (0x[0-9a-f]+)$', text, re.M)])
        missing |= {needed for needed in re.findall(r'\(NEEDED\).*\[(.*)\]', text)
                    if needed not in names and not SYSTEM.match(needed) and not DEVICE.match(needed)}
        if target.startswith('android') and 'libc.so]' not in text:
            wrong.append(name + ' is not for Android')
    what = '%s for %s' % (build['id'], target)
    check(n and not wrong, what + ': every library is for it', wrong)
    check(not missing, what + ': finds what it needs', missing)
    if target.startswith('android'):
        app = [need for need in needs if need not in names and need not in ('libfbjni.so', 'libc++_shared.so')
               and re.sub(r'^lib(.*)\.so$', r'\1', need) not in NDK]
        check(not app, what + ': needs nothing of a phone that is not for apps', app)
        check(('pages of 4 KiB' in build['note']) == (align < 16384 and target == 'android-aarch64'), what + ': the note says which pages', align)
    else:
        check(floor == build['libc'], what + ': needs glibc %s' % build['libc'], floor)


def main():
    named = sys.argv[1:]
    with open(os.path.join(os.environ['ED_SOURCE_DIR'], 'engines.json'), encoding='utf-8') as file:
        rows = json.load(file)['engines']
    with Room() as room:
        for engine in rows:
            name = engine['name'] + '@' + engine['version']
            if named and name not in named:
                continue
            for build in engine['builds']:
                build['id'] = name
                if build.get('client') == 'source':
                    code, _, err = room.run('engines', 'fetch', name, '--target', build['target'])
                    check(code == 2 and build['package'] in err and 'engines add' in err, name + ': says what makes it', err)
                    continue
                code, _, err = room.run('engines', 'fetch', name, '--target', build['target'])
                check(code == 0, 'fetched %s for %s' % (name, build['target']), err)
                place = os.path.join(room.store, name, build['target'])
                if code:
                    continue
                look(build, place)
                files = build.get('files') or [file for package in build['packages'] for file in package['files']]
                library = [file['name'] for file in files if file.get('library')][0]
                if build['target'] == 'linux-' + os.uname().machine:
                    done = subprocess.run([sys.executable, '-I', '-c', 'import ctypes, sys; ctypes.CDLL(sys.argv[1])',
                                           os.path.join(place, library)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                          universal_newlines=True)
                    check(done.returncode == 0, name + ' can be loaded here', done.stdout)
    check.end()


main()
