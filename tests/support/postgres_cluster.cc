// SPDX-License-Identifier: MIT
//
// See postgres_cluster.h.
#include "support/postgres_cluster.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <stdexcept>
#include <thread>

namespace tribar::test {
namespace {

constexpr const char* kPrograms = "/usr/lib/postgresql/15/bin/";
constexpr const char* kUser = "postgres";
constexpr const char* kOwner = "owner";

const passwd* other_user() { return geteuid() == 0 ? getpwnam(kUser) : nullptr; }

}  // namespace

std::string PostgresCluster::obstacle() {
  for (const char* program : {"initdb", "postgres"}) {
    if (access((std::string(kPrograms) + program).c_str(), X_OK) != 0) {
      return fmt::format("there is no {}{}: install postgresql-15 (scripts/setup --ci)", kPrograms,
                         program);
    }
  }
  if (geteuid() == 0 && other_user() == nullptr) {
    return "the tests run as root, and there is no user postgres";
  }
  return {};
}

PostgresCluster& PostgresCluster::shared() {
  static PostgresCluster cluster;
  return cluster;
}

/// Runs a program of PostgreSQL as a user that it accepts; it ends with this process.
pid_t PostgresCluster::spawn(const std::vector<std::string>& command) const {
  const passwd* user = other_user();
  std::vector<char*> arguments;
  for (const std::string& argument : command) {
    arguments.push_back(const_cast<char*>(argument.c_str()));
  }
  arguments.push_back(nullptr);
  const std::string log = folder_.file("log");
  const pid_t child = fork();
  if (child != 0) {
    return child;
  }
  if (user != nullptr && (initgroups(user->pw_name, user->pw_gid) != 0 ||
                          setgid(user->pw_gid) != 0 || setuid(user->pw_uid) != 0)) {
    _exit(126);
  }
  prctl(PR_SET_PDEATHSIG, SIGQUIT);
  const int out = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  const int in = open("/dev/null", O_RDONLY);
  if (out < 0 || in < 0 || chdir("/") != 0) {
    _exit(126);
  }
  dup2(in, 0);
  dup2(out, 1);
  dup2(out, 2);
  close_range(3, ~0U, 0);
  execv(arguments[0], arguments.data());
  _exit(127);
}

PostgresCluster::PostgresCluster() {
  if (const passwd* user = other_user(); user != nullptr) {
    if (chown(folder_.path().c_str(), user->pw_uid, user->pw_gid) != 0) {
      throw std::runtime_error("chown " + folder_.path());
    }
  }
  const std::string data = folder_.file("data");
  int status = 0;
  const pid_t maker = spawn({std::string(kPrograms) + "initdb", "-D", data, "-U", kOwner,
                             "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"});
  if (waitpid(maker, &status, 0) != maker || status != 0) {
    throw std::runtime_error("initdb: " + read_file(folder_.file("log")));
  }
  write_file(data + "/pg_hba.conf",
             "local all guest scram-sha-256\n"
             "local all all trust\n"
             "local replication all trust\n");
  write_file(data + "/postgresql.conf",
             fmt::format("listen_addresses = ''\nunix_socket_directories = '{}'\nport = {}\n"
                         "fsync = off\nmax_connections = 40\nshared_buffers = 16MB\n"
                         "dynamic_shared_memory_type = mmap\nautovacuum = off\n",
                         folder_.path(), kPort));
  start();
  ask("postgres", "CREATE ROLE guest LOGIN PASSWORD 'open sesame'");
  ask("postgres", "CREATE ROLE poor LOGIN");
}

PostgresCluster::~PostgresCluster() { crash(); }

void PostgresCluster::start() {
  pid_ = spawn({std::string(kPrograms) + "postgres", "-D", folder_.file("data")});
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (true) {
    const RawConnection connection(PQconnectdb(this->connection("postgres").c_str()));
    if (PQstatus(connection.get()) == CONNECTION_OK) {
      return;
    }
    int status = 0;
    if (std::chrono::steady_clock::now() > deadline || waitpid(pid_, &status, WNOHANG) == pid_) {
      throw std::runtime_error("postgres: " + read_file(folder_.file("log")));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

void PostgresCluster::crash() {
  if (pid_ > 0) {
    kill(pid_, SIGQUIT);
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = -1;
  }
}

std::string PostgresCluster::make_database() {
  const std::string name = fmt::format("test_{}", ++databases_);
  ask("postgres", "CREATE DATABASE " + name);
  return name;
}

std::string PostgresCluster::connection(const std::string& database) const {
  return fmt::format("host={} port={} dbname={} user={}", folder_.path(), kPort, database, kOwner);
}

std::string PostgresCluster::ask(const std::string& database, const std::string& sql) const {
  const RawConnection connection(PQconnectdb(this->connection(database).c_str()));
  if (PQstatus(connection.get()) != CONNECTION_OK) {
    throw std::runtime_error(PQerrorMessage(connection.get()));
  }
  const std::unique_ptr<PGresult, decltype(&PQclear)> result(PQexec(connection.get(), sql.c_str()),
                                                             &PQclear);
  switch (PQresultStatus(result.get())) {
    case PGRES_COMMAND_OK:
      return {};
    case PGRES_TUPLES_OK:
      return PQntuples(result.get()) > 0 ? PQgetvalue(result.get(), 0, 0) : "";
    default:
      throw std::runtime_error(PQerrorMessage(connection.get()));
  }
}

void PostgresCluster::set(const std::string& name, const std::string& value) const {
  ask("postgres", value.empty() ? "ALTER SYSTEM RESET " + name
                                : fmt::format("ALTER SYSTEM SET {} = '{}'", name, value));
  ask("postgres", "SELECT pg_reload_conf()");
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (ask("postgres", "SHOW " + name) != value) {
    if (std::chrono::steady_clock::now() > deadline) {
      throw std::runtime_error(name + " does not change");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

}  // namespace tribar::test
