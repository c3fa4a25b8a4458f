#include <string>
#include <tuple>
#include <vector>

#include "bindings.hpp"
#include "facecap/error.hpp"
#include "facecap/session.hpp"
#include "release_gil.hpp"

namespace {

using facecap::ElementType;
using facecap::Model;
using facecap::Task;
using facecap::Tensor;
using facecap::TensorView;

py::dtype dtype_of(ElementType type) {
  switch (type) {
    case ElementType::float32:
      return py::dtype::of<float>();
    case ElementType::int8:
      return py::dtype::of<std::int8_t>();
    case ElementType::uint8:
      return py::dtype::of<std::uint8_t>();
    case ElementType::int32:
      return py::dtype::of<std::int32_t>();
    case ElementType::int64:
      return py::dtype::of<std::int64_t>();
    case ElementType::bfloat16:
      break;
  }
  throw facecap::ModelError("NumPy has no bfloat16");
}

ElementType type_of(const py::array& array) {
  for (const ElementType type :
       {ElementType::float32, ElementType::int8, ElementType::uint8, ElementType::int32, ElementType::int64})
    if (array.dtype().is(dtype_of(type))) return type;
  throw py::type_error("a tensor of " + py::str(array.dtype()).cast<std::string>() +
                       ", wanted float32, int8, uint8, int32 or int64");
}

TensorView view_of_tensor(const py::array& array) {
  if ((array.flags() & py::array::c_style) == 0) throw py::value_error("a tensor that is not C-contiguous");
  return {type_of(array), {array.shape(), array.shape() + array.ndim()}, array.data()};
}

py::array to_array(const Tensor& tensor) {
  return py::array(dtype_of(tensor.type), std::vector<py::ssize_t>(tensor.shape.begin(), tensor.shape.end()),
                   tensor.storage.data());
}

/// For tests and tools; the stages call the session themselves.
std::vector<py::array> run(const Model& model, const std::vector<py::array>& arrays) {
  std::vector<TensorView> inputs;
  for (const py::array& array : arrays) inputs.push_back(view_of_tensor(array));
  std::vector<Tensor> outputs;
  {
    const facecap::ReleaseGil release;
    model.session->run(inputs, outputs);
  }
  std::vector<py::array> out;
  for (const Tensor& output : outputs) out.push_back(to_array(output));
  return out;
}

using Description = std::tuple<py::str, std::string, std::vector<std::int64_t>>;
using NativeDescription = std::tuple<py::str, std::string, std::vector<std::int64_t>, float>;

std::vector<Description> describe(const std::vector<facecap::TensorInfo>& infos) {
  std::vector<Description> out;
  for (const facecap::TensorInfo& info : infos)
    out.emplace_back(text_of(info.name), facecap::to_string(info.type), info.shape);
  return out;
}

std::vector<NativeDescription> describe_native(const std::vector<facecap::TensorInfo>& infos) {
  std::vector<NativeDescription> out;
  for (const facecap::TensorInfo& info : infos)
    out.emplace_back(text_of(info.name), facecap::to_string(info.type), info.shape, info.scale);
  return out;
}

}  // namespace

void register_session(py::module_& module) {
  py::class_<Model>(module, "Model")
      .def_property_readonly("path", [](const Model& model) { return model.path; })
      .def_property_readonly("runtime", [](const Model& model) { return model.session->runtime(); })
      .def_property_readonly("runtime_version",
                             [](const Model& model) { return text_of(model.session->runtime_version()); })
      .def_property_readonly("providers", [](const Model& model) { return model.session->providers(); })
      .def_property_readonly("manifest", [](const Model& model) { return model.manifest->json; })
      .def_property_readonly("inputs", [](const Model& model) { return describe(model.session->inputs()); })
      .def_property_readonly(
          "native_inputs", [](const Model& model) { return describe_native(model.session->native_inputs()); })
      .def_property_readonly("outputs", [](const Model& model) { return describe(model.session->outputs()); })
      .def_property_readonly(
          "session_id",
          [](const Model& model) { return reinterpret_cast<std::uintptr_t>(model.session.get()); })
      .def(
          "find_output",
          [](const Model& model, const std::string& role, int stride) {
            return facecap::find_output(*model.session, *model.manifest, role, stride);
          },
          py::arg("role"), py::arg("stride") = 0)
      .def("run", &run, py::arg("inputs"));
  module.def(
      "open_model",
      [](const std::string& path, const py::bytes& bytes, const std::string& manifest, Task task,
         const std::string& runtime, int threads, const std::string& chip, bool unchecked,
         const std::string& provider) {
        const facecap::ModelSource source{path, bytes, manifest};
        const facecap::ReleaseGil release;
        return facecap::open_model(source, task, {runtime, threads, chip, unchecked, provider});
      },
      py::arg("path"), py::arg("bytes"), py::arg("manifest"), py::arg("task"), py::arg("runtime"),
      py::arg("threads"), py::arg("chip"), py::arg("unchecked"), py::arg("provider"));
  module.def("set_onnxruntime_path", &facecap::set_onnxruntime_path, py::arg("path"));
  module.def("set_cviruntime_path", &facecap::set_cviruntime_path, py::arg("path"));
  module.def("provider_names", &facecap::provider_names);
  module.def("onnxruntime_providers", &facecap::onnxruntime_providers);
  module.def("has_vnni", &facecap::has_vnni);
  module.def("cviruntime", [] {
    const facecap::RuntimeLibrary library = facecap::cviruntime();
    return std::make_pair(text_of(library.path), text_of(library.version));
  });
}
