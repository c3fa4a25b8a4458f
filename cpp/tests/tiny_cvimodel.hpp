#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "runtime/md5.hpp"

// Writes .cvimodel files that say what a test wants them to say; no chip would run them.

namespace tiny_cvimodel {

template <typename T>
std::string bytes_of(T value) {
  std::string out(sizeof(T), '\0');
  std::memcpy(&out[0], &value, sizeof(T));
  return out;
}

/// A FlatBuffers body, written front to back: what a table points to comes behind it.
class Body {
 public:
  using Child = std::function<std::size_t(Body&)>;  // writes something, returns where it begins
  struct Field {
    int number;
    std::string bytes;  // of a scalar
    Child child;        // or what the field points to
  };

  std::string out;

  std::size_t table(const std::vector<Field>& fields) {
    int count = 0;
    for (const Field& field : fields) count = std::max(count, field.number + 1);
    const std::size_t vtable = out.size();
    const std::size_t start = vtable + 4 + 2 * count;
    std::string slots(2 * count, '\0');
    std::string inside = bytes_of(static_cast<std::int32_t>(start - vtable));
    for (const Field& field : fields) {
      const std::string place = bytes_of(static_cast<std::uint16_t>(inside.size()));
      slots.replace(2 * field.number, 2, place);
      inside += field.child ? std::string(4, '\0') : field.bytes;
    }
    out += bytes_of(static_cast<std::uint16_t>(4 + slots.size())) +
           bytes_of(static_cast<std::uint16_t>(inside.size())) + slots + inside;
    std::size_t place = start + 4;
    for (const Field& field : fields) {
      if (field.child) point(place, field.child);
      place += field.child ? 4 : field.bytes.size();
    }
    return start;
  }
  std::size_t text(const std::string& text) {
    out += bytes_of(static_cast<std::uint32_t>(text.size())) + text + '\0';
    return out.size() - text.size() - 5;
  }
  std::size_t list(const std::vector<Child>& items) {
    const std::size_t start = out.size();
    out += bytes_of(static_cast<std::uint32_t>(items.size())) + std::string(4 * items.size(), '\0');
    for (std::size_t i = 0; i < items.size(); ++i) point(start + 4 + 4 * i, items[i]);
    return start;
  }
  std::size_t integers(const std::vector<std::int64_t>& values) {
    const std::size_t start = out.size();
    out += bytes_of(static_cast<std::uint32_t>(values.size()));
    for (const std::int64_t value : values) out += bytes_of(value);
    return start;
  }
  void point(std::size_t place, const Child& child) {
    const std::size_t target = child(*this);
    out.replace(place, 4, bytes_of(static_cast<std::uint32_t>(target - place)));
  }
};

struct Tensor {
  std::string name;
  std::uint8_t format = 0;
  std::vector<std::int64_t> shape;
  float scale = 1;
  std::string pixel_format;
  bool aligned = false;
  float zero_point = 0;
};

struct Section {
  std::uint8_t type = 0;
  std::string name = "weight";
  std::uint32_t size = 64;
  std::uint32_t offset = 0;
  bool encrypted = false;
};

struct File {
  std::vector<Tensor> inputs{{"image", 0, {1, 3, 4, 4}}};
  std::vector<Tensor> outputs{{"logits", 0, {1, 1, 1, 1}}};
  std::string chip = "cv182x";    // before the body
  std::string target = "cv182x";  // in the body
  std::uint8_t major = 1;
  std::uint8_t minor = 4;
  std::uint8_t minor_inside = 4;
  std::vector<Section> sections{{}, {1, "subfunc_0", 32, 64}};
  std::string commands = "subfunc_0";
  std::size_t section_bytes = 96;
};

inline Body::Child text(const std::string& value) {
  return [value](Body& body) { return body.text(value); };
}

inline Body::Child texts(const std::vector<std::string>& values) {
  return [values](Body& body) {
    std::vector<Body::Child> items;
    for (const std::string& value : values) items.push_back(text(value));
    return body.list(items);
  };
}

inline Body::Child table(const std::vector<Body::Field>& fields) {
  return [fields](Body& body) { return body.table(fields); };
}

inline Body::Child list(const std::vector<Body::Child>& items) {
  return [items](Body& body) { return body.list(items); };
}

inline Body::Child tensor(const Tensor& from) {
  const std::vector<std::int64_t> shape = from.shape;
  const Body::Child sides = [shape](Body& body) { return body.integers(shape); };
  std::vector<Body::Field> fields{
      {1, "", text(from.name)},
      {3, bytes_of(from.format), {}},
      {4, "", table({{0, "", sides}})},
      {6, "", table({{3, bytes_of(from.zero_point), {}}, {4, bytes_of(from.scale), {}}})}};
  if (!from.pixel_format.empty()) fields.push_back({10, "", text(from.pixel_format)});
  if (from.aligned) fields.push_back({11, bytes_of(std::uint8_t{1}), {}});
  return table(fields);
}

inline Body::Child section(const Section& from) {
  return table({{0, bytes_of(from.type), {}},
                {1, "", text(from.name)},
                {2, bytes_of(from.size), {}},
                {3, bytes_of(from.offset), {}},
                {4, bytes_of(static_cast<std::uint8_t>(from.encrypted)), {}}});
}

inline std::string body_of(const File& file) {
  std::vector<std::string> inputs, outputs;
  std::vector<Body::Child> tensors, sections;
  for (const Tensor& each : file.inputs) inputs.push_back(each.name);
  for (const Tensor& each : file.outputs) outputs.push_back(each.name);
  for (const Tensor& each : file.inputs) tensors.push_back(tensor(each));
  for (const Tensor& each : file.outputs) tensors.push_back(tensor(each));
  for (const Section& each : file.sections) sections.push_back(section(each));
  const Body::Child routine = table({{0, std::string(1, '\0'), {}},
                                     {1, "", texts(inputs)},
                                     {2, "", texts(outputs)},
                                     {3, "", table({{0, "", text(file.commands)}})}});
  const Body::Child program = table(
      {{2, "", texts(inputs)}, {3, "", texts(outputs)}, {4, "", list(tensors)}, {5, "", list({routine})}});
  const std::string version{static_cast<char>(file.major), static_cast<char>(file.minor_inside), '\0'};
  Body body;
  body.out.assign(4, '\0');
  body.point(0, table({{0, version, {}},
                       {1, "", text("tiny")},
                       {6, "", list({program})},
                       {7, "", list(sections)},
                       {8, "", text(file.target)}}));
  return body.out;
}

/// Bytes before the body, then `rest`, which is the body and the sections.
inline std::string with_preamble(const File& file, std::size_t body_bytes, const std::string& rest) {
  const auto digest = facecap::md5(reinterpret_cast<const std::uint8_t*>(rest.data()), rest.size());
  std::string chip = file.chip;
  chip.resize(16, '\0');
  const std::string start = "CviModel" + bytes_of(static_cast<std::uint32_t>(body_bytes)) +
                            static_cast<char>(file.major) + static_cast<char>(file.minor) +
                            std::string(digest.begin(), digest.end());
  return start + (file.minor == 0 ? std::string(2, '\0') : chip + std::string(2, '\0')) + rest;
}

inline std::string write(const File& file) {
  const std::string body = body_of(file);
  std::string out = with_preamble(file, body.size(), body + std::string(file.section_bytes, '\7'));
  return out;
}

}  // namespace tiny_cvimodel
