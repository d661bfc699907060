/* Common: how every command complains, and how it ends. */
#include "cmd.h"
#include "scan/config_scalar.h"
#include "scan/config_utf8.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SENTENCE_SIZE = 8192 };

const char *dmumu_cmd_print_next(FILE *out, const char *text)
{
    uint32_t character = 0;
    const size_t length = dmumu_utf8_decode(text, &character);
    if (length == 0 || character < 0x20 || (character >= 0x7f && character < 0xa0))
        fputc('?', out);
    else
        fwrite(text, 1, length, out);
    return text + (length > 0 ? length : 1);
}

void dmumu_cmd_print(FILE *out, const char *text)
{
    while (*text)
        text = dmumu_cmd_print_next(out, text);
}

static void complain(const char *command, const char *format, va_list args) __attribute__((format(printf, 2, 0)));

static void print_complaint(FILE *out, const char *command, const char *sentence)
{
    fprintf(out, "dmumu%s%s: ", command ? " " : "", command ? command : "");
    dmumu_cmd_print(out, sentence);
    fputc('\n', out);
}

/* In one piece: stderr has no buffer, and a launcher that forwards it may put lines of its own between the pieces. */
static void complain(const char *command, const char *format, va_list args)
{
    char sentence[SENTENCE_SIZE], *line = NULL;
    size_t length = 0;
    fflush(stdout);
    vsnprintf(sentence, sizeof sentence, format, args);
    FILE *out = open_memstream(&line, &length);
    if (!out) {
        print_complaint(stderr, command, sentence);
        return;
    }
    print_complaint(out, command, sentence);
    if (fclose(out) == 0)
        fwrite(line, 1, length, stderr);
    else
        print_complaint(stderr, command, sentence);
    free(line);
}

int dmumu_cmd_usage(const char *command, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    complain(command, format, args);
    va_end(args);
    if (command)
        fprintf(stderr, "`dmumu %s --help` explains every option.\n", command);
    else
        fputs("`dmumu --help` lists the commands.\n", stderr);
    return DMUMU_EXIT_USAGE;
}

int dmumu_cmd_failed(const char *command, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    complain(command, format, args);
    va_end(args);
    return DMUMU_EXIT_FAILED;
}

enum { MAX_OPTIONS = 32, WORD_SIZE = 64 };

/* The long option that returns `value`, or NULL. */
static const char *option_name(const struct option options[], int value)
{
    for (size_t i = 0; options[i].name; i++)
        if (options[i].val == value)
            return options[i].name;
    return NULL;
}

/* "--betta=3": the nearest option to the word between the dashes and the equals sign. */
static int unknown_option(const char *command, const char *given, const struct option options[])
{
    char word[WORD_SIZE];
    const char *names[MAX_OPTIONS];
    size_t n = 0;
    for (; n < MAX_OPTIONS && options[n].name; n++)
        names[n] = options[n].name;
    const char *start = given + strspn(given, "-");
    snprintf(word, sizeof word, "%.*s", (int)strcspn(start, "="), start);
    const char *nearest = dmumu_scalar_nearest(word, n, names);
    if (nearest)
        return dmumu_cmd_usage(command, "unknown option '%.80s'; did you mean '--%s'?", given, nearest);
    return dmumu_cmd_usage(command, "unknown option '%.80s'", given);
}

int dmumu_cmd_bad_option(const char *command, int returned, char **argv, const struct option options[])
{
    const char *name = optopt ? option_name(options, optopt) : NULL;
    if (returned == ':' && name)
        return dmumu_cmd_usage(command, "option '--%s' needs a value", name);
    if (name)
        return dmumu_cmd_usage(command, "option '--%s' takes no value, but '%.80s' gives one", name, argv[optind - 1]);
    if (optopt)
        return dmumu_cmd_usage(command, "unknown option '-%c'", optopt);
    return unknown_option(command, argv[optind - 1], options);
}

int dmumu_cmd_flush(const char *command, int status)
{
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    return dmumu_cmd_failed(command, "standard output cannot be written: %s", strerror(errno ? errno : EIO));
}
