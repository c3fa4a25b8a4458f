#include <algorithm>

#include "facecap/cvimodel_contents.hpp"
#include "facecap/error.hpp"
#include "runtime/cvimodel/model_header.hpp"
#include "runtime/cvimodel/preamble.hpp"
#include "runtime/cvimodel/schema.hpp"
#include "runtime/model_file.hpp"

namespace facecap::cvimodel {
namespace {

using flatbuffer::Body;
using flatbuffer::Malformed;
using flatbuffer::Table;
namespace model = schema::model;
namespace program = schema::program;
namespace section = schema::section;

const char* kind_of(std::uint8_t type) {
  constexpr const char* kNames[] = {"weights", "commands", "x86 code", "aarch64 code", "packed commands"};
  return kNames[type];  // read_header refuses others
}

std::vector<CvimodelContents::Section> read_sections(const Table& root) {
  std::vector<CvimodelContents::Section> out;
  for (const Table& each : root.tables(model::sections, schema::kMostItems))
    out.push_back({kind_of(each.scalar<std::uint8_t>(section::type, 0)), each.string(section::name),
                   each.scalar<std::uint32_t>(section::size, 0),
                   each.scalar<std::uint32_t>(section::offset, 0),
                   each.scalar<std::uint8_t>(section::compressed, 0) != 0});
  return out;
}

/// Of inputs and outputs that have memory of their own, which the upper bits of their place say.
bool has_own_memory(const Table& tensor) {
  const auto place = tensor.scalar<std::int64_t>(schema::tensor::offset, 0);
  return place != -1 && (place >> 40 & 7) > 2;
}

void read_programs(const Table& root, CvimodelContents& out) {
  std::uint64_t shared = 0;  // by all programs, since one runs at a time
  for (const Table& each : root.tables(model::programs, schema::kMostPrograms)) {
    out.ion_bytes += std::uint64_t{each.scalar<std::uint32_t>(program::neuron_bytes, 0)} +
                     each.scalar<std::uint32_t>(program::private_bytes, 0);
    shared = std::max<std::uint64_t>(shared, each.scalar<std::uint32_t>(program::shared_bytes, 0));
    if (++out.programs == 1) {
      out.inputs = each.strings(program::inputs, schema::kMostNames);
      out.outputs = each.strings(program::outputs, schema::kMostNames);
    }
    for (const Table& table : each.tables(program::tensors, schema::kMostItems)) {
      const StoredTensor tensor = read_tensor(table);
      if (has_own_memory(table)) out.ion_bytes += tensor.elements() * element_size(tensor.format);
      if (out.programs == 1)
        out.tensors.push_back({tensor.name, to_string(tensor.format), tensor.shape, tensor.scale,
                               tensor.pixel_format, tensor.aligned});
    }
  }
  out.ion_bytes += shared;
}

CvimodelContents read_contents(const std::string& bytes) {
  const Preamble preamble = read_preamble(bytes);
  const Body body(reinterpret_cast<const std::uint8_t*>(bytes.data()) + preamble.bytes, preamble.body_bytes);
  const Table root = Table::root(body);
  CvimodelContents out;
  out.chip = preamble.chip;
  for (const std::uint8_t number : root.scalar<std::array<std::uint8_t, 3>>(model::version, {}))
    out.format_version += (out.format_version.empty() ? "" : ".") + std::to_string(number);
  out.name = root.string(model::name);
  out.built = root.string(model::built);
  out.toolchain = root.string(model::tool);
  out.bytes = bytes.size();
  out.md5 = stored_md5(bytes);
  out.md5_fits = out.md5 == contents_md5(bytes, preamble);
  out.sections = read_sections(root);
  for (const auto& each : out.sections) out.ion_bytes += each.bytes;
  out.weights = root.tables(model::weights, schema::kMostItems).size();
  read_programs(root, out);
  return out;
}

}  // namespace
}  // namespace facecap::cvimodel

facecap::CvimodelContents facecap::cvimodel_contents(const std::string& path, bool unchecked) {
  const ModelFile file = inspect({path, "", ""});
  const std::string bytes = read_all(path);
  cvimodel::read_header(bytes, file.label, unchecked);  // checks what is described below
  try {
    return cvimodel::read_contents(bytes);
  } catch (const flatbuffer::Malformed& damage) {
    throw ModelError(file.label + ": " + damage.what());
  }
}
