// SPDX-License-Identifier: Apache-2.0
// The table of the keys of a device, and what each text must look like.
#include "devices/inventory_keys.h"

#include <ctype.h>

#include "base/path.h"

#define KHZ_MAX INT64_C(100000000)
#define SIZE_MAX_BYTES (INT64_C(1) << 50)
#define SECOND_NS INT64_C(1000000000)
#define JOB_MAX_NS (30 * 24 * 3600 * SECOND_NS)

const char *const ed_inventory_transports[] = {"local", "ssh", "adb", NULL};

unsigned ed_inventory_transport_bit(const char *name) {
    for (unsigned i = 0; ed_inventory_transports[i]; i++)
        if (strcmp(ed_inventory_transports[i], name) == 0)
            return 1u << i;
    return 0;
}

static bool begins_and_holds(const char *text, const char *first, const char *more) {
    if (!isalnum((unsigned char)text[0]) && (text[0] == '\0' || !strchr(first, text[0])))
        return false;
    for (; *text; text++)
        if (!isalnum((unsigned char)*text) && !strchr(more, *text))
            return false;
    return true;
}

// Host and user become arguments of a program: neither may look like an option.
bool ed_inventory_is_host(const char *text) {
    return begins_and_holds(text, "_:[", "._:%[]-");
}

bool ed_inventory_is_user(const char *text) {
    return begins_and_holds(text, "_", "._-");
}

bool ed_inventory_is_serial(const char *text) {
    return begins_and_holds(text, "_[", "._:%()[]-");
}

bool ed_inventory_is_via(const char *text) {
    struct ed_device_entry entry = {0};
    return strncmp(text, "ssh://", 6) == 0 && ed_device_address_parse(&entry, text, NULL) == ED_OK;
}

static bool is_transport(const char *text) {
    return ed_inventory_transport_bit(text) != 0;
}

