// SPDX-License-Identifier: MIT
//
// Registry: accounts with secrets. What is checked outside is answered here by the test.
#include <gtest/gtest.h>

#include <string>

#include "support/registry_bench.h"

namespace tribar {
namespace {

constexpr std::string_view kSecret = "secret-of-ann";
constexpr std::string_view kNewSecret = "another-secret";

RegistryLimits with_secrets() {
  RegistryLimits limits;
  limits.can_hash_secrets = true;
  return limits;
}

RegistryLimits secrets_required() {
  RegistryLimits limits = with_secrets();
  limits.needs_secrets = true;
  return limits;
}

/// The check of a secret against `hash`, and what is to be hashed.
Effect check(ConnectionId to, const Check& what) { return {to, 0, 0, what}; }
Effect check_of(ConnectionId to, AccountId account, std::string_view secret, std::string_view hash,
                std::string_view new_secret = {}) {
  return check(to, {account, secret, hash, new_secret});
}
Effect hash_of(ConnectionId to, std::string_view new_secret) {
  return check(to, {{}, {}, {}, new_secret});
}
Input right(ConnectionId id, std::string_view new_hash = {}) {
  return event(id, Answered{{}, new_hash});
}
Input wrong(ConnectionId id) { return event(id, Answered{Refusal{RefusalCode::WrongSecret}}); }
Effect secret_changed(ConnectionId to) { return {to, kCommandBytes, 42, SecretChanged{}}; }
Effect throttled(ConnectionId to, std::uint64_t ms) {
  return refused(to, {RefusalCode::Throttled, ms});
}
Effect wrong_secret(ConnectionId to) { return refused(to, RefusalCode::WrongSecret); }

/// Ann has a secret, whose hash is "h1", and is logged in as kAnn.
RegistryBench with_ann(const RegistryLimits& limits = with_secrets(), bool keeps_records = false) {
  RegistryBench bench(limits, keeps_records);
  bench.apply(introduced(kAnn));
  bench.apply(create1(kAnn, "ann", "c1", kSecret));
  bench.apply(right(kAnn, "h1"));
  bench.write(kAnn);
  return bench;
}

/// Introduces `id` from `network` and sends LOGIN.
Effects tries(RegistryBench& bench, ConnectionId id, std::string_view secret,
              std::uint64_t network = 0) {
  bench.apply(introduced(id, network));
  return bench.apply(login1(id, "ann", "c1", secret));
}

// CREATE.

TEST(RegistrySecrets, CreatesAnAccountWhenItsSecretIsHashed) {
  RegistryBench bench(with_secrets(), true);
  bench.apply(introduced(kAnn));
  EXPECT_EQ(bench.apply(create1(kAnn, "ann", "c1", kSecret)), (Effects{hash_of(kAnn, kSecret)}));
  EXPECT_EQ(bench.records(), Records{});
  EXPECT_EQ(bench.registry().account_count(), 0U);
  EXPECT_EQ(bench.apply(right(kAnn, "h1")), (Effects{created1(kAnn, 1)}));
  EXPECT_EQ(bench.records(),
            (Records{AccountCreated{kAnnAccount, kNow, "ann"}, SecretSet{kAnnAccount, "h1"}}));
}

TEST(RegistrySecrets, CreatesAnAccountByNameOnlyAtOnce) {
  RegistryBench bench(with_secrets(), true);
  bench.apply(introduced(kAnn));
  EXPECT_EQ(bench.apply(create1(kAnn, "ann")), (Effects{created1(kAnn, 1)}));
  EXPECT_EQ(bench.records(), (Records{AccountCreated{kAnnAccount, kNow, "ann"}}));
}

TEST(RegistrySecrets, LooksAtTheNameAgainWhenTheHashIsThere) {
  RegistryBench bench(with_secrets());
  bench.apply(introduced(kAnn));
  bench.apply(introduced(kBob));
  bench.apply(create1(kAnn, "ann", "c1", kSecret));
  EXPECT_EQ(bench.apply(create1(kBob, "ann", "c2", kNewSecret)),
            (Effects{hash_of(kBob, kNewSecret)}));
  EXPECT_EQ(bench.apply(right(kBob, "h2")), (Effects{created1(kBob, 1)}));
  EXPECT_EQ(bench.apply(right(kAnn, "h1")), (Effects{refused(kAnn, RefusalCode::UsernameTaken)}));
}

TEST(RegistrySecrets, HashesNothingForANameThatIsTaken) {
  RegistryBench bench = with_ann();
  bench.apply(introduced(kBob));
  EXPECT_EQ(bench.apply(create1(kBob, "ann", "c", kSecret)),
            (Effects{refused(kBob, RefusalCode::UsernameTaken)}));
  EXPECT_EQ(bench.apply(create1(kAnn, "eve", "c", kSecret)),
            (Effects{refused(kAnn, RefusalCode::AlreadyLoggedIn)}));
}

TEST(RegistrySecrets, RefusesASecretThatNoAccountCanHave) {
  RegistryBench bench(with_secrets());
  bench.apply(introduced(kAnn));
  const auto refusal_of = [&](const std::string& secret) {
    return bench.apply(create1(kAnn, "ann", "c1", secret));
  };
  EXPECT_EQ(refusal_of("1234567"), (Effects{refused(kAnn, {RefusalCode::SecretLength, 7, 512})}));
  EXPECT_EQ(refusal_of(std::string(513, 's')),
            (Effects{refused(kAnn, {RefusalCode::SecretLength, 513, 512})}));
  EXPECT_EQ(refusal_of("1234|||8"), (Effects{refused(kAnn, RefusalCode::SecretCharacter)}));
  EXPECT_EQ(refusal_of("12345678"), (Effects{hash_of(kAnn, "12345678")}));
}

TEST(RegistrySecrets, TakesASecretOfTheLongestLength) {
  RegistryBench bench(with_secrets());
  bench.apply(introduced(kAnn));
  const std::string longest(512, 's');
  EXPECT_EQ(bench.apply(create1(kAnn, "ann", "c1", longest)), (Effects{hash_of(kAnn, longest)}));
}

TEST(RegistrySecrets, RefusesACreationWhenTheAccountsRunOutMeanwhile) {
  RegistryLimits limits = with_secrets();
  limits.accounts = 1;
  RegistryBench bench(limits);
  bench.apply(introduced(kAnn));
  bench.apply(create1(kAnn, "ann", "c1", kSecret));
  bench.apply(create(kBob, "bob"));
  EXPECT_EQ(bench.apply(right(kAnn, "h1")),
            (Effects{refused(kAnn, {RefusalCode::TooManyAccounts, 1, 1})}));
}

TEST(RegistrySecrets, RefusesWhatStorageCannotKeep) {
  RegistryBench bench(with_secrets(), true);
  bench.apply(introduced(kAnn));
  bench.apply(create1(kAnn, "ann", "c1", kSecret));
  bench.apply(event(StorageDown{}));
  EXPECT_EQ(bench.apply(right(kAnn, "h1")),
            (Effects{refused(kAnn, RefusalCode::StorageUnavailable)}));
  EXPECT_EQ(bench.records(), Records{});
}

TEST(RegistrySecrets, SaysWhenTheServerHasNoSupport) {
  RegistryBench bench;
  bench.apply(introduced(kAnn));
  const Effects unavailable{refused(kAnn, RefusalCode::SecretsUnavailable)};
  EXPECT_EQ(bench.apply(create1(kAnn, "ann", "c1", kSecret)), unavailable);
  bench.apply(create1(kAnn, "ann", "c1"));
  EXPECT_EQ(bench.apply(set_secret(kAnn, "", kSecret)), unavailable);
}

// LOGIN.

TEST(RegistrySecrets, LogsInWithTheRightSecret) {
  RegistryBench bench = with_ann();
  bench.close(kAnn);
  EXPECT_EQ(tries(bench, kBob, kSecret), (Effects{check_of(kBob, kAnnAccount, kSecret, "h1")}));
  EXPECT_EQ(bench.apply(right(kBob)), (Effects{logged_in1(kBob, 1)}));
}

TEST(RegistrySecrets, RefusesAWrongSecret) {
  RegistryBench bench = with_ann();
  EXPECT_EQ(tries(bench, kBob, "wrong"), (Effects{check_of(kBob, kAnnAccount, "wrong", "h1")}));
  EXPECT_EQ(bench.apply(wrong(kBob)), (Effects{wrong_secret(kBob)}));
  // None is wrong without a look; the session goes on.
  EXPECT_EQ(tries(bench, kBob, ""), (Effects{wrong_secret(kBob)}));
  EXPECT_EQ(bench.apply(one(list(kAnn, "ann"))), (Effects{names(kAnn, {"ann", "on"})}));
}

TEST(RegistrySecrets, RefusesASecretForAnAccountWithoutOne) {
  RegistryBench bench(with_secrets());
  bench.apply(create(kAnn, "ann"));
  bench.close(kAnn);
  EXPECT_EQ(tries(bench, kBob, kSecret), (Effects{wrong_secret(kBob)}));
  EXPECT_EQ(tries(bench, kBob, ""), (Effects{logged_in1(kBob, 1)}));
}

TEST(RegistrySecrets, NeverReplacesASessionOfAnAccountByNameOnly) {
  RegistryBench bench = with_users1({"ann"}, with_secrets());
  EXPECT_EQ(tries(bench, kBob, ""), (Effects{refused(kBob, RefusalCode::LoggedInElsewhere)}));
}

TEST(RegistrySecrets, ClosesAnAccountWithASecretToProtocol0) {
  RegistryBench bench = with_ann();
  EXPECT_EQ(bench.apply(login(kBob, "ann")), (Effects{refused(kBob, RefusalCode::NeedsSecret)}));
  bench.close(kAnn);
  EXPECT_EQ(bench.apply(login(kBob, "ann")), (Effects{refused(kBob, RefusalCode::NeedsSecret)}));
}

// A client that the server has no time for is no guesser.
TEST(RegistrySecrets, CountsNoAttemptThatNobodyLookedAt) {
  RegistryBench bench = with_ann();
  bench.apply(introduced(kBob, 7));
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(bench.apply(login1(kBob, "ann", "c1", kSecret)),
              (Effects{check_of(kBob, kAnnAccount, kSecret, "h1")}));
    EXPECT_EQ(bench.apply(event(kBob, Answered{Refusal{RefusalCode::TooManySecrets}})),
              (Effects{refused(kBob, RefusalCode::TooManySecrets)}));
    bench.write(kBob);
  }
  EXPECT_EQ(bench.apply(login1(kBob, "ann", "c1", kSecret)),
            (Effects{check_of(kBob, kAnnAccount, kSecret, "h1")}));
}

TEST(RegistrySecrets, CountsWhatIsBehindACheckAsNothingWhenTheConnectionCloses) {
  RegistryBench bench = with_ann(with_secrets(), true);
  bench.apply(delete1(kAnn, kSecret));
  bench.apply(send1(kAnn, 1, "ann", "behind the check"));
  EXPECT_EQ(bench.apply(event(kAnn, Closed{})), Effects{});
  EXPECT_EQ(bench.records(), Records{});
  EXPECT_EQ(bench.registry().queued_bytes(), 0U);
}

// The one that needs a check waits itself.
TEST(RegistrySecrets, CountsWhatIsBehindAWaitingCheckAsNothingWhenTheConnectionCloses) {
  RegistryBench bench = with_ann(with_secrets(), true);
  bench.apply(send1(kAnn, 1, "ann", std::string(300000, 'x')));  // more than its credit
  const std::uint64_t queued = bench.registry().queued_bytes();
  bench.apply(delete1(kAnn, kSecret));
  bench.apply(send1(kAnn, 2, "ann", "behind the check"));
  EXPECT_EQ(bench.apply(event(kAnn, Closed{})), Effects{});
  EXPECT_EQ(bench.records(), Records{});
  EXPECT_EQ(bench.registry().queued_bytes(), queued);
}

TEST(RegistrySecrets, HasCommandsWaitForTheCheck) {
  RegistryBench bench = with_ann();
  bench.apply(send1(kAnn, 1, "ann", "me"));
  tries(bench, kBob, kSecret);
  EXPECT_EQ(bench.apply(send1(kBob, 2, "ann", "to me")), Effects{});
  EXPECT_EQ(bench.apply_all({right(kBob), acknowledge(kBob, 2)}),
            (Effects{refused(kAnn, {RefusalCode::Replaced}, 0), close(kAnn),
                     logged_in1(kBob, 1, 1, 1), accepted(kBob, 2, 2), done(kBob)}));
}

TEST(RegistrySecrets, ChecksACommandWhenItsTurnComes) {
  RegistryLimits limits = with_secrets();
  limits.outbox_bytes = 100;
  RegistryBench bench = with_ann(limits);
  bench.apply(introduced(kBob));
  for (int i = 0; i < 3; ++i) {
    bench.apply(one(list(kBob, "ann")));  // goes over its credit, so what follows waits
  }
  EXPECT_EQ(bench.apply(login1(kBob, "ann", "c1", kSecret)), Effects{});
  EXPECT_EQ(bench.write(kBob), (Effects{check_of(kBob, kAnnAccount, kSecret, "h1")}));
}

TEST(RegistrySecrets, ExpiresNoLoginThatIsBeingChecked) {
  RegistryBench bench = with_ann();
  const Refusal late{RefusalCode::LoginTimeout, 0, 5000};
  tries(bench, kBob, kSecret);
  tries(bench, kCat, kNewSecret);
  EXPECT_EQ(bench.apply(event(kBob, LoginExpired{late})), Effects{});
  EXPECT_EQ(bench.apply(event(kCat, LoginExpired{late})), Effects{});
  EXPECT_EQ(bench.apply(right(kBob)),
            (Effects{refused(kAnn, {RefusalCode::Replaced}, 0), close(kAnn), logged_in1(kBob, 1)}));
  EXPECT_EQ(bench.apply(wrong(kCat)),
            (Effects{wrong_secret(kCat), refused(kCat, late, 0), close(kCat)}));
}

TEST(RegistrySecrets, PushesWhileACommandIsChecked) {
  RegistryBench bench = with_ann();
  bench.apply(introduced(kCat));
  bench.apply(create1(kCat, "cat", "c"));
  bench.apply(delete1(kAnn, kSecret));
  EXPECT_EQ(bench.apply(send1(kCat, 1, "ann", "m1")),
            (Effects{kept(kAnn, {kAnnAccount, 1, "cat", "ann", "m1"}), accepted(kCat, 1, 1)}));
  // It goes with the account.
  EXPECT_EQ(bench.apply(right(kAnn)), (Effects{logged_out1(kAnn)}));
  bench.go_on();
  EXPECT_EQ(bench.registry().queued_bytes(), 0U);
}

TEST(RegistrySecrets, IgnoresAResultThatNobodyWaitsFor) {
  RegistryBench bench = with_ann();
  EXPECT_EQ(bench.apply(right(kAnn)), Effects{});
  EXPECT_EQ(bench.apply(wrong(kAnn)), Effects{});
  EXPECT_EQ(bench.apply(right(ConnectionId::make(99, 1))), Effects{});
  EXPECT_EQ(bench.apply(one(deliver(kAnn))), (Effects{done(kAnn)}));
}

// Nor does it reach the connection that has the place now.
TEST(RegistrySecrets, GivesNoResultToALaterConnection) {
  RegistryBench bench = with_ann();
  bench.close(kAnn);
  tries(bench, kDan, kSecret);
  bench.close(kDan);
  const ConnectionId later = ConnectionId::make(kDan.slot(), kDan.generation() + 1);
  tries(bench, later, kSecret);
  EXPECT_EQ(bench.apply(right(kDan)), Effects{});
  EXPECT_EQ(bench.apply(right(later)), (Effects{logged_in1(later, 1)}));
}

TEST(RegistrySecrets, CountsWhatIsBehindACheckAsNothingAfterAWrongSecretAndAHalfClose) {
  RegistryBench bench = with_ann();
  tries(bench, kCat, kNewSecret);
  bench.apply(send1(kCat, 1, "ann", "hi"));
  EXPECT_EQ(bench.apply(event(kCat, Ended{})), Effects{});
  EXPECT_EQ(bench.apply(wrong(kCat)),
            (Effects{wrong_secret(kCat), refused_n(kCat, {RefusalCode::SendBeforeLogin}, 1),
                     close(kCat)}));
}

// Replaced sessions.

TEST(RegistrySecrets, ReplacesTheAccountsOtherSession) {
  RegistryBench bench = with_ann();
  bench.apply(introduced(kCat));
  bench.apply(create1(kCat, "cat", "c"));
  bench.write(kCat);
  bench.apply_all({send1(kCat, 1, "ann", "m1"), send1(kCat, 2, "ann", "m2")});
  bench.apply(acknowledge(kAnn, 1));
  tries(bench, kBob, kSecret);
  // What it has not acknowledged waits for the new one before the LOGIN is answered.
  EXPECT_EQ(bench.apply(right(kBob)), (Effects{refused(kAnn, {RefusalCode::Replaced}, 0),
                                               close(kAnn), logged_in1(kBob, 1, 1)}));
  EXPECT_EQ(bench.apply(send1(kAnn, 1, "cat", "late")), (Effects{done(kAnn)}));
  bench.close(kAnn);
  EXPECT_EQ(bench.apply(one(deliver(kBob))),
            (Effects{done(kBob), kept(kBob, {kAnnAccount, 2, "cat", "ann", "m2"})}));
}

TEST(RegistrySecrets, DropsTheCheckOfAReplacedSession) {
  RegistryBench bench = with_ann();
  EXPECT_EQ(bench.apply(delete1(kAnn, kSecret)),
            (Effects{check_of(kAnn, kAnnAccount, kSecret, "h1")}));
  tries(bench, kBob, kSecret);
  EXPECT_EQ(bench.apply(right(kBob)),
            (Effects{done(kAnn), refused(kAnn, {RefusalCode::Replaced}, 0), close(kAnn),
                     logged_in1(kBob, 1)}));
  EXPECT_EQ(bench.apply(right(kAnn)), Effects{});
  EXPECT_EQ(bench.registry().account_count(), 1U);
}

// Certificates.

/// Introduces `id`, whose certificate names `name`, and sends LOGIN to ann's account.
Effects tries_as(RegistryBench& bench, ConnectionId id, std::string_view name,
                 std::string_view secret = {}) {
  bench.apply(certified(id, name));
  return tries(bench, id, secret);
}

TEST(RegistrySecrets, TakesACertificateForTheSecretOfTheAccountThatItNames) {
  RegistryBench bench = with_ann();
  bench.close(kAnn);
  EXPECT_EQ(tries_as(bench, kBob, "ann"), (Effects{logged_in1(kBob, 1)}));
  EXPECT_EQ(bench.apply(login1(kBob, "ann")),
            (Effects{refused(kBob, RefusalCode::AlreadyLoggedIn)}));
}

TEST(RegistrySecrets, LetsACertificateReplaceTheAccountsOtherSession) {
  RegistryBench bench = with_ann();
  bench.apply(send1(kAnn, 1, "ann", "me"));
  EXPECT_EQ(tries_as(bench, kBob, "ann"), (Effects{refused(kAnn, {RefusalCode::Replaced}, 0),
                                                   close(kAnn), logged_in1(kBob, 1, 1, 1)}));
}

TEST(RegistrySecrets, LetsACertificateReplaceASessionOfAnAccountWithoutASecret) {
  RegistryBench bench = with_users({"ann"});
  EXPECT_EQ(tries_as(bench, kBob, "ann"),
            (Effects{refused(kAnn, {RefusalCode::Replaced}, 0), close(kAnn), logged_in1(kBob, 1)}));
  EXPECT_EQ(tries(bench, kCat, ""), (Effects{refused(kCat, RefusalCode::LoggedInElsewhere)}));
}

TEST(RegistrySecrets, TakesACertificateInProtocol0) {
  RegistryBench bench = with_ann();
  bench.apply(certified(kBob, "ann"));
  EXPECT_EQ(bench.apply(login(kBob, "ann")),
            (Effects{refused(kAnn, {RefusalCode::Replaced}, 0), close(kAnn), logged_in(kBob, 1)}));
  bench.write(kBob);
  // The session that is replaced speaks protocol 0, and what it was not yet given waits again.
  bench.apply(send(kBob, "ann", "ann", "me"));
  bench.apply(certified(kCat, "ann"));
  EXPECT_EQ(bench.apply(login(kCat, "ann")),
            (Effects{refused(kBob, {RefusalCode::Replaced}, 0), close(kBob), logged_in(kCat, 1)}));
  bench.close(kBob);
  EXPECT_EQ(bench.apply(deliver(kCat)),
            (Effects{done(kCat), delivered(kCat, {kAnnAccount, 1, "ann", "ann", "me"})}));
}

TEST(RegistrySecrets, TakesACertificateWhereSecretsAreRequired) {
  RegistryBench bench(secrets_required());
  EXPECT_TRUE(bench.registry().restore_account(kAnnAccount, "ann"));
  bench.registry().restore_counters(kAnnAccount, {});
  EXPECT_EQ(tries_as(bench, kBob, "ann"), (Effects{logged_in1(kBob, 1)}));
}

TEST(RegistrySecrets, TakesACertificateForNoOtherAccount) {
  RegistryBench bench = with_ann();
  EXPECT_EQ(tries_as(bench, kBob, "bob"), (Effects{wrong_secret(kBob)}));
  EXPECT_EQ(tries_as(bench, kCat, "ann "), (Effects{wrong_secret(kCat)}));
  bench.apply(certified(kDan, "bob"));
  EXPECT_EQ(bench.apply(login(kDan, "ann")), (Effects{refused(kDan, RefusalCode::NeedsSecret)}));
  EXPECT_EQ(bench.apply(login(kDan, "bob")), (Effects{refused(kDan, RefusalCode::NoSuchUsername)}));
  EXPECT_EQ(bench.apply(create(kDan, "dan")), (Effects{logged_in(kDan, 2)}));
}

TEST(RegistrySecrets, TakesACertificateForNoOtherCommand) {
  RegistryBench bench = with_ann();
  tries_as(bench, kBob, "ann");
  EXPECT_EQ(bench.apply(set_secret(kBob, "", kNewSecret)), (Effects{wrong_secret(kBob)}));
  EXPECT_EQ(bench.apply(delete1(kBob)), (Effects{wrong_secret(kBob)}));
}

TEST(RegistrySecrets, JudgesASecretThatIsGivenWithACertificateAsEver) {
  RegistryBench bench = with_ann();
  EXPECT_EQ(tries_as(bench, kBob, "ann", "wrong"),
            (Effects{check_of(kBob, kAnnAccount, "wrong", "h1")}));
  EXPECT_EQ(bench.apply(wrong(kBob)), (Effects{wrong_secret(kBob)}));
  // Nor is one right that was changed while it was checked.
  tries(bench, kBob, kSecret);
  bench.apply(set_secret(kAnn, kSecret, kNewSecret));
  EXPECT_EQ(bench.apply(right(kAnn, "h2")), (Effects{secret_changed(kAnn)}));
  EXPECT_EQ(bench.apply(right(kBob)), (Effects{wrong_secret(kBob)}));
  bench.apply(create(kCat, "cat"));
  bench.apply(certified(kDan, "cat"));
  bench.apply(introduced(kDan));
  EXPECT_EQ(bench.apply(login1(kDan, "cat", "c", kSecret)), (Effects{wrong_secret(kDan)}));
}

TEST(RegistrySecrets, ForgetsACertificateWithItsConnection) {
  RegistryBench bench = with_ann();
  bench.apply(certified(kBob, "ann"));
  bench.close(kBob);
  const ConnectionId later = ConnectionId::make(1, 2);
  EXPECT_EQ(tries(bench, later, ""), (Effects{wrong_secret(later)}));
}

// Clear text.

TEST(RegistrySecrets, RefusesASecretInClearTextBeforeAnythingElse) {
  RegistryBench bench = with_ann();
  bench.apply(introduced(kBob, 0, false));
  const Effects refusal{refused(kBob, RefusalCode::SecretNeedsTls)};
  // Neither the name, the secret, nor the login is looked at.
  EXPECT_EQ(bench.apply(create1(kBob, "ann", "c1", "short")), refusal);
  EXPECT_EQ(bench.apply(login1(kBob, "nobody", "c1", kSecret)), refusal);
  EXPECT_EQ(bench.apply(login1(kBob, "ann", "c1", kSecret)), refusal);
  EXPECT_EQ(bench.apply(set_secret(kBob, "", kSecret)), refusal);
  EXPECT_EQ(bench.apply(set_secret(kBob, kSecret, "")), refusal);
  const Rejected bad_name{{RefusalCode::UsernameCharacter}};
  Rejected with_secret = bad_name;
  with_secret.has_secret = true;
  EXPECT_EQ(bench.apply(command(kBob, with_secret)), refusal);
  EXPECT_EQ(bench.apply(command(kBob, bad_name)),
            (Effects{refused(kBob, RefusalCode::UsernameCharacter)}));
  EXPECT_EQ(bench.apply(delete1(kBob, kSecret)), refusal);
  // Without a secret it is a client as any.
  EXPECT_EQ(bench.apply(create1(kBob, "bob", "c1")), (Effects{created1(kBob, 2)}));
  EXPECT_EQ(bench.apply(set_secret(kBob, "", kSecret)), refusal);
  EXPECT_EQ(bench.apply(delete1(kBob)), (Effects{logged_out1(kBob)}));
}

// Secrets required.

TEST(RegistrySecrets, ClosesAccountsByNameOnlyWhereSecretsAreRequired) {
  RegistryBench bench(secrets_required());
  EXPECT_TRUE(bench.registry().restore_account(kAnnAccount, "ann"));
  bench.registry().restore_counters(kAnnAccount, {});
  bench.apply(introduced(kBob));
  EXPECT_EQ(bench.apply(create1(kBob, "bob")), (Effects{refused(kBob, RefusalCode::NeedsSecret)}));
  EXPECT_EQ(tries(bench, kBob, ""), (Effects{refused(kBob, RefusalCode::NeedsSecret)}));
  EXPECT_EQ(tries(bench, kBob, kSecret), (Effects{refused(kBob, RefusalCode::NeedsSecret)}));
  EXPECT_EQ(bench.apply(create(kCat, "cat")), (Effects{refused(kCat, RefusalCode::NeedsSecret)}));
  EXPECT_EQ(bench.apply(login(kCat, "ann")), (Effects{refused(kCat, RefusalCode::NeedsSecret)}));
}

TEST(RegistrySecrets, ListsOnlyAfterLoginWhereSecretsAreRequired) {
  RegistryBench bench = with_ann(secrets_required());
  bench.apply(introduced(kBob));
  EXPECT_EQ(bench.apply(one(list(kBob, "*"))),
            (Effects{refused(kBob, RefusalCode::ListBeforeLogin)}));
  EXPECT_EQ(bench.apply(list(kCat, "ann")), (Effects{refused(kCat, RefusalCode::ListBeforeLogin)}));
  EXPECT_EQ(bench.apply(one(list(kAnn, "*"))), (Effects{names(kAnn, {"ann", "on"})}));
}

// SECRET, and generations.

TEST(RegistrySecrets, GivesASecretToAnAccountWithout) {
  RegistryBench bench = with_users1({"ann"}, with_secrets(), true);
  EXPECT_EQ(bench.apply(set_secret(kAnn, kSecret, kNewSecret)), (Effects{wrong_secret(kAnn)}));
  EXPECT_EQ(bench.apply(set_secret(kAnn, "", "short")),
            (Effects{refused(kAnn, {RefusalCode::SecretLength, 5, 512})}));
  EXPECT_EQ(bench.apply(set_secret(kAnn, "", kSecret)),
            (Effects{check_of(kAnn, kAnnAccount, "", "", kSecret)}));
  EXPECT_EQ(bench.apply(right(kAnn, "h1")), (Effects{secret_changed(kAnn)}));
  EXPECT_EQ(bench.records(), (Records{SecretSet{kAnnAccount, "h1"}}));
  EXPECT_EQ(bench.apply(login(kBob, "ann")), (Effects{refused(kBob, RefusalCode::NeedsSecret)}));
}

TEST(RegistrySecrets, ChangesASecretWithTheOldOne) {
  RegistryBench bench = with_ann(with_secrets(), true);
  EXPECT_EQ(bench.apply(set_secret(kAnn, "", kNewSecret)), (Effects{wrong_secret(kAnn)}));
  EXPECT_EQ(bench.apply(set_secret(kAnn, "wrong", kNewSecret)),
            (Effects{check_of(kAnn, kAnnAccount, "wrong", "h1", kNewSecret)}));
  EXPECT_EQ(bench.apply(wrong(kAnn)), (Effects{wrong_secret(kAnn)}));
  EXPECT_EQ(bench.records(), Records{});
  EXPECT_EQ(bench.apply(set_secret(kAnn, kSecret, kNewSecret)),
            (Effects{check_of(kAnn, kAnnAccount, kSecret, "h1", kNewSecret)}));
  EXPECT_EQ(bench.apply(right(kAnn, "h2")), (Effects{secret_changed(kAnn)}));
  EXPECT_EQ(bench.records(), (Records{SecretSet{kAnnAccount, "h2"}}));
  EXPECT_EQ(tries(bench, kBob, kNewSecret),
            (Effects{check_of(kBob, kAnnAccount, kNewSecret, "h2")}));
}

TEST(RegistrySecrets, ChangesASecretOnlyAfterLogin) {
  RegistryBench bench(with_secrets());
  bench.apply(introduced(kAnn));
  EXPECT_EQ(bench.apply(set_secret(kAnn, "", kSecret)),
            (Effects{refused(kAnn, RefusalCode::SecretBeforeLogin)}));
}

TEST(RegistrySecrets, KeepsTheOldSecretWhenStorageFailsMeanwhile) {
  RegistryBench bench = with_ann(with_secrets(), true);
  bench.apply(set_secret(kAnn, kSecret, kNewSecret));
  bench.apply(event(StorageDown{}));
  EXPECT_EQ(bench.apply(right(kAnn, "h2")),
            (Effects{refused(kAnn, RefusalCode::StorageUnavailable)}));
  EXPECT_EQ(bench.records(), Records{});
  EXPECT_EQ(tries(bench, kBob, kSecret), (Effects{check_of(kBob, kAnnAccount, kSecret, "h1")}));
}

TEST(RegistrySecrets, RefusesALoginThatWasCheckedAgainstTheOldSecret) {
  RegistryBench bench = with_ann();
  tries(bench, kBob, kSecret);
  bench.apply(set_secret(kAnn, kSecret, kNewSecret));
  EXPECT_EQ(bench.apply(right(kAnn, "h2")), (Effects{secret_changed(kAnn)}));
  EXPECT_EQ(bench.apply(right(kBob)), (Effects{wrong_secret(kBob)}));
  tries(bench, kBob, kNewSecret);
  EXPECT_EQ(bench.apply(right(kBob)),
            (Effects{refused(kAnn, {RefusalCode::Replaced}, 0), close(kAnn), logged_in1(kBob, 1)}));
}

TEST(RegistrySecrets, AcceptsALoginThatWasCheckedBeforeTheHashWasRenewed) {
  RegistryBench bench = with_ann(with_secrets(), true);
  tries(bench, kBob, kSecret);
  tries(bench, kCat, kSecret);
  EXPECT_EQ(bench.apply(right(kBob, "h1-renewed")),
            (Effects{refused(kAnn, {RefusalCode::Replaced}, 0), close(kAnn), logged_in1(kBob, 1)}));
  EXPECT_EQ(bench.records(), (Records{SecretSet{kAnnAccount, "h1-renewed"}}));
  EXPECT_EQ(bench.apply(right(kCat)),
            (Effects{refused(kBob, {RefusalCode::Replaced}, 0), close(kBob), logged_in1(kCat, 1)}));
  EXPECT_EQ(bench.records(), Records{});
  EXPECT_EQ(tries(bench, kDan, kSecret),
            (Effects{check_of(kDan, kAnnAccount, kSecret, "h1-renewed")}));
}

TEST(RegistrySecrets, LogsInWithoutTheRenewedHashWhileStorageFails) {
  RegistryBench bench = with_ann(with_secrets(), true);
  bench.apply(event(StorageDown{}));
  tries(bench, kBob, kSecret);
  EXPECT_EQ(bench.apply(right(kBob, "h1-renewed")),
            (Effects{refused(kAnn, {RefusalCode::Replaced}, 0), close(kAnn), logged_in1(kBob, 1)}));
  EXPECT_EQ(bench.records(), Records{});
  EXPECT_EQ(tries(bench, kCat, kSecret), (Effects{check_of(kCat, kAnnAccount, kSecret, "h1")}));
}

TEST(RegistrySecrets, RefusesALoginWhoseHashWasRenewedFromTheOldSecret) {
  RegistryBench bench = with_ann(with_secrets(), true);
  tries(bench, kBob, kSecret);
  bench.apply(set_secret(kAnn, kSecret, kNewSecret));
  bench.apply(right(kAnn, "h2"));
  EXPECT_EQ(bench.apply(right(kBob, "h1-renewed")), (Effects{wrong_secret(kBob)}));
  EXPECT_EQ(bench.records(), Records{});
}

TEST(RegistrySecrets, RestoresASecret) {
  RegistryBench bench(with_secrets());
  EXPECT_TRUE(bench.registry().restore_account(kAnnAccount, "ann"));
  EXPECT_TRUE(bench.registry().restore_secret(kAnnAccount, "h0"));
  EXPECT_TRUE(bench.registry().restore_secret(kAnnAccount, "h1"));  // it changed
  EXPECT_FALSE(bench.registry().restore_secret(kBobAccount, "h1"));
  bench.registry().restore_counters(kAnnAccount, {});
  EXPECT_EQ(tries(bench, kBob, kSecret), (Effects{check_of(kBob, kAnnAccount, kSecret, "h1")}));
}

// DELETE.

TEST(RegistrySecrets, DeletesAnAccountWithItsSecret) {
  RegistryBench bench = with_ann(with_secrets(), true);
  EXPECT_EQ(bench.apply(delete1(kAnn)), (Effects{wrong_secret(kAnn)}));
  EXPECT_EQ(bench.apply(delete1(kAnn, "wrong")),
            (Effects{check_of(kAnn, kAnnAccount, "wrong", "h1")}));
  EXPECT_EQ(bench.apply(wrong(kAnn)), (Effects{wrong_secret(kAnn)}));
  EXPECT_EQ(bench.apply(delete1(kAnn, kSecret)),
            (Effects{check_of(kAnn, kAnnAccount, kSecret, "h1")}));
  EXPECT_EQ(bench.apply(right(kAnn)), (Effects{logged_out1(kAnn)}));
  EXPECT_EQ(bench.records(), (Records{AccountDeleted{kAnnAccount}}));
  EXPECT_EQ(bench.apply(delete1(kAnn)), (Effects{refused(kAnn, RefusalCode::DeleteBeforeLogin)}));
}

TEST(RegistrySecrets, DeletesAnAccountByNameOnlyWithoutASecret) {
  RegistryBench bench = with_users1({"ann"}, with_secrets());
  EXPECT_EQ(bench.apply(delete1(kAnn, kSecret)), (Effects{wrong_secret(kAnn)}));
  EXPECT_EQ(bench.apply(delete1(kAnn)), (Effects{logged_out1(kAnn)}));
}

TEST(RegistrySecrets, RefusesALoginToAnAccountThatWasDeletedMeanwhile) {
  RegistryBench bench = with_ann();
  tries(bench, kBob, kSecret);
  tries(bench, kCat, kSecret);
  bench.apply(delete1(kAnn, kSecret));
  bench.apply(right(kAnn));
  EXPECT_EQ(bench.apply(right(kBob)), (Effects{refused(kBob, RefusalCode::NoSuchUsername)}));
  // Nor to another of the same name.
  bench.apply(create1(kAnn, "ann", "c1"));
  EXPECT_EQ(bench.apply(right(kCat)), (Effects{refused(kCat, RefusalCode::NoSuchUsername)}));
}

// Guessing.

TEST(RegistrySecrets, SlowsDownGuessesForAnAccountAndANetwork) {
  RegistryBench bench = with_ann();
  for (int i = 0; i < 5; ++i) {
    tries(bench, kBob, "wrong", 1);
    EXPECT_EQ(bench.apply(wrong(kBob)), (Effects{wrong_secret(kBob)}));
  }
  EXPECT_EQ(tries(bench, kBob, "wrong", 1), (Effects{throttled(kBob, 1000)}));
  EXPECT_EQ(tries(bench, kCat, kSecret, 1), (Effects{throttled(kCat, 1000)}));
  bench.now = UnixMs{kNow.value + 400};
  EXPECT_EQ(tries(bench, kCat, kSecret, 1), (Effects{throttled(kCat, 600)}));
  // The owner gets in from elsewhere; that does not free the other network.
  EXPECT_EQ(tries(bench, kDan, kSecret, 2), (Effects{check_of(kDan, kAnnAccount, kSecret, "h1")}));
  bench.apply(right(kDan));
  EXPECT_EQ(tries(bench, kCat, kSecret, 1), (Effects{throttled(kCat, 600)}));
  bench.now = UnixMs{kNow.value + 1000};
  EXPECT_EQ(tries(bench, kCat, "wrong", 1), (Effects{check_of(kCat, kAnnAccount, "wrong", "h1")}));
  bench.apply(wrong(kCat));
  EXPECT_EQ(tries(bench, kCat, "wrong", 1), (Effects{throttled(kCat, 2000)}));
}

TEST(RegistrySecrets, CountsAGuessWhenItBegins) {
  RegistryBench bench = with_ann();
  for (std::uint64_t slot = 10; slot < 15; ++slot) {
    const ConnectionId id = ConnectionId::make(slot, 1);
    EXPECT_EQ(tries(bench, id, "wrong", 1), (Effects{check_of(id, kAnnAccount, "wrong", "h1")}));
  }
  EXPECT_EQ(tries(bench, kBob, "wrong", 1), (Effects{throttled(kBob, 1000)}));
}

TEST(RegistrySecrets, FreesAttemptsAfterARightSecret) {
  RegistryBench bench = with_ann();
  for (int i = 0; i < 4; ++i) {
    tries(bench, kBob, "wrong", 1);
    bench.apply(wrong(kBob));
  }
  tries(bench, kBob, kSecret, 1);
  bench.apply(right(kBob));
  bench.close(kBob);
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(tries(bench, kBob, "wrong", 1),
              (Effects{check_of(kBob, kAnnAccount, "wrong", "h1")}));
    bench.apply(wrong(kBob));
  }
  EXPECT_EQ(tries(bench, kBob, "wrong", 1), (Effects{throttled(kBob, 1000)}));
}

