// SPDX-License-Identifier: Apache-2.0
// The part of ONNX Runtime's C interface that the adapter calls, declared from its documented shape. The
// interface is one table of functions that only ever grows at its end, so a function is known by its place;
// each place below names the interface version (the minor number of the release) in which it appeared. Places
// from 298 on were different in development snapshots: they are used in releases only (struct ort_version).
//
// A function that returns `struct ort_status *` returns NULL for success, else a status that the caller
// releases.
#ifndef EDGEDYNO_BACKENDS_ORT_API_H
#define EDGEDYNO_BACKENDS_ORT_API_H

#include <stddef.h>
#include <stdint.h>

typedef void (*ort_function)(void);

struct ort_api_base {
    const ort_function *(*get_api)(uint32_t version);
    const char *(*get_version_string)(void);
};

struct ort_status;
struct ort_env;
struct ort_session;
struct ort_session_options;
struct ort_value;
struct ort_type_info;
struct ort_tensor_info;
struct ort_memory_info;
struct ort_allocator;
struct ort_assigned_subgraph;
struct ort_assigned_node;
struct ort_ep_device;
struct ort_hardware_device;
struct ort_key_values;

enum ort_entry {
    ORT_GET_ERROR_MESSAGE = 2, // all below 102: version 1
    ORT_CREATE_ENV_WITH_LOGGER = 4,
    ORT_DISABLE_TELEMETRY_EVENTS = 6,
    ORT_CREATE_SESSION = 7,
    ORT_CREATE_SESSION_FROM_ARRAY = 8,
    ORT_RUN = 9,
    ORT_CREATE_SESSION_OPTIONS = 10,
    ORT_SET_SESSION_EXECUTION_MODE = 13,
    ORT_ENABLE_PROFILING = 14,
    ORT_DISABLE_MEM_PATTERN = 17,
    ORT_DISABLE_CPU_MEM_ARENA = 19,
    ORT_SET_GRAPH_OPTIMIZATION_LEVEL = 23,
    ORT_SET_INTRA_OP_NUM_THREADS = 24,
    ORT_SET_INTER_OP_NUM_THREADS = 25,
    ORT_SESSION_GET_INPUT_COUNT = 30,
    ORT_SESSION_GET_OUTPUT_COUNT = 31,
    ORT_SESSION_GET_INPUT_TYPE_INFO = 33,
    ORT_SESSION_GET_OUTPUT_TYPE_INFO = 34,
    ORT_SESSION_GET_INPUT_NAME = 36,
    ORT_SESSION_GET_OUTPUT_NAME = 37,
    ORT_CREATE_TENSOR_WITH_DATA = 49,
    ORT_IS_TENSOR = 50,
    ORT_GET_TENSOR_MUTABLE_DATA = 51,
    ORT_CAST_TYPE_INFO_TO_TENSOR_INFO = 55,
    ORT_GET_ONNX_TYPE = 56,
    ORT_GET_TENSOR_ELEMENT_TYPE = 60,
    ORT_GET_DIMENSIONS_COUNT = 61,
    ORT_GET_DIMENSIONS = 62,
    ORT_GET_SYMBOLIC_DIMENSIONS = 63,
    ORT_GET_TENSOR_TYPE_AND_SHAPE = 65,
    ORT_CREATE_CPU_MEMORY_INFO = 69,
    ORT_ALLOCATOR_FREE = 76,
    ORT_GET_ALLOCATOR_WITH_DEFAULT_OPTIONS = 78,
    ORT_RELEASE_ENV = 92,
    ORT_RELEASE_STATUS = 93,
    ORT_RELEASE_MEMORY_INFO = 94,
    ORT_RELEASE_SESSION = 95,
    ORT_RELEASE_VALUE = 96,
    ORT_RELEASE_TYPE_INFO = 98,
    ORT_RELEASE_TENSOR_INFO = 99,
    ORT_RELEASE_SESSION_OPTIONS = 100,
    ORT_SESSION_END_PROFILING = 110,   // version 2
    ORT_GET_AVAILABLE_PROVIDERS = 125, // version 4
    ORT_RELEASE_AVAILABLE_PROVIDERS = 126,
    ORT_ADD_SESSION_CONFIG_ENTRY = 130, // version 5
    ORT_CREATE_ALLOCATOR = 131,
    ORT_RELEASE_ALLOCATOR = 132,
    ORT_APPEND_EXECUTION_PROVIDER = 216, // version 12
    ORT_GET_BUILD_INFO_STRING = 254,     // version 15
    ORT_GET_KEY_VALUE = 297,             // version 22, releases only, as all below
    ORT_RELEASE_KEY_VALUE_PAIRS = 300,
    ORT_REGISTER_EP_LIBRARY = 301,
    ORT_GET_EP_DEVICES = 303,
    ORT_APPEND_EXECUTION_PROVIDER_V2 = 304,
    ORT_HARDWARE_DEVICE_TYPE = 307,
    ORT_HARDWARE_DEVICE_VENDOR = 309,
    ORT_HARDWARE_DEVICE_METADATA = 311,
    ORT_EP_DEVICE_EP_NAME = 312,
    ORT_EP_DEVICE_DEVICE = 316,
    ORT_ALLOCATOR_GET_STATS = 319,             // version 23
    ORT_SESSION_GET_EP_GRAPH_ASSIGNMENT = 407, // version 24
    ORT_EP_ASSIGNED_SUBGRAPH_GET_EP_NAME = 408,
    ORT_EP_ASSIGNED_SUBGRAPH_GET_NODES = 409,
    ORT_EP_ASSIGNED_NODE_GET_OPERATOR_TYPE = 412,
};

