// One connection to an SQLite file, and statements on it. Errors name the file and what SQLite said.
#pragma once

#include <sqlite3.h>

#include <concepts>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace bw {

class Statement;

class Database {
 public:
  // Makes the file, readable by its owner alone, if it is not there.
  explicit Database(const std::filesystem::path& path);

  void run(const std::string& sql) const;
  // Where SQLite does not wait for others by itself, since waiting for each other would never end: again and again, as
  // long as it waits elsewhere.
  void run_until_free(const std::string& sql) const;  // statements without parameters and results
  Statement prepare(std::string_view sql) const;
  std::int64_t integer(std::string_view sql) const;  // first column of the first row
  std::int64_t last_row() const { return sqlite3_last_insert_rowid(handle_.get()); }
  const std::filesystem::path& path() const { return path_; }

  [[noreturn]] void fail(int code) const;

 private:
  struct Close {
    void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
  };
  std::filesystem::path path_;
  std::unique_ptr<sqlite3, Close> handle_;
};

class Statement {
 public:
  Statement(const Database& database, sqlite3_stmt* handle) : database_(database), handle_(handle) {}

  // Gives the next parameter its value; empty optionals are NULL.
  Statement& bind(std::string_view text);
  Statement& bind(std::int64_t value);
  Statement& bind(double value);
  Statement& bind_null();
  template <class T>
  Statement& bind(const std::optional<T>& value) {
    return value ? bind(*value) : bind_null();
  }

  bool step();  // false when there is no further row
  void run();   // for what gives no rows; then ready to be bound again

  bool is_null(int column) const { return sqlite3_column_type(handle_.get(), column) == SQLITE_NULL; }
  std::string text(int column) const;
  std::int64_t integer(int column) const { return sqlite3_column_int64(handle_.get(), column); }
  std::optional<double> number(int column) const;

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* handle) const { sqlite3_finalize(handle); }
  };
  const Database& database_;
  std::unique_ptr<sqlite3_stmt, Finalize> handle_;
  int bound_ = 0;
};

// BEGIN IMMEDIATE ... COMMIT; rolled back unless committed.
class Transaction {
 public:
  explicit Transaction(const Database& database) : database_(database) { database_.run("BEGIN IMMEDIATE"); }
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit();  // on return the rows are on the disk

 private:
  const Database& database_;
  bool open_ = true;
};

}  // namespace bw
