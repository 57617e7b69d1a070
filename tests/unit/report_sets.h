// SPDX-License-Identifier: Apache-2.0
// Sets of records as the harness makes them, for the golden files of every output format.
#ifndef EDGEDYNO_TESTS_UNIT_REPORT_SETS_H
#define EDGEDYNO_TESTS_UNIT_REPORT_SETS_H

#include <stdio.h>

#include "reports/order.h"
#include "reports/verdict.h"

#define MIB (INT64_C(1) << 20)
#define RECORDS_MAX 30

struct set {
    struct ed_result records[RECORDS_MAX];
    size_t n;
    const char *requirements[4];
    size_t n_requirements;
    struct ed_report_hardware hardware[2];
    size_t n_hardware;
    const char *suite;
    const struct ed_report_absent *absent;
    size_t n_absent;
    const struct ed_report_gate *gate;
    struct ed_order order;
};

static const char digest[] = "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef";

// A case as the harness makes one on a virtual machine: no power, no temperature, no placement evidence.
static struct ed_result *case_add(struct set *set, const char *model, const char *variant, int64_t threads) {
    struct ed_result *r = &set->records[set->n++];
    snprintf(r->case_id, sizeof r->case_id, "local onnxruntime@1.27.0/cpu %.60s %.60s t%d", model, variant,
             (int)threads);
    ED_RESULT_SET_TEXT(r, device, "local");
    ED_RESULT_SET_TEXT(r, target, "linux-x86_64");
    ED_RESULT_SET_TEXT(r, engine, "onnxruntime");
    ED_RESULT_SET_TEXT(r, engine_version, "1.27.0");
    ED_RESULT_SET_TEXT(r, engine_build_sha256, digest);
    ED_RESULT_SET_TEXT(r, backend, "cpu");
    ED_RESULT_SET_TEXT(r, processor, "cpu");
    ED_RESULT_SET_TEXT(r, model, model);
    ED_RESULT_SET_TEXT(r, variant, variant);
    ED_RESULT_SET_TEXT(r, model_sha256, digest);
    ED_RESULT_SET(r, threads, threads);
    ED_RESULT_SET_TEXT(r, workload, "single batch 1");
    ED_RESULT_SET_TEXT(r, campaign, "20261121-081500-k3v9");
    ED_RESULT_SET(r, seed, 42);
    ED_RESULT_SET_TEXT(r, outcome, "ok");
    ED_RESULT_SET_TEXT(r, placement_asked, "cpu");
    ED_RESULT_SET_TEXT(r, placement_observed, "cpu");
    ED_RESULT_SET(r, placed_ops_share, 1.0);
    ED_RESULT_SET(r, simulated, false);
    ED_RESULT_SET(r, model_file_bytes, 13964571);
    return r;
}

static void speed_set(struct ed_result *r, int64_t p50_ns, int64_t spread_ns) {
    ED_RESULT_SET(r, blocks, 10);
    ED_RESULT_SET(r, samples, 1820);
    ED_RESULT_SET_SPAN(r, latency_p50_ns, p50_ns, p50_ns - spread_ns / 2, p50_ns + spread_ns);
    ED_RESULT_SET_SPAN(r, latency_p90_ns, p50_ns * 21 / 20, p50_ns, p50_ns * 11 / 10);
    ED_RESULT_SET_SPAN(r, latency_p95_ns, p50_ns * 9 / 8, p50_ns, p50_ns * 6 / 5);
    ED_RESULT_SET_SPAN(r, latency_mean_ns, p50_ns + spread_ns, p50_ns, p50_ns + 3 * spread_ns);
    ED_RESULT_SET(r, latency_sd_ns, spread_ns * 2);
    ED_RESULT_SET_SPAN(r, load_ns, INT64_C(31400000), INT64_C(30900000), INT64_C(33000000));
    ED_RESULT_SET_SPAN(r, first_inference_ns, p50_ns * 3, p50_ns * 2, p50_ns * 4);
    ED_RESULT_SET_SPAN(r, throughput_per_s, 1e9 / (double)p50_ns, 1e9 / (double)(p50_ns + spread_ns),
                       1e9 / (double)(p50_ns - spread_ns));
    ED_RESULT_SET(r, warmup_inferences, 41);
    ED_RESULT_SET_TEXT(r, steady, "yes");
    ed_result_reason(r, "latency_p99_ns", "n_too_small",
                     "662 inferences are needed in every block, the smallest has 180");
    ed_result_reason(r, "load_cold_cache_ns", "not_asked", "%s", "");
    ed_result_reason(r, "energy_per_inference_uj", "no_sensor", "a virtual machine shows no power sensor");
    ed_result_reason(r, "energy_net_per_inference_uj", "no_sensor",
                     "a virtual machine shows no power sensor");
    ed_result_reason(r, "temperature_start_mc", "no_sensor", "no thermal zone");
    ed_result_reason(r, "temperature_peak_mc", "no_sensor", "no thermal zone");
}

