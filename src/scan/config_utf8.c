/* UTF-8, decoded (RFC 3629). */
#include "scan/config_utf8.h"

/* Bytes that a first byte announces, and the least character that needs so many; 0 bytes: none begins so. */
static size_t announced(unsigned char first, uint32_t *least)
{
    static const uint32_t leasts[] = {0, 0, 0x80, 0x800, 0x10000};
    const size_t length = first < 0x80   ? 1
                          : first < 0xc0 ? 0
                          : first < 0xe0 ? 2
                          : first < 0xf0 ? 3
                          : first < 0xf8 ? 4
                                         : 0;
    *least = leasts[length];
    return length;
}

size_t dmumu_utf8_decode(const char *text, uint32_t *character)
{
    const unsigned char *byte = (const unsigned char *)text;
    uint32_t least;
    const size_t length = announced(byte[0], &least);
    uint32_t number = length < 2 ? byte[0] : byte[0] & (0x7fU >> length);
    for (size_t i = 1; i < length; i++) {
        if ((byte[i] & 0xc0) != 0x80) /* the NUL at the end too */
            return 0;
        number = number << 6 | (byte[i] & 0x3f);
    }
    if (length == 0 || number < least || number > 0x10ffff || (number >= 0xd800 && number < 0xe000))
        return 0;
    *character = number;
    return length;
}
