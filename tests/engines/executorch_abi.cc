// SPDX-License-Identifier: Apache-2.0
// backends/executorch/et_abi.h against the engine's own headers: sizes, places and the order of virtual
// functions. It compiles only where sizes and places agree; run, it says which functions stand elsewhere.
#include <complex>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <sstream>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#define private public
#define protected public
#include <executorch/extension/data_loader/mmap_data_loader.h>
#include <executorch/runtime/backend/interface.h>
#include <executorch/runtime/core/event_tracer.h>
#include <executorch/runtime/executor/method.h>
#include <executorch/runtime/executor/program.h>
#undef private
#undef protected

#include "backends/executorch/et_abi.h"

namespace runtime = executorch::runtime;
using executorch::extension::MmapDataLoader;
using Tensor = executorch::runtime::etensor::TensorImpl;

#define SAME(ours, theirs) static_assert(sizeof(ours) == sizeof(theirs) && alignof(ours) == alignof(theirs), #ours)
#define PLACE(ours, member, theirs, name) static_assert(offsetof(ours, member) == offsetof(theirs, name), #ours "." #member)

SAME(et_span, runtime::Span<uint8_t>);
PLACE(et_span, data, runtime::Span<uint8_t>, data_);
PLACE(et_span, n, runtime::Span<uint8_t>, length_);
SAME(et_buffer, runtime::FreeableBuffer);
PLACE(et_buffer, context, runtime::FreeableBuffer, free_fn_context_);
PLACE(et_buffer, bytes, runtime::FreeableBuffer, size_);
SAME(et_data_map, runtime::internal::PteDataMap);
SAME(et_mmap_loader, MmapDataLoader);
SAME(et_engine_program, runtime::Program);
PLACE(et_engine_program, data, runtime::Program, program_data_);
PLACE(et_engine_program, constants, runtime::Program, constant_segment_data_);
PLACE(et_engine_program, named, runtime::Program, pte_data_map_);
SAME(et_engine_method, runtime::Method);
PLACE(et_engine_method, chain, runtime::Method, step_state_.chain_idx);
PLACE(et_engine_method, instruction, runtime::Method, step_state_.instr_idx);
PLACE(et_engine_method, state, runtime::Method, init_state_);
SAME(et_loader_result, runtime::Result<MmapDataLoader>);
PLACE(et_loader_result, ok, runtime::Result<MmapDataLoader>, hasValue_);
SAME(et_program_result, runtime::Result<runtime::Program>);
PLACE(et_program_result, ok, runtime::Result<runtime::Program>, hasValue_);
SAME(et_method_result, runtime::Result<runtime::Method>);
PLACE(et_method_result, ok, runtime::Result<runtime::Method>, hasValue_);
static_assert(offsetof(et_allocator, first) == sizeof(runtime::MemoryAllocator), "et_allocator");
PLACE(et_allocator, begin, runtime::MemoryAllocator, begin_);
PLACE(et_allocator, profile, runtime::MemoryAllocator, prof_id_);
SAME(et_hierarchy, runtime::HierarchicalAllocator);
PLACE(et_hierarchy, buffers, runtime::HierarchicalAllocator, buffers_);
SAME(et_memory, runtime::MemoryManager);
PLACE(et_memory, method, runtime::MemoryManager, method_allocator_);
PLACE(et_memory, planned, runtime::MemoryManager, planned_memory_);
PLACE(et_memory, temporary, runtime::MemoryManager, temp_allocator_);
SAME(et_tensor, Tensor);
PLACE(et_tensor, sizes, Tensor, sizes_);
PLACE(et_tensor, order, Tensor, dim_order_);
PLACE(et_tensor, strides, Tensor, strides_);
PLACE(et_tensor, data, Tensor, data_);
PLACE(et_tensor, rank, Tensor, dim_);
PLACE(et_tensor, elements, Tensor, numel_);
PLACE(et_tensor, elements_max, Tensor, numel_bound_);
PLACE(et_tensor, type, Tensor, type_);
PLACE(et_tensor, dynamism, Tensor, shape_dynamism_);
PLACE(et_tensor, device, Tensor, device_);
SAME(et_value, runtime::EValue);
PLACE(et_value, tag, runtime::EValue, tag);
static_assert(ET_TAG_TENSOR == static_cast<int>(runtime::Tag::Tensor), "ET_TAG_TENSOR");
SAME(et_event, runtime::EventTracerEntry);
PLACE(et_event, id, runtime::EventTracerEntry, event_id);
PLACE(et_event, begin, runtime::EventTracerEntry, start_time);
PLACE(et_event, kind, runtime::EventTracerEntry, delegate_event_id_type);
SAME(et_tracer, runtime::EventTracer);
PLACE(et_tracer, chain, runtime::EventTracer, chain_id_);
PLACE(et_tracer, instruction, runtime::EventTracer, debug_handle_);
PLACE(et_tracer, debug_level, runtime::EventTracer, event_tracer_debug_level_);
PLACE(et_tracer, profiling_level, runtime::EventTracer, event_tracer_profiling_level_);
static_assert(ET_PROFILE_ALL == static_cast<int>(runtime::EventTracerProfilingLevel::kProfileAllEvents), "profile");
static_assert(ET_END_OF_METHOD == static_cast<int>(runtime::Error::EndOfMethod), "end of method");
static_assert(ET_VERIFY_ALL == static_cast<int>(runtime::Program::Verification::InternalConsistency), "verification");
static_assert(ET_NO_LOCK == static_cast<int>(MmapDataLoader::MlockConfig::NoMlock), "lock");

static int wrong;

// A pointer to a virtual member function holds 1 + its place in the table.
template <class Function>
static void slot(const char *name, Function function, size_t place) {
    ptrdiff_t words[2];
    static_assert(sizeof function == sizeof words, "the C++ ABI of Linux");
    memcpy(words, &function, sizeof words);
#ifdef __aarch64__
    const size_t there = static_cast<size_t>(words[0]);
#else
    const size_t there = static_cast<size_t>(words[0] - 1);
#endif
    if (there != place) {
        printf("%s: at %zu in the engine's table, at %zu in ours\n", name, there, place);
        wrong++;
    }
}

#define ALLOCATOR(member, name)                                                                          \
    slot(#name, &runtime::MemoryAllocator::name, offsetof(et_allocator_table, member) -                  \
                                                     offsetof(et_allocator_table, destroy))
#define TRACER(member, name)                                                                             \
    slot(#name, &runtime::EventTracer::name, offsetof(et_tracer_table, member) -                         \
                                                 offsetof(et_tracer_table, begin_block))

int main() {
    ALLOCATOR(allocate, allocate);
    ALLOCATOR(base, base_address);
    ALLOCATOR(size, size);
    ALLOCATOR(used, used_size);
    ALLOCATOR(unused, free_size);
    ALLOCATOR(reset, reset);
    TRACER(begin_block, create_event_block);
    TRACER(begin, start_profiling);
    TRACER(begin_delegate, start_profiling_delegate);
    TRACER(end_delegate, end_profiling_delegate);
    TRACER(log_delegate, log_profiling_delegate);
    TRACER(end, end_profiling);
    TRACER(track, track_allocation);
    TRACER(track_allocator, track_allocator);
    TRACER(values, log_evalue);
    TRACER(filter, set_delegation_intermediate_output_filter);
    slot("is_available", &runtime::BackendInterface::is_available, offsetof(et_backend_table, is_available));
    return wrong != 0;
}
