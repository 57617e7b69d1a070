// SPDX-License-Identifier: Apache-2.0
// Who is trusted by the SSH transport, and how it proves who it is: host keys, agent, key files, hosts in
// between, and what libssh2 cannot do.
#include "tests/devices/ssh_place.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "devices/ssh/link.h"

static struct ssh_server sshd;
static struct ed_error err;

static void known_text(char *text, size_t bytes) {
    int fd = open(ssh_path("home/.ssh/known_hosts"), O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : read(fd, text, bytes - 1);
    text[n > 0 ? n : 0] = '\0';
    if (fd >= 0)
        close(fd);
}

static void must_connect(const struct ssh_login *login) {
    void *state = ssh_try(login, &err);
    if (!state)
        fail_msg("%s: %s: %s", ed_status_word(err.code), err.where, err.message);
    ssh_disconnect(state);
}

static char noted[2048];

static void on_note(void *context, const char *line) {
    (void)context;
    snprintf(noted, sizeof noted, "%s", line);
}

static void test_unknown_then_taken_in(void **unused) {
    struct ssh_login login = ssh_login_to(sshd.port);
    char text[1024], add[128];
    struct stat info;
    (void)unused;
    ssh_forget();
    assert_refused(&login, ED_ERR_KEY_REFUSED, "SHA256:");
    snprintf(add, sizeof add, ":%d --accept-new", sshd.port);
    assert_refused(&login, ED_ERR_KEY_REFUSED, add);
    assert_false(ssh_exists("home/.ssh/known_hosts"));
    login.context.accept_new = true;
    login.context.note = on_note;
    must_connect(&login);
    assert_non_null(strstr(noted, "SHA256:"));
    known_text(text, sizeof text);
    assert_non_null(strstr(text, "ssh-ed25519"));
    assert_int_equal(stat(ssh_path("home/.ssh/known_hosts"), &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
    login.context.accept_new = false;
    must_connect(&login);
    // OpenSSH finds the line too.
    snprintf(add, sizeof add, "[127.0.0.1]:%d", sshd.port);
    assert_int_equal(ssh_run_here((const char *const[]){"ssh-keygen", "-F", add, "-f",
                                                        ssh_path("home/.ssh/known_hosts"), NULL}),
                     0);
}

static void test_changed(void **unused) {
    struct ssh_login login = ssh_login_to(sshd.port);
    char before[1024], after[1024];
    (void)unused;
    ssh_forget();
    ssh_know(&sshd, "host_other");
    login.context.accept_new = true;
    known_text(before, sizeof before);
    assert_refused(&login, ED_ERR_KEY_REFUSED, "HAS CHANGED");
    assert_refused(&login, ED_ERR_KEY_REFUSED, "known_hosts:1");
    known_text(after, sizeof after);
    assert_string_equal(before, after);
}

static void test_pinned(void **unused) {
    struct ssh_login login = ssh_login_to(sshd.port);
    char key[1024] = "", other[1024] = "";
    int fd;
    (void)unused;
    fd = open(ssh_path("host_ed25519.pub"), O_RDONLY | O_CLOEXEC);
    assert_true(read(fd, key, sizeof key - 1) > 0);
    close(fd);
    fd = open(ssh_path("host_other.pub"), O_RDONLY | O_CLOEXEC);
    assert_true(read(fd, other, sizeof other - 1) > 0);
    close(fd);
    // It wins over the files, either way.
    ssh_forget();
    ssh_know(&sshd, "host_other");
    login.address.host_key = key;
    must_connect(&login);
    ssh_forget();
    ssh_know(&sshd, "host_ed25519");
    login.address.host_key = other;
    login.context.accept_new = true;
    assert_refused(&login, ED_ERR_KEY_REFUSED, "devices.json");
    login.address.host_key = "ssh-ed25519 nonsense!";
    assert_refused(&login, ED_ERR_PARSE, "TYPE BASE64");
    // A pinned key of another type is asked for.
    fd = open(ssh_path("host_ecdsa.pub"), O_RDONLY | O_CLOEXEC);
    memset(key, 0, sizeof key);
    assert_true(read(fd, key, sizeof key - 1) > 0);
    close(fd);
    login.address.host_key = key;
    must_connect(&login);
}

static void test_hashed_and_revoked(void **unused) {
    struct ssh_login login = ssh_login_to(sshd.port);
    char script[512];
    (void)unused;
    ssh_forget();
    ssh_know(&sshd, "host_ed25519");
    assert_int_equal(ssh_run_here((const char *const[]){"ssh-keygen", "-H", "-f",
                                                        ssh_path("home/.ssh/known_hosts"), NULL}),
                     0);
    must_connect(&login);
    snprintf(script, sizeof script, "{ printf '@revoked * '; cat %s; } >> %s", ssh_path("host_ed25519.pub"),
             ssh_path("home/.ssh/known_hosts"));
    assert_int_equal(ssh_run_here((const char *const[]){"sh", "-c", script, NULL}), 0);
    // The server has another key, which is not known.
    login.context.accept_new = true;
    assert_refused(&login, ED_ERR_KEY_REFUSED, "revoked");
}

static void test_only_ecdsa_known(void **unused) {
    struct ssh_login login = ssh_login_to(sshd.port);
    (void)unused;
    ssh_forget();
    ssh_know(&sshd, "host_ecdsa");
    must_connect(&login);
}

// The server lost the key of the type that is known: nothing is taken in silently.
static void test_other_type_known(void **unused) {
    struct ssh_server only = {0};
    struct ssh_login login;
    (void)unused;
    ssh_server_start(&only, "host_ed25519", "");
    login = ssh_login_to(only.port);
    login.context.accept_new = true;
    ssh_forget();
    ssh_know(&only, "host_ecdsa");
    assert_refused(&login, ED_ERR_KEY_REFUSED, "ecdsa-sha2-nistp256 key is what is known");
    ssh_forget();
    ssh_know(&only, "host_rsa");
    assert_refused(&login, ED_ERR_KEY_REFUSED, "ssh-keyscan -t ed25519");
    ssh_server_stop(&only);
}

static void test_config(void **unused) {
    struct ssh_login login = ssh_login_to(0);
    char text[1024];
    (void)unused;
    ssh_forget();
    snprintf(
        text, sizeof text,
        "Host box\n HostName 127.0.0.1\n Port %d\n HostKeyAlias the-box\n UserKnownHostsFile ~/own_known\n"
        " IdentityFile %s\n IdentitiesOnly yes\n"
        "Host wrong\n HostName 127.0.0.1\n Port %d\n User nobody-at-all\n UserKnownHostsFile ~/own_known\n "
        "HostKeyAlias the-box\n"
        "Host command\n ProxyCommand nc %%h %%p\n",
        sshd.port, ssh_path("user_ecdsa"), sshd.port);
    ssh_write("home/.ssh/config", 0600, text);
    login.address.host = "box";
    login.context.accept_new = true;
    must_connect(&login);
    assert_true(ssh_exists("home/own_known"));
    assert_false(ssh_exists("home/.ssh/known_hosts"));
    assert_int_equal(
        ssh_run_here((const char *const[]){"grep", "^the-box ", ssh_path("home/own_known"), NULL}), 0);
    login.context.accept_new = false;
    must_connect(&login);
    login.address.host = "wrong";
    assert_refused(&login, ED_ERR_KEY_REFUSED, "as user 'nobody-at-all'");
    login.address.host = "command";
    assert_refused(&login, ED_ERR_UNSUPPORTED, "ProxyCommand");
    ssh_remove("home/own_known");
}

static pid_t start_agent(void) {
    char command[256], *pid;
    snprintf(command, sizeof command, "ssh-agent -s -a %s", ssh_path("agent"));
    assert_int_equal(ssh_run_here((const char *const[]){"sh", "-c", command, NULL}), 0);
    pid = strstr(ssh_said, "SSH_AGENT_PID=");
    assert_non_null(pid);
    setenv("SSH_AUTH_SOCK", ssh_path("agent"), 1);
    return (pid_t)atoi(pid + 14);
}

static void end_agent(pid_t pid) {
    kill(pid, SIGKILL);
    unsetenv("SSH_AUTH_SOCK");
    ssh_remove("agent");
}

static void add_to_agent(const char *name) {
    if (ssh_run_here((const char *const[]){"ssh-add", "-q", ssh_path(name), NULL}) != 0)
        fail_msg("ssh-add: %s", ssh_said);
}

static void test_agent(void **unused) {
    struct ssh_login login = ssh_login_to(sshd.port);
    pid_t agent = start_agent();
    char text[512];
    (void)unused;
    ssh_forget();
    ssh_know(&sshd, "host_ed25519");
    assert_int_equal(rename(ssh_path("home/.ssh/id_ed25519"), ssh_path("home/.ssh/away")), 0);
    assert_refused(&login, ED_ERR_KEY_REFUSED, "no key to show");
    add_to_agent("user_other");
    assert_refused(&login, ED_ERR_KEY_REFUSED, "none of the 1 keys");
    add_to_agent("user_ecdsa");
    must_connect(&login);
    // Only what is named, be it by the public half.
    snprintf(text, sizeof text, "Host *\n IdentitiesOnly yes\n IdentityFile %s\n", ssh_path("user_other"));
    ssh_write("home/.ssh/config", 0600, text);
    assert_refused(&login, ED_ERR_KEY_REFUSED, "none of the 1 keys");
    snprintf(text, sizeof text, "Host *\n IdentitiesOnly yes\n IdentityFile %s.pub\n",
             ssh_path("user_ecdsa"));
    ssh_write("home/.ssh/config", 0600, text);
    must_connect(&login);
    // An agent that says nothing ends by the deadline.
    ssh_remove("home/.ssh/config");
    kill(agent, SIGSTOP);
    login.time_ns = SECOND_NS;
    assert_null(ssh_try(&login, &err));
    assert_true(err.code == ED_ERR_TIMEOUT || err.code == ED_ERR_KEY_REFUSED);
    login.time_ns = 0;
    end_agent(agent);
    setenv("SSH_AUTH_SOCK", ssh_path("no-agent"), 1);
    assert_refused(&login, ED_ERR_KEY_REFUSED, "SSH_AUTH_SOCK");
    unsetenv("SSH_AUTH_SOCK");
    assert_int_equal(rename(ssh_path("home/.ssh/away"), ssh_path("home/.ssh/id_ed25519")), 0);
}

static int asked;
static const char *answer;

static enum ed_status on_question(void *context, const char *prompt, char *secret, size_t bytes,
                                  struct ed_error *error) {
    (void)context;
    asked++;
    assert_non_null(strstr(prompt, "user_locked"));
    if (!answer)
        return ed_fail(error, ED_ERR_KEY_REFUSED, "test", "nobody there");
    snprintf(secret, bytes, "%s",
             strcmp(answer, "late") != 0 ? answer
             : asked % 3 == 2            ? "open sesame"
                                         : "wrong");
    return ED_OK;
}

static void test_passphrase(void **unused) {
    struct ssh_login login = ssh_login_to(sshd.port);
    char text[512];
    pid_t agent;
    (void)unused;
    ssh_forget();
    ssh_know(&sshd, "host_ed25519");
    snprintf(text, sizeof text, "Host *\n IdentityFile %s\n", ssh_path("user_locked"));
    ssh_write("home/.ssh/config", 0600, text);
    assert_refused(&login, ED_ERR_KEY_REFUSED, "ssh-add");
    login.context.ask_secret = on_question;
    answer = NULL;
    assert_refused(&login, ED_ERR_KEY_REFUSED, "nobody could be asked");
    assert_int_equal(asked, 1);
    asked = 0;
    answer = "open sesame";
    must_connect(&login);
    assert_int_equal(asked, 1);
    asked = 0;
    answer = "late";
    must_connect(&login);
    assert_int_equal(asked, 2);
    asked = 0;
    answer = "wrong";
    assert_refused(&login, ED_ERR_KEY_REFUSED, "passphrase was wrong");
    assert_int_equal(asked, 3);
    // From the agent: nobody is asked.
    asked = 0;
    agent = start_agent();
    assert_int_equal(
        ssh_run_here((const char *const[]){"cp", "-p", ssh_path("user_locked"), ssh_path("unlocked"), NULL}),
        0);
    assert_int_equal(ssh_run_here((const char *const[]){"ssh-keygen", "-q", "-p", "-P", "open sesame", "-N",
                                                        "", "-f", ssh_path("unlocked"), NULL}),
                     0);
    add_to_agent("unlocked");
    must_connect(&login);
    assert_int_equal(asked, 0);
    end_agent(agent);
    // A key that the server does not take is not asked for.
    asked = 0;
    login.address.user = "nobody-at-all";
    assert_refused(&login, ED_ERR_KEY_REFUSED, "none of the");
    assert_int_equal(asked, 0);
}

static bool old_library(void) {
    return libssh2_version(0x010b00) == NULL;
}

static void test_rsa_user_key(void **unused) {
    struct ssh_login login = ssh_login_to(sshd.port);
    char text[512];
    (void)unused;
    ssh_forget();
    ssh_know(&sshd, "host_ed25519");
    snprintf(text, sizeof text, "Host *\n IdentityFile %s\n", ssh_path("user_rsa"));
    ssh_write("home/.ssh/config", 0600, text);
    if (!old_library()) {
        must_connect(&login);
        return;
    }
    assert_refused(&login, ED_ERR_KEY_REFUSED, "ssh-keygen -t ed25519");
    assert_refused(&login, ED_ERR_KEY_REFUSED, "SHA-1");
}

static void test_no_common_algorithm(void **unused) {
    static const struct {
        const char *hosts, *extra, *says;
    } rows[] = {
        {"host_ed25519", "Ciphers aes128-gcm@openssh.com,aes256-gcm@openssh.com", "aes256-ctr to Ciphers"},
        {"host_ed25519", "Ciphers chacha20-poly1305@openssh.com", "aes256-ctr to Ciphers"},
        {"host_ed25519", "MACs umac-128@openssh.com,umac-64-etm@openssh.com", "hmac-sha2-256 to MACs"},
        {"host_ed25519", "KexAlgorithms sntrup761x25519-sha512@openssh.com",
         "curve25519-sha256 to KexAlgorithms"},
        {"host_rsa", "", "Ed25519 key"}};
    (void)unused;
    if (!old_library())
        skip();
    ssh_forget();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ssh_server strict = {0};
        struct ssh_login login;
        ssh_server_start(&strict, rows[i].hosts, rows[i].extra);
        login = ssh_login_to(strict.port);
        assert_refused(&login, ED_ERR_UNSUPPORTED, rows[i].says);
        ssh_server_stop(&strict);
    }
}

static void test_no_keys_taken_there(void **unused) {
    struct ssh_server strict = {0};
    struct ssh_login login;
    (void)unused;
    ssh_forget();
    ssh_server_start(&strict, "host_ed25519", "PubkeyAuthentication no\nKbdInteractiveAuthentication yes");
    ssh_know(&strict, "host_ed25519");
    login = ssh_login_to(strict.port);
    assert_refused(&login, ED_ERR_KEY_REFUSED, "passwords are never used");
    ssh_server_stop(&strict);
}

// The server hangs up after so many keys.
static void test_too_many_keys(void **unused) {
    struct ssh_server strict = {0};
    struct ssh_login login;
    pid_t agent;
    (void)unused;
    ssh_forget();
    ssh_server_start(&strict, "host_ed25519", "MaxAuthTries 1");
    ssh_know(&strict, "host_ed25519");
    login = ssh_login_to(strict.port);
    agent = start_agent();
    add_to_agent("user_other");
    assert_refused(&login, ED_ERR_KEY_REFUSED, "IdentitiesOnly");
    end_agent(agent);
    ssh_server_stop(&strict);
}

static void test_jumps(void **unused) {
    struct ssh_server first = {0}, second = {0};
    struct ssh_login login = ssh_login_to(sshd.port);
    struct ed_spawn_result result;
    char text[1024], via[64];
    void *state;
    (void)unused;
    ssh_forget();
    ssh_server_start(&first, "host_ecdsa", "");
    ssh_server_start(&second, "host_ed25519", "");
    ssh_know(&sshd, "host_ed25519");
    ssh_know(&first, "host_ecdsa");
    ssh_know(&second, "host_ed25519");
    // By "via".
    snprintf(via, sizeof via, "ssh://127.0.0.1:%d", first.port);
    login.address.via = via;
    state = ssh_try(&login, &err);
    if (!state)
        fail_msg("%s: %s", err.where, err.message);
    ssh_random_file("big", 5000000);
    assert_status(ssh_push(state, ssh_path("big"), ssh_path("big2"), 0, 0, &err), ED_OK, err);
    assert_true(ssh_same_file(ssh_path("big"), ssh_path("big2")));
    assert_status(ssh_spawn(state, (const char *const[]){"/bin/cat", ssh_path("big"), NULL}, NULL, 0,
                            PLENTY_NS, &result, &err),
                  ED_OK, err);
    assert_int_equal(result.out_bytes, 5000000);
    ed_spawn_result_release(&result);
    // It comes from the host in between: that server's process is the other end.
    assert_status(ssh_shell(state, "echo $SSH_CONNECTION", &result, &err), ED_OK, err);
    assert_non_null(strstr(result.out, "127.0.0.1 "));
    ed_spawn_result_release(&result);
    ssh_disconnect(state);
    // By ~/.ssh/config, over two.
    snprintf(text, sizeof text,
             "Host target\n HostName 127.0.0.1\n Port %d\n ProxyJump one,127.0.0.1:%d\n"
             "Host one\n HostName 127.0.0.1\n Port %d\n"
             "Host nested\n HostName 127.0.0.1\n Port %d\n ProxyJump two\n"
             "Host two\n HostName 127.0.0.1\n Port %d\n ProxyJump one\n"
             "Host loop\n ProxyJump pool\nHost pool\n ProxyJump loop\n",
             sshd.port, second.port, first.port, sshd.port, second.port);
    ssh_write("home/.ssh/config", 0600, text);
    login = ssh_login_to(0);
    login.address.host = "target";
    must_connect(&login);
    login.address.host = "nested";
    must_connect(&login);
    login.address.host = "loop";
    assert_refused(&login, ED_ERR_USAGE, "lead back");
    // The hop's key is checked as well.
    ssh_remove("home/.ssh/known_hosts");
    ssh_know(&sshd, "host_ed25519");
    ssh_know(&second, "host_ed25519");
    login.address.host = "target";
    assert_refused(&login, ED_ERR_KEY_REFUSED, "is not known");
    ssh_know(&first, "host_ecdsa");
    // Nothing behind the hop.
    login.address.via = "one";
    login.address.host = "127.0.0.1";
    login.address.port = 1;
    assert_refused(&login, ED_ERR_UNREACHABLE, "cannot reach 127.0.0.1 port 1");
    ssh_server_stop(&first);
    assert_refused(&login, ED_ERR_UNREACHABLE, "refuses connections");
    ssh_server_start(&first, "host_ecdsa", "AllowTcpForwarding no");
    ssh_know(&first, "host_ecdsa");
    snprintf(via, sizeof via, "127.0.0.1:%d", first.port);
    login.address.via = via;
    assert_refused(&login, ED_ERR_UNREACHABLE, "AllowTcpForwarding");
    ssh_server_stop(&first);
    ssh_server_stop(&second);
}

static int set_up(void **unused) {
    (void)unused;
    if (!ssh_place_make())
        return -1;
    ssh_server_start(&sshd, "host_ed25519 host_ecdsa", "");
    return 0;
}

static int tear_down(void **unused) {
    (void)unused;
    ssh_server_stop(&sshd);
    ssh_place_remove();
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unknown_then_taken_in),
        cmocka_unit_test(test_changed),
        cmocka_unit_test(test_pinned),
        cmocka_unit_test(test_hashed_and_revoked),
        cmocka_unit_test(test_only_ecdsa_known),
        cmocka_unit_test(test_other_type_known),
        cmocka_unit_test(test_config),
        cmocka_unit_test(test_agent),
        cmocka_unit_test(test_passphrase),
        cmocka_unit_test(test_rsa_user_key),
        cmocka_unit_test(test_no_common_algorithm),
        cmocka_unit_test(test_no_keys_taken_there),
        cmocka_unit_test(test_too_many_keys),
        cmocka_unit_test(test_jumps),
    };
    if (access("/usr/sbin/sshd", X_OK) != 0) {
        fprintf(stderr, "skipped: OpenSSH's server is not installed\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
