/*
 * The load: many clients on one epoll, each of which checks everything it receives.
 *
 *     load PORT CLIENTS CONCURRENCY FRAMING HANDSHAKE GREETINGS READY
 *
 * FRAMING is "websocket", "nats" (NATS protocol inside WebSocket) or "bare" (frames without a handshake). HANDSHAKE is
 * a file that holds the request; GREETINGS one that holds what client i sends then (the i-th modulo their number), each
 * after its length as four bytes, little end first. A client takes part once a frame held READY, or at once where that
 * is empty. At most CONCURRENCY clients are on their way in at a time.
 *
 * An event is a message that holds realtime_event", a number after "seq": and, in nanoseconds since 1970, when it was
 * sent after "at":. Numbers must grow; what repeats or goes back is disorder, what is left out is missing.
 *
 * Standard output has a line of JSON when all clients take part, and one for each line of standard input: "progress"
 * says how far the clients are, "mark" says everything since the last mark and begins anew. The end of standard input
 * ends the program.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "files.h"
#include "histogram.h"

#define MAX_CARRY 8192   /* of a frame's head, or of a NATS message, until the rest has come */
#define WINDOW 2048      /* bytes of a message within which its number is looked for */
#define RECEIVE_BYTES (256 * 1024)

enum stage { IDLE, CONNECTING, SHAKING, GREETED, LIVE, GONE };
enum framing { WEBSOCKET, NATS, BARE };

struct client {
    int fd;
    enum stage stage;
    uint32_t carried, inner_carried;
    uint64_t skip;       /* bytes of the present frame that need not be looked at */
    uint64_t seq, events;
    char *carry, *inner;
};

static struct {
    int port, count, concurrency, epoll, next, on_their_way, live, gone;
    enum framing framing;
    struct text handshake, *greetings;
    int greeting_count;
    const char *ready;
    struct client *clients;
    uint64_t events, bytes, disorder, missing, reads;
    struct histogram latencies;
    struct timespec marked_at;
    double marked_cpu;
} load;

static char buffer[MAX_CARRY + RECEIVE_BYTES];
static char inner_buffer[2 * MAX_CARRY + RECEIVE_BYTES];
static uint64_t now_ns;

