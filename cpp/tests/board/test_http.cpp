#include <random>

#include "check.hpp"
#include "errors.hpp"
#include "http_answer.hpp"
#include "http_url.hpp"
#include "pusher.hpp"

using namespace facecap::board;

namespace {

using State = HttpAnswer::State;

HttpAnswer answer_of(const std::string& bytes, std::size_t step = 1 << 20) {
  HttpAnswer answer;
  for (std::size_t at = 0; at < bytes.size(); at += step)
    answer.feed(bytes.data() + at, std::min(step, bytes.size() - at));
  return answer;
}

}  // namespace

TEST(http_answers_are_read_in_pieces_of_any_size) {
  const std::string bytes = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nX: y\r\n\r\n{}";
  for (std::size_t step = 1; step <= bytes.size(); ++step) {
    const HttpAnswer answer = answer_of(bytes, step);
    EXPECT(answer.state() == State::complete);
    EXPECT_EQ(answer.status(), 201);
  }
  EXPECT_EQ(answer_of("HTTP/1.0 503\n\n").status(), 503);
}

TEST(http_answers_that_are_none) {
  for (const char* bytes : {"\r\n\r\n", "HTTP/2 200\r\n\r\n", "HTTP/1.1 20\r\n\r\n",
                            "HTTP/1.1 2000 OK\r\n\r\n", "HTTP/1.1 999 X\r\n\r\n", "HTTP/1.1  200 OK\r\n\r\n",
                            "220 smtp ready\r\n", "HTTP/1.1 099 X\r\n\r\n", "HTTP/1.1 -20 X\r\n\r\n"})
    EXPECT(answer_of(bytes).state() == State::broken);
  EXPECT(answer_of("HTTP/1.1 200 OK\r\nX: y\r\n").state() == State::reading);
  EXPECT(answer_of("HTTP/1.1 200 OK\r\n" + std::string(1 << 20, 'x')).state() == State::broken);
  std::string interim;
  for (int k = 0; k < 5000; ++k) interim += "HTTP/1.1 100 C\r\n\r\n";
  EXPECT(answer_of(interim).state() == State::broken);
}

TEST(http_answers_of_any_bytes_end_in_a_state) {
  std::mt19937 random(8);
  const std::string pieces[] = {"HTTP/1.1 ", "200", "404 ", "\r\n", "\n", "\r",
                                " ",         ":",   "100 ", "\xFF", "x"};
  for (int round = 0; round < 5000; ++round) {
    std::string bytes;
    for (int k = std::uniform_int_distribution<int>(0, 16)(random); k > 0; --k)
      bytes += pieces[std::uniform_int_distribution<std::size_t>(0, std::size(pieces) - 1)(random)];
    const HttpAnswer answer = answer_of(bytes, 3);
    if (answer.state() == State::complete) EXPECT(answer.status() >= 200 && answer.status() <= 599);
  }
}

TEST(http_addresses) {
  const HttpUrl plain = parse_http_url("http://hub");
  EXPECT_EQ(plain.host + " " + plain.port + " " + plain.path, "hub 80 ");
  const HttpUrl full = parse_http_url("http://10.0.0.2:8080/api/");
  EXPECT_EQ(full.host + " " + full.port + " " + full.path, "10.0.0.2 8080 /api");
  const HttpUrl six = parse_http_url("http://[fe80::1]:81/x");
  EXPECT_EQ(six.host + " " + six.port + " " + six.path, "fe80::1 81 /x");
  const HttpUrl secret = parse_http_url("https://hub/x");
  EXPECT_EQ(secret.host + " " + secret.port + " " + secret.path, "hub 443 /x");
  EXPECT(secret.tls && !full.tls);
  for (const char* bad : {"", "hub", "ftp://hub", "https://", "http://", "http://:80", "http://hub:",
                          "http://hub:0", "http://hub:70000", "http://u:p@hub", "http://a:b:c", "http://[::1",
                          "http://[::1]x", "http://hub/x?y", "http://hub /x", "http://hub/\r\nX: y"})
    EXPECT_THROWS(UsageError, parse_http_url(bad), "push_url");
}

TEST(http_status_decides_what_becomes_of_a_capture) {
  for (const int status : {200, 201, 204}) EXPECT(outcome_of(status) == Outcome::taken);
  for (const int status : {400, 405, 409, 413, 415, 422}) EXPECT(outcome_of(status) == Outcome::refused);
  for (const int status : {302, 401, 403, 404, 408, 425, 429, 500, 502, 503, 599})
    EXPECT(outcome_of(status) == Outcome::retry);
  EXPECT_EQ(back_off(1), 0.5);
  EXPECT_EQ(back_off(4), 4.0);
  EXPECT_EQ(back_off(1000000), 10.0);
}
