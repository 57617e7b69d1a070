# SPDX-License-Identifier: Apache-2.0
# The words for a pack of an Android target (PACK) with an NDK (NDK): ed_android_options for CMake, ed_android_cc and
# ed_android_bin for deps/build.sh. 28 is Android 9, the oldest with every call that the runner makes (posix_spawn).
set(ed_android_api 28)
if(PACK STREQUAL "android-aarch64")
    set(abi arm64-v8a)
    set(triple aarch64-linux-android)
else()
    set(abi armeabi-v7a)
    set(triple armv7a-linux-androideabi)
endif()
set(toolchain "${NDK}/build/cmake/android.toolchain.cmake")
if(NOT EXISTS "${toolchain}")
    message(FATAL_ERROR "${NDK} is no Android NDK: it has no build/cmake/android.toolchain.cmake")
endif()
file(GLOB ed_android_bin "${NDK}/toolchains/llvm/prebuilt/*/bin")
list(GET ed_android_bin 0 ed_android_bin)
set(ed_android_cc "${ed_android_bin}/${triple}${ed_android_api}-clang")
set(ed_android_options "-DCMAKE_TOOLCHAIN_FILE=${toolchain}" "-DANDROID_ABI=${abi}"
    "-DANDROID_PLATFORM=android-${ed_android_api}" "-DCMAKE_C_FLAGS_RELEASE=-O2 -DNDEBUG"
    "-DCMAKE_EXE_LINKER_FLAGS=-s" "-DCMAKE_MODULE_LINKER_FLAGS=-s")
