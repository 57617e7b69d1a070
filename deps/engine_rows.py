#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes engines.json from the table below: brings each package by its client, takes the files, their digests and the C library
that they need. A row is added by a line of the table and a run of this; the packages are kept in CACHE and not brought twice.

    deps/engine_rows.py CACHE [NAME@VERSION...]     rows that are named, and not the others, are made anew
"""
import hashlib
import json
import os
import re
import struct
import subprocess
import sys
import tarfile
import tempfile
import zipfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PYTHON = '3.11'
# What an engine may need of the system it runs on.
MACHINES = {'linux-x86_64': (2, 62), 'linux-aarch64': (2, 183), 'linux-armv7': (1, 40), 'android-aarch64': (2, 183),
            'android-armv7': (1, 40)}
HEXAGON = 164  # halves of a driver that run on the DSP
SYSTEM = re.compile(r'^(ld-linux.*|lib(c|m|dl|rt|pthread|stdc\+\+|gcc_s|atomic|log|android|z))\.so(\.[0-9]+)?$')


def pip(package, take, tags, library=None, optional=()):
    return {'client': 'pip', 'package': package, 'tags': tags, 'take': take, 'library': library, 'optional': optional}


def other(client, package, take, library=None, optional=()):
    return {'client': client, 'package': package, 'take': take, 'library': library, 'optional': optional}


def manylinux(target, *versions):
    return ['manylinux_%s_%s' % (version, target.split('-')[1]) for version in versions]


def source(script, libc):
    """What no package has: a script makes it, with that C library as the oldest."""
    return {'client': 'source', 'package': script, 'libc': libc}


LINUX = ('linux-x86_64', 'linux-aarch64')


def ort(version, *tags):
    def packages(target):
        return [pip('onnxruntime==' + version,
                    [r'onnxruntime/capi/libonnxruntime\.so\..*', r'onnxruntime/(LICENSE|ThirdPartyNotices\.txt)'],
                    manylinux(target, *tags), library=r'libonnxruntime\.so.*')]
    return packages


def ort_webgpu(version):
    def packages(target):
        return [pip('onnxruntime-webgpu==' + version,
                    [r'onnxruntime/capi/libonnxruntime\.so\..*', r'onnxruntime/(LICENSE|ThirdPartyNotices\.txt)'],
                    manylinux(target, '2_28', '2_27'), library=r'libonnxruntime\.so.*')]
    return packages


def ort_qnn(version, plugin):
    def packages(target):
        parts = {'linux-x86_64': r'onnxruntime_qnn/lib(QnnHtp|QnnSystem|QnnIr|HtpPrepare|onnxruntime_providers_qnn)\.so',
                 'linux-aarch64': r'onnxruntime_qnn/lib(QnnHtp(Prepare|V\d+(Stub|Skel))?|QnnSystem|QnnIr|onnxruntime_providers_qnn)\.so'}
        return ort(version, '2_28', '2_27')(target) + [
            pip('onnxruntime-qnn==' + plugin,
                [parts[target], r'onnxruntime_qnn\.libs/.*', r'onnxruntime_qnn/Qualcomm_LICENSE\.pdf'],
                # The device's own driver, and what the halves that run on the DSP find there.
                manylinux(target, '2_35', '2_34'), optional=[r'libcdsprpc\.so', r'libc\+\+(abi)?\.so\.1'])]
    return packages


def openvino(version):
    def packages(target):
        plugins = 'intel_cpu|intel_gpu|intel_npu|auto|hetero' if target == 'linux-x86_64' else 'arm_cpu|auto|hetero'
        return [pip('openvino==' + version,
                    [r'openvino/libs/libopenvino(_c|_(ir|onnx|tensorflow_lite)_frontend)?\.so\..*',
                     r'openvino/libs/libopenvino_(%s)_plugin\.so' % plugins,
                     r'openvino/libs/lib(tbb|tbbmalloc|tbbbind_2_5|hwloc)\.so\..*',
                     r'openvino-.*\.dist-info/licenses/(LICENSE|licensing/.*\.txt)'],
                    manylinux(target, *(['2_35'] if target.endswith('64') and 'aarch' in target else ['2_28'])),
                    library=r'libopenvino_c\.so\..*', optional=[r'libOpenCL\.so.*'])]
    return packages


def litert(version):
    def packages(target):
        return [pip('ai-edge-litert==' + version,
                    [r'ai_edge_litert/libLiteRt\.so', r'ai_edge_litert/libLiteRtWebGpuAccelerator\.so',
                     r'ai_edge_litert/vendors/[a-z_]+/dispatch/.*\.so', r'ai_edge_litert-.*\.dist-info/(licenses/)?LICENSE'],
                    manylinux(target, '2_27'), library=r'libLiteRt\.so', optional=[r'libopenvino.*'])]
    return packages


def executorch(version):
    def packages(target):
        return [pip('executorch==' + version,
                    [r'executorch/lib/libexecutorch.*\.so', r'executorch-.*\.dist-info/(licenses/)?LICENSE'],
                    manylinux(target, '2_28'), library=r'libexecutorch\.so')]
    return packages


def whisper(version):
    def packages(target):
        return [pip('pywhispercpp==' + version,
                    [r'pywhispercpp\.libs/lib.*\.so.*', r'pywhispercpp-.*\.dist-info/(licenses/)?LICENSE'],
                    manylinux(target, '2_28', '2_27'), library=r'libwhisper.*\.so.*')]
    return packages


def llama(package_version, variant=''):
    """Without the addon of Node.js and the library of llama.cpp's tools. The package linux-armv7l has libraries for aarch64."""
    def packages(target):
        if target == 'linux-armv7':
            return [source('deps/engine-llama.sh', '2.27')]
        name = {'linux-x86_64': 'linux-x64', 'linux-aarch64': 'linux-arm64'}[target] + variant
        return [other('npm', '@node-llama-cpp/%s@%s' % (name, package_version),
                      [r'package/bins/[a-z0-9-]+/lib(ggml|llama\.).*\.so', r'package/LICENSE'], library=r'libllama\..*\.so',
                      optional=[r'libvulkan\.so\.1', r'libgomp\.so\.1'])]
    return packages


