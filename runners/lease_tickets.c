// SPDX-License-Identifier: Apache-2.0
// Those who wait for a device: WORK/tickets/HOLDER.json.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json_read.h"
#include "base/json_write.h"
#include "runners/lease_record.h"

#define TICKET_MAX_BYTES 2048
#define TICKET_ENDING ".json"
#define ENTRIES_MAX 4096 // of the directory that are looked at

static bool get_text(const struct ed_json_at *root, const char *key, size_t max, bool may_be_empty,
                     char *out) {
    const struct ed_json_at at = ed_json_member(root, key);
    if (!at.value || !cJSON_IsString(at.value) || !ed_lease_text_ok(at.value->valuestring, max, may_be_empty))
        return false;
    snprintf(out, max + 1, "%s", at.value->valuestring);
    return true;
}

// False for a ticket that is damaged, of another boot, or not seen for too long.
static bool read_live(const char *path, const struct ed_lease_now *now, struct ed_lease_ticket *ticket) {
    struct ed_json_document document = {0};
    char boot_id[ED_LEASE_BOOT_ID_BYTES];
    double created = 0, seen = 0;
    if (ed_json_parse_file(&document, path, TICKET_MAX_BYTES, NULL) != ED_OK)
        return false;
    const struct ed_json_at root = ed_json_root(&document);
    bool live = get_text(&root, "owner", ED_WIRE_OWNER_MAX_BYTES, false, ticket->owner) &&
                get_text(&root, "boot_id", sizeof boot_id - 1, false, boot_id) &&
                ed_json_get_real(&root, "created_boot_ns", 0, 9.2e18, &created, NULL) == ED_OK &&
                ed_json_get_real(&root, "seen_boot_ns", 0, 9.2e18, &seen, NULL) == ED_OK;
    ed_json_document_release(&document);
    ticket->created_boot_ns = (int64_t)created;
    ticket->seen_boot_ns = (int64_t)seen;
    // A microsecond for what a double loses beyond 2^53.
    return live && !strcmp(boot_id, now->boot_id) && ticket->created_boot_ns <= ticket->seen_boot_ns &&
           ticket->seen_boot_ns <= now->boot_ns + 1000 &&
           now->boot_ns - ticket->seen_boot_ns < ED_LEASE_TICKET_NS;
}

static int older(const void *a, const void *b) {
    const struct ed_lease_ticket *x = a, *y = b;
    if (x->created_boot_ns != y->created_boot_ns)
        return x->created_boot_ns < y->created_boot_ns ? -1 : 1;
    return strcmp(x->holder, y->holder);
}

// HOLDER.json; false for any other name.
static bool holder_of(const char *name, char holder[ED_WIRE_ID_MAX_BYTES + 1]) {
    const size_t n = strlen(name), ending = sizeof TICKET_ENDING - 1;
    if (n <= ending || n - ending > ED_WIRE_ID_MAX_BYTES || strcmp(name + n - ending, TICKET_ENDING))
        return false;
    memcpy(holder, name, n - ending);
    holder[n - ending] = 0;
    return ed_path_name_ok(holder);
}

enum ed_status ed_lease_tickets_load(const char *work, const struct ed_lease_now *now, bool sweep,
                                     struct ed_lease_tickets *tickets, struct ed_error *err) {
    char directory[ED_PATH_BYTES], path[ED_PATH_BYTES];
    tickets->n = 0;
    enum ed_status status = ed_path_join(directory, work, ED_WORK_TICKETS, err);
    if (status != ED_OK)
        return status;
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? ED_OK : ed_fail_errno(err, ED_ERR_IO, directory, "cannot be listed: %m");
    DIR *folder = fdopendir(fd);
    if (!folder) {
        status = ed_fail_errno(err, ED_ERR_IO, directory, "cannot be listed: %m");
        close(fd);
        return status;
    }
    const struct dirent *entry;
    for (int i = 0; i < ENTRIES_MAX && tickets->n < ED_LEASE_TICKETS_MAX && (entry = readdir(folder)); i++) {
        struct ed_lease_ticket ticket = {0};
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
            continue;
        const bool live = holder_of(entry->d_name, ticket.holder) &&
                          ed_path_join(path, directory, entry->d_name, NULL) == ED_OK &&
                          read_live(path, now, &ticket);
        if (live)
            tickets->items[tickets->n++] = ticket;
        else if (sweep)
            unlinkat(dirfd(folder), entry->d_name, 0);
    }
    closedir(folder);
    qsort(tickets->items, tickets->n, sizeof *tickets->items, older);
    return ED_OK;
}

