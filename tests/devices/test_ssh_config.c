// SPDX-License-Identifier: Apache-2.0
// What is read before a connection is made: ~/.ssh/config, known_hosts, keys, hosts in between. Answers of
// OpenSSH itself
// (`ssh -G`, ssh-keygen) are the reference where it is installed.
#include "tests/devices/ssh_place.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "devices/ssh/base64.h"
#include "devices/ssh/chain.h"
#include "devices/ssh/config.h"
#include "devices/ssh/key_file.h"
#include "devices/ssh/known_hosts.h"
#include "devices/ssh/negotiate.h"

static struct ed_ssh_host host;
static struct ed_error err;

static enum ed_status read_config(const char *text, const char *name) {
    ssh_write("config", 0600, text);
    memset(&err, 0, sizeof err);
    return ed_ssh_config_host(&host, ssh_path("config"), name, &err);
}

static void test_first_value_wins(void **unused) {
    static const char text[] = "# a comment\n"
                               "Host pi raspi !notpi\n"
                               "    HostName 10.0.0.7\n"
                               "  User=pi\n"
                               "\tPort = 2222\n"
                               "\n"
                               "Host *.lab !secret.lab\n"
                               "    HOSTNAME %h.example.com\n"
                               "    ProxyJump jump,user@other:23\n"
                               "    identityfile ~/keys/lab\n"
                               "    IdentityFile \"%d/with space/%r@%h\" # and why\n"
                               "    IdentitiesOnly yes\n"
                               "    UserKnownHostsFile ~/kh1 /etc/kh2\n"
                               "    HostKeyAlias lab-hosts\n"
                               "Host *\n"
                               "    User everybody\n"
                               "    Port 22\n"
                               "    ForwardAgent yes\n"
                               "    ServerAliveInterval 5\n";
    char wanted[512];
    (void)unused;
    assert_status(read_config(text, "pi"), ED_OK, err);
    assert_string_equal(host.host_name, "10.0.0.7");
    assert_string_equal(host.user, "pi");
    assert_int_equal(host.port, 2222);
    assert_int_equal(host.n_identities, 0);
    assert_string_equal(host.proxy_jump, "");
    assert_status(read_config(text, "A.LAB"), ED_OK, err);
    assert_string_equal(host.host_name, "A.LAB.example.com");
    assert_string_equal(host.user, "everybody");
    assert_int_equal(host.port, 22);
    assert_string_equal(host.proxy_jump, "jump,user@other:23");
    assert_true(host.identities_only);
    assert_string_equal(host.host_key_alias, "lab-hosts");
    assert_int_equal(host.n_identities, 2);
    snprintf(wanted, sizeof wanted, "%s/keys/lab", getenv("HOME"));
    assert_string_equal(host.identities[0], wanted);
    snprintf(wanted, sizeof wanted, "%s/with space/everybody@A.LAB.example.com", getenv("HOME"));
    assert_string_equal(host.identities[1], wanted);
    snprintf(wanted, sizeof wanted, "%s/kh1\n/etc/kh2", getenv("HOME"));
    assert_string_equal(host.known_hosts, wanted);
    assert_status(read_config(text, "secret.lab"), ED_OK, err);
    assert_string_equal(host.host_name, "");
    // A file that is not there says nothing.
    assert_status(ed_ssh_config_host(&host, ssh_path("no_config"), "pi", &err), ED_OK, err);
    assert_string_equal(host.host_name, "");
}

