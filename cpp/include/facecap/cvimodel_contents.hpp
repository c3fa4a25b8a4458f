#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace facecap {

/// What a .cvimodel says of itself; text in it need not be UTF-8.
struct CvimodelContents {
  struct Section {
    std::string kind;  // "weights", "commands", "packed commands"
    std::string name;
    std::uint64_t bytes = 0;
    std::uint64_t offset = 0;  // from the first section
    bool compressed = false;
  };
  struct Tensor {
    std::string name;
    std::string type;  // "float32", "bfloat16", "int8", ...
    std::array<std::int64_t, 4> shape{};
    float scale = 1;       // of an input: stored = value * scale; of another: value = stored * scale
    std::string pixels;    // "RGB_PACKED", ...; empty where the tensor is no picture
    bool aligned = false;  // rows, for the video hardware
  };

  std::string chip;
  std::string format_version;   // "1.4.0"
  std::string name;             // of the network
  std::string built;            // when; empty where the file does not say
  std::string toolchain;        // its version; the same
  std::uint64_t bytes = 0;      // of the file
  std::string md5;              // that the file carries, 32 hexadecimal digits
  bool md5_fits = false;        // with its contents
  std::uint64_t ion_bytes = 0;  // of memory for all sections and programs, as the vendor's tool counts
  std::uint64_t weights = 0;    // tensors of weights
  std::uint64_t programs = 0;   // the first one, which the runtime takes, is described here
  std::vector<Section> sections;
  std::vector<std::string> inputs;   // names of tensors
  std::vector<std::string> outputs;  // the same
  std::vector<Tensor> tensors;       // of the first program: inputs, outputs and what lies between
};

/// Reads a .cvimodel without its manifest and without the vendor's runtime. Throws ModelError where the file
/// is none or damaged; `unchecked` takes one whose MD5 does not fit, as SessionOptions::unchecked.
CvimodelContents cvimodel_contents(const std::string& path, bool unchecked);

}  // namespace facecap
