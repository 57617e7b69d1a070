// SPDX-License-Identifier: Apache-2.0
// A bad link in user space: two taps in two network namespaces, joined by a queue with delay, jitter, loss
// and rate for each direction. Frames stay in order.
//
//     netem NETNS_A TAP_A NETNS_B TAP_B CONTROL
//
// NETNS is a file such as /proc/123/ns/net. CONTROL holds "DELAY_MS JITTER_MS LOSS_PERCENT RATE_KBIT
// QUEUE_FRAMES" (rate 0: no limit) and is read again at SIGHUP. Prints "ready" when both taps are there.
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { FRAME_BYTES = 1600, QUEUE_FRAMES = 8192, BURST = 64 };

struct frame {
    int64_t due_ns;
    size_t bytes;
    unsigned char data[FRAME_BYTES];
};

struct queue {
    struct frame *frames; // QUEUE_FRAMES of them, used as a ring
    uint64_t head, tail;
    int64_t free_ns; // when the sender would be done with what it has
};

struct settings {
    double delay_ms, jitter_ms, loss_percent, rate_kbit;
    unsigned queue_frames;
};

static volatile sig_atomic_t settings_old = 1;

static void on_hangup(int signal) {
    (void)signal;
    settings_old = 1;
}

static int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int tap_open(const char *netns, const char *name) {
    const int ns = open(netns, O_RDONLY | O_CLOEXEC);
    if (ns < 0 || setns(ns, CLONE_NEWNET) != 0) {
        perror(netns);
        exit(1);
    }
    close(ns);
    struct ifreq request;
    memset(&request, 0, sizeof request);
    request.ifr_flags = IFF_TAP | IFF_NO_PI;
    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
    const int tap = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (tap < 0 || ioctl(tap, TUNSETIFF, &request) != 0) {
        perror("/dev/net/tun");
        exit(1);
    }
    return tap;
}

static void settings_read(struct settings *settings, const char *path) {
    struct settings read = {0};
    FILE *file = fopen(path, "r");
    if (file == NULL || fscanf(file, "%lf %lf %lf %lf %u", &read.delay_ms, &read.jitter_ms,
                               &read.loss_percent, &read.rate_kbit, &read.queue_frames) != 5) {
        fprintf(stderr, "netem: %s holds no five numbers; the settings stay\n", path);
    } else {
        *settings = read;
    }
    if (settings->queue_frames == 0 || settings->queue_frames > QUEUE_FRAMES) {
        settings->queue_frames = QUEUE_FRAMES;
    }
    if (file != NULL) {
        fclose(file);
    }
}

// Sends what is due; when the next one is, or -1.
static int64_t queue_send(struct queue *queue, int tap) {
    const int64_t now = now_ns();
    while (queue->head != queue->tail) {
        const struct frame *frame = &queue->frames[queue->head % QUEUE_FRAMES];
        if (frame->due_ns > now) {
            return frame->due_ns;
        }
        // A tap that is down refuses frames; they are lost, as on a cable that is out.
        if (write(tap, frame->data, frame->bytes) < 0 && errno == EAGAIN) {
            return now + 1000000;
        }
        queue->head++;
    }
    return -1;
}

static void queue_take(struct queue *queue, int tap, const struct settings *settings) {
    for (int i = 0; i < BURST; i++) {
        struct frame *frame = &queue->frames[queue->tail % QUEUE_FRAMES];
        unsigned char spare[FRAME_BYTES];
        const bool full = queue->tail - queue->head >= settings->queue_frames;
        const ssize_t got = read(tap, full ? spare : frame->data, FRAME_BYTES);
        if (got <= 0) {
            return;
        }
        if (full || drand48() * 100 < settings->loss_percent) {
            continue;
        }
        int64_t at = now_ns();
        if (settings->rate_kbit > 0) {
            at = queue->free_ns > at ? queue->free_ns : at;
            at += (int64_t)((double)got * 8e6 / settings->rate_kbit);
            queue->free_ns = at;
        }
        const double jitter_ms = settings->jitter_ms * (2 * drand48() - 1);
        frame->due_ns = at + (int64_t)((settings->delay_ms + jitter_ms) * 1e6);
        if (queue->head != queue->tail) {
            const int64_t before = queue->frames[(queue->tail - 1) % QUEUE_FRAMES].due_ns;
            frame->due_ns = frame->due_ns < before ? before : frame->due_ns;
        }
        frame->bytes = (size_t)got;
        queue->tail++;
    }
}

int main(int argc, char **argv) {
    if (argc != 6) {
        return 2;
    }
    const int taps[2] = {tap_open(argv[1], argv[2]), tap_open(argv[3], argv[4])};
    struct queue queues[2];
    memset(queues, 0, sizeof queues);
    for (int i = 0; i < 2; i++) {
        queues[i].frames = calloc(QUEUE_FRAMES, sizeof *queues[i].frames);
        if (queues[i].frames == NULL) {
            return 1;
        }
    }
    struct settings settings = {0, 0, 0, 0, QUEUE_FRAMES};
    const struct sigaction hangup = {.sa_handler = on_hangup};
    sigaction(SIGHUP, &hangup, NULL);
    srand48(20251);
    puts("ready");
    fflush(stdout);
    for (;;) {
        if (settings_old) {
            settings_old = 0;
            settings_read(&settings, argv[5]);
        }
        struct pollfd polls[2];
        int64_t next_ns = -1;
        for (int i = 0; i < 2; i++) {
            const int64_t due_ns = queue_send(&queues[i], taps[1 - i]);
            next_ns = due_ns >= 0 && (next_ns < 0 || due_ns < next_ns) ? due_ns : next_ns;
            polls[i] = (struct pollfd){.fd = taps[i], .events = POLLIN};
        }
        struct timespec pause = {0, 0};
        if (next_ns >= 0) {
            const int64_t left_ns = next_ns - now_ns();
            pause.tv_sec = left_ns > 0 ? left_ns / 1000000000 : 0;
            pause.tv_nsec = left_ns > 0 ? left_ns % 1000000000 : 0;
        }
        if (ppoll(polls, 2, next_ns >= 0 ? &pause : NULL, NULL) < 0) {
            if (errno != EINTR) {
                return 1;
            }
            continue;
        }
        for (int i = 0; i < 2; i++) {
            if ((polls[i].revents & POLLIN) != 0) {
                queue_take(&queues[i], taps[i], &settings);
            }
        }
    }
}
