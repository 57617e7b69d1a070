// SPDX-License-Identifier: Apache-2.0
// The reader of ~/.ssh/config.
#include "devices/ssh/config.h"

#include <glob.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "devices/ssh/config_line.h"
#include "devices/ssh/home.h"

#define FILE_MAX_BYTES (1u << 20)
#define DEPTH_MAX 8
#define FILES_MAX 64

// Whether a line applies to the host. `MAYBE`: under a Match whose conditions are not evaluated here.
enum applies { NO, MAYBE, YES };

struct reading {
    struct ed_ssh_host *out; // NULL: only names are wanted
    const char *host;
    void (*found)(void *context, const char *name);
    void *context;
    bool proxy_said, identities_only_said;
    size_t depth, files;
    char where[ED_ERROR_WHERE_BYTES]; // FILE:LINE
    struct ed_error *err;
};

static enum ed_status read_file(struct reading *reading, const char *path, bool must_exist,
                                enum applies outer);

static enum ed_status needs_value(struct reading *reading, const struct ed_ssh_line *line) {
    if (line->n_words > 0 && line->words[0][0])
        return ED_OK;
    return ed_fail(reading->err, ED_ERR_PARSE, reading->where, "%.64s lacks its value", line->keyword);
}

static enum ed_status set_text(struct reading *reading, const struct ed_ssh_line *line, char *out,
                               size_t bytes) {
    enum ed_status status = needs_value(reading, line);
    if (status || out[0])
        return status;
    if (strlen(line->words[0]) >= bytes)
        return ed_fail(reading->err, ED_ERR_LIMIT, reading->where,
                       "the value of %.64s is longer than %zu bytes", line->keyword, bytes - 1);
    snprintf(out, bytes, "%s", line->words[0]);
    return ED_OK;
}

static enum ed_status set_port(struct reading *reading, const struct ed_ssh_line *line) {
    enum ed_status status = needs_value(reading, line);
    char *end;
    long port;
    if (status || reading->out->port)
        return status;
    port = strtol(line->words[0], &end, 10);
    if (*end || line->words[0][0] < '0' || line->words[0][0] > '9' || port < 1 || port > 65535)
        return ed_fail(reading->err, ED_ERR_PARSE, reading->where, "'%.64s' is no port from 1 to 65535",
                       line->words[0]);
    reading->out->port = (int)port;
    return ED_OK;
}

static enum ed_status set_identities_only(struct reading *reading, const struct ed_ssh_line *line) {
    enum ed_status status = needs_value(reading, line);
    if (status || reading->identities_only_said)
        return status;
    reading->identities_only_said = true;
    reading->out->identities_only =
        strcasecmp(line->words[0], "yes") == 0 || strcasecmp(line->words[0], "true") == 0;
    return ED_OK;
}

// Expanded at the end, when name and user are known.
static enum ed_status add_identity(struct reading *reading, const struct ed_ssh_line *line) {
    struct ed_ssh_host *out = reading->out;
    enum ed_status status = needs_value(reading, line);
    if (status)
        return status;
    if (out->n_identities == ED_SSH_IDENTITIES_MAX)
        return ed_fail(reading->err, ED_ERR_LIMIT, reading->where,
                       "more than %d lines IdentityFile apply to '%.200s'", ED_SSH_IDENTITIES_MAX,
                       reading->host);
    out->identities[out->n_identities][0] = '\0';
    status = set_text(reading, line, out->identities[out->n_identities], sizeof out->identities[0]);
    out->n_identities += !status;
    return status;
}

// Several files become lines of one text.
static enum ed_status set_known_hosts(struct reading *reading, const struct ed_ssh_line *line) {
    enum ed_status status = needs_value(reading, line);
    char *out = reading->out->known_hosts;
    size_t n = 0;
    if (status || out[0])
        return status;
    for (size_t i = 0; i < line->n_words; i++) {
        int added =
            snprintf(out + n, sizeof reading->out->known_hosts - n, "%s%s", i ? "\n" : "", line->words[i]);
        if (added < 0 || (size_t)added >= sizeof reading->out->known_hosts - n)
            return ed_fail(reading->err, ED_ERR_LIMIT, reading->where,
                           "the names of %.64s are too long together", line->keyword);
        n += (size_t)added;
    }
    return ED_OK;
}

static enum ed_status set_proxy(struct reading *reading, const struct ed_ssh_line *line, bool jump) {
    enum ed_status status = needs_value(reading, line);
    bool none = !status && strcasecmp(line->words[0], "none") == 0;
    if (status || reading->proxy_said)
        return status;
    reading->proxy_said = true;
    if (none)
        return ED_OK;
    if (jump)
        return set_text(reading, line, reading->out->proxy_jump, sizeof reading->out->proxy_jump);
    return ed_fail(reading->err, ED_ERR_UNSUPPORTED, reading->where,
                   "ProxyCommand applies to '%.200s', but no command is run to reach a device; use "
                   "ProxyJump, or \"via\" in "
                   "devices.json",
                   reading->host);
}

