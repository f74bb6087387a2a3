// A library with the op TryForbidden, which tries all that a census' worker may not do, and writes to
// stderr what came of each try: `tried NAME ERRNO`, with 0 where it succeeded. Then it does nothing.
//
// The folder of TRY_FOLDER holds `victim`, `pipe` (a FIFO) and `secret`; TRY_PORT is a port of the
// loopback interface on which somebody listens; the current folder, the model's, holds `link`, which
// leads to `secret`.
//
// Only the C API is used, whose few functions are declared here: no header is needed.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct Status Status;
Status *TF_NewStatus(void);
void TF_DeleteStatus(Status *);
int TF_GetCode(Status *);
const char *TF_Message(Status *);
void *TF_NewOpDefinitionBuilder(const char *);
void TF_OpDefinitionBuilderSetIsStateful(void *, unsigned char);
void TF_OpDefinitionBuilderSetShapeInferenceFunction(void *, void (*)(void *, Status *));
void TF_RegisterOpDefinition(void *, Status *);
void *TF_NewKernelBuilder(const char *, const char *, void *(*)(void *), void (*)(void *, void *),
                          void (*)(void *));
void TF_RegisterKernelBuilder(const char *, void *, Status *);

static char path_text[4][4096];
static const char *in_folder(int at, const char *name) {
  snprintf(path_text[at], sizeof path_text[at], "%s/%s", getenv("TRY_FOLDER"), name);
  return path_text[at];
}

static void tried(const char *name, long result) {
  fprintf(stderr, "tried %s %d\n", name, result < 0 ? errno : 0);
}

static void try_files(void) {
  tried("open-to-write", open(in_folder(0, "victim"), O_WRONLY));
  tried("open-to-append", open(in_folder(0, "victim"), O_RDONLY | O_APPEND));
  tried("truncate-by-open", open(in_folder(0, "victim"), O_RDONLY | O_TRUNC));
  tried("create", open(in_folder(0, "created"), O_RDWR | O_CREAT, 0600));
  tried("create-here", open("created", O_WRONLY | O_CREAT, 0600));
  tried("temporary-file", open(in_folder(0, ""), O_TMPFILE | O_RDWR, 0600));
  struct { unsigned long long flags, mode, resolve; } how = {O_WRONLY | O_CREAT, 0600, 0};
  tried("openat2", syscall(SYS_openat2, AT_FDCWD, in_folder(0, "created"), &how, sizeof how));
  tried("mkdir", mkdir(in_folder(0, "created"), 0700));
  tried("mknod", mknod(in_folder(0, "created"), S_IFIFO | 0600, 0));
  tried("symlink", symlink("victim", in_folder(0, "created")));
  tried("link", link(in_folder(0, "victim"), in_folder(1, "created")));
  tried("rename", rename(in_folder(0, "victim"), in_folder(1, "created")));
  tried("unlink", unlink(in_folder(0, "victim")));
  tried("rmdir", rmdir(in_folder(0, "folder")));
  tried("chmod", chmod(in_folder(0, "victim"), 0777));
  tried("chown", chown(in_folder(0, "victim"), 1, 1));
  tried("truncate", truncate(in_folder(0, "victim"), 0));
  tried("utime", utimensat(AT_FDCWD, in_folder(0, "victim"), NULL, 0));
  tried("set-attribute", syscall(SYS_setxattr, in_folder(0, "victim"), "user.a", "b", 1, 0));
  tried("read-outside", open(in_folder(0, "secret"), O_RDONLY));
  tried("read-link-outside", open("link", O_RDONLY));
  tried("read-parent", open("..", O_RDONLY));
  tried("read-home", open("/root", O_RDONLY | O_DIRECTORY));
  tried("read-pipe", open(in_folder(0, "pipe"), O_RDONLY));
  tried("own-memory", open("/proc/self/mem", O_RDWR));
  char environ_of_parent[64];
  snprintf(environ_of_parent, sizeof environ_of_parent, "/proc/%d/environ", getppid());
  tried("environment-of-parent", open(environ_of_parent, O_RDONLY));
}

