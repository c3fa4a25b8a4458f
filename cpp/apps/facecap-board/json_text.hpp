#pragma once

#include <string>

namespace facecap::board {

// JSON text as Python's json.dumps writes it, byte for byte, so that files of both programs compare.

/// A string in quotes; what is not ASCII is escaped, a byte that is not UTF-8 as the lone surrogate of
/// Python's surrogateescape.
void append_json(std::string& out, const std::string& text);

/// The shortest decimal number that reads back as `value`; null where it is not finite.
void append_number(std::string& out, double value);

/// `append_number` of the value rounded to so many decimals.
void append_rounded(std::string& out, double value, int decimals);

/// RFC 3339 with milliseconds, seconds counted from 1970.
std::string rfc3339(double seconds);

}  // namespace facecap::board