static void memory_set(struct ed_result *r, int64_t load_peak, int64_t after, int64_t run_peak) {
    ED_RESULT_SET(r, memory_before_load_bytes, 4 * MIB);
    ED_RESULT_SET_SPAN(r, memory_load_peak_bytes, load_peak, load_peak - 8192, load_peak + 40960);
    ED_RESULT_SET(r, memory_after_load_bytes, after);
    ED_RESULT_SET_SPAN(r, memory_warmup_peak_bytes, run_peak, run_peak - 4096, run_peak + 8192);
    ED_RESULT_SET_SPAN(r, memory_inference_peak_bytes, run_peak, run_peak - 4096, run_peak + 8192);
}

static void accuracy_set(struct ed_result *r, double value, double reference, double low, double high) {
    ED_RESULT_SET_TEXT(r, accuracy_metric, "top1");
    ED_RESULT_SET(r, accuracy_value, value);
    ED_RESULT_SET(r, accuracy_reference, reference);
    ED_RESULT_SET_SPAN(r, accuracy_drop, reference - value, low, high);
}

static void judge(struct set *set, const char *const *requirements, size_t n) {
    struct ed_requirement parsed[4];
    struct ed_error err = {0};
    for (size_t i = 0; i < n; i++) {
        if (ed_requirement_parse(&parsed[i], requirements[i], &err))
            fail_msg("%s: %s", err.where, err.message);
        set->requirements[i] = requirements[i];
    }
    set->n_requirements = n;
    for (size_t i = 0; i < set->n; i++)
        ed_result_judge(&set->records[i], parsed, n);
}

static void two_variants(struct set *set) {
    struct ed_result *fp32 = case_add(set, "mobilenet_v2", "fp32", 1),
                     *int8 = case_add(set, "mobilenet_v2", "int8", 1);
    speed_set(fp32, 12312345, 120000);
    memory_set(fp32, 45 * MIB + 300000, 31 * MIB, 38 * MIB + 20000);
    accuracy_set(fp32, 0.718, 0.718, 0, 0);
    speed_set(int8, 5121234, 31000);
    memory_set(int8, 22 * MIB, 15 * MIB + 8192, 19 * MIB);
    accuracy_set(int8, 0.712, 0.718, 0.0042, 0.0081);
    static const char *const requirements[] = {"latency_p90_ns <= 8 ms", "accuracy_drop <= 1 %"};
    judge(set, requirements, 2);
}

static void accuracy_failed(struct set *set) {
    struct ed_result *r;
    two_variants(set);
    r = case_add(set, "mobilenet_v2", "int4", 1);
    speed_set(r, 4870000, 64000);
    memory_set(r, 17 * MIB, 11 * MIB, 14 * MIB);
    accuracy_set(r, 0.672, 0.718, 0.035, 0.058);
    r = case_add(set, "mobilenet_v2", "pruned50", 1);
    speed_set(r, 9870000, 164000);
    memory_set(r, 31 * MIB, 21 * MIB, 24 * MIB);
    accuracy_set(r, 0.709, 0.718, 0.004, 0.014);
    ED_RESULT_SET_TEXT(r, steady, "no");
    ed_result_reason(r, "steady", "no_steady_state", "block 4 of 10 was still getting faster when it ended");
    ed_result_reason(r, "", "not_deterministic", "two runs over the same input gave different outputs");
    static const char *const requirements[] = {"latency_p90_ns <= 12 ms", "accuracy_drop <= 1 %",
                                               "steady == yes"};
    judge(set, requirements, 3);
}

