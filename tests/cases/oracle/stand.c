/* Stands in for any program in generated scripts: it does nothing. As `zqo` it prints its arguments, as `zqn` it fails. */
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv) {
    const char *slash = argc ? strrchr(argv[0], '/') : NULL;
    const char *name = slash ? slash + 1 : argc ? argv[0] : "";
    if (!strcmp(name, "zqo")) {
        for (int at = 1; at < argc; at++) printf("%s%s", argv[at], at + 1 < argc ? " " : "\n");
    }
    return !strcmp(name, "zqn");
}
