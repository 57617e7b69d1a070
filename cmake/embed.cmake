# SPDX-License-Identifier: Apache-2.0
# Files that become part of a program.
include_guard(GLOBAL)

# Hexadecimal digits to rows of a C array.
function(ed_hex_to_c out hex)
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," rows "${hex}")
    string(REGEX REPLACE "((0x[0-9a-f][0-9a-f],)(0x[0-9a-f][0-9a-f],)?(0x[0-9a-f][0-9a-f],)?(0x[0-9a-f][0-9a-f],)?)"
        "\\1\n" rows "${rows}")
    set(${out} "${rows}" PARENT_SCOPE)
endfunction()
