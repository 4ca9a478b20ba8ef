/* Starts a program in the way its first argument names: launch WAY PROGRAM [ARGUMENT…]. For tests/it/guard.rs. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef CLONE_UNTRACED
#define CLONE_UNTRACED 0x00800000
#endif

extern char **environ;
static char **words;

static int fail(const char *what) {
    perror(what);
    _exit(111);
}

static void run(void) {
    execve(words[0], words, environ);
    fail("execve");
}

static int become(void *unused) {
    (void)unused;
    run();
    return 0;
}

static void *in_thread(void *unused) {
    become(unused);
    return NULL;
}

static int await(pid_t pid) {
    int status = 0;
    if (pid < 0)
        fail("no process");
    while (waitpid(pid, &status, __WALL) < 0 && errno == EINTR)
        ;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int opened(int flags) {
    int fd = open(words[0], O_RDONLY | flags);
    if (fd < 0)
        fail("open");
    return fd;
}

static pid_t raw_clone(unsigned long flags) {
    return syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);
}

static pid_t raw_clone3(unsigned long flags) {
    struct clone_args args = {.flags = flags, .exit_signal = SIGCHLD};
    pid_t pid = syscall(SYS_clone3, &args, sizeof args);
    /* As the C library does where it is refused. */
    return pid < 0 && errno == ENOSYS && !(flags & CLONE_UNTRACED) ? fork() : pid;
}

int main(int argc, char **argv) {
    if (argc < 3)
        return 2;
    const char *way = argv[1];
    words = argv + 2;
    pid_t pid;
    if (!strcmp(way, "plain")) {
        run();
    } else if (!strcmp(way, "fork")) {
        if (!(pid = fork()))
            run();
        return await(pid);
    } else if (!strcmp(way, "vfork")) {
        if (!(pid = vfork()))
            run();
        return await(pid);
    } else if (!strcmp(way, "clone")) {
        char *stack = malloc(1 << 16);
        return await(clone(become, stack + (1 << 16), CLONE_VM | CLONE_VFORK | SIGCHLD, NULL));
    } else if (!strcmp(way, "silent-clone")) {
        /* No signal at the end: neither a fork nor a thread to the tracer. */
        char *stack = malloc(1 << 16);
        return await(clone(become, stack + (1 << 16), 0, NULL));
    } else if (!strcmp(way, "clone3")) {
        if (!(pid = raw_clone3(0)))
            run();
        return await(pid);
    } else if (!strcmp(way, "untraced") || !strcmp(way, "untraced3")) {
        pid = strcmp(way, "untraced") ? raw_clone3(CLONE_UNTRACED) : raw_clone(CLONE_UNTRACED);
        if (!pid)
            run();
        return await(pid);
    } else if (!strcmp(way, "spawn")) {
        if ((errno = posix_spawn(&pid, words[0], NULL, NULL, words, environ)))
            fail("posix_spawn");
        return await(pid);
    } else if (!strcmp(way, "thread") || !strcmp(way, "thread-fork")) {
        /* A thread that is not the first one calls exec; the others are still running. */
        if (!strcmp(way, "thread-fork") && (pid = fork()))
            return await(pid);
        pthread_t threads[2];
        pthread_create(&threads[0], NULL, (void *(*)(void *))pause, NULL);
        pthread_create(&threads[1], NULL, in_thread, NULL);
        pthread_join(threads[1], NULL);
    } else if (!strcmp(way, "hidden")) {
        if (prctl(PR_SET_DUMPABLE, 0))
            fail("prctl");
        if (!(pid = vfork()))
            run();
        return await(pid);
    } else if (!strcmp(way, "traceme")) {
        /* Without a tracer that means it, a signal stops nobody: it is sent on from the stop. */
        if (!(pid = fork())) {
            ptrace(PTRACE_TRACEME, 0, 0, 0);
            run();
        }
        int status;
        while (waitpid(pid, &status, 0) == pid && WIFSTOPPED(status))
            ptrace(PTRACE_CONT, pid, 0, 0);
        return 0;
    } else if (!strcmp(way, "listened")) {
        /* Somebody listens to this process and all it starts already, though to nothing that happens. */
        struct sock_filter steps[] = {{0x06, 0, 0, SECCOMP_RET_ALLOW}};
        struct sock_fprog filter = {1, steps};
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
            fail("prctl");
        int fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &filter);
        /* Who closes it listens no more. */
        if (fd < 0 || fcntl(fd, F_SETFD, 0))
            fail("seccomp");
        run();
    } else if (!strcmp(way, "leader-gone")) {
        /* The first thread has ended when another one calls exec. */
        pthread_t thread;
        pthread_create(&thread, NULL, in_thread, NULL);
        pthread_exit(NULL);
    } else if (!strcmp(way, "fexecve")) {
        fexecve(opened(O_CLOEXEC), words, environ);
        fail("fexecve");
    } else if (!strcmp(way, "execveat")) {
        syscall(SYS_execveat, opened(O_PATH), "", words, environ, AT_EMPTY_PATH);
        fail("execveat");
    } else if (!strcmp(way, "memfd")) {
        int from = opened(0), to = memfd_create("innocent", MFD_CLOEXEC);
        struct stat about;
        fstat(from, &about);
        if (sendfile(to, from, NULL, about.st_size) != about.st_size)
            fail("sendfile");
        fexecve(to, words, environ);
        fail("fexecve");
    } else if (!strcmp(way, "unlinked")) {
        /* A copy whose name is gone before it starts. */
        char name[] = "./copy-XXXXXX";
        int from = opened(0), to = mkstemp(name);
        struct stat about;
        fstat(from, &about);
        if (sendfile(to, from, NULL, about.st_size) != about.st_size || fchmod(to, 0755))
            fail("sendfile");
        close(to);
        if ((to = open(name, O_PATH | O_CLOEXEC)) < 0 || unlink(name))
            fail("unlink");
        words[0] = "innocent";
        syscall(SYS_execveat, to, "", words, environ, AT_EMPTY_PATH);
        fail("execveat");
    } else if (!strcmp(way, "renamed")) {
        const char *program = words[0];
        words[0] = "innocent";
        execve(program, words, environ);
        fail("execve");
    } else if (!strcmp(way, "nameless")) {
        /* No words at all would be no mark either; an empty first one is the next best. */
        const char *program = words[0];
        words[0] = "";
        execve(program, words, environ);
        fail("execve");
    } else if (!strcmp(way, "daemon")) {
        /* Twice forked, in a session of its own; only the pipe tells when it is done. */
        int ends[2];
        char byte;
        if (pipe(ends))
            fail("pipe");
        if (!(pid = fork())) {
            setsid();
            if (fork())
                _exit(0);
            close(ends[0]);
            run();
        }
        close(ends[1]);
        await(pid);
        return read(ends[0], &byte, 1) == 0 ? 0 : 1;
    }
    return 3;
}
