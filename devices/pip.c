// SPDX-License-Identifier: Apache-2.0
// The package client pip. Python gets its programs as text and everything else as arguments; the current
// directory is taken out of its search path, since a file pip.py or zipfile.py there would be run instead of
// the real one.
#include "devices/pip.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "devices/process.h"
#include "devices/words.h"

#define SECOND_NS 1000000000ll
#define PROBE_TIME_NS (60 * SECOND_NS)
#define DOWNLOAD_TIME_NS (3600 * SECOND_NS)
#define EXTRACT_TIME_NS (900 * SECOND_NS)
#define OUTPUT_LIMIT_BYTES (1u << 20)
#define ARGUMENTS_MAX (32 + 2 * 64)

// Exit statuses of the programs below.
#define EXIT_NO_PIP 9
#define EXIT_NO_SPACE 28

static const char probe_program[] = "import sys\n"
                                    "sys.path[:] = [p for p in sys.path if p]\n"
                                    "import importlib.util\n"
                                    "sys.exit(0 if importlib.util.find_spec('pip') else 9)\n";

static const char download_program[] = "import sys\n"
                                       "sys.path[:] = [p for p in sys.path if p]\n"
                                       "import os, runpy\n"
                                       "os.environ['TMPDIR'] = sys.argv[1]\n"
                                       "sys.argv[:2] = ['pip']\n"
                                       "runpy.run_module('pip', run_name='__main__', alter_sys=True)\n";

static const char extract_program[] =
    "import errno, sys, zipfile, zlib\n"
    "def stop(code, words):\n"
    "    print(words, file=sys.stderr)\n"
    "    sys.exit(code)\n"
    "try:\n"
    "    with zipfile.ZipFile(sys.argv[1]) as archive:\n"
    "        rest = sys.argv[2:]\n"
    "        for member, path, size in zip(rest[0::3], rest[1::3], rest[2::3]):\n"
    "            if member not in archive.NameToInfo:\n"
    "                stop(3, 'the archive has no member ' + member)\n"
    "            left = int(size)\n"
    "            with archive.open(member) as source, open(path, 'xb') as target:\n"
    "                while True:\n"
    "                    piece = source.read(1 << 20)\n"
    "                    if not piece:\n"
    "                        break\n"
    "                    left -= len(piece)\n"
    "                    if left < 0:\n"
    "                        stop(3, member + ' is larger than ' + size + ' bytes')\n"
    "                    target.write(piece)\n"
    "            if left:\n"
    "                stop(3, member + ' is smaller than ' + size + ' bytes')\n"
    "except OSError as e:\n"
    "    stop(28 if e.errno in (errno.ENOSPC, errno.EDQUOT) else 5, str(e))\n"
    "except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as e:\n"
    "    stop(6, str(e))\n";

static enum ed_status run(const char *const *argv, int64_t time_ns, struct ed_spawn_result *result,
                          struct ed_error *err) {
    struct ed_spawn_args args = {.argv = argv, .out_limit_bytes = OUTPUT_LIMIT_BYTES};
    args.deadline_ns = ed_clock_monotonic_ns() + time_ns;
    return ed_process_run(&args, result, err);
}

const char *const *ed_pip_candidates(void) {
    static const char *const usual[] = {"/usr/bin/python3", "python3", NULL};
    return usual;
}

enum ed_status ed_pip_find(const char *const **candidates, struct ed_error *err) {
    const char *without_pip = NULL, *broken = NULL;
    struct ed_spawn_result result;
    struct ed_error inner = {0};
    char said[ED_WORDS_BYTES] = "";
    for (; **candidates; (*candidates)++) {
        const char *const argv[] = {**candidates, "-c", probe_program, NULL};
        enum ed_status status = run(argv, PROBE_TIME_NS, &result, &inner);
        if (status == ED_ERR_NO_PROGRAM)
            continue;
        if (status)
            return ed_fail(err, status, argv[0], "Python cannot be run: %.500s", inner.message);
        if (result.exit_code == 0) {
            ed_spawn_result_release(&result);
            return ED_OK;
        }
        if (result.exit_code == EXIT_NO_PIP) {
            without_pip = argv[0];
        } else {
            broken = argv[0];
            ed_words_said(said, result.err_out);
        }
        ed_spawn_result_release(&result);
    }
    if (without_pip)
        return ed_fail(err, ED_ERR_NO_PROGRAM, without_pip,
                       "this Python has no pip, which brings engine packages; run `apt-get install "
                       "python3-pip`, or put a python3 "
                       "with pip first in PATH");
    if (broken)
        return ed_fail(err, ED_ERR_NO_PROGRAM, broken, "this Python does not work%s", said);
    return ed_fail(
        err, ED_ERR_NO_PROGRAM, "python3",
        "there is no Python, whose pip brings engine packages; run `apt-get install python3 python3-pip`");
}

// pip's reason: its last line that begins with ERROR, else its last line, which ends a traceback.
static void pip_words(char said[ED_WORDS_BYTES], const char *output) {
    const char *last = NULL;
    for (const char *at = output; (at = strstr(at, "ERROR:")) != NULL; at++)
        if ((at == output || at[-1] == '\n') && strncmp(at, "ERROR: Exception", 16) != 0)
            last = at;
    if (last)
        snprintf(said, ED_WORDS_BYTES, "; it said: %.*s", (int)strcspn(last, "\r\n"), last);
    else
        ed_words_said(said, output);
}

