#include <png.h>

#include <algorithm>
#include <iterator>

#include "errors.hpp"
#include "picture.hpp"

namespace facecap::board {
namespace {

/// The library stops reading behind the last row, and a file that lacks its end may lack more.
bool has_end(const std::vector<std::uint8_t>& bytes) {
  constexpr std::uint8_t kEnd[] = {0, 0, 0, 0, 'I', 'E', 'N', 'D', 0xAE, 0x42, 0x60, 0x82};
  return std::search(bytes.begin(), bytes.end(), std::begin(kEnd), std::end(kEnd)) != bytes.end();
}

}  // namespace

void decode_png(const std::vector<std::uint8_t>& bytes, Image& picture) {
  png_image info{};
  info.version = PNG_IMAGE_VERSION;
  struct Freeing {
    png_image& info;
    ~Freeing() { png_image_free(&info); }
  } freeing{info};
  if (!png_image_begin_read_from_memory(&info, bytes.data(), bytes.size())) throw Error(info.message);
  set_size(picture, info.width, info.height);
  info.format = PNG_FORMAT_RGB;
  const png_color black{};
  const bool read = png_image_finish_read(&info, &black, picture.pixels.data(), 0, nullptr) != 0;
  if (read && !has_end(bytes)) throw Error("its end is missing or damaged");
  if (!read || PNG_IMAGE_FAILED(info) || info.warning_or_error != 0) throw Error(info.message);
}

}  // namespace facecap::board
