#pragma once

#include <functional>
#include <vector>

#include "facecap/session.hpp"

namespace facecap {

/// Runs crops of the network's own size through a network that takes one picture a row, as many at a time as
/// it allows but at most 8, so that memory has a bound. `take` is called after each run with the number of
/// rows in `outputs`. Throws std::invalid_argument where a crop has another size.
void run_in_batches(const Model& model, const std::vector<ImageView>& crops, std::vector<float>& planes,
                    std::vector<Tensor>& outputs, const std::function<void(int count)>& take);

}  // namespace facecap
