// SPDX-License-Identifier: Apache-2.0
// For the comparison with Pillow and NumPy: the preprocessing of a suite's first model, on images, as raw
// tensors.
//   preprocess_tool SUITE.json IMAGE...    writes IMAGE.raw: the elements, then prints "C H W" or "H W C" a line
#include <stdio.h>
#include <stdlib.h>

#include "base/path.h"
#include "harness/data/preprocess.h"

int main(int argc, char **argv) {
    struct ed_suite suite = {0};
    struct ed_preprocess p;
    struct ed_error err = {0};
    enum ed_status status = argc > 2 ? ed_suite_load(&suite, argv[1], &err) : ED_ERR_USAGE;
    if (status == ED_OK)
        ed_preprocess_of_suite(&p, &suite.models[0].preprocess);
    for (int i = 2; status == ED_OK && i < argc; i++) {
        struct ed_preprocess_size size;
        char path[ED_PATH_BYTES];
        void *tensor = NULL;
        snprintf(path, sizeof path, "%.4000s.raw", argv[i]);
        status = ed_preprocess_file(&tensor, &size, &p, argv[i], &err);
        if (status == ED_OK)
            status = ed_path_write_unsynced(path, tensor, size.n_bytes, 0644, &err);
        if (status == ED_OK)
            printf("%lld %lld %lld\n", (long long)size.shape[0], (long long)size.shape[1],
                   (long long)size.shape[2]);
        free(tensor);
    }
    if (status != ED_OK)
        fprintf(stderr, "%s: %s\n", err.where, err.message);
    ed_suite_release(&suite);
    return status == ED_OK ? 0 : 1;
}