#define ORT_VERSION_MIN 17u           // the oldest minor version that the adapter serves
#define ORT_VERSION_USED 24u          // the newest interface version that it asks for
#define ORT_VERSION_EP_ASSIGNMENT 24u // the first with the graph assignment
#define ORT_VERSION_PLUGINS 24u       // the first whose plug-in interface was tried
#define ORT_VERSION_STATS 23u         // the first that tells what an allocator holds

enum { ORT_LOGGING_ERROR = 3 };
enum { ORT_MODE_SEQUENTIAL = 0, ORT_MODE_PARALLEL = 1 };
enum { ORT_OPTIMIZE_NONE = 0, ORT_OPTIMIZE_BASIC = 1, ORT_OPTIMIZE_EXTENDED = 2, ORT_OPTIMIZE_ALL = 99 };
enum { ORT_ONNX_TENSOR = 1 };
enum { ORT_HARDWARE_CPU = 0, ORT_HARDWARE_GPU = 1, ORT_HARDWARE_NPU = 2 };
enum { ORT_ALLOCATOR_DEVICE = 0, ORT_MEMORY_DEFAULT = 0 };

// The function at `entry`, with its real type.
#define ORT_AT(api, entry, result, ...) ((result(*)(__VA_ARGS__))(api)[entry])
// The same for the many that return a status.
#define ORT_STATUS(api, entry, ...) ORT_AT(api, entry, struct ort_status *, __VA_ARGS__)

typedef struct ort_status *(*ort_run_fn)(struct ort_session *session, const void *run_options,
                                         const char *const *input_names,
                                         const struct ort_value *const *inputs, size_t n_inputs,
                                         const char *const *output_names, size_t n_outputs,
                                         struct ort_value **outputs);

static inline const char *ort_get_error_message(const ort_function *api, const struct ort_status *status) {
    return ORT_AT(api, ORT_GET_ERROR_MESSAGE, const char *, const struct ort_status *)(status);
}
// Receives a line of the engine's log, from any of its threads.
typedef void (*ort_log_fn)(void *context, int level, const char *category, const char *id, const char *place,
                           const char *text);