ABIS = {'android-aarch64': 'arm64-v8a', 'android-armv7': 'armeabi-v7a'}


def tflite(version):
    def packages(target):
        return [other('maven', 'org.tensorflow:tensorflow-lite:%s:aar' % version,
                      [r'jni/%s/lib.*\.so' % ABIS[target], r'LICENSE'], library=r'libtensorflowlite_jni\.so')]
    return packages


def executorch_android(version):
    """Its library is made for apps: the app brings libfbjni."""
    def packages(target):
        return [other('npm', 'react-native-executorch@' + version,
                      [r'package/third-party/android/libs/[a-z]+/%s/lib.*\.so' % ABIS[target], r'package/LICENSE'],
                      library=r'libexecutorch\.so', optional=[r'libfbjni\.so'])]
    return packages


# Engine, version, licence, backends that the build has ("" all that its adapter has), targets, packages of a target. The first
# version of an engine is its default.
ROWS = (
    ('onnxruntime', '1.27.0', 'MIT', 'cpu', LINUX, ort('1.27.0', '2_28', '2_27')),
    ('onnxruntime', '1.24.4', 'MIT', 'cpu', LINUX, ort('1.24.4', '2_28', '2_27')),
    ('onnxruntime', '1.31.1', 'MIT', 'cpu', LINUX, ort('1.31.1', '2_28')),
    ('onnxruntime', '1.27.0-webgpu', 'MIT', 'cpu webgpu', LINUX[:1], ort_webgpu('1.27.0')),
    ('onnxruntime', '1.27.0-qnn', 'MIT, Qualcomm', 'cpu qnn', LINUX, ort_qnn('1.27.0', '2.7.0')),
    ('openvino', '2026.4.1', 'Apache-2.0', '', LINUX, openvino('2026.4.1')),
    ('litert', '2.3.0', 'Apache-2.0', '', LINUX, litert('2.3.0')),
    ('litert', '2.2.0', 'Apache-2.0', '', LINUX, litert('2.2.0')),
    ('llama.cpp', '0.5.0', 'MIT', 'cpu', (*LINUX, 'linux-armv7'), llama('3.22.1')),
    ('llama.cpp', '0.5.0-vulkan', 'MIT', 'cpu vulkan', LINUX[:1], llama('3.22.1', '-vulkan')),
    ('executorch', '1.5.1', 'BSD-3-Clause', '', LINUX, executorch('1.5.1')),
    ('executorch', 'rn-0.9.3', 'BSD-3-Clause, MIT', 'cpu', ('android-aarch64',), executorch_android('0.9.3')),
    ('tflite', '2.16.1', 'Apache-2.0', '', ('android-aarch64', 'android-armv7'), tflite('2.16.1')),
    ('whisper.cpp', '1.8.5', 'MIT', '', LINUX, whisper('1.5.1')),
)


def say(*words):
    print(*words, file=sys.stderr, flush=True)


def download(package, directory):
    client, name = package['client'], package['package']
    if client == 'pip':
        argv = [sys.executable, '-m', 'pip', 'download', '-q', '--no-deps', '--only-binary=:all:', '--no-input',
                '--disable-pip-version-check', '--implementation', 'cp', '--python-version', PYTHON, '-d', directory]
        for tag in package['tags']:
            argv += ['--platform', tag]
        subprocess.run(argv + [name], check=True)
    elif client == 'npm':
        subprocess.run(['npm', 'pack', '--silent', '--ignore-scripts', '--pack-destination', directory, name], check=True,
                       stdout=subprocess.DEVNULL)
    elif client == 'maven':
        subprocess.run(['mvn', '-B', '-q', 'dependency:copy', '-Dartifact=' + name, '-DoutputDirectory=' + directory,
                        '-Dmdep.useBaseVersion=true'], check=True)
    else:
        raise SystemExit('no client %s here' % client)


