// SPDX-License-Identifier: Apache-2.0
// The classes of ExecuTorch 1.5 that the adapter meets, as they lie in memory, and its functions under the
// names that a C++ compiler gives them. A member function takes its object first; what has a destructor is
// returned through memory, as a C struct of more than 16 bytes is, so that smaller ones are padded here.
// tests/engines/executorch_abi.py compares every size and place with the engine's own headers.
#ifndef EDGEDYNO_BACKENDS_ET_ABI_H
#define EDGEDYNO_BACKENDS_ET_ABI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct et_span { // Span<T>
    void *data;
    size_t n;
};

struct et_buffer { // FreeableBuffer: a variant of two pointers each, of which only the first is met
    void *data;
    void (*free)(void *context, void *data, size_t bytes);
    uint8_t which; // 0: the first
    void *context;
    size_t bytes;
};

struct et_data_map { // PteDataMap
    const void *table;
    void *loader;
    size_t base;
    const void *named, *segments;
};

struct et_mmap_loader { // extension::MmapDataLoader
    const void *table;
    const char *name;
    size_t bytes, page;
    int fd, lock;
};

struct et_engine_program { // Program
    struct et_buffer data;
    void *loader;
    const void *root;
    size_t segments_at;
    struct et_buffer constants;
    struct {
        struct et_data_map map;
        bool there;
    } named;
};

struct et_engine_method {      // Method
    size_t chain, instruction; // that is next
    const void *program;
    void *memory, *temporary;
    const void *plan;
    void *tracer;
    size_t n_values;
    void *values;
    bool *inputs_set;
    size_t n_delegates;
    void *delegates;
    size_t n_chains;
    void *chains, *data_map, *constants;
    size_t n_constants;
    struct et_span kernels;
    uint8_t state;
};

// Result<T>: the value, or an error where `ok` is false.
#define ET_RESULT(type) \
    union {             \
        type value;     \
        uint32_t error; \
    };                  \
    bool ok
struct et_loader_result {
    ET_RESULT(struct et_mmap_loader);
};
struct et_program_result {
    ET_RESULT(struct et_engine_program);
};
struct et_method_result {
    ET_RESULT(struct et_engine_method);
};

struct et_allocator_table { // the virtual functions of MemoryAllocator
    ptrdiff_t offset;
    const void *type;
    void (*destroy)(void *self);
    void (*remove)(void *self);
    void *(*allocate)(void *self, size_t bytes, size_t alignment);
    uint8_t *(*base)(const void *self);
    uint32_t (*size)(const void *self);
    size_t (*used)(const void *self);
    size_t (*unused)(const void *self);
    void (*reset)(void *self);
};

struct et_allocator {  // MemoryAllocator, and behind it what is ours
    const void *table; // of its `destroy`
    uint8_t *begin, *end, *current;
    uint32_t bytes;
    int32_t profile;
    struct et_allocation *first;
};

struct et_hierarchy { // HierarchicalAllocator
    struct et_span unused[16], buffers, devices;
};

struct et_memory { // MemoryManager
    struct et_allocator *method;
    struct et_hierarchy *planned;
    struct et_allocator *temporary;
};

struct et_tensor { // TensorImpl
    int32_t *sizes;
    uint8_t *order;
    int32_t *strides;
    void *data;
    ssize_t rank, elements;
    size_t elements_max;
    int8_t type;
    uint8_t dynamism;
    int8_t device[2];
};

enum { ET_TAG_TENSOR = 1 };
struct et_value { // EValue
    struct et_tensor *tensor;
    uint32_t tag;
};

struct et_event { // EventTracerEntry
    int64_t id;
    int32_t chain;
    uint32_t instruction;
    uint64_t begin;
    uint32_t kind;
};

struct et_tracer_table { // the virtual functions of EventTracer
    ptrdiff_t offset;
    const void *type;
    void (*begin_block)(void *self, const char *name);
    struct et_event (*begin)(void *self, const char *name, int32_t chain, uint32_t instruction);
    struct et_event (*begin_delegate)(void *self, const char *name, int32_t id);
    void (*end_delegate)(void *self, struct et_event event, const void *more, size_t bytes);
    void (*log_delegate)(void *self, const char *name, int32_t id, uint64_t begin, uint64_t end,
                         const void *more, size_t bytes);
    void (*end)(void *self, struct et_event event);
    void (*track)(void *self, uint32_t allocator, size_t bytes);
    uint32_t (*track_allocator)(void *self, const char *name);
    void (*values[6])(void); // for what is logged at a level that is not set
    void (*filter)(void *self, void *filter);
    void (*destroy)(void *self);
    void (*remove)(void *self);
};