static void crash_and_oom(struct set *set) {
    struct ed_result *r = case_add(set, "bert_base", "fp32", 4);
    speed_set(r, 84512345, 1420000);
    memory_set(r, 900 * MIB, 460 * MIB, 520 * MIB);
    r = case_add(set, "bert_base", "int8", 4);
    ED_RESULT_SET_TEXT(r, outcome, "crashed");
    ED_RESULT_SET_TEXT(r, died_in_phase, "load");
    ED_RESULT_SET(r, blocks, 0);
    ed_result_reason(r, "outcome", "crashed", "signal 11 (segmentation fault) in block 1");
    r = case_add(set, "bert_base", "large", 4);
    ED_RESULT_SET_TEXT(r, outcome, "oom");
    ED_RESULT_SET_TEXT(r, died_in_phase, "inference");
    ED_RESULT_SET(r, blocks, 3);
    ed_result_reason(r, "outcome", "oom", "the kernel killed the worker at 1.94 GiB resident");
    static const char *const requirements[] = {"memory_inference_peak_bytes <= 600 MiB"};
    judge(set, requirements, 1);
}

static void nulls(struct set *set) {
    for (int i = 0; i < 3; i++) {
        static const char *const variants[] = {"fp32", "fp16", "int8"};
        struct ed_result *r = case_add(set, "resnet50", variants[i], 0);
        ED_RESULT_SET(r, blocks, 3 + i);
        ED_RESULT_SET(r, samples, 12);
        ED_RESULT_SET(r, latency_p50_ns, (10 - i) * INT64_C(1234567890));
        ED_RESULT_SET_TEXT(r, steady, "not testable");
        ED_RESULT_SET(r, memory_load_peak_bytes, (2300 - 500 * i) * MIB);
        ed_result_reason(r, "latency_p50_ns", "few_blocks", "the interval needs 6 blocks; use -r 6 or more");
        ed_result_reason(r, "latency_p90_ns", "n_too_small",
                         "64 inferences are needed in every block, the smallest has 4");
        ed_result_reason(r, "memory_inference_peak_bytes", "not_resettable",
                         "clear_refs cannot be written here");
        ed_result_reason(r, "steady", "not_testable", "30 inferences take more than 8 s");
    }
    ED_RESULT_SET(&set->records[2], throttled, true);
    ed_result_reason(&set->records[1], "latency_p50_ns", "invalid_busy",
                     "another process used 80 %% of the processor");
    static const char *const requirements[] = {"latency_p50_ns <= 12 s"};
    judge(set, requirements, 1);
}

static void hostile(struct set *set) {
    static const char *const names[] = {"<script>alert(1)</script>",
                                        "a|b",
                                        "=cmd|' /C calc'!A0",
                                        "\x1b[31mred\x1b[0m\x07",
                                        "line\nbreak\ttab \"quoted\", comma",
                                        "bad \xff\xfe utf-8 \xc3",
                                        "\xe2\x80\xaegnp.exe",
                                        "@everyone *bold* _it_ [x](y) `c` ~~s~~ #1 &amp; \\",
                                        "\xe6\xa8\xa1\xe5\x9e\x8b-\xf0\x9f\x9a\x80-e\xcc\x81"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct ed_result *r = case_add(set, "m", names[i], 1);
        snprintf(r->case_id, sizeof r->case_id, "%s", names[i]);
        speed_set(r, 1000000 + (int64_t)i * 250000, 9000);
        ed_result_reason(r, "", "<b>", "-1+%s", names[i]);
    }
    ED_RESULT_SET_TEXT(&set->records[1], label, "-2+3");
    ED_RESULT_SET_TEXT(&set->records[2], options, "@SUM(A1:A9)");
    set->suite = "sui\x1b]0;te<i>|";
}