static inline struct ort_status *ort_create_env(const ort_function *api, ort_log_fn log, void *context,
                                                int level, const char *name, struct ort_env **out) {
    return ORT_STATUS(api, ORT_CREATE_ENV_WITH_LOGGER, ort_log_fn, void *, int, const char *,
                      struct ort_env **)(log, context, level, name, out);
}
static inline struct ort_status *ort_disable_telemetry(const ort_function *api, const struct ort_env *env) {
    return ORT_STATUS(api, ORT_DISABLE_TELEMETRY_EVENTS, const struct ort_env *)(env);
}
static inline struct ort_status *ort_create_session(const ort_function *api, const struct ort_env *env,
                                                    const char *path,
                                                    const struct ort_session_options *options,
                                                    struct ort_session **out) {
    return ORT_STATUS(api, ORT_CREATE_SESSION, const struct ort_env *, const char *,
                      const struct ort_session_options *, struct ort_session **)(env, path, options, out);
}
static inline struct ort_status *ort_create_session_from_array(const ort_function *api,
                                                               const struct ort_env *env, const void *model,
                                                               size_t bytes,
                                                               const struct ort_session_options *options,
                                                               struct ort_session **out) {
    return ORT_STATUS(api, ORT_CREATE_SESSION_FROM_ARRAY, const struct ort_env *, const void *, size_t,
                      const struct ort_session_options *,
                      struct ort_session **)(env, model, bytes, options, out);
}
static inline struct ort_status *ort_create_session_options(const ort_function *api,
                                                            struct ort_session_options **out) {
    return ORT_STATUS(api, ORT_CREATE_SESSION_OPTIONS, struct ort_session_options **)(out);
}
// A setting of one integer: execution mode, optimization level, thread counts.
static inline struct ort_status *ort_set_option_int(const ort_function *api, enum ort_entry entry,
                                                    struct ort_session_options *options, int value) {
    return ORT_STATUS(api, entry, struct ort_session_options *, int)(options, value);
}
// A setting without a value: switching the arena or the memory pattern off.
static inline struct ort_status *ort_set_option(const ort_function *api, enum ort_entry entry,
                                                struct ort_session_options *options) {
    return ORT_STATUS(api, entry, struct ort_session_options *)(options);
}
static inline struct ort_status *ort_add_config(const ort_function *api, struct ort_session_options *options,
                                                const char *key, const char *value) {
    return ORT_STATUS(api, ORT_ADD_SESSION_CONFIG_ENTRY, struct ort_session_options *, const char *,
                      const char *)(options, key, value);
}
static inline struct ort_status *ort_append_provider(const ort_function *api,
                                                     struct ort_session_options *options, const char *name,
                                                     const char *const *keys, const char *const *values,
                                                     size_t n) {
    return ORT_STATUS(api, ORT_APPEND_EXECUTION_PROVIDER, struct ort_session_options *, const char *,
                      const char *const *, const char *const *, size_t)(options, name, keys, values, n);
}
// `entry` is the count of inputs or of outputs.
static inline struct ort_status *ort_get_count(const ort_function *api, enum ort_entry entry,
                                               const struct ort_session *session, size_t *out) {
    return ORT_STATUS(api, entry, const struct ort_session *, size_t *)(session, out);
}
// The name belongs to the caller: ort_allocator_free.
static inline struct ort_status *ort_get_name(const ort_function *api, enum ort_entry entry,
                                              const struct ort_session *session, size_t index,
                                              struct ort_allocator *allocator, char **out) {
    return ORT_STATUS(api, entry, const struct ort_session *, size_t, struct ort_allocator *,
                      char **)(session, index, allocator, out);
}
static inline struct ort_status *ort_get_type_info(const ort_function *api, enum ort_entry entry,
                                                   const struct ort_session *session, size_t index,
                                                   struct ort_type_info **out) {
    return ORT_STATUS(api, entry, const struct ort_session *, size_t, struct ort_type_info **)(session, index,
                                                                                               out);
}
static inline struct ort_status *ort_get_onnx_type(const ort_function *api, const struct ort_type_info *info,
                                                   int *out) {
    return ORT_STATUS(api, ORT_GET_ONNX_TYPE, const struct ort_type_info *, int *)(info, out);
}
// *out is a view into `info`; NULL where it is no tensor.
static inline struct ort_status *ort_cast_to_tensor_info(const ort_function *api,
                                                         const struct ort_type_info *info,
                                                         const struct ort_tensor_info **out) {
    return ORT_STATUS(api, ORT_CAST_TYPE_INFO_TO_TENSOR_INFO, const struct ort_type_info *,
                      const struct ort_tensor_info **)(info, out);
}
static inline struct ort_status *ort_get_element_type(const ort_function *api,
                                                      const struct ort_tensor_info *info, int *out) {
    return ORT_STATUS(api, ORT_GET_TENSOR_ELEMENT_TYPE, const struct ort_tensor_info *, int *)(info, out);
}
static inline struct ort_status *ort_get_dimensions_count(const ort_function *api,
                                                          const struct ort_tensor_info *info, size_t *out) {
    return ORT_STATUS(api, ORT_GET_DIMENSIONS_COUNT, const struct ort_tensor_info *, size_t *)(info, out);
}
static inline struct ort_status *
ort_get_dimensions(const ort_function *api, const struct ort_tensor_info *info, int64_t *out, size_t n) {
    return ORT_STATUS(api, ORT_GET_DIMENSIONS, const struct ort_tensor_info *, int64_t *, size_t)(info, out,
                                                                                                  n);
}
// The texts are views into `info`; "" where a dimension has no name.
static inline struct ort_status *ort_get_symbolic_dimensions(const ort_function *api,
                                                             const struct ort_tensor_info *info,
                                                             const char **out, size_t n) {
    return ORT_STATUS(api, ORT_GET_SYMBOLIC_DIMENSIONS, const struct ort_tensor_info *, const char **,
                      size_t)(info, out, n);
}
static inline struct ort_status *ort_create_tensor_with_data(const ort_function *api,
                                                             const struct ort_memory_info *memory, void *data,
                                                             size_t bytes, const int64_t *shape, size_t rank,
                                                             int type, struct ort_value **out) {
    return ORT_STATUS(api, ORT_CREATE_TENSOR_WITH_DATA, const struct ort_memory_info *, void *, size_t,
                      const int64_t *, size_t, int,
                      struct ort_value **)(memory, data, bytes, shape, rank, type, out);
}
static inline struct ort_status *ort_is_tensor(const ort_function *api, const struct ort_value *value,
                                               int *out) {
    return ORT_STATUS(api, ORT_IS_TENSOR, const struct ort_value *, int *)(value, out);
}
static inline struct ort_status *ort_get_tensor_data(const ort_function *api, struct ort_value *value,
                                                     void **out) {
    return ORT_STATUS(api, ORT_GET_TENSOR_MUTABLE_DATA, struct ort_value *, void **)(value, out);
}
static inline struct ort_status *
ort_get_type_and_shape(const ort_function *api, const struct ort_value *value, struct ort_tensor_info **out) {
    return ORT_STATUS(api, ORT_GET_TENSOR_TYPE_AND_SHAPE, const struct ort_value *,
                      struct ort_tensor_info **)(value, out);
}
static inline struct ort_status *ort_create_cpu_memory_info(const ort_function *api, int allocator,
                                                            int memory, struct ort_memory_info **out) {
    return ORT_STATUS(api, ORT_CREATE_CPU_MEMORY_INFO, int, int, struct ort_memory_info **)(allocator, memory,
                                                                                            out);
}
// Not owned by the caller.
static inline struct ort_status *ort_get_default_allocator(const ort_function *api,
                                                           struct ort_allocator **out) {
    return ORT_STATUS(api, ORT_GET_ALLOCATOR_WITH_DEFAULT_OPTIONS, struct ort_allocator **)(out);
}
static inline struct ort_status *ort_allocator_free(const ort_function *api, struct ort_allocator *allocator,
                                                    void *memory) {
    return ORT_STATUS(api, ORT_ALLOCATOR_FREE, struct ort_allocator *, void *)(allocator, memory);
}
static inline struct ort_status *ort_get_available_providers(const ort_function *api, char ***names, int *n) {
    return ORT_STATUS(api, ORT_GET_AVAILABLE_PROVIDERS, char ***, int *)(names, n);
}
static inline struct ort_status *ort_release_available_providers(const ort_function *api, char **names,
                                                                 int n) {
    return ORT_STATUS(api, ORT_RELEASE_AVAILABLE_PROVIDERS, char **, int)(names, n);
}
static inline const char *ort_get_build_info(const ort_function *api) {
    return ORT_AT(api, ORT_GET_BUILD_INFO_STRING, const char *, void)();
}
// The engine puts the time and ".json" behind `prefix`.
static inline struct ort_status *
ort_enable_profiling(const ort_function *api, struct ort_session_options *options, const char *prefix) {
    return ORT_STATUS(api, ORT_ENABLE_PROFILING, struct ort_session_options *, const char *)(options, prefix);
}
// Writes the profile; the name of its file belongs to the caller: ort_allocator_free.
static inline struct ort_status *ort_end_profiling(const ort_function *api, struct ort_session *session,
                                                   struct ort_allocator *allocator, char **out) {
    return ORT_STATUS(api, ORT_SESSION_END_PROFILING, struct ort_session *, struct ort_allocator *,
                      char **)(session, allocator, out);
}
// The session's own allocator for that memory.
static inline struct ort_status *ort_create_allocator(const ort_function *api,
                                                      const struct ort_session *session,
                                                      const struct ort_memory_info *memory,
                                                      struct ort_allocator **out) {
    return ORT_STATUS(api, ORT_CREATE_ALLOCATOR, const struct ort_session *, const struct ort_memory_info *,
                      struct ort_allocator **)(session, memory, out);
}
static inline struct ort_status *ort_allocator_stats(const ort_function *api,
                                                     const struct ort_allocator *allocator,
                                                     struct ort_key_values **out) {
    return ORT_STATUS(api, ORT_ALLOCATOR_GET_STATS, const struct ort_allocator *,
                      struct ort_key_values **)(allocator, out);
}
// NULL where there is no such key; borrowed.
static inline const char *ort_get_key_value(const ort_function *api, const struct ort_key_values *pairs,
                                            const char *key) {
    return ORT_AT(api, ORT_GET_KEY_VALUE, const char *, const struct ort_key_values *, const char *)(pairs,
                                                                                                     key);
}
// Makes the library's providers known to the environment.
static inline struct ort_status *ort_register_library(const ort_function *api, struct ort_env *env,
                                                      const char *name, const char *path) {
    return ORT_STATUS(api, ORT_REGISTER_EP_LIBRARY, struct ort_env *, const char *, const char *)(env, name,
                                                                                                  path);
}
// Pairs of a provider and a device that it can use; they belong to the environment.
static inline struct ort_status *ort_get_ep_devices(const ort_function *api, const struct ort_env *env,
                                                    const struct ort_ep_device *const **out, size_t *n) {
    return ORT_STATUS(api, ORT_GET_EP_DEVICES, const struct ort_env *, const struct ort_ep_device *const **,
                      size_t *)(env, out, n);
}
static inline struct ort_status *
ort_append_ep_devices(const ort_function *api, struct ort_session_options *options, struct ort_env *env,
                      const struct ort_ep_device *const *devices, size_t n_devices, const char *const *keys,
                      const char *const *values, size_t n) {
    return ORT_STATUS(api, ORT_APPEND_EXECUTION_PROVIDER_V2, struct ort_session_options *, struct ort_env *,
                      const struct ort_ep_device *const *, size_t, const char *const *, const char *const *,
                      size_t)(options, env, devices, n_devices, keys, values, n);
}
static inline const char *ort_ep_device_name(const ort_function *api, const struct ort_ep_device *device) {
    return ORT_AT(api, ORT_EP_DEVICE_EP_NAME, const char *, const struct ort_ep_device *)(device);
}
static inline const struct ort_hardware_device *ort_ep_device_hardware(const ort_function *api,
                                                                       const struct ort_ep_device *device) {
    return ORT_AT(api, ORT_EP_DEVICE_DEVICE, const struct ort_hardware_device *,
                  const struct ort_ep_device *)(device);
}
static inline int ort_hardware_type(const ort_function *api, const struct ort_hardware_device *device) {
    return ORT_AT(api, ORT_HARDWARE_DEVICE_TYPE, int, const struct ort_hardware_device *)(device);
}
static inline const char *ort_hardware_vendor(const ort_function *api,
                                              const struct ort_hardware_device *device) {
    return ORT_AT(api, ORT_HARDWARE_DEVICE_VENDOR, const char *, const struct ort_hardware_device *)(device);
}
static inline const struct ort_key_values *ort_hardware_metadata(const ort_function *api,
                                                                 const struct ort_hardware_device *device) {
    return ORT_AT(api, ORT_HARDWARE_DEVICE_METADATA, const struct ort_key_values *,
                  const struct ort_hardware_device *)(device);
}
// The subgraphs belong to the session.
static inline struct ort_status *ort_get_assignment(const ort_function *api,
                                                    const struct ort_session *session,
                                                    const struct ort_assigned_subgraph *const **subgraphs,
                                                    size_t *n) {
    return ORT_STATUS(api, ORT_SESSION_GET_EP_GRAPH_ASSIGNMENT, const struct ort_session *,
                      const struct ort_assigned_subgraph *const **, size_t *)(session, subgraphs, n);
}
static inline struct ort_status *ort_subgraph_get_ep_name(const ort_function *api,
                                                          const struct ort_assigned_subgraph *subgraph,
                                                          const char **out) {
    return ORT_STATUS(api, ORT_EP_ASSIGNED_SUBGRAPH_GET_EP_NAME, const struct ort_assigned_subgraph *,
                      const char **)(subgraph, out);
}
static inline struct ort_status *ort_subgraph_get_nodes(const ort_function *api,
                                                        const struct ort_assigned_subgraph *subgraph,
                                                        const struct ort_assigned_node *const **nodes,
                                                        size_t *n) {
    return ORT_STATUS(api, ORT_EP_ASSIGNED_SUBGRAPH_GET_NODES, const struct ort_assigned_subgraph *,
                      const struct ort_assigned_node *const **, size_t *)(subgraph, nodes, n);
}
static inline struct ort_status *
ort_node_get_operator(const ort_function *api, const struct ort_assigned_node *node, const char **out) {
    return ORT_STATUS(api, ORT_EP_ASSIGNED_NODE_GET_OPERATOR_TYPE, const struct ort_assigned_node *,
                      const char **)(node, out);
}

// All of these accept NULL.
#define ORT_RELEASE(name, entry, type)                                                    \
    static inline void ort_release_##name(const ort_function *api, struct type *object) { \
        ORT_AT(api, entry, void, struct type *)(object);                                  \
    }
ORT_RELEASE(env, ORT_RELEASE_ENV, ort_env)
ORT_RELEASE(status, ORT_RELEASE_STATUS, ort_status)
ORT_RELEASE(memory_info, ORT_RELEASE_MEMORY_INFO, ort_memory_info)
ORT_RELEASE(session, ORT_RELEASE_SESSION, ort_session)
ORT_RELEASE(value, ORT_RELEASE_VALUE, ort_value)
ORT_RELEASE(type_info, ORT_RELEASE_TYPE_INFO, ort_type_info)
ORT_RELEASE(tensor_info, ORT_RELEASE_TENSOR_INFO, ort_tensor_info)
ORT_RELEASE(session_options, ORT_RELEASE_SESSION_OPTIONS, ort_session_options)
ORT_RELEASE(allocator, ORT_RELEASE_ALLOCATOR, ort_allocator)
ORT_RELEASE(key_values, ORT_RELEASE_KEY_VALUE_PAIRS, ort_key_values)

#endif
