#include <random>

#include "check.hpp"
#include "facecap/error.hpp"
#include "runtime/cvimodel/model_header.hpp"
#include "runtime/md5.hpp"
#include "tiny_cvimodel.hpp"

using facecap::ModelError;
using facecap::cvimodel::ModelHeader;
using facecap::cvimodel::read_header;
using tiny_cvimodel::File;

namespace {

std::string hex(const std::string& text) {
  std::string out;
  for (const std::uint8_t byte :
       facecap::md5(reinterpret_cast<const std::uint8_t*>(text.data()), text.size())) {
    out += "0123456789abcdef"[byte >> 4];
    out += "0123456789abcdef"[byte & 15];
  }
  return out;
}

ModelHeader read(const std::string& bytes, bool unchecked = false) {
  return read_header(bytes, "m.cvimodel", unchecked);
}

void refused(const File& file, const std::string& part) {
  EXPECT_THROWS(ModelError, read(tiny_cvimodel::write(file)), part);
  EXPECT_THROWS(ModelError, read(tiny_cvimodel::write(file), true), part);
}

}  // namespace

TEST(md5_agrees_with_the_standard) {
  EXPECT_EQ(hex(""), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(hex("abc"), "900150983cd24fb0d6963f7d28e17f72");
  EXPECT_EQ(hex("12345678901234567890123456789012345678901234567890123456789012345678901234567890"),
            "57edf4a22be3c955ac49da2e2107b67a");
  EXPECT_EQ(hex(std::string(55, 'a')), "ef1772b6dff9a122358552954ad0df65");
  EXPECT_EQ(hex(std::string(56, 'a')), "3b0c8ac703f828b04c6c197006d17218");
  EXPECT_EQ(hex(std::string(64, 'a')), "014842d480b571495a4a0363793f7367");
}

TEST(cvimodel_says_what_it_is) {
  File file;
  file.inputs = {{"image_raw", 7, {1, 12, 20, 3}, 1, "RGB_PACKED", true}};
  file.outputs = {{"boxes", 6, {1, 1050, 4, 1}, 0.25f}, {"scores", 3, {1, 1050, 2, 1}}};
  const ModelHeader header = read(tiny_cvimodel::write(file));
  EXPECT_EQ(header.chip, "cv182x");
  EXPECT_EQ(header.inputs.size(), 1u);
  EXPECT_EQ(header.inputs[0].name, "image_raw");
  EXPECT_EQ(header.inputs[0].pixel_format, "RGB_PACKED");
  EXPECT(header.inputs[0].aligned);
  EXPECT_EQ(header.inputs[0].elements(), 720u);
  EXPECT_EQ(header.outputs.size(), 2u);
  EXPECT_NEAR(header.outputs[0].scale, 0.25, 0);
  EXPECT(header.outputs[1].format == facecap::cvimodel::Format::bfloat16);
}

TEST(cvimodel_of_other_names_and_versions) {
  File file;
  file.chip = file.target = "mars";
  EXPECT_EQ(read(tiny_cvimodel::write(file)).chip, "cv181x");
  file.chip = file.target = "phobos";
  EXPECT_EQ(read(tiny_cvimodel::write(file)).chip, "cv180x");
  file.minor = file.minor_inside = 0;  // its header had no room for a chip
  file.target = "";
  EXPECT_EQ(read(tiny_cvimodel::write(file)).chip, "cv183x");
}

TEST(cvimodel_that_is_none_is_refused) {
  EXPECT_THROWS(ModelError, read(""), "m.cvimodel: no .cvimodel: it does not begin with 'CviModel'");
  EXPECT_THROWS(ModelError, read("CviModel"), "8 bytes, wanted more than 48");
  EXPECT_THROWS(ModelError, read(std::string(100, 'x')), "no .cvimodel");
  File file;
  file.minor = 9;
  refused(file, "version 1.9 of the format, wanted 1.0 to 1.4");
  file.minor = 4;
  file.major = 2;
  refused(file, "version 2.4");
  file = {};
  file.chip = "bm1684x";
  refused(file, "made for the chip 'bm1684x', wanted one of: cv180x");
  file.chip = std::string("\x01\xff", 2);
  refused(file, "made for the chip '\?\?'");
}

TEST(cvimodel_whose_header_was_edited_is_refused) {
  // These bytes are under no checksum: the body says the same again.
  File file;
  file.chip = "cv181x";
  refused(file, "two chips, cv181x and cv182x");
  file = {};
  file.minor = 3;
  refused(file, "two versions, 1.3 and 1.4");
  file = {};
  const std::string body = tiny_cvimodel::body_of(file);
  const std::string rest = body + std::string(96, '\7');
  EXPECT_THROWS(ModelError, read(tiny_cvimodel::with_preamble(file, body.size() - 8, rest)),
                "a place outside of the header");
  EXPECT_THROWS(ModelError, read(tiny_cvimodel::with_preamble(file, body.size() + 8, rest)),
                "ends 8 bytes behind the file");
  EXPECT_THROWS(ModelError, read(tiny_cvimodel::with_preamble(file, rest.size() + 1, rest)),
                "the file is truncated");
  file.section_bytes = 104;
  EXPECT_THROWS(ModelError, read(tiny_cvimodel::write(file)), "8 bytes that belong to no section");
}

TEST(cvimodel_without_a_checksum_is_taken_only_when_asked_for) {
  std::string bytes = tiny_cvimodel::write({});
  for (int i = 14; i < 30; ++i) bytes[static_cast<std::size_t>(i)] = 0;
  EXPECT_THROWS(ModelError, read(bytes), "FACECAP_CVIMODEL_UNCHECKED=1");
  EXPECT_EQ(read(bytes, true).chip, "cv182x");
}

TEST(cvimodel_with_sections_that_cannot_be_is_refused) {
  File file;
  file.sections[1].offset = 65;
  refused(file, "the section 'subfunc_0' ends 1 bytes behind the file");
  file.sections[1] = {1, "subfunc_0", 0xFFFFFFFF, 64};
  refused(file, "behind the file");
  file.sections[1] = {1, "subfunc_0", 32, 64, true};
  refused(file, "encrypted");
  file.sections[1] = {2, "custom", 32, 64};
  refused(file, "the section 'custom' is program code");
  file.sections[1] = {9, "what", 32, 64};
  refused(file, "unknown kind");
  file.sections[1] = {1, "", 32, 64};
  refused(file, "a name that is missing");
  file = {};
  file.commands = "subfunc_1";
  refused(file, "wants the section 'subfunc_1', which is missing");
}

TEST(cvimodel_with_tensors_that_cannot_be_is_refused) {
  const auto with_output = [](const tiny_cvimodel::Tensor& tensor) {
    File file;
    file.outputs = {tensor};
    return file;
  };
  refused(with_output({"y", 0, {1, 1}}), "'y' with 2 sides");
  refused(with_output({"y", 0, {1, -1, 1, 1}}), "'y' with a side of -1");
  refused(with_output({"y", 0, {1, 0, 1, 1}}), "'y' with a side of 0");
  refused(with_output({"y", 0, {1 << 20, 1 << 20, 1, 1}}), "more than 2^28 elements");
  refused(with_output({"y", 0, {std::int64_t{1} << 62, 4, 1, 1}}), "with a side of");
  refused(with_output({"y", 0, {1, 1, 1, 1, 2}}), "with a side of 2");
  refused(with_output({"y", 9, {1, 1, 1, 1}}), "the element type 9");
  refused(with_output({"y", 6, {1, 1, 1, 1}, 0}), "the output 'y' has no scale");
  refused(with_output({"y", 6, {1, 1, 1, 1}, 1, "", false, 3}), "a zero point");
  refused(with_output({std::string(2000, 'y'), 0, {1, 1, 1, 1}}), "a name of 2000 characters");
  File file;
  file.outputs.clear();
  refused(file, "no output");
}

TEST(cvimodel_of_which_a_part_is_missing_is_refused) {
  const std::string whole = tiny_cvimodel::write({});
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_THROWS(ModelError, read(whole.substr(0, length)), "m.cvimodel: ");
    EXPECT_THROWS(ModelError, read(whole.substr(0, length), true), "m.cvimodel: ");
  }
}

