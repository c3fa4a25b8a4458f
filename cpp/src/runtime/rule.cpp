#include "runtime/rule.hpp"

#include <algorithm>
#include <cmath>
#include <set>

namespace facecap {
namespace {

using Kind = json::Value::Kind;

void require(const Field& field, bool fits, const std::string& wanted) {
  if (!fits) field.fail(wanted);
}

void check_text(const Field& field) {
  require(field, field.kind() == Kind::string, "a string");
  require(field, !field.string().empty(), "a string that is not empty");
}

void check_sha256(const Field& field) {
  check_text(field);
  const std::string& digits = field.string();
  const bool hexadecimal = digits.find_first_not_of("0123456789abcdef") == std::string::npos;
  require(field, digits.size() == 64 && hexadecimal, "64 lowercase hexadecimal digits");
}

void check_word(const Rule& rule, const Field& field) {
  const bool known = field.kind() == Kind::string &&
                     std::find(rule.words.begin(), rule.words.end(), field.string()) != rule.words.end();
  require(field, known, "one of: " + joined(rule.words));
}

void check_number(const Rule& rule, const Field& field) {
  const bool whole = rule.kind == Rule::Kind::integer;
  const bool fits = field.kind() == Kind::number && field.number() >= rule.low &&
                    field.number() <= rule.high && (!whole || field.number() == std::floor(field.number()));
  require(
      field, fits,
      (whole ? "a whole number from " : "a number from ") + text_of(rule.low) + " to " + text_of(rule.high));
}

void check_order(const Rule& rule, const Field& field, const std::vector<Field>& items) {
  std::set<std::string> seen;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (rule.order == Rule::Order::distinct)
      require(field, seen.insert(items[i].string()).second, "'" + items[i].string() + "' only once");
    else if (i > 0 && rule.order == Rule::Order::ascending)
      require(field, items[i - 1].number() < items[i].number(), "ascending numbers");
    else if (i > 0 && rule.order == Rule::Order::not_descending)
      require(field, items[i - 1].number() <= items[i].number(), "numbers that do not descend");
  }
}

/// As many items as words: each word then occurs where none does twice.
void check_each(const Rule& rule, const Field& field, const std::vector<Field>& items) {
  std::set<std::string> seen;
  for (const Field& item : items) seen.insert(item.get(rule.each).string());
  if (seen.size() == items.size()) return;
  for (const Key& key : rule.item[0].keys)
    if (key.name == rule.each) field.fail("each of these once: " + joined(key.rule.words));
}

void check_holds(const Rule& rule, const Field& field, const std::vector<Field>& items) {
  for (const std::string& word : rule.holds) {
    const auto is_word = [&](const Field& item) { return item.string() == word; };
    require(field, std::any_of(items.begin(), items.end(), is_word), "each of these: " + joined(rule.holds));
  }
}

void check_list(const Rule& rule, const Field& field) {
  const std::string count = rule.least == rule.most
                                ? std::to_string(rule.least)
                                : std::to_string(rule.least) + " to " + std::to_string(rule.most);
  require(field, field.kind() == Kind::array, "an array of " + count);
  const std::vector<Field> items = field.list();
  require(field, items.size() >= rule.least && items.size() <= rule.most, "an array of " + count);
  for (const Field& item : items) check(rule.item[0], item);
  if (rule.order != Rule::Order::any) check_order(rule, field, items);
  if (!rule.each.empty()) check_each(rule, field, items);
  if (!rule.holds.empty()) check_holds(rule, field, items);
}

/// The rule that the word of a choice asks for. The word itself has been checked by the rule of its key.
const Rule& chosen(const Choice& choice, const Field& object) {
  Field place = object;
  for (const std::string& key : choice.path) {
    if (!place.has(key)) return choice.options.front().rule;
    place = place.get(key);
  }
  return std::find_if(choice.options.begin(), choice.options.end(),
                      [&](const Choice::Option& option) { return option.word == place.string(); })
      ->rule;
}

/// Checks the keys of an object and adds their names to `known`.
void check_keys(const Rule& rule, const Field& field, std::set<std::string>& known) {
  require(field, field.kind() == Kind::object, "an object");
  for (const Key& key : rule.keys) {
    known.insert(key.name);
    if (key.required || field.has(key.name)) check(key.rule, field.get(key.name));
  }
  for (const Choice& choice : rule.choices) check_keys(chosen(choice, field), field, known);
}

void check_object(const Rule& rule, const Field& field) {
  std::set<std::string> known;
  check_keys(rule, field, known);
  if (!rule.open) field.refuse_keys_but(known);
}

}  // namespace

Rule text() {
  Rule rule;
  rule.kind = Rule::Kind::text;
  return rule;
}

Rule sha256() {
  Rule rule;
  rule.kind = Rule::Kind::sha256;
  return rule;
}

Rule word(std::vector<std::string> words) {
  Rule rule;
  rule.kind = Rule::Kind::word;
  rule.words = std::move(words);
  return rule;
}

Rule number(double low, double high) {
  Rule rule;
  rule.kind = Rule::Kind::number;
  rule.low = low;
  rule.high = high;
  return rule;
}

Rule integer(double low, double high) {
  Rule rule = number(low, high);
  rule.kind = Rule::Kind::integer;
  return rule;
}

Rule list(Rule item, std::size_t least, std::size_t most, Rule::Order order) {
  Rule rule;
  rule.kind = Rule::Kind::list;
  rule.item.push_back(std::move(item));
  rule.least = least;
  rule.most = most;
  rule.order = order;
  return rule;
}

Rule object(std::vector<Key> keys, std::vector<Choice> choices) {
  Rule rule;
  rule.keys = std::move(keys);
  rule.choices = std::move(choices);
  return rule;
}

Rule part(std::vector<Key> keys, std::vector<Choice> choices) {
  Rule rule = object(std::move(keys), std::move(choices));
  rule.open = true;
  return rule;
}

void check(const Rule& rule, const Field& field) {
  switch (rule.kind) {
    case Rule::Kind::text:
      return check_text(field);
    case Rule::Kind::sha256:
      return check_sha256(field);
    case Rule::Kind::word:
      return check_word(rule, field);
    case Rule::Kind::number:
    case Rule::Kind::integer:
      return check_number(rule, field);
    case Rule::Kind::list:
      return check_list(rule, field);
    case Rule::Kind::object:
      return check_object(rule, field);
  }
}

}  // namespace facecap
