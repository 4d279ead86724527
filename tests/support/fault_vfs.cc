// SPDX-License-Identifier: MIT
//
// See fault_vfs.h, and https://sqlite.org/c3ref/io_methods.html for what each call must do.
#include "support/fault_vfs.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <new>
#include <utility>

namespace tribar::test {
namespace {

constexpr std::size_t kSectorBytes = 512;

std::string bytes_of_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

/// Our data of an open file; that of the real VFS follows it in memory.
struct FaultVfs::File {
  sqlite3_file base;
  FaultVfs* vfs;
  Disk* disk;  // null: loss of power is not simulated

  static File* of(sqlite3_file* file) { return reinterpret_cast<File*>(file); }
  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

FaultVfs::FaultVfs() : real_(sqlite3_vfs_find(nullptr)), vfs_(*real_), methods_(methods()) {
  vfs_.szOsFile = static_cast<int>(sizeof(File)) + real_->szOsFile;
  vfs_.zName = "fault";
  vfs_.pNext = nullptr;
  vfs_.pAppData = this;
  vfs_.xOpen = &FaultVfs::open;
  // The other functions get the real VFS's data from their argument.
  vfs_.xDelete = [](sqlite3_vfs* vfs, const char* name, int sync) {
    auto* self = static_cast<FaultVfs*>(vfs->pAppData);
    return self->remove(name, sync);
  };
  vfs_.xAccess = [](sqlite3_vfs* vfs, const char* name, int flags, int* out) {
    auto* self = static_cast<FaultVfs*>(vfs->pAppData);
    return self->real_->xAccess(self->real_, name, flags, out);
  };
  vfs_.xFullPathname = [](sqlite3_vfs* vfs, const char* name, int size, char* out) {
    auto* self = static_cast<FaultVfs*>(vfs->pAppData);
    return self->real_->xFullPathname(self->real_, name, size, out);
  };
  sqlite3_vfs_register(&vfs_, 1);
}

FaultVfs::~FaultVfs() {
  sqlite3_vfs_unregister(&vfs_);
  sqlite3_vfs_register(real_, 1);
}

void FaultVfs::watch_power() {
  is_watching_ = true;
  operations_left_ = ~std::uint64_t{0};
  operations_ = 0;
  disks_.clear();
}

void FaultVfs::lose_power_after(std::uint64_t operations) { operations_left_ = operations; }

std::string FaultVfs::left_of(const std::string& path, std::mt19937_64& random) {
  const auto found = disks_.find(path);
  if (found == disks_.end()) {
    return bytes_of_file(path);
  }
  std::string bytes = found->second.synced;
  for (const Change& change : found->second.since) {
    if (change.is_truncation) {
      if (random() % 2 == 0) {
        apply(bytes, change);
      }
      continue;
    }
    // Sectors are written whole, in any order.
    for (std::size_t from = 0; from < change.bytes.size();) {
      const std::size_t to_border = kSectorBytes - (change.at + from) % kSectorBytes;
      const std::size_t size = std::min(to_border, change.bytes.size() - from);
      if (random() % 2 == 0) {
        apply(bytes, {false, change.at + from, change.bytes.substr(from, size)});
      }
      from += size;
    }
  }
  return bytes;
}

int FaultVfs::remove(const char* name, int sync) {
  if (is_watching_) {
    const std::lock_guard lock(mutex_);
    if (!count_operation()) {
      return SQLITE_IOERR_DELETE;
    }
    if (const auto found = disks_.find(name); found != disks_.end()) {
      found->second = {};
    }
  }
  return real_->xDelete(real_, name, sync);
}

bool FaultVfs::count_operation() {
  ++operations_;
  if (operations_left_ == 0) {
    return false;
  }
  --operations_left_;
  return true;
}

void FaultVfs::apply(std::string& bytes, const Change& change) {
  if (change.is_truncation) {
    bytes.resize(change.at);
    return;
  }
  if (bytes.size() < change.at + change.bytes.size()) {
    bytes.resize(change.at + change.bytes.size());
  }
  bytes.replace(change.at, change.bytes.size(), change.bytes);
}

int FaultVfs::open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags,
                   int* out_flags) {
  auto* self = static_cast<FaultVfs*>(vfs->pAppData);
  File* opened = new (file) File{};
  const int code = self->real_->xOpen(self->real_, name, opened->real(), flags, out_flags);
  if (code != SQLITE_OK) {
    return code;
  }
  opened->base.pMethods = &self->methods_;
  opened->vfs = self;
  if (self->is_watching_ && name != nullptr) {
    const std::lock_guard lock(self->mutex_);
    const auto [at, is_new] = self->disks_.try_emplace(name);
    if (is_new) {
      at->second.synced = bytes_of_file(name);
    }
    opened->disk = &at->second;
  }
  return SQLITE_OK;
}

sqlite3_io_methods FaultVfs::methods() {
  sqlite3_io_methods m{};
  m.iVersion = 2;
  m.xClose = [](sqlite3_file* file) {
    auto* real = File::of(file)->real();
    return real->pMethods->xClose(real);
  };
  m.xRead = [](sqlite3_file* file, void* bytes, int size, sqlite3_int64 at) {
    File* self = File::of(file);
    if (self->vfs->before_read) {
      self->vfs->before_read();
    }
    auto* real = self->real();
    return real->pMethods->xRead(real, bytes, size, at);
  };
  m.xWrite = [](sqlite3_file* file, const void* bytes, int size, sqlite3_int64 at) {
    File* self = File::of(file);
    if (const int code = self->vfs->write_code.load(); code != SQLITE_OK) {
      return code;
    }
    if (self->disk != nullptr) {
      const std::lock_guard lock(self->vfs->mutex_);
      if (!self->vfs->count_operation()) {
        return SQLITE_IOERR_WRITE;
      }
      self->disk->since.push_back(
          {false, static_cast<std::uint64_t>(at),
           std::string(static_cast<const char*>(bytes), static_cast<std::size_t>(size))});
    }
    auto* real = self->real();
    return real->pMethods->xWrite(real, bytes, size, at);
  };
  m.xTruncate = [](sqlite3_file* file, sqlite3_int64 size) {
    File* self = File::of(file);
    if (const int code = self->vfs->write_code.load(); code != SQLITE_OK) {
      return code;
    }
    if (self->disk != nullptr) {
      const std::lock_guard lock(self->vfs->mutex_);
      if (!self->vfs->count_operation()) {
        return SQLITE_IOERR_TRUNCATE;
      }
      self->disk->since.push_back({true, static_cast<std::uint64_t>(size), {}});
    }
    auto* real = self->real();
    return real->pMethods->xTruncate(real, size);
  };
  m.xSync = [](sqlite3_file* file, int flags) {
    File* self = File::of(file);
    if (self->vfs->before_sync) {
      self->vfs->before_sync();
    }
    if (const int code = self->vfs->sync_code.load(); code != SQLITE_OK) {
      return code;
    }
    if (self->disk != nullptr) {
      const std::lock_guard lock(self->vfs->mutex_);
      if (!self->vfs->count_operation()) {
        return SQLITE_IOERR_FSYNC;
      }
      for (const Change& change : self->disk->since) {
        apply(self->disk->synced, change);
      }
      self->disk->since.clear();
      return SQLITE_OK;
    }
    auto* real = self->real();
    return real->pMethods->xSync(real, flags);
  };
  m.xFileSize = [](sqlite3_file* file, sqlite3_int64* size) {
    auto* real = File::of(file)->real();
    return real->pMethods->xFileSize(real, size);
  };
  m.xLock = [](sqlite3_file* file, int level) {
    auto* real = File::of(file)->real();
    return real->pMethods->xLock(real, level);
  };
  m.xUnlock = [](sqlite3_file* file, int level) {
    auto* real = File::of(file)->real();
    return real->pMethods->xUnlock(real, level);
  };
  m.xCheckReservedLock = [](sqlite3_file* file, int* out) {
    auto* real = File::of(file)->real();
    return real->pMethods->xCheckReservedLock(real, out);
  };
  m.xFileControl = [](sqlite3_file* file, int what, void* argument) {
    auto* real = File::of(file)->real();
    return real->pMethods->xFileControl(real, what, argument);
  };
  m.xSectorSize = [](sqlite3_file* file) {
    auto* real = File::of(file)->real();
    return real->pMethods->xSectorSize(real);
  };
  m.xDeviceCharacteristics = [](sqlite3_file* file) {
    auto* real = File::of(file)->real();
    return real->pMethods->xDeviceCharacteristics(real);
  };
  m.xShmMap = [](sqlite3_file* file, int page, int size, int extend, void volatile** out) {
    auto* real = File::of(file)->real();
    return real->pMethods->xShmMap(real, page, size, extend, out);
  };
  m.xShmLock = [](sqlite3_file* file, int offset, int count, int flags) {
    auto* real = File::of(file)->real();
    return real->pMethods->xShmLock(real, offset, count, flags);
  };
  m.xShmBarrier = [](sqlite3_file* file) {
    auto* real = File::of(file)->real();
    real->pMethods->xShmBarrier(real);
  };
  m.xShmUnmap = [](sqlite3_file* file, int remove) {
    auto* real = File::of(file)->real();
    return real->pMethods->xShmUnmap(real, remove);
  };
  return m;
}

}  // namespace tribar::test
