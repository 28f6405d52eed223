# Bytes objects that are filled in place and then cut to their size, so that nothing large is ever
# held twice.
#
# May touch: objects made here that nobody else has seen yet.  Needs the GIL.
# A page of memory that was never written costs nothing, so asking for the most that could be
# needed is cheap.

from cpython.object cimport PyObject


cdef extern from "Python.h":
    # Documented for exactly this: "only use this to build up a brand new bytes object".
    int _PyBytes_Resize(PyObject **string, Py_ssize_t size) except -1
    PyObject *new_bytes "PyBytes_FromStringAndSize"(
        const char *content, Py_ssize_t size
    ) except NULL
    char *start_of "PyBytes_AS_STRING"(PyObject *string) nogil
    void forget "Py_CLEAR"(PyObject *string)


cdef inline bytes cut(PyObject **made, Py_ssize_t size):
    """Give what ``new_bytes`` made its final size and hand it over; ``made`` is NULL then."""
    _PyBytes_Resize(made, size)  # when this fails it has let go of ``made`` itself
    result = <bytes>made[0]
    forget(made[0])
    return result
