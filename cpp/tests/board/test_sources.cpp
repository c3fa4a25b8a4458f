#include <algorithm>
#include <random>

#include "check.hpp"
#include "errors.hpp"
#include "picture.hpp"
#include "picture_folder.hpp"
#include "png_writer.hpp"
#include "raw_stream.hpp"
#include "temporary_folder.hpp"
#include "tiny_jpeg.hpp"

using namespace facecap;
using namespace facecap::board;

namespace {

std::string ppm(int width, int height, char value) {
  return "P6\n# made by a test\n" + std::to_string(width) + " " + std::to_string(height) + "\n255\n" +
         std::string(static_cast<std::size_t>(3 * width * height), value);
}

std::vector<std::uint8_t> bytes_of(const std::string& text) {
  return {text.begin(), text.end()};
}

}  // namespace

TEST(natural_order_of_names) {
  std::vector<std::string> names{"10.ppm", "2.ppm", "a10", "A9", "02.ppm", "b", "a"};
  std::sort(names.begin(), names.end(), natural_order);
  std::string joined;
  for (const std::string& name : names) joined += name + " ";
  EXPECT_EQ(joined, "02.ppm 2.ppm 10.ppm a A9 a10 b ");
}

TEST(folders_leave_out_damaged_pictures) {
  const TemporaryFolder folder;
  write_text(folder / "1.ppm", ppm(4, 2, 1));
  write_text(folder / "2.ppm", ppm(4, 2, 2).substr(0, 30));
  write_text(folder / "3.PGM", "P5 2 1 255\nab");
  write_text(folder / "4.ppm", "no picture");
  write_text(folder / "notes.txt", "x");
  PictureFolder source(folder.path(), 10);
  Frame frame;
  EXPECT(source.next(frame));
  EXPECT(size_of(frame.view) == (Size{4, 2}));
  EXPECT(source.next(frame));
  EXPECT_EQ(frame.index, 2);
  EXPECT_NEAR(*frame.timestamp, 0.2, 1e-9);
  EXPECT_EQ(int{std::get<ImageView>(frame.view).data[3]}, int{'b'});
  EXPECT(!source.next(frame));
  EXPECT_EQ(source.damaged, 2);
  EXPECT_EQ(*source.length, 4);
}

TEST(folders_without_a_usable_picture_fail) {
  const TemporaryFolder folder;
  EXPECT_THROWS(Error, PictureFolder(folder.path(), {}), "holds no pictures (.ppm .pgm");
  EXPECT_THROWS(Error, PictureFolder(folder / "absent", {}), "No such file");
  write_text(folder / "1.ppm", "P6 1 1 254\nxxx");
  PictureFolder source(folder.path(), {});
  Frame frame;
  EXPECT_THROWS(Error, source.next(frame), "no picture of 1 can be used");
}

TEST(netpbm_of_any_bytes_is_read_or_refused) {
  std::mt19937 random(12);
  Image picture;
  int read = 0;
  for (int round = 0; round < 4000; ++round) {
    std::vector<std::uint8_t> bytes = bytes_of(ppm(3, 3, 'x'));
    for (int k = 0; k < 2; ++k)
      bytes[std::uniform_int_distribution<std::size_t>(2, bytes.size() - 1)(random)] =
          static_cast<std::uint8_t>(random());
    if (round % 3 == 0) bytes.resize(std::uniform_int_distribution<std::size_t>(2, bytes.size())(random));
    try {
      decode_netpbm(bytes, picture);
      ++read;
      EXPECT_EQ(picture.pixels.size(), static_cast<std::size_t>(3 * picture.width * picture.height));
    } catch (const Error&) {
    }
  }
  EXPECT(read > 0 && read < 4000);
  EXPECT_THROWS(Error, decode_netpbm(bytes_of("P6 9999999 9999999 255\n"), picture), "cut short");
  EXPECT_THROWS(Error, decode_netpbm(bytes_of("P6 0 1 255\n"), picture), "0x1 pixels");
  EXPECT_THROWS(Error, decode_netpbm(bytes_of("P6"), picture), "header");
}

TEST(raw_frames_are_exact) {
  const TemporaryFolder folder;
  write_text(folder / "two", std::string(24 + 24 + 7, 'q'));
  RawStream source(folder / "two", SourceFormat::nv21, {4, 4}, 25);
  EXPECT_EQ(*source.length, 2);
  Frame frame;
  EXPECT(source.next(frame));
  EXPECT(source.next(frame));
  EXPECT_EQ(frame.index, 1);
  EXPECT_NEAR(*frame.timestamp, 0.04, 1e-9);
  EXPECT(std::get<YuvView>(frame.view).order == ChromaOrder::vu);
  EXPECT(!source.next(frame));
  EXPECT_EQ(source.damaged, 1);
  EXPECT(source.ended_early);
  EXPECT_THROWS(UsageError, RawStream(folder / "two", SourceFormat::nv21, {3, 4}, {}), "even sides");
  EXPECT_THROWS(Error, RawStream(folder / "three", SourceFormat::rgb, {3, 4}, {}), "No such file");
}

TEST(png_round_trip) {
  std::mt19937 random(5);
  Image image{{}, 200, 130, ColorOrder::bgr};  // more than one stored block
  for (int k = 0; k < 3 * 200 * 130; ++k) image.pixels.push_back(static_cast<std::uint8_t>(random()));
  std::vector<std::uint8_t> png;
  encode_png(image.view(), png);
  const TemporaryFolder folder;
  write_text(folder / "a.png", std::string(png.begin(), png.end()));
#ifdef FACECAP_WITH_PNG
  Image back;
  std::vector<std::uint8_t> bytes;
  read_picture(folder / "a.png", bytes, back);
  EXPECT_EQ(back.pixels.size(), image.pixels.size());
  for (std::size_t i = 0; i < image.pixels.size(); i += 3)
    EXPECT(back.pixels[i] == image.pixels[i + 2] && back.pixels[i + 2] == image.pixels[i]);
  for (std::size_t at : {std::size_t{20}, png.size() / 2, png.size() - 6}) {
    std::vector<std::uint8_t> damaged = png;
    damaged[at] ^= 1;
    write_text(folder / "b.png", std::string(damaged.begin(), damaged.end()));
    EXPECT_THROWS(Error, read_picture(folder / "b.png", bytes, back), "b.png: ");
  }
#endif
}

#ifdef FACECAP_WITH_JPEG
TEST(jpeg_is_read_from_a_file_and_refused_where_it_is_cut_short) {
  const TemporaryFolder folder;
  const std::vector<std::uint8_t> jpeg = tiny_jpeg();
  write_text(folder / "a.jpg", std::string(jpeg.begin(), jpeg.end()));
  write_text(folder / "b.jpg", std::string(jpeg.begin(), jpeg.end() - 4));
  Image picture;
  std::vector<std::uint8_t> bytes;
  read_picture(folder / "a.jpg", bytes, picture);
  EXPECT(picture.width == 16 && picture.height == 8);
  for (const std::uint8_t value : picture.pixels) EXPECT_EQ(int{value}, 142);
  EXPECT_THROWS(Error, read_picture(folder / "b.jpg", bytes, picture), "b.jpg: ");
}
#endif
