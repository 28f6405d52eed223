/* Answers every DNS question over UDP alike, as cheaply as Linux lets a program: the upstream of
 * `make bench`, and the limit of what any server on this loopback can do.
 *
 *     echo PORT SECONDS      listens on 127.0.0.1 and ends by itself
 *
 * A is 192.0.2.1, AAAA is 2001:db8::1 (RFC 5737, RFC 3849), other types have no records.  It looks
 * at nothing else.  May touch: its one socket.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BATCH = 64, ROOM = 1536, HEADER = 12, LARGEST_QUERY = 1200 };

static const uint8_t RECORD_A[] = {0xc0, 12, 0, 1, 0, 1, 0, 0, 14, 16, 0, 4, 192, 0, 2, 1};
static const uint8_t RECORD_AAAA[] = {0xc0, 12, 0, 28, 0, 1,    0,    0, 14, 16, 0, 16, 0x20, 0x01,
                                      0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};

/* Turns a query of `size` octets into its reply and returns the reply's size, 0 for none. */
static size_t reply(uint8_t *packet, size_t size) {
    size_t at = HEADER;
    if (size < HEADER + 5 || size > LARGEST_QUERY || packet[2] & 0x80) return 0;
    while (at < size && packet[at] != 0) at += (size_t)packet[at] + 1;
    if (at + 5 > size) return 0;
    unsigned type = (unsigned)packet[at + 1] << 8 | packet[at + 2];
    at += 5;
    packet[2] |= 0x84; /* a reply, authoritative */
    packet[3] = 0x80;  /* recursion is available, no error */
    memset(packet + 6, 0, 6);
    const uint8_t *record = type == 1 ? RECORD_A : type == 28 ? RECORD_AAAA : NULL;
    if (!record) return at;
    size_t length = type == 1 ? sizeof RECORD_A : sizeof RECORD_AAAA;
    packet[7] = 1;
    memcpy(packet + at, record, length);
    return at + length;
}

static int open_socket(int port) {
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_DGRAM, 0), room = 4 << 20;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    if (bind(fd, (struct sockaddr *)&here, sizeof here)) {
        perror("echo: bind");
        exit(1);
    }
    return fd;
}

int main(int count, char **words) {
    if (count != 3) return 2;
    int fd = open_socket(atoi(words[1]));
    alarm((unsigned)atoi(words[2]));
    static uint8_t packets[BATCH][ROOM];
    static struct sockaddr_in from[BATCH];
    static struct iovec parts[BATCH];
    static struct mmsghdr batch[BATCH];
    for (int i = 0; i < BATCH; i++) {
        parts[i].iov_base = packets[i];
        batch[i].msg_hdr.msg_iov = &parts[i];
        batch[i].msg_hdr.msg_iovlen = 1;
        batch[i].msg_hdr.msg_name = &from[i];
    }
    for (;;) {
        for (int i = 0; i < BATCH; i++) {
            parts[i].iov_len = ROOM;
            batch[i].msg_hdr.msg_namelen = sizeof from[i];
        }
        int got = recvmmsg(fd, batch, BATCH, MSG_WAITFORONE, NULL), ready = 0;
        for (int i = 0; i < got; i++) {
            size_t size = reply(packets[i], batch[i].msg_len);
            parts[i].iov_len = size;
            ready += size > 0;
        }
        /* Whatever is no query is answered by an empty packet: nobody here sends any. */
        for (int sent = 0; ready && sent < got;) {
            int went = sendmmsg(fd, batch + sent, (unsigned)(got - sent), 0);
            sent += went > 0 ? went : 1;
        }
    }
}