// Not synced: who waits asks often, while somebody measures. After a crash of the system no ticket counts
// anyway.
static enum ed_status replace(const char *directory, const char *holder, const struct ed_buffer *text,
                              struct ed_error *err) {
    char name[ED_WIRE_ID_MAX_BYTES + 16], fresh[ED_WIRE_ID_MAX_BYTES + 16];
    snprintf(name, sizeof name, "%s" TICKET_ENDING, holder);
    snprintf(fresh, sizeof fresh, ".%s.new", holder);
    int folder = open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder < 0)
        return ed_fail_errno(err, ED_ERR_IO, directory, "cannot be opened: %m");
    int fd = openat(folder, fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    enum ed_status status = fd < 0
                                ? ed_fail_errno(err, ED_ERR_IO, directory, "no ticket can be made in it: %m")
                                : ed_path_write_all(fd, ed_buffer_text(text), text->size, directory, err);
    if (fd >= 0)
        close(fd);
    if (status == ED_OK && renameat(folder, fresh, folder, name) != 0)
        status = ed_fail_errno(err, ED_ERR_IO, directory, "a ticket in it cannot be renamed: %m");
    if (status != ED_OK)
        unlinkat(folder, fresh, 0);
    close(folder);
    return status;
}

enum ed_status ed_lease_ticket_store(const char *work, const struct ed_lease_ticket *ticket,
                                     const struct ed_lease_now *now, struct ed_error *err) {
    char directory[ED_PATH_BYTES];
    struct ed_buffer text;
    struct ed_json_writer w;
    enum ed_status status = ed_path_join(directory, work, ED_WORK_TICKETS, err);
    if (status == ED_OK)
        status = ed_path_make(directory, 0700, err);
    if (status != ED_OK)
        return status;
    ed_buffer_init(&text, TICKET_MAX_BYTES);
    ed_json_writer_init(&w, &text, false);
    ed_json_object_begin(&w, NULL);
    ed_json_text(&w, "owner", ticket->owner);
    ed_json_int(&w, "created_boot_ns", ticket->created_boot_ns);
    ed_json_int(&w, "seen_boot_ns", ticket->seen_boot_ns);
    ed_json_text(&w, "boot_id", now->boot_id);
    ed_json_object_end(&w);
    status = ed_buffer_status(&text, "a ticket", err);
    if (status == ED_OK)
        status = replace(directory, ticket->holder, &text, err);
    ed_buffer_release(&text);
    return status;
}

enum ed_status ed_lease_ticket_remove(const char *work, const char *holder, struct ed_error *err) {
    char path[ED_PATH_BYTES], name[ED_WIRE_ID_MAX_BYTES + 32];
    if (!ed_path_name_ok(holder))
        return ed_fail(err, ED_ERR_USAGE, NULL, "'%.80s' is no holder of a lease", holder);
    snprintf(name, sizeof name, ED_WORK_TICKETS "/%s" TICKET_ENDING, holder);
    enum ed_status status = ed_path_join(path, work, name, err);
    if (status == ED_OK && unlink(path) != 0 && errno != ENOENT && errno != ENOTDIR)
        status = ed_fail_errno(err, ED_ERR_IO, path, "cannot be removed: %m");
    return status;
}
