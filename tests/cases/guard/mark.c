/* Leaves a mark: creates the file its first argument names. */
#include <fcntl.h>
#include <unistd.h>

int main(int argc, char **argv) {
    return argc < 2 || close(open(argv[1], O_CREAT | O_WRONLY, 0666));
}
