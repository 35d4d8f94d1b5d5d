// Who hears what a job says while it works: a value that whoever starts the job passes to it.
#pragma once

#include <atomic>
#include <string_view>

namespace bw {

// May be told by several threads at once.
class Console {
 public:
  virtual ~Console() = default;
  virtual void say(std::string_view line) const = 0;   // information for people
  virtual void warn(std::string_view line) const = 0;  // something the user should know
  // How far long work is: the next such line replaces this one, unless it is the last.
  virtual void progress(std::string_view line, bool last) const = 0;
  virtual bool redraws() const = 0;  // whether lines of progress replace each other, so that many do no harm
};

const Console& nobody();  // hears nothing

// Standard error, where lines of progress replace each other on a terminal.
class StandardError final : public Console {
 public:
  explicit StandardError(bool quiet = false) : quiet_(quiet) {}  // quiet: warnings only
  void say(std::string_view line) const override;
  void warn(std::string_view line) const override;
  void progress(std::string_view line, bool last) const override;
  bool redraws() const override;

 private:
  void put(std::string_view line) const;

  const bool quiet_;
  mutable std::atomic<bool> line_is_open_ = false;  // a line of progress, which the next line must wipe away
};

}  // namespace bw
