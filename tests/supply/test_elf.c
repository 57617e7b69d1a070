// SPDX-License-Identifier: Apache-2.0
// devices/elf: this program and adapters of this build, against what is known of them; and files that are
// damaged everywhere.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <dlfcn.h>
#include <string.h>
#include <unistd.h>

#include "base/path.h"
#include "devices/elf.h"
#include "devices/version_range.h"

#define ADAPTER ED_TEST_ADAPTERS_DIR "/null.so"

static void test_an_adapter(void **state) {
    struct ed_elf elf;
    struct ed_error err = {0};
    bool libc = false;
    (void)state;
    assert_int_equal(ed_elf_read(&elf, ADAPTER, &err), ED_OK);
    assert_int_equal(elf.bits, sizeof(void *) * 8);
    for (size_t i = 0; i < elf.n_needed; i++)
        libc = libc || strcmp(elf.needed[i], "libc.so.6") == 0;
    assert_true(libc);
    // Debian's linker aligns for pages of 4 KiB at least, on every processor.
    assert_true(elf.align_bytes >= 4096 && (elf.align_bytes & (elf.align_bytes - 1)) == 0);
    // It runs here, so it needs no newer one than this.
    assert_true(strncmp(elf.libc, "2.", 2) == 0);
    assert_true(ed_version_compare(elf.libc, "2.60") < 0);
    assert_int_equal(ed_elf_fits(&elf, ED_TARGET, ADAPTER, &err), ED_OK);
    assert_int_equal(ed_elf_fits(&elf, "linux-armv7", ADAPTER, &err), ED_ERR_UNSUPPORTED);
    assert_non_null(strstr(err.message, "is for " ED_TARGET));
    assert_int_equal(ed_elf_fits(&elf, "android-aarch64", ADAPTER, &err), ED_ERR_UNSUPPORTED);
}

// The C library itself has a soname and needs no version of another one.
static void test_the_c_library(void **state) {
    struct ed_elf elf;
    struct ed_error err = {0};
    Dl_info info;
    (void)state;
    assert_int_not_equal(dladdr((void *)(uintptr_t)&getenv, &info), 0);
    assert_int_equal(ed_elf_read(&elf, info.dli_fname, &err), ED_OK);
    assert_string_equal(elf.soname, "libc.so.6");
}

static void test_what_is_none(void **state) {
    struct ed_elf elf;
    struct ed_error err = {0};
    (void)state;
    assert_int_equal(ed_elf_read(&elf, ED_SOURCE_DIR "/README.md", &err), ED_ERR_UNSUPPORTED);
    assert_int_equal(ed_elf_read(&elf, "/dev/null", &err), ED_ERR_UNSUPPORTED);
    assert_int_equal(ed_elf_read(&elf, ED_SOURCE_DIR, &err), ED_ERR_UNSUPPORTED);
    assert_int_equal(ed_elf_read(&elf, "/nonexistent", &err), ED_ERR_NOT_FOUND);
}

// Every cut, and a byte that is wrong anywhere in the first pages: an answer or an error, and nothing beyond
// the file is read.
static void test_damage(void **state) {
    char path[] = P_tmpdir "/edgedyno-elf-XXXXXX";
    struct ed_buffer whole;
    struct ed_elf elf;
    struct ed_error err = {0};
    int fd = mkstemp(path);
    size_t cuts = 0;
    (void)state;
    assert_true(fd >= 0);
    ed_buffer_init(&whole, 16u << 20);
    assert_int_equal(ed_path_read(ADAPTER, 16u << 20, &whole, &err), ED_OK);
    for (size_t n = 0; n < whole.size; n += n < 4096 ? 61 : 4093) {
        assert_int_equal(ftruncate(fd, 0), 0);
        assert_int_equal(pwrite(fd, whole.data, n, 0), (ssize_t)n);
        cuts += ed_elf_read(&elf, path, &err) != ED_OK;
    }
    assert_true(cuts > 10);
    assert_int_equal(pwrite(fd, whole.data, whole.size, 0), (ssize_t)whole.size);
    assert_int_equal(ed_elf_read(&elf, path, &err), ED_OK);
    for (size_t at = 0; at < whole.size && at < 8192; at++) {
        const unsigned char wrong[] = {0xff, 0x7f, 0x00};
        for (size_t k = 0; k < sizeof wrong; k++) {
            assert_int_equal(pwrite(fd, &wrong[k], 1, (off_t)at), 1);
            if (ed_elf_read(&elf, path, &err) == ED_OK)
                assert_true(elf.n_needed <= ED_ELF_NEEDED_MAX);
        }
        assert_int_equal(pwrite(fd, whole.data + at, 1, (off_t)at), 1);
    }
    close(fd);
    unlink(path);
    ed_buffer_release(&whole);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_adapter),
        cmocka_unit_test(test_the_c_library),
        cmocka_unit_test(test_what_is_none),
        cmocka_unit_test(test_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
