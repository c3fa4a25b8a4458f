#include "runtime/tensor.hpp"

#include <limits>

#include "facecap/error.hpp"

namespace facecap {

std::size_t element_size(ElementType type) {
  switch (type) {
    case ElementType::int8:
    case ElementType::uint8:
      return 1;
    case ElementType::bfloat16:
      return 2;
    case ElementType::float32:
    case ElementType::int32:
      return 4;
    case ElementType::int64:
      return 8;
  }
  return 0;
}

const char* to_string(ElementType type) {
  switch (type) {
    case ElementType::float32:
      return "float32";
    case ElementType::int8:
      return "int8";
    case ElementType::uint8:
      return "uint8";
    case ElementType::bfloat16:
      return "bfloat16";
    case ElementType::int32:
      return "int32";
    case ElementType::int64:
      return "int64";
  }
  return "";
}

std::size_t Tensor::elements() const {
  std::size_t count = 1;
  for (const std::int64_t dimension : shape) count *= static_cast<std::size_t>(dimension);
  return count;
}

std::string describe(ElementType type, const std::vector<std::int64_t>& shape) {
  std::string out = std::string(to_string(type)) + " (";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (i > 0) out += ", ";
    out += shape[i] < 0 ? "?" : std::to_string(shape[i]);
  }
  return out + ")";
}

std::string describe(const TensorInfo& info) {
  return "'" + info.name + "' " + describe(info.type, info.shape);
}

std::string describe(const std::vector<TensorInfo>& infos) {
  std::string out;
  for (const TensorInfo& info : infos) out += (out.empty() ? "" : ", ") + describe(info);
  return infos.empty() ? "none" : out;
}

bool fits(const std::vector<std::int64_t>& left, const std::vector<std::int64_t>& right) {
  if (left.size() != right.size()) return false;
  for (std::size_t i = 0; i < left.size(); ++i)
    if (left[i] >= 0 && right[i] >= 0 && left[i] != right[i]) return false;
  return true;
}

std::size_t byte_size(ElementType type, const std::vector<std::int64_t>& shape) {
  std::size_t bytes = element_size(type);
  for (const std::int64_t dimension : shape) {
    const bool fits_in =
        dimension >= 0 && (dimension == 0 || bytes <= std::numeric_limits<std::size_t>::max() /
                                                          static_cast<std::size_t>(dimension));
    if (!fits_in) throw ModelError("a tensor of impossible shape: " + describe(type, shape));
    bytes *= static_cast<std::size_t>(dimension);
  }
  return bytes;
}

void check_inputs(const std::vector<TensorInfo>& wanted, const std::vector<TensorView>& found,
                  const std::string& model) {
  if (found.size() != wanted.size())
    throw ModelError(model + ": found " + std::to_string(found.size()) + " input tensors, wanted " +
                     describe(wanted));
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (found[i].type != wanted[i].type || !fits(found[i].shape, wanted[i].shape))
      throw ModelError(model + ": found the input tensor " + describe(found[i].type, found[i].shape) +
                       ", wanted " + describe(wanted[i]));
    if (byte_size(found[i].type, found[i].shape) > 0 && found[i].data == nullptr)
      throw ModelError(model + ": found no data for the input tensor " + describe(wanted[i]));
  }
}

}  // namespace facecap
