# SPDX-License-Identifier: Apache-2.0
# The packs: runner and adapters for each target of ED_PACKS, in lib/edgedyno/packs/TARGET. Each is a build of its own
# with another compiler, begun again at every build, which takes no time where nothing changed (cmake/pack_build.cmake).
set_property(GLOBAL PROPERTY JOB_POOLS ed_packs=1)

foreach(target IN LISTS ED_PACKS)
    if(NOT target MATCHES "^(linux-(x86_64|aarch64|armv7)|android-(aarch64|armv7)|musl-(x86_64|aarch64))$")
        message(FATAL_ERROR "ED_PACKS: there is no pack for '${target}'; known: linux-x86_64 linux-aarch64 linux-armv7 \
android-aarch64 android-armv7")
    endif()
    if(target MATCHES "^android-" AND NOT IS_DIRECTORY "${ED_NDK}")
        message(FATAL_ERROR "ED_PACKS: ${target} needs an Android NDK: give -DED_NDK=DIRECTORY (docs/packs.md)")
    endif()
    add_custom_target(pack_${target} ALL
        COMMAND "${CMAKE_COMMAND}" "-DPACK=${target}" "-DSOURCE=${CMAKE_SOURCE_DIR}"
            "-DBUILD=${CMAKE_BINARY_DIR}/packs/${target}" "-DOUTPUT=${CMAKE_BINARY_DIR}/lib/edgedyno/packs/${target}"
            "-DWERROR=${ED_WERROR}" "-DNDK=${ED_NDK}" "-DREADELF=${CMAKE_READELF}"
            -P "${CMAKE_SOURCE_DIR}/cmake/pack_build.cmake"
        COMMENT "Pack of ${target}" JOB_POOL ed_packs VERBATIM)
endforeach()

foreach(target IN LISTS ED_PACKS)
    install(DIRECTORY "${CMAKE_BINARY_DIR}/lib/edgedyno/packs/${target}" DESTINATION lib/edgedyno/packs USE_SOURCE_PERMISSIONS)
    if(target MATCHES "^linux-")
        install(DIRECTORY "${CMAKE_SOURCE_DIR}/build/deps/libc/${target}/licences/"
            DESTINATION "share/doc/edgedyno/licences/packs/${target}")
    endif()
endforeach()
if(ED_PACKS MATCHES "linux-")
    set(zig "${CMAKE_SOURCE_DIR}/build/deps/zig/package/ziglang")
    install(FILES "${zig}/LICENSE" "${zig}/lib/libc/glibc/LICENSES" DESTINATION share/doc/edgedyno/licences/packs/zig)
endif()