TEST(cvimodel_of_which_a_byte_is_wrong_is_refused) {
  const std::string whole = tiny_cvimodel::write({});
  for (std::size_t place = 0; place < whole.size(); ++place) {
    if (place > 36 && place < 48) continue;  // what follows the chip's name: padding
    std::string bytes = whole;
    bytes[place] = static_cast<char>(bytes[place] ^ 0x41);
    EXPECT_THROWS(ModelError, read(bytes), "m.cvimodel: ");
  }
}

TEST(cvimodel_of_random_damage_is_read_or_refused) {
  // Without its checksum, so that the damage reaches every check of the structure.
  File file;
  file.inputs = {{"image_raw", 7, {1, 12, 20, 3}, 1, "RGB_PACKED", true}};
  const std::string whole = tiny_cvimodel::write(file);
  std::mt19937 random(7);
  const auto below = [&](std::size_t end) {
    return std::uniform_int_distribution<std::size_t>(0, end - 1)(random);
  };
  int taken = 0;
  for (int round = 0; round < 20000; ++round) {
    std::string bytes = whole;
    for (std::size_t i = 0; i <= below(4); ++i) {
      const std::size_t place = below(2) == 0 ? 48 + below(bytes.size() - 48) : below(bytes.size());
      bytes[place] = static_cast<char>(below(3) == 0 ? 0xFF : below(256));
    }
    try {
      read(bytes, true);
      ++taken;
    } catch (const ModelError&) {
    }
  }
  EXPECT(taken < 20000);
}

