/* Starts Python inside libFuzzer's program and hands every input to target.pyx. */
#include <Python.h>
#include <stdint.h>
#include <stdlib.h>
#include "target.h"

int LLVMFuzzerInitialize(int *argc, char ***argv) {
  (void)argc;
  (void)argv;
  PyImport_AppendInittab("target", PyInit_target);
  Py_InitializeEx(0); /* libFuzzer keeps its own signal handlers */
  if (!PyImport_ImportModule("target")) {
    PyErr_Print();
    exit(1);
  }
  return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size) {
  if (fuzz_one(octets, size)) {
    PyErr_Print();
    abort();
  }
  return 0;
}
