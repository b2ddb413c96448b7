/*
 * A Cortex-M under QEMU: vector table, start-up code, and semihosting. A program for a real board takes them from the
 * vendor's files.
 */

#include "board.h"

#include <stddef.h>
#include <stdint.h>

int main(void);
void reset(void);

extern uint32_t stack_top;
extern uint8_t bss_start, bss_end;

/* The start of the vector table. */
__attribute__((section(".vectors"), used)) static const struct {
    uint32_t *stack_top;
    void (*reset)(void);
} vectors = {&stack_top, reset};

/* A call to the debugger, which is QEMU. */
static void semihosting(uint32_t operation, uint32_t argument)
{
    register uint32_t r0 __asm__("r0") = operation;
    register uint32_t r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
}

void board_print(const char *text)
{
    semihosting(0x04U, (uint32_t)(uintptr_t)text);
}

void reset(void)
{
    /* Turn the floating-point unit on: code for this core may keep any value in its registers. */
    *(volatile uint32_t *)0xE000ED88U = 0x00F00000U;
    __asm__ volatile("dsb\n\tisb" : : : "memory");
    /* Volatile, or the loop becomes a call of `memset`, which has no library here. */
    for (volatile uint8_t *byte = &bss_start; byte != &bss_end; byte++) {
        *byte = 0U;
    }
    semihosting(0x18U, main() == 0 ? 0x20026U : 0x20023U);
    for (;;) {
    }
}

/* Compilers call these for the initialization and the copying of arrays. */

void *memset(void *target, int value, size_t size)
{
    volatile uint8_t *bytes = target;
    for (size_t i = 0; i < size; i++) {
        bytes[i] = (uint8_t)value;
    }
    return target;
}

void *memcpy(void *target, const void *source, size_t size)
{
    volatile uint8_t *to = target;
    const uint8_t *from = source;
    for (size_t i = 0; i < size; i++) {
        to[i] = from[i];
    }
    return target;
}
