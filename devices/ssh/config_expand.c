// SPDX-License-Identifier: Apache-2.0
// Tokens in values of ~/.ssh/config: %h and its like, and ~.
#include "devices/ssh/config.h"
#include "devices/ssh/config_line.h"
#include "devices/ssh/home.h"

struct names {
    const char *host, *given, *user; // the name to connect to, the name on the command line, the remote user
    char login[64], home[ED_PATH_BYTES];
};

static enum ed_status expand(char *out, size_t bytes, const char *text, const struct names *names,
                             struct ed_error *err) {
    size_t n = 0;
    if (strstr(text, "${"))
        return ed_fail(err, ED_ERR_UNSUPPORTED, "~/.ssh/config",
                       "variables of the environment are not expanded in '%.200s'; write it out", text);
    for (; *text; text++) {
        char one[2] = {*text, '\0'};
        const char *add = one;
        if (*text == '%') {
            switch (*++text) {
            case '%':
                break;
            case 'h':
                add = names->host;
                break;
            case 'n':
                add = names->given;
                break;
            case 'u':
                add = names->login;
                break;
            case 'r':
                add = names->user;
                break;
            case 'd':
                add = names->home;
                break;
            default:
                return ed_fail(
                    err, ED_ERR_UNSUPPORTED, "~/.ssh/config",
                    "the token %%%.1s is not supported (%%h %%n %%u %%r %%d %%%% are); write its value out",
                    text);
            }
        }
        if (n + strlen(add) >= bytes)
            return ed_fail(err, ED_ERR_LIMIT, "~/.ssh/config",
                           "a value is longer than %zu bytes once expanded", bytes - 1);
        memcpy(out + n, add, strlen(add));
        n += strlen(add);
    }
    out[n] = '\0';
    return ED_OK;
}

// "none" stays; everything else becomes an absolute path.
static enum ed_status expand_path(char *value, size_t bytes, const struct names *names,
                                  struct ed_error *err) {
    char text[ED_PATH_BYTES], path[ED_PATH_BYTES];
    enum ed_status status;
    if (strcasecmp(value, "none") == 0) {
        snprintf(value, bytes, "none");
        return ED_OK;
    }
    status = expand(text, sizeof text, value, names, err);
    if (!status)
        status = ed_ssh_path(path, "", text, err);
    if (!status && strlen(path) >= bytes)
        status = ed_fail(err, ED_ERR_LIMIT, "~/.ssh/config", "the path '%.200s...' is longer than %zu bytes",
                         path, bytes - 1);
    if (!status)
        snprintf(value, bytes, "%s", path);
    return status;
}

static enum ed_status expand_known_hosts(struct ed_ssh_host *out, const struct names *names,
                                         struct ed_error *err) {
    char all[sizeof out->known_hosts], one[ED_PATH_BYTES];
    enum ed_status status = ED_OK;
    size_t n = 0;
    snprintf(all, sizeof all, "%s", out->known_hosts);
    out->known_hosts[0] = '\0';
    for (char *at = all; !status && *at;) {
        size_t length = strcspn(at, "\n");
        snprintf(one, sizeof one, "%.*s", (int)length, at);
        at += length + (at[length] != '\0');
        status = expand_path(one, sizeof one, names, err);
        if (!status && n + strlen(one) + 2 > sizeof out->known_hosts)
            status = ed_fail(err, ED_ERR_LIMIT, "~/.ssh/config",
                             "the names of UserKnownHostsFile are too long together");
        if (!status)
            n += (size_t)snprintf(out->known_hosts + n, sizeof out->known_hosts - n, "%s%s", n ? "\n" : "",
                                  one);
    }
    return status;
}

enum ed_status ed_ssh_config_expand(struct ed_ssh_host *out, const char *host, struct ed_error *err) {
    struct names names = {.host = host, .given = host};
    char host_name[sizeof out->host_name];
    enum ed_status status = ED_OK;
    ed_ssh_login(names.login, sizeof names.login);
    names.user = out->user[0] ? out->user : names.login;
    if (ed_ssh_home(names.home, NULL))
        names.home[0] = '\0';
    if (out->host_name[0]) {
        status = expand(host_name, sizeof host_name, out->host_name, &names, err);
        if (!status)
            snprintf(out->host_name, sizeof out->host_name, "%s", host_name);
        names.host = out->host_name;
    }
    for (size_t i = 0; !status && i < out->n_identities; i++)
        status = expand_path(out->identities[i], sizeof out->identities[i], &names, err);
    return status ? status : expand_known_hosts(out, &names, err);
}