static void thirty(struct set *set) {
    static const char *const variants[] = {"fp32", "fp16", "int8", "int8-perchannel", "pruned50"};
    static const int64_t threads[] = {1, 2, 4};
    for (int d = 0; d < 2; d++) {
        for (size_t v = 0; v < 5; v++) {
            for (size_t t = 0; t < 3; t++) {
                struct ed_result *r = case_add(set, "mobilenet_v2", variants[v], threads[t]);
                ED_RESULT_SET_TEXT(r, device, d ? "pixel-7a" : "raspberry-pi-5");
                ED_RESULT_SET_TEXT(r, backend, v == 2 && d ? "nnapi" : "cpu");
                speed_set(r, INT64_C(52000000) * (d + 2) / (int64_t)((v + 1) * (t + 2)), 400000);
                memory_set(r, (60 - (int64_t)v * 7) * MIB, (40 - (int64_t)v * 5) * MIB,
                           (50 - (int64_t)v * 6) * MIB);
                if (v > 0)
                    accuracy_set(r, 0.718 - 0.002 * (double)v, 0.718, 0.001 * (double)v, 0.003 * (double)v);
            }
        }
    }
    set->hardware[0] =
        (struct ed_report_hardware){"raspberry-pi-5", "Broadcom BCM2712, 4 cores, 8 GiB, Linux 6.12"};
    set->hardware[1] = (struct ed_report_hardware){"pixel-7a", "Tensor G2, 8 cores, 8 GiB, Android 15"};
    set->n_hardware = 2;
    static const char *const requirements[] = {"latency_p90_ns <= 25 ms", "accuracy_drop <= 1 %"};
    judge(set, requirements, 2);
}

static void single(struct set *set) {
    struct ed_result *r = case_add(set, "mobilenet_v2", "", 0);
    speed_set(r, 842123, 6100);
    memory_set(r, 45 * MIB, 31 * MIB, 38 * MIB);
    set->suite = "";
}

static void language(struct set *set) {
    static const char *const variants[] = {"Q4_K_M", "Q8_0"};
    for (int i = 0; i < 2; i++) {
        struct ed_result *r = case_add(set, "qwen2.5-0.5b-instruct", variants[i], 4);
        ED_RESULT_SET_TEXT(r, engine, "llama.cpp");
        ED_RESULT_SET_TEXT(r, engine_version, "b6100");
        ED_RESULT_SET_TEXT(r, backend, "vulkan");
        ED_RESULT_SET_TEXT(r, workload, "pp512 tg128");
        ED_RESULT_SET_TEXT(r, placement_observed, i ? "vulkan llvmpipe" : "vulkan RX 6600");
        ED_RESULT_SET(r, simulated, i == 1);
        ED_RESULT_SET(r, blocks, 8);
        ED_RESULT_SET_SPAN(r, prefill_tokens_per_s, 1834.25 - 700 * i, 1801.5 - 700 * i, 1850.75 - 700 * i);
        ED_RESULT_SET_SPAN(r, decode_tokens_per_s, 92.5 - 30 * i, 91.25 - 30 * i, 93.0 - 30 * i);
        ED_RESULT_SET_SPAN(r, time_to_first_token_ns, INT64_C(281000000), INT64_C(279000000),
                           INT64_C(290000000));
        ED_RESULT_SET_SPAN(r, inter_token_p50_ns, INT64_C(10800000), INT64_C(10700000), INT64_C(10900000));
        memory_set(r, (500 + 200 * i) * MIB, 480 * MIB, (620 + 200 * i) * MIB);
    }
    static const char *const requirements[] = {"decode_tokens_per_s >= 50/s", "placed_ops_share >= 1"};
    judge(set, requirements, 2);
}

