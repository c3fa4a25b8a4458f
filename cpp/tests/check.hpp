#pragma once

// A test framework of one page, so that the tests also run where nothing can be installed.

#include <cmath>
#include <cstdio>
#include <exception>
#include <functional>
#include <sstream>
#include <string>
#include <vector>

namespace check {

struct Test {
  const char* name;
  std::function<void()> body;
};

inline std::vector<Test>& tests() {
  static std::vector<Test> all;
  return all;
}

inline int& failures() {
  static int count = 0;
  return count;
}

struct Register {
  Register(const char* name, std::function<void()> body) { tests().push_back({name, std::move(body)}); }
};

inline void fail(const char* file, int line, const std::string& what) {
  ++failures();
  std::printf("%s:%d: %s\n", file, line, what.c_str());
}

template <typename A, typename B>
void equal(const char* file, int line, const char* text, const A& found, const B& wanted) {
  if (found == wanted) return;
  std::ostringstream out;
  out << text << ": found " << found << ", wanted " << wanted;
  fail(file, line, out.str());
}

inline void near(const char* file, int line, const char* text, double found, double wanted,
                 double tolerance) {
  if (std::abs(found - wanted) <= tolerance) return;
  std::ostringstream out;
  out.precision(9);
  out << text << ": found " << found << ", wanted " << wanted << " within " << tolerance;
  fail(file, line, out.str());
}

/// Runs `call`, which must throw E with `part` in its message.
template <typename E>
void throws(const char* file, int line, const std::function<void()>& call, const std::string& part) {
  try {
    call();
  } catch (const E& error) {
    if (std::string(error.what()).find(part) == std::string::npos)
      fail(file, line, std::string("message without '") + part + "': " + error.what());
    return;
  }
  fail(file, line, "nothing thrown, wanted '" + part + "'");
}

}  // namespace check

#define TEST(name)                                           \
  static void name();                                        \
  static const check::Register register_##name(#name, name); \
  static void name()
#define EXPECT(condition)                                          \
  do {                                                             \
    if (!(condition)) check::fail(__FILE__, __LINE__, #condition); \
  } while (0)
#define EXPECT_EQ(found, wanted) check::equal(__FILE__, __LINE__, #found, found, wanted)
#define EXPECT_NEAR(found, wanted, tolerance) \
  check::near(__FILE__, __LINE__, #found, found, wanted, tolerance)
#define EXPECT_THROWS(E, call, part) check::throws<E>(__FILE__, __LINE__, [&] { call; }, part)
