/* What the load is told in files. */
#pragma once
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct text { char *bytes; uint32_t length; };

static void fail(const char *what) { perror(what); exit(1); }

static struct text file_of(const char *path) {
    FILE *file = fopen(path, "rb");
    struct text text;
    if (!file) fail(path);
    fseek(file, 0, SEEK_END);
    text.length = (uint32_t)ftell(file);
    text.bytes = malloc(text.length + 1);
    rewind(file);
    if (fread(text.bytes, 1, text.length, file) != text.length) fail(path);
    fclose(file);
    return text;
}

/* Read texts that stand after their lengths, four bytes each, little end first; return how many there are. */
static int texts_of(const char *path, struct text **texts) {
    struct text all = file_of(path);
    uint32_t length;
    int count = 0;
    for (uint32_t at = 0; at + 4 <= all.length; at += 4 + length) {
        memcpy(&length, all.bytes + at, 4);
        *texts = realloc(*texts, (size_t)(count + 1) * sizeof **texts);
        (*texts)[count++] = (struct text){all.bytes + at + 4, length};
    }
    return count;
}
