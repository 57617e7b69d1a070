// SPDX-License-Identifier: Apache-2.0
// For scripts: `suite_verdict FILE...` prints one line for each suite, "ok" or "error: WHERE: MESSAGE";
// `suite_verdict --schema` prints the JSON Schema. Exit code 0 where it could judge.
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "harness/suite.h"

// On one line, whatever the suite had in it.
static void print_error(struct ed_error *err) {
    for (char *p = err->message; *p; p++)
        if ((unsigned char)*p < 0x20)
            *p = '?';
    printf("error: %s: %s\n", err->where, err->message);
}

int main(int argc, char **argv) {
    struct ed_buffer schema;
    int code = 0;
    if (argc == 2 && strcmp(argv[1], "--schema") == 0) {
        ed_buffer_init(&schema, 1u << 20);
        ed_suite_schema(&schema);
        code = ed_buffer_status(&schema, "schema", NULL) == ED_OK ? 0 : 1;
        fputs(ed_buffer_text(&schema), stdout);
        ed_buffer_release(&schema);
        return code;
    }
    for (int i = 1; i < argc; i++) {
        struct ed_suite suite = {0};
        struct ed_error err = {0};
        if (ed_suite_load(&suite, argv[i], &err) == ED_OK)
            puts("ok");
        else
            print_error(&err);
        ed_suite_release(&suite);
    }
    return code;
}
