#include <random>

#include "check.hpp"
#include "command_line.hpp"
#include "config_file.hpp"
#include "errors.hpp"
#include "settings.hpp"
#include "temporary_folder.hpp"

using namespace facecap::board;

namespace {

facecap::SettingValue value_of(const facecap::ConfigText& config, const std::string& name) {
  for (const facecap::ConfigSetting& setting : config.settings)
    if (setting.name == name) return setting.value;
  return "(absent)";
}

bool says(const facecap::SettingValue& value, const std::string& text) {
  return value == facecap::SettingValue(text);
}

}  // namespace

TEST(config_reads_lines_comments_and_equals) {
  const facecap::ConfigText config = parse_config(
      "# a door\n\nsource = /dev/video0   # the one above\r\n  min_face 48\nout=captures of today\n"
      "push_camera\tdoor#1\n",
      "door.conf");
  EXPECT(says(value_of(config, "source"), "/dev/video0"));
  EXPECT(value_of(config, "min_face") == facecap::SettingValue(48.0));
  EXPECT(says(value_of(config, "out"), "captures of today"));
  EXPECT(says(value_of(config, "push_camera"), "door#1"));
  EXPECT_EQ(config.settings[1].given, "door.conf:4: min_face");
  EXPECT(config.warnings.empty());
}

TEST(config_names_file_and_line_of_what_is_wrong) {
  EXPECT_THROWS(UsageError, parse_config("mode fast\nmin_fcae 3\n", "a.conf"),
                "a.conf:2: no setting 'min_fcae'");
  EXPECT_THROWS(UsageError, parse_config("min_fcae 3\n", "a.conf"), "did you mean 'min_face'?");
  EXPECT_THROWS(UsageError, parse_config("interval 3\ninterval 3\n", "a.conf"),
                "a.conf:2: interval is given twice");
  EXPECT_THROWS(UsageError, parse_config("\ninterval\n", "a.conf"), "a.conf:2: found 'interval'");
  EXPECT_THROWS(UsageError, parse_config("= 3\n", "a.conf"), "a.conf:1");
  EXPECT_THROWS(UsageError, parse_config("interval 3\nm_interval 4\n", "a.conf"), "mean the same and differ");
  EXPECT_THROWS(UsageError, parse_config("thr_yaw wide\n", "a.conf"),
                "a.conf:1: thr_yaw is 'wide', wanted a number");
  Settings settings;
  EXPECT_THROWS(std::invalid_argument, find_key("fps")->set(settings, "1e-300"),
                "wanted frames a second, 0.001 to 1000");
  EXPECT_THROWS(std::invalid_argument, find_key("area")->set(settings, "0,0 1,0 1,2"),
                "only[0][2] is (1, 2), wanted shares of the frame's width and height, 0 to 1");
  EXPECT_THROWS(std::invalid_argument, find_key("ignore_area")->set(settings, "0,0 1"),
                "'1', wanted corners x,y");
  EXPECT(value_of(parse_config("interval 3\nm_interval 3.0\n", "a.conf"), "interval") ==
         facecap::SettingValue(std::int64_t{3}));
  EXPECT_THROWS(UsageError, parse_config("thr_yaw 9\n", "a.conf"),
                "a.conf:1: thr_yaw: max_yaw is 515.662, wanted degrees between 0 and 180");
  EXPECT_THROWS(UsageError, parse_config("miss_limit 0\n", "a.conf"),
                "a.conf:1: miss_limit is 0, wanted frames");
}

TEST(config_in_json_keeps_every_digit) {
  const facecap::ConfigText config =
      parse_config("{\"fps\": 29.9700003, \"min_quality\": 0.123456789, \"mask_threshold\": null}", "a.json");
  Settings settings;
  find_key("fps")->set(settings, std::get<std::string>(value_of(config, "fps")));
  EXPECT_EQ(*settings.fps, 29.9700003);
  EXPECT(value_of(config, "min_quality") == facecap::SettingValue(0.123456789));
  EXPECT(value_of(config, "mask_threshold") == facecap::SettingValue());
}

TEST(config_takes_the_vendor_s_names) {
  const facecap::ConfigText config = parse_config(
      "mode 2\nthr_roll 0.5\nqa_method 3\nFAST_Mode_Interval 11\nCYCLE_Mode_Interval 22\nbuffer_size 10\n",
      "v.conf");
  EXPECT(says(value_of(config, "mode"), "cycle"));
  EXPECT(value_of(config, "max_roll") == facecap::SettingValue(45.0));
  EXPECT(says(value_of(config, "quality_method"), "posture_laplacian"));
  EXPECT(value_of(config, "interval") == facecap::SettingValue(std::int64_t{22}));
  EXPECT_EQ(config.warnings.size(), 2u);
  EXPECT(config.warnings[0].find("mode 2 is read as 'cycle'") != std::string::npos);
  EXPECT(config.warnings[1].find("FAST_Mode_Interval, buffer_size") != std::string::npos);
}

