#include "runtime/json.hpp"

#include "facecap/error.hpp"
#include "facecap/manifest.hpp"
#include "fuzz.hpp"
#include "json_text.hpp"

using namespace facecap;

namespace {

/// The value as JSON text, as the board writes its own.
void write(const json::Value& value, std::string& out) {
  switch (value.kind) {
    case json::Value::Kind::null:
      out += "null";
      return;
    case json::Value::Kind::boolean:
      out += value.boolean ? "true" : "false";
      return;
    case json::Value::Kind::number:
      board::append_number(out, value.number);
      return;
    case json::Value::Kind::string:
      board::append_json(out, value.text);
      return;
    case json::Value::Kind::array:
      out += '[';
      for (std::size_t i = 0; i < value.items.size(); ++i) {
        if (i > 0) out += ',';
        write(value.items[i], out);
      }
      out += ']';
      return;
    case json::Value::Kind::object:
      out += '{';
      for (std::size_t i = 0; i < value.members.size(); ++i) {
        if (i > 0) out += ',';
        board::append_json(out, value.members[i].first);
        out += ':';
        write(value.members[i].second, out);
      }
      out += '}';
      return;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text = fuzz::text_of(data, size);
  fuzz::may_throw<json::ParseError>([&] {
    std::string once, twice;
    write(json::parse(text), once);
    write(json::parse(once), twice);
    fuzz::hold(once == twice, "what was read and written is read as the same");
  });
  fuzz::may_throw<ModelError>([&] { Manifest::parse(text, "manifest"); });
  return 0;
}
