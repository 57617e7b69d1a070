# SPDX-License-Identifier: Apache-2.0
"""Builds of the user's own, several versions of an engine in one campaign, an adapter from outside the tree, and the checks of
adapters: with the real engine."""
import json
import os
import shutil

from supply import Checks, Room, need_engines

SOURCE, BUILD, ADAPTERS = (os.environ[key] for key in ('ED_SOURCE_DIR', 'ED_TEST_BUILD', 'ED_TEST_ADAPTERS'))
MODEL = os.path.join(SOURCE, 'examples/digits/models/digits-fp32.onnx')
TARGET = os.path.basename(os.path.dirname(ADAPTERS))
check = Checks()


def records(room, *words):
    code, out, err = room.run('run', *words, '-r', '1', '--format', 'json', '-q', '--out', room.file('run-%d' % check.n))
    return code, json.loads(out)['records'] if out.startswith('{') else [], err


def own_builds(room, versions):
    code, _, err = room.run('engines', 'add', versions['1.27.0'], '--as', 'mine')
    check(code == 0 and 'onnxruntime@mine' in err, 'a directory is added', err)
    place = os.path.join(room.store, 'onnxruntime@mine', TARGET)
    library = [name for name in os.listdir(place) if name.startswith('libonnxruntime')]
    check(len(library) == 1, 'its library is copied once', os.listdir(place))
    code, out, err = room.run('engines', '--format', 'json')
    listed = {engine['id']: engine for engine in json.loads(out)['engines']}
    check(listed['onnxruntime@mine']['state'] == 'present' and
          'cpu' in [b['backend'] for b in listed['onnxruntime@mine']['backends']], 'it is listed and asked', listed.keys())

    # The same again is the same; another build under the name takes its place.
    check(room.run('engines', 'add', versions['1.27.0'], '--as', 'mine')[0] == 0, 'added again')
    code, _, err = room.run('engines', 'add', 'onnxruntime', versions['1.24.4'], '--as', 'mine')
    now = [name for name in os.listdir(place) if name.startswith('libonnxruntime')]
    check(code == 0 and len(now) == 1, 'another build takes the place of one of that name', (err, now))
    check(room.run('engines', 'fetch', 'onnxruntime@mine')[0] == 0, 'a whole one needs no directory')

    # A linker's links: one file under the name that others ask for.
    tree = room.file('tree')
    os.makedirs(tree + '/lib')
    shutil.copy(os.path.join(versions['1.27.0'], 'libonnxruntime.so.1.27.0'), tree + '/lib')
    os.symlink('libonnxruntime.so.1.27.0', tree + '/lib/libonnxruntime.so.1')
    os.symlink('libonnxruntime.so.1', tree + '/lib/libonnxruntime.so')
    room.write('tree/lib/libtext.so', 'INPUT(libonnxruntime.so.1)\n')
    code, _, err = room.run('engines', 'add', tree, '--as', 'linked')
    now = sorted(os.listdir(os.path.join(room.store, 'onnxruntime@linked', TARGET)))
    check(code == 0 and now == ['edgedyno.json', 'libonnxruntime.so.1'], 'links are one file, in lib', (err, now))

    def refused(what, words, code, *arguments):
        got, _, err = room.run('engines', 'add', *arguments)
        check(got == code and words in err, what, (got, err))

    refused('a name of engines.json', 'choose another name', 2, tree, '--as', '1.27.0')
    refused('a name that is a path', 'cannot be the name', 2, tree, '--as', '../x')
    refused('a name with an at', 'cannot be the name', 2, tree, '--as', 'a@b')
    refused('a version that the adapter does not take', 'is a version', 2, tree, '--as', '1.2')
    refused('another target', 'is for ' + TARGET, 2, tree, '--as', 'x', '--target',
            'linux-aarch64' if TARGET != 'linux-aarch64' else 'linux-x86_64')
    refused('no engine', 'libonnxruntime.so*', 2, room.file('home'), '--as', 'x')
    refused('an engine that there is not', 'no adapter of this name; did you mean onnxruntime?', 2, 'onnxruntim', tree, '--as', 'x')
    with open(tree + '/lib/libonnxruntime.so.1.27.0', 'r+b') as library:
        library.truncate(4000)
    refused('a library that is cut short', 'damaged', 2, tree, '--as', 'x')
    check(not [name for name in room.stored() if name.endswith('@x') or name.startswith('.fetch')], 'nothing of that is kept')

    # Damage in the store is seen.
    with open(os.path.join(room.store, 'onnxruntime@linked', TARGET, 'edgedyno.json'), 'w', encoding='ascii') as file:
        file.write('{')
    code, out, _ = room.run('engines')
    row = [line for line in out.splitlines() if line.startswith('onnxruntime@linked')]
    check(code == 0 and row and 'damaged' in out, 'a damaged description is a row with the reason', out)
    shutil.rmtree(os.path.join(room.store, 'onnxruntime@linked'))


