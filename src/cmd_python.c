/* Python: see cmd_python.h. */
#define _XOPEN_SOURCE 700 /* realpath */
#include "cmd_python.h"

#include "cmd.h"

#include <errno.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* What is started, with what added to the environment. */
struct start {
    const char *interpreter;
    char program[PATH_MAX];  /* this one; "" where it cannot be found out */
    char folder[PATH_MAX];   /* of the package; "": Python may know it */
    char path[2 * PATH_MAX]; /* PYTHONPATH, with what it was before behind it */
};

/* A script that says what is missing, with the name of the command, of the Python and the modules as arguments. */
static const char CHECK[] =
    "import importlib.util, sys\n"
    "command, python, *needs = sys.argv[1:]\n"
    "if sys.version_info < (3, 10):\n"
    "    sys.exit(f'dmumu {command}: {python} is Python {sys.version.split()[0]}; it must be '\n"
    "             '3.10 or later: DMUMU_PYTHON may name another')\n"
    "missing = [name for name in needs if importlib.util.find_spec(name) is None]\n"
    "if 'dmumu' in missing:\n"
    "    sys.exit(f'dmumu {command}: the Python package dmumu is not beside the program, nor '\n"
    "             f'known to {python}: `make install` or `pip install ./analysis` installs it')\n"
    "if missing:\n"
    "    sys.exit(f'dmumu {command}: {python} has no ' + ', '.join(missing) + ': install ' +\n"
    "             ' '.join('python3-' + name for name in missing) + ' (Debian, Ubuntu: apt-get '\n"
    "             f'install), or `{python} -m pip install ' + ' '.join(missing) +\n"
    "             '`, or name a Python that has them in DMUMU_PYTHON')\n";

/* Where the package may be, from the folder of the program. */
static const char *const places[] = {"../analysis", "../../analysis", "../share/dmumu/python"};

static const char *find_interpreter(void)
{
    const char *asked_for = getenv("DMUMU_PYTHON");
    if (asked_for && *asked_for)
        return asked_for;
    return access("/usr/bin/python3", X_OK) == 0 ? "/usr/bin/python3" : "python3";
}

/* Program and package; either stays "" where it is not found. */
static void find_package(struct start *start)
{
    const ssize_t length = readlink("/proc/self/exe", start->program, sizeof start->program - 1);
    start->program[length > 0 ? length : 0] = '\0';
    const char *slash = strrchr(start->program, '/');
    for (size_t i = 0; slash && i < sizeof places / sizeof *places; i++) {
        char try[2 * PATH_MAX], package[3 * PATH_MAX];
        snprintf(try, sizeof try, "%.*s/%s", (int)(slash - start->program), start->program, places[i]);
        snprintf(package, sizeof package, "%s/dmumu/__init__.py", try);
        if (access(package, R_OK) == 0 && realpath(try, start->folder))
            return;
    }
    start->folder[0] = '\0';
}

static int find_start(const char *command, struct start *start)
{
    *start = (struct start){.interpreter = find_interpreter()};
    find_package(start);
    const char *before = getenv("PYTHONPATH");
    const int length = snprintf(start->path, sizeof start->path, "%s%s%s", start->folder, before && *before ? ":" : "",
                                before ? before : "");
    return (size_t)length < sizeof start->path
               ? DMUMU_EXIT_OK
               : dmumu_cmd_failed(command, "PYTHONPATH is longer than %zu bytes", sizeof start->path);
}

static int cannot_start(const char *command, const char *interpreter, int cause)
{
    return dmumu_cmd_failed(command,
                            "Python cannot be started: '%s': %s; install python3 (Debian, Ubuntu: apt-get install "
                            "python3), or name one in DMUMU_PYTHON",
                            interpreter, strerror(cause));
}

/* Start it, wait for it; its exit status. */
static int spawn(const char *command, const char *interpreter, char *const argv[])
{
    pid_t child = 0;
    int ended = 0;
    const int cause = posix_spawnp(&child, interpreter, NULL, NULL, argv, environ);
    if (cause != 0)
        return cannot_start(command, interpreter, cause);
    while (waitpid(child, &ended, 0) < 0)
        if (errno != EINTR)
            return dmumu_cmd_failed(command, "Python cannot be waited for: %s", strerror(errno));
    if (WIFEXITED(ended))
        return WEXITSTATUS(ended);
    return dmumu_cmd_failed(command, "'%s' was ended by signal %d", interpreter, WTERMSIG(ended));
}

/* An argument list, ended by NULL: owned by the caller. exec and spawn do not change the words. */
static char **list_of(size_t n_first, const char *const first[], size_t n_last, const char *const last[])
{
    char **list = calloc(n_first + n_last + 1, sizeof *list);
    if (list) {
        memcpy(list, first, n_first * sizeof *list);
        memcpy(list + n_first, last, n_last * sizeof *list);
    }
    return list;
}

static int check(const char *command, const char *interpreter, const struct dmumu_python *python)
{
    const char *const first[] = {interpreter, "-c", CHECK, command, interpreter};
    char **argv = list_of(sizeof first / sizeof *first, first, python->n_needs, python->needs);
    if (!argv)
        return dmumu_cmd_failed(command, "out of memory");
    const int status = spawn(command, interpreter, argv);
    free(argv);
    return status;
}

int dmumu_python_become(const char *command, const struct dmumu_python *python)
{
    struct start start;
    int status = find_start(command, &start);
    if (status != DMUMU_EXIT_OK)
        return status;
    if (*start.folder && setenv("PYTHONPATH", start.path, 1) != 0)
        return dmumu_cmd_failed(command, "out of memory");
    /* The module asks the program for what it knows: this one. */
    if (*start.program && setenv("DMUMU", start.program, 1) != 0)
        return dmumu_cmd_failed(command, "out of memory");
    status = check(command, start.interpreter, python);
    if (status != DMUMU_EXIT_OK)
        return status;
    const char *const first[] = {start.interpreter, "-m", python->module};
    char **argv = list_of(sizeof first / sizeof *first, first, python->n_arguments, python->argument);
    if (!argv)
        return dmumu_cmd_failed(command, "out of memory");
    fflush(NULL);
    execvp(start.interpreter, argv);
    const int cause = errno;
    free(argv);
    return cannot_start(command, start.interpreter, cause);
}

/* A word as a shell takes it: between single quotes, in which each of its own becomes '\''. */
static void print_word(const char *word)
{
    putchar('\'');
    for (const char *at = word; *at;) {
        if (*at == '\'') {
            fputs("'\\''", stdout);
            at++;
        } else {
            at = dmumu_cmd_print_next(stdout, at);
        }
    }
    putchar('\'');
}

int dmumu_python_print(const char *command, const struct dmumu_python *python)
{
    struct start start;
    const int status = find_start(command, &start);
    if (status != DMUMU_EXIT_OK)
        return status;
    if (*start.folder) {
        fputs("PYTHONPATH=", stdout);
        print_word(start.path);
        putchar(' ');
    }
    if (*start.program) {
        fputs("DMUMU=", stdout);
        print_word(start.program);
        putchar(' ');
    }
    print_word(start.interpreter);
    printf(" -m %s", python->module);
    for (size_t i = 0; i < python->n_arguments; i++) {
        putchar(' ');
        print_word(python->argument[i]);
    }
    putchar('\n');
    return dmumu_cmd_flush(command, DMUMU_EXIT_OK);
}
