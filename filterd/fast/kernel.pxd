# What the core asks of the kernel and the C library; Linux.  Declarations only, and small inline
# functions that hide the shapes of C's structs.  No part calls malloc for a packet.

from libc.stdint cimport int32_t, uint8_t, uint16_t, uint32_t, uint64_t

cdef extern from *:
    """
    #ifndef _GNU_SOURCE
    #define _GNU_SOURCE
    #endif
    #include <errno.h>
    #include <stdlib.h>
    #include <string.h>
    #include <time.h>
    #include <unistd.h>
    #include <netinet/in.h>
    #include <sys/epoll.h>
    #include <sys/eventfd.h>
    #include <sys/resource.h>
    #include <sys/syscall.h>
    #include <sys/mman.h>
    #include <sys/random.h>
    #include <sys/socket.h>

    /* Memory in few large pages, where the system has them: a batch and a cache are wide. */
    static inline void *filterd_roomy(size_t size) {
        size_t page = (size_t)2 << 20;
        void *room = NULL;
        size = (size + page - 1) / page * page;
        if (posix_memalign(&room, page, size))
            return NULL;
        madvise(room, size, MADV_HUGEPAGE);
        return room;
    }

    /* Let this thread have short turns of the processor, of a tenth of a millisecond: who asks for
       less waits less for others (Linux 6.12 and later; older ones take no notice). */
    static inline void filterd_short_turns(void) {
        struct {
            uint32_t size, policy;
            uint64_t flags;
            int32_t nice;
            uint32_t priority;
            uint64_t runtime_ns, deadline_ns, period_ns;
        } wanted;
        memset(&wanted, 0, sizeof wanted);
        wanted.size = sizeof wanted;
        wanted.nice = getpriority(PRIO_PROCESS, 0);
        wanted.runtime_ns = 100000;
    #ifdef SYS_sched_setattr
        (void)syscall(SYS_sched_setattr, 0, &wanted, 0);
    #endif
    }

    static inline double filterd_seconds(clockid_t clock) {
        struct timespec now;
        clock_gettime(clock, &now);
        return now.tv_sec + now.tv_nsec * 1e-9;
    }
    static inline double filterd_wall(void) { return filterd_seconds(CLOCK_REALTIME); }
    static inline double filterd_tick(void) { return filterd_seconds(CLOCK_MONOTONIC); }

    /* "Came in at this address" becomes "leave from this address": 0 octets when there is none. */
    static inline uint32_t filterd_reply_control(struct msghdr *got, uint8_t *out, uint32_t room) {
        struct msghdr sent;
        struct cmsghdr *from, *to;
        memset(&sent, 0, sizeof sent);
        memset(out, 0, room);
        sent.msg_control = out;
        sent.msg_controllen = room;
        to = CMSG_FIRSTHDR(&sent);
        for (from = CMSG_FIRSTHDR(got); from && to; from = CMSG_NXTHDR(got, from)) {
            if (from->cmsg_level == IPPROTO_IP && from->cmsg_type == IP_PKTINFO
                && from->cmsg_len >= CMSG_LEN(sizeof(struct in_pktinfo))
                && room >= CMSG_SPACE(sizeof(struct in_pktinfo))) {
                struct in_pktinfo at;
                memcpy(&at, CMSG_DATA(from), sizeof at);
                at.ipi_ifindex = 0; /* the interface is left to the routing table */
                at.ipi_addr.s_addr = 0;
                to->cmsg_level = IPPROTO_IP;
                to->cmsg_type = IP_PKTINFO;
                to->cmsg_len = CMSG_LEN(sizeof at);
                memcpy(CMSG_DATA(to), &at, sizeof at);
                return CMSG_SPACE(sizeof at);
            }
            if (from->cmsg_level == IPPROTO_IPV6 && from->cmsg_type == IPV6_PKTINFO
                && from->cmsg_len >= CMSG_LEN(sizeof(struct in6_pktinfo))
                && room >= CMSG_SPACE(sizeof(struct in6_pktinfo))) {
                struct in6_pktinfo at;
                struct sockaddr_in6 *peer = (struct sockaddr_in6 *)got->msg_name;
                memcpy(&at, CMSG_DATA(from), sizeof at);
                if (!peer->sin6_scope_id) /* only a link-local address needs its interface */
                    at.ipi6_ifindex = 0;
                to->cmsg_level = IPPROTO_IPV6;
                to->cmsg_type = IPV6_PKTINFO;
                to->cmsg_len = CMSG_LEN(sizeof at);
                memcpy(CMSG_DATA(to), &at, sizeof at);
                return CMSG_SPACE(sizeof at);
            }
        }
        return 0;
    }

    /* The peer's address in 16 octets, an IPv4 one mapped; 0 for another family. */
    static inline int filterd_plain_address(const void *from, uint8_t *out) {
        const struct sockaddr *any = (const struct sockaddr *)from;
        if (any->sa_family == AF_INET) {
            memset(out, 0, 10);
            memset(out + 10, 0xff, 2);
            memcpy(out + 12, &((const struct sockaddr_in *)from)->sin_addr, 4);
            return 1;
        }
        if (any->sa_family != AF_INET6)
            return 0;
        memcpy(out, &((const struct sockaddr_in6 *)from)->sin6_addr, 16);
        return 1;
    }

    static inline int filterd_watch(int poll, int descriptor, uint64_t number) {
        struct epoll_event event;
        memset(&event, 0, sizeof event);
        event.events = EPOLLIN;
        event.data.u64 = number;
        return epoll_ctl(poll, EPOLL_CTL_ADD, descriptor, &event);
    }
    /* After a call that gave -1: will another one do no better? */
    static inline int filterd_is_broken(void) {
        return errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR;
    }
    static inline int filterd_family(const void *peer) {
        return ((const struct sockaddr *)peer)->sa_family;
    }
    static inline int filterd_datagrams(int family) {
        return socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    }
    static inline int filterd_connect(int descriptor, const void *peer, uint32_t size) {
        /* Without a bind the kernel picks a random port, and lets no other peer in. */
        return connect(descriptor, (const struct sockaddr *)peer, size);
    }
    static inline int filterd_disconnect(int descriptor) {
        struct sockaddr nobody;
        memset(&nobody, 0, sizeof nobody);
        nobody.sa_family = AF_UNSPEC;
        return connect(descriptor, &nobody, sizeof nobody);
    }
    """
    cdef struct iovec:
        void *iov_base
        size_t iov_len
    cdef struct msghdr:
        void *msg_name
        uint32_t msg_namelen
        iovec *msg_iov
        size_t msg_iovlen
        void *msg_control
        size_t msg_controllen
    cdef struct mmsghdr:
        msghdr msg_hdr
        unsigned int msg_len
    cdef union epoll_data:
        uint64_t u64
    cdef struct epoll_event:
        uint32_t events
        epoll_data data
    enum: MSG_DONTWAIT
    enum: EFD_NONBLOCK
    enum: EFD_CLOEXEC
    enum: EPOLL_CLOEXEC
    int recvmmsg(int descriptor, mmsghdr *got, unsigned int count, int flags, void *wait) noexcept nogil
    int sendmmsg(int descriptor, mmsghdr *sent, unsigned int count, int flags) noexcept nogil
    ssize_t recv(int descriptor, void *room, size_t size, int flags) noexcept nogil
    ssize_t send(int descriptor, const void *octets, size_t size, int flags) noexcept nogil
    ssize_t getrandom(void *room, size_t size, unsigned int flags) noexcept nogil
    int close(int descriptor) noexcept nogil
    int epoll_create1(int flags) noexcept nogil
    int epoll_wait(int poll, epoll_event *events, int most, int wait_ms) noexcept nogil
    int eventfd(unsigned int first, int flags) noexcept nogil
    int eventfd_write(int descriptor, uint64_t value) noexcept nogil
    int eventfd_read(int descriptor, uint64_t *value) noexcept nogil
    void short_turns "filterd_short_turns"() noexcept nogil
    void *roomy "filterd_roomy"(size_t size) noexcept
    double wall_now "filterd_wall"() noexcept nogil
    double tick_now "filterd_tick"() noexcept nogil
    uint32_t reply_control "filterd_reply_control"(
        msghdr *got, uint8_t *out, uint32_t room) noexcept nogil
    bint plain_address "filterd_plain_address"(const void *peer, uint8_t *out) noexcept nogil
    bint is_broken "filterd_is_broken"() noexcept nogil
    int watch "filterd_watch"(int poll, int descriptor, uint64_t number) noexcept nogil
    int family_of "filterd_family"(const void *peer) noexcept nogil
    int datagrams "filterd_datagrams"(int family) noexcept nogil
    int connect "filterd_connect"(int descriptor, const void *peer, uint32_t size) noexcept nogil
    int disconnect "filterd_disconnect"(int descriptor) noexcept nogil
