// SPDX-License-Identifier: Apache-2.0
// A file to a device in stripes over several channels, or continued over one. Each lane is a shell there that
// reads the number and length of a stripe, lets dd take that stripe, and so on; any lane takes the next
// stripe of the file, so that the file grows nearly from front to back. The first lane makes the file and
// says how it goes on: a device whose dd knows no `fullblock` has but one lane, and `cat`. It sets the mode
// when all the others are done.
#include <stdlib.h>

#include "base/clock.h"
#include "devices/process.h"
#include "devices/ssh/transfer.h"

#define ANSWER_BYTES 4096
#define STRIPE_TEXT "524288"
_Static_assert(ED_SSH_STRIPE_BYTES == 524288, "the scripts hold the number too");

#define BEGIN "LC_ALL=C; export LC_ALL; umask 077; "
// $1 file, $2 mode.
#define TAKE_STRIPES                                                                               \
    "while read -r n l; do if [ \"$n\" = end ]; then chmod \"$2\" \"$1\" || exit 73; exit 0; fi; " \
    "e=$(dd ibs=\"$l\" obs=" STRIPE_TEXT                                                           \
    " count=1 iflag=fullblock conv=notrunc seek=\"$n\" of=\"$1\" 2>&1) || "                        \
    "{ printf '%s\\n' \"$e\" >&2; exit 72; }; done; "

static const char lane_script[] = BEGIN TAKE_STRIPES;
// $3 bytes that are there, $4 how many to keep of a file that may have holes, $5 lanes: "many" or "one".
static const char first_script[] =
    BEGIN "k=$3; if [ \"$3\" = 0 ]; then rm -f \"$1\" && true > \"$1\" || exit 71; "
          "else set -- \"$1\" \"$2\" \"$3\" \"$4\" \"$5\" $(wc -c < \"$1\"); [ -n \"$6\" ] || exit 71; [ "
          "\"$6\" -ge \"$3\" ] || exit 74; "
          "case $(ls -ld \"$1\") in -rwx*) k=$4;; esac; "
          "dd if=/dev/null of=\"$1\" bs=1 count=0 seek=\"$k\" 2>/dev/null || exit 72; fi; "
          "w=one; m=600; if [ \"$5\" = many ] && printf ab | dd ibs=2 obs=4 count=1 iflag=fullblock "
          ">/dev/null 2>&1; then w=many; m=700; fi; "
          "chmod $m \"$1\" || exit 73; printf 'edgedyno: %s %s;\\n' $w $k; "
          "if [ $w = one ]; then cat >> \"$1\" || exit 72; chmod \"$2\" \"$1\" || exit 73; exit 0; "
          "fi; " TAKE_STRIPES;

struct lane {
    struct ed_ssh_command command;
    bool made, refused;
    char head[32]; // number and length of a stripe
    size_t head_begin, head_end;
    char *piece; // its bytes, as far as they are not given yet
    size_t piece_begin, piece_end;
    int64_t stripe; // which; -1: none
};

struct lanes {
    struct ed_ssh_upload *upload;
    struct lane lane[ED_SSH_LANES_MAX];
    size_t n_lanes, turn;
    bool many;           // stripes; else the first lane takes everything
    int64_t next_stripe; // not begun yet
    int64_t end_stripe;
    bool ending; // the first lane was told to end
    char mode[8];
};

static void make_first(struct lanes *lanes, struct ed_ssh_script *script, char numbers[2][24]) {
    const struct ed_push_args *args = lanes->upload->args;
    int64_t kept = args->offset > ED_SSH_HOLES_BYTES ? args->offset - ED_SSH_HOLES_BYTES : 0;
    // Stripes begin at multiples of their size.
    snprintf(numbers[0], 24, "%lld", (long long)args->offset);
    snprintf(numbers[1], 24, "%lld", (long long)(kept - kept % ED_SSH_STRIPE_BYTES));
    ed_ssh_script_init(script, first_script,
                       (const char *const[]){args->remote_path, lanes->mode, numbers[0], numbers[1],
                                             lanes->n_lanes > 1 ? "many" : "one", NULL});
}

