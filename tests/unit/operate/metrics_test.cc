// SPDX-License-Identifier: MIT
//
// The page of metrics, and that docs and dashboard have the same names and words.
#include "operate/metrics.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <sstream>
#include <string>

#include "control/verbs.h"

namespace tribar {
namespace {

std::string text_of_file(const std::string& name) {
  std::ifstream file(TRIBAR_SOURCE_FOLDER "/" + name);
  return {std::istreambuf_iterator<char>(file), {}};
}

struct Fixture {
  LoopCounters loop;
  LoopCounters other_loop;
  RegistryCounters registry;
  Histogram registry_times;
  JournalCounters journal;
  LimitCounters limits;
  MetricSources sources;

  Fixture() {
    sources.version = "1.2.3";
    sources.loops = {&loop, &other_loop};
    sources.registry = &registry;
    sources.registry_times = &registry_times;
    sources.journal = &journal;
    sources.is_ready = [] { return true; };
    sources.certificate_expiry = [] { return std::optional<std::int64_t>(1'800'000'000); };
    sources.waiting_secrets = [] { return std::size_t{3}; };
    limits.connections.set(10);
    limits.buffered_bytes.set(20);
    limits.queued_bytes.set(30);
    limits.accounts.set(40);
    sources.limits = &limits;
  }

  /// Whether the page has this line.
  [[nodiscard]] bool has(const std::string& line) const {
    return ('\n' + metrics_page(sources)).find('\n' + line + '\n') != std::string::npos;
  }
};

TEST(MetricsPage, SumsAllLoops) {
  Fixture f;
  f.loop.open_of(Protocol::One).add(2);
  f.other_loop.open_of(Protocol::One).add(3);
  f.loop.read_bytes.add(100);
  f.other_loop.read_bytes.add(11);
  f.other_loop.note(RefusalCode::WrongSecret);
  f.loop.note(RefusalCode::WrongSecret);
  f.loop.note(refusal_codes().front());
  f.loop.note(refusal_codes().back());
  EXPECT_TRUE(f.has(R"(tribar_connections{protocol="1"} 5)"));
  EXPECT_TRUE(f.has(R"(tribar_connections{protocol="0"} 0)"));
  EXPECT_TRUE(f.has("tribar_read_bytes_total 111"));
  EXPECT_TRUE(f.has(R"(tribar_refusals_total{reason="wrong-secret"} 2)"));
  EXPECT_TRUE(f.has(
      fmt::format(R"(tribar_refusals_total{{reason="{}"}} 1)", token_of(refusal_codes().front()))));
  EXPECT_TRUE(f.has(
      fmt::format(R"(tribar_refusals_total{{reason="{}"}} 1)", token_of(refusal_codes().back()))));
}

TEST(MetricsPage, HasRoomForEveryRefusal) {
  EXPECT_LE(refusal_codes().size(), LoopCounters::kRefusals);
}

TEST(MetricsPage, CountsCommandsOfBothProtocolsAsOne) {
  Fixture f;
  f.registry.inputs[InputBody(Send{}).index()].add(4);
  f.registry.inputs[InputBody(SendNumbered{}).index()].add(5);
  f.registry.inputs[InputBody(Acknowledge{}).index()].add(6);
  f.registry.inputs[InputBody(Rejected{}).index()].add(7);
  EXPECT_TRUE(f.has(R"(tribar_commands_total{command="send"} 9)"));
  EXPECT_TRUE(f.has(R"(tribar_commands_total{command="ack"} 6)"));
  EXPECT_TRUE(f.has(R"(tribar_commands_total{command="malformed"} 7)"));
}

TEST(MetricsPage, CountsWhatIsDeliveredBeforeTheRegistryKnows) {
  Fixture f;
  f.registry.waiting.set(7);
  f.registry.delivered.set(10);
  f.loop.unreported.set(2);
  f.other_loop.unreported.set(1);
  EXPECT_TRUE(f.has("tribar_messages_waiting 4"));
  EXPECT_TRUE(f.has("tribar_messages_delivered_total 13"));
  f.registry.waiting.set(2);  // read a moment later
  EXPECT_TRUE(f.has("tribar_messages_waiting 0"));
}

TEST(MetricsPage, HasHistogramsInSeconds) {
  Fixture f;
  f.journal.commit_time.note(std::uint64_t{1});
  f.journal.commit_time.note(std::uint64_t{1'000'000});
  f.journal.commit_time.note(std::uint64_t{1} << 40);
  EXPECT_TRUE(f.has(R"(tribar_commit_seconds_bucket{le="1e-06"} 1)"));
  EXPECT_TRUE(f.has(R"(tribar_commit_seconds_bucket{le="1.04858"} 2)"));
  EXPECT_TRUE(f.has(R"(tribar_commit_seconds_bucket{le="+Inf"} 3)"));
  EXPECT_TRUE(f.has("tribar_commit_seconds_count 3"));
  f.journal.commit_size.note(std::uint64_t{16});
  EXPECT_TRUE(f.has(R"(tribar_commit_records_bucket{le="8"} 0)"));
  EXPECT_TRUE(f.has(R"(tribar_commit_records_bucket{le="16"} 1)"));
  EXPECT_TRUE(f.has("tribar_commit_records_sum 16"));
}

TEST(MetricsPage, LeavesOutWhatIsNotThere) {
  Fixture f;
  EXPECT_TRUE(f.has("tribar_certificate_expiry_timestamp_seconds 1800000000"));
  EXPECT_TRUE(f.has("tribar_secrets_waiting 3"));
  EXPECT_TRUE(f.has("tribar_storage_failing 0"));
  f.sources.journal = nullptr;
  f.sources.certificate_expiry = [] { return std::optional<std::int64_t>(); };
  const std::string page = metrics_page(f.sources);
  EXPECT_EQ(page.find("tribar_commit"), std::string::npos);
  EXPECT_EQ(page.find("tribar_storage_failing"), std::string::npos);
  EXPECT_EQ(page.find("tribar_store_bytes"), std::string::npos);
  EXPECT_EQ(page.find("certificate"), std::string::npos);
}

TEST(MetricsPage, SaysWhoLeads) {
  Fixture f;
  EXPECT_EQ(metrics_page(f.sources).find("tribar_leader"), std::string::npos);
  RoleStatus role;
  f.sources.role = &role;
  role.role.store(Role::Standby);
  role.epoch.store(7);
  role.commits.store(99);
  role.replication.store(-1);
  EXPECT_TRUE(f.has("tribar_leader 0"));
  EXPECT_TRUE(f.has("tribar_epoch 7"));
  EXPECT_TRUE(f.has("tribar_store_commits_total 99"));
  EXPECT_EQ(metrics_page(f.sources).find("tribar_synchronous_standbys"), std::string::npos);
  role.role.store(Role::Leader);
  role.replication.store(2);
  EXPECT_TRUE(f.has("tribar_leader 1"));
  EXPECT_TRUE(f.has("tribar_synchronous_standbys 2"));
}

TEST(MetricsPage, SaysWhatIsReady) {
  Fixture f;
  EXPECT_TRUE(f.has("tribar_ready 1"));
  f.sources.is_ready = [] { return false; };
  EXPECT_TRUE(f.has("tribar_ready 0"));
}

/// Each line is a comment or a sample, each sample belongs to the metric above it, and each metric
/// comes once.
TEST(MetricsPage, IsWellFormed) {
  Fixture f;
  f.sources.database = "/proc/self/exe";  // some file
  f.loop.note(RefusalCode::Throttled);
  RoleStatus role;
  role.replication.store(1);
  f.sources.role = &role;
  const std::regex header("# (HELP|TYPE) ([a-z_]+) (.+)");
  const std::regex sample(
      R"re(([a-z_]+?)(_bucket|_sum|_count)?(\{[a-z]+="[^"\\]*"(,[a-z]+="[^"\\]*")*\})? [0-9.e+-]+)re");
  std::istringstream page(metrics_page(f.sources));
  std::set<std::string> seen;
  std::string current;
  std::smatch match;
  for (std::string line; std::getline(page, line);) {
    if (std::regex_match(line, match, header)) {
      if (match[1] == "HELP") {
        current = match[2];
        EXPECT_TRUE(seen.insert(current).second) << line;
      }
      EXPECT_EQ(match[2], current) << line;
    } else {
      ASSERT_TRUE(std::regex_match(line, match, sample)) << line;
      EXPECT_TRUE(line.starts_with(current)) << line;
    }
  }
  EXPECT_EQ(seen.size(), metrics().size());
}

TEST(Metrics, AreNamedAsTheirTypeAsks) {
  for (const Metric& metric : metrics()) {
    EXPECT_EQ(metric.type == Metric::Type::Counter, metric.name.ends_with("_total")) << metric.name;
    EXPECT_TRUE(metric.help.ends_with('.')) << metric.name;
    EXPECT_EQ(metric.help.find_first_of("\\\n"), std::string_view::npos) << metric.name;
  }
}

TEST(OperateDoc, ListsEveryMetricInTheSameWords) {
  const std::string doc = text_of_file("docs/operate.md");
  for (const Metric& metric : metrics()) {
    const std::string row = fmt::format("| `{}` | {} | {} | {} |", metric.name,
                                        name_of(metric.type), metric.help, metric.alert);
    EXPECT_NE(doc.find(row), std::string::npos) << row;
  }
}

TEST(OperateDoc, ListsEveryVerb) {
  const std::string doc = text_of_file("docs/operate.md");
  for (const ControlVerbRow& row : control_verbs()) {
    const std::string line = fmt::format("| `{}{}{}` | {} |", row.name,
                                         row.arguments.empty() ? "" : " ", row.arguments, row.help);
    EXPECT_NE(doc.find(line), std::string::npos) << line;
  }
}

TEST(Dashboard, ShowsOnlyMetricsThatAreThere) {
  std::set<std::string> names;
  for (const Metric& metric : metrics()) {
    names.emplace(metric.name);
    if (metric.type == Metric::Type::Histogram) {
      for (const char* suffix : {"_bucket", "_sum", "_count"}) {
        names.insert(std::string(metric.name) + suffix);
      }
    }
  }
  const std::string dashboard = text_of_file("docs/grafana-dashboard.json");
  const std::regex name("(tribar|process)_[a-z_]+");
  std::set<std::string> shown;
  for (auto at = std::sregex_iterator(dashboard.begin(), dashboard.end(), name);
       at != std::sregex_iterator(); ++at) {
    EXPECT_TRUE(names.contains(at->str())) << at->str();
    shown.insert(at->str());
  }
  EXPECT_GE(shown.size(), 15U);
}

}  // namespace
}  // namespace tribar