static void test_refused(void **unused) {
    static const struct {
        const char *text, *name;
        enum ed_status status;
        const char *says;
    } rows[] = {
        {"Host a\nProxyCommand nc %h %p\n", "a", ED_ERR_UNSUPPORTED, "ProxyJump"},
        {"Host a\nProxyCommand nc %h %p\n", "b", ED_OK, ""},
        {"ProxyCommand none\nHost a\nProxyCommand nc\n", "a", ED_OK, ""},
        {"ProxyJump x\nProxyCommand nc\n", "a", ED_OK, ""},
        {"CertificateFile ~/c\n", "a", ED_ERR_UNSUPPORTED, "certificatefile"},
        {"PKCS11Provider none\n", "a", ED_OK, ""},
        {"IdentityAgent SSH_AUTH_SOCK\n", "a", ED_OK, ""},
        {"IdentityAgent /run/agent\n", "a", ED_ERR_UNSUPPORTED, "SSH_AUTH_SOCK"},
        {"CanonicalizeHostname no\n", "a", ED_OK, ""},
        {"RevokedHostKeys /x\n", "a", ED_ERR_UNSUPPORTED, "@revoked"},
        {"Match exec true\nUser x\n", "a", ED_ERR_UNSUPPORTED, "Match"},
        {"Match exec \"true\"\nForwardAgent yes\n", "a", ED_OK, ""},
        {"User y\nMatch user x\nUser x\n", "a", ED_OK, ""},
        {"Match user x\nIdentityFile ~/x\n", "a", ED_ERR_UNSUPPORTED, "Host line"},
        {"Match originalhost b user x\nUser x\n", "a", ED_OK, ""},
        {"Match originalhost a,b\nPort 7\n", "a", ED_OK, ""},
        {"Match all\nPort 7\n", "a", ED_OK, ""},
        {"Match exec x\nInclude inner\n", "a", ED_OK, ""},
        {"Port 0\n", "a", ED_ERR_PARSE, "config:1"},
        {"Port 65536\n", "a", ED_ERR_PARSE, "65535"},
        {"Port 22x\n", "a", ED_ERR_PARSE, "22x"},
        {"\nUser\n", "a", ED_ERR_PARSE, "config:2"},
        {"User \"open\n", "a", ED_ERR_PARSE, "quotation"},
        {"IdentityFile ~/%C\n", "a", ED_ERR_UNSUPPORTED, "%C"},
        {"IdentityFile ~/${X}\n", "a", ED_ERR_UNSUPPORTED, "${X}"},
        {"IdentityFile ~root/x\n", "a", ED_ERR_UNSUPPORTED, "another user"},
        {"User aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n", "a",
         ED_ERR_LIMIT, "63"},
        {"Host a\n\x01User x\n", "a", ED_ERR_PARSE, "control"},
    };
    (void)unused;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        enum ed_status status = read_config(rows[i].text, rows[i].name);
        if (status != rows[i].status)
            fail_msg("row %zu: %s: %s: %s", i, ed_status_word(status), err.where, err.message);
        assert_says(err, rows[i].says);
    }
}

static void add_name(void *context, const char *name) {
    char *names = context;
    strcat(strcat(names, name), " ");
}

static void test_include(void **unused) {
    char text[1024], names[256] = "";
    (void)unused;
    mkdir(ssh_path("home/.ssh/more"), 0700);
    ssh_write("home/.ssh/more/1.conf", 0600, "Host one\nUser first\nHost *\nPort 2001\n");
    ssh_write("home/.ssh/more/2.conf", 0600, "Host two\nUser second\n");
    ssh_write("absolute.conf", 0600, "User third\n");
    snprintf(text, sizeof text,
             "Include more/*.conf nothing-like-this\nHost three\nInclude %s\nHost other x?\nPort 9\n",
             ssh_path("absolute.conf"));
    assert_status(read_config(text, "one"), ED_OK, err);
    assert_string_equal(host.user, "first");
    assert_int_equal(host.port, 2001);
    assert_status(read_config(text, "two"), ED_OK, err);
    assert_string_equal(host.user, "second");
    // An Include under a Host that does not apply does not either.
    assert_string_equal((read_config(text, "four"), host.user), "");
    assert_status(read_config(text, "three"), ED_OK, err);
    assert_string_equal(host.user, "third");
    assert_status(ed_ssh_config_names(ssh_path("config"), add_name, names, &err), ED_OK, err);
    assert_string_equal(names, "one two three other ");
    ssh_write("home/.ssh/loop.conf", 0600, "Include loop.conf\n");
    assert_status(read_config("Include loop.conf\n", "a"), ED_ERR_LIMIT, err);
}

