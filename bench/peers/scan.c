/*
 * The floor under any scanner of /proc: opens, reads and closes files, and understands nothing of them.
 * For each line on standard input it does one scan and answers with its CPU time in microseconds and the number of
 * processes. `all` reads every file of every process; `steady N` only `stat` of every process, the rest of every Nth.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static char buffer[65536];

static double cpu_us(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 + usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
}

static void read_file(const char *pid, const char *name) {
  char path[300];
  snprintf(path, sizeof path, "/proc/%s/%s", pid, name);
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  if (read(file, buffer, sizeof buffer) < 0) { /* gone */ }
  close(file);
}

static void read_rest(const char *pid) {
  static const char *const files[] = {"io", "status", "cmdline", "cgroup"};
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) read_file(pid, files[i]);
  char path[300];
  snprintf(path, sizeof path, "/proc/%s/exe", pid);
  if (readlink(path, buffer, sizeof buffer) < 0) { /* a kernel thread */ }
  snprintf(path, sizeof path, "/proc/%s/fd", pid);
  DIR *folder = opendir(path);
  if (!folder) return;
  while (readdir(folder)) { }
  closedir(folder);
}

int main(void) {
  char line[64];
  while (fgets(line, sizeof line, stdin)) {
    int every = strncmp(line, "steady ", 7) == 0 ? atoi(line + 7) : 1;
    double before = cpu_us();
    int count = 0;
    DIR *proc = opendir("/proc");
    if (!proc) return 1;
    for (struct dirent *entry; (entry = readdir(proc));) {
      if (entry->d_name[0] < '1' || entry->d_name[0] > '9') continue;
      read_file(entry->d_name, "stat");
      if (count++ % every == 0) read_rest(entry->d_name);
    }
    closedir(proc);
    printf("%.0f %d\n", cpu_us() - before, count);
    fflush(stdout);
  }
  return 0;
}
