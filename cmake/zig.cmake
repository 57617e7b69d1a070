# SPDX-License-Identifier: Apache-2.0
# Toolchain file of the packs: the compiler that deps/zig.sh brings, for ED_TARGET and an old C library.
set(CMAKE_SYSTEM_NAME Linux)
string(REGEX REPLACE "^[^-]*-" "" CMAKE_SYSTEM_PROCESSOR "${ED_TARGET}")
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES ED_TARGET)

set(ed_zig "${CMAKE_CURRENT_LIST_DIR}/../build/deps/zig/bin")
get_filename_component(ed_zig "${ed_zig}" ABSOLUTE)
set(CMAKE_C_COMPILER "${ed_zig}/${ED_TARGET}-cc")
set(CMAKE_AR "${ed_zig}/ar" CACHE FILEPATH "")
set(CMAKE_RANLIB "${ed_zig}/ranlib" CACHE FILEPATH "")
if(NOT EXISTS "${CMAKE_C_COMPILER}")
    message(FATAL_ERROR "${CMAKE_C_COMPILER} is missing: run deps/zig.sh; it lists the targets that it makes compilers for")
endif()

# Without optimisation this compiler puts in checks of its own. No debug information: packs travel over slow links.
set(CMAKE_C_FLAGS_RELEASE "-O2 -DNDEBUG" CACHE STRING "")
set(CMAKE_C_FLAGS_INIT "-fPIC")
set(CMAKE_EXE_LINKER_FLAGS_INIT "-pie -s")
set(CMAKE_MODULE_LINKER_FLAGS_INIT "-s")
