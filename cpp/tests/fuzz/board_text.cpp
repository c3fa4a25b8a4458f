#include <cmath>
#include <stdexcept>

#include "errors.hpp"
#include "fuzz.hpp"
#include "http_answer.hpp"
#include "http_url.hpp"
#include "json_text.hpp"
#include "key_values.hpp"
#include "runtime/json.hpp"
#include "runtime/values.hpp"

using namespace facecap;
using namespace facecap::board;

namespace {

void numbers(double value) {
  std::string text;
  append_number(text, value);
  if (std::isfinite(value)) fuzz::hold(json::parse(text).number == value, "a number reads back as itself");
  append_rounded(text, value, 3);
  if (std::isnan(value)) return;
  const std::string time = rfc3339(value);
  fuzz::hold(time.size() == 24 && time[23] == 'Z', "a time has its length in every year");
}

/// An answer is the same however it is cut into pieces.
void answers(const std::string& text, std::size_t piece) {
  HttpAnswer whole, pieces;
  whole.feed(text.data(), text.size());
  for (std::size_t at = 0; at < text.size(); at += piece)
    pieces.feed(text.data() + at, std::min(piece, text.size() - at));
  fuzz::hold(whole.state() == pieces.state(), "the state does not depend on the pieces");
  if (whole.state() != HttpAnswer::State::complete) return;
  fuzz::hold(whole.status() == pieces.status(), "the status does not depend on the pieces");
  fuzz::hold(whole.status() >= 200 && whole.status() <= 599, "a status from 200 to 599");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzedDataProvider given(data, size);
  numbers(given.ConsumeFloatingPoint<double>());
  const std::size_t piece = given.ConsumeIntegralInRange<std::size_t>(1, 64);
  const std::string text = given.ConsumeRemainingBytesAsString();
  answers(text, piece);
  std::string quoted;
  append_json(quoted, text);
  fuzz::hold(quoted.size() >= text.size() + 2, "a quoted text is no shorter");
  fuzz::may_throw<UsageError>([&] {
    const HttpUrl url = parse_http_url(text);
    fuzz::hold(!url.host.empty() && !url.port.empty(), "an address has host and port");
  });
  fuzz::may_throw<std::invalid_argument>([&] { read_number(text); });
  fuzz::may_throw<std::invalid_argument>([&] { read_whole(text, -1000, 1000); });
  fuzz::may_throw<std::invalid_argument>([&] { read_switch(text); });
  fuzz::may_throw<std::invalid_argument>([&] { read_size(text); });
  return 0;
}