TEST(cvimodel_whose_header_unfolds_to_far_more_than_it_is_is_refused) {
  using namespace tiny_cvimodel;
  // Lists whose entries all lead to one place: few bytes that say a gigabyte.
  const auto all_one = [](const tiny_cvimodel::Body::Child& child, std::size_t count) {
    return [=](tiny_cvimodel::Body& body) {
      const std::size_t start = body.out.size();
      body.out += bytes_of(static_cast<std::uint32_t>(count)) + std::string(4 * count, '\0');
      const std::size_t target = child(body);
      for (std::size_t place = start + 4; place < start + 4 + 4 * count; place += 4)
        body.out.replace(place, 4, bytes_of(static_cast<std::uint32_t>(target - place)));
      return start;
    };
  };
  const Tensor one{std::string(1000, 'x'), 0, {1, 1, 1, 1}};
  const auto names = all_one(text(one.name), 1024);
  const auto routine = table(
      {{0, std::string(1, '\0'), {}}, {1, "", names}, {2, "", names}, {3, "", table({{0, "", text("w")}})}});
  const auto program = table({{2, "", all_one(text(one.name), 64)},
                              {3, "", all_one(text(one.name), 64)},
                              {4, "", all_one(tensor(one), 16384)},
                              {5, "", all_one(routine, 256)}});
  tiny_cvimodel::Body body;
  body.out.assign(4, '\0');
  body.point(0, table({{0, std::string{1, 4, 0}, {}},
                       {1, "", text("tiny")},
                       {6, "", all_one(program, 16)},
                       {7, "", all_one(section({0, "w", 64, 0}), 16384)},
                       {8, "", text("cv182x")}}));
  const std::string bytes = with_preamble({}, body.out.size(), body.out + std::string(64, '\7'));
  EXPECT(bytes.size() < 200000);
  EXPECT_THROWS(ModelError, read(bytes), "more in it than any network has");
}
