#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace facecap {

/// RFC 1321 MD5 of bytes that lie in memory: what a .cvimodel carries against damage.
std::array<std::uint8_t, 16> md5(const std::uint8_t* data, std::size_t size);

}  // namespace facecap
