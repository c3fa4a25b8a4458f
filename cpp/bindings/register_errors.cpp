#include <cstring>

#include "bindings.hpp"
#include "facecap/error.hpp"

namespace {

/// Messages quote names out of model files, which need not be UTF-8.
void raise(py::handle type, const char* message) {
  const py::object text = py::reinterpret_steal<py::object>(
      PyUnicode_DecodeUTF8(message, static_cast<py::ssize_t>(std::strlen(message)), "replace"));
  if (text) PyErr_SetObject(type.ptr(), text.ptr());
}

}  // namespace

void register_errors(py::module_&) {
  // The classes live in Python, where users look for them; they outlive every call of the core.
  static const py::handle errors = py::module_::import("facecap.errors").release();
  py::register_exception_translator([](std::exception_ptr pointer) {
    try {
      if (pointer) std::rethrow_exception(pointer);
    } catch (const facecap::ModelError& error) {
      raise(errors.attr("ModelError"), error.what());
    } catch (const facecap::Error& error) {
      raise(errors.attr("FacecapError"), error.what());
    }
  });
}
