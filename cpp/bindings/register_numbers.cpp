#include <pybind11/typing.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "bindings.hpp"

namespace {

using Number = py::object (*)(float value, int digits);

/// A float32 times a power of ten up to 10^6 is exact in float64, and so is the tie that goes to the even
/// digit: as Python's `round`.
py::object rounded(float value, int digits) {
  if (!std::isfinite(value)) return py::none();
  const double scale = std::pow(10.0, digits);
  return py::float_(std::nearbyint(value * scale) / scale);
}

/// The number of fewest digits that is this float32 again.
py::object shortest(float value, int) {
  if (!std::isfinite(value)) return py::none();
  char text[32];
  for (int digits = 6;; ++digits) {
    std::snprintf(text, sizeof text, "%.*g", digits, static_cast<double>(value));
    if (digits == 9 || std::strtof(text, nullptr) == value) return py::float_(std::strtod(text, nullptr));
  }
}

py::list nested(const float*& values, const py::ssize_t* shape, py::ssize_t rank, Number number, int digits) {
  py::list out(shape[0]);
  for (py::ssize_t i = 0; i < shape[0]; ++i) {
    if (rank == 1)
      out[i] = number(*values++, digits);
    else
      out[i] = nested(values, shape + 1, rank - 1, number, digits);
  }
  return out;
}

using Numbers = py::typing::List<py::object>;

Numbers list_of(const FloatArray& array, Number number, int digits) {
  if (array.ndim() == 0) throw py::value_error("the array has no axis, wanted at least one");
  const float* values = array.data();
  return nested(values, array.shape(), array.ndim(), number, digits);
}

Numbers rounded_list(const FloatArray& array, int digits) {
  if (digits < 0 || digits > 6)
    throw py::value_error("digits is " + std::to_string(digits) + ", wanted 0 to 6");
  return list_of(array, &rounded, digits);
}

Numbers exact_list(const FloatArray& array) {
  return list_of(array, &shortest, 0);
}

}  // namespace

void register_numbers(py::module_& module) {
  module.def("rounded_list", &rounded_list, py::arg("array"), py::arg("digits"));
  module.def("exact_list", &exact_list, py::arg("array"));
}