// Waits for the first lane's word on how it goes on.
static enum ed_status begin(struct lanes *lanes, struct ed_error *err) {
    struct ed_ssh_upload *upload = lanes->upload;
    struct ed_ssh_command *first = &lanes->lane[0].command;
    struct ed_ssh_script script;
    struct ed_spawn_result result;
    char numbers[2][24], word[8];
    const char *said = NULL;
    long long from = 0;
    enum ed_status status;
    make_first(lanes, &script, numbers);
    lanes->lane[0].made = true;
    status = ed_ssh_command_start(first, upload->link, script.argv, ANSWER_BYTES, "take a file",
                                  ed_ssh_upload_stall_ns(upload), err);
    upload->moved_ns = ed_clock_monotonic_ns();
    while (!status) {
        uint64_t mark = ed_ssh_mark(upload->link);
        status = ed_ssh_command_collect(first, err);
        // A login script may have written before it.
        said = strstr(ed_buffer_text(&first->out), "edgedyno: ");
        if (status || first->finished || (said && strchr(said, ';')))
            break;
        status = ed_ssh_upload_wait(upload, mark, err);
    }
    if (status)
        return status;
    if (said && sscanf(said, "edgedyno: %7s %lld;", word, &from) == 2 && from >= 0 &&
        from <= upload->args->offset) {
        lanes->many = strcmp(word, "many") == 0;
        upload->from_bytes = from;
        return ED_OK;
    }
    ed_spawn_result_init(&result);
    if (first->finished)
        status = ed_ssh_command_result(first, &result, err);
    if (!status && first->finished)
        status = ed_ssh_upload_judge(upload, &result, false, err);
    if (!status)
        status = ed_fail(err, ED_ERR_PARSE, upload->link->name,
                         "the device's shell answers with something else than was asked");
    ed_spawn_result_release(&result);
    return status;
}

// Another lane, as far as it goes without waiting. A server that opens no more channels leaves those that
// there are.
static enum ed_status start_lane(struct lanes *lanes, struct lane *lane, struct ed_error *err) {
    struct ed_ssh_script script;
    enum ed_status status = ED_OK;
    if (!lane->made) {
        lane->made = true;
        ed_ssh_script_init(&script, lane_script,
                           (const char *const[]){lanes->upload->args->remote_path, lanes->mode, NULL});
        status = ed_ssh_command_init(&lane->command, lanes->upload->link, script.argv, ANSWER_BYTES,
                                     "take a file", err);
    }
    if (!status)
        status = ed_ssh_command_step(&lane->command, err);
    if (status == ED_ERR_REFUSED) {
        lane->refused = true;
        status = ED_OK;
    }
    return status;
}

static int64_t oldest_stripe(const struct lanes *lanes) {
    int64_t oldest = lanes->next_stripe;
    for (size_t i = 0; i < lanes->n_lanes; i++)
        if (lanes->lane[i].stripe >= 0 && lanes->lane[i].stripe < oldest)
            oldest = lanes->lane[i].stripe;
    return oldest;
}

static enum ed_status load_stripe(struct lanes *lanes, struct lane *lane, struct ed_error *err) {
    struct ed_ssh_upload *upload = lanes->upload;
    int64_t stripe = lanes->next_stripe, at = stripe * ED_SSH_STRIPE_BYTES, left;
    left = upload->size_bytes - at;
    if (stripe == lanes->end_stripe || stripe - oldest_stripe(lanes) >= ED_SSH_AHEAD_STRIPES)
        return ED_OK;
    if (!lane->piece && !(lane->piece = malloc(ED_SSH_STRIPE_BYTES)))
        return ed_fail(err, ED_ERR_NO_MEMORY, upload->args->local_path, "no memory for a stripe");
    lane->piece_begin = 0;
    lane->piece_end = left < ED_SSH_STRIPE_BYTES ? (size_t)left : ED_SSH_STRIPE_BYTES;
    lane->head_begin = 0;
    lane->head_end =
        (size_t)snprintf(lane->head, sizeof lane->head, "%lld %zu\n", (long long)stripe, lane->piece_end);
    lane->stripe = stripe;
    lanes->next_stripe++;
    return ed_ssh_upload_read(upload, lane->piece, lane->piece_end, at, err);
}