def bring(package, cache):
    key = re.sub(r'[^A-Za-z0-9.]+', '-', ' '.join([package['client'], package['package']] + package.get('tags', [])))
    directory = os.path.join(cache, key)
    if not os.path.isdir(directory) or not os.listdir(directory):
        say('bringing', package['package'])
        os.makedirs(directory, exist_ok=True)
        download(package, directory)
    names = os.listdir(directory)
    if len(names) != 1:
        raise SystemExit('%s: %d files instead of one archive' % (directory, len(names)))
    return os.path.join(directory, names[0])


def members(archive):
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as opened:
            for info in opened.infolist():
                yield info.filename, lambda: opened.read(info)
    else:
        with tarfile.open(archive) as opened:
            for info in opened:
                if info.isreg():
                    yield info.name, lambda: opened.extractfile(info).read()


def inspect(data):
    """The NEEDED libraries and the symbol versions of the C library that an ELF file asks for, and how its segments lie."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        text = subprocess.run(['readelf', '-W', '-l', '-d', '-V', file.name], check=True, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, universal_newlines=True).stdout
    aligned = [int(align, 16) for align in re.findall(r'^ +LOAD .* (0x[0-9a-f]+)$', text, re.M)]
    return re.findall(r'\(NEEDED\).*\[(.*)\]', text), re.findall(r'Name: GLIBC_(2\.\d+)', text), min(aligned)


def row_of_package(package, target, cache, floors, pages):
    archive = bring(package, cache)
    with open(archive, 'rb') as opened:
        row = {'client': package['client'], 'package': package['package']}
        if package['client'] == 'pip':
            row.update(python=PYTHON, platforms=package['tags'])
        row['archive_sha256'] = hashlib.file_digest(opened, 'sha256').hexdigest()
        row['archive_bytes'] = os.fstat(opened.fileno()).st_size
    row['files'], needed, libraries = [], set(), 0
    for member, read in members(archive):
        if not any(re.fullmatch(pattern, member) for pattern in package['take']):
            continue
        data, name = read(), os.path.basename(member)
        file = {'member': member, 'name': name, 'sha256': hashlib.sha256(data).hexdigest(), 'bytes': len(data)}
        if package['library'] and re.fullmatch(package['library'], name):
            file['library'] = True
        if data.startswith(b'\x7fELF'):
            libraries += 1
            machine = struct.unpack('<H', data[18:20])[0]
            if (data[4], machine) != MACHINES[target] and machine != HEXAGON:
                raise SystemExit('%s of %s is for ELF class %d, machine %d, not for %s' % (member, package['package'], data[4],
                                                                                           machine, target))
            wants, versions, align = inspect(data)
            needed.update(wants)
            if target.startswith('android'):
                pages.add(align)
            else:
                floors.update(versions)
        row['files'].append(file)
    if not libraries:
        raise SystemExit('%s: none of its members is wanted' % archive)
    have = {file['name'] for file in row['files']}
    row['missing'] = {name for name in needed - have
                      if not SYSTEM.match(name) and not any(re.fullmatch(p, name) for p in package['optional'])}
    return row


def build_row(target, packages, backends, cache):
    floors, pages = set(), set()
    if packages[0]['client'] == 'source':
        return {'target': target, 'libc': packages[0]['libc'], 'backends': backends, 'client': 'source',
                'package': packages[0]['package']}
    rows = [row_of_package(package, target, cache, floors, pages) for package in packages]
    have = {file['name'] for row in rows for file in row['files']}
    missing = set().union(*(row.pop('missing') for row in rows)) - have
    if missing:
        raise SystemExit('%s: needs %s besides' % (packages[0]['package'], ', '.join(sorted(missing))))
    build = {'target': target}
    if floors:
        build['libc'] = max(floors, key=lambda version: int(version.split('.')[1]))
    if backends:
        build['backends'] = backends
    if target.startswith('android'):
        build['note'] = 'needs hardware' + ('' if min(pages) >= 16384 or target == 'android-armv7' else ', with pages of 4 KiB')
    if len(rows) == 1:
        build.update(rows[0])
    else:
        build['packages'] = rows
    return build


def main():
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    cache, named = os.path.abspath(sys.argv[1]), sys.argv[2:]
    path = os.path.join(ROOT, 'engines.json')
    with open(path, encoding='utf-8') as opened:
        old = {(e['name'], e['version']): e for e in json.load(opened)['engines']}
    engines = []
    for name, version, licence, backends, targets, packages in ROWS:
        if (name, version) in old and named and '%s@%s' % (name, version) not in named:
            engines.append(old[name, version])
            continue
        builds = [build_row(target, packages(target), backends.split(), cache) for target in targets]
        engines.append({'name': name, 'version': version, 'licence': licence, 'builds': builds})
        for build in builds:
            files = build.get('files') or [file for package in build.get('packages', ()) for file in package['files']]
            say('%s@%s %s: %d files, %.1f MB, libc %s' % (name, version, build['target'], len(files),
                sum(file['bytes'] for file in files) / 1e6, build.get('libc', '-')))
    with open(path, 'w', encoding='utf-8') as opened:
        json.dump({'engines': engines}, opened, indent=4)
        opened.write('\n')


main()