// `ssh -G` prints what OpenSSH makes of a file.
static void test_as_openssh_does(void **unused) {
    static const char text[] = "Host a* !ab\n  User u1\n  Port 2201\n  HostName real-%h\n"
                               "Match originalhost ab\n  User u2\n  ProxyJump j1,j2:24\n"
                               "Match host real-a? \n  HostKeyAlias alias\n"
                               "Host \"abc\" b?\n  User=u3\n  IdentitiesOnly yes\n  IdentityFile ~/k1\n"
                               "Host *\n  User u4\n  IdentityFile %d/k2\n  Port 2299\n";
    static const char *const names[] = {"a", "ab", "abc", "b1", "b12", "ad"};
    char line[700], path[256];
    (void)unused;
    if (ssh_run_here((const char *const[]){"ssh", "-V", NULL}) != 0)
        skip();
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *home = getenv("HOME");
        assert_status(read_config(text, names[i]), ED_OK, err);
        assert_int_equal(
            ssh_run_here((const char *const[]){"ssh", "-G", "-F", ssh_path("config"), names[i], NULL}), 0);
        snprintf(line, sizeof line, "user %s\n", host.user);
        assert_non_null(strstr(ssh_said, line));
        snprintf(line, sizeof line, "hostname %s\n", host.host_name[0] ? host.host_name : names[i]);
        assert_non_null(strstr(ssh_said, line));
        snprintf(line, sizeof line, "port %d\n", host.port);
        assert_non_null(strstr(ssh_said, line));
        snprintf(line, sizeof line, "identitiesonly %s\n", host.identities_only ? "yes" : "no");
        assert_non_null(strstr(ssh_said, line));
        snprintf(line, sizeof line, "proxyjump %s\n", host.proxy_jump);
        assert_int_equal(host.proxy_jump[0] != '\0', strstr(ssh_said, "proxyjump") != NULL);
        assert_true(!host.proxy_jump[0] || strstr(ssh_said, line));
        snprintf(line, sizeof line, "hostkeyalias %s\n", host.host_key_alias);
        assert_int_equal(host.host_key_alias[0] != '\0', strstr(ssh_said, line) != NULL);
        // Expanded only here.
        for (size_t k = 0; k < host.n_identities; k++) {
            assert_memory_equal(host.identities[k], home, strlen(home));
            snprintf(path, sizeof path, "%s\n", host.identities[k] + strlen(home));
            assert_non_null(strstr(ssh_said, path));
        }
    }
}

static void read_key(struct ed_ssh_known_key *key, const char *name) {
    char text[1024] = "", path[64];
    snprintf(path, sizeof path, "%s.pub", name);
    int fd = open(ssh_path(path), O_RDONLY | O_CLOEXEC);
    assert_true(read(fd, text, sizeof text - 1) > 0);
    close(fd);
    assert_status(ed_ssh_known_key_parse(key, text, &err), ED_OK, err);
}

// `entry` is a line whose KEY, OTHER and ECDSA are replaced.
static enum ed_ssh_verdict judge(const char *entry, const char *name, int port) {
    static const char *const words[][2] = {
        {"KEY", "host_ed25519"}, {"OTHER", "host_other"}, {"ECDSA", "host_ecdsa"}};
    struct ed_ssh_known_hosts known = {0};
    struct ed_ssh_known_key key;
    enum ed_ssh_verdict verdict;
    char script[2048];
    ssh_write("known", 0600, entry);
    for (size_t i = 0; i < 3; i++) {
        snprintf(script, sizeof script, "k=$(cut -d' ' -f1,2 %s/%s.pub) && sed -i \"s#%s#$k#\" %s/known",
                 ssh_place, words[i][1], words[i][0], ssh_place);
        assert_int_equal(ssh_run_here((const char *const[]){"sh", "-c", script, NULL}), 0);
    }
    assert_status(ed_ssh_known_hosts_read(&known, ssh_path("known"), name, port, &err), ED_OK, err);
    read_key(&key, "host_ed25519");
    verdict = ed_ssh_known_hosts_judge(&known, key.blob, key.n_blob, NULL);
    ed_ssh_known_hosts_release(&known);
    return verdict;
}

