/* Differ: a walk through the lines of two texts (see differ.h). Nothing is allocated, nothing is trusted. */
#include "cube/differ.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEY = 64, VALUE = 80, MOST_KEYS = 1000 };

/* One key of a text, and where to go on. */
struct entry {
    char section[KEY], key[KEY], value[VALUE];
    const char *next;
};

static void copy(size_t size, char to[], const char *from, size_t length)
{
    snprintf(to, size, "%.*s", (int)(length < size ? length : size - 1), from);
}

/* Read one line into the entry, whose section stays while lines are indented. False: it is no key. */
static bool read_line(struct entry *entry)
{
    const char *line = entry->next;
    const size_t length = strcspn(line, "\n"), indent = strspn(line, " ");
    const size_t name = strcspn(line, ":\n");
    entry->next = line + length + (line[length] == '\n');
    if (name == length || name < indent || line[indent] == '#') {
        return false;
    }
    size_t at = name + 1;
    at += strspn(line + at, " ");
    if (indent == 0) {
        entry->section[0] = '\0';
        if (at >= length) {
            copy(KEY, entry->section, line, name);
            return false;
        }
    }
    copy(KEY, entry->key, line + indent, name - indent);
    copy(VALUE, entry->value, at < length ? line + at : "", at < length ? length - at : 0);
    return true;
}

static bool next_entry(struct entry *entry)
{
    while (*entry->next != '\0') {
        if (read_line(entry)) {
            return true;
        }
    }
    return false;
}

/* The value of a key in a text; NULL if it has none. */
static const char *find(const char *text, const struct entry *wanted, struct entry *found)
{
    *found = (struct entry){.next = text};
    while (next_entry(found)) {
        if (strcmp(found->section, wanted->section) == 0 && strcmp(found->key, wanted->key) == 0) {
            return found->value;
        }
    }
    return NULL;
}

/* A number with six digits where those are enough to tell it from the other. */
static void shorten(const char *value, const char *other, char text[static VALUE])
{
    char *end, ours[VALUE], theirs[VALUE];
    const double number = strtod(value, &end);
    const bool is_number = *value != '\0' && *end == '\0';
    snprintf(text, VALUE, "%s", value);
    if (!is_number) {
        return;
    }
    snprintf(ours, sizeof ours, "%.6g", number);
    snprintf(theirs, sizeof theirs, "%.6g", strtod(other, NULL));
    if (strcmp(ours, theirs) != 0) {
        snprintf(text, VALUE, "%s", ours);
    }
}

/* Add one difference, if it fits. */
static bool add(size_t size, char text[], const struct entry *entry, const char *theirs, const char *ours)
{
    char there[VALUE], here[VALUE], item[3 * VALUE + 2 * KEY];
    shorten(theirs, ours, there);
    shorten(ours, theirs, here);
    snprintf(item, sizeof item, "%s%s%s%s (%s there, %s here)", text[0] != '\0' ? ", " : "", entry->section,
             entry->section[0] != '\0' ? "." : "", entry->key, there, here);
    if (strlen(text) + strlen(item) >= size) {
        return false;
    }
    strncat(text, item, size - strlen(text) - 1);
    return true;
}

size_t dmumu_cube_differ(const char *theirs, const char *ours, size_t size, char text[])
{
    enum { MORE = 24 }; /* room for the last words */
    const size_t room = size > MORE ? size - MORE : 1;
    size_t n = 0, told = 0;
    struct entry entry = {.next = theirs}, other;
    text[0] = '\0';
    for (int i = 0; i < MOST_KEYS && next_entry(&entry); i++) {
        const char *value = find(ours, &entry, &other);
        if (value == NULL || strcmp(value, entry.value) != 0) {
            n++;
            told += add(room, text, &entry, entry.value, value != NULL ? value : "none");
        }
    }
    entry = (struct entry){.next = ours};
    while (next_entry(&entry)) {
        if (find(theirs, &entry, &other) == NULL) {
            n++;
            told += add(room, text, &entry, "none", entry.value);
        }
    }
    if (told < n && size > MORE) {
        const size_t used = strlen(text);
        snprintf(text + used, size - used, told > 0 ? ", and %zu more" : "%zu keys", n - told);
    }
    return n;
}