static bool idle(const struct lane *lane) {
    return lane->head_begin == lane->head_end && lane->piece_begin == lane->piece_end;
}

static enum ed_status feed_lane(struct lanes *lanes, struct lane *lane, struct ed_error *err) {
    enum ed_status status = ED_OK;
    size_t taken = 0;
    if (idle(lane)) {
        lane->stripe = -1;
        status = load_stripe(lanes, lane, err);
    }
    if (!status && lane->head_begin < lane->head_end) {
        status = ed_ssh_command_feed(&lane->command, lane->head + lane->head_begin,
                                     lane->head_end - lane->head_begin, &taken, err);
        lane->head_begin += taken;
    }
    if (!status && lane->head_begin == lane->head_end && lane->piece_begin < lane->piece_end) {
        status = ed_ssh_command_feed(&lane->command, lane->piece + lane->piece_begin,
                                     lane->piece_end - lane->piece_begin, &taken, err);
        lane->piece_begin += taken;
        lanes->upload->given_bytes += (int64_t)taken;
    }
    return status;
}

static bool all_given(const struct lanes *lanes) {
    bool given = lanes->next_stripe == lanes->end_stripe;
    for (size_t i = 0; i < lanes->n_lanes; i++)
        given = given && idle(&lanes->lane[i]);
    return given;
}

// Tells the lanes to end: the first one, which sets the mode, when the others have.
static enum ed_status end_lane(struct lanes *lanes, struct lane *lane, struct ed_error *err) {
    if (lane == &lanes->lane[0]) {
        for (size_t i = 1; i < lanes->n_lanes; i++)
            if (lanes->lane[i].command.started && !lanes->lane[i].command.finished)
                return ED_OK;
        if (!lanes->ending) {
            lanes->ending = true;
            lane->head_begin = 0;
            lane->head_end = (size_t)snprintf(lane->head, sizeof lane->head, "end\n");
        }
        if (!idle(lane))
            return feed_lane(lanes, lane, err);
    }
    return lane->command.input_ended ? ED_OK : ed_ssh_command_end_input(&lane->command, err);
}

// One lane's part of a round. *ended: the upload is over, well or not.
static enum ed_status serve_lane(struct lanes *lanes, struct lane *lane, bool given, bool *ended,
                                 struct ed_error *err) {
    struct ed_spawn_result result;
    enum ed_status status;
    bool finished = lane->command.finished;
    if (finished)
        return ED_OK;
    status = ed_ssh_command_collect(&lane->command, err);
    if (status || !lane->command.finished) {
        if (!status && given)
            status = end_lane(lanes, lane, err);
        else if (!status)
            status = feed_lane(lanes, lane, err);
        return status;
    }
    ed_spawn_result_init(&result);
    status = ed_ssh_command_result(&lane->command, &result, err);
    if (!status)
        status = ed_ssh_upload_judge(lanes->upload, &result, given && idle(lane), err);
    *ended = lane == &lanes->lane[0];
    ed_spawn_result_release(&result);
    return status;
}

