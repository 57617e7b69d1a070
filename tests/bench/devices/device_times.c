// SPDX-License-Identifier: Apache-2.0
// How long the steps towards a device take, by the library that edgedyno uses. One line of JSON, times in
// nanoseconds:
//     device_times push DEVICES_FILE ID LOCAL REMOTE       connect, push of one file, disconnect
//     device_times session DEVICES_FILE ID LIBRARY_DIR FILE...
//                                                          open (connect, identify, the runner answers), lease, push of a set of
//                                                          files as a campaign does it, release
//     device_times algorithms DEVICES_FILE ID              what an SSH link uses towards the device
// A failure is told on standard error, and the exit status is 1.
#include <libssh2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "devices/session.h"
#include "devices/ssh/chain.h"
#include "devices/transport.h"

#define SECOND_NS INT64_C(1000000000)
#define PUSH_DEADLINE_NS (3600 * SECOND_NS)

struct subject {
    struct ed_inventory inventory;
    const struct ed_device_entry *entry;
    struct ed_address address;
};

static enum ed_status find_subject(struct subject *subject, const char *file, const char *id,
                                   struct ed_error *err) {
    size_t index, n;
    enum ed_status status = ed_inventory_load(&subject->inventory, file, err);
    if (status == ED_OK)
        status = ed_inventory_select(&subject->inventory, &id, 1, &index, 1, &n, err);
    if (status != ED_OK)
        return status;
    subject->entry = &subject->inventory.devices[index];
    subject->address = (struct ed_address){.id = subject->entry->id,
                                           .host = subject->entry->host,
                                           .port = subject->entry->port,
                                           .user = subject->entry->user,
                                           .serial = subject->entry->serial,
                                           .via = subject->entry->via,
                                           .host_key = subject->entry->host_key,
                                           .work_dir = subject->entry->work_dir};
    return ED_OK;
}

static enum ed_status time_push(const struct subject *subject, const char *local, const char *remote,
                                struct ed_error *err) {
    const struct ed_transport *transport = ed_transport_find(subject->entry->transport);
    void *state = transport ? calloc(1, transport->state_bytes) : NULL;
    if (!state)
        return ed_fail(err, ED_ERR_USAGE, subject->entry->id, "has no transport that can push");
    const int64_t begin_ns = ed_clock_monotonic_ns();
    enum ed_status status =
        transport->connect(state, &subject->address, NULL, begin_ns + 60 * SECOND_NS, err);
    if (status == ED_OK) {
        const int64_t connected_ns = ed_clock_monotonic_ns();
        const struct ed_push_args args = {.local_path = local,
                                          .remote_path = remote,
                                          .mode = 0600,
                                          .stall_ns = 60 * SECOND_NS,
                                          .deadline_ns = connected_ns + PUSH_DEADLINE_NS};
        status = transport->push(state, &args, err);
        const int64_t pushed_ns = ed_clock_monotonic_ns();
        transport->disconnect(state);
        if (status == ED_OK)
            printf("{\"connect_ns\":%lld,\"push_ns\":%lld,\"disconnect_ns\":%lld}\n",
                   (long long)(connected_ns - begin_ns), (long long)(pushed_ns - connected_ns),
                   (long long)(ed_clock_monotonic_ns() - pushed_ns));
    }
    free(state);
    return status;
}

static enum ed_status list_files(struct ed_sets *sets, char *const *files, size_t n, struct ed_error *err) {
    char sha256[ED_DIGEST_HEX_BYTES];
    const struct ed_set *set;
    int64_t bytes;
    enum ed_status status = ed_sets_begin(sets, "data", "device-times", "", "", err);
    for (size_t i = 0; status == ED_OK && i < n; i++) {
        status = ed_digest_file(sha256, &bytes, files[i], err);
        if (status == ED_OK)
            status = ed_sets_file(sets, files[i], sha256, bytes, false, err);
    }
    return status == ED_OK ? ed_sets_end(sets, &set, err) : status;
}

static void on_progress(void *context, int64_t sent_bytes, int64_t total_bytes) {
    (void)sent_bytes;
    *(int64_t *)context = total_bytes;
}

