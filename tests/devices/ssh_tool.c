// SPDX-License-Identifier: Apache-2.0
// The SSH transport by hand, for trials and for the push benchmark:
//     ssh_tool [--user U] [--port N] [--via V] [--host-key K] [--accept-new] [--timeout S] HOST run /PROGRAM ARGUMENT...
//     ... HOST push LOCAL REMOTE [OFFSET]      ... HOST pull REMOTE OFFSET BYTES > LOCAL      ... HOST identify
// Prints how long each step took on standard error. Ends with the program's exit status, 100 + the status of
// a failure.
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "devices/process.h"
#include "devices/ssh/ssh.h"

static double since(int64_t begin_ns) {
    return (double)(ed_clock_monotonic_ns() - begin_ns) / 1e9;
}

static enum ed_status ask(void *context, const char *prompt, char *secret, size_t bytes,
                          struct ed_error *err) {
    const char *given = getenv("ED_SSH_TOOL_SECRET");
    (void)context;
    fprintf(stderr, "%s\n", prompt);
    if (!given)
        return ed_fail(err, ED_ERR_KEY_REFUSED, "ssh_tool", "nobody can be asked");
    snprintf(secret, bytes, "%s", given);
    return ED_OK;
}

static void note(void *context, const char *line) {
    (void)context;
    fprintf(stderr, "note: %s\n", line);
}

static enum ed_status act(void *state, char **argv, int64_t deadline_ns, int *exit_code,
                          struct ed_error *err) {
    enum ed_status status = ED_ERR_USAGE;
    int64_t begin_ns = ed_clock_monotonic_ns();
    if (strcmp(argv[0], "run") == 0 && argv[1]) {
        struct ed_spawn_args args = {
            .argv = (const char *const *)argv + 1, .out_limit_bytes = 1u << 30, .deadline_ns = deadline_ns};
        struct ed_spawn_result result;
        status = ed_transport_ssh.spawn(state, &args, &result, err);
        if (!status) {
            fwrite(result.out, 1, result.out_bytes, stdout);
            fwrite(result.err_out, 1, result.err_bytes, stderr);
            if (result.signal)
                fprintf(stderr, "signal %d\n", result.signal);
            *exit_code = result.exit_code;
        }
        ed_spawn_result_release(&result);
    } else if (strcmp(argv[0], "push") == 0 && argv[1] && argv[2]) {
        struct ed_push_args args = {.local_path = argv[1],
                                    .remote_path = argv[2],
                                    .mode = 0600,
                                    .offset = argv[3] ? atoll(argv[3]) : 0,
                                    .stall_ns = 10000000000,
                                    .deadline_ns = deadline_ns};
        status = ed_transport_ssh.push(state, &args, err);
    } else if (strcmp(argv[0], "pull") == 0 && argv[1] && argv[2] && argv[3]) {
        int64_t got;
        status = ed_transport_ssh.pull(state, argv[1], atoll(argv[2]), atoll(argv[3]), STDOUT_FILENO, &got,
                                       deadline_ns, err);
        fprintf(stderr, "got %lld\n", (long long)got);
    } else if (strcmp(argv[0], "identify") == 0) {
        struct ed_identity identity;
        status = ed_transport_ssh.identify(state, &identity, deadline_ns, err);
        if (!status)
            printf("%s, %s, %s, %s %s, %s\n", identity.target, identity.kernel, identity.machine,
                   identity.libc, identity.libc_version, identity.work_dir);
    }
    fprintf(stderr, "%s %.3f s\n", argv[0], since(begin_ns));
    return status;
}

int main(int argc, char **argv) {
    struct ed_address address = {
        .id = "tool", .host = "", .user = "", .serial = "", .via = "", .host_key = "", .work_dir = ""};
    struct ed_transport_context context = {.ask_secret = ask, .note = note};
    struct ed_error error = {0};
    void *state = calloc(1, ed_transport_ssh.state_bytes);
    int64_t begin_ns = ed_clock_monotonic_ns(), timeout_s = 600;
    enum ed_status status;
    int i = 1, exit_code = 0;
    for (; i < argc && argv[i][0] == '-'; i++) {
        if (strcmp(argv[i], "--accept-new") == 0)
            context.accept_new = true;
        else if (i + 1 == argc)
            break;
        else if (strcmp(argv[i], "--user") == 0)
            address.user = argv[++i];
        else if (strcmp(argv[i], "--port") == 0)
            address.port = atoi(argv[++i]);
        else if (strcmp(argv[i], "--via") == 0)
            address.via = argv[++i];
        else if (strcmp(argv[i], "--host-key") == 0)
            address.host_key = argv[++i];
        else if (strcmp(argv[i], "--timeout") == 0)
            timeout_s = atoll(argv[++i]);
    }
    if (i + 1 >= argc || !state) {
        fprintf(stderr, "ssh_tool: see the head of its source\n");
        free(state);
        return 100 + ED_ERR_USAGE;
    }
    address.host = argv[i];
    status = ed_ssh_init(&error);
    if (!status)
        status =
            ed_transport_ssh.connect(state, &address, &context, begin_ns + timeout_s * 1000000000, &error);
    fprintf(stderr, "connect %.3f s\n", since(begin_ns));
    if (!status) {
        status = act(state, argv + i + 1, begin_ns + timeout_s * 1000000000, &exit_code, &error);
        begin_ns = ed_clock_monotonic_ns();
        ed_transport_ssh.disconnect(state);
        fprintf(stderr, "disconnect %.3f s\n", since(begin_ns));
    }
    if (status)
        fprintf(stderr, "%s: %s: %s\n", ed_status_word(status), error.where, error.message);
    free(state);
    return status ? 100 + (int)status : exit_code;
}
