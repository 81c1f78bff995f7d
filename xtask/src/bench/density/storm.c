// Fails: `storm SECONDS calls` many system calls in rounds, each (syscall, errno) as often as the recorder keeps them
// whole; `storm SECONDS mounts` an overlay's mount(2), which the fullness of its namespace must make fail.
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

// A process that is not there: beyond the kernel's largest id (PID_MAX_LIMIT, include/linux/threads.h).
#define NOBODY 0x7ffffff0

// Between two rounds: a little more than the 50 ms after which the recorder keeps another failure of a kind; and
// between two mounts.
#define CALLS_PAUSE_NS 55000000
#define MOUNTS_PAUSE_NS 20000000

// What is looked for in turn, and is not there.
static const char *const MISSING[] = {
    "/etc/ld.so.preload.d/agent.conf",
    "/usr/lib/locale/de_DE.UTF-8/LC_MESSAGES/daemon.mo",
    "/var/lib/app/cache/2f/7c/entry-000184.bin",
    "/run/app/control.sock.lock",
    "/opt/app/plugins/metrics.so",
    "/home/app/.config/app/settings.toml",
};

// Every call once. Returns how many did not fail.
static int calls(const char *missing) {
    char buffer[64];
    struct stat status;
    long results[] = {
        openat(AT_FDCWD, missing, O_RDONLY),
        openat(AT_FDCWD, "/dev/null/x", O_RDONLY),
        openat(AT_FDCWD, "/", O_WRONLY),
        fstatat(AT_FDCWD, missing, &status, 0),
        faccessat(AT_FDCWD, missing, R_OK, 0),
        readlinkat(AT_FDCWD, missing, buffer, sizeof buffer),
        readlinkat(AT_FDCWD, "/", buffer, sizeof buffer),
        mkdirat(AT_FDCWD, "/tmp", 0700),
        unlinkat(AT_FDCWD, missing, 0),
        unlinkat(AT_FDCWD, "/", AT_REMOVEDIR),
        renameat(AT_FDCWD, missing, AT_FDCWD, "/tmp/x"),
        symlinkat(missing, AT_FDCWD, "/tmp"),
        linkat(AT_FDCWD, missing, AT_FDCWD, "/tmp/x", 0),
        chdir(missing),
        getpgid(NOBODY),
        getsid(NOBODY),
        kill(NOBODY, 0),
    };
    int succeeded = 0;
    for (size_t i = 0; i < sizeof results / sizeof *results; i++)
        succeeded += results[i] >= 0;
    return succeeded;
}

// An overlay of folders in the current one.
static int overlay(void) {
    return mount("overlay", "merged", "overlay", 0, "lowerdir=lower,upperdir=upper,workdir=work");
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

int main(int argc, char **argv) {
    if (argc != 3) {
        fprintf(stderr, "usage: storm SECONDS calls|mounts\n");
        return 2;
    }
    int mounts = strcmp(argv[2], "mounts") == 0;
    struct timespec pause = {0, mounts ? MOUNTS_PAUSE_NS : CALLS_PAUSE_NS};
    double end = now() + atof(argv[1]);
    for (size_t round = 0; now() < end; round++) {
        int succeeded = mounts ? overlay() == 0
                               : calls(MISSING[round % (sizeof MISSING / sizeof *MISSING)]);
        if (succeeded) {
            fprintf(stderr, "storm: a call did not fail\n");
            return 1;
        }
        nanosleep(&pause, NULL);
    }
    return 0;
}