static void test_known_hosts(void **unused) {
    static const struct {
        const char *entry, *name;
        int port;
        enum ed_ssh_verdict verdict;
    } rows[] = {
        {"pi KEY\n", "pi", 22, ED_SSH_KEY_KNOWN},
        {"PI KEY comment words\n", "pi", 22, ED_SSH_KEY_KNOWN},
        {"pi KEY", "PI", 22, ED_SSH_KEY_KNOWN},
        {"pi KEY\n", "pi", 2222, ED_SSH_KEY_UNKNOWN},
        {"[pi]:2222 KEY\n", "pi", 2222, ED_SSH_KEY_KNOWN},
        {"[pi]:2222 KEY\n", "pi", 22, ED_SSH_KEY_UNKNOWN},
        {"a,pi,10.* KEY\n", "10.1.2.3", 22, ED_SSH_KEY_KNOWN},
        {"*,!pi KEY\n", "pi", 22, ED_SSH_KEY_UNKNOWN},
        {"pi OTHER\n", "pi", 22, ED_SSH_KEY_CHANGED},
        {"pi OTHER\npi KEY\n", "pi", 22, ED_SSH_KEY_KNOWN},
        {"pi KEY\npi OTHER\n", "pi", 22, ED_SSH_KEY_KNOWN},
        {"pi ECDSA\n", "pi", 22, ED_SSH_KEY_OTHER},
        {"pi ECDSA\npi OTHER\n", "pi", 22, ED_SSH_KEY_CHANGED},
        {"pi OTHER\npi ECDSA\n", "pi", 22, ED_SSH_KEY_CHANGED},
        {"@revoked pi KEY\n", "pi", 22, ED_SSH_KEY_REVOKED},
        {"pi KEY\n@revoked * KEY\n", "pi", 22, ED_SSH_KEY_REVOKED},
        {"@revoked * KEY\npi KEY\n", "pi", 22, ED_SSH_KEY_REVOKED},
        {"@revoked * OTHER\npi KEY\n", "pi", 22, ED_SSH_KEY_KNOWN},
        {"@revoked * OTHER\n", "pi", 22, ED_SSH_KEY_UNKNOWN},
        {"@cert-authority * KEY\n", "pi", 22, ED_SSH_KEY_UNKNOWN},
        {"# pi KEY\n\n  \npi KEY\n", "pi", 22, ED_SSH_KEY_KNOWN},
        {"pi ssh-ed25519 !!!!\npi ssh-rsa AAAAB3NzaC1yc2E\npi\npi ssh-ed25519\n", "pi", 22, ED_SSH_KEY_OTHER},
        {"pi ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIA==\n", "pi", 22, ED_SSH_KEY_UNKNOWN},
        {"|1|x|y KEY\n|1|AAAA KEY\n", "pi", 22, ED_SSH_KEY_UNKNOWN},
    };
    (void)unused;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (judge(rows[i].entry, rows[i].name, rows[i].port) != rows[i].verdict)
            fail_msg("row %zu: %d", i, (int)judge(rows[i].entry, rows[i].name, rows[i].port));
}

// Names that ssh-keygen hashed are found.
static void test_hashed(void **unused) {
    struct ed_ssh_known_hosts known = {0};
    (void)unused;
    judge("secret.example KEY\n[secret.example]:77 OTHER\n", "x", 22);
    assert_int_equal(ssh_run_here((const char *const[]){"ssh-keygen", "-H", "-f", ssh_path("known"), NULL}),
                     0);
    assert_status(ed_ssh_known_hosts_read(&known, ssh_path("known"), "secret.example", 22, &err), ED_OK, err);
    assert_int_equal(known.n_keys, 1);
    assert_non_null(strstr(known.keys[0].where, "known:1"));
    assert_status(ed_ssh_known_hosts_read(&known, ssh_path("known"), "secret.example", 77, &err), ED_OK, err);
    assert_int_equal(known.n_keys, 2);
    assert_status(ed_ssh_known_hosts_read(&known, ssh_path("known"), "other.example", 22, &err), ED_OK, err);
    assert_int_equal(known.n_keys, 2);
    ed_ssh_known_hosts_release(&known);
}

static void test_fingerprint(void **unused) {
    char fingerprint[ED_SSH_FINGERPRINT_BYTES];
    struct ed_ssh_known_key key;
    (void)unused;
    read_key(&key, "host_ecdsa");
    ed_ssh_fingerprint(fingerprint, key.blob, key.n_blob);
    assert_int_equal(
        ssh_run_here((const char *const[]){"ssh-keygen", "-lf", ssh_path("host_ecdsa.pub"), NULL}), 0);
    assert_non_null(strstr(ssh_said, fingerprint));
}

