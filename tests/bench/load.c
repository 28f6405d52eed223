/* The load generator of `make bench`: asks one DNS server over UDP and prints one line of JSON.
 *
 *     load PORT FILE SECONDS RATE SOCKETS WINDOW CLIENTS
 *
 * The server is on 127.0.0.1.  FILE has a question a line, "name A" or "name AAAA", asked in order
 * and from the start again at its end.  RATE 0: as fast as it answers, with WINDOW questions under
 * way for each socket; -1: so as well, but once through the file.  Else so many a second whatever comes back, each one's time counted from
 * when it was due, so that a server that stalls cannot slow its own exam.  CLIENTS 1: the sockets
 * are bound to 127.0.1.1, .2 and so on.  A question without an answer for a second is lost, and
 * counts as one that took a second.  "last_open" says when, in seconds since the epoch, the last
 * answer came that does not end in a null address.
 * Ends by itself: SECONDS is at most 60.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>

enum {
    BATCH = 32,
    SLOTS = 8192, /* questions of a socket that can wait at once; divides 65,536 */
    ROOM = 1500,
    LONGEST = 280,
    MOST_SOCKETS = 512,
    MOST_TIMES = 1 << 22,
};
static const uint64_t SECOND = 1000000000, CLOSE = 30000;

typedef struct {
    uint8_t octets[LONGEST];
    uint16_t size;
} Question;

typedef struct {
    int fd;
    uint32_t next, oldest, waiting;
    uint64_t since[SLOTS]; /* when a question was due or sent, by its id; 0: settled */
} Lane;

static Question *questions;
static size_t question_count, turn;
static Lane lanes[MOST_SOCKETS];
static struct pollfd ready[MOST_SOCKETS];
static int lane_count;
static uint32_t *times, time_count;
static uint64_t sent, answered, lost, failed, last_answer, last_open;
static uint8_t packets[BATCH][ROOM];
static struct iovec parts[BATCH];
static struct mmsghdr batch[BATCH];

static uint64_t now(void) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (uint64_t)at.tv_sec * SECOND + (uint64_t)at.tv_nsec;
}

static uint16_t write_question(uint8_t *octets, const char *name, int type) {
    static const uint8_t header[12] = {0, 0, 1, 0, 0, 1}; /* recursion is desired, one question */
    uint8_t *at = octets + sizeof header;
    memcpy(octets, header, sizeof header);
    while (*name) {
        size_t length = strcspn(name, ".");
        if (length == 0 || length > 63) exit(2);
        *at++ = (uint8_t)length;
        memcpy(at, name, length);
        at += length;
        name += length + (name[length] == '.');
    }
    memcpy(at, (uint8_t[]){0, 0, (uint8_t)type, 0, 1}, 5);
    return (uint16_t)(at + 5 - octets);
}

static void read_questions(const char *path) {
    char name[256], type[8];
    size_t room = 0;
    FILE *file = fopen(path, "r");
    while (file && fscanf(file, "%253s %7s", name, type) == 2) {
        if (question_count == room) {
            room = room ? room * 2 : 1 << 14;
            questions = realloc(questions, room * sizeof *questions);
            if (!questions) exit(2);
        }
        Question *one = &questions[question_count++];
        one->size = write_question(one->octets, name, strcmp(type, "A") ? 28 : 1);
    }
    if (!question_count) {
        fprintf(stderr, "load: no questions in %s\n", path);
        exit(2);
    }
    fclose(file);
}

static void open_lanes(int port, int are_clients) {
    struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (int i = 0; i < lane_count; i++) {
        struct sockaddr_in here = {.sin_family = AF_INET};
        here.sin_addr.s_addr = htonl(are_clients ? 0x7f000101u + (uint32_t)i : INADDR_LOOPBACK);
        int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), room = 4 << 20;
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
        if (bind(fd, (struct sockaddr *)&here, sizeof here) ||
            connect(fd, (struct sockaddr *)&server, sizeof server)) {
            perror("load");
            exit(2);
        }
        lanes[i].fd = fd;
        ready[i] = (struct pollfd){.fd = fd, .events = POLLIN};
    }
    for (int i = 0; i < BATCH; i++) {
        parts[i].iov_base = packets[i];
        batch[i].msg_hdr.msg_iov = &parts[i];
        batch[i].msg_hdr.msg_iovlen = 1;
    }
}

static void put_question(int place, uint32_t number) {
    const Question *one = &questions[turn];
    turn = turn + 1 == question_count ? 0 : turn + 1;
    memcpy(packets[place], one->octets, one->size);
    packets[place][0] = (uint8_t)(number >> 8);
    packets[place][1] = (uint8_t)number;
    parts[place].iov_len = one->size;
}

static void note_sent(Lane *lane, uint64_t since) {
    lane->since[lane->next++ % SLOTS] = since;
    lane->waiting++;
    sent++;
}

/* Fills the window of a lane in batches; returns whether anything went out. */
static int fill(Lane *lane, uint32_t window) {
    int any = 0;
    uint32_t size = window < BATCH ? window : BATCH;
    while (lane->waiting + size <= window && lane->next - lane->oldest + size <= SLOTS) {
        for (uint32_t i = 0; i < size; i++) put_question((int)i, lane->next + i);
        uint64_t at = now();
        int went = sendmmsg(lane->fd, batch, size, 0);
        for (int i = 0; i < went; i++) note_sent(lane, at);
        if (went < (int)size) return any;
        any = 1;
    }
    return any;
}

