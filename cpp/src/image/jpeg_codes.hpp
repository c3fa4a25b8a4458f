#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace facecap {

/// Huffman codes of a JPEG (ITU-T T.81, annex C).
class JpegCodes {
 public:
  /// `counts` of the lengths 1 to 16, and the symbols in the order of their codes. False where no codes can
  /// have these lengths.
  bool set(const std::uint8_t* counts, const std::uint8_t* symbols, std::size_t many);
  /// The length of the code that `bits`, 16 of them, begin with; 0 where they begin with none.
  int find(std::uint32_t bits, int& symbol) const;

 private:
  std::array<std::uint32_t, 17> end_{};  // behind the last code of a length, in 16 bits
  std::array<int, 17> shift_{};          // from a code of a length to its place in symbols_
  std::vector<std::uint8_t> symbols_;
};

/// Compressed data between two markers, read by the bit. Behind its end there are zeros.
class JpegBits {
 public:
  /// Takes the bytes with the stuffed zeros behind FF left out.
  void assign(const std::uint8_t* begin, const std::uint8_t* end);
  /// Steps over one 8x8 block. False where its codes are none or it reaches beyond the end.
  bool skip_block(const JpegCodes& dc, const JpegCodes& ac);
  std::size_t size() const { return size_; }          // bytes
  std::size_t used() const { return (at_ + 7) / 8; }  // bytes begun
  std::size_t zeros() const;                          // bytes at the end

 private:
  bool read(const JpegCodes& codes, int& symbol);

  std::vector<std::uint8_t> bytes_;
  std::size_t size_ = 0;
  std::size_t at_ = 0;  // bits
};

}  // namespace facecap
