# SPDX-License-Identifier: Apache-2.0
"""Each package client brings a real, small package; a digest that differs is refused; a second fetch needs no client."""
import os
import re
import shutil
import subprocess
import sys

from supply import Checks, Room, sha256

TARGET = 'linux-aarch64'
PACKAGES = {
    'pip': {'package': 'six==1.16.0', 'python': '3.11', 'platforms': ['manylinux_2_28_aarch64'],
            'archive_sha256': '8abb2f1d86890a2dfb989f9a77cfcfd3e47c2a354b01111771326f8aa26e0254',
            'files': [('six.py', '4ce39f422ee71467ccac8bed76beb05f8c321c7f0ceda9279ae2dfa3670106b3', 34549)]},
    'npm': {'package': 'is-number@7.0.0',
            'archive_sha256': '7b75c1057198cf97696909a9bee176c9c5e9bcb5b03bf3ecef2f484defadd51e',
            'files': [('package/index.js', '04255e482e181687823a95b207802ddd32e746c65dce4c95a5176fc192735960', 411)]},
    'maven': {'package': 'org.hamcrest:hamcrest-core:1.3',
              'archive_sha256': '66fdef91e9739348df7a096aa384a5685f4e875584cce89386a7a47251c4d8e9',
              'files': [('LICENSE.txt', '1cde867cab5c8e842929da5391cef98b4017314822270e934e8e2eef3767c666', 1509)]},
}
PROGRAMS = {'pip': 'python3', 'npm': 'npm', 'maven': 'mvn', 'apt': 'apt-get'}


def engine(client, **changes):
    package = {**PACKAGES[client], **changes}
    files = [{'member': member, 'name': os.path.basename(member), 'sha256': digest, 'bytes': size, 'library': i == 0}
             for i, (member, digest, size) in enumerate(package.pop('files'))]
    return {'name': 'zz-' + client, 'version': '1', 'licence': 'MIT',
            'builds': [{'target': TARGET, 'client': client, **package, 'files': files}]}


def know_apt():
    """A small package of whatever release this machine has, with the digest that its signed index states."""
    if not shutil.which('apt-cache'):
        return
    text = subprocess.run(['apt-cache', 'show', '--no-all-versions', 'hello'], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          universal_newlines=True).stdout
    version, digest = re.search(r'^Version: (\S+)$', text, re.M), re.search(r'^SHA256: (\S+)$', text, re.M)
    if not version or not digest:
        return
    # What is in it is taken from a download of our own.
    with Room() as room:
        if subprocess.run(['apt-get', '-q', '-o', 'APT::Sandbox::User=root', 'download', 'hello=' + version[1]], cwd=room.path,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode:
            return
        archive = [name for name in os.listdir(room.path) if name.endswith('.deb')][0]
        data = subprocess.run(['sh', '-c', 'dpkg-deb --fsys-tarfile "$0" | tar xO ./usr/share/doc/hello/copyright', archive],
                              cwd=room.path, check=True, stdout=subprocess.PIPE).stdout
    PACKAGES['apt'] = {'package': 'hello=' + version[1], 'archive_sha256': digest[1],
                       'files': [('usr/share/doc/hello/copyright', sha256(data), len(data))]}


def main():
    named = sys.argv[1:] or ['pip', 'npm', 'apt', 'dir']
    check = Checks()
    if 'apt' in named:
        know_apt()
    with Room() as room:
        data = room.write('mine/lib/libzz.so', 'a build of my own')
        PACKAGES['dir'] = {'package': room.file('mine'), 'files': [('lib/libzz.so', sha256(b'a build of my own'), 17)]}
        for client in named:
            if client != 'dir' and (client not in PACKAGES or not shutil.which(PROGRAMS[client])):
                print('# no %s here' % client)
                continue
            one(check, room, client, engine(client))
        if 'dir' in named:
            os.remove(data)
            code, _, err = room.run('engines', 'fetch', 'zz-dir', '--target', TARGET)
            check(code == 0, 'what is in the store needs its directory no more', err)
    if not check.n:
        print('none of %s is here' % ', '.join(named))
        sys.exit(77)
    check.end()


def one(check, room, client, good):
    room.engines(good)
    name = good['name']
    code, _, err = room.run('engines', 'fetch', name, '--target', TARGET)
    if 'package index cannot be reached' in err:
        print('# %s has no network' % client)
        return
    file = good['builds'][0]['files'][0]
    place = os.path.join(room.store, name + '@1', TARGET, file['name'])
    check(code == 0 and os.path.isfile(place), client + ' brings a package', err)
    if os.path.isfile(place):
        with open(place, 'rb') as opened:
            check(sha256(opened.read()) == file['sha256'], client + ': the right file')
    # No client can be found: PATH is empty.
    code, _, err = room.run('engines', 'fetch', name, '--target', TARGET, PATH='/nonexistent')
    check(code == 0 and 'already present' in err, client + ': a second fetch needs none', err)
    shutil.rmtree(os.path.join(room.store, name + '@1'), ignore_errors=True)
    if client not in ('pip', 'dir'):  # pip's Python is also looked for in /usr/bin
        code, _, err = room.run('engines', 'fetch', name, '--target', TARGET, PATH='/nonexistent')
        check(code == 4 and 'not here' in err and ('apt-get install' in err or client == 'apt'),
              client + ': a client that is missing is named, with what to install', (code, err))
    zeros = '0' * 64
    if client != 'dir':
        room.engines(engine(client, archive_sha256=zeros))
        code, _, err = room.run('engines', 'fetch', name, '--target', TARGET)
        check(code == 4 and 'nothing of it was used' in err and zeros in err, client + ': another archive is refused', (code, err))
        room.engines(engine(client, archive_bytes=7))
        code, _, err = room.run('engines', 'fetch', name, '--target', TARGET)
        check(code == 4 and 'but engines.json says 7 ' in err, client + ': an archive of another size is refused', (code, err))
    if client == 'maven':  # it brings its own plug-in each time; what follows is alike for all clients
        return
    member, _, size = PACKAGES[client]['files'][0]
    room.engines(engine(client, files=[(member, zeros, size)]))
    code, _, err = room.run('engines', 'fetch', name, '--target', TARGET)
    check(code == 4 and zeros in err, client + ': another file is refused', (code, err))
    room.engines(engine(client, files=[(member, zeros, size + 1)]))
    code, _, err = room.run('engines', 'fetch', name, '--target', TARGET)
    check(code == 4 and 'smaller than' in err, client + ': a file of another size is refused', (code, err))
    if client != 'dir':
        wrong = re.sub(r'[0-9.-]+$', '0.0.0', PACKAGES[client]['package'])
        room.engines(engine(client, package=wrong))
        code, _, err = room.run('engines', 'fetch', name, '--target', TARGET)
        check(code == 4 and 'it said:' in err, client + ': a version that does not exist, in its words', (code, err))
    check(not [entry for entry in room.stored() if entry.startswith(name)], client + ': nothing of that is kept', room.stored())
    check(not [entry for entry in room.stored() if entry.startswith('.fetch')], client + ': no room is left', room.stored())
    room.engines(good)
    if client == 'dir':
        check(room.run('engines', 'fetch', name, '--target', TARGET)[0] == 0, 'dir: again')


main()
