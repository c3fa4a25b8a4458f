#include "facecap/manifest_rules.hpp"

#include "runtime/detector_family.hpp"
#include "runtime/rule.hpp"
#include "runtime/tasks.hpp"

namespace facecap {
namespace {

using Order = Rule::Order;

constexpr double kMaxSide = 8192;  // pixels; so many that the priors of all levels are counted in 31 bits
constexpr double kMaxStride = 1024;
constexpr std::size_t kMaxLevels = 8;
constexpr double kMaxBytes = 9007199254740991;  // what a double still counts one by one

constexpr bool kOptional = false;  // of Key::required

Rule file() {
  return object({{"sha256", sha256()}, {"bytes", integer(1, kMaxBytes)}});
}

Rule input() {
  return object({{"name", text()},
                 {"width", integer(1, kMaxSide)},
                 {"height", integer(1, kMaxSide)},
                 {"fit", word({"fixed", "native"})},
                 {"color", word({"rgb", "bgr"})},
                 {"mean", list(number(-1e6, 1e6), 3, 3)},
                 {"std", list(number(1e-6, 1e6), 3, 3)}},
                {{{"fit"}, {{"fixed", part({})}, {"native", part({{"multiple", integer(1, 1024)}})}}}});
}

/// One output of each role.
Rule outputs(const std::vector<std::string>& roles) {
  Rule rule = list(object({{"role", word(roles)}, {"name", text()}}), roles.size(), roles.size());
  rule.each = "role";
  return rule;
}

Rule outputs(const DetectorForm& form) {
  if (!form.by_stride) return outputs(form.roles);
  return list(object({{"role", word(form.roles)}, {"name", text()}, {"stride", integer(1, kMaxStride)}}), 1,
              kMaxLevels);
}

Rule detector() {
  std::vector<std::string> names;
  Choice family{{"family"}, {}};
  for (const DetectorFamily& each : detector_families()) {
    names.push_back(each.name);
    std::vector<std::string> forms;
    for (const DetectorForm& form : each.forms) forms.push_back(form.name);
    std::vector<Key> keys{{"form", word(forms)}};
    keys.insert(keys.end(), each.keys.begin(), each.keys.end());
    family.options.push_back({each.name, part(keys)});
  }
  return object({{"family", word(names), kOptional},
                 {"strides", list(integer(1, kMaxStride), 1, kMaxLevels, Order::ascending)},
                 {"score_threshold", number(0, 1)},
                 {"nms_iou", number(0, 1)}},
                {family});
}

/// The outputs follow from the family and its form.
Rule face_detection() {
  Choice family{{"detector", "family"}, {}};
  for (const DetectorFamily& each : detector_families()) {
    Choice form{{"detector", "form"}, {}};
    for (const DetectorForm& one : each.forms)
      form.options.push_back({one.name, part({{"outputs", outputs(one)}})});
    family.options.push_back({each.name, part({}, {form})});
  }
  return part({{"detector", detector()}}, {family});
}

Rule face_refinement() {
  return part({{"input", part({{"fit", word({"fixed"})}})},
               {"refiner", object({{"crop_border", number(0, 2)}, {"not_a_face", number(0, 1)}})}});
}

/// One logit tells two classes apart, a softmax the third too.
Rule mask() {
  const Rule two = list(word({"no_mask", "mask"}), 2, 2, Order::distinct);
  Rule three = list(word({"no_mask", "mask", "incorrect"}), 2, 3, Order::distinct);
  three.holds = {"no_mask", "mask"};
  return part(
      {{"classifier",
        object({{"output", word({"sigmoid", "softmax"})},
                {"unknown", list(number(0, 1), 2, 2, Order::not_descending)},
                {"crop_border", number(0, 2)}},
               {{{"output"},
                 {{"sigmoid", part({{"classes", two}})}, {"softmax", part({{"classes", three}})}}}})}});
}

Rule face_embedding() {
  return part({{"embedder", object({{"dimensions", integer(1, 65536)}, {"same_person", number(-1, 1)}})}});
}

Rule classification() {
  return part({{"classifier", object({{"output", word({"softmax"})},
                                      {"classes", list(text(), 2, 65536, Order::distinct)}})}});
}

/// What a task asks for beside its outputs.
Rule section(Task task) {
  switch (task) {
    case Task::face_detection:
      return face_detection();
    case Task::face_refinement:
      return face_refinement();
    case Task::mask:
      return mask();
    case Task::face_embedding:
      return face_embedding();
    case Task::classification:
      return classification();
  }
  return part({});
}

Rule figures() {
  return list(
      object({{"measure", text()}, {"dataset", text()}, {"value", number(-1e12, 1e12)}, {"command", text()}}),
      0, 1000);
}

Rule manifest() {
  std::vector<std::string> names;
  Choice task{{"task"}, {}};
  for (const TaskEntry& entry : task_table()) {
    names.push_back(entry.name);
    Rule rule = section(entry.task);
    std::vector<std::string> roles;
    for (const TaskOutput& output : entry.outputs) roles.push_back(output.role);
    if (!roles.empty()) rule.keys.push_back({"outputs", outputs(roles)});
    task.options.push_back({entry.name, rule});
  }
  return object({{"schema", integer(1, 1)},
                 {"name", text()},
                 {"architecture", text()},
                 {"task", word(names)},
                 {"file", file()},
                 {"chip", word(chip_names()), kOptional},
                 {"input", input()},
                 {"licence", text()},
                 {"origin", text()},
                 // What the core does not use is checked all the same: a typing error is found here and not
                 // by a reader.
                 {"training", part({}), kOptional},
                 {"conversion", part({}), kOptional},
                 {"figures", figures(), kOptional}},
                {task});
}

}  // namespace

const Rule& manifest_rule() {
  static const Rule* rule = new Rule(manifest());
  return *rule;
}

}  // namespace facecap
