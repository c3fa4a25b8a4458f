#include <pybind11/typing.h>

#include <string>

#include "bindings.hpp"
#include "facecap/manifest.hpp"
#include "facecap/manifest_rules.hpp"

namespace {

using facecap::Rule;
using facecap::Task;

const char* name_of(Rule::Kind kind) {
  switch (kind) {
    case Rule::Kind::text:
      return "text";
    case Rule::Kind::sha256:
      return "sha256";
    case Rule::Kind::word:
      return "word";
    case Rule::Kind::number:
      return "number";
    case Rule::Kind::integer:
      return "integer";
    case Rule::Kind::list:
      return "list";
    case Rule::Kind::object:
      return "object";
  }
  return "";
}

py::dict dictionary(const Rule& rule);

py::list keys_of(const Rule& rule) {
  py::list keys;
  for (const facecap::Key& key : rule.keys)
    keys.append(py::make_tuple(key.name, dictionary(key.rule), key.required));
  return keys;
}

py::list choices_of(const Rule& rule) {
  py::list choices;
  for (const facecap::Choice& choice : rule.choices) {
    py::dict options;
    for (const facecap::Choice::Option& option : choice.options)
      options[py::str(option.word)] = dictionary(option.rule);
    choices.append(py::make_tuple(choice.path, options));
  }
  return choices;
}

/// The fields that a rule of this kind has, by their names in facecap/manifest_rules.hpp.
py::dict dictionary(const Rule& rule) {
  py::dict out;
  out["kind"] = name_of(rule.kind);
  switch (rule.kind) {
    case Rule::Kind::text:
    case Rule::Kind::sha256:
      break;
    case Rule::Kind::word:
      out["words"] = rule.words;
      break;
    case Rule::Kind::number:
    case Rule::Kind::integer:
      out["low"] = rule.low;
      out["high"] = rule.high;
      break;
    case Rule::Kind::list:
      out["item"] = dictionary(rule.item[0]);
      out["least"] = rule.least;
      out["most"] = rule.most;
      out["distinct"] = rule.order == Rule::Order::distinct;
      out["each"] = rule.each;
      out["holds"] = rule.holds;
      break;
    case Rule::Kind::object:
      out["keys"] = keys_of(rule);
      out["choices"] = choices_of(rule);
      out["open"] = rule.open;
      break;
  }
  return out;
}

}  // namespace

void register_manifest(py::module_& module) {
  py::enum_<Task> tasks(module, "Task");
  for (const Task task : facecap::all_tasks()) tasks.value(facecap::to_string(task), task);
  module.def(
      "parse_manifest",
      [](const std::string& json, const std::string& source) {
        return facecap::to_string(facecap::Manifest::parse(json, source).task);
      },
      py::arg("json"), py::arg("source"));
  module.def("manifest_rules",
             []() -> py::typing::Dict<py::str, py::object> { return dictionary(facecap::manifest_rule()); });
}
