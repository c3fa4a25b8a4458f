#include "runtime/cvimodel/model_header.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <set>
#include <utility>

#include "facecap/error.hpp"
#include "runtime/cvimodel/flatbuffer.hpp"
#include "runtime/cvimodel/preamble.hpp"
#include "runtime/cvimodel/schema.hpp"

namespace facecap::cvimodel {
namespace {

using flatbuffer::Body;
using flatbuffer::Malformed;
using flatbuffer::Table;
using schema::SectionType;
namespace model = schema::model;
namespace program = schema::program;
namespace section = schema::section;
namespace weight = schema::weight;
namespace routine = schema::routine;
namespace on_tpu = schema::on_tpu;
namespace on_cpu = schema::on_cpu;

/// Where the sections begin is where the header ends, and they fill the rest of the file.
std::set<std::string> read_sections(const Table& root, std::size_t room, bool unchecked,
                                    std::size_t& weights) {
  std::set<std::string> names;
  std::size_t end = 0;
  for (const Table& each : root.tables(model::sections, schema::kMostItems)) {
    const auto type = static_cast<SectionType>(each.scalar<std::uint8_t>(section::type, 0));
    const std::string name = each.required_string(section::name);
    const std::size_t size = each.scalar<std::uint32_t>(section::size, 0);
    const std::size_t offset = each.scalar<std::uint32_t>(section::offset, 0);
    if (offset > room || size > room - offset)
      throw Malformed("the section '" + name + "' ends " + std::to_string(offset + size - room) +
                      " bytes behind the file: the file is truncated or its header damaged");
    if (type > SectionType::packed_commands) throw Malformed("the section '" + name + "' of an unknown kind");
    // The runtime would write such a section to a file and load it as a library.
    if ((type == SectionType::x86 || type == SectionType::aarch64) && size > 0)
      throw Malformed("the section '" + name + "' is program code, which a model must not bring");
    if (each.scalar<std::uint8_t>(section::encrypted, 0) != 0)
      throw Malformed("the section '" + name + "' is encrypted");
    if (type == SectionType::weights) weights = size;
    names.insert(name);
    end = std::max(end, offset + size);
  }
  if (end != room && !unchecked)
    throw Malformed(std::to_string(room - end) + " bytes that belong to no section: its header is damaged");
  return names;
}

void check_weights(const Table& root, std::size_t bytes) {
  for (const Table& each : root.tables(model::weights, schema::kMostItems)) {
    if (!each.has(weight::shape)) continue;
    const std::string name = each.required_string(weight::name);
    read_format(each, weight::format, name);
    read_shape(each, weight::shape, name);
    // The upper bits say in which memory.
    const auto offset = static_cast<std::size_t>(each.scalar<std::int64_t>(weight::offset, 0) & 0xFFFFFFFFFF);
    if (offset > bytes) throw Malformed("the weight '" + name + "' lies outside of its section");
  }
}

using Tensors = std::map<std::string, StoredTensor>;

void check_routines(const Table& program, const std::set<std::string>& sections, const Tensors& tensors) {
  for (const Table& each : program.tables(program::routines, schema::kMostSteps)) {
    for (const int field : {routine::inputs, routine::outputs})
      for (const std::string& name : each.strings(field, schema::kMostNames))
        if (tensors.count(name) == 0) throw Malformed("a step on '" + name + "', which is no tensor of it");
    if (each.scalar<std::uint8_t>(routine::type, 0) != 0) {
      const std::optional<Table> cpu = each.table(routine::on_cpu);
      if (!cpu || !cpu->has(on_cpu::arguments)) throw Malformed("a step without its function");
      cpu->required_string(on_cpu::function);
      continue;
    }
    const std::optional<Table> tpu = each.table(routine::on_tpu);
    if (!tpu) throw Malformed("a step without its commands");
    for (const int field : {on_tpu::commands, on_tpu::packed_commands}) {
      const std::string name = tpu->string(field);
      if (!name.empty() && sections.count(name) == 0)
        throw Malformed("a step that wants the section '" + name + "', which is missing");
    }
  }
}

std::vector<StoredTensor> pick(const Tensors& tensors, const std::vector<std::string>& names,
                               const char* what) {
  if (names.empty()) throw Malformed(std::string("no ") + what);
  std::vector<StoredTensor> out;
  for (const std::string& name : names) {
    const auto found = tensors.find(name);
    if (found == tensors.end())
      throw Malformed(std::string("the ") + what + " '" + name + "' is no tensor of it");
    const StoredTensor& tensor = found->second;
    const bool scaled = tensor.format == Format::int8 || tensor.format == Format::uint8;
    if (scaled && (!(tensor.scale > 0) || !std::isfinite(tensor.scale)))
      throw Malformed(std::string("the ") + what + " '" + name + "' has no scale");
    out.push_back(tensor);
  }
  return out;
}

ModelHeader read_body(const std::string& bytes, const Preamble& preamble, bool unchecked) {
  const Body body(reinterpret_cast<const std::uint8_t*>(bytes.data()) + preamble.bytes, preamble.body_bytes);
  const Table root = Table::root(body);
  ModelHeader out;
  out.chip = preamble.chip;
  root.required_string(model::name);
  // What the bytes before the body say is under no checksum; the body says it again.
  const auto version = root.scalar<std::array<std::uint8_t, 3>>(model::version, {});
  if (version[0] != kFormatMajor || version[1] != preamble.minor)
    throw Malformed("two versions, 1." + std::to_string(preamble.minor) + " and " +
                    std::to_string(version[0]) + "." + std::to_string(version[1]) +
                    ": its header is damaged");
  const std::string target = root.string(model::target);
  const std::string chip = target.empty() ? "cv183x" : chip_of(target);
  if (chip != preamble.chip)
    throw Malformed("two chips, " + preamble.chip + " and " + printable(chip) + ": its header is damaged");
  std::size_t weights = 0;
  const std::size_t room = bytes.size() - preamble.bytes - preamble.body_bytes;
  const std::set<std::string> sections = read_sections(root, room, unchecked, weights);
  check_weights(root, weights);
  const std::vector<Table> programs = root.tables(model::programs, schema::kMostPrograms);
  if (programs.empty()) throw Malformed("no program");
  for (std::size_t i = 0; i < programs.size(); ++i) {
    Tensors tensors;
    for (const Table& table : programs[i].tables(program::tensors, schema::kMostItems)) {
      StoredTensor tensor = read_tensor(table);
      std::string name = tensor.name;
      tensors.emplace(std::move(name), std::move(tensor));  // of two of one name the first counts
    }
    check_routines(programs[i], sections, tensors);
    // The runtime takes the first unless another is named.
    if (i > 0) continue;
    out.inputs = pick(tensors, programs[i].strings(program::inputs, 64), "input");
    out.outputs = pick(tensors, programs[i].strings(program::outputs, 64), "output");
  }
  return out;
}

}  // namespace

ModelHeader read_header(const std::string& bytes, const std::string& label, bool unchecked) {
  try {
    const Preamble preamble = read_preamble(bytes);
    if (!unchecked) check_md5(bytes, preamble);
    return read_body(bytes, preamble, unchecked);
  } catch (const Malformed& damage) {
    throw ModelError(label + ": " + damage.what());
  }
}

}  // namespace facecap::cvimodel
