// SPDX-License-Identifier: Apache-2.0
// What Vulkan finds on this machine, for engines that reach a GPU by WebGPU: on Linux and Android it stands
// on Vulkan, does not tell its device, and in some versions (of ONNX Runtime 1.27.0) follows a null pointer
// where there is none. The structures below are the documented shapes of Vulkan 1.0.
#include <dlfcn.h>

#include "backends/adapter_vulkan.h"

#define LIBRARY "libvulkan.so.1"
#define INSTANCE_CREATE_INFO 1
#define DEVICE_TYPE_CPU 4
#define DEVICES_MAX 8

struct vulkan_instance_info {
    uint32_t type;
    const void *next;
    uint32_t flags;
    const void *application;
    uint32_t n_layers;
    const char *const *layers;
    uint32_t n_extensions;
    const char *const *extensions;
};

// The head of VkPhysicalDeviceProperties, with room for all of it (824 bytes).
struct vulkan_properties {
    uint32_t api, driver, vendor, device, type;
    char name[256];
    uint64_t rest[512];
};

struct vulkan {
    void *library;
    int (*create)(const struct vulkan_instance_info *info, const void *allocator, void **instance);
    void (*destroy)(void *instance, const void *allocator);
    int (*enumerate)(void *instance, uint32_t *n, void **devices);
    void (*properties)(void *device, struct vulkan_properties *out);
};

static bool vulkan_open(struct vulkan *vulkan, struct ed_error *err) {
    // Android's system library has no version in its name.
    static const char *const names[] = {LIBRARY, "libvulkan.so"};
    for (size_t i = 0; i < 2 && !vulkan->library; i++)
        vulkan->library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
    if (!vulkan->library) {
        ed_fail(err, ED_ERR_REFUSED, NULL,
                "WebGPU needs Vulkan, and there is no " LIBRARY " here: install the driver's Vulkan loader");
        return false;
    }
    *(void **)&vulkan->create = dlsym(vulkan->library, "vkCreateInstance");
    *(void **)&vulkan->destroy = dlsym(vulkan->library, "vkDestroyInstance");
    *(void **)&vulkan->enumerate = dlsym(vulkan->library, "vkEnumeratePhysicalDevices");
    *(void **)&vulkan->properties = dlsym(vulkan->library, "vkGetPhysicalDeviceProperties");
    if (vulkan->create && vulkan->destroy && vulkan->enumerate && vulkan->properties)
        return true;
    ed_fail(err, ED_ERR_REFUSED, NULL, "WebGPU needs Vulkan, and " LIBRARY " here lacks its functions");
    return false;
}

enum ed_status ed_adapter_vulkan_look(char *name, size_t bytes, bool *software, struct ed_error *err) {
    const struct vulkan_instance_info info = {.type = INSTANCE_CREATE_INFO};
    struct vulkan vulkan = {0};
    struct vulkan_properties found = {0};
    void *instance = NULL, *devices[DEVICES_MAX];
    uint32_t n = DEVICES_MAX;
    enum ed_status status = ED_ERR_REFUSED;
    name[0] = 0;
    *software = false;
    if (!vulkan_open(&vulkan, err))
        goto out;
    int code = vulkan.create(&info, NULL, &instance);
    if (code < 0) {
        ed_fail(err, status, NULL,
                "WebGPU needs Vulkan, and it does not start here (code %d): no driver is there", code);
        goto out;
    }
    // A positive code says that there are more devices than asked for.
    if ((code = vulkan.enumerate(instance, &n, devices)) < 0 || !n) {
        ed_fail(err, status, NULL, "WebGPU needs a GPU, and Vulkan finds no device here%s",
                code < 0 ? " (it fails)" : "");
        goto out;
    }
    // Real ones come before software ones, for WebGPU as well.
    for (uint32_t i = 0; i < n && i < DEVICES_MAX; i++) {
        struct vulkan_properties properties = {0};
        vulkan.properties(devices[i], &properties);
        if (!i || (found.type == DEVICE_TYPE_CPU && properties.type != DEVICE_TYPE_CPU))
            found = properties;
    }
    *software = found.type == DEVICE_TYPE_CPU;
    snprintf(name, bytes, "%.*s", (int)sizeof found.name - 1, found.name);
    status = ED_OK;
out:
    if (instance)
        vulkan.destroy(instance, NULL);
    if (vulkan.library)
        dlclose(vulkan.library);
    return status;
}