static enum ed_status download_failed(const char *python, const struct ed_engine_build *build,
                                      const char *directory, const struct ed_spawn_result *result,
                                      struct ed_error *err) {
    static const char *const no_network[] = {"after connection broken by",
                                             "Temporary failure in name resolution", "Network is unreachable",
                                             "ConnectionError", NULL};
    static const char *const no_space[] = {"[Errno 28]", "[Errno 122]", "No space left on device", NULL};
    const char *output = result->err_out;
    char said[ED_WORDS_BYTES];
    pip_words(said, output);
    for (size_t i = 0; no_space[i]; i++)
        if (strstr(output, no_space[i]))
            return ed_fail(err, ED_ERR_NO_SPACE, directory,
                           "the disk is full: %s does not fit; make room, or set "
                           "EDGEDYNO_ENGINE_STORE to another directory",
                           build->package);
    for (size_t i = 0; no_network[i]; i++)
        if (strstr(output, no_network[i]))
            return ed_fail(err, ED_ERR_IO, build->package,
                           "the package index cannot be reached, and the build is not in the store; fetch it "
                           "while there is a "
                           "network");
    if (result->signal)
        return ed_fail(err, ED_ERR_IO, build->package, "%s -m pip was ended by signal %d%.250s", python,
                       result->signal, said);
    return ed_fail(err, ED_ERR_REFUSED, build->package, "%s -m pip download failed with exit status %d%.250s",
                   python, result->exit_code, said);
}

static enum ed_status find_archive(const char *directory, const struct ed_engine_build *build,
                                   char archive[ED_PATH_BYTES], struct ed_error *err) {
    enum ed_status status = ED_OK;
    struct dirent *entry;
    struct stat info;
    size_t n = 0;
    DIR *stream = opendir(directory);
    if (!stream)
        return ed_fail_errno(err, ED_ERR_IO, directory, "cannot be listed: %m");
    while (!status && (entry = readdir(stream)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        n++;
        status = ed_path_join(archive, directory, entry->d_name, err);
    }
    closedir(stream);
    if (!status && (n != 1 || lstat(archive, &info) != 0 || !S_ISREG(info.st_mode)))
        status = ed_fail(err, ED_ERR_IO, build->package, "pip left %zu files instead of one archive", n);
    return status;
}

enum ed_status ed_pip_download(const char *python, const struct ed_engine_build *build, const char *directory,
                               const char *scratch, char archive[ED_PATH_BYTES], struct ed_error *err) {
    const char *argv[ARGUMENTS_MAX] = {python,
                                       "-c",
                                       download_program,
                                       scratch,
                                       "download",
                                       "--no-deps",
                                       "--only-binary=:all:",
                                       "--no-input",
                                       "--disable-pip-version-check",
                                       "--progress-bar",
                                       "off",
                                       "--quiet",
                                       "--retries",
                                       "2",
                                       "--implementation",
                                       "cp",
                                       "--python-version",
                                       build->python,
                                       "-d",
                                       directory};
    struct ed_spawn_result result;
    enum ed_status status;
    size_t n = 0;
    while (argv[n])
        n++;
    for (size_t i = 0; build->platforms[i] && n + 4 < ARGUMENTS_MAX; i++) {
        argv[n++] = "--platform";
        argv[n++] = build->platforms[i];
    }
    argv[n++] = build->package;
    argv[n] = NULL;
    status = run(argv, DOWNLOAD_TIME_NS, &result, err);
    if (status)
        return status;
    status = result.exit_code == 0 ? find_archive(directory, build, archive, err)
                                   : download_failed(python, build, directory, &result, err);
    ed_spawn_result_release(&result);
    return status;
}

enum ed_status ed_pip_extract(const char *python, const struct ed_engine_build *build, const char *archive,
                              const char *directory, struct ed_error *err) {
    const char **argv = calloc(6 + 3 * build->n_files, sizeof *argv);
    char(*paths)[ED_PATH_BYTES] = calloc(build->n_files, sizeof *paths);
    char(*sizes)[32] = calloc(build->n_files, sizeof *sizes);
    struct ed_spawn_result result = {0};
    char said[ED_WORDS_BYTES];
    enum ed_status status = ED_OK;
    size_t n = 0;
    if (!argv || !paths || !sizes) {
        status =
            ed_fail(err, ED_ERR_NO_MEMORY, archive, "no memory for the names of %zu files", build->n_files);
        goto out;
    }
    argv[n++] = python;
    argv[n++] = "-I";
    argv[n++] = "-c";
    argv[n++] = extract_program;
    argv[n++] = archive;
    for (size_t i = 0; i < build->n_files && !status; i++) {
        status = ed_path_join(paths[i], directory, build->files[i].name, err);
        snprintf(sizes[i], sizeof sizes[i], "%lld", (long long)build->files[i].bytes);
        argv[n++] = build->files[i].member;
        argv[n++] = paths[i];
        argv[n++] = sizes[i];
    }
    if (!status)
        status = run(argv, EXTRACT_TIME_NS, &result, err);
    if (status || result.exit_code == 0)
        goto out;
    ed_words_said(said, result.err_out);
    if (result.exit_code == EXIT_NO_SPACE)
        status = ed_fail(err, ED_ERR_NO_SPACE, directory,
                         "the disk is full: the files of %s do not fit; make room, or set "
                         "EDGEDYNO_ENGINE_STORE to another directory",
                         build->id);
    else
        status =
            ed_fail(err, ED_ERR_IO, build->package, "its files cannot be taken out of the archive%s", said);
out:
    ed_spawn_result_release(&result);
    free(argv);
    free(paths);
    free(sizes);
    return status;
}
