// SPDX-License-Identifier: Apache-2.0
// `edgedyno devices`: which subcommand, with which devices and flags.
#include "harness/cli/command_devices.h"

#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "devices/transport.h"

enum operands { NO_OPERANDS, ADDRESS, DEVICES_OR_ALL, DEVICES };

struct word {
    const char *name; // NULL: the command without a word
    enum operands operands;
    const char *flags[4]; // of those that do not belong to every subcommand
    bool lists;           // --format and --export
    int (*run)(struct ed_devices *devices);
    const char *how;
};

static const struct word words[] = {
    {NULL, NO_OPERANDS, {NULL}, true, ed_devices_list, ""},
    {"add",
     ADDRESS,
     {"id", "accept-new"},
     false,
     ed_devices_add,
     "add ADDRESS, such as ssh://pi@host or adb:SERIAL"},
    {"scan", NO_OPERANDS, {"accept-new"}, true, ed_devices_scan, "scan"},
    {"check", DEVICES_OR_ALL, {"accept-new"}, true, ed_devices_check, "check [DEVICE...]"},
    {"probe", DEVICES, {"papi"}, true, ed_devices_probe, "probe DEVICE..."},
    {"snapshot", DEVICES, {"out"}, false, ed_devices_snapshot, "snapshot DEVICE... [--out DIR]"},
    {"models", DEVICES, {NULL}, true, ed_devices_models, "models DEVICE..."},
    {"clean", DEVICES, {"keep"}, false, ed_devices_clean, "clean DEVICE... [--keep N]"},
    {"stop", DEVICES, {NULL}, false, ed_devices_stop, "stop DEVICE..."},
    {"reserve", DEVICES, {"for"}, false, ed_devices_reserve, "reserve DEVICE... --for TIME"},
};
#define N_WORDS (sizeof words / sizeof words[0])

static const char *const names[] = {"add",    "scan",  "check", "probe",   "snapshot",
                                    "models", "clean", "stop",  "reserve", NULL};

static int unknown_word(const struct ed_cli *cli, const char *word) {
    const char *near = ed_nearest(word, names);
    // A word of two letters is near to nothing by its distance alone.
    for (size_t i = 0; names[i] && !near; i++)
        if (strlen(word) >= 2 && strncmp(names[i], word, strlen(word)) == 0)
            near = names[i];
    if (near)
        return ed_cli_usage(cli, "devices takes no '%.80s'; did you mean `edgedyno devices %s`?", word, near);
    return ed_cli_usage(
        cli,
        "devices takes no '%.80s'; a fleet's file is --devices FILE, and `edgedyno help devices` "
        "lists the words",
        word);
}

static const struct word *find_word(const char *name) {
    for (size_t i = 1; name && i < N_WORDS; i++)
        if (strcmp(words[i].name, name) == 0)
            return &words[i];
    return name ? NULL : &words[0];
}

static bool takes(const struct word *word, const char *flag) {
    for (size_t i = 0; i < 4 && word->flags[i]; i++)
        if (strcmp(word->flags[i], flag) == 0)
            return true;
    return word->lists && (strcmp(flag, "format") == 0 || strcmp(flag, "export") == 0);
}

// A flag that another subcommand has would be taken for one that works here.
static int check_flags(const struct ed_cli *cli, const struct word *word) {
    static const char *const flags[] = {"id", "accept-new", "keep", "for", "papi", "out", "format", "export"};
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        if (!ed_arguments_has(cli->arguments, flags[i]) || takes(word, flags[i]))
            continue;
        for (size_t k = 0; k < N_WORDS; k++)
            if (takes(&words[k], flags[i]))
                return ed_cli_usage(cli, "--%s does not go with `devices%s%s`; it belongs to `devices%s%s`",
                                    flags[i], word->name ? " " : "", word->name ? word->name : "",
                                    words[k].name ? " " : "", words[k].name ? words[k].name : "");
    }
    return ED_EXIT_PASS;
}

static int check_operands(const struct ed_cli *cli, const struct word *word) {
    const size_t n = cli->arguments->n_operands - (word->name != NULL);
    const bool fits = word->operands == NO_OPERANDS ? n == 0
                      : word->operands == ADDRESS   ? n == 1
                      : word->operands == DEVICES   ? n > 0
                                                    : true;
    if (fits)
        return ED_EXIT_PASS;
    if (word->operands == DEVICES)
        return ed_cli_usage(cli, "which devices? edgedyno devices %s; `edgedyno devices` lists them",
                            word->how);
    return ed_cli_usage(cli, "write: edgedyno devices %s", word->how);
}

// The fleet that a device is added to may not be there yet.
static enum ed_status load(struct ed_devices *devices, const struct word *word, struct ed_error *err) {
    static const char none[] = "{\"devices\":[]}";
    const char *file = ed_arguments_get(devices->cli->arguments, "devices");
    if (word->run != ed_devices_add && word->run != ed_devices_scan)
        return ed_resources_load(&devices->resources, devices->cli, err);
    if (file && !ed_path_exists(file))
        return ed_inventory_parse(&devices->resources.inventory, file, none, sizeof none - 1, err);
    return ed_inventory_load(&devices->resources.inventory, file, err);
}