static void test_add(void **unused) {
    struct ed_ssh_known_key key, other;
    struct ed_ssh_known_hosts known = {0};
    struct stat info;
    int status, ended;
    int64_t deadline_ns = ed_clock_monotonic_ns() + PLENTY_NS;
    (void)unused;
    read_key(&key, "host_ed25519");
    read_key(&other, "host_other");
    // The folder is made too; what has no line break at its end gets one; the same key is there once.
    const char *path = ssh_path("new/folder/known");
    assert_status(ed_ssh_known_hosts_add(path, "pi", 22, key.blob, key.n_blob, deadline_ns, &err), ED_OK,
                  err);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
    assert_status(ed_ssh_known_hosts_add(path, "pi", 22, key.blob, key.n_blob, deadline_ns, &err), ED_OK,
                  err);
    assert_status(ed_ssh_known_hosts_add(path, "pi", 22, other.blob, other.n_blob, deadline_ns, &err),
                  ED_ERR_KEY_REFUSED, err);
    assert_int_equal(truncate(path, info.st_size - 1), 0);
    assert_status(ed_ssh_known_hosts_add(path, "pi", 2222, other.blob, other.n_blob, deadline_ns, &err),
                  ED_OK, err);
    assert_int_equal(ssh_run_here((const char *const[]){"ssh-keygen", "-F", "[pi]:2222", "-f", path, NULL}),
                     0);
    assert_int_equal(ssh_run_here((const char *const[]){"wc", "-l", path, NULL}), 0);
    assert_memory_equal(ssh_said, "2 ", 2);
    // Many at once: every line is there, whole.
    for (int i = 0; i < 8; i++)
        if (fork() == 0) {
            char name[16];
            for (int k = 0; k < 10; k++) {
                snprintf(name, sizeof name, "h%d-%d", i, k);
                if (ed_ssh_known_hosts_add(path, name, 22, key.blob, key.n_blob, deadline_ns, NULL))
                    _exit(1);
            }
            _exit(0);
        }
    for (int i = 0; i < 8; i++) {
        assert_true(wait(&ended) > 0);
        assert_int_equal(ended, 0);
    }
    for (int i = 0; i < 80; i++) {
        char name[16];
        snprintf(name, sizeof name, "h%d-%d", i / 10, i % 10);
        status = ed_ssh_known_hosts_read(&known, path, name, 22, &err);
        assert_int_equal(status, ED_OK);
        assert_int_equal(known.n_keys, 1);
        ed_ssh_known_hosts_release(&known);
    }
    assert_status(ed_ssh_known_hosts_add(path, "two words", 22, key.blob, key.n_blob, deadline_ns, &err),
                  ED_ERR_LIMIT, err);
}

static void test_key_files(void **unused) {
    static const struct {
        const char *name, *type;
        bool encrypted;
    } rows[] = {{"user_ed25519", "ssh-ed25519", false},
                {"user_ecdsa", "ecdsa-sha2-nistp256", false},
                {"user_rsa", "ssh-rsa", false},
                {"user_locked", "ssh-ed25519", true}};
    struct ed_ssh_key_file *key = malloc(sizeof *key);
    struct ed_ssh_known_key public;
    (void)unused;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ed_ssh_key_file_read(key, ssh_path(rows[i].name));
        assert_true(key->exists && key->usable);
        assert_string_equal(key->type, rows[i].type);
        assert_int_equal(key->encrypted, rows[i].encrypted);
        read_key(&public, rows[i].name);
        assert_int_equal(key->n_blob, public.n_blob);
        assert_memory_equal(key->blob, public.blob, public.n_blob);
    }
    ed_ssh_key_file_read(key, ssh_path("user_rsa.pub"));
    assert_false(key->usable);
    assert_string_equal(key->type, "ssh-rsa");
    ed_ssh_key_file_read(key, ssh_path("nothing"));
    assert_false(key->exists || key->usable);
    assert_string_equal(key->problem, "");
    ssh_write("open_key", 0600, "");
    assert_int_equal(
        ssh_run_here((const char *const[]){"cp", ssh_path("user_ecdsa"), ssh_path("open_key"), NULL}), 0);
    chmod(ssh_path("open_key"), 0644);
    ed_ssh_key_file_read(key, ssh_path("open_key"));
    assert_false(key->usable);
    assert_non_null(strstr(key->problem, "chmod"));
    ssh_write("junk", 0600,
              "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmU=\n-----END");
    ed_ssh_key_file_read(key, ssh_path("junk"));
    assert_non_null(strstr(key->problem, "damaged"));
    free(key);
}

