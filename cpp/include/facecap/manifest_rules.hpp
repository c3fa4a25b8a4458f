#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace facecap {

struct Key;
struct Choice;

/// What a value of a manifest may be. The core checks every value against such a rule, and the JSON schema is
/// written from the same rules.
struct Rule {
  enum class Kind { text, sha256, word, number, integer, list, object };
  enum class Order { any, distinct, ascending, not_descending };
  Kind kind = Kind::object;
  double low = 0;  // least and greatest value of a number or an integer
  double high = 0;
  std::vector<std::string> words;  // those that a word may be
  std::size_t least = 0;           // fewest and most items of a list
  std::size_t most = 0;
  Order order = Order::any;        // of the items of a list
  std::string each;                // a key of the items of a list whose words each occur once; empty for none
  std::vector<std::string> holds;  // words that a list of words has among its items
  std::vector<Rule> item;          // of a list, one rule
  std::vector<Key> keys;           // of an object
  std::vector<Choice> choices;     // of an object
  bool open = false;               // whether an object may have more keys
};

struct Key {
  std::string name;
  Rule rule;
  bool required = true;
};

/// Keys of an object that depend on a word within it. An option may name a key that the object has anyway:
/// its value then keeps both rules.
struct Choice {
  struct Option {
    std::string word;
    Rule rule;  // an open object
  };
  std::vector<std::string> path;  // of the word, from the object
  std::vector<Option> options;    // the first is meant where the word is missing
};

/// The rules of a whole manifest: the only place where its keys, words and limits stand.
const Rule& manifest_rule();

}  // namespace facecap
