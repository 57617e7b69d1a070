// SPDX-License-Identifier: Apache-2.0
// Threads of the calling process.
#include "base/tasks.h"

#include <dirent.h>

int ed_tasks_count(void) {
    DIR *tasks = opendir("/proc/self/task");
    int n = 0;
    if (!tasks)
        return -1;
    for (struct dirent *entry; (entry = readdir(tasks));)
        n += entry->d_name[0] != '.';
    closedir(tasks);
    return n;
}
