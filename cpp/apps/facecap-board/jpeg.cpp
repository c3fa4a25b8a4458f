#include <csetjmp>
#include <cstddef>
#include <cstdio>

#include "errors.hpp"
#include "facecap/jpeg_fill.hpp"
#include "picture.hpp"

// Behind the others: it uses their types without including them.
#include <jpeglib.h>

namespace facecap::board {
namespace {

/// The library leaves by longjmp where it would end the program; its warnings are of damaged data too.
struct Failure {
  jpeg_error_mgr manager;
  std::jmp_buf back;
  char text[JMSG_LENGTH_MAX];
};

[[noreturn]] void leave(j_common_ptr info) {
  auto* failure = reinterpret_cast<Failure*>(info->err);
  info->err->format_message(info, failure->text);
  std::longjmp(failure->back, 1);
}

void on_message(j_common_ptr info, int level) {
  if (level < 0) leave(info);
}

bool size_is_set(Image& picture, unsigned long width, unsigned long height, std::optional<Size> wanted,
                 Failure& failure) {
  if (wanted && (width != static_cast<unsigned long>(wanted->width) ||
                 height != static_cast<unsigned long>(wanted->height))) {
    std::snprintf(failure.text, sizeof failure.text, "it is %lux%lu pixels, wanted %dx%d", width, height,
                  wanted->width, wanted->height);
    return false;
  }
  try {
    set_size(picture, width, height);
    return true;
  } catch (const std::exception& error) {
    std::snprintf(failure.text, sizeof failure.text, "%s", error.what());
    return false;
  }
}

/// No C++ object that needs a destructor lives in here, since longjmp runs none.
bool decode_rows(jpeg_decompress_struct& info, Failure& failure, Image& picture, const std::uint8_t* data,
                 std::size_t bytes, std::optional<Size> wanted) {
  if (setjmp(failure.back)) return false;
  jpeg_create_decompress(&info);
  jpeg_mem_src(&info, data, static_cast<unsigned long>(bytes));
  jpeg_read_header(&info, TRUE);
  info.out_color_space = JCS_RGB;
  if (!size_is_set(picture, info.image_width, info.image_height, wanted, failure)) return false;
  jpeg_start_decompress(&info);
  while (info.output_scanline < info.output_height) {
    JSAMPROW row = picture.pixels.data() + std::size_t{3} * info.output_width * info.output_scanline;
    jpeg_read_scanlines(&info, &row, 1);
  }
  jpeg_finish_decompress(&info);
  return true;
}

}  // namespace

void decode_jpeg(const std::uint8_t* data, std::size_t bytes, Image& picture, std::optional<Size> wanted) {
  jpeg_decompress_struct info{};
  Failure failure{};
  info.err = jpeg_std_error(&failure.manager);
  failure.manager.error_exit = leave;
  failure.manager.emit_message = on_message;
  const bool done = decode_rows(info, failure, picture, data, bytes, wanted);
  jpeg_destroy_decompress(&info);
  if (done) return;
  // Some cameras fill the place before a marker with zeros, which the library takes for lost data.
  const std::vector<std::uint8_t> whole = jpeg_without_fill(data, bytes);
  if (whole.empty()) throw Error(failure.text);
  decode_jpeg(whole.data(), whole.size(), picture, wanted);
}

}  // namespace facecap::board
