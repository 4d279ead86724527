// SPDX-License-Identifier: MIT
//
// Thread roles as types, so that clang's thread-safety analysis can check which thread accesses
// what. With other compilers the macros are empty. A role is a token without state.
#pragma once

#if defined(__clang__)
#define TRIBAR_THREAD_ATTRIBUTE(x) __attribute__((x))
#else
#define TRIBAR_THREAD_ATTRIBUTE(x)
#endif

#define TRIBAR_CAPABILITY(name) TRIBAR_THREAD_ATTRIBUTE(capability(name))
#define TRIBAR_REQUIRES(...) TRIBAR_THREAD_ATTRIBUTE(requires_capability(__VA_ARGS__))
#define TRIBAR_GUARDED_BY(x) TRIBAR_THREAD_ATTRIBUTE(guarded_by(x))
#define TRIBAR_ACQUIRE(...) TRIBAR_THREAD_ATTRIBUTE(acquire_capability(__VA_ARGS__))
#define TRIBAR_RELEASE(...) TRIBAR_THREAD_ATTRIBUTE(release_capability(__VA_ARGS__))
#define TRIBAR_ASSERTS(...) TRIBAR_THREAD_ATTRIBUTE(assert_capability(__VA_ARGS__))
#define TRIBAR_SCOPED_CAPABILITY TRIBAR_THREAD_ATTRIBUTE(scoped_lockable)
#define TRIBAR_NO_THREAD_ANALYSIS TRIBAR_THREAD_ATTRIBUTE(no_thread_safety_analysis)