/* One question that was due; when it cannot even be sent, it is lost like any other. */
static void send_due(Lane *lane, uint64_t due) {
    if (lane->next - lane->oldest == SLOTS) exit(3);
    put_question(0, lane->next);
    note_sent(lane, due);
    (void)!send(lane->fd, packets[0], parts[0].iov_len, 0);
}

static void note_time(uint64_t length) {
    if (time_count < MOST_TIMES) times[time_count++] = (uint32_t)length;
}

static int is_open(const uint8_t *packet, size_t size) {
    return memcmp(packet + size - 4, "\0\0\0", 4) != 0;
}

static void settle(Lane *lane, const uint8_t *packet, size_t size, uint64_t at) {
    uint16_t id = (uint16_t)(packet[0] << 8 | packet[1]);
    uint32_t back = (uint16_t)(lane->next - id);
    uint64_t *since = &lane->since[id % SLOTS];
    if (back == 0 || back > lane->next - lane->oldest || *since == 0) return; /* too late */
    note_time(at - *since);
    *since = 0;
    lane->waiting--;
    answered++;
    failed += (packet[3] & 15) != 0 && (packet[3] & 15) != 3;
    last_answer = at;
    if (is_open(packet, size)) last_open = at;
}

static int receive(Lane *lane) {
    for (int i = 0; i < BATCH; i++) parts[i].iov_len = ROOM;
    int got = recvmmsg(lane->fd, batch, BATCH, MSG_DONTWAIT, NULL);
    uint64_t at = now();
    for (int i = 0; i < got; i++)
        if (batch[i].msg_len >= 12) settle(lane, packets[i], batch[i].msg_len, at);
    return got > 0;
}

static void give_up(Lane *lane, uint64_t at) {
    for (; lane->oldest != lane->next; lane->oldest++) {
        uint64_t *since = &lane->since[lane->oldest % SLOTS];
        if (*since && (at < *since || at - *since < SECOND)) return;
        if (*since) {
            note_time(SECOND);
            lost++;
            lane->waiting--;
        }
        *since = 0;
    }
}

static void rest(uint64_t until) {
    uint64_t at = now();
    if (at + CLOSE >= until) return; /* so soon that no sleep is short enough */
    struct timespec pause = {.tv_nsec = (long)(until - at - CLOSE)};
    ppoll(ready, (nfds_t)lane_count, &pause, NULL);
}

static void run(uint64_t length, double rate, uint32_t window) {
    uint64_t start = now(), end = start + length, due = start, at;
    for (uint64_t asked = 0, waiting = 1; (at = now()) < end || waiting;) {
        int busy = 0;
        if (rate < 0 && sent >= question_count) end = at;
        for (; rate > 0 && due <= at && due < end; busy = 1) {
            send_due(&lanes[asked % (uint64_t)lane_count], due);
            due = start + (uint64_t)((double)++asked / rate * 1e9);
        }
        waiting = 0;
        for (int i = 0; i < lane_count; i++) {
            if (rate <= 0 && at < end) busy |= fill(&lanes[i], window);
            if (lanes[i].waiting) busy |= receive(&lanes[i]);
            give_up(&lanes[i], at);
            waiting += lanes[i].waiting;
        }
        if (!busy) rest(rate > 0 && due < end && due < at + SECOND / 1000 ? due : at + SECOND / 1000);
    }
}

static int by_size(const void *left, const void *right) {
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

static double since_epoch(uint64_t at) {
    struct timespec wall;
    clock_gettime(CLOCK_REALTIME, &wall);
    return (double)wall.tv_sec + (double)wall.tv_nsec / 1e9 - (double)(now() - at) / 1e9;
}

static double slower_than(double share) {
    if (!time_count) return 0;
    return times[(uint32_t)(share * (time_count - 1))] / 1e3;
}

int main(int count, char **words) {
    if (count != 8) return 2;
    double seconds = atof(words[3]);
    lane_count = atoi(words[5]);
    if (!(seconds > 0 && seconds <= 60) || lane_count < 1 || lane_count > MOST_SOCKETS) return 2;
    read_questions(words[2]);
    open_lanes(atoi(words[1]), atoi(words[7]));
    times = malloc(MOST_TIMES * sizeof *times);
    if (!times) return 2;
    prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
    uint64_t start = now();
    run((uint64_t)(seconds * 1e9), atof(words[4]), (uint32_t)atoi(words[6]));
    qsort(times, time_count, sizeof *times, by_size);
    printf("{\"qps\": %.1f, \"sent\": %llu, \"lost\": %llu, \"failed\": %llu, \"p50_us\": %.1f, "
           "\"p99_us\": %.1f, \"p999_us\": %.1f, \"slowest_us\": %.1f, \"last_open\": %.4f}\n",
           answered ? (double)answered / ((double)(last_answer - start) / 1e9) : 0.0,
           (unsigned long long)sent, (unsigned long long)lost, (unsigned long long)failed,
           slower_than(.5), slower_than(.99), slower_than(.999), slower_than(1),
           last_open ? since_epoch(last_open) : 0.0);
    return 0;
}
