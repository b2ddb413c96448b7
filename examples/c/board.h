/* What the example needs of the machine that it runs on: `host.c` or `cortex_m.c`. */

#ifndef BOARD_H
#define BOARD_H

/* Prints text. */
void board_print(const char *text);

#endif
