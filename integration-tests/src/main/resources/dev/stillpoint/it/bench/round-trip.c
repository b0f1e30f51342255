/*
 * The least that speaks QMP: connects to a monitor's unix socket, negotiates, and on every line
 * "N" of its standard input asks query-status N times, one after the other. For each it prints the
 * nanoseconds from before the write to after the read of the whole reply, and then a dot.
 */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static char line[1 << 16];

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static int64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static void read_line(int fd)
{
    size_t have = 0;
    do {
        ssize_t n = read(fd, line + have, sizeof line - have);
        if (n <= 0)
            fail("read");
        have += n;
    } while (line[have - 1] != '\n');
}

static void ask(int fd, const char *request)
{
    size_t length = strlen(request);
    if (write(fd, request, length) != (ssize_t)length)
        fail("write");
    read_line(fd);
    if (memcmp(line, "{\"return\"", 9) != 0) {
        fprintf(stderr, "refused: %.200s\n", line);
        exit(1);
    }
}

int main(int argc, char **argv)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    long rounds;

    if (argc != 2 || strlen(argv[1]) >= sizeof address.sun_path)
        return 2;
    strcpy(address.sun_path, argv[1]);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
        fail("connect");
    read_line(fd);
    ask(fd, "{\"execute\":\"qmp_capabilities\",\"id\":0}\n");
    while (scanf("%ld", &rounds) == 1) {
        int64_t *took = calloc(rounds, sizeof *took);
        for (long i = 0; i < rounds; i++) {
            int64_t began = now();
            ask(fd, "{\"execute\":\"query-status\",\"id\":1}\n");
            took[i] = now() - began;
        }
        for (long i = 0; i < rounds; i++)
            printf("%lld\n", (long long)took[i]);
        puts(".");
        fflush(stdout);
        free(took);
    }
    return 0;
}
