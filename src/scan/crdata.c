/* Measurements: see crdata.h. */
#include "scan/crdata.h"

#include "core/error.h"
#include "scan/config_scalar.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MAX_WORDS = 24, MAX_LINES = 1000000, SHOWN = 40 };

static const char SEPARATORS[] = " \t\r\n,";
static const char KISS_COLUMNS[] = "x, y, stat-, stat+, sys-, sys+";
static const char USINE_COLUMNS[] = "quantity, experiment, axis, <E>, E_low, E_high, y, stat-, stat+, sys-, sys+";

/* What a reading knows: where it is, what was asked for, and what has come in. */
struct reading {
    const char *path;
    size_t line;
    const char *quantity; /* asked for, or NULL */
    enum dmumu_crdata_axis axis;
    bool usine, has_rows;
    size_t capacity;
    struct dmumu_crdata data;
    struct dmumu_error *error;
};

const char *dmumu_crdata_axis_name(enum dmumu_crdata_axis axis)
{
    static const char *const names[] = {"rigidity", "kineticEnergyPerNucleon", "kineticEnergy"};
    return (unsigned)axis < DMUMU_CRDATA_AXES ? names[axis] : NULL;
}

void dmumu_crdata_free(struct dmumu_crdata *data)
{
    free(data->quantity);
    free(data->experiment);
    free(data->reference);
    free(data->point);
    *data = (struct dmumu_crdata){0};
}

static enum dmumu_status out_of_memory(const struct reading *reading)
{
    return dmumu_error_set(reading->error, DMUMU_ERROR_MEMORY, "out of memory while reading %.200s", reading->path);
}

/* "file:line: column N: 'value' ...; it must be ..." */
static enum dmumu_status bad_word(const struct reading *reading, size_t column, const char *word, const char *wrong,
                                  const char *right)
{
    return dmumu_error_set(reading->error, DMUMU_ERROR_INPUT, "%.200s:%zu: column %zu: '%.*s' is %s; it must be %s",
                           reading->path, reading->line, column, SHOWN, word, wrong, right);
}

/* ---- header ------------------------------------------------------------------------------------------------------ */

/* The text behind "#key:", blanks taken off both ends, or NULL. */
static char *header_value(char *line, const char *key)
{
    char *at = line + strspn(line, "# \t");
    if (strncasecmp(at, key, strlen(key)) != 0 || at[strlen(key)] != ':') {
        return NULL;
    }
    at += strlen(key) + 1;
    at += strspn(at, " \t\r\n");
    size_t length = strlen(at);
    while (length > 0 && isspace((unsigned char)at[length - 1])) {
        length--;
    }
    at[length] = '\0';
    return at;
}

static enum dmumu_crdata_axis axis_of(const char *name)
{
    static const struct {
        const char *name;
        enum dmumu_crdata_axis axis;
    } names[] = {{"rigidity", DMUMU_CRDATA_RIGIDITY},
                 {"R", DMUMU_CRDATA_RIGIDITY},
                 {"kineticEnergyPerNucleon", DMUMU_CRDATA_ENERGY_PER_NUCLEON},
                 {"EKN", DMUMU_CRDATA_ENERGY_PER_NUCLEON},
                 {"kineticEnergy", DMUMU_CRDATA_ENERGY},
                 {"EK", DMUMU_CRDATA_ENERGY}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcasecmp(names[i].name, name) == 0) {
            return names[i].axis;
        }
    }
    return DMUMU_CRDATA_UNKNOWN;
}

static enum dmumu_status keep_text(const struct reading *reading, char **place, const char *text)
{
    char *copy = strdup(text);
    if (!copy) {
        return out_of_memory(reading);
    }
    free(*place);
    *place = copy;
    return DMUMU_OK;
}

/* "B/C" and "B_C" are the same. */
static bool same_quantity(const char *a, const char *b)
{
    for (; *a && *b; a++, b++) {
        const int left = *a == '/' ? '_' : tolower((unsigned char)*a);
        const int right = *b == '/' ? '_' : tolower((unsigned char)*b);
        if (left != right) {
            return false;
        }
    }
    return *a == *b;
}

static enum dmumu_status keep_quantity(struct reading *reading, const char *text)
{
    const enum dmumu_status status = keep_text(reading, &reading->data.quantity, text);
    for (char *at = reading->data.quantity; status == DMUMU_OK && at && *at; at++) {
        *at = *at == '/' ? '_' : *at;
    }
    return status;
}

