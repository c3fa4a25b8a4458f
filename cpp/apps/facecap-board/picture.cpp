#include "picture.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "errors.hpp"

namespace facecap::board {
namespace {

constexpr off_t kLargestFile = 64 << 20;
constexpr unsigned long kLargestSide = 8192;

void read_bytes(const std::string& path, std::vector<std::uint8_t>& bytes) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat status{};
  if (file < 0 || ::fstat(file, &status) != 0) {
    const std::string text = errno_text(path);
    if (file >= 0) ::close(file);
    throw Error(text);
  }
  if (status.st_size > kLargestFile) {
    ::close(file);
    throw Error(path + ": " + std::to_string(status.st_size) + " bytes, wanted at most " +
                std::to_string(kLargestFile));
  }
  struct Closing {
    int file;
    ~Closing() { ::close(file); }
  } closing{file};
  bytes.resize(static_cast<std::size_t>(status.st_size));
  std::size_t filled = 0;
  while (filled < bytes.size()) {
    const ssize_t got = ::read(file, bytes.data() + filled, bytes.size() - filled);
    if (got < 0) throw_errno(path);
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  bytes.resize(filled);
}

bool begins_with(const std::vector<std::uint8_t>& bytes, const std::string& mark) {
  return bytes.size() >= mark.size() &&
         std::equal(mark.begin(), mark.end(), bytes.begin(),
                    [](char a, std::uint8_t b) { return static_cast<std::uint8_t>(a) == b; });
}

void decode(const std::vector<std::uint8_t>& bytes, Image& picture) {
  if (begins_with(bytes, "P5") || begins_with(bytes, "P6")) return decode_netpbm(bytes, picture);
#ifdef FACECAP_WITH_JPEG
  if (begins_with(bytes, "\xFF\xD8\xFF")) return decode_jpeg(bytes.data(), bytes.size(), picture);
#endif
#ifdef FACECAP_WITH_PNG
  if (begins_with(bytes, "\x89PNG\r\n\x1A\n")) return decode_png(bytes, picture);
#endif
  throw Error("no picture that this program reads" + missing_decoders());
}

}  // namespace

const std::vector<std::string>& picture_suffixes() {
  static const std::vector<std::string> all{
      ".ppm", ".pgm",
#ifdef FACECAP_WITH_JPEG
      ".jpg", ".jpeg", ".jpe",
#endif
#ifdef FACECAP_WITH_PNG
      ".png",
#endif
  };
  return all;
}

std::string missing_decoders() {
  std::string kinds;
#ifndef FACECAP_WITH_JPEG
  kinds += "JPEG";
#endif
#ifndef FACECAP_WITH_PNG
  kinds += kinds.empty() ? "PNG" : " and PNG";
#endif
  return kinds.empty() ? "" : ": this build reads no " + kinds + ", convert them to PPM";
}

void set_size(Image& picture, unsigned long width, unsigned long height) {
  if (width < 1 || height < 1 || width > kLargestSide || height > kLargestSide)
    throw Error("it is " + std::to_string(width) + "x" + std::to_string(height) +
                " pixels, wanted 1 to 8192 a side");
  picture.width = static_cast<int>(width);
  picture.height = static_cast<int>(height);
  picture.color = ColorOrder::rgb;
  picture.pixels.resize(std::size_t{3} * width * height);
}

void read_picture(const std::string& path, std::vector<std::uint8_t>& bytes, Image& picture) {
  read_bytes(path, bytes);
  try {
    decode(bytes, picture);
  } catch (const Error& error) {
    throw Error(path + ": " + error.what());
  }
}

}  // namespace facecap::board
