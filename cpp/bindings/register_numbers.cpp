#include <pybind11/typing.h>

#include <cmath>

#include "bindings.hpp"

namespace {

/// A float32 times a power of ten up to 10^6 is exact in float64, and so is the tie that goes to the even
/// digit: as Python's `round`.
py::object rounded(float value, double scale) {
  if (!std::isfinite(value)) return py::none();
  return py::float_(std::nearbyint(value * scale) / scale);
}

py::list nested(const float*& values, const py::ssize_t* shape, py::ssize_t rank, double scale) {
  py::list out(shape[0]);
  for (py::ssize_t i = 0; i < shape[0]; ++i) {
    if (rank == 1)
      out[i] = rounded(*values++, scale);
    else
      out[i] = nested(values, shape + 1, rank - 1, scale);
  }
  return out;
}

py::typing::List<py::object> rounded_list(const FloatArray& array, int digits) {
  if (array.ndim() == 0) throw py::value_error("the array has no axis, wanted at least one");
  if (digits < 0 || digits > 6)
    throw py::value_error("digits is " + std::to_string(digits) + ", wanted 0 to 6");
  const float* values = array.data();
  return nested(values, array.shape(), array.ndim(), std::pow(10.0, digits));
}

}  // namespace

void register_numbers(py::module_& module) {
  module.def("rounded_list", &rounded_list, py::arg("array"), py::arg("digits"));
}