static enum dmumu_status read_header(struct reading *reading, char *line)
{
    struct dmumu_crdata *data = &reading->data;
    const char *value = header_value(line, "Experiment");
    if (value) {
        return keep_text(reading, &data->experiment, value);
    }
    value = header_value(line, "Ref");
    if (value) {
        return keep_text(reading, &data->reference, value);
    }
    value = header_value(line, "Y Quantity");
    if (value && *value) {
        return keep_quantity(reading, value);
    }
    value = header_value(line, "X Quantity");
    if (value) {
        data->axis = axis_of(value);
        if (data->axis == DMUMU_CRDATA_UNKNOWN && reading->axis == DMUMU_CRDATA_UNKNOWN) {
            return dmumu_error_set(reading->error, DMUMU_ERROR_INPUT,
                                   "%.200s:%zu: X Quantity: '%.*s' is unknown; it must be rigidity, "
                                   "kineticEnergyPerNucleon or kineticEnergy",
                                   reading->path, reading->line, SHOWN, value);
        }
    }
    return DMUMU_OK;
}

/* ---- rows -------------------------------------------------------------------------------------------------------- */

/* Split in place; the number of words, at most MAX_WORDS + 1 where there are more. */
static size_t split(char *line, char *word[MAX_WORDS])
{
    size_t n = 0;
    char *rest = NULL;
    for (char *at = strtok_r(line, SEPARATORS, &rest); at; at = strtok_r(NULL, SEPARATORS, &rest)) {
        if (n == MAX_WORDS) {
            return MAX_WORDS + 1;
        }
        word[n++] = at;
    }
    return n;
}

static enum dmumu_status wrong_count(const struct reading *reading, size_t n, size_t wanted, const char *columns)
{
    return dmumu_error_set(reading->error, DMUMU_ERROR_INPUT,
                           "%.200s:%zu: the row has %zu columns%s; it must have %zu%s: %s", reading->path,
                           reading->line, n, n > MAX_WORDS ? " or more" : "", wanted,
                           wanted > DMUMU_CRDATA_COLUMNS ? " or more" : "", columns);
}

/* One number of the point; `column` counts from 1 in the file. */
static enum dmumu_status read_number(const struct reading *reading, enum dmumu_crdata_column kind, size_t column,
                                     const char *word, struct dmumu_crdata_point *point)
{
    static const char *const right[] = {[DMUMU_CRDATA_X] = "the abscissa, a number > 0",
                                        [DMUMU_CRDATA_Y] = "the measured value, a number",
                                        [DMUMU_CRDATA_STAT_LOW] = "the lower statistical error, a number >= 0",
                                        [DMUMU_CRDATA_STAT_HIGH] = "the upper statistical error, a number >= 0",
                                        [DMUMU_CRDATA_SYS_LOW] = "the lower systematic error, a number >= 0",
                                        [DMUMU_CRDATA_SYS_HIGH] = "the upper systematic error, a number >= 0"};
    double value = 0.0;
    const enum dmumu_scalar scalar = dmumu_scalar_number(word, &value);
    if (scalar != DMUMU_SCALAR_NUMBER) {
        return bad_word(reading, column, word, scalar == DMUMU_SCALAR_OTHER ? "not a number" : "not a finite number",
                        right[kind]);
    }
    if ((kind == DMUMU_CRDATA_X && !(value > 0.0)) || (kind > DMUMU_CRDATA_Y && value < 0.0)) {
        return bad_word(reading, column, word, "out of range", right[kind]);
    }
    point->column[kind] = value;
    return DMUMU_OK;
}

static enum dmumu_status append(struct reading *reading, const struct dmumu_crdata_point *point)
{
    struct dmumu_crdata *data = &reading->data;
    if (data->n == reading->capacity) {
        const size_t capacity = reading->capacity > 0 ? 2 * reading->capacity : 64;
        struct dmumu_crdata_point *grown = realloc(data->point, capacity * sizeof *grown);
        if (!grown) {
            return out_of_memory(reading);
        }
        data->point = grown;
        reading->capacity = capacity;
    }
    data->point[data->n++] = *point;
    return DMUMU_OK;
}

static enum dmumu_status read_kiss(struct reading *reading, size_t n, char *word[])
{
    struct dmumu_crdata_point point = {{0.0}};
    if (n != DMUMU_CRDATA_COLUMNS) {
        return wrong_count(reading, n, DMUMU_CRDATA_COLUMNS, KISS_COLUMNS);
    }
    for (int i = 0; i < DMUMU_CRDATA_COLUMNS; i++) {
        const enum dmumu_status status =
            read_number(reading, (enum dmumu_crdata_column)i, (size_t)i + 1, word[i], &point);
        if (status != DMUMU_OK) {
            return status;
        }
    }
    return append(reading, &point);
}