static uint64_t clock_ns(clockid_t which) {
    struct timespec t;
    clock_gettime(which, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static double processor_seconds(void) { return (double)clock_ns(CLOCK_PROCESS_CPUTIME_ID) / 1e9; }

/* A name in messages; where it stood in the last one it mostly stands in the next. */
struct name { const char *text; size_t length, last_at; };

static struct name marker = {"realtime_event\"", 15, 0}, seq_name = {"\"seq\":", 6, 0}, at_name = {"\"at\":", 5, 0};

/* Return what follows a name, or NULL. */
static const char *after(struct name *name, const char *message, size_t length) {
    const char *at = message + name->last_at;
    if (name->last_at + name->length > length || memcmp(at, name->text, name->length)) {
        at = memmem(message, length, name->text, name->length);
        if (!at) return NULL;
        name->last_at = (size_t)(at - message);
    }
    return at + name->length;
}

/* Return the number after a name, or 0. */
static uint64_t number_after(struct name *name, const char *message, size_t length) {
    const char *at = after(name, message, length), *end = message + length;
    uint64_t number = 0;
    for (; at && at < end && *at == ' '; at++) {}
    for (; at && at < end && *at >= '0' && *at <= '9'; at++) number = number * 10 + (uint64_t)(*at - '0');
    return number;
}

static void message_came(struct client *client, const char *message, size_t length) {
    if (!after(&marker, message, length < 64 ? length : 64)) return;
    uint64_t seq = number_after(&seq_name, message, length);
    uint64_t at = number_after(&at_name, message, length);
    if (client->seq) {
        if (seq <= client->seq) load.disorder++;
        else load.missing += seq - client->seq - 1;
    }
    client->seq = seq;
    client->events++;
    load.events++;
    if (at) note(&load.latencies, now_ns > at ? (now_ns - at) / 1000 : 0);
}

static void send_all(struct client *client, const char *bytes, size_t length) {
    while (length) {
        ssize_t sent = send(client->fd, bytes, length, MSG_NOSIGNAL);
        if (sent < 0) { if (errno == EAGAIN || errno == EINTR) continue; return; }
        bytes += sent;
        length -= (size_t)sent;
    }
}

/* A mask of zeros leaves the payload as it is (RFC 6455 section 5.3 asks browsers for another). */
static void send_frame(struct client *client, int opcode, const char *payload, size_t length) {
    char frame[6 + 125] = {(char)(0x80 | opcode), (char)(0x80 | (length & 127)), 0, 0, 0, 0};
    if (length > 125) return;
    memcpy(frame + 6, payload, length);
    send_all(client, frame, 6 + length);
}

static void connect_next(void);

static void takes_part(struct client *client) {
    client->stage = LIVE;
    load.live++;
    load.on_their_way--;
    if (load.live == load.count) {
        double seconds = (double)(clock_ns(CLOCK_MONOTONIC) - ((uint64_t)load.marked_at.tv_sec * 1000000000u +
                         (uint64_t)load.marked_at.tv_nsec)) / 1e9;
        printf("{\"clients\": %d, \"seconds\": %.6f, \"cpu\": %.6f}\n", load.live, seconds, processor_seconds());
        fflush(stdout);
    }
    connect_next();
}

static void is_gone(struct client *client) {
    if (client->stage == GONE) return;
    if (client->stage != LIVE) load.on_their_way--;
    client->stage = GONE;
    load.gone++;
    close(client->fd);
    client->fd = -1;
    connect_next();
}

/* NATS: lines, of which MSG is followed by as many bytes as it says. Returns what was not complete. */
static size_t nats_came(struct client *client, char *data, size_t length) {
    while (length) {
        char *line_end = memmem(data, length, "\r\n", 2);
        if (!line_end) break;
        size_t used = (size_t)(line_end - data) + 2;
        if (length > 4 && !memcmp(data, "MSG ", 4)) {
            char *last = memrchr(data, ' ', (size_t)(line_end - data));
            size_t payload = strtoul(last + 1, NULL, 10);
            if (length < used + payload + 2) break;
            message_came(client, data + used, payload);
            used += payload + 2;
        } else if (!memcmp(data, "PING", 4)) {
            send_frame(client, 2, "PONG\r\n", 6);
        } else if (!memcmp(data, "PONG", 4) && client->stage == GREETED) {
            takes_part(client);
        }
        data += used;
        length -= used;
    }
    return length;
}

static void inner_bytes_came(struct client *client, const char *data, size_t length) {
    memcpy(inner_buffer, client->inner, client->inner_carried);
    memcpy(inner_buffer + client->inner_carried, data, length);
    length += client->inner_carried;
    size_t rest = nats_came(client, inner_buffer, length);
    if (rest > MAX_CARRY) { fprintf(stderr, "a NATS message is too long\n"); exit(1); }
    memcpy(client->inner, inner_buffer + length - rest, rest);
    client->inner_carried = (uint32_t)rest;
}

static void frame_came(struct client *client, int opcode, const char *payload, size_t here, size_t length) {
    if (opcode == 9) { send_frame(client, 10, payload, length < 126 ? length : 0); return; }
    if (opcode == 8) return;
    size_t window = here < WINDOW ? here : WINDOW;
    if (client->stage == GREETED && memmem(payload, window, load.ready, strlen(load.ready))) takes_part(client);
    if (length == 1 && payload[0] == '2') send_frame(client, 1, "3", 1); /* Engine.IO's ping and pong */
    else message_came(client, payload, window);
}

/* What is compressed (RFC 7692: the first reserved bit) is an event of ours; it is counted and not looked into. */
static void compressed_came(struct client *client) {
    client->events++;
    load.events++;
}

/* Walk the frames; the number of bytes that could not be used yet is returned. */
static size_t frames_came(struct client *client, const char *data, size_t length) {
    while (length && client->stage != GONE) {
        if (client->skip) {
            size_t skipped = client->skip < length ? (size_t)client->skip : length;
            client->skip -= skipped;
            if (load.framing == NATS) inner_bytes_came(client, data, skipped);
            data += skipped;
            length -= skipped;
            continue;
        }
        if (length < 2) break;
        const unsigned char *head = (const unsigned char *)data;
        size_t header = 2, payload = head[1] & 127;
        if (payload == 126) header = 4;
        if (payload == 127) header = 10;
        if (length < header) break;
        if (header > 2) {
            payload = 0;
            for (size_t i = 2; i < header; i++) payload = payload << 8 | head[i];
        }
        int opcode = head[0] & 15;
        if (load.framing == NATS && opcode < 8) {
            client->skip = payload;
            data += header;
            length -= header;
            continue;
        }
        size_t wanted = payload < WINDOW ? payload : WINDOW;
        if (length < header + wanted) break;
        size_t here = length - header < payload ? length - header : payload;
        if (head[0] & 64) compressed_came(client);
        else frame_came(client, opcode, data + header, here, payload);
        client->skip = payload - here;
        data += header + here;
        length -= header + here;
    }
    return length;
}

static size_t handshake_came(struct client *client, const char *data, size_t length) {
    const char *end = memmem(data, length, "\r\n\r\n", 4);
    if (!end) return length;
    if (length < 12 || memcmp(data + 9, "101", 3)) {
        fprintf(stderr, "expected 101, got: %.*s\n", (int)(length < 200 ? length : 200), data);
        is_gone(client);
        return 0;
    }
    size_t used = (size_t)(end - data) + 4;
    client->stage = GREETED;
    if (load.greeting_count) {
        struct text *greeting = &load.greetings[(client - load.clients) % load.greeting_count];
        send_all(client, greeting->bytes, greeting->length);
    }
    if (!*load.ready) takes_part(client);
    return frames_came(client, data + used, length - used);
}

static void readable(struct client *client) {
    memcpy(buffer, client->carry, client->carried);
    ssize_t received = recv(client->fd, buffer + client->carried, RECEIVE_BYTES, 0);
    if (received < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (received <= 0) { is_gone(client); return; }
    now_ns = clock_ns(CLOCK_REALTIME);
    load.bytes += (uint64_t)received;
    load.reads++;
    size_t length = client->carried + (size_t)received;
    size_t rest = client->stage == SHAKING ? handshake_came(client, buffer, length) : frames_came(client, buffer, length);
    if (rest > MAX_CARRY) { fprintf(stderr, "a frame's head is too long\n"); exit(1); }
    memcpy(client->carry, buffer + length - rest, rest);
    client->carried = (uint32_t)rest;
}

static void connected(struct client *client) {
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(client->fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error) { fprintf(stderr, "connect: %s\n", strerror(error)); is_gone(client); return; }
    epoll_ctl(load.epoll, EPOLL_CTL_MOD, client->fd, &event);
    client->stage = SHAKING;
    if (load.framing == BARE) takes_part(client);
    else send_all(client, load.handshake.bytes, load.handshake.length);
}

static void connect_next(void) {
    while (load.on_their_way < load.concurrency && load.next < load.count) {
        struct client *client = &load.clients[load.next++];
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)load.port)};
        struct epoll_event event = {.events = EPOLLOUT, .data.ptr = client};
        int one = 1, size = 65536;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        client->carry = malloc(MAX_CARRY);
        client->inner = load.framing == NATS ? malloc(MAX_CARRY) : NULL;
        client->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        if (client->fd < 0) fail("socket");
        setsockopt(client->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
        setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        client->stage = CONNECTING;
        load.on_their_way++;
        if (connect(client->fd, (struct sockaddr *)&address, sizeof address) < 0 && errno != EINPROGRESS) fail("connect");
        epoll_ctl(load.epoll, EPOLL_CTL_ADD, client->fd, &event);
    }
}

static void begin_anew(void) {
    load.events = load.bytes = load.disorder = load.missing = load.reads = 0;
    forget(&load.latencies);
    for (int i = 0; i < load.count; i++) load.clients[i].events = 0;
    clock_gettime(CLOCK_MONOTONIC, &load.marked_at);
    load.marked_cpu = processor_seconds();
}

static void answer(const char *line) {
    uint64_t least = UINT64_MAX, most = 0;
    for (int i = 0; i < load.count; i++) {
        uint64_t events = load.clients[i].events;
        if (events < least) least = events;
        if (events > most) most = events;
    }
    double wall = (double)(clock_ns(CLOCK_MONOTONIC) - ((uint64_t)load.marked_at.tv_sec * 1000000000u +
                  (uint64_t)load.marked_at.tv_nsec)) / 1e9;
    printf("{\"live\": %d, \"gone\": %d, \"events\": %llu, \"least\": %llu, \"most\": %llu", load.live, load.gone,
           (unsigned long long)load.events, (unsigned long long)least, (unsigned long long)most);
    if (!strncmp(line, "mark", 4)) {
        printf(", \"bytes\": %llu, \"reads\": %llu, \"disorder\": %llu, \"missing\": %llu, \"wall\": %.6f, \"cpu\": %.6f",
               (unsigned long long)load.bytes, (unsigned long long)load.reads, (unsigned long long)load.disorder,
               (unsigned long long)load.missing, wall, processor_seconds() - load.marked_cpu);
        printf(", \"p50\": %.3f, \"p90\": %.3f, \"p99\": %.3f, \"max\": %.3f", share_below(&load.latencies, 0.5),
               share_below(&load.latencies, 0.9), share_below(&load.latencies, 0.99),
               (double)load.latencies.longest / 1000.0);
        begin_anew();
    }
    printf("}\n");
    fflush(stdout);
}

static void asked(void) {
    static char line[4096];
    ssize_t got = read(STDIN_FILENO, line, sizeof line - 1);
    if (got <= 0) exit(0);
    line[got] = 0;
    for (char *word = strtok(line, "\n"); word; word = strtok(NULL, "\n")) answer(word);
}

int main(int argc, char **argv) {
    if (argc != 8) { fprintf(stderr, "usage: load PORT CLIENTS CONCURRENCY FRAMING HANDSHAKE GREETINGS READY\n"); return 2; }
    load.port = atoi(argv[1]);
    load.count = atoi(argv[2]);
    load.concurrency = atoi(argv[3]);
    load.framing = !strcmp(argv[4], "nats") ? NATS : !strcmp(argv[4], "bare") ? BARE : WEBSOCKET;
    load.handshake = file_of(argv[5]);
    load.greeting_count = texts_of(argv[6], &load.greetings);
    load.ready = argv[7];
    load.clients = calloc((size_t)load.count, sizeof *load.clients);
    load.epoll = epoll_create1(0);
    struct epoll_event input = {.events = EPOLLIN, .data.ptr = NULL}, events[256];
    epoll_ctl(load.epoll, EPOLL_CTL_ADD, STDIN_FILENO, &input);
    begin_anew();
    connect_next();
    for (;;) {
        int count = epoll_wait(load.epoll, events, 256, -1);
        if (count < 0 && errno != EINTR) fail("epoll_wait");
        for (int i = 0; i < count; i++) {
            struct client *client = events[i].data.ptr;
            if (!client) asked();
            else if (client->stage == CONNECTING) connected(client);
            else if (client->stage != GONE) readable(client);
        }
    }
}