static void test_specs(void **unused) {
    static const struct {
        const char *spec, *host, *user;
        int port; // -1: refused
    } rows[] = {{"pi", "pi", "", 0},
                {"pi@host:2222", "host", "pi", 2222},
                {"ssh://pi@host:22", "host", "pi", 22},
                {"ssh://host/", "host", "", 0},
                {"[::1]:23", "::1", "", 23},
                {"u@[fe80::1%eth0]", "fe80::1%eth0", "u", 0},
                {"fe80::1", "fe80::1", "", 0},
                {"a@b@host", "host", "a@b", 0},
                {"", "", "", -1},
                {"@host", "", "", -1},
                {"host:0", "", "", -1},
                {"host:70000", "", "", -1},
                {"host:22x", "", "", -1},
                {"host/path", "", "", -1},
                {"[::1", "", "", -1},
                {"ho st", "", "", -1},
                {"ho\nst", "", "", -1}};
    char name[256], user[64];
    int port;
    (void)unused;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        enum ed_status status = ed_ssh_spec_parse(rows[i].spec, name, user, &port, &err);
        assert_int_equal(status, rows[i].port < 0 ? ED_ERR_USAGE : ED_OK);
        if (status)
            continue;
        assert_string_equal(name, rows[i].host);
        assert_string_equal(user, rows[i].user);
        assert_int_equal(port, rows[i].port);
    }
}

static void test_base64(void **unused) {
    unsigned char bytes[70], back[70];
    char text[100];
    size_t n;
    (void)unused;
    for (size_t length = 0; length <= 64; length++) {
        for (size_t i = 0; i < length; i++)
            bytes[i] = (unsigned char)(i * 37 + length);
        ed_base64_encode(text, bytes, length, length % 2);
        assert_true(ed_base64_decode(back, sizeof back, &n, text, strlen(text)));
        assert_int_equal(n, length);
        assert_memory_equal(back, bytes, length);
    }
    ed_base64_encode(text, (const unsigned char *)"foob", 4, true);
    assert_string_equal(text, "Zm9vYg==");
    assert_false(ed_base64_decode(back, sizeof back, &n, "A", 1));
    assert_false(ed_base64_decode(back, sizeof back, &n, "AB-D", 4));
    assert_false(ed_base64_decode(back, 2, &n, "AAAA", 4));
}

static void test_kexinit(void **unused) {
    unsigned char bytes[400] = "hello\r\nSSH-2.0-x\r\n";
    size_t head = strlen((char *)bytes), at = head + 5 + 1 + 16, n;
    struct ed_ssh_kexinit lists;
    (void)unused;
    for (int i = 0; i < 10; i++) {
        bytes[at + 3] = 3;
        memcpy(bytes + at + 4, "a,b", 3);
        at += 7;
    }
    at += 5 + 4;
    n = at - head - 4;
    bytes[head + 2] = (unsigned char)(n >> 8);
    bytes[head + 3] = (unsigned char)n;
    bytes[head + 4] = 4;
    bytes[head + 5] = 20;
    assert_true(ed_ssh_kexinit_parse(&lists, bytes, at));
    assert_int_equal(lists.lengths[9], 3);
    assert_memory_equal(lists.lists[9], "a,b", 3);
    // Cut anywhere it is none.
    for (size_t cut = 0; cut < at; cut++) {
        unsigned char *exact = malloc(cut ? cut : 1);
        memcpy(exact, bytes, cut);
        assert_false(ed_ssh_kexinit_parse(&lists, exact, cut));
        free(exact);
    }
}

static int set_up(void **unused) {
    (void)unused;
    return ssh_place_make() ? 0 : -1;
}

static int tear_down(void **unused) {
    (void)unused;
    ssh_place_remove();
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_value_wins), cmocka_unit_test(test_refused),
        cmocka_unit_test(test_include),          cmocka_unit_test(test_as_openssh_does),
        cmocka_unit_test(test_known_hosts),      cmocka_unit_test(test_hashed),
        cmocka_unit_test(test_fingerprint),      cmocka_unit_test(test_add),
        cmocka_unit_test(test_key_files),        cmocka_unit_test(test_specs),
        cmocka_unit_test(test_base64),           cmocka_unit_test(test_kexinit),
    };
    if (access("/usr/sbin/sshd", X_OK) != 0) {
        fprintf(stderr, "skipped: OpenSSH is not installed\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
