# Packets on their way from a worker to Python: unchanged, with the address to answer them.
# Touches the ring it is given.

from libc.stdint cimport uint8_t, uint16_t, uint32_t
from filterd.fast.judge cimport Why
from filterd.fast.ring cimport Ring

cdef enum:
    PEER_OCTETS = 28        # a sockaddr_in6, the largest
    CONTROL_OCTETS = 64


cdef struct Peer:
    # Who sent a packet, and from which address of ours the reply must leave.
    uint8_t address[28]
    uint32_t address_size
    uint8_t control[64]
    uint32_t control_size   # 0: the socket has one address only
    uint16_t socket         # the number of the worker's socket


cdef struct Passed:
    Peer peer
    Why why
    double since
    uint32_t size           # of the packet, which lies behind


cdef bint hand_over(
    Ring *ring, Why why, const Peer *peer, double since, const uint8_t *packet, uint32_t size
) noexcept nogil
    # Queue a packet for Python; False when there is no room: it is lost, and the ring has counted.

cdef list taken(Ring *ring, uint32_t most)
    # Return at most so many passed packets: (why, socket, peer, control, since, packet) each.
