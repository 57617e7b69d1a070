// SPDX-License-Identifier: Apache-2.0
// What is used of OpenVINO's C interface, in declarations of our own. A function is looked up by its name, so
// that one source serves many releases; the numbers of types have been the same from 2025.2 to 2026.4.
#ifndef EDGEDYNO_BACKENDS_OV_API_H
#define EDGEDYNO_BACKENDS_OV_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ov_core;
struct ov_model;
struct ov_compiled;
struct ov_request;
struct ov_tensor;
struct ov_port;

struct ov_version {
    const char *build_number, *description;
};
struct ov_devices {
    char **names;
    size_t n;
};
struct ov_shape {
    int64_t rank;
    int64_t *dims;
};
struct ov_dimension {
    int64_t min, max;
};
struct ov_partial_shape {
    struct ov_dimension rank, *dims;
};
struct ov_profile_row {
    int status;
    int64_t real_us, cpu_us; // mean over the runs since the model was compiled
    const char *node_name, *exec_type, *node_type;
};
struct ov_profile {
    struct ov_profile_row *rows;
    size_t n;
};

#define OV_NODE_EXECUTED 2

// X(result, name without "ov_", parameters)
#define OV_FUNCTIONS(X)                                                                                      \
    X(int, get_openvino_version, (struct ov_version *))                                                      \
    X(void, version_free, (struct ov_version *))                                                             \
    X(const char *, get_error_info, (int))                                                                   \
    X(void, free, (const char *))                                                                            \
    X(int, core_create, (struct ov_core **))                                                                 \
    X(void, core_free, (struct ov_core *))                                                                   \
    X(int, core_get_available_devices, (const struct ov_core *, struct ov_devices *))                        \
    X(void, available_devices_free, (struct ov_devices *))                                                   \
    X(int, core_get_property, (const struct ov_core *, const char *, const char *, char **))                 \
    X(int, core_set_property, (const struct ov_core *, const char *, ...))                                   \
    X(int, core_read_model, (const struct ov_core *, const char *, const char *, struct ov_model **))        \
    X(void, model_free, (struct ov_model *))                                                                 \
    X(int, core_compile_model,                                                                               \
      (const struct ov_core *, const struct ov_model *, const char *, size_t, struct ov_compiled **, ...))   \
    X(int, compiled_model_get_property, (const struct ov_compiled *, const char *, char **))                 \
    X(int, compiled_model_inputs_size, (const struct ov_compiled *, size_t *))                               \
    X(int, compiled_model_outputs_size, (const struct ov_compiled *, size_t *))                              \
    X(int, compiled_model_input_by_index, (const struct ov_compiled *, size_t, struct ov_port **))           \
    X(int, compiled_model_output_by_index, (const struct ov_compiled *, size_t, struct ov_port **))          \
    X(int, compiled_model_create_infer_request, (const struct ov_compiled *, struct ov_request **))          \
    X(void, compiled_model_free, (struct ov_compiled *))                                                     \
    X(int, port_get_any_name, (const struct ov_port *, char **))                                             \
    X(int, port_get_partial_shape, (const struct ov_port *, struct ov_partial_shape *))                      \
    X(int, port_get_element_type, (const struct ov_port *, int *))                                           \
    X(void, partial_shape_free, (struct ov_partial_shape *))                                                 \
    X(void, output_const_port_free, (struct ov_port *))                                                      \
    X(int, tensor_create_from_host_ptr, (int, struct ov_shape, void *, struct ov_tensor **))                 \
    X(int, tensor_get_shape, (const struct ov_tensor *, struct ov_shape *))                                  \
    X(int, tensor_get_element_type, (const struct ov_tensor *, int *))                                       \
    X(int, tensor_get_byte_size, (const struct ov_tensor *, size_t *))                                       \
    X(int, tensor_data, (const struct ov_tensor *, void **))                                                 \
    X(void, tensor_free, (struct ov_tensor *))                                                               \
    X(int, shape_free, (struct ov_shape *))                                                                  \
    X(int, infer_request_set_input_tensor_by_index, (struct ov_request *, size_t, const struct ov_tensor *)) \
    X(int, infer_request_get_output_tensor_by_index,                                                         \
      (const struct ov_request *, size_t, struct ov_tensor **))                                              \
    X(int, infer_request_infer, (struct ov_request *))                                                       \
    X(int, infer_request_start_async, (struct ov_request *))                                                 \
    X(int, infer_request_wait, (struct ov_request *))                                                        \
    X(int, infer_request_get_profiling_info, (const struct ov_request *, struct ov_profile *))               \
    X(void, profiling_info_list_free, (struct ov_profile *))                                                 \
    X(void, infer_request_free, (struct ov_request *))

struct ov_api {
#define OV_MEMBER(result, name, parameters) result(*name) parameters;
    OV_FUNCTIONS(OV_MEMBER)
#undef OV_MEMBER
    const char *(*get_last_err_msg)(void); // NULL in releases without it
};

#endif
