#pragma once

#include "facecap/manifest_rules.hpp"
#include "runtime/manifest_reader.hpp"

namespace facecap {

Rule text();    // not empty
Rule sha256();  // in hexadecimal digits
Rule word(std::vector<std::string> words);
Rule number(double low, double high);
Rule integer(double low, double high);
Rule list(Rule item, std::size_t least, std::size_t most, Rule::Order order = Rule::Order::any);
Rule object(std::vector<Key> keys, std::vector<Choice> choices = {});
/// Some keys of an object, whatever else it has.
Rule part(std::vector<Key> keys, std::vector<Choice> choices = {});

/// Throws a ModelError that names the file, the place, what was found and what was wanted.
void check(const Rule& rule, const Field& field);

}  // namespace facecap