static enum ed_status pump(struct lanes *lanes, struct ed_error *err) {
    struct ed_ssh_upload *upload = lanes->upload;
    enum ed_status status = ED_OK;
    bool ended = false;
    while (!status && !ended) {
        uint64_t mark = ed_ssh_mark(upload->link);
        int64_t given_bytes = upload->given_bytes;
        bool given = all_given(lanes), opening = false;
        // Each round begins with another lane, or the first would have most of the queue.
        for (size_t i = 0; !status && !ended && i < lanes->n_lanes; i++) {
            struct lane *lane = &lanes->lane[(lanes->turn + i) % lanes->n_lanes];
            if (lane->command.started) {
                status = serve_lane(lanes, lane, given, &ended, err);
            } else if (!lane->refused && !opening && !given) {
                status = start_lane(lanes, lane, err);
                opening = !lane->command.channel;
            }
        }
        lanes->turn++;
        ed_ssh_upload_count(upload);
        if (!status && !ended && (given || given_bytes == upload->given_bytes))
            status = ed_ssh_upload_wait(upload, mark, err);
    }
    return status;
}

// After a failure the other lanes are let end.
static void let_end(struct lanes *lanes) {
    int64_t until_ns = ed_clock_monotonic_ns() + ED_SSH_DRAIN_NS;
    bool ended = false;
    if (until_ns > lanes->upload->args->deadline_ns)
        until_ns = lanes->upload->args->deadline_ns;
    while (!ended && ed_clock_monotonic_ns() < until_ns) {
        uint64_t mark = ed_ssh_mark(lanes->upload->link);
        ended = true;
        for (size_t i = 0; i < lanes->n_lanes; i++)
            ended = ed_ssh_command_drain(&lanes->lane[i].command) && ended;
        if (!ended && !ed_ssh_poll(lanes->upload->link, mark, until_ns))
            return;
    }
}

// One lane: the rest of the file through `cat`.
static enum ed_status pump_one(struct lanes *lanes, struct ed_error *err) {
    struct ed_ssh_upload *upload = lanes->upload;
    struct ed_ssh_command *command = &lanes->lane[0].command;
    struct ed_spawn_result result;
    enum ed_status status = ed_ssh_upload_rest(upload, command, err);
    ed_spawn_result_init(&result);
    if (!status)
        status = ed_ssh_command_result(command, &result, err);
    if (!status)
        status = ed_ssh_upload_judge(upload, &result,
                                     upload->from_bytes + upload->given_bytes == upload->size_bytes, err);
    ed_spawn_result_release(&result);
    return status;
}

enum ed_status ed_ssh_upload_lanes(struct ed_ssh_upload *upload, size_t n_lanes, struct ed_error *err) {
    struct lanes *lanes = calloc(1, sizeof *lanes);
    enum ed_status status;
    if (!lanes)
        return ed_fail(err, ED_ERR_NO_MEMORY, upload->args->local_path, "no memory to push it");
    lanes->upload = upload;
    lanes->n_lanes = n_lanes;
    snprintf(lanes->mode, sizeof lanes->mode, "%04o", upload->args->mode & 07777);
    for (size_t i = 0; i < n_lanes; i++)
        lanes->lane[i].stripe = -1;
    status = begin(lanes, err);
    if (!status && lanes->many) {
        // A file without holes may end within a stripe, whose beginning is written again.
        upload->from_bytes -= upload->from_bytes % ED_SSH_STRIPE_BYTES;
        lanes->next_stripe = upload->from_bytes / ED_SSH_STRIPE_BYTES;
        lanes->end_stripe = (upload->size_bytes + ED_SSH_STRIPE_BYTES - 1) / ED_SSH_STRIPE_BYTES;
        status = pump(lanes, err);
        if (status && status != ED_ERR_TIMEOUT && status != ED_ERR_LINK_LOST)
            let_end(lanes);
    } else if (!status)
        status = pump_one(lanes, err);
    for (size_t i = 0; i < n_lanes; i++) {
        if (lanes->lane[i].made)
            ed_ssh_command_release(&lanes->lane[i].command);
        free(lanes->lane[i].piece);
    }
    free(lanes);
    return status;
}
