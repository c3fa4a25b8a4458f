#pragma once

#include <string>
#include <vector>

#include "facecap/session.hpp"

namespace facecap {

/// "float32 (1, 3, ?, ?)" for messages.
std::string describe(ElementType type, const std::vector<std::int64_t>& shape);

/// "'input' float32 (1, 3, ?, ?)"; several, comma between.
std::string describe(const TensorInfo& info);
std::string describe(const std::vector<TensorInfo>& infos);

/// Whether two shapes can be the same; -1 fits all.
bool fits(const std::vector<std::int64_t>& left, const std::vector<std::int64_t>& right);

/// Bytes of a tensor without free dimensions. Throws ModelError where a dimension is negative or the product
/// overflows.
std::size_t byte_size(ElementType type, const std::vector<std::int64_t>& shape);

/// Checks what is handed to a session against what it declares; throws ModelError naming `model` and both
/// sides.
void check_inputs(const std::vector<TensorInfo>& wanted, const std::vector<TensorView>& found,
                  const std::string& model);

}  // namespace facecap
