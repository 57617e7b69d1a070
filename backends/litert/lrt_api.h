// SPDX-License-Identifier: Apache-2.0
// What is used of LiteRT's C interface, in declarations of our own. A function is looked up by its name, so
// that one source serves many releases.
#ifndef EDGEDYNO_BACKENDS_LRT_API_H
#define EDGEDYNO_BACKENDS_LRT_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef void *lrt_handle; // one of the engine's objects

struct lrt_layout {
    unsigned int rank : 7, has_strides : 1;
    int32_t dimensions[8];
    uint32_t strides[8];
};
struct lrt_tensor_type {
    int32_t element;
    struct lrt_layout layout;
};
struct lrt_env_option {
    int32_t tag;
    struct {
        int32_t type;
        union {
            bool flag;
            int64_t number;
            double real;
            const char *text;
            const void *pointer;
        };
    } value;
};
struct lrt_quantization {
    float scale;
    int64_t zero_point;
};
struct lrt_event {
    const char *tag;
    int32_t type;
    uint64_t start_us, elapsed_us;
    size_t memory_before[3], memory_after[3];
    uint64_t node, metadata;
    int32_t source;
};
_Static_assert(sizeof(struct lrt_layout) == 68, "as the engine lays it out");
_Static_assert(sizeof(struct lrt_tensor_type) == 72, "as the engine lays it out");
_Static_assert(sizeof(void *) != 8 || sizeof(struct lrt_env_option) == 24, "as the engine lays it out");

#define LRT_ENV_DISPATCH_DIR 1
#define LRT_ENV_LIBRARY_DIR 22
#define LRT_ENV_LOG_SEVERITY 25
#define LRT_ANY_NUMBER 2
#define LRT_ANY_TEXT 8
#define LRT_LOG_WARNING 2

#define LRT_HARDWARE_CPU 1
#define LRT_HARDWARE_GPU 2
#define LRT_HARDWARE_NPU 4

#define LRT_LOCK_READ 0
#define LRT_LOCK_WRITE 1
#define LRT_QUANTIZED_PER_TENSOR 1
#define LRT_EVENT_OPERATOR 2
#define LRT_EVENT_DELEGATED_OPERATOR 8

// X(result, name without "LiteRt", parameters)
#define LRT_FUNCTIONS(X)                                                                         \
    X(int, CreateEnvironment, (int, const struct lrt_env_option *, lrt_handle *))                \
    X(void, DestroyEnvironment, (lrt_handle))                                                    \
    X(int, GetNumAccelerators, (lrt_handle, size_t *))                                           \
    X(int, GetAccelerator, (lrt_handle, size_t, lrt_handle *))                                   \
    X(int, GetAcceleratorName, (lrt_handle, const char **))                                      \
    X(int, GetAcceleratorHardwareSupport, (lrt_handle, int *))                                   \
    X(void, DestroyModel, (lrt_handle))                                                          \
    X(int, GetNumModelSignatures, (lrt_handle, size_t *))                                        \
    X(int, GetModelSignature, (lrt_handle, size_t, lrt_handle *))                                \
    X(int, GetSignatureKey, (lrt_handle, const char **))                                         \
    X(int, GetNumSignatureInputs, (lrt_handle, size_t *))                                        \
    X(int, GetNumSignatureOutputs, (lrt_handle, size_t *))                                       \
    X(int, GetSignatureInputName, (lrt_handle, size_t, const char **))                           \
    X(int, GetSignatureOutputName, (lrt_handle, size_t, const char **))                          \
    X(int, GetSignatureInputTensorByIndex, (lrt_handle, size_t, lrt_handle *))                   \
    X(int, GetSignatureOutputTensorByIndex, (lrt_handle, size_t, lrt_handle *))                  \
    X(int, GetRankedTensorType, (lrt_handle, struct lrt_tensor_type *))                          \
    X(int, GetQuantizationTypeId, (lrt_handle, int *))                                           \
    X(int, GetPerTensorQuantization, (lrt_handle, struct lrt_quantization *))                    \
    X(int, CreateOptions, (lrt_handle *))                                                        \
    X(void, DestroyOptions, (lrt_handle))                                                        \
    X(int, SetOptionsHardwareAccelerators, (lrt_handle, int))                                    \
    X(int, CreateOpaqueOptions, (const char *, void *, void (*)(void *), lrt_handle *))          \
    X(void, DestroyOpaqueOptions, (lrt_handle))                                                  \
    X(int, AddOpaqueOptions, (lrt_handle, lrt_handle))                                           \
    X(int, CreateCompiledModel, (lrt_handle, lrt_handle, lrt_handle, lrt_handle *))              \
    X(void, DestroyCompiledModel, (lrt_handle))                                                  \
    X(int, RunCompiledModel, (lrt_handle, size_t, size_t, lrt_handle *, size_t, lrt_handle *))   \
    X(int, CompiledModelIsFullyAccelerated, (lrt_handle, bool *))                                \
    X(int, GetCompiledModelInputBufferRequirements, (lrt_handle, size_t, size_t, lrt_handle *))  \
    X(int, GetCompiledModelOutputBufferRequirements, (lrt_handle, size_t, size_t, lrt_handle *)) \
    X(int, CreateManagedTensorBufferFromRequirements,                                            \
      (lrt_handle, const struct lrt_tensor_type *, lrt_handle, lrt_handle *))                    \
    X(int, GetTensorBufferPackedSize, (lrt_handle, size_t *))                                    \
    X(int, LockTensorBuffer, (lrt_handle, void **, int))                                         \
    X(int, UnlockTensorBuffer, (lrt_handle))                                                     \
    X(void, DestroyTensorBuffer, (lrt_handle))                                                   \
    X(int, CompiledModelGetProfiler, (lrt_handle, lrt_handle *))                                 \
    X(int, StartProfiler, (lrt_handle))                                                          \
    X(int, StopProfiler, (lrt_handle))                                                           \
    X(int, ResetProfiler, (lrt_handle))                                                          \
    X(int, GetNumProfilerEvents, (lrt_handle, int *))                                            \
    X(int, GetProfilerEvents, (lrt_handle, int, struct lrt_event *))

struct lrt_api {
#define LRT_MEMBER(result, name, parameters) result(*name) parameters;
    LRT_FUNCTIONS(LRT_MEMBER)
#undef LRT_MEMBER
    // Up to 2.1.5 without the environment, which came together with LiteRtCreateModelFromFd.
    void *CreateModelFromFile, *CreateModelFromBuffer;
    bool model_takes_environment;
    int (*CompiledModelIsNonCpuFullyAccelerated)(lrt_handle, bool *); // from 2.3.0 on, else NULL
};

#endif
