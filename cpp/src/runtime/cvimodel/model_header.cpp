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

namespace facecap::cvimodel {
namespace {

using flatbuffer::Body;
using flatbuffer::Malformed;
using flatbuffer::Table;

// Bounds on what a header may list, far above what any network has.
constexpr std::size_t kMostItems = 1 << 14;
constexpr std::size_t kMostPrograms = 16;
constexpr std::size_t kMostSteps = 256;
constexpr std::size_t kMostNames = 1024;
constexpr std::int64_t kMostElements = std::int64_t{1} << 28;

// Numbers of the fields in the schema of the format, table by table.
namespace model {
constexpr int version = 0, name = 1, weights = 5, programs = 6, sections = 7, target = 8;
}
namespace program {
constexpr int inputs = 2, outputs = 3, tensors = 4, routines = 5;
}
namespace tensor {
constexpr int name = 1, format = 3, shape = 4, quantisation = 6, pixel_format = 10, aligned = 11;
}
namespace quantisation {
constexpr int zero_point = 3, scale = 4;
}
namespace section {
constexpr int type = 0, name = 1, size = 2, offset = 3, encrypted = 4;
}
namespace weight {
constexpr int name = 0, offset = 1, shape = 3, format = 4;
}
namespace routine {
constexpr int type = 0, inputs = 1, outputs = 2, on_tpu = 3, on_cpu = 4;
}
namespace on_tpu {
constexpr int commands = 0, packed_commands = 1;
}
namespace on_cpu {
constexpr int function = 0, arguments = 1;
}

enum class SectionType : std::uint8_t {
  weights = 0,
  commands = 1,
  x86 = 2,
  aarch64 = 3,
  packed_commands = 4
};

std::array<std::int64_t, 4> shape_of(const Table& owner, int field, const std::string& name) {
  const std::optional<Table> shape = owner.table(field);
  if (!shape) throw Malformed("'" + name + "' without a shape");
  const std::vector<std::int64_t> sides = shape->integers(0, 6);
  std::array<std::int64_t, 4> out{1, 1, 1, 1};
  if (sides.size() < out.size())
    throw Malformed("'" + name + "' with " + std::to_string(sides.size()) + " sides");
  std::int64_t elements = 1;
  for (std::size_t i = 0; i < sides.size(); ++i) {
    if (sides[i] < 1 || sides[i] > kMostElements || (i >= out.size() && sides[i] != 1))
      throw Malformed("'" + name + "' with a side of " + std::to_string(sides[i]));
    elements *= sides[i];
    if (elements > kMostElements) throw Malformed("'" + name + "' with more than 2^28 elements");
    if (i < out.size()) out[i] = sides[i];
  }
  return out;
}

Format format_of(const Table& owner, int field, const std::string& name) {
  const auto number = owner.scalar<std::uint8_t>(field, 0);
  if (number > static_cast<std::uint8_t>(Format::uint8))
    throw Malformed("'" + name + "' with the element type " + std::to_string(number));
  return static_cast<Format>(number);
}

StoredTensor read_tensor(const Table& table) {
  StoredTensor out;
  out.name = table.required_string(tensor::name);
  out.format = format_of(table, tensor::format, out.name);
  out.shape = shape_of(table, tensor::shape, out.name);
  out.pixel_format = table.string(tensor::pixel_format);
  out.aligned = table.scalar<std::uint8_t>(tensor::aligned, 0) != 0;
  if (const std::optional<Table> info = table.table(tensor::quantisation)) {
    out.scale = info->scalar<float>(quantisation::scale, 1.0f);
    if (info->scalar<float>(quantisation::zero_point, 0.0f) != 0.0f)
      throw Malformed("'" + out.name + "' with a zero point, wanted symmetric quantisation");
  }
  return out;
}

/// Where the sections begin is where the header ends, and they fill the rest of the file.
std::set<std::string> read_sections(const Table& root, std::size_t room, bool unchecked,
                                    std::size_t& weights) {
  std::set<std::string> names;
  std::size_t end = 0;
  for (const Table& each : root.tables(model::sections, kMostItems)) {
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
  for (const Table& each : root.tables(model::weights, kMostItems)) {
    if (!each.has(weight::shape)) continue;
    const std::string name = each.required_string(weight::name);
    format_of(each, weight::format, name);
    shape_of(each, weight::shape, name);
    // The upper bits say in which memory.
    const auto offset = static_cast<std::size_t>(each.scalar<std::int64_t>(weight::offset, 0) & 0xFFFFFFFFFF);
    if (offset > bytes) throw Malformed("the weight '" + name + "' lies outside of its section");
  }
}

using Tensors = std::map<std::string, StoredTensor>;

void check_routines(const Table& program, const std::set<std::string>& sections, const Tensors& tensors) {
  for (const Table& each : program.tables(program::routines, kMostSteps)) {
    for (const int field : {routine::inputs, routine::outputs})
      for (const std::string& name : each.strings(field, kMostNames))
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
  const std::vector<Table> programs = root.tables(model::programs, kMostPrograms);
  if (programs.empty()) throw Malformed("no program");
  for (std::size_t i = 0; i < programs.size(); ++i) {
    Tensors tensors;
    for (const Table& table : programs[i].tables(program::tensors, kMostItems)) {
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

std::size_t StoredTensor::elements() const {
  return static_cast<std::size_t>(shape[0] * shape[1] * shape[2] * shape[3]);
}

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
