#include "runtime/cvimodel/preamble.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <vector>

#include "facecap/manifest.hpp"
#include "runtime/cvimodel/flatbuffer.hpp"
#include "runtime/manifest_reader.hpp"
#include "runtime/md5.hpp"

namespace facecap::cvimodel {
namespace {

using flatbuffer::Malformed;

constexpr char kMagic[] = "CviModel";
constexpr std::size_t kMostBytes = std::size_t{256} << 20;  // the largest of these chips has 512 MiB in all
constexpr int kNewestMinor = 4;

template <typename T>
T read_at(const std::string& bytes, std::size_t place) {
  T value;
  std::memcpy(&value, bytes.data() + place, sizeof(T));
  return value;
}

/// Bytes before the body: version 1.0 had no room for a chip.
std::size_t preamble_bytes(int minor) {
  return minor == 0 ? 32 : 48;
}

std::string hexadecimal(const std::uint8_t* digest) {
  std::string out;
  for (int i = 0; i < 16; ++i) {
    out += "0123456789abcdef"[digest[i] >> 4];
    out += "0123456789abcdef"[digest[i] & 15];
  }
  return out;
}

}  // namespace

std::string chip_of(const std::string& target) {
  return target == "mars" ? "cv181x" : target == "phobos" ? "cv180x" : target;
}

std::string printable(std::string text) {
  for (char& c : text)
    if (c < 0x20 || c > 0x7e) c = '?';
  return text;
}

Preamble read_preamble(const std::string& bytes) {
  if (bytes.size() > kMostBytes)
    throw Malformed(std::to_string(bytes.size()) + " bytes, wanted at most 256 MiB");
  if (bytes.compare(0, 8, kMagic) != 0) throw Malformed("no .cvimodel: it does not begin with 'CviModel'");
  if (bytes.size() <= 48)
    throw Malformed(std::to_string(bytes.size()) + " bytes, wanted more than 48: the file is truncated");
  Preamble out;
  const int major = static_cast<std::uint8_t>(bytes[12]);
  out.minor = static_cast<std::uint8_t>(bytes[13]);
  if (major != kFormatMajor || out.minor > kNewestMinor)
    throw Malformed("version " + std::to_string(major) + "." + std::to_string(out.minor) +
                    " of the format, wanted 1.0 to 1.4: convert the network with an older toolchain");
  out.bytes = preamble_bytes(out.minor);
  out.body_bytes = read_at<std::uint32_t>(bytes, 8);
  if (out.body_bytes < 8 || out.body_bytes > bytes.size() - out.bytes)
    throw Malformed("a header of " + std::to_string(out.body_bytes) + " bytes in a file of " +
                    std::to_string(bytes.size()) + ": the file is truncated");
  out.chip = out.minor == 0 ? "cv183x" : chip_of({bytes.data() + 30, strnlen(bytes.data() + 30, 16)});
  const std::vector<std::string>& known = chip_names();
  if (std::find(known.begin(), known.end(), out.chip) == known.end())
    throw Malformed("made for the chip '" + printable(out.chip) + "', wanted one of: " + joined(known));
  return out;
}

std::string stored_md5(const std::string& bytes) {
  return hexadecimal(reinterpret_cast<const std::uint8_t*>(bytes.data()) + 14);
}

std::string contents_md5(const std::string& bytes, const Preamble& preamble) {
  const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
  return hexadecimal(md5(data + preamble.bytes, bytes.size() - preamble.bytes).data());
}

void check_md5(const std::string& bytes, const Preamble& preamble) {
  if (contents_md5(bytes, preamble) == stored_md5(bytes)) return;
  throw Malformed(
      "damaged: its contents do not have the MD5 that it says; a file of an old toolchain, which wrote none, "
      "is taken with the option unchecked (FACECAP_CVIMODEL_UNCHECKED=1)");
}

}  // namespace facecap::cvimodel
