# Memory that two threads look at: loads that see all that was written before the store, stores that
# show it, and locks for what is more than a word.  Compilers' builtins, so the same on every machine.
# Touches only what it is given.

from libc.stdint cimport uint32_t, uint64_t

cdef extern from *:
    """
    #include <stdint.h>
    static inline uint32_t filterd_load_32(const uint32_t *word) {
        return __atomic_load_n(word, __ATOMIC_ACQUIRE);
    }
    static inline void filterd_store_32(uint32_t *word, uint32_t value) {
        __atomic_store_n(word, value, __ATOMIC_RELEASE);
    }
    static inline uint64_t filterd_load_64(const uint64_t *word) {
        return __atomic_load_n(word, __ATOMIC_ACQUIRE);
    }
    static inline void filterd_store_64(uint64_t *word, uint64_t value) {
        __atomic_store_n(word, value, __ATOMIC_RELEASE);
    }
    static inline void *filterd_load_pointer(void **word) {
        return __atomic_load_n(word, __ATOMIC_SEQ_CST);
    }
    static inline void filterd_store_pointer(void **word, void *value) {
        __atomic_store_n(word, value, __ATOMIC_SEQ_CST);
    }
    static inline void filterd_add_64(uint64_t *word, uint64_t value) {
        __atomic_store_n(word, __atomic_load_n(word, __ATOMIC_RELAXED) + value, __ATOMIC_RELAXED);
    }
    static inline void filterd_fence(void) {
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
    }
    static inline void filterd_fence_for_reading(void) {
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
    }
    """
    uint32_t load_32 "filterd_load_32"(const uint32_t *word) noexcept nogil
    void store_32 "filterd_store_32"(uint32_t *word, uint32_t value) noexcept nogil
    uint64_t load_64 "filterd_load_64"(const uint64_t *word) noexcept nogil
    void store_64 "filterd_store_64"(uint64_t *word, uint64_t value) noexcept nogil
    # The order of these two is the same for every thread: what the reclaiming of tables stands on.
    void *load_pointer "filterd_load_pointer"(void **word) noexcept nogil
    void store_pointer "filterd_store_pointer"(void **word, void *value) noexcept nogil
    # A counter that one thread writes and others read.
    void add_64 "filterd_add_64"(uint64_t *word, uint64_t value) noexcept nogil
    void fence "filterd_fence"() noexcept nogil
    void fence_for_reading "filterd_fence_for_reading"() noexcept nogil


cdef extern from "<pthread.h>" nogil:
    ctypedef struct pthread_mutex_t:
        pass
    int pthread_mutex_init(pthread_mutex_t *lock, const void *attributes)
    int pthread_mutex_lock(pthread_mutex_t *lock)
    int pthread_mutex_unlock(pthread_mutex_t *lock)
    int pthread_mutex_destroy(pthread_mutex_t *lock)
