# SPDX-License-Identifier: Apache-2.0
# The static libraries that deps/build.sh makes: ed_cjson, ed_hwloc, ed_md.
function(ed_static_dependency target library header)
    if(NOT EXISTS "${ED_DEPS}/lib/${library}" OR NOT EXISTS "${ED_DEPS}/include/${header}")
        message(FATAL_ERROR "${ED_DEPS}/lib/${library} is missing: run ./bootstrap build, or deps/build.sh ${ED_TARGET}")
    endif()
    add_library(${target} STATIC IMPORTED GLOBAL)
    set_target_properties(${target} PROPERTIES IMPORTED_LOCATION "${ED_DEPS}/lib/${library}"
        INTERFACE_INCLUDE_DIRECTORIES "${ED_DEPS}/include")
endfunction()
ed_static_dependency(ed_cjson libcjson.a cjson/cJSON.h)
ed_static_dependency(ed_hwloc libhwloc.a hwloc.h)
ed_static_dependency(ed_md libmd.a sha2.h)

# ed_ssh2: the system's libssh2, linked dynamically. The controller alone needs it.
if(NOT ED_PACK_ONLY)
    find_path(ED_SSH2_INCLUDE libssh2.h)
    find_library(ED_SSH2_LIBRARY ssh2)
    if(NOT ED_SSH2_INCLUDE OR NOT ED_SSH2_LIBRARY)
        message(FATAL_ERROR "libssh2 is missing: install libssh2-1-dev (./bootstrap does it)")
    endif()
    add_library(ed_ssh2 SHARED IMPORTED GLOBAL)
    set_target_properties(ed_ssh2 PROPERTIES IMPORTED_LOCATION "${ED_SSH2_LIBRARY}"
        INTERFACE_INCLUDE_DIRECTORIES "${ED_SSH2_INCLUDE}")

    # ed_sqlite: the system's SQLite, linked dynamically. The controller alone needs it.
    find_path(ED_SQLITE_INCLUDE sqlite3.h)
    find_library(ED_SQLITE_LIBRARY sqlite3)
    if(NOT ED_SQLITE_INCLUDE OR NOT ED_SQLITE_LIBRARY)
        message(FATAL_ERROR "SQLite is missing: install libsqlite3-dev (./bootstrap does it)")
    endif()
    add_library(ed_sqlite SHARED IMPORTED GLOBAL)
    set_target_properties(ed_sqlite PROPERTIES IMPORTED_LOCATION "${ED_SQLITE_LIBRARY}"
        INTERFACE_INCLUDE_DIRECTORIES "${ED_SQLITE_INCLUDE}")

    # ed_png, ed_jpeg: the system's decoders of images; ed_zlib: packs the files in a report's page. Linked
    # dynamically. The controller alone needs them.
    foreach(row "png;png.h;png16;libpng-dev" "jpeg;jpeglib.h;jpeg;libjpeg62-turbo-dev" "zlib;zlib.h;z;zlib1g-dev")
        list(GET row 0 name)
        list(GET row 1 header)
        list(GET row 2 library)
        list(GET row 3 package)
        find_path(ED_${name}_INCLUDE ${header})
        find_library(ED_${name}_LIBRARY ${library})
        if(NOT ED_${name}_INCLUDE OR NOT ED_${name}_LIBRARY)
            message(FATAL_ERROR "the library of ${header} is missing: install ${package} (./bootstrap does it)")
        endif()
        add_library(ed_${name} SHARED IMPORTED GLOBAL)
        set_target_properties(ed_${name} PROPERTIES IMPORTED_LOCATION "${ED_${name}_LIBRARY}"
            INTERFACE_INCLUDE_DIRECTORIES "${ED_${name}_INCLUDE}")
    endforeach()
endif()