/* Quantity and axis of a USINE row against what was asked for, or against the rows before. *wanted: take it. */
static enum dmumu_status read_labels(struct reading *reading, char *word[], bool *wanted)
{
    struct dmumu_crdata *data = &reading->data;
    const enum dmumu_crdata_axis axis = axis_of(word[2]);
    *wanted = (!reading->quantity || same_quantity(reading->quantity, word[0])) &&
              (reading->axis == DMUMU_CRDATA_UNKNOWN || reading->axis == axis);
    if (!*wanted) {
        return DMUMU_OK;
    }
    if (axis == DMUMU_CRDATA_UNKNOWN) {
        return bad_word(reading, 3, word[2], "unknown", "R, EKN or EK");
    }
    if (data->n + data->n_limits == 0) {
        data->axis = axis;
        const enum dmumu_status status = keep_text(reading, &data->experiment, word[1]);
        return status == DMUMU_OK ? keep_quantity(reading, word[0]) : status;
    }
    if (!same_quantity(data->quantity, word[0])) {
        return bad_word(reading, 1, word[0], "another quantity than in the rows before",
                        "the same in every row, or one must be asked for");
    }
    if (data->axis != axis) {
        return bad_word(reading, 3, word[2], "another axis than in the rows before",
                        "the same in every row, or one must be asked for");
    }
    return DMUMU_OK;
}

static enum dmumu_status read_usine(struct reading *reading, size_t n, char *word[])
{
    enum { FIRST_VALUE = 6, ENOUGH = 11, LIMIT = 15 };
    if (n < ENOUGH) {
        return wrong_count(reading, n, ENOUGH, USINE_COLUMNS);
    }
    bool wanted = false;
    enum dmumu_status status = read_labels(reading, word, &wanted);
    if (status != DMUMU_OK || !wanted) {
        return status;
    }
    struct dmumu_crdata_point point = {{0.0}};
    status = read_number(reading, DMUMU_CRDATA_X, 4, word[3], &point);
    for (int i = 0; status == DMUMU_OK && i < DMUMU_CRDATA_COLUMNS - 1; i++) {
        status = read_number(reading, (enum dmumu_crdata_column)(DMUMU_CRDATA_Y + i), (size_t)(FIRST_VALUE + i) + 1,
                             word[FIRST_VALUE + i], &point);
    }
    if (status == DMUMU_OK && n > LIMIT && n <= MAX_WORDS && strcmp(word[LIMIT], "1") == 0) {
        reading->data.n_limits++;
        return DMUMU_OK;
    }
    return status == DMUMU_OK ? append(reading, &point) : status;
}

static enum dmumu_status read_line(struct reading *reading, char *line)
{
    char *word[MAX_WORDS] = {NULL};
    if (line[strspn(line, " \t")] == '#') {
        return read_header(reading, line);
    }
    const size_t n = split(line, word);
    if (n == 0) {
        return DMUMU_OK;
    }
    if (!reading->has_rows) {
        reading->has_rows = true;
        double ignored = 0.0;
        reading->usine = dmumu_scalar_number(word[0], &ignored) == DMUMU_SCALAR_OTHER && n > DMUMU_CRDATA_COLUMNS;
    }
    return reading->usine ? read_usine(reading, n, word) : read_kiss(reading, n, word);
}

/* ---- the whole file ---------------------------------------------------------------------------------------------- */

static enum dmumu_status read_lines(struct reading *reading, FILE *file)
{
    char *line = NULL;
    size_t size = 0;
    enum dmumu_status status = DMUMU_OK;
    ssize_t length = 0;
    errno = 0;
    while (status == DMUMU_OK && (length = getline(&line, &size, file)) >= 0) {
        reading->line++;
        if (strlen(line) != (size_t)length || reading->line > MAX_LINES) {
            status = dmumu_error_set(reading->error, DMUMU_ERROR_INPUT, "%.200s:%zu: not a text file of data",
                                     reading->path, reading->line);
        } else {
            status = read_line(reading, line);
        }
        errno = 0;
    }
    free(line);
    if (status == DMUMU_OK && (ferror(file) || errno != 0)) {
        status = dmumu_error_set(reading->error, DMUMU_ERROR_FILE, "%.200s: cannot be read: %s", reading->path,
                                 strerror(errno != 0 ? errno : EIO));
    }
    return status;
}

