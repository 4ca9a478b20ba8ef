/* Runs scripts one after the other, and each to the end of its last process.
 *
 *     drive SHELL FROM TO ARGUMENT...
 *
 * In the working directory, script N is `scripts/N`. It is run as `SHELL -c TEXT oracle-N ARGUMENT...` in a new directory `work/N`, with
 * nothing to read, nowhere to write and little time. Whatever it started has ended when the next script begins, so that each
 * exec belongs to the `oracle-N` before it. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char text[1 << 18];

static void late(int signal) {
    (void)signal;
    kill(-1, SIGKILL);
    alarm(1);
}

static void limit(int what, rlim_t most) {
    struct rlimit value = {most, most};
    setrlimit(what, &value);
}

static void child(char *shell, char *name, char **arguments) {
    int null = open("/dev/null", O_RDWR);
    for (int at = 0; at < 3; at++) dup2(null, at);
    close(null);
    limit(RLIMIT_CPU, 2);
    limit(RLIMIT_FSIZE, 1 << 20);
    limit(RLIMIT_CORE, 0);
    setsid();
    char *argv[32] = {shell, "-c", text, name};
    for (int at = 0; at < 24 && arguments[at]; at++) argv[4 + at] = arguments[at];
    execvp(shell, argv);
    _exit(127);
}

int main(int argc, char **argv) {
    if (argc < 4) return 2;
    struct sigaction action = {.sa_handler = late};
    sigaction(SIGALRM, &action, NULL);
    if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)) return 3;
    for (long at = atol(argv[2]); at < atol(argv[3]); at++) {
        char path[64], name[64];
        snprintf(path, sizeof path, "scripts/%ld", at);
        snprintf(name, sizeof name, "oracle-%ld", at);
        int file = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t length = file < 0 ? -1 : read(file, text, sizeof text - 1);
        if (length < 0) return 4;
        close(file);
        text[length] = 0;
        snprintf(path, sizeof path, "work/%ld", at);
        if (mkdir(path, 0777) && errno != EEXIST) return 5;
        alarm(2);
        pid_t pid = fork();
        if (pid < 0) return 6;
        if (!pid) {
            if (chdir(path)) _exit(126);
            child(argv[1], name, argv + 4);
        }
        while (waitpid(-1, NULL, 0) > 0 || errno == EINTR) {}
        alarm(0);
    }
    return 0;
}
