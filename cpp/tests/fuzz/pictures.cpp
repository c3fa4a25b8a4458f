#include "errors.hpp"
#include "fuzz.hpp"
#include "picture.hpp"

using namespace facecap;
using namespace facecap::board;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 8) return 0;  // too short for the signature by which a decoder is chosen
  const std::vector<std::uint8_t> bytes(data, data + size);
  for (void (*decode)(const std::vector<std::uint8_t>&, Image&) : {
           decode_netpbm,
#ifdef FACECAP_WITH_JPEG
           +[](const std::vector<std::uint8_t>& file, Image& picture) {
             decode_jpeg(file.data(), file.size(), picture);
           },
#endif
#ifdef FACECAP_WITH_PNG
           decode_png,
#endif
       }) {
    Image picture;
    fuzz::may_throw<Error>([&] {
      decode(bytes, picture);
      const auto pixels =
          std::size_t{3} * static_cast<std::size_t>(picture.width) * static_cast<std::size_t>(picture.height);
      fuzz::hold(pixels > 0 && picture.pixels.size() == pixels, "a picture has all its pixels");
    });
  }
  return 0;
}
