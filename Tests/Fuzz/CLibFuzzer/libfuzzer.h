#pragma once
#include <stddef.h>
#include <stdint.h>

// What LLVM documents of libFuzzer's runtime (https://llvm.org/docs/LibFuzzer.html, "Using libFuzzer as a library").
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*callback)(const uint8_t *data, size_t size));
