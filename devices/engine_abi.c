// SPDX-License-Identifier: Apache-2.0
// What the libraries of a build ask of a device, read from the files before the build is taken: the
// processor, the oldest C library, and on Android what an app may link to and how large pages may be.
#include <elf.h>

#include "devices/elf.h"
#include "devices/engine_abi.h"
#include "devices/version_range.h"

#define ANDROID_PAGE_BYTES 16384

// Android NDK, "Native APIs": nothing else of a phone's libraries is for apps.
static const char *const ndk[] = {
    "libaaudio.so",
    "libamidi.so",
    "libandroid.so",
    "libbinder_ndk.so",
    "libc.so",
    "libcamera2ndk.so",
    "libdl.so",
    "libEGL.so",
    "libGLESv1_CM.so",
    "libGLESv2.so",
    "libGLESv3.so",
    "libicu.so",
    "libjnigraphics.so",
    "liblog.so",
    "libm.so",
    "libmediandk.so",
    "libnativehelper.so",
    "libnativewindow.so",
    "libneuralnetworks.so",
    "libOpenMAXAL.so",
    "libOpenSLES.so",
    "libstdc++.so",
    "libsync.so",
    "libvulkan.so",
    "libz.so",
};

bool ed_engine_abi_public(const char *needed) {
    for (size_t i = 0; i < sizeof ndk / sizeof ndk[0]; i++)
        if (strcmp(ndk[i], needed) == 0)
            return true;
    return false;
}

static bool is_here(const struct ed_engine_build *build, const char *needed) {
    for (size_t i = 0; i < build->n_files; i++)
        if (strcmp(build->files[i].name, needed) == 0)
            return true;
    return false;
}

static void note_android(const struct ed_engine_build *build, const char *name, const struct ed_elf *elf,
                         const struct ed_log *log) {
    for (size_t i = 0; i < elf->n_needed && log; i++)
        if (!ed_engine_abi_public(elf->needed[i]) && !is_here(build, elf->needed[i]))
            ed_log_line(
                log, ED_LOG_WARNING,
                "%s: %s needs %s, which is neither in the build nor among the NDK's public libraries; "
                "the app has to bring it",
                build->id, name, elf->needed[i]);
    // 32-bit programs do not run on such devices at all.
    if (log && elf->bits == 64 && elf->align_bytes < ANDROID_PAGE_BYTES)
        ed_log_line(log, ED_LOG_WARNING,
                    "%s: %s is laid out for pages of %lld bytes; an Android device with pages of 16 KiB does "
                    "not load it",
                    build->id, name, (long long)elf->align_bytes);
}

// The symbols need a newer C library than the list says: the worker would die on a device that has just that.
static enum ed_status check_floor(const struct ed_engine_build *build, const struct ed_elf *elf,
                                  const char *path, struct ed_error *err) {
    if (!build->libc[0] || !elf->libc[0] || ed_version_compare(elf->libc, build->libc) <= 0)
        return ED_OK;
    return ed_fail(err, ED_ERR_VERSION, path,
                   "its symbols need glibc %s, but engines.json says %s for %s on %s", elf->libc, build->libc,
                   build->id, build->target);
}

enum ed_status ed_engine_abi_check(const struct ed_engine_build *build, const char *directory,
                                   const struct ed_log *log, struct ed_error *err) {
    const bool android = strncmp(build->target, "android-", 8) == 0;
    enum ed_status status = ED_OK;
    for (size_t i = 0; i < build->n_files && !status; i++) {
        char path[ED_PATH_BYTES];
        struct ed_elf elf;
        struct ed_error why = {0};
        status = ed_path_join(path, directory, build->files[i].name, err);
        if (status)
            break;
        status = ed_elf_read(&elf, path, &why);
        // Licences, and halves of a driver that run on a DSP, are no libraries of the device's.
        if (status == ED_ERR_UNSUPPORTED || (!status && elf.machine == EM_QDSP6)) {
            status = ED_OK;
            continue;
        }
        if (!status)
            status = ed_elf_fits(&elf, build->target, path, &why);
        if (!status && !android)
            status = check_floor(build, &elf, path, &why);
        else if (!status)
            note_android(build, build->files[i].name, &elf, log);
        if (status && err)
            *err = why;
    }
    return status;
}