/* What was asked for against what the header says; what neither says is an error. */
static enum dmumu_status settle(struct reading *reading)
{
    struct dmumu_crdata *data = &reading->data;
    enum dmumu_status status = DMUMU_OK;
    if (data->n == 0) {
        return dmumu_error_set(
            reading->error, DMUMU_ERROR_INPUT, "%.200s: no points%s%.40s%s; rows must be %s", reading->path,
            reading->quantity ? " of " : "", reading->quantity ? reading->quantity : "",
            data->n_limits > 0 ? ", only upper limits" : "", reading->usine ? USINE_COLUMNS : KISS_COLUMNS);
    }
    if (!reading->usine && reading->quantity) {
        status = keep_quantity(reading, reading->quantity);
    }
    if (reading->axis != DMUMU_CRDATA_UNKNOWN) {
        data->axis = reading->axis;
    }
    if (status == DMUMU_OK && !data->quantity) {
        status = dmumu_error_set(
            reading->error, DMUMU_ERROR_INPUT,
            "%.200s: nothing says what was measured; a line '#Y Quantity: B_C' would, or the option", reading->path);
    }
    if (status == DMUMU_OK && data->axis == DMUMU_CRDATA_UNKNOWN) {
        status = dmumu_error_set(reading->error, DMUMU_ERROR_INPUT,
                                 "%.200s: nothing says what x is; a line '#X Quantity: rigidity' (or "
                                 "kineticEnergyPerNucleon, kineticEnergy) would, or the option",
                                 reading->path);
    }
    if (status == DMUMU_OK && !data->experiment) {
        status = keep_text(reading, &data->experiment, "");
    }
    if (status == DMUMU_OK && !data->reference) {
        status = keep_text(reading, &data->reference, "");
    }
    return status;
}

enum dmumu_status dmumu_crdata_read(const char *path, const char *quantity, enum dmumu_crdata_axis axis,
                                    struct dmumu_crdata *data, struct dmumu_error *error)
{
    struct reading reading = {.path = path, .quantity = quantity, .axis = axis, .error = error};
    reading.data.axis = DMUMU_CRDATA_UNKNOWN;
    FILE *file = fopen(path, "r");
    if (!file) {
        return dmumu_error_set(error, DMUMU_ERROR_FILE, "%.200s: cannot be read: %s", path, strerror(errno));
    }
    enum dmumu_status status = read_lines(&reading, file);
    (void)fclose(file);
    if (status == DMUMU_OK) {
        status = settle(&reading);
    }
    if (status == DMUMU_OK) {
        *data = reading.data;
    } else {
        dmumu_crdata_free(&reading.data);
    }
    return status;
}

/* ---- what the points say ----------------------------------------------------------------------------------------- */

double dmumu_crdata_sigma(const struct dmumu_crdata_point *point, enum dmumu_crdata_errors errors)
{
    const double statistical = 0.5 * (point->column[DMUMU_CRDATA_STAT_LOW] + point->column[DMUMU_CRDATA_STAT_HIGH]);
    const double systematic = 0.5 * (point->column[DMUMU_CRDATA_SYS_LOW] + point->column[DMUMU_CRDATA_SYS_HIGH]);
    switch (errors) {
    case DMUMU_ERRORS_LINEAR:
        return statistical + systematic;
    case DMUMU_ERRORS_STATISTICAL:
        return statistical;
    default:
        return hypot(statistical, systematic);
    }
}

double dmumu_crdata_rigidity_gv(enum dmumu_crdata_axis axis, enum dmumu_isotope isotope, double x)
{
    if (axis == DMUMU_CRDATA_RIGIDITY) {
        return x;
    }
    const double per_nucleon = axis == DMUMU_CRDATA_ENERGY ? x / dmumu_isotope_nuclide(isotope)->mass_number : x;
    return dmumu_isotope_rigidity_gv(isotope, per_nucleon);
}

void dmumu_crdata_cut(struct dmumu_crdata *data, double from_gv, double to_gv)
{
    size_t kept = 0;
    for (size_t i = 0; i < data->n; i++) {
        const double rigidity_gv =
            dmumu_crdata_rigidity_gv(data->axis, DMUMU_C12, data->point[i].column[DMUMU_CRDATA_X]);
        if (rigidity_gv >= from_gv && rigidity_gv <= to_gv) {
            data->point[kept++] = data->point[i];
        }
    }
    data->n = kept;
}

bool dmumu_crdata_ratio(const struct dmumu_crdata *data, enum dmumu_ratio *ratio, enum dmumu_abscissa *abscissa)
{
    if (data->axis != DMUMU_CRDATA_RIGIDITY && data->axis != DMUMU_CRDATA_ENERGY_PER_NUCLEON) {
        return false;
    }
    *abscissa = data->axis == DMUMU_CRDATA_RIGIDITY ? DMUMU_PER_RIGIDITY : DMUMU_PER_ENERGY;
    if (same_quantity(data->quantity, "B_C")) {
        *ratio = DMUMU_RATIO_B_C;
        return true;
    }
    *ratio = DMUMU_RATIO_B_O;
    return same_quantity(data->quantity, "B_O");
}
