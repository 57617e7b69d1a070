// SPDX-License-Identifier: Apache-2.0
// The adapter for programs: one line of JSON to the program's standard input, one line back on its standard
// output (docs/servers.md). Its standard error is the worker's.
#ifndef EDGEDYNO_BACKENDS_COMMAND_CMD_H
#define EDGEDYNO_BACKENDS_COMMAND_CMD_H

#include <sys/types.h>

#include "base/command_file.h"
#include "base/json_write.h"
#include "base/path.h"
#include "edgedyno/backend.h"

#define CMD_PROTOCOL 1
#define CMD_LINE_MAX_BYTES (16u << 20)
#define CMD_TOLD_MAX 4096 // the last times that the program told of are kept

// The program and what it has written.
struct cmd_process {
    pid_t pid; // 0: none runs
    int to, from;
    struct ed_buffer got;
    size_t used;       // bytes of `got` that were read as lines
    off_t words_begin; // of our standard error when it was started, -1 where that is no file
};

struct cmd_output {
    void *data; // owned
    size_t bytes;
    uint32_t rank;
    int64_t shape[ED_TENSOR_RANK_MAX];
};

struct cmd_state {
    char path[ED_PATH_BYTES], directory[ED_PATH_BYTES]; // of FILE; "" where none was named
    char scratch[ED_PATH_BYTES];                        // "": none was made
    struct ed_command_file file;
    struct cmd_process process;
    struct ed_json_document answer; // the last one
    char name[128], version[64];
    int64_t start_limit_ns, load_limit_ns, answer_limit_ns;
    char backend[16];
    bool loaded, bound, ran, fetched;
    struct ed_io io;
    struct cmd_output outputs[ED_TENSORS_MAX];
    int64_t told_ns[CMD_TOLD_MAX];
    uint64_t n_told;
};

// cmd_process.c
enum ed_status cmd_start(struct cmd_state *cmd, struct ed_error *err);
// Sends one line and waits for one; *line is terminated and lives until the next call. Anything but a line in
// time is an error with the program's last words, and the program is ended. A program that was killed by a
// signal takes this process with it, so that the supervisor judges that as it judges an engine of its own.
enum ed_status cmd_exchange(struct cmd_state *cmd, const char *request, size_t bytes, const char *what,
                            int64_t limit_ns, const char **line, size_t *line_bytes, struct ed_error *err);
// Closes its input and gives it a second to go by itself.
void cmd_stop(struct cmd_state *cmd);
size_t cmd_family(pid_t pid, int64_t *pids, size_t capacity);

// cmd_answers.c
// cmd_exchange, and the answer parsed into cmd->answer: {"ok": true, ...}, else ED_ERR_REFUSED in its words.
enum ed_status cmd_ask(struct cmd_state *cmd, const struct ed_buffer *request, const char *what,
                       int64_t limit_ns, struct ed_error *err);
enum ed_status cmd_take_answer(struct cmd_state *cmd, const char *line, size_t bytes, const char *what,
                               struct ed_error *err);
enum ed_status cmd_read_io(struct cmd_state *cmd, struct ed_error *err);
enum ed_status cmd_read_placement(struct cmd_state *cmd, struct ed_placement *out, struct ed_error *err);

// cmd_outputs.c
enum ed_status cmd_write_inputs(struct cmd_state *cmd, const struct ed_tensor *inputs, size_t n,
                                struct ed_error *err);
enum ed_status cmd_fetch_outputs(struct cmd_state *cmd, struct ed_error *err);
void cmd_forget_outputs(struct cmd_state *cmd);

#endif
