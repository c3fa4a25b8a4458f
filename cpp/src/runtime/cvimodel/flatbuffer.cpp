#include "runtime/cvimodel/flatbuffer.hpp"

namespace facecap::flatbuffer {

namespace {

constexpr std::size_t kMostText = 1024;
constexpr std::size_t kStep = 16;  // what following an offset costs, in bytes read

}  // namespace

void Body::spend(std::size_t units) const {
  if (units > budget_) throw Malformed("more in it than any network has: its header is damaged");
  budget_ -= units;
}

std::size_t Body::follow(std::size_t place) const {
  spend(kStep);
  const std::uint32_t offset = at<std::uint32_t>(place);
  if (offset == 0 || offset > size_ - place) throw Malformed("an offset that leads out of the header");
  return place + offset;
}

std::string Body::text(std::size_t place) const {
  const std::uint32_t length = at<std::uint32_t>(place);
  if (length > kMostText) throw Malformed("a name of " + std::to_string(length) + " characters");
  spend(length);
  require(place + 4, std::size_t{length} + 1);
  const char* start = reinterpret_cast<const char*>(data_ + place + 4);
  if (start[length] != '\0' || std::memchr(start, 0, length) != nullptr)
    throw Malformed("a name without its end");
  return {start, length};
}

Table::Table(const Body& body, std::size_t start) : body_(&body), start_(start) {
  // The vtable lies where the table's first word, a signed difference, points back or forth to.
  const std::int64_t vtable = static_cast<std::int64_t>(start) - body.at<std::int32_t>(start);
  if (vtable < 0) throw Malformed("a table whose layout lies outside of the header");
  vtable_ = static_cast<std::size_t>(vtable);
  vtable_bytes_ = body.at<std::uint16_t>(vtable_);
  bytes_ = body.at<std::uint16_t>(vtable_ + 2);
  if (vtable_bytes_ < 4 || vtable_bytes_ % 2 != 0 || bytes_ < 4)
    throw Malformed("a table whose layout is no layout");
  body.require(vtable_, vtable_bytes_);
  body.require(start_, bytes_);
}

Table Table::root(const Body& body) {
  return {body, body.follow(0)};
}

std::size_t Table::place(int field, std::size_t bytes) const {
  const std::size_t slot = 4 + 2 * static_cast<std::size_t>(field);
  if (slot + 2 > vtable_bytes_) return 0;
  const std::size_t offset = body_->at<std::uint16_t>(vtable_ + slot);
  if (offset == 0) return 0;
  if (offset < 4 || offset > bytes_ || bytes > bytes_ - offset)
    throw Malformed("a field outside of its table");
  return start_ + offset;
}

std::string Table::string(int field) const {
  const std::size_t at = place(field, 4);
  return at == 0 ? std::string() : body_->text(body_->follow(at));
}

std::string Table::required_string(int field) const {
  std::string text = string(field);
  if (text.empty()) throw Malformed("a name that is missing");
  return text;
}

std::optional<Table> Table::table(int field) const {
  const std::size_t at = place(field, 4);
  if (at == 0) return {};
  return Table(*body_, body_->follow(at));
}

std::pair<std::size_t, std::size_t> Table::elements(int field, std::size_t bytes, std::size_t most) const {
  const std::size_t at = place(field, 4);
  if (at == 0) return {0, 0};
  const std::size_t start = body_->follow(at);
  const std::size_t count = body_->at<std::uint32_t>(start);
  if (count > most) throw Malformed("a list of " + std::to_string(count));
  body_->require(start + 4, count * bytes);
  return {start + 4, count};
}

std::vector<Table> Table::tables(int field, std::size_t most) const {
  const auto [start, count] = elements(field, 4, most);
  std::vector<Table> out;
  for (std::size_t i = 0; i < count; ++i) out.push_back(Table(*body_, body_->follow(start + 4 * i)));
  return out;
}

std::vector<std::string> Table::strings(int field, std::size_t most) const {
  const auto [start, count] = elements(field, 4, most);
  std::vector<std::string> out;
  for (std::size_t i = 0; i < count; ++i) out.push_back(body_->text(body_->follow(start + 4 * i)));
  return out;
}

std::vector<std::int64_t> Table::integers(int field, std::size_t most) const {
  const auto [start, count] = elements(field, 8, most);
  std::vector<std::int64_t> out;
  for (std::size_t i = 0; i < count; ++i) out.push_back(body_->at<std::int64_t>(start + 8 * i));
  return out;
}

}  // namespace facecap::flatbuffer
