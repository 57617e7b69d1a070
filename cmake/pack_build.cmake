# SPDX-License-Identifier: Apache-2.0
# Builds one pack: cmake -DPACK= -DSOURCE= -DBUILD= -DOUTPUT= -DWERROR= -DNDK= -DREADELF= -P cmake/pack_build.cmake
# OUTPUT becomes edgedyno-runner, adapters/NAME.so, libc/ (the pack's C library) and pack.json. Says nothing where nothing changed.
cmake_minimum_required(VERSION 3.25)

function(run)
    execute_process(COMMAND ${ARGV} WORKING_DIRECTORY "${SOURCE}" RESULT_VARIABLE status OUTPUT_VARIABLE said
        ERROR_VARIABLE said)
    if(NOT status EQUAL 0)
        list(JOIN ARGV " " words)
        message(FATAL_ERROR "pack of ${PACK}: failed with ${status}: ${words}\n${said}")
    endif()
    set(said "${said}" PARENT_SCOPE)
endfunction()

# The highest version of the GNU C library that the files name; "" where none is named.
function(read_floor out)
    set(floor "")
    foreach(file IN LISTS ARGN)
        execute_process(COMMAND "${READELF}" -W --version-info "${file}" OUTPUT_VARIABLE words ERROR_QUIET
            COMMAND_ERROR_IS_FATAL ANY)
        string(REGEX MATCHALL "GLIBC_[0-9]+\\.[0-9]+" names "${words}")
        foreach(name IN LISTS names)
            string(SUBSTRING "${name}" 6 -1 version)
            if(floor STREQUAL "" OR version VERSION_GREATER floor)
                set(floor "${version}")
            endif()
        endforeach()
    endforeach()
    set(${out} "${floor}" PARENT_SCOPE)
endfunction()

set(compiler "")
set(options -DED_TARGET=${PACK} -DED_TARGET_DIR=${OUTPUT} -DED_WERROR=${WERROR} -DED_PACK_ONLY=ON -DED_TESTS=OFF
    -DCMAKE_BUILD_TYPE=Release)
if(PACK MATCHES "^android-")
    include("${SOURCE}/cmake/android.cmake")
    list(APPEND options ${ed_android_options} -DED_DEPS=${SOURCE}/build/deps/${PACK})
    run("${CMAKE_COMMAND}" -E env "CC=${ed_android_cc}" "AR=${ed_android_bin}/llvm-ar"
        "RANLIB=${ed_android_bin}/llvm-ranlib" "${SOURCE}/deps/build.sh" ${PACK})
else()
    list(APPEND options -DCMAKE_TOOLCHAIN_FILE=${SOURCE}/cmake/zig.cmake -DED_DEPS=${SOURCE}/build/deps/packs/${PACK})
    run("${SOURCE}/deps/build.sh" --pack ${PACK})
    # Ninja does not see that a compiler of the same name became another.
    file(READ "${SOURCE}/build/deps/zig/.stamp" compiler)
endif()

# Configured again when the words change; the build itself notices changed files.
string(JOIN "\n" words ${options} "${compiler}")
set(before "")
if(EXISTS "${BUILD}/configured-with" AND EXISTS "${BUILD}/build.ninja")
    file(READ "${BUILD}/configured-with" before)
endif()
if(NOT before STREQUAL words)
    file(REMOVE_RECURSE "${BUILD}")
    run("${CMAKE_COMMAND}" -S "${SOURCE}" -B "${BUILD}" -G Ninja ${options})
    file(WRITE "${BUILD}/configured-with" "${words}")
endif()
run("${CMAKE_COMMAND}" --build "${BUILD}")
if(NOT said MATCHES "ninja: no work to do")
    message(STATUS "pack of ${PACK}: built")
endif()

file(GLOB adapters "${OUTPUT}/adapters/*.so")
read_floor(floor "${OUTPUT}/edgedyno-runner" ${adapters})
set(libc "")
if(PACK MATCHES "^linux-")
    run("${SOURCE}/deps/libc.sh" ${PACK})
    set(from "${SOURCE}/build/deps/libc/${PACK}")
    file(STRINGS "${from}/version" version LIMIT_COUNT 1)
    file(STRINGS "${from}/loader" loader LIMIT_COUNT 1)
    file(COPY "${from}/lib/" DESTINATION "${OUTPUT}/libc")
    set(libc ",\"libc\":{\"version\":\"${version}\",\"loader\":\"${loader}\"}")
endif()
file(CONFIGURE OUTPUT "${OUTPUT}/pack.json" @ONLY CONTENT
    "{\"target\":\"${PACK}\",\"libc_floor\":\"${floor}\"${libc}}\n")
