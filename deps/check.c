// SPDX-License-Identifier: Apache-2.0
// Uses each of the static libraries once, so that a broken build of them is found before it is used.
#include <cjson/cJSON.h>
#include <hwloc.h>
#include <sha2.h>
#include <stdio.h>
#include <string.h>

static int check_json(void) {
    cJSON *json = cJSON_Parse("{\"a\": [1, 2.5]}");
    const cJSON *array = cJSON_GetObjectItemCaseSensitive(json, "a");
    int good = cJSON_GetArraySize(array) == 2 && cJSON_GetArrayItem(array, 1)->valuedouble == 2.5;
    cJSON_Delete(json);
    return good;
}

static int check_topology(void) {
    hwloc_topology_t topology;
    if (hwloc_topology_init(&topology) != 0) {
        return 0;
    }
    int good = hwloc_topology_load(topology) == 0 && hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_PU) > 0;
    hwloc_topology_destroy(topology);
    return good;
}

// The digest of "abc" is the example in FIPS 180-2, appendix B.1.
static int check_digest(void) {
    char hex[SHA256_DIGEST_STRING_LENGTH];
    const char *want = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    return SHA256Data((const uint8_t *)"abc", 3, hex) != NULL && strcmp(hex, want) == 0;
}

int main(void) {
    int json = check_json();
    int topology = check_topology();
    int digest = check_digest();
    printf("cjson %s, hwloc %s, libmd %s\n", json ? "ok" : "WRONG", topology ? "ok" : "WRONG",
           digest ? "ok" : "WRONG");
    return json && topology && digest ? 0 : 1;
}
