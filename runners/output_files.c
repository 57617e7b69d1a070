// SPDX-License-Identifier: Apache-2.0
// Names and digests of output files. The controller trusts no file whose digest is another.
#include "runners/output_files.h"

#include "base/digest.h"
#include "base/path.h"

enum ed_status ed_output_files_write(struct ed_json_writer *evidence, const char *const *paths, size_t n,
                                     struct ed_error *err) {
    char hex[ED_DIGEST_HEX_BYTES];
    enum ed_status status = ED_OK;
    ed_json_array_begin(evidence, "output_files");
    for (size_t i = 0; i < n; i++)
        ed_json_text(evidence, NULL, ed_path_base(paths[i]));
    ed_json_array_end(evidence);
    ed_json_array_begin(evidence, "output_sha256");
    for (size_t i = 0; status == ED_OK && i < n; i++) {
        status = ed_digest_file(hex, NULL, paths[i], err);
        if (status == ED_OK)
            ed_json_text(evidence, NULL, hex);
    }
    ed_json_array_end(evidence);
    return status;
}