// What would change how the host is reached or who is trusted, and is not honoured.
static enum ed_status refuse(struct reading *reading, const struct ed_ssh_line *line) {
    static const struct {
        const char *keyword, *harmless, *way_out;
    } rows[] = {
        {"certificatefile", "none", "use a plain key, listed in the device's authorized_keys"},
        {"pkcs11provider", "none", "load the token into the agent (ssh-add -s), or use a key file"},
        {"identityagent", "SSH_AUTH_SOCK", "set SSH_AUTH_SOCK to that agent's socket"},
        {"bindaddress", NULL, "route to the device by the system's routing table"},
        {"bindinterface", NULL, "route to the device by the system's routing table"},
        {"canonicalizehostname", "no", "write the full name as HostName"},
        {"revokedhostkeys", "none", "mark the keys @revoked in known_hosts"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (strcmp(rows[i].keyword, line->keyword) != 0)
            continue;
        if (line->n_words > 0 && rows[i].harmless && strcasecmp(rows[i].harmless, line->words[0]) == 0)
            return ED_OK;
        return ed_fail(
            reading->err, ED_ERR_UNSUPPORTED, reading->where,
            "%s applies to '%.200s' and is not supported: %s, or reach the device under another Host",
            rows[i].keyword, reading->host, rows[i].way_out);
    }
    return ED_OK;
}

static enum ed_status apply(struct reading *reading, const struct ed_ssh_line *line) {
    struct ed_ssh_host *out = reading->out;
    if (strcmp(line->keyword, "hostname") == 0)
        return set_text(reading, line, out->host_name, sizeof out->host_name);
    if (strcmp(line->keyword, "user") == 0)
        return set_text(reading, line, out->user, sizeof out->user);
    if (strcmp(line->keyword, "port") == 0)
        return set_port(reading, line);
    if (strcmp(line->keyword, "identityfile") == 0)
        return add_identity(reading, line);
    if (strcmp(line->keyword, "identitiesonly") == 0)
        return set_identities_only(reading, line);
    if (strcmp(line->keyword, "proxyjump") == 0)
        return set_proxy(reading, line, true);
    if (strcmp(line->keyword, "proxycommand") == 0)
        return set_proxy(reading, line, false);
    if (strcmp(line->keyword, "userknownhostsfile") == 0)
        return set_known_hosts(reading, line);
    if (strcmp(line->keyword, "hostkeyalias") == 0)
        return set_text(reading, line, out->host_key_alias, sizeof out->host_key_alias);
    return refuse(reading, line);
}

// Under a Match that may apply: an error where the line would have changed anything.
static enum ed_status apply_maybe(struct reading *reading, const struct ed_ssh_line *line) {
    struct ed_ssh_host *now = reading->out, *then = malloc(sizeof *then);
    struct reading trial = *reading;
    enum ed_status status;
    bool same;
    if (!then)
        return ed_fail(reading->err, ED_ERR_NO_MEMORY, reading->where, "no memory for another line");
    *then = *now;
    trial.out = then;
    trial.err = NULL;
    status = apply(&trial, line);
    same = !status && memcmp(then, now, sizeof *now) == 0 && trial.proxy_said == reading->proxy_said;
    free(then);
    if (same)
        return ED_OK;
    return ed_fail(reading->err, ED_ERR_UNSUPPORTED, reading->where,
                   "%.64s stands under a Match whose conditions are not evaluated here, and may apply to "
                   "'%.200s'; write it "
                   "under a Host line",
                   line->keyword, reading->host);
}

static enum applies host_applies(const struct reading *reading, const struct ed_ssh_line *line) {
    enum applies applies = NO;
    for (size_t i = 0; i < line->n_words; i++) {
        int matches = ed_ssh_pattern_list(line->words[i], 0, reading->host);
        if (matches < 0)
            return NO;
        if (matches)
            applies = YES;
    }
    return applies;
}

// All conditions must hold; those on the host's name are known here.
static enum applies match_applies(const struct reading *reading, const struct ed_ssh_line *line) {
    enum applies applies = YES;
    for (size_t i = 0; i < line->n_words; i++) {
        const char *name = line->words[i];
        if (strcasecmp(name, "all") == 0)
            continue;
        if ((strcasecmp(name, "host") == 0 || strcasecmp(name, "originalhost") == 0) &&
            i + 1 < line->n_words) {
            bool given = strcasecmp(name, "host") != 0 || !reading->out->host_name[0];
            if (ed_ssh_pattern_list(line->words[++i], ',', given ? reading->host : reading->out->host_name) !=
                1)
                return NO;
            continue;
        }
        applies = MAYBE;
        // Those that take a value.
        if (strcasecmp(name, "canonical") != 0 && strcasecmp(name, "final") != 0 && name[0] != '!')
            i++;
    }
    return line->n_words ? applies : MAYBE;
}

static enum ed_status include(struct reading *reading, const struct ed_ssh_line *line, enum applies applies) {
    enum ed_status status = needs_value(reading, line);
    char where[ED_ERROR_WHERE_BYTES], base[ED_PATH_BYTES], pattern[ED_PATH_BYTES];
    if (!status && reading->depth >= DEPTH_MAX)
        status = ed_fail(reading->err, ED_ERR_LIMIT, reading->where, "Include goes deeper than %d files",
                         DEPTH_MAX);
    if (!status)
        status = ed_ssh_path(base, "", "~/.ssh", reading->err);
    snprintf(where, sizeof where, "%s", reading->where);
    for (size_t i = 0; !status && i < line->n_words; i++) {
        glob_t files;
        status = ed_ssh_path(pattern, base, line->words[i], reading->err);
        // What matches nothing is passed over, as OpenSSH does.
        if (status || glob(pattern, 0, NULL, &files) != 0)
            continue;
        for (size_t k = 0; !status && k < files.gl_pathc; k++)
            status = read_file(reading, files.gl_pathv[k], true, applies);
        globfree(&files);
        if (!status)
            snprintf(reading->where, sizeof reading->where, "%s", where);
    }
    return status;
}

static void give_names(const struct reading *reading, const struct ed_ssh_line *line) {
    for (size_t i = 0; i < line->n_words; i++)
        if (line->words[i][0] && !strpbrk(line->words[i], "*?!"))
            reading->found(reading->context, line->words[i]);
}

static enum ed_status take_line(struct reading *reading, const struct ed_ssh_line *line, enum applies outer,
                                enum applies *applies) {
    bool host = strcmp(line->keyword, "host") == 0;
    if (strcmp(line->keyword, "include") == 0)
        return reading->out && *applies == NO ? ED_OK : include(reading, line, *applies);
    if (!reading->out) {
        if (host)
            give_names(reading, line);
        return ED_OK;
    }
    if (host || strcmp(line->keyword, "match") == 0) {
        enum ed_status status = needs_value(reading, line);
        enum applies own = status ? NO : host ? host_applies(reading, line) : match_applies(reading, line);
        *applies = own < outer ? own : outer;
        return status;
    }
    return *applies == YES ? apply(reading, line) : *applies == MAYBE ? apply_maybe(reading, line) : ED_OK;
}

static enum ed_status read_lines(struct reading *reading, const char *path, const struct ed_buffer *text,
                                 enum applies outer) {
    static const char *const faults[] = {"", "the line is too long", "a quotation mark is not closed",
                                         "there are too many words on the line",
                                         "there is a control character"};
    const char *at = ed_buffer_text(text), *end = at + text->size;
    struct ed_ssh_line *line = malloc(sizeof *line);
    enum ed_status status = ED_OK;
    enum applies applies = outer;
    if (!line)
        return ed_fail(reading->err, ED_ERR_NO_MEMORY, path, "no memory for a line");
    for (size_t number = 1; !status && at < end; number++) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        size_t n = stop ? (size_t)(stop - at) : (size_t)(end - at);
        enum ed_ssh_line_fault fault = ed_ssh_line_split(line, at, n);
        snprintf(reading->where, sizeof reading->where, "%.230s:%zu", path, number);
        if (fault)
            status = ed_fail(reading->err, ED_ERR_PARSE, reading->where, "%s", faults[fault]);
        else if (line->keyword)
            status = take_line(reading, line, outer, &applies);
        at += n + (stop != NULL);
    }
    free(line);
    return status;
}

