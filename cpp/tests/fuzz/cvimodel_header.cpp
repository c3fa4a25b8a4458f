#include "facecap/error.hpp"
#include "fuzz.hpp"
#include "runtime/cvimodel/model_header.hpp"

using namespace facecap;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes = fuzz::text_of(data, size);
  fuzz::may_throw<ModelError>([&] { cvimodel::read_header(bytes, "model", false); });
  // Without the checksum, so that what follows it is reached.
  fuzz::may_throw<ModelError>([&] {
    const cvimodel::ModelHeader header = cvimodel::read_header(bytes, "model", true);
    fuzz::hold(!header.chip.empty() && !header.inputs.empty() && !header.outputs.empty(), "a whole header");
    for (const cvimodel::StoredTensor& tensor : header.inputs)
      fuzz::hold(tensor.elements() > 0, "an input of at least one element");
  });
  return 0;
}