TEST(config_of_any_bytes_is_read_or_refused) {
  std::mt19937 random(1);
  const std::string pieces[] = {"mode",     "fast",     " ",       "\n",   "=",        "#",
                                "interval", "1e400",    "thr_yaw", "\t",   "\xC3\xA9", std::string(1, '\0'),
                                "\xFF",     "min_face", "-1",      "0x10", "\r",       "{",
                                "size",     "640x"};
  int read = 0;
  for (int round = 0; round < 3000; ++round) {
    std::string text;
    for (int k = std::uniform_int_distribution<int>(0, 12)(random); k > 0; --k)
      text += pieces[std::uniform_int_distribution<std::size_t>(0, std::size(pieces) - 1)(random)];
    try {
      parse_config(text, "fuzz");
      ++read;
    } catch (const UsageError& error) {
      EXPECT(std::string(error.what()).find("fuzz:") == 0);
    }
  }
  EXPECT(read > 0 && read < 3000);
}

TEST(config_files_that_are_none) {
  const TemporaryFolder folder;
  EXPECT_THROWS(UsageError, read_config(folder / "absent"), "No such file");
  EXPECT_THROWS(UsageError, read_config(folder.path()), "");
  write_text(folder / "latin", "out caf\xE9\n");
  EXPECT_THROWS(UsageError, read_config(folder / "latin"), "not UTF-8");
  write_text(folder / "json", "{\"mode\": \"fast\"");
  EXPECT_THROWS(UsageError, read_config(folder / "json"), "not JSON (line 1");
  write_text(folder / "huge", std::string((1 << 20) + 1, ' '));
  EXPECT_THROWS(UsageError, read_config(folder / "huge"), "1048576");
  write_text(folder / "empty", "");
  EXPECT(read_config(folder / "empty").settings.empty());
}

TEST(flags_win_over_the_file) {
  const TemporaryFolder folder;
  write_text(folder / "a.conf", "mode fast\ninterval 10\nearly_first 1\n");
  const CommandLine line = parse_command_line({"frames", "--out", "o", "--config=" + folder / "a.conf",
                                               "--interval", "20", "--no-early-first", "--overwrite"});
  EXPECT(line.settings.capture.mode == facecap::CaptureMode::fast);
  EXPECT_EQ(line.settings.capture.interval, 20);
  EXPECT(!line.settings.capture.early_first);
  EXPECT(line.settings.overwrite);
  EXPECT_EQ(line.settings.source, "frames");
  line.settings.validate();
}

TEST(flags_that_are_wrong_are_named) {
  const auto parse = [](std::vector<std::string> words) { return parse_command_line(words); };
  EXPECT_THROWS(UsageError, parse({"--outt", "x"}), "no flag --outt");
  EXPECT_THROWS(UsageError, parse({"--out"}), "--out needs a value");
  EXPECT_THROWS(UsageError, parse({"-x"}), "no flag -x");
  EXPECT_THROWS(UsageError, parse({"--size", "640"}), "--size is '640', wanted WIDTHxHEIGHT");
  EXPECT_THROWS(UsageError, parse({"--mode", "slow"}), "auto, fast, cycle, once");
  EXPECT_THROWS(UsageError, parse({"--mode", "935"}),
                "--mode is 935, wanted one of auto, fast, cycle, once, or 0 to 2");
  EXPECT(parse({"--mode", "1"}).settings.capture.mode == facecap::CaptureMode::fast);
  EXPECT_THROWS(UsageError, parse({"--push-camera", "../x"}), "letters");
  EXPECT_THROWS(UsageError, parse({"--push-camera", "-x"}), "a letter or digit first");
  EXPECT_THROWS(UsageError, parse({"--no-interval"}), "no flag --no-interval");
  EXPECT_THROWS(UsageError, parse({"a", "--out", "o", "--max-yaw", "500"}), "max_yaw is 500");
  EXPECT_THROWS(UsageError, parse({"--out", "o"}).settings.validate(), "source is missing");
  EXPECT_THROWS(UsageError, parse({"a"}).settings.validate(), "out is missing");
  EXPECT_THROWS(UsageError, parse({"a", "--out", "o", "--push-url", "ftp://x"}).settings.validate(),
                "wanted https://");
  EXPECT_THROWS(UsageError, parse({"--push-fingerprint", std::string(63, 'a')}), "64 hexadecimal digits");
  EXPECT_THROWS(UsageError, parse({"--push-fingerprint", std::string(63, 'a') + "g"}),
                "64 hexadecimal digits");
}
