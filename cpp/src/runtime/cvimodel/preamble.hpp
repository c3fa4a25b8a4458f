#pragma once

#include <cstddef>
#include <string>

namespace facecap::cvimodel {

constexpr int kFormatMajor = 1;

/// What stands before the body of a .cvimodel.
struct Preamble {
  std::size_t bytes = 0;
  std::size_t body_bytes = 0;
  int minor = 0;
  std::string chip;
};

/// Throws flatbuffer::Malformed where the file is none, of another version or chip, or too short.
Preamble read_preamble(const std::string& bytes);

/// The MD5 that the file carries, and that of what follows the preamble: 32 hexadecimal digits.
std::string stored_md5(const std::string& bytes);
std::string contents_md5(const std::string& bytes, const Preamble& preamble);

/// Throws flatbuffer::Malformed where what follows has another MD5 than the preamble says.
void check_md5(const std::string& bytes, const Preamble& preamble);

/// The chip that a name in a file means; two had other names before they were for sale.
std::string chip_of(const std::string& target);

/// What of a file goes into a message.
std::string printable(std::string text);

}  // namespace facecap::cvimodel
