/* Scalars of the input: strict numbers in and out, and the nearest word to a mistyped one. */
#include "scan/config_scalar.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Length of the number that `text` starts with: [+-] digits [. digits] [e [+-] digits]; 0 if there is none. */
static size_t number_length(const char *text)
{
    static const char digits[] = "0123456789";
    const char *p = text + (*text == '+' || *text == '-');
    const size_t whole = strspn(p, digits);
    p += whole;
    size_t decimals = 0;
    if (*p == '.') {
        decimals = strspn(p + 1, digits);
        p += 1 + decimals;
    }
    if (whole + decimals == 0)
        return 0;
    if (*p == 'e' || *p == 'E') {
        const char *exponent = p + 1 + (p[1] == '+' || p[1] == '-');
        const size_t n = strspn(exponent, digits);
        if (n > 0)
            p = exponent + n;
    }
    return (size_t)(p - text);
}

static bool is_not_finite_word(const char *text)
{
    static const char *const words[] = {"nan", "inf", "infinity"};
    const char *p = text + (*text == '+' || *text == '-');
    p += *p == '.';
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcasecmp(p, words[i]) == 0)
            return true;
    return false;
}

enum dmumu_scalar dmumu_scalar_number(const char *text, double *value)
{
    if (is_not_finite_word(text))
        return DMUMU_SCALAR_NOT_FINITE;
    const size_t length = number_length(text);
    if (length == 0 || text[length] != '\0')
        return DMUMU_SCALAR_OTHER;
    const double number = strtod(text, NULL);
    if (!isfinite(number))
        return DMUMU_SCALAR_NOT_FINITE;
    *value = number;
    return DMUMU_SCALAR_NUMBER;
}

bool dmumu_scalar_integer(const char *text, long *value)
{
    const char *p = text + (*text == '+' || *text == '-');
    if (*p == '\0' || p[strspn(p, "0123456789")] != '\0')
        return false;
    if (p[0] == '0' && p[1] != '\0')
        return false; /* 010: ten, or eight in YAML 1.1 and to libcyaml */
    errno = 0;
    const long number = strtol(text, NULL, 10);
    if (errno != 0)
        return false;
    *value = number;
    return true;
}

void dmumu_scalar_format(char text[static DMUMU_SCALAR_DIGITS], double value)
{
    for (int digits = 6; digits <= 17; digits++) {
        snprintf(text, DMUMU_SCALAR_DIGITS, "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    char *exponent = strchr(text, 'e');
    if (exponent && !strchr(text, '.')) {
        memmove(exponent + 2, exponent, strlen(exponent) + 1);
        memcpy(exponent, ".0", 2);
    }
}

enum { LONGEST_WORD = 64 };

static size_t minimum(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Levenshtein distance; words longer than LONGEST_WORD are far from everything. */
static size_t edit_distance(const char *a, const char *b)
{
    size_t row[LONGEST_WORD + 1];
    const size_t na = strlen(a), nb = strlen(b);
    if (na > LONGEST_WORD || nb > LONGEST_WORD)
        return LONGEST_WORD;
    for (size_t j = 0; j <= nb; j++)
        row[j] = j;
    for (size_t i = 1; i <= na; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= nb; j++) {
            const size_t replaced = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            row[j] = minimum(replaced, minimum(row[j], row[j - 1]) + 1);
        }
    }
    return row[nb];
}

const char *dmumu_scalar_nearest(const char *word, size_t n, const char *const words[])
{
    const char *nearest = NULL;
    size_t best = LONGEST_WORD;
    for (size_t i = 0; i < n; i++) {
        const size_t distance = edit_distance(word, words[i]);
        const bool is_prefix = strlen(word) >= 3 && strncmp(word, words[i], strlen(word)) == 0;
        const size_t allowed = is_prefix ? LONGEST_WORD : 1 + strlen(words[i]) / 3;
        if (distance < best && distance <= allowed) {
            best = distance;
            nearest = words[i];
        }
    }
    return nearest;
}
