#include <pybind11/typing.h>

#include "bindings.hpp"
#include "facecap/cvimodel_contents.hpp"
#include "release_gil.hpp"

namespace {

using facecap::CvimodelContents;
using Fields = py::typing::Dict<py::str, py::object>;

Fields to_dict(const CvimodelContents& contents) {
  py::list sections, tensors;
  for (const auto& each : contents.sections) {
    py::dict section;
    section["kind"] = each.kind;
    section["name"] = text_of(each.name);
    section["bytes"] = each.bytes;
    section["offset"] = each.offset;
    section["compressed"] = each.compressed;
    sections.append(section);
  }
  for (const auto& each : contents.tensors) {
    py::dict tensor;
    tensor["name"] = text_of(each.name);
    tensor["type"] = each.type;
    tensor["shape"] = std::vector<std::int64_t>(each.shape.begin(), each.shape.end());
    tensor["scale"] = each.scale;
    tensor["pixels"] = each.pixels.empty() ? py::object(py::none()) : text_of(each.pixels);
    tensor["aligned"] = each.aligned;
    tensors.append(tensor);
  }
  const auto names = [](const std::vector<std::string>& from) {
    py::list out;
    for (const std::string& name : from) out.append(text_of(name));
    return out;
  };
  Fields out;
  out["chip"] = contents.chip;
  out["format_version"] = contents.format_version;
  out["name"] = text_of(contents.name);
  out["built"] = text_of(contents.built);
  out["toolchain"] = text_of(contents.toolchain);
  out["bytes"] = contents.bytes;
  out["md5"] = contents.md5;
  out["md5_fits"] = contents.md5_fits;
  out["ion_bytes"] = contents.ion_bytes;
  out["sections"] = sections;
  out["weights"] = contents.weights;
  out["programs"] = contents.programs;
  out["inputs"] = names(contents.inputs);
  out["outputs"] = names(contents.outputs);
  out["tensors"] = tensors;
  return out;
}

}  // namespace

void register_cvimodel(py::module_& module) {
  module.def(
      "cvimodel_contents",
      [](const std::string& path, bool unchecked) {
        CvimodelContents contents;
        {
          const facecap::ReleaseGil release;
          contents = facecap::cvimodel_contents(path, unchecked);
        }
        return to_dict(contents);
      },
      py::arg("path"), py::arg("unchecked"));
}