static enum ed_status choose(struct ed_devices *devices, const struct word *word, size_t **indices,
                             struct ed_error *err) {
    const struct ed_inventory *inventory = &devices->resources.inventory;
    const struct ed_arguments *arguments = devices->cli->arguments;
    const size_t n = arguments->n_operands - (word->name != NULL);
    *indices = calloc(inventory->n + 1, sizeof **indices);
    if (!*indices)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the devices");
    devices->indices = *indices;
    if (word->operands >= DEVICES_OR_ALL && n > 0)
        return ed_inventory_select(inventory, arguments->operands + 1, n, *indices, inventory->n,
                                   &devices->n_indices, err);
    for (; devices->n_indices < inventory->n; devices->n_indices++)
        (*indices)[devices->n_indices] = devices->n_indices;
    return ED_OK;
}

static int devices(struct ed_cli *cli) {
    const struct word *word = find_word(cli->arguments->n_operands ? cli->arguments->operands[0] : NULL);
    struct ed_devices all = {.cli = cli};
    struct ed_error err = {0};
    size_t *indices = NULL;
    int code;
    if (!word)
        return unknown_word(cli, cli->arguments->operands[0]);
    code = check_operands(cli, word);
    if (!code)
        code = check_flags(cli, word);
    if (code)
        return code;
    all.context = ed_ask_context(cli, ed_arguments_has(cli->arguments, "accept-new"));
    enum ed_status status = ed_output_parse(&all.output, cli->arguments, false, &err);
    if (!status)
        status = load(&all, word, &err);
    if (!status)
        status = choose(&all, word, &indices, &err);
    if (!status)
        status = ed_transports_start(&err);
    code = status ? ed_cli_fail(cli, &err) : word->run(&all);
    free(indices);
    ed_resources_release(&all.resources);
    ed_output_release(&all.output);
    return code;
}

static const char *const usages[] = {"[OPTION...]",
                                     "add [--id ID] [--accept-new] ADDRESS",
                                     "scan [--accept-new]",
                                     "check [DEVICE...]",
                                     "probe [--papi EVENT,...] DEVICE...",
                                     "snapshot [--out DIR] DEVICE...",
                                     "models DEVICE...",
                                     "clean [--keep N] DEVICE...",
                                     "stop DEVICE...",
                                     "reserve --for TIME DEVICE...",
                                     NULL};
static const char *const notes[] = {
    "Lists the fleet: how each device is reached, its state, what it is, and the engine builds that are "
    "present for it. "
    "States are ready, busy (somebody measures there), reserved, quarantined (left out of runs until `check` "
    "passes), "
    "unauthorized, offline, unreachable, no space, unsupported target, no runner and not reached. The device "
    "`local`, "
    "this machine, is always there. The exit status is 4 where a device did not answer.",
    "`add` connects, shows what it found, and writes the device into --devices FILE, else ./devices.json "
    "where there is "
    "one, else the configuration folder's. An ADDRESS is ssh://[USER@]HOST[:PORT], adb:SERIAL, or "
    "adb:SERIAL@ssh://[USER@]HOST[:PORT] for a phone at another host's adb server. The host key is pinned in "
    "that file; "
    "an unknown one is refused without --accept-new, a changed one always.",
    "`scan` asks adb and ~/.ssh/config for devices, writes those that are new and can be reached, and says "
    "of the others "
    "why not.",
    "`check` goes every step of the way, says what failed and what to do, puts back settings that an ended "
    "job left "
    "changed, and lifts the quarantine of a device that passes. The exit status is 4 where a step failed.",
    "`probe` shows every channel of every probe, as it is now: on a terminal again and again until Ctrl-C, "
    "else "
    "once; and of what cannot be read, why not. It refuses while a job measures there. `snapshot` records "
    "the "
    "files and commands that the probes read as plain files, without addresses, serial numbers, UUIDs and "
    "the "
    "host's name, so that a machine can be looked at elsewhere.",
    "`models` lists the models, engines and data that lie on devices. `clean` removes them, but for the "
    "newest N versions "
    "with --keep; it refuses while somebody else has the device.",
    "`stop` ends the job that runs on a device; what it measured stays, and `--resume` of the command that "
    "began it goes on. "
    "`reserve` keeps a "
    "device for your own campaigns; --for 0 ends that.",
    NULL};
static const struct ed_cli_example examples[] = {
    {"edgedyno devices", "the fleet of devices.json"},
    {"edgedyno devices --devices lab.json --format json", "another fleet, for a script"},
    {"edgedyno devices add ssh://pi@pi5.local --accept-new",
     "a Raspberry Pi, whose host key is not known yet"},
    {"edgedyno devices add adb:R58M12ABCDE@ssh://lab --id phone",
     "a phone at the adb server of the host lab"},
    {"edgedyno devices check pi5", "what is wrong with a device"},
    {"edgedyno devices probe pi5", "temperatures, clocks, power and all else that can be read there, live"},
    {"edgedyno devices snapshot pi5 --out pi5.snapshot", "record what the probes read"},
    {"edgedyno devices clean pi5 --keep 2",
     "remove all but the newest two versions of each model and engine"},
    {"edgedyno devices reserve pi5 --for 2h", "keep a device for your own campaigns"},
};

const struct ed_cli_command ed_cli_devices = {
    .name = "devices",
    .summary = "list the fleet; add, check, probe, clean, stop, reserve devices",
    .usages = usages,
    .words = names,
    .notes = notes,
    .examples = examples,
    .n_examples = sizeof examples / sizeof examples[0],
    .groups = {&ed_options_devices, &ed_options_list_output, &ed_options_fleet},
    .n_groups = 3,
    .run = devices,
};