static bool is_directory(const char *text) {
    for (const char *c = text; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            return false;
    return text[0] == '/';
}

// "TYPE BASE64", as a line of known_hosts ends.
static bool is_host_key(const char *text) {
    size_t type = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789@.-"), body;
    if (type == 0 || text[0] == '-' || text[type] != ' ')
        return false;
    text += type + 1;
    body = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
    return body >= 16 && text[body + strspn(text + body, "=")] == '\0' && strlen(text + body) <= 2;
}

static bool is_word(const char *text) {
    for (const char *c = text; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            return false;
    return text[0] != '\0';
}

static bool is_governor(const char *text) {
    return begins_and_holds(text, "_", "_-");
}

#define NAME_PATTERN "^[A-Za-z0-9_@+][A-Za-z0-9._@+-]{0,63}$"
#define NAME_WORDS "a name of at most 63 letters, digits and ._@+- that begins with neither '.' nor '-'"
#define FIELD(name) \
    .offset = offsetof(struct ed_device_entry, name), .bytes = sizeof((struct ed_device_entry *)0)->name
#define SSH ED_INVENTORY_SSH
#define ADB ED_INVENTORY_ADB
#define ANY ED_INVENTORY_ANY

static const struct ed_inventory_key meter_keys[] = {
    {.name = "command",
     .kind = ED_INVENTORY_WORDS,
     .takes = ANY,
     FIELD(meter_command),
     .ok = is_word,
     .pattern = "^[^\\u0000-\\u001f\\u007f]+$",
     .expected = "a word of a command, without control characters",
     .help = "program and arguments, run on the controller's machine while the campaign runs; it prints "
             "lines \"TIME "
             "WATTS\" (docs/energy.md)"},
    {.name = "gain_permille",
     .kind = ED_INVENTORY_INT,
     .takes = ANY,
     FIELD(meter_gain_permille),
     .min = 0,
     .max = 500,
     .help = "standard uncertainty of the meter's scale, in thousandths; absent: not known, and not in the "
             "interval"},
};
static const struct ed_inventory_key settings_keys[] = {
    {.name = "governor",
     .kind = ED_INVENTORY_TEXT,
     .takes = ANY,
     FIELD(settings.governor),
     .ok = is_governor,
     .pattern = "^[A-Za-z0-9_][A-Za-z0-9_-]*$",
     .expected = "the name of a cpufreq governor",
     .help = "governor of every CPU, such as performance"},
    {.name = "frequency_min_khz",
     .kind = ED_INVENTORY_INT,
     .takes = ANY,
     FIELD(settings.frequency_min_khz),
     .min = 1,
     .max = KHZ_MAX,
     .help = "lowest CPU clock, in kHz"},
    {.name = "frequency_max_khz",
     .kind = ED_INVENTORY_INT,
     .takes = ANY,
     FIELD(settings.frequency_max_khz),
     .min = 1,
     .max = KHZ_MAX,
     .help = "highest CPU clock, in kHz"},
    {.name = "fixed_performance",
     .kind = ED_INVENTORY_BOOL,
     .takes = ADB,
     FIELD(settings.fixed_performance),
     .help = "Android's fixed-performance mode"},
    {.name = "stay_awake",
     .kind = ED_INVENTORY_BOOL,
     .takes = ADB,
     FIELD(settings.stay_awake),
     .help = "Android: the screen does not sleep while the phone charges"},
};

const struct ed_inventory_key ed_inventory_keys[] = {
    {.name = "id",
     .kind = ED_INVENTORY_TEXT,
     .required = true,
     .takes = ANY,
     FIELD(id),
     .ok = ed_path_name_ok,
     .pattern = NAME_PATTERN,
     .expected = NAME_WORDS,
     .help = "the device's name, which selects it and names its folder in a campaign"},
    {.name = "transport",
     .kind = ED_INVENTORY_TEXT,
     .required = true,
     .takes = ANY,
     FIELD(transport),
     .ok = is_transport,
     .expected = "a transport",
     .help = "how the device is reached"},
    {.name = "host",
     .kind = ED_INVENTORY_TEXT,
     .takes = SSH,
     .needs = SSH,
     FIELD(host),
     .ok = ed_inventory_is_host,
     .pattern = "^[A-Za-z0-9_:\\[][A-Za-z0-9._:%\\[\\]-]*$",
     .expected = "a host name, an address or a serial number",
     .help = "host name, address, or a Host of ~/.ssh/config"},
    {.name = "port",
     .kind = ED_INVENTORY_INT,
     .takes = SSH,
     FIELD(port),
     .min = 1,
     .max = 65535,
     .help = "port; absent: what ~/.ssh/config says, else 22"},
    {.name = "user",
     .kind = ED_INVENTORY_TEXT,
     .takes = SSH,
     FIELD(user),
     .ok = ed_inventory_is_user,
     .pattern = "^[A-Za-z0-9_][A-Za-z0-9._-]*$",
     .expected = "a user's name",
     .help = "user to log in as; absent: what ~/.ssh/config says, else the user here"},
    {.name = "serial",
     .kind = ED_INVENTORY_TEXT,
     .takes = ADB,
     .needs = ADB,
     FIELD(serial),
     .ok = ed_inventory_is_serial,
     .pattern = "^[A-Za-z0-9_\\[][A-Za-z0-9._:%()\\[\\]-]*$",
     .expected = "a serial number as `adb devices` shows it",
     .help = "serial number as `adb devices` shows it"},
    {.name = "via",
     .kind = ED_INVENTORY_TEXT,
     .takes = SSH | ADB,
     FIELD(via),
     .ok = ed_inventory_is_via,
     .pattern = "^ssh://"
                "([A-Za-z0-9_][A-Za-z0-9._-]*@)?([A-Za-z0-9_][A-Za-z0-9._%-]*|\\[[A-Za-z0-9:.%_-]+\\])(:[0-9]"
                "{1,5})?$",
     .expected = "ssh://[USER@]HOST[:PORT]",
     .help = "a host in between, ssh://[USER@]HOST[:PORT]: a jump host, or the host whose adb server has the "
             "phone"},
    {.name = "host_key",
     .kind = ED_INVENTORY_TEXT,
     .takes = SSH,
     FIELD(host_key),
     .ok = is_host_key,
     .pattern = "^[a-z0-9@.][a-z0-9@.-]* [A-Za-z0-9+/]{16,}={0,2}$",
     .expected = "a host key as \"TYPE BASE64\", such as a line of known_hosts ends with",
     .help = "the device's only valid host key, \"TYPE BASE64\"; absent: known_hosts decides"},
    {.name = "work_dir",
     .kind = ED_INVENTORY_TEXT,
     .takes = ANY,
     FIELD(work_dir),
     .ok = is_directory,
     .pattern = "^/[^\\u0000-\\u001f\\u007f]*$",
     .expected = "an absolute path",
     .help = "directory on the device for everything that edgedyno puts there, mode 0700; absent: the "
             "transport's "
             "own"},
    {.name = "tags",
     .kind = ED_INVENTORY_TEXTS,
     .takes = ANY,
     FIELD(tags),
     .ok = ed_path_name_ok,
     .pattern = NAME_PATTERN,
     .expected = NAME_WORDS,
     .help = "names that select this device together with others"},
    {.name = "cache_max",
     .kind = ED_INVENTORY_SIZE,
     .takes = SSH | ADB,
     FIELD(cache_max_bytes),
     .min = 1,
     .max = SIZE_MAX_BYTES,
     .help = "most that stays on the device between campaigns, such as \"8 GiB\"; absent: no limit but the "
             "disk's"},
    {.name = "free_min",
     .kind = ED_INVENTORY_SIZE,
     .takes = SSH | ADB,
     FIELD(free_min_bytes),
     .min = 1,
     .max = SIZE_MAX_BYTES,
     .help = "disk space that pushes never use up; absent: 64 MiB"},
    {.name = "job_max",
     .kind = ED_INVENTORY_DURATION,
     .takes = ANY,
     FIELD(job_max_ns),
     .min = SECOND_NS,
     .max = JOB_MAX_NS,
     .help = "longest time of a job, such as \"2 h\"; absent: no limit"},
    {.name = "settings",
     .kind = ED_INVENTORY_OBJECT,
     .takes = ANY,
     .members = settings_keys,
     .n_members = sizeof settings_keys / sizeof settings_keys[0],
     .help = "what a campaign changes on the device while it runs; each is put back at its end"},
    {.name = "meter",
     .kind = ED_INVENTORY_OBJECT,
     .takes = ANY,
     .members = meter_keys,
     .n_members = sizeof meter_keys / sizeof meter_keys[0],
     .help = "an external power meter of the device, at the controller's machine"},
};
const size_t ed_inventory_n_keys = sizeof ed_inventory_keys / sizeof ed_inventory_keys[0];
