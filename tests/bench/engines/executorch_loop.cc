// SPDX-License-Identifier: Apache-2.0
// A loop over ExecuTorch's own Module, as an app has it: executorch_loop MODEL INFERENCES. One thread; 200
// inferences beforehand are not counted. Prints the median time of forward(), input and all, in nanoseconds.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <vector>

#include <executorch/extension/module/module.h>
#include <executorch/extension/tensor/tensor.h>

// The package has the library and not its header.
namespace executorch::extension::threadpool {
class ThreadPool {
 public:
    bool _unsafe_reset_threadpool(uint32_t threads);
};
ThreadPool *get_threadpool();
}  // namespace executorch::extension::threadpool

static long long now_ns() {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_RAW, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

int main(int argc, char **argv) {
    const long n = argc == 3 ? strtol(argv[2], nullptr, 10) : 0;
    if (n < 1) {
        fprintf(stderr, "usage: executorch_loop MODEL INFERENCES\n");
        return 2;
    }
    executorch::extension::threadpool::get_threadpool()->_unsafe_reset_threadpool(1);
    executorch::extension::Module module(argv[1], executorch::extension::Module::LoadMode::Mmap);
    const auto about = module.method_meta("forward");
    if (!about.ok()) return 1;
    const auto shape = about->input_tensor_meta(0)->sizes();
    std::vector<executorch::aten::SizesType> sizes(shape.begin(), shape.end());
    std::vector<float> data(about->input_tensor_meta(0)->nbytes() / sizeof(float), 0.5f);
    const auto input = executorch::extension::from_blob(data.data(), sizes);
    std::vector<long long> times;
    for (long i = 0; i < n + 200; i++) {
        const long long before = now_ns();
        const bool ok = module.forward(input).ok();
        const long long taken = now_ns() - before;
        if (!ok) return 1;
        if (i >= 200) times.push_back(taken);
    }
    std::nth_element(times.begin(), times.begin() + n / 2, times.end());
    printf("%lld\n", times[n / 2]);
    return 0;
}
