#pragma once

#include <cstddef>

namespace facecap::board::heap {

// What `new` of this program has handed out, the C++ library's containers included; a runtime that is loaded
// as a library counts for itself.

std::size_t in_use();   // bytes
std::size_t peak();     // most that was in use at once since the last mark()
std::size_t largest();  // largest piece asked for since the last mark()
void mark();

/// From now on `new` throws std::bad_alloc rather than have more bytes in use. 0: no limit.
void set_limit(std::size_t bytes);

}  // namespace facecap::board::heap
