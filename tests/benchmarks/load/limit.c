/*
 * The limit: what the kernel alone takes to hand the same bytes to the same sockets.
 *
 *     limit CLIENTS PORT FEED_PORT
 *
 * CLIENTS connections are accepted at PORT, without a handshake, then one at FEED_PORT. From that come messages, each
 * after its length as four bytes, big end first. What one read brought is framed once, as WebSocket text, and sent to
 * every client in turn by one blocking send() for each CHUNK of frames: nothing is asked, kept or checked.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CHUNK (16 * 1024)
#define FEED_BYTES (256 * 1024)

static int *clients, count;
static unsigned char feed[FEED_BYTES];
static char chunk[CHUNK + 65536 + 4];
static size_t chunked;

static void fail(const char *what) { perror(what); exit(1); }

static int listen_at(const char *port, int backlog) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
    int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1, size = 65536;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (backlog > 1) setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, backlog) < 0) fail("listen");
    return fd;
}

static int accept_one(int listening) {
    int one = 1, fd = accept(listening, NULL, NULL);
    if (fd < 0) fail("accept");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fd;
}

static void flush(void) {
    for (int i = 0; chunked && i < count; i++) {
        for (size_t sent = 0; sent < chunked;) {
            ssize_t now = send(clients[i], chunk + sent, chunked - sent, MSG_NOSIGNAL);
            if (now < 0) break; /* the client has gone */
            sent += (size_t)now;
        }
    }
    chunked = 0;
}

static void add(const unsigned char *message, size_t length) {
    if (chunked && chunked + length + 4 > CHUNK) flush();
    chunk[chunked++] = (char)0x81;
    if (length < 126) {
        chunk[chunked++] = (char)length;
    } else {
        chunk[chunked++] = 126;
        chunk[chunked++] = (char)(length >> 8);
        chunk[chunked++] = (char)length;
    }
    memcpy(chunk + chunked, message, length);
    chunked += length;
}

int main(int argc, char **argv) {
    if (argc != 4) { fprintf(stderr, "usage: limit CLIENTS PORT FEED_PORT\n"); return 2; }
    count = atoi(argv[1]);
    clients = calloc((size_t)count, sizeof *clients);
    int feed_at = listen_at(argv[3], 1), clients_at = listen_at(argv[2], 4096);
    for (int i = 0; i < count; i++) clients[i] = accept_one(clients_at);
    int feeder = accept_one(feed_at);
    for (size_t have = 0;;) {
        ssize_t got = recv(feeder, feed + have, sizeof feed - have, 0);
        if (got <= 0) return 0;
        have += (size_t)got;
        size_t at = 0, length;
        for (; have - at >= 4; at += 4 + length) {
            length = (size_t)feed[at] << 24 | (size_t)feed[at + 1] << 16 | (size_t)feed[at + 2] << 8 | feed[at + 3];
            if (length > 65535) { fprintf(stderr, "a message is too long\n"); return 1; }
            if (have - at < 4 + length) break;
            add(feed + at + 4, length);
        }
        memmove(feed, feed + at, have - at);
        have -= at;
        flush();
    }
}