struct et_tracer {     // EventTracer
    const void *table; // of its `begin_block`
    int32_t chain;
    uint32_t instruction;
    bool debugging, intermediates;
    int32_t bundled;
    int32_t debug_level, profiling_level;
};
enum { ET_PROFILE_METHOD = 0, ET_PROFILE_ALL = 1 };

struct et_backend_table { // the virtual functions of BackendInterface, as far as they are called
    void (*destroy)(void *self);
    void (*remove)(void *self);
    bool (*is_available)(const void *self);
};
struct et_backend {
    const struct et_backend_table *table;
};

enum { ET_VERIFY_HEADER = 0, ET_VERIFY_ALL = 1, ET_NO_LOCK = 0, ET_END_OF_METHOD = 3 };

// result, name here, parameters, name there
#define ET_FUNCTIONS(F)                                                                                      \
    F(void, runtime_init, (void), "_ZN10executorch7runtime12runtime_initEv")                                 \
    F(struct et_loader_result, loader_from, (const char *path, int lock),                                    \
      "_ZN10executorch9extension14MmapDataLoader4fromEPKcNS1_11MlockConfigE")                                \
    F(void, loader_destroy, (struct et_mmap_loader *), "_ZN10executorch9extension14MmapDataLoaderD1Ev")      \
    F(struct et_program_result, program_load, (void *loader, uint8_t verification),                          \
      "_ZN10executorch7runtime7Program4loadEPNS0_10DataLoaderENS1_12VerificationE")                          \
    F(struct et_method_result, load_method,                                                                  \
      (const struct et_engine_program *, const char *name, struct et_memory *, struct et_tracer *,           \
       const void *data, const void *options, struct et_span kernels),                                       \
      "_ZNK10executorch7runtime7Program11load_methodEPKcPNS0_13MemoryManagerEPNS0_11EventTracerE"            \
      "PKNS0_12NamedDataMapEPKNS0_21LoadBackendOptionsMapENS0_4SpanIKNS0_6KernelEEE")                        \
    F(void, method_destroy, (struct et_engine_method *), "_ZN10executorch7runtime6MethodD1Ev")               \
    F(uint32_t, set_input, (struct et_engine_method *, const struct et_value *, size_t),                     \
      "_ZN10executorch7runtime6Method9set_inputERKNS0_6EValueEm")                                            \
    F(uint32_t, set_output, (struct et_engine_method *, void *data, size_t bytes, size_t),                   \
      "_ZN10executorch7runtime6Method19set_output_data_ptrEPvmm")                                            \
    F(uint32_t, execute, (struct et_engine_method *), "_ZN10executorch7runtime6Method7executeEv")            \
    F(uint32_t, step, (struct et_engine_method *), "_ZN10executorch7runtime6Method4stepEv")                  \
    F(uint32_t, reset, (struct et_engine_method *), "_ZN10executorch7runtime6Method15reset_executionEv")     \
    F(const struct et_value *, get_output, (const struct et_engine_method *, size_t),                        \
      "_ZNK10executorch7runtime6Method10get_outputEm")                                                       \
    F(size_t, n_inputs, (const struct et_engine_method *), "_ZNK10executorch7runtime6Method11inputs_sizeEv") \
    F(size_t, n_outputs, (const struct et_engine_method *),                                                  \
      "_ZNK10executorch7runtime6Method12outputs_sizeEv")                                                     \
    F(struct et_backend *, get_backend, (const char *name), "_ZN10executorch7runtime17get_backend_classEPKc")

// Of the library of the thread pool.
#define ET_POOL_GET "_ZN10executorch9extension10threadpool14get_threadpoolEv"
#define ET_POOL_RESET "_ZN10executorch9extension10threadpool10ThreadPool24_unsafe_reset_threadpoolEj"
#define ET_POOL_THREADS "_ZNK10executorch9extension10threadpool10ThreadPool16get_thread_countEv"

struct et_api {
#define ET_MEMBER(result, name, parameters, symbol) result(*name) parameters;
    ET_FUNCTIONS(ET_MEMBER)
#undef ET_MEMBER
};

#endif
