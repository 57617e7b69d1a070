# SPDX-License-Identifier: Apache-2.0
# ed_flags: what every target of ours is compiled with.
add_library(ed_flags INTERFACE)
target_compile_options(ed_flags INTERFACE -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith
    $<$<C_COMPILER_ID:GNU>:-Wno-format-truncation> -fno-common -ffunction-sections -fdata-sections)
target_compile_definitions(ed_flags INTERFACE _GNU_SOURCE _FILE_OFFSET_BITS=64 ED_VERSION="${PROJECT_VERSION}" ED_TARGET="${ED_TARGET}")
target_include_directories(ed_flags INTERFACE "${CMAKE_SOURCE_DIR}" "${CMAKE_SOURCE_DIR}/include" "${CMAKE_BINARY_DIR}/generated")
target_link_options(ed_flags INTERFACE -Wl,--gc-sections -Wl,--as-needed)
if(ED_WERROR)
    target_compile_options(ed_flags INTERFACE -Werror)
endif()
if(ED_SANITIZE)
    target_compile_options(ed_flags INTERFACE -fsanitize=${ED_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=undefined)
    target_link_options(ed_flags INTERFACE -fsanitize=${ED_SANITIZE})
endif()