static void try_network(void) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(getenv("TRY_PORT")))};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int tcp = socket(AF_INET, SOCK_STREAM, 0);
  tried("tcp-socket", tcp);
  tried("connect", tcp < 0 ? tcp : connect(tcp, (void *)&address, sizeof address));
  address.sin_port = 0;
  tried("bind", tcp < 0 ? tcp : bind(tcp, (void *)&address, sizeof address));
  tried("udp-socket", socket(AF_INET, SOCK_DGRAM, 0));
  tried("udp6-socket", socket(AF_INET6, SOCK_DGRAM, 0));
  tried("unix-socket", socket(AF_UNIX, SOCK_STREAM, 0));
  tried("netlink-socket", socket(AF_NETLINK, SOCK_RAW, 0));
  int pair[2];
  tried("socket-pair", socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
}

static long child(long pid) {
  // A child must not run on as if it were the worker.
  if (pid == 0) _exit(0);
  return pid;
}

static void try_processes(void) {
  tried("fork", child(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0)));
#ifdef SYS_fork
  tried("old-fork", child(syscall(SYS_fork)));
#endif
  struct { unsigned long long words[11]; } clone_arguments = {{0, 0, 0, 0, SIGCHLD}};
  tried("clone3", child(syscall(SYS_clone3, &clone_arguments, sizeof clone_arguments)));
  tried("new-namespace", unshare(CLONE_NEWUSER));
  tried("signal-to-parent", kill(getppid(), 0));
  tried("signal-to-thread-of-parent", syscall(SYS_tgkill, getppid(), getppid(), 0));
  tried("trace-parent", ptrace(PTRACE_ATTACH, getppid(), 0, 0));
  tried("be-traced", ptrace(PTRACE_TRACEME, 0, 0, 0));
  tried("memory-of-parent", syscall(SYS_process_vm_readv, getppid(), NULL, 0, NULL, 0, 0));
  tried("descriptor-of-parent", syscall(SYS_pidfd_open, getppid(), 0));
  tried("survive-parent", prctl(PR_SET_PDEATHSIG, 0));
  tried("limits-of-parent", syscall(SYS_prlimit64, getppid(), RLIMIT_NOFILE, NULL, NULL));
  struct rlimit limit = {100, 100};
  tried("set-limit", setrlimit(RLIMIT_NOFILE, &limit));
  char *none[] = {NULL};
  tried("exec", execve("/bin/true", none, none));
}

static void try_kernel(void) {
  char parameters[512] = {0};
  tried("io-uring", syscall(SYS_io_uring_setup, 4, parameters));
  tried("bpf", syscall(SYS_bpf, 0, parameters, sizeof parameters));
  tried("key", syscall(SYS_add_key, "user", "a", "b", 1, -3));
  tried("mount", mount("none", in_folder(0, "folder"), "tmpfs", 0, NULL));
  tried("chroot", chroot("."));
  tried("memory-file", syscall(SYS_memfd_create, "a", 0));
  tried("shared-memory", syscall(SYS_shmget, 1234, 4096, 01600));
  tried("message-queue", syscall(SYS_msgget, 1234, 01600));
  tried("pipe", syscall(SYS_pipe2, parameters, 0));
  tried("performance-events", syscall(SYS_perf_event_open, parameters, 0, -1, -1, 0));
  tried("page-faults", syscall(SYS_userfaultfd, 0));
  tried("another-filter", syscall(SYS_seccomp, 1, 0, NULL));
}

static void compute(void *kernel, void *context) {
  (void)kernel, (void)context;
  try_files();
  try_network();
  try_processes();
  try_kernel();
  fprintf(stderr, "tried all\n");
}

static void *create(void *context) { return context; }
static void delete_kernel(void *kernel) { (void)kernel; }
static void no_outputs(void *context, Status *status) { (void)context, (void)status; }

__attribute__((constructor)) static void register_op(void) {
  Status *status = TF_NewStatus();
  void *op = TF_NewOpDefinitionBuilder("TryForbidden");
  TF_OpDefinitionBuilderSetIsStateful(op, 1);
  TF_OpDefinitionBuilderSetShapeInferenceFunction(op, no_outputs);
  TF_RegisterOpDefinition(op, status);
  void *kernel = TF_NewKernelBuilder("TryForbidden", "CPU", create, compute, delete_kernel);
  if (TF_GetCode(status) == 0) TF_RegisterKernelBuilder("TryForbidden", kernel, status);
  if (TF_GetCode(status) != 0) fprintf(stderr, "TryForbidden: %s\n", TF_Message(status));
  TF_DeleteStatus(status);
}