def campaigns(room):
    suite = room.write('suite.json', json.dumps({
        'name': 'digits', 'models': [{'name': 'digits', 'variants': [{'name': 'fp32', 'file': MODEL}]}],
        'block': {'min_time': '10 ms', 'max_time': '50 ms', 'min_inferences': 5}}))
    code, found, err = records(room, suite, '--on', 'onnxruntime@1.24.4/cpu,onnxruntime@1.27.0/cpu,onnxruntime@mine')
    check(code == 0 and [r['engine_version'] for r in found] == ['1.24.4', '1.27.0', 'mine'] and
          len({r['engine_build_sha256'] for r in found}) == 3 and {r['outcome'] for r in found} == {'ok'},
          'three builds in one campaign, each under its name', (code, err, [r['engine_version'] for r in found]))
    code, out, err = room.run('run', MODEL, '--on', 'onnxruntime@*/cpu', '--dry-run')
    check(code == 0 and all('onnxruntime@%s/cpu' % version in out + err for version in ('1.24.4', '1.27.0', 'mine')) and
          '1.31.1' not in out + err, 'a star is every version that is here', (code, out, err))
    code, out, err = room.run('run', MODEL, '--on', 'onnxruntime/*', '--dry-run')
    check(code == 0 and 'onnxruntime@1.27.0/cpu' in out + err and 'webgpu' not in out + err,
          'a star among backends: those that can be used here', (code, out, err))
    for on, words in (('onnxruntime@1.24.5/cpu', 'did you mean onnxruntime@1.24.4'), ('onnxruntim@*/cpu', "did you mean 'onnxruntime'"),
                      ('onnxruntime@9*/cpu', 'no version'), ('onnxruntime@mime/cpu', 'did you mean onnxruntime@mine'),
                      ('onnxruntime@1.31.1/cpu', 'engines fetch onnxruntime@1.31.1'), ('onnxruntime/cpi', "did you mean 'cpu'")):
        code, _, err = room.run('run', MODEL, '--on', on, '--dry-run')
        check(code == 2 and words in err, '--on %s says %s' % (on, words), (code, err))


def checks(room):
    code, out, err = room.run('engines', 'check', 'onnxruntime@mine/cpu', MODEL, '--format', 'json')
    result = json.loads(out) if code == 0 else {'checks': []}
    verdicts = [row['verdict'] for row in result['checks']]
    check(verdicts.count('ok') > 20 and 'failed' not in verdicts, 'the engine passes its checks', (code, out, err))
    code, out, err = room.run('engines', 'check', 'onnxruntime@mine')
    check(code == 0 and 'none was given' in out and 'needs no model' not in out and 'without a model' in err, 'without a model: what is missing is said', (code, out))

    # An adapter with a fault, from outside, is found out; a crash is a finding.
    outside = room.file('outside')
    os.makedirs(outside)
    faults = os.path.join(BUILD, 'tests/conformance')
    name = 'bad'
    room.write('outside/manifest.json', json.dumps({
        'name': name, 'summary': 'an adapter with a fault', 'abi': 2, 'versions': '>=1', 'needs_model': True, 'formats': ['.bad'],
        'library': '', 'backends': [{'name': 'cpu', 'processor': 'cpu'}],
        'options': [{'name': 'mode', 'type': 'word', 'words': 'fast|slow', 'default': 'fast', 'help': 'how it runs'}]}))
    for fault, expected, finding in (('NONE', 0, ''), ('CRASH_UNLOAD', 1, 'signal'), ('EXIT_RUN', 1, 'ended the process')):
        adapter = shutil.copy(os.path.join(faults, 'bad_%s.so' % fault), outside)
        model = room.write('model.bad', 'MODEL'.ljust(64, '.'))
        code, out, err = room.run('engines', 'check', '--adapter', adapter, name, model)
        check(code == expected and finding in out, 'check of an adapter with the fault %s' % fault, (code, out[-1500:], err))
    code, _, err = room.run('engines', 'check', '--adapter', room.write('text.so', 'no library'), name)
    check(code in (2, 4) and 'not a library' in err, 'an adapter that is none', (code, err))
    shutil.copy(os.path.join(faults, 'bad_NONE.so'), room.file('lonely.so'))
    code, _, err = room.run('engines', '--adapter', room.file('lonely.so'))
    check(code == 2 and 'needs its manifest' in err, 'an adapter without a manifest', (code, err))


def outside_run(room):
    """The null adapter as somebody else's: under another name it would be another engine; here it takes the place of ours."""
    os.makedirs(room.file('theirs'))
    adapter = shutil.copy(os.path.join(ADAPTERS, 'null.so'), room.file('theirs/null.so'))
    shutil.copy(os.path.join(SOURCE, 'backends/null/manifest.json'), room.file('theirs/null.json'))
    code, found, err = records(room, '--on', 'null', '--adapter', adapter)
    check(code == 0 and found and found[0]['outcome'] == 'ok', 'a run with an adapter from outside', (code, err))
    with open(room.file('run-%d/devices/local/job.json' % (check.n - 1)), encoding='utf-8') as file:
        check(room.file('theirs') in file.read(), 'and it is the one that ran')


def main():
    places = need_engines('onnxruntime@1.27.0', 'onnxruntime@1.24.4', target=TARGET)
    versions = {build.split('@')[1]: place for build, place in places.items()}
    with Room() as room:
        room.environment['HOME'] = room.file('home')
        os.makedirs(room.store)
        for version, place in versions.items():
            shutil.copytree(place, os.path.join(room.store, 'onnxruntime@' + version, TARGET))
        own_builds(room, versions)
        campaigns(room)
        checks(room)
        outside_run(room)
    check.end()


main()