static enum ed_status time_steps(struct ed_session *session, const struct ed_sets *sets, int64_t begin_ns,
                                 struct ed_error *err) {
    int64_t pushed_bytes = 0;
    const int64_t open_ns = ed_clock_monotonic_ns();
    struct ed_remote_lease lease, left;
    const struct ed_remote_lease_ask take = {
        .action = "take", .holder = "device-times", .owner = "device-times", .for_ns = 600 * SECOND_NS};
    enum ed_status status = ed_remote_lease(&session->remote, &take, &lease, err);
    if (status == ED_OK && !lease.granted)
        status = ed_fail(err, ED_ERR_BUSY, session->entry->id, "somebody holds the device");
    if (status != ED_OK)
        return status;
    const int64_t leased_ns = ed_clock_monotonic_ns();
    const struct ed_session_push_args args = {
        .token = lease.token, .progress = on_progress, .progress_context = &pushed_bytes};
    status = ed_session_push(session, sets, &args, err);
    const int64_t pushed_ns = ed_clock_monotonic_ns();
    const struct ed_remote_lease_ask release = {.action = "release", .token = lease.token};
    ed_remote_lease(&session->remote, &release, &left, NULL);
    if (status == ED_OK)
        printf("{\"open_ns\":%lld,\"lease_ns\":%lld,\"push_ns\":%lld,\"pushed_bytes\":%lld}\n",
               (long long)(open_ns - begin_ns), (long long)(leased_ns - open_ns),
               (long long)(pushed_ns - leased_ns), (long long)pushed_bytes);
    return status;
}

static enum ed_status time_session(const struct subject *subject, const char *library_dir, char *const *files,
                                   size_t n, struct ed_error *err) {
    const struct ed_session_args args = {.library_dir = library_dir, .depth = ED_SESSION_READY};
    struct ed_session session;
    struct ed_sets sets;
    ed_sets_init(&sets);
    enum ed_status status = list_files(&sets, files, n, err);
    const int64_t begin_ns = ed_clock_monotonic_ns();
    if (status == ED_OK && (status = ed_session_open(&session, subject->entry, &args, NULL, err)) == ED_OK) {
        status = time_steps(&session, &sets, begin_ns, err);
        ed_session_close(&session);
    }
    ed_sets_release(&sets);
    return status;
}

static enum ed_status show_algorithms(const struct subject *subject, struct ed_error *err) {
    struct ed_ssh_link *link = NULL;
    enum ed_status status =
        ed_ssh_chain_open(&link, &subject->address, NULL, ed_clock_monotonic_ns() + 60 * SECOND_NS, err);
    if (status != ED_OK)
        return status;
    const char *cipher = libssh2_session_methods(link->session, LIBSSH2_METHOD_CRYPT_CS);
    const char *mac = libssh2_session_methods(link->session, LIBSSH2_METHOD_MAC_CS);
    printf("{\"cipher\":\"%s\",\"mac\":\"%s\",\"library\":\"libssh2 %s\"}\n", cipher ? cipher : "",
           mac ? mac : "", libssh2_version(0));
    ed_ssh_link_free(link);
    return ED_OK;
}

int main(int argc, char **argv) {
    struct subject subject = {0};
    struct ed_error err = {0};
    enum ed_status status =
        argc < 4 ? ed_fail(&err, ED_ERR_USAGE, "device_times", "see the head of its source") : ED_OK;
    if (status == ED_OK)
        status = ed_transports_start(&err);
    if (status == ED_OK)
        status = find_subject(&subject, argv[2], argv[3], &err);
    if (status == ED_OK && !strcmp(argv[1], "push") && argc == 6)
        status = time_push(&subject, argv[4], argv[5], &err);
    else if (status == ED_OK && !strcmp(argv[1], "session") && argc > 5)
        status = time_session(&subject, argv[4], argv + 5, (size_t)argc - 5, &err);
    else if (status == ED_OK && !strcmp(argv[1], "algorithms") && !strcmp(subject.entry->transport, "ssh"))
        status = show_algorithms(&subject, &err);
    else if (status == ED_OK)
        status = ed_fail(&err, ED_ERR_USAGE, "device_times", "see the head of its source");
    if (status != ED_OK)
        fprintf(stderr, "device_times: %s: %s: %s\n", ed_status_word(status), err.where, err.message);
    ed_inventory_release(&subject.inventory);
    return status != ED_OK;
}