// What a release engineer may meet on a fleet at once: cases that died on one device, speed that is not to be
// used, a pack's C library, a phone that is no app, a device that is missing.
static void fleet(struct set *set) {
    static const char *const devices[] = {"laptop", "raspberry-pi-4-of-the-lab", "pixel-7a"};
    static const char *const variants[] = {"fp32", "int8", "int4"};
    static const struct ed_report_absent absent[] = {
        {"pixel-8", "unauthorized: allow this computer on the screen of the phone"}};
    for (int d = 0; d < 3; d++) {
        for (int v = 0; v < 3; v++) {
            struct ed_result *r = case_add(set, "mobilenet_v2", variants[v], 4);
            ED_RESULT_SET_TEXT(r, device, devices[d]);
            ED_RESULT_SET_TEXT(r, libc, d ? "pack 2.36" : "device 2.31");
            if (d > 0)
                ed_result_reason(r, "libc", ED_REASON_PACK_LIBC,
                                 "pack libc 2.36: the worker runs with the pack's C library, not that of the "
                                 "device (%s)",
                                 d == 1 ? "musl" : "bionic");
            if (d == 2) {
                ed_result_reason(r, "", ED_REASON_NOT_THE_APPS_BUILD,
                                 "CPU only, not the app's build: a phone served by the build for "
                                 "linux-aarch64");
                ed_result_reason(r, "", ED_REASON_SHELL_PROCESS,
                                 "shell process, not an app: oom_score_adj -1000, cpuset /foreground");
            }
            if ((d == 1 && v == 0) || (d == 2 && v == 2)) {
                ED_RESULT_SET_TEXT(r, outcome, d == 1 ? "oom" : "crashed");
                ED_RESULT_SET_TEXT(r, died_in_phase, "load");
                ed_result_reason(r, "outcome", r->outcome, "the worker died");
                continue;
            }
            speed_set(r, INT64_C(12300000) * (d + 1) / (v + 1), 31000);
            memory_set(r, (60 - 9 * v) * MIB, (40 - 9 * v) * MIB, (50 - 9 * v) * MIB);
            accuracy_set(r, v == 2 ? 0.672 : 0.718, 0.718, v == 2 ? 0.035 : 0, v == 2 ? 0.058 : 0.001 * v);
        }
    }
    set->hardware[0] = (struct ed_report_hardware){devices[0], "AMD EPYC, 2 cores, 24 GiB, Linux 6.18"};
    set->hardware[1] = (struct ed_report_hardware){devices[2], "Tensor G2, 8 cores, 8 GiB, Android 15"};
    set->n_hardware = 2;
    set->absent = absent;
    set->n_absent = 1;
    static const char *const requirements[] = {"latency_p90_ns <= 20 ms", "accuracy_drop <= 1 %"};
    judge(set, requirements, 2);
}

static void orders_set(struct set *set, const char *sort, const char *group) {
    struct ed_error err = {0};
    if ((sort && ed_order_sort_parse(&set->order, sort, &err)) ||
        (group && ed_order_group_parse(&set->order, group, &err)))
        fail_msg("%s: %s", err.where, err.message);
}

static void thirty_grouped(struct set *set) {
    thirty(set);
    orders_set(set, "-throughput_per_s", "device,threads");
}

static void fleet_by_memory(struct set *set) {
    fleet(set);
    orders_set(set, "memory_load_peak_bytes,device", "variant");
}

// Many variants of several models: a matrix each, and columns that do not fit one line.
static void many_columns(struct set *set) {
    static const char *const models[] = {"mobilenet_v2", "vit"};
    for (int m = 0; m < 2; m++) {
        for (int v = 0; v < (m ? 1 : 7); v++) {
            for (int d = 0; d < 2; d++) {
                char variant[64];
                snprintf(variant, sizeof variant, "pruned-%d-percent-per-channel", 10 * v);
                struct ed_result *r = case_add(set, models[m], m ? "" : variant, 2);
                ED_RESULT_SET_TEXT(r, device, d ? "b" : "a");
                if (m && d) // its blocks are missing
                    ED_RESULT_SET_TEXT(r, outcome, "");
                else
                    speed_set(r, INT64_C(45000000) * (d + 1) / (v + 1), 900000);
            }
        }
    }
}

#endif