TEST(RegistrySecrets, SlowsDownGuessesOfSecretAndDelete) {
  RegistryBench bench = with_ann();
  for (int i = 0; i < 5; ++i) {
    bench.apply(i % 2 == 0 ? delete1(kAnn, "wrong") : set_secret(kAnn, "wrong", kNewSecret));
    EXPECT_EQ(bench.apply(wrong(kAnn)), (Effects{wrong_secret(kAnn)}));
    bench.write(kAnn);
  }
  EXPECT_EQ(bench.apply(delete1(kAnn, kSecret)), (Effects{throttled(kAnn, 1000)}));
  EXPECT_EQ(bench.apply(set_secret(kAnn, kSecret, kNewSecret)), (Effects{throttled(kAnn, 1000)}));
}

// The end of a connection.

TEST(RegistrySecrets, ForgetsTheCheckOfAConnectionThatIsClosed) {
  RegistryBench bench(with_secrets());
  bench.apply(introduced(kAnn));
  bench.apply(create1(kAnn, "ann", "c1", kSecret));
  EXPECT_EQ(bench.close(kAnn), Effects{});
  EXPECT_EQ(bench.apply(right(kAnn, "h1")), Effects{});
  EXPECT_EQ(bench.registry().account_count(), 0U);
}

TEST(RegistrySecrets, AnswersTheCheckOfAConnectionThatHasEnded) {
  RegistryBench bench(with_secrets());
  bench.apply(introduced(kAnn));
  bench.apply(create1(kAnn, "ann", "c1", kSecret));
  EXPECT_EQ(bench.apply(event(kAnn, Ended{})), Effects{});
  EXPECT_EQ(bench.apply(right(kAnn, "h1")), (Effects{created1(kAnn, 1), close(kAnn)}));
}

}  // namespace
}  // namespace tribar
