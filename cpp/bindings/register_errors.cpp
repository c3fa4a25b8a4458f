#include <stdexcept>
#include <string>

#include "bindings.hpp"
#include "facecap/error.hpp"

namespace {

void raise(py::handle type, const std::string& message) {
  PyErr_SetObject(type.ptr(), text_of(message).ptr());
}

void log(const std::string& details) {
  try {
    py::module_::import("logging").attr("getLogger")("facecap").attr("warning")("%s", text_of(details));
  } catch (py::error_already_set& error) {
    error.discard_as_unraisable("the log of facecap");
  }
}

}  // namespace

py::str text_of(const std::string& text) {
  PyObject* decoded = PyUnicode_DecodeUTF8(text.data(), static_cast<py::ssize_t>(text.size()), "replace");
  if (!decoded) throw py::error_already_set();
  return py::reinterpret_steal<py::str>(decoded);
}

void register_errors(py::module_&) {
  // The classes live in Python, where users look for them; they outlive every call of the core.
  static const py::handle errors = py::module_::import("facecap.errors").release();
  py::register_exception_translator([](std::exception_ptr pointer) {
    try {
      if (pointer) std::rethrow_exception(pointer);
    } catch (const facecap::ModelError& error) {
      if (!error.details().empty()) log(error.details());
      raise(errors.attr("ModelError"), error.what());
    } catch (const facecap::Error& error) {
      raise(errors.attr("FacecapError"), error.what());
    } catch (const std::invalid_argument& error) {
      raise(PyExc_ValueError, error.what());
    }
  });
}
