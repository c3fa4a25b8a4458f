#pragma once

#include <functional>
#include <vector>

#include "facecap/session.hpp"

namespace facecap {

/// The output of a network that takes one picture a row and answers each with a row.
struct RowOutput {
  int index = 0;  // in session.outputs()
  int columns = 0;
};

/// Runs crops of the network's own size, as many at a time as the network allows but at most 8, so that
/// memory has a bound. `take` is called after each run with the first row of each of `wanted`, the others
/// packed behind it, and the number of crops. Throws std::invalid_argument where a crop has another size,
/// ModelError where the answers have another shape than one row a crop.
void run_in_batches(const Model& model, const std::vector<ImageView>& crops,
                    const std::vector<RowOutput>& wanted, std::vector<float>& planes,
                    std::vector<Tensor>& outputs,
                    const std::function<void(const std::vector<const float*>& rows, int count)>& take);

}  // namespace facecap
