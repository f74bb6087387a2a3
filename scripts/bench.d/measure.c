/* Measures a program: `measure COMMAND ARGUMENT...` writes one line to file descriptor 3: exit code,
 * wall seconds, CPU seconds (user and system), peak bytes.
 *
 * CPU is summed over the program and all children that it waited for; the peak is the largest of
 * them, not their sum (getrusage(2), and wait4 in kernel/exit.c). The launcher must be this small:
 * between fork and exec the child is a copy of its parent, whose size would be the smallest peak that
 * can be measured. */
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double seconds(struct timeval t) { return t.tv_sec + t.tv_usec / 1e6; }

int main(int count, char **arguments) {
    if (count < 2) return 2;
    struct timespec from, to;
    clock_gettime(CLOCK_MONOTONIC, &from);
    pid_t child = vfork();
    if (child == 0) {
        close(3);
        execvp(arguments[1], arguments + 1);
        _exit(127);
    }
    int status;
    struct rusage used;
    if (child < 0 || wait4(child, &status, 0, &used) != child) return 1;
    clock_gettime(CLOCK_MONOTONIC, &to);
    double wall = (to.tv_sec - from.tv_sec) + (to.tv_nsec - from.tv_nsec) / 1e9;
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    dprintf(3, "%d %.6f %.6f %lld\n", code, wall, seconds(used.ru_utime) + seconds(used.ru_stime),
            used.ru_maxrss * 1024LL);
    return 0;
}
