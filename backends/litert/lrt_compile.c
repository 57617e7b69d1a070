// SPDX-License-Identifier: Apache-2.0
// From backend, threads and options to a compiled model. The engine takes options as TOML and ignores keys
// that it does not know, so what is asked for is looked at afterwards.
#include <stdlib.h>

#include "backends/adapter_options.h"
#include "backends/litert/lrt.h"
#include "base/tasks.h"

enum ed_status lrt_plan_make(struct lrt_plan *plan, const struct ed_load_args *args, struct ed_error *err) {
    static const struct {
        const char *backend;
        int hardware;
    } kinds[] = {{"cpu", LRT_HARDWARE_CPU}, {"gpu", LRT_HARDWARE_GPU}, {"npu", LRT_HARDWARE_NPU}};
    const char *precision = ed_adapter_option(args, "gpu_precision");
    memset(plan, 0, sizeof *plan);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (!strcmp(kinds[i].backend, args->backend))
            plan->asked = kinds[i].hardware;
    if (!plan->asked)
        return ed_fail(err, ED_ERR_NOT_FOUND, NULL, "LiteRT has no backend '%.64s'; it has cpu, gpu, npu",
                       args->backend);
    if (precision && plan->asked != LRT_HARDWARE_GPU)
        return ed_fail(err, ED_ERR_USAGE, "-o gpu_precision", "the backend is %s and not gpu", args->backend);
    plan->hardware = args->allow_fallback ? plan->asked | LRT_HARDWARE_CPU : plan->asked;
    plan->threads = args->threads;
    snprintf(plan->backend, sizeof plan->backend, "%s", args->backend);
    snprintf(plan->precision, sizeof plan->precision, "%s", precision ? precision : "f32");
    return ED_OK;
}

static enum ed_status add_toml(const struct lrt_state *lrt, lrt_handle options, const char *id,
                               const char *toml, struct ed_error *err) {
    lrt_handle opaque = NULL;
    char *text = strdup(toml);
    if (!text)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the options of LiteRT");
    enum ed_status status =
        lrt_check(lrt, lrt->api.CreateOpaqueOptions(id, text, free, &opaque), "making options", err);
    if (status) {
        free(text);
        return status;
    }
    status = lrt_check(lrt, lrt->api.AddOpaqueOptions(options, opaque), "adding options", err);
    if (status)
        lrt->api.DestroyOpaqueOptions(opaque);
    return status;
}

static enum ed_status set_options(const struct lrt_state *lrt, const struct lrt_plan *plan, bool profile,
                                  lrt_handle options, struct ed_error *err) {
    char toml[96];
    enum ed_status status = lrt_check(lrt, lrt->api.SetOptionsHardwareAccelerators(options, plan->hardware),
                                      "choosing accelerators", err);
    if (!status && plan->threads > 0 && plan->hardware & LRT_HARDWARE_CPU) {
        snprintf(toml, sizeof toml, "num_threads = %d\n", plan->threads);
        status = add_toml(lrt, options, "xnnpack", toml, err);
    }
    if (!status && plan->hardware & LRT_HARDWARE_GPU) {
        // wait_type 1: a run is over when its outputs are there, and not when it was handed to the GPU.
        const char *precision = !strcmp(plan->precision, "f32")   ? "precision = 2\n"
                                : !strcmp(plan->precision, "f16") ? "precision = 1\n"
                                                                  : "";
        snprintf(toml, sizeof toml, "%swait_type = 1\n", precision);
        status = add_toml(lrt, options, "gpu_options", toml, err);
    }
    if (!status && profile)
        status = add_toml(lrt, options, "runtime_options_string", "enable_profiling = true\n", err);
    return status;
}

enum ed_status lrt_compile(const struct lrt_state *lrt, const struct lrt_plan *plan, lrt_handle model,
                           bool profile, lrt_handle *compiled, struct ed_error *err) {
    lrt_handle options = NULL;
    char doing[96];
    *compiled = NULL;
    enum ed_status status = lrt_check(lrt, lrt->api.CreateOptions(&options), "making options", err);
    if (status)
        return status;
    status = set_options(lrt, plan, profile, options, err);
    snprintf(doing, sizeof doing, "compiling the model for %s", plan->backend);
    const int before = ed_tasks_count();
    if (!status)
        status = lrt_check(lrt, lrt->api.CreateCompiledModel(lrt->environment, model, options, compiled),
                           doing, err);
    const int made = ed_tasks_count() - before;
    lrt->api.DestroyOptions(options);
    // The caller works as one of them. A key that the engine did not know would leave its own number.
    if (!status && before > 0 && plan->asked == LRT_HARDWARE_CPU && plan->threads > 0 &&
        made != plan->threads - 1) {
        status = ed_fail(err, ED_ERR_UNSUPPORTED, "-t",
                         "%d threads were asked for; LiteRT %s made %d beside the calling one", plan->threads,
                         lrt->version, made);
        lrt->api.DestroyCompiledModel(*compiled);
        *compiled = NULL;
    }
    return status;
}

enum ed_status lrt_signature_find(struct lrt_state *lrt, const char *key, struct ed_error *err) {
    char list[256] = "";
    size_t n = 0;
    enum ed_status status =
        lrt_check(lrt, lrt->api.GetNumModelSignatures(lrt->model, &n), "counting signatures", err);
    for (size_t i = 0; i < n && !status; i++) {
        lrt_handle signature = NULL;
        const char *found = NULL;
        const size_t used = strlen(list);
        status =
            lrt_check(lrt, lrt->api.GetModelSignature(lrt->model, i, &signature), "reading a signature", err);
        if (!status)
            status = lrt_check(lrt, lrt->api.GetSignatureKey(signature, &found), "reading a signature", err);
        if (status)
            break;
        if (!key || !strcmp(found ? found : "", key)) {
            lrt->signature = i;
            snprintf(lrt->signature_key, sizeof lrt->signature_key, "%s", found ? found : "");
            return ED_OK;
        }
        snprintf(list + used, sizeof list - used, "%s%s", used ? ", " : "", found ? found : "");
    }
    if (status)
        return status;
    return ed_fail(err, ED_ERR_USAGE, "-o signature", "the model has no signature '%.100s'; it has %s",
                   key ? key : "", list[0] ? list : "none");
}