static enum ed_status read_file(struct reading *reading, const char *path, bool must_exist,
                                enum applies outer) {
    struct ed_buffer text;
    struct stat info;
    enum ed_status status;
    if (stat(path, &info) != 0 && errno == ENOENT && !must_exist)
        return ED_OK;
    if (++reading->files > FILES_MAX)
        return ed_fail(reading->err, ED_ERR_LIMIT, path, "more than %d files are included", FILES_MAX);
    ed_buffer_init(&text, FILE_MAX_BYTES + 1);
    status = ed_path_read(path, FILE_MAX_BYTES, &text, reading->err);
    reading->depth++;
    if (!status)
        status = read_lines(reading, path, &text, outer);
    reading->depth--;
    ed_buffer_release(&text);
    return status;
}

static enum ed_status read_config(struct reading *reading, const char *path) {
    char own[ED_PATH_BYTES];
    enum ed_status status = path ? ED_OK : ed_ssh_path(own, "", "~/.ssh/config", NULL);
    // Without a home folder there is no such file.
    return status ? ED_OK : read_file(reading, path ? path : own, false, YES);
}

enum ed_status ed_ssh_config_host(struct ed_ssh_host *out, const char *path, const char *host,
                                  struct ed_error *err) {
    struct reading reading = {.out = out, .host = host, .err = err};
    enum ed_status status;
    memset(out, 0, sizeof *out);
    status = read_config(&reading, path);
    return status ? status : ed_ssh_config_expand(out, host, err);
}

enum ed_status ed_ssh_config_names(const char *path, void (*found)(void *context, const char *name),
                                   void *context, struct ed_error *err) {
    struct reading reading = {.host = "", .found = found, .context = context, .err = err};
    return read_config(&reading, path);
}
