// SPDX-License-Identifier: MIT
//
// TLS between a socket and a connection, the server's side: a Transport over another one. Owns no
// socket and no thread; belongs to the loop's thread.
#pragma once

#include <memory>

#include "loop/handshake_pacer.h"
#include "loop/transport.h"
#include "tls/tls_context.h"

namespace tribar {

/// A filter over `under`. `pacer` outlives it, and is of the same loop.
///
/// No plaintext passes in either direction before the handshake is over; up to 4 KiB that are
/// written until then count as taken and follow it. The peer's close_notify is the end of its
/// stream; without one the end of the connection under it is a failure, as is anything that is not
/// TLS: the peer gets an alert, if it can be sent at once. What is written becomes records of up to
/// 16 KiB, and counts as taken when the transport under it took all of the record that it is in.
/// So less than all that try_write() was given may be sealed already: write() of the rest follows
/// at once. In a turn no more is read than up to 68 KiB of ciphertext, and about 64 records.
/// Destroyed in order, it says so to the peer.
[[nodiscard]] std::unique_ptr<Transport> make_tls_filter(std::unique_ptr<Transport> under,
                                                         std::shared_ptr<const TlsContext> context,
                                                         HandshakePacer& pacer);

}  // namespace tribar
