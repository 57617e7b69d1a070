// SPDX-License-Identifier: Apache-2.0
// A real phone's end for the adb tests.
#include "tests/devices/adb_phone.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "devices/process.h"

pid_t phone, other_phone;

void phone_start(pid_t *pid, int port) {
    char port_text[32], path[600], home[100];
    const char *const argv[] = {ED_TEST_ADBD, NULL};
    const char *const environment[] = {path, port_text, home, "LC_ALL=C", NULL};
    snprintf(port_text, sizeof port_text, "ADBD_PORT=%d", port);
    snprintf(path, sizeof path, "PATH=%s:/usr/bin:/bin", place_path("bin"));
    snprintf(home, sizeof home, "HOME=%s", place);
    *pid = place_start(argv, environment, "log");
    if (!place_answers(port, PLENTY_NS))
        fail_msg("adbd does not answer on port %d", port);
}

void phone_server_end(void) {
    static const char *const argv[] = {"adb", "kill-server", NULL};
    struct ed_spawn_args args = {
        .argv = argv, .out_limit_bytes = 65536, .deadline_ns = place_now_ns() + PLENTY_NS};
    struct ed_spawn_result result;
    if (ed_process_run(&args, &result, NULL) == ED_OK)
        ed_spawn_result_release(&result);
}

int phone_group_make(void **state) {
    static const char getprop[] = "#!/bin/sh\n"
                                  "case $1 in\n"
                                  "ro.product.model) echo 'Test Phone' ;;\n"
                                  "ro.build.version.sdk) echo 34 ;;\n"
                                  "*) echo ;;\n"
                                  "esac\n";
    char options[32];
    (void)state;
    place_make();
    if (access(ED_TEST_ADBD, X_OK) != 0) {
        fprintf(stderr, "%s is not there: run tests/rig/fetch-adbd.sh\n", ED_TEST_ADBD);
        return -1;
    }
    if (!place_isolate()) {
        fprintf(stderr, "skipped: %s\n", place_why);
        place_remove();
        exit(77);
    }
    setenv("ANDROID_ADB_SERVER_PORT", "15037", 1);
    assert_int_equal(mkdir(place_path("bin"), 0755), 0);
    assert_int_equal(mkdir(place_path("small"), 0700), 0);
    assert_int_equal(mkdir(place_path("device"), 0700), 0);
    place_write("bin/getprop", getprop, sizeof getprop - 1, 0755);
    snprintf(options, sizeof options, "size=%d", SMALL_DISK_BYTES);
    assert_int_equal(mount("tmpfs", place_path("small"), "tmpfs", 0, options), 0);
    phone_start(&phone, PHONE_PORT);
    return 0;
}

int phone_group_remove(void **state) {
    (void)state;
    phone_server_end();
    place_end(&phone);
    place_end(&other_phone);
    umount(place_path("small"));
    place_remove();
    return 0;
}
